"""What the tests of the mail server share: a server that is stopped, its events, and a raw client."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from protocols.mail.server.service import MailServer
from protocols.mail.server.setup import MailSetup
from protocols.record.event import Raw, detail_of
from protocols.record.recorder import Recorder, Tail

PLAIN = b"From: a@example.org\r\nTo: ann@lab\r\nSubject: hello\r\n\r\nOne line.\r\n"
LIMIT_S = 30.0


@dataclass
class Running:
    """A server, and what it has told so far."""

    server: MailServer
    tail: Tail
    raws: list[Raw]

    def events(self, kind: str = "", layer: str = "message") -> list[Raw]:
        """The events of one kind, or of all."""
        self.raws += self.tail.take()
        return [raw for raw in self.raws if raw[1] == layer and kind in ("", raw[2])]

    def facts(self, kind: str, layer: str = "message") -> list[Any]:
        """The details of those events."""
        return [detail_of(raw) for raw in self.events(kind, layer)]

    def wait_for(self, what: Callable[[], object]) -> None:
        """Wait until it is so."""
        until = time.monotonic() + LIMIT_S
        while not what():
            assert time.monotonic() < until, "it did not come to pass"
            time.sleep(0.01)


@contextmanager
def running(setup: MailSetup | None = None, **order: Any) -> Iterator[Running]:
    """A mail server while the block runs; it ends in time and leaves nothing."""
    recorder = Recorder()
    tail = recorder.tail()
    server = MailServer(recorder, setup or MailSetup(**order))
    server.start()
    try:
        yield Running(server, tail, [])
    finally:
        assert server.stop(10.0)
    assert server.threads() == ()


class Raw7:
    """A client that sends bytes as they are and reads lines."""

    def __init__(self, end: tuple[str, int]) -> None:
        self.sock = socket.create_connection(end, timeout=LIMIT_S)
        self.file = self.sock.makefile("rb")

    def __enter__(self) -> Raw7:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.sock.close()

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.sock.sendall(data)

    def line(self) -> bytes:
        """The next line; b"" at the end."""
        return self.file.readline()

    def answer(self) -> bytes:
        """A whole SMTP answer: its last line."""
        while (line := self.line())[3:4] == b"-":
            pass
        return line

    def ask(self, data: bytes) -> bytes:
        """Send a line, and the last line of the SMTP answer."""
        self.send(data + b"\r\n")
        return self.answer()

    def rest(self) -> bytes:
        """All that comes until the end."""
        try:
            return self.file.read()
        except ConnectionError:
            return b""
