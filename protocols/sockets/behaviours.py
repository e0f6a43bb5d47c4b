"""Behaviours: what a server of the socket bench does with what it hears.

Each is a handler for any concurrency model, stream or datagram, named by a HandlerSpec so that
a child process can make the same one. It must not know how it is run: no socket, no thread, no
clock but the time service's.
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from protocols.concurrency.contract import DATAGRAM, Connection, Handler, HandlerSpec
from protocols.sockets.expression import Expression, ExpressionError

LINE_LIMIT_BYTES: Final = 64 << 10
PAGE: Final = b"<html><body><h1>It works</h1><p>This page came over a socket.</p></body></html>\n"
SPIN_LIMIT_S: Final = 5.0
"""How long the classic mistake may burn a processor before the lab ends it."""
SPINS_SHOWN: Final = 50


def rot13(data: bytes) -> bytes:
    """ASCII letters moved on by 13; all other bytes stay."""
    return codecs.encode(data.decode("latin-1"), "rot13").encode("latin-1")


TRANSFORMS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "echo": bytes,
    "upper": bytes.upper,
    "lower": bytes.lower,
    "reverse": lambda data: data[::-1],
    "rot13": rot13,
}


class Answer(Handler):
    """Answers each chunk received with its transform, as it comes; the peer's EOF closes."""

    def __init__(self, transform: str = "echo") -> None:
        self._transform = TRANSFORMS[transform]

    def received(self, conn: Connection, data: bytes) -> None:
        conn.send(self._transform(data))


class EchoOnce(Handler):
    """Sends the first chunk back and closes: the echo server that serves one message a connection."""

    def received(self, conn: Connection, data: bytes) -> None:
        conn.send(data)
        conn.close()


class Hello(Handler):
    """Greets the peer with its address and closes."""

    def opened(self, conn: Connection) -> None:
        conn.send(b"Hello %s\n" % host_of(conn.peer))
        conn.close()


class Time(Handler):
    """Sends the time of day as one line and closes."""

    def opened(self, conn: Connection) -> None:
        conn.send(time_line())
        conn.close()


class Discard(Handler):
    """Reads everything and answers nothing (RFC 863)."""


class UpperLines(Handler):
    """The upper-case server of the courses, mended: whole lines, a blank line or EOF closes.

    A line longer than LINE_LIMIT_BYTES closes the connection: a peer must not fill our memory.
    """

    def __init__(self) -> None:
        self._waiting = b""

    def received(self, conn: Connection, data: bytes) -> None:
        *lines, self._waiting = (self._waiting + data).split(b"\n")
        for line in lines:
            if not line.strip(b"\r"):
                conn.close()
                return
            conn.send(line.upper() + b"\n")
        if len(self._waiting) > LINE_LIMIT_BYTES:
            conn.close()

    def ended(self, conn: Connection) -> None:
        """EOF. What came without a line end is still answered."""
        if self._waiting:
            conn.send(self._waiting.upper())
        conn.close()


class UpperCourse(Handler):
    """The upper-case loop of the courses, with its mistake: only a line that is just CRLF ends it.

    It never looks for the end of the stream. When the client goes away, recv() gives b"" for ever and
    send(b"") never fails, so the loop spins at full speed and serves nobody else. The lab lets it spin
    for at most SPIN_LIMIT_S, then closes it.
    """

    reads_past_end = True

    def __init__(self) -> None:
        self.spins = 0
        self._since = 0.0

    def received(self, conn: Connection, data: bytes) -> None:
        if data in (b"\r\n", b"\n"):
            conn.close()
            return
        if not data:
            self._spin(conn)
        if data or self.spins < SPINS_SHOWN:
            conn.send(data.upper())  # of nothing: succeeds, and would fill the time line

    def ended(self, conn: Connection) -> None:
        """The mistake itself: nothing happens here."""

    def _spin(self, conn: Connection) -> None:
        self.spins += 1
        if self.spins == 1:
            self._since = time.monotonic()
        elif self.spins % 256 == 0 and time.monotonic() - self._since > SPIN_LIMIT_S:
            conn.close()


class Page(Handler):
    """Answers any request with one small page over HTTP/1.0 and closes: something to fetch by hand."""

    def __init__(self) -> None:
        self._request = b""

    def received(self, conn: Connection, data: bytes) -> None:
        self._request += data
        if b"\r\n\r\n" in self._request or b"\n\n" in self._request or len(self._request) > LINE_LIMIT_BYTES:
            head = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(PAGE)
            conn.send(head + PAGE)
            conn.close()


class Transform(Handler):
    """Answers each chunk with a user's own expression over `data`; a failure is told to the peer."""

    def __init__(self, expression: str) -> None:
        self._expression = Expression(expression)

    def received(self, conn: Connection, data: bytes) -> None:
        conn.send(_transformed(self._expression, data))


class AnswerDatagram:
    """Answers each datagram with its transform."""

    def __init__(self, transform: str = "echo") -> None:
        self._transform = TRANSFORMS[transform]

    def received(self, data: bytes, sender: object) -> bytes | None:
        return self._transform(data)


class HelloDatagram:
    """Answers any datagram with a greeting."""

    def received(self, data: bytes, sender: object) -> bytes | None:
        return b"Hello %s\n" % host_of(sender)


class TimeDatagram:
    """Answers any datagram with the time of day."""

    def received(self, data: bytes, sender: object) -> bytes | None:
        return time_line()


class DiscardDatagram:
    """Answers nothing."""

    def received(self, data: bytes, sender: object) -> bytes | None:
        return None


class TransformDatagram:
    """Answers each datagram with a user's own expression over `data`."""

    def __init__(self, expression: str) -> None:
        self._expression = Expression(expression)

    def received(self, data: bytes, sender: object) -> bytes | None:
        return _transformed(self._expression, data)


def _transformed(expression: Expression, data: bytes) -> bytes:
    try:
        return expression(data)
    except ExpressionError as error:
        return f"error: {error}\n".encode()


def host_of(address: object) -> bytes:
    """The host part of a socket address; a UNIX peer has none and is called by its path, or "unix"."""
    if isinstance(address, tuple) and address:
        return str(address[0]).encode()
    if isinstance(address, bytes):
        address = "@" + address[1:].decode("utf-8", "replace")
    return str(address).encode("utf-8", "replace") if address else b"unix"


def time_line() -> bytes:
    """The local time as `time.ctime()` writes it, one line."""
    return time.ctime().encode("ascii", "replace") + b"\r\n"


@dataclass(frozen=True)
class Behaviour:
    """One entry of the behaviour box. `stream` and `datagram` are handler class names of this module."""

    name: str
    title: str
    sentence: str
    stream: str
    datagram: str
    params: Mapping[str, str]


def _answer(name: str, title: str, sentence: str) -> Behaviour:
    return Behaviour(name, title, sentence, "Answer", "AnswerDatagram", {"transform": name})


BEHAVIOURS: Final[tuple[Behaviour, ...]] = (
    _answer("echo", "Echo", "Sends back what it receives."),
    _answer("upper", "Upper case", "Sends back what it receives, in capitals."),
    Behaviour("hello", "Hello", "Greets each client with the address it came from, and closes.",
              "Hello", "HelloDatagram", {}),
    Behaviour("time", "Time", "Sends the time of day as one line, and closes.", "Time", "TimeDatagram", {}),
    Behaviour("discard", "Discard", "Reads everything and answers nothing.", "Discard", "DiscardDatagram", {}),
    Behaviour("upper-lines", "Upper case, line by line", "Answers whole lines in capitals; a blank line closes.",
              "UpperLines", "AnswerDatagram", {}),
    Behaviour("echo-once", "Echo, one message", "Sends the first message back and closes.",
              "EchoOnce", "AnswerDatagram", {}),
    _answer("lower", "Lower case", "Sends back what it receives, in small letters."),
    _answer("reverse", "Reverse", "Sends each chunk back from its end to its start."),
    _answer("rot13", "Rot 13", "Moves each letter 13 places on; twice gives the text again."),
    Behaviour("page", "A page", "Answers a request with one small page over HTTP/1.0, and closes.",
              "Page", "DiscardDatagram", {}),
    Behaviour("transform", "Your own", "Answers with your own Python expression over `data`.",
              "Transform", "TransformDatagram", {}),
    Behaviour("upper-course", "Upper case, as in the courses",
              "The loop of the courses with its mistake: it spins for ever when the client goes away.",
              "UpperCourse", "AnswerDatagram", {}),
)  # fmt: skip


def behaviour(name: str) -> Behaviour:
    """The behaviour of that name. Raises KeyError with the names that exist."""
    for entry in BEHAVIOURS:
        if entry.name == name:
            return entry
    raise KeyError(f"no behaviour {name!r}; there are {', '.join(entry.name for entry in BEHAVIOURS)}")


def spec(name: str, *, transport: str = "tcp", expression: str = "data") -> HandlerSpec:
    """The HandlerSpec of a behaviour for a transport. Raises ExpressionError for a bad `expression`."""
    entry = behaviour(name)
    kind = entry.datagram if transport in DATAGRAM else entry.stream
    params = dict(entry.params)
    if name == "transform":
        params["expression"] = Expression(expression).text
    elif kind == "AnswerDatagram" and not params:
        params["transform"] = "echo" if name == "echo-once" else "upper"
    elif kind != "Answer" and kind != "AnswerDatagram":
        params = {}
    return HandlerSpec(f"{__name__}:handlers", {"kind": kind, **params})


def handlers(kind: str, **params: str) -> Callable[[], Any]:
    """The factory that a HandlerSpec of this module names: makes handlers of class `kind`."""
    return partial(_KINDS[kind], **params)


_KINDS: Final[Mapping[str, Callable[..., Any]]] = {
    made.__name__: made
    for made in (
        Answer, EchoOnce, Hello, Time, Discard, UpperLines, UpperCourse, Page, Transform,
        AnswerDatagram, HelloDatagram, TimeDatagram, DiscardDatagram, TransformDatagram,
    )
}  # fmt: skip
