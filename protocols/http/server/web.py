"""WebHandler: HTTP/1.1 on any of the lab's concurrency models; an application answers.

Reads requests, asks the application, writes its answer with the framing that the client
understands. It must not know what the application does, nor how the model waits.
"""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from protocols.concurrency.contract import Connection, Handler
from protocols.http.request import Header
from protocols.http.server.asked import Asked, BadRequest, RequestReader
from protocols.record.event import monotonic_ns

SERVER: Final = "NetLab"
_BODILESS: Final = frozenset((204, 304))


@dataclass
class Answer:
    """What an application answers. body: bytes, or pieces that are sent as they come. length: of the pieces together,
    where it is known; else they go chunked."""

    status: int = 200
    headers: list[Header] = field(default_factory=list)
    body: bytes | Iterable[bytes] = b""
    reason: str = ""
    length: int | None = None


Application: TypeAlias = Callable[[Asked], Answer]


def error_page(status: int, why: str = "", *headers: Header) -> Answer:
    """A small page that says what is wrong."""
    phrase = phrase_of(status)
    text = f"<!DOCTYPE html>\n<title>{status} {phrase}</title>\n<h1>{status} {phrase}</h1>\n<p>{html.escape(why)}</p>\n"
    return Answer(status, [("Content-Type", "text/html; charset=utf-8"), *headers], text.encode("utf-8", "replace"))


def phrase_of(status: int) -> str:
    """The usual words behind a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"


class WebHandler(Handler):
    """One connection: requests in, the application's answers out, in order."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._reader = RequestReader()
        self._told_continue = False
        self._over = False

    def received(self, conn: Connection, data: bytes) -> None:
        """Answer each request that is whole by now."""
        if self._over:
            return
        try:
            for asked in self._reader.feed(data):
                self._told_continue = False
                if not self._answer(conn, asked):
                    return
        except BadRequest as error:
            self._over = True
            page = error_page(error.status, str(error))
            assert isinstance(page.body, bytes)
            conn.send(framed(None, page, keep=False)[0] + page.body)
            _note(conn, "bad request", f"{error.status}: {error}", status=error.status, why=str(error))
            conn.close()
            return
        if self._reader.waiting and not self._told_continue:
            self._told_continue = True
            conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _answer(self, conn: Connection, asked: Asked) -> bool:
        """Answer one; False where the connection ends with it."""
        began = monotonic_ns()
        keep = asked.keeps
        serving = getattr(conn, "serving", None)
        asked.peer, asked.local, asked.note = conn.peer, conn.local, partial(_note, conn)
        if serving is not None:
            asked.stopping = serving.stopping.is_set
        try:
            answer = self._application(asked)
            head, chunked = framed(asked, answer, keep)
        except Exception as error:  # noqa: BLE001  a mistake of an application is a 500, not the server's end
            _note(conn, "application failed", f"{type(error).__name__}: {error}", errno=type(error).__name__,
                  why=f"The application raised {error!r}; the client got a 500.")  # fmt: skip
            answer = error_page(500, "The application failed.")
            head, chunked = framed(asked, answer, keep)
        size = self._send(conn, asked, answer, head, chunked)
        if isinstance(answer.body, bytes) or answer.length is not None or chunked:
            keep = keep and size is not None
        else:
            keep = False
        took = monotonic_ns() - began
        text = f"{asked.method} {asked.target} = {answer.status}, {size or 0} bytes"
        _note(conn, "answered", text, method=asked.method, target=asked.target, status=answer.status, bytes=size,
              took_ns=took, thread=threading.current_thread().name, begin=asked.begin, end=asked.end)  # fmt: skip
        if not keep:
            self._over = True
            conn.close()
        return keep

    def _send(self, conn: Connection, asked: Asked, answer: Answer, head: bytes, chunked: bool) -> int | None:
        """Send it; the body's size, None where it broke off and the connection can't go on."""
        if asked.method == "HEAD" or answer.status in _BODILESS:
            conn.send(head)
            return 0
        if isinstance(answer.body, bytes):
            conn.send(head + answer.body)
            return len(answer.body)
        size = 0
        try:
            conn.send(head)
            for piece in answer.body:
                size += len(piece)
                if piece:
                    conn.send(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
        except Exception as error:  # noqa: BLE001
            _note(conn, "answer cut", f"the body broke off after {size} bytes: {error}", errno=type(error).__name__,
                  why=f"Making the body raised {error!r}, when the head was already sent.")  # fmt: skip
            return None
        finally:
            close = getattr(answer.body, "close", None)
            if close is not None:
                close()
        if chunked:
            conn.send(b"0\r\n\r\n")
        return size if answer.length in (None, size) else None


def framed(asked: Asked | None, answer: Answer, keep: bool) -> tuple[bytes, bool]:
    """The head of an answer, and whether its body goes in chunks. Raises ValueError for a header with a line end."""
    names = {name.lower() for name, _ in answer.headers}
    headers = list(answer.headers)
    if "date" not in names:
        headers.insert(0, ("Date", formatdate(usegmt=True)))
    if "server" not in names:
        headers.insert(0, ("Server", SERVER))
    length = len(answer.body) if isinstance(answer.body, bytes) else answer.length
    chunked = length is None and asked is not None and asked.version >= (1, 1) and answer.status not in _BODILESS
    if answer.status not in _BODILESS and "content-length" not in names and "transfer-encoding" not in names:
        if length is not None:
            headers.append(("Content-Length", str(length)))
        elif chunked:
            headers.append(("Transfer-Encoding", "chunked"))
    chunked = chunked and "content-length" not in names and "transfer-encoding" not in names
    if not keep or (length is None and not chunked):
        headers.append(("Connection", "close"))
    elif asked is not None and asked.version < (1, 1):
        headers.append(("Connection", "keep-alive"))
    lines = [f"HTTP/1.1 {answer.status} {answer.reason or phrase_of(answer.status)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if any("\r" in line or "\n" in line or "\0" in line for line in lines):
        raise ValueError("A header of the answer has a line end in it, which would begin a line of its own")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace"), chunked


def _note(conn: Connection, kind: str, text: str, **facts: Any) -> None:
    """Tell what happened, where the connection is one of a server's: those know their recorder."""
    serving = getattr(conn, "serving", None)
    if serving is not None and serving.recorder.enabled:
        serving.note(kind, text, conn=conn.conn, **facts)
