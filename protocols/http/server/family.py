"""The classes of http.server and socketserver, as this Python has them: who comes from whom, who answers what.

It only looks: nothing is made of the classes. It must not know a window.
"""

from __future__ import annotations

import http.server
import inspect
import socketserver
from dataclasses import dataclass
from typing import Final

WANTED: Final = (
    "HTTPServer", "ThreadingHTTPServer", "HTTPSServer", "ThreadingHTTPSServer", "BaseHTTPRequestHandler",
    "SimpleHTTPRequestHandler", "CGIHTTPRequestHandler",
)  # fmt: skip
"""Of http.server; what this Python does not have (any more) is left out."""


@dataclass(frozen=True, slots=True)
class Relative:
    """A class of the family. depth: how many steps below the first. mixed: its other bases."""

    kind: type
    depth: int
    mixed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name with its module."""
        return f"{self.kind.__module__}.{self.kind.__qualname__}"


@dataclass(frozen=True, slots=True)
class Method:
    """A method as an object of a class has it. owner: the class that defines it, hides: those whose own it replaces."""

    name: str
    owner: str
    hides: tuple[str, ...]
    says: str


def family() -> tuple[Relative, ...]:
    """Servers first, then handlers, each below the class that it comes from."""
    own = {getattr(http.server, name) for name in WANTED if hasattr(http.server, name)}
    known = {base for one in own for base in one.__mro__ if base is not object}
    found: list[Relative] = []

    def add(kind: type, depth: int) -> None:
        mixed = (base.__name__ for base in kind.__bases__ if base not in (object, _line(kind)))
        found.append(Relative(kind, depth, tuple(mixed)))
        for child in sorted(known, key=lambda one: one.__name__):
            if _line(child) is kind:
                add(child, depth + 1)

    for root in (socketserver.BaseServer, socketserver.BaseRequestHandler):
        add(root, 0)
    return tuple(found)


def _line(kind: type) -> type | None:
    """The base that it continues; a mix-in is none."""
    bases = [base for base in kind.__bases__ if base is not object and not base.__name__.endswith("MixIn")]
    return bases[0] if bases else None


def resolution(kind: type) -> tuple[str, ...]:
    """The order in which Python looks for a method (MRO)."""
    return tuple(f"{one.__module__}.{one.__qualname__}" for one in kind.__mro__)


def methods(kind: type) -> tuple[Method, ...]:
    """Its public methods, each by the class where Python finds it: nearest first."""
    found: list[Method] = []
    seen: set[str] = set()
    for owner in kind.__mro__[:-1]:
        for name, value in vars(owner).items():
            if name in seen or name.startswith("_") or not inspect.isroutine(value):
                continue
            seen.add(name)
            hidden = [one.__name__ for one in kind.__mro__[:-1] if one is not owner and name in vars(one)]
            says = (inspect.getdoc(value) or "").partition("\n")[0]
            found.append(Method(name, owner.__name__, tuple(hidden), says))
    return tuple(found)
