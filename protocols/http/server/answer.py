"""Answer: what an application says to a request, and its head as it goes on the wire.

How a body is framed is decided here (RFC 9112 section 6). It must not know connections, nor who
makes the answer.
"""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Final, Literal, TypeAlias

from protocols.concurrency.contract import Handler
from protocols.http.request import Header
from protocols.http.server.asked import Asked

SERVER: Final = "NetLab"
BODILESS: Final = frozenset((204, 304))
_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Pause:
    """In a body: the next piece comes so many seconds later. Nobody else waits for it."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Cut:
    """In a body: the connection ends here, by a RST where `reset`."""

    reset: bool = False


Piece: TypeAlias = bytes | Pause | Cut
Framing: TypeAlias = Literal["auto", "close", "exact"]


@dataclass
class Answer:
    """What an application answers.

    body: bytes, or pieces that are sent as they come. length: of the pieces together, where it is known; else they go
    chunked. framing: "close" says no length and ends the connection behind the body; "exact" sends the body as it
    is, with no head but its own. upgrade: who speaks on the connection from now on (with status 101). delay_s: before
    the first byte; nobody else waits for it.
    """

    status: int = 200
    headers: list[Header] = field(default_factory=list)
    body: bytes | Iterable[Piece] = b""
    reason: str = ""
    length: int | None = None
    framing: Framing = "auto"
    upgrade: Handler | None = None
    delay_s: float = 0.0


Application: TypeAlias = Callable[[Asked], Answer]


def phrase_of(status: int) -> str:
    """The usual words behind a status."""
    return _PHRASES.get(status, "Status")


def page(status: int, title: str, inner: str, *headers: Header) -> Answer:
    """A small HTML page; `inner` is HTML already, `title` is text."""
    told = html.escape(title)
    text = (
        f'<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{told}</title>\n'
        f"<h1>{told}</h1>\n{inner}\n</html>\n"
    )
    return Answer(status, [("Content-Type", "text/html; charset=utf-8"), *headers], text.encode("utf-8", "replace"))


def error_page(status: int, why: str = "", *headers: Header) -> Answer:
    """A small page that says what is wrong."""
    return page(status, f"{status} {phrase_of(status)}", f"<p>{html.escape(why)}</p>", *headers)


def text_answer(text: str, status: int = 200, *headers: Header) -> Answer:
    """Plain text."""
    return Answer(status, [("Content-Type", "text/plain; charset=utf-8"), *headers], text.encode("utf-8", "replace"))


class _Clock:
    """The Date header's text, made once a second."""

    def __init__(self) -> None:
        self._told: tuple[int, str] = (0, "")

    def text(self) -> str:
        second, text = self._told
        now = int(time.time())
        if now != second:
            text = formatdate(now, usegmt=True)
            self._told = (now, text)
        return text


_clock: Final = _Clock()


def framed(asked: Asked | None, answer: Answer, keep: bool) -> tuple[bytes, bool, bool]:
    """The head of an answer, whether its body goes in chunks, and whether the connection is kept.

    Raises ValueError for a header with a line end.
    """
    names = {name.lower(): value for name, value in answer.headers}
    bodiless = answer.status in BODILESS or answer.status < 200
    length = len(answer.body) if isinstance(answer.body, bytes) else answer.length
    asks_head = asked is not None and asked.method == "HEAD"
    chunked = False
    more = ""
    if answer.framing == "close":
        keep = bodiless and keep
    elif not bodiless:
        given = names.get("content-length")
        if given is not None or "transfer-encoding" in names:
            keep = keep and (asks_head or given == str(length))
        elif length is not None:
            more = f"Content-Length: {length}\r\n"
        elif asked is not None and asked.version >= (1, 1):
            chunked = True
            more = "Transfer-Encoding: chunked\r\n"
        else:
            keep = keep and asks_head
    if answer.upgrade is None:
        if not keep:
            more += "Connection: close\r\n"
        elif asked is not None and asked.version < (1, 1):
            more += "Connection: keep-alive\r\n"
    lines = [f"HTTP/1.1 {answer.status} {answer.reason or phrase_of(answer.status)}"]
    if "date" not in names:
        lines.append(f"Date: {_clock.text()}")
    if "server" not in names:
        lines.append(f"Server: {SERVER}")
    lines += [f"{name}: {value}" for name, value in answer.headers]
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1 or "\0" in text:
        raise ValueError("A header of the answer has a line end in it, which would begin a line of its own")
    return f"{text}\r\n{more}\r\n".encode("latin-1", "replace"), chunked, keep
