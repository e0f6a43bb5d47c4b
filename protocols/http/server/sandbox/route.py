"""Route: one page of the sandbox, with what a person must know to try it. It must not know what the page does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from protocols.http.request import AuthKind, Header
from protocols.http.server.answer import Answer, error_page
from protocols.http.server.asked import Asked

ANY: Final[tuple[str, ...]] = ()


@dataclass(frozen=True)
class Try:
    """A request ready to be sent, to see what a page does. auth: who asks, with the sandbox's own user."""

    title: str
    method: str = "GET"
    target: str = ""
    content_type: str = ""
    data: bytes = b""
    auth: AuthKind = "none"


@dataclass(frozen=True)
class Route:
    """A page. path: ends with "/" where more may follow. example: a target to try. methods: empty for all.

    tries: requests that show it, where a plain one does not do.
    """

    path: str
    answer: Callable[[Asked], Answer]
    group: str
    title: str
    text: str
    example: str = ""
    methods: tuple[str, ...] = ("GET", "HEAD")
    tries: tuple[Try, ...] = ()

    def requests(self) -> tuple[Try, ...]:
        """What can be tried at a click."""
        plain = Try(self.title, self.methods[0] if self.methods else "GET", self.link)
        return (*((plain,) if plain.method in ("GET", "HEAD") else ()), *self.tries)

    @property
    def link(self) -> str:
        """What the index page links to."""
        return self.example or self.path


def number(asked: Asked, name: str, default: int, most: int) -> int:
    """A number of the query, between 0 and `most`; what is no number is the default."""
    text = parse_qs(asked.query, max_num_fields=100).get(name, [""])[0]
    return min(int(text), most) if text.isascii() and text.isdecimal() and len(text) < 16 else default


def word(asked: Asked, name: str, default: str = "") -> str:
    """A word of the query."""
    return parse_qs(asked.query, max_num_fields=100, keep_blank_values=True).get(name, [default])[0]


def tail(asked: Asked, route: str) -> str:
    """What follows a route's path."""
    return asked.path[len(route) :]


def json_answer(value: Any, status: int = 200, *headers: Header) -> Answer:
    """A value as JSON, with a line end."""
    body = json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace") + b"\n"
    return Answer(status, [("Content-Type", "application/json"), *headers], body)


def wants_json(asked: Asked) -> bool:
    """Whether the client would rather have JSON than a page."""
    accept = asked.get("Accept")
    return "application/json" in accept and "text/html" not in accept


def not_allowed(asked: Asked, *methods: str) -> Answer:
    """405, with what is allowed."""
    allow = ", ".join(methods)
    return error_page(405, f"{asked.method} is not for this page; it takes {allow}.", ("Allow", allow))
