"""A custom handler by its rules: methods ticked on and off, one fixed answer; changed while it runs.

The rules lie in a small file, so that a process that was forked long ago sees a change, too. It
must not know connections. RFC 9110 sections 9.1 and 15.6.2.
"""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from protocols.http.request import Header
from protocols.http.server.answer import Answer, Piece, error_page, framed
from protocols.http.server.asked import Asked
from protocols.http.server.web import TIME_OUT_S, WebHandler

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
DELAY_MS: Final = 3_600_000
FRAMINGS: Final[Mapping[str, tuple[str, str]]] = {
    "": ("Right length", "Content-Length counts the body"),
    "none": ("No length", "Only the end of the connection ends the body"),
    "short": ("Length too small", "Content-Length says half of what is sent"),
    "long": ("Length too large", "Content-Length says more than is sent, then the connection ends"),
    "chunked": ("Chunked", "In chunks, without a length"),
    "no-blank-line": ("No blank line", "The body follows the headers at once"),
    "lf-only": ("LF only", "The head's lines end with LF alone"),
}
"""How an answer says where it ends, right and wrong: title and sentence."""
_SAFE_TOKEN: Final = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class RulesError(ValueError):
    """Rules that can't be kept; the message is a sentence."""


@dataclass(frozen=True)
class FixedAnswer:
    """What is answered to every ticked method. headers: Content-Length is added where it is not said.

    framing: a key of FRAMINGS.
    """

    status: int = 200
    headers: tuple[Header, ...] = (("Content-Type", "text/html; charset=utf-8"),)
    body: bytes = b"<h1>Hello from a custom handler</h1>\n"
    delay_ms: int = 0
    framing: str = ""


@dataclass(frozen=True)
class Rules:
    """methods: those that are implemented, all others get 501. refuse: implemented, but not for this page: 405.

    by_method: another answer for one of the methods.
    """

    methods: tuple[str, ...] = ("GET", "HEAD")
    fixed: FixedAnswer = FixedAnswer()
    refuse: tuple[str, ...] = ()
    by_method: dict[str, FixedAnswer] = field(default_factory=dict)


def checked(rules: Rules) -> Rules:
    """The same rules. Raises RulesError for what can't go on the wire."""
    for method in (*rules.methods, *rules.refuse, *rules.by_method):
        if not method or not _SAFE_TOKEN.issuperset(method):
            raise RulesError(f"{method!r} is no method: letters and digits, without blanks.")
    for answer in (rules.fixed, *rules.by_method.values()):
        if not 200 <= answer.status <= 599:
            raise RulesError(f"A status is a number from 200 to 599, not {answer.status}.")
        if not 0 <= answer.delay_ms <= DELAY_MS:
            raise RulesError(f"A delay is 0 to {DELAY_MS} ms, not {answer.delay_ms}.")
        if answer.framing not in FRAMINGS:
            raise RulesError(f"There is no framing {answer.framing!r}.")
        for name, value in answer.headers:
            if not name or not _SAFE_TOKEN.issuperset(name):
                raise RulesError(f"{name!r} is no header's name.")
            if any(one in value for one in "\r\n\0"):
                raise RulesError(f"The value of {name} has a line end in it, which would begin a header of its own.")
    return rules


def write_rules(place: str, rules: Rules) -> None:
    """Put the rules into their file, at once for every reader. Raises RulesError, OSError."""
    data = msgspec.json.encode(checked(rules))
    new = f"{place}.new"
    with open(new, "wb") as file:
        file.write(data)
    os.replace(new, place)


class ByRules:
    """An application that answers by the rules of a file."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._seen: Any = None
        self._rules = Rules()
        self._look()

    def _look(self) -> Rules:
        try:
            facts = os.stat(self._place)
            seen = (facts.st_ino, facts.st_mtime_ns)
            if seen != self._seen:
                with open(self._place, "rb") as file:
                    self._rules, self._seen = msgspec.json.decode(file.read(), type=Rules), seen
        except FileNotFoundError:
            pass  # the server stops
        return self._rules

    def __call__(self, asked: Asked) -> Answer:
        """Answer one request."""
        rules = self._look()
        allow = ("Allow", ", ".join(one for one in rules.methods if one not in rules.refuse))
        if asked.method in rules.refuse:
            return error_page(405, f"{asked.method} is known here, but not for this page.", allow)
        if asked.method not in rules.methods:
            return error_page(501, f"{html.escape(asked.method)} is not implemented by this handler.")
        fixed = rules.by_method.get(asked.method, rules.fixed)
        asked.note("handler chosen", f"do_{asked.method} answers {fixed.status}", method=asked.method)
        return answered(asked, fixed)


def answered(asked: Asked, fixed: FixedAnswer) -> Answer:
    """The answer, framed as its rule says. RFC 9112 section 6; most of FRAMINGS break it on purpose."""
    headers, body = list(fixed.headers), fixed.body
    right = Answer(fixed.status, headers, body, delay_s=fixed.delay_ms / 1000)
    if fixed.framing == "none":
        right.framing = "close"
    elif fixed.framing == "chunked":
        right.body = _pieces(body)
    elif fixed.framing in ("short", "long"):
        said = len(body) // 2 if fixed.framing == "short" else len(body) + 100
        right.headers = [*headers, ("Content-Length", str(said))]
    elif fixed.framing and asked.method != "HEAD":
        head, _, _ = framed(asked, right, False)
        head = head.replace(b"\r\n", b"\n") if fixed.framing == "lf-only" else head.removesuffix(b"\r\n")
        return Answer(fixed.status, [], head + body, framing="exact", delay_s=right.delay_s)
    return right


def _pieces(body: bytes) -> Iterator[Piece]:
    """Four pieces, so that there are chunks to be seen."""
    step = max(1, -(-len(body) // 4))
    for at in range(0, len(body), step):
        yield body[at : at + step]


def make_by_rules(place: str, time_out_s: float = TIME_OUT_S) -> Callable[[], WebHandler]:
    """The factory of handlers for the rules in a file, for a HandlerSpec."""
    site = ByRules(place)
    return lambda: WebHandler(site, time_out_s)
