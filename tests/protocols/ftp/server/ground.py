"""A running FTP server with what it recorded, for the tests of this folder."""

from __future__ import annotations

import ftplib
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from protocols.ftp.server.service import FtpServer
from protocols.ftp.server.setup import FtpSetup, User
from protocols.record.event import Event
from protocols.record.recorder import Recorder

ANNA = User("anna", "geheim", "rw")
PATIENCE_S = 20.0


class Running:
    """A server, its folder and its events so far."""

    def __init__(self, root: Path, setup: FtpSetup) -> None:
        self.root = root
        self.recorder = Recorder()
        self._tail = self.recorder.tail()
        self.events: list[Event] = []
        self.server = FtpServer(self.recorder, setup)
        self.server.start()

    @property
    def port(self) -> int:
        return self.server.address[1]

    def all(self) -> list[Event]:
        """Every event so far."""
        self.events += [Event.of(raw) for raw in self._tail.take()]
        return self.events

    def kinds(self, *kinds: str) -> list[Event]:
        """The events of these kinds so far."""
        return [event for event in self.all() if event.kind in kinds]

    def awaited(self, *kinds: str, count: int = 1) -> list[Event]:
        """Wait until so many events of these kinds have come."""
        await_true(lambda: len(self.kinds(*kinds)) >= count, f"{count} x {kinds}")
        return self.kinds(*kinds)

    def replies(self) -> list[int]:
        """The codes of all replies so far."""
        return [event.detail["code"] for event in self.kinds("reply")]

    def client(self, *, login: bool = True, passive: bool = True) -> ftplib.FTP:
        """ftplib, connected."""
        ftp = ftplib.FTP(timeout=PATIENCE_S, encoding="utf-8")
        ftp.connect(self.server.address[0], self.port)
        if login:
            ftp.login("anna", "geheim")
        ftp.set_pasv(passive)
        return ftp

    @contextmanager
    def raw(self, *, login: bool = True) -> Iterator[Raw]:
        """A control connection by hand."""
        with socket.create_connection(self.server.address, PATIENCE_S) as sock:
            raw = Raw(sock)
            try:
                raw.reply()
                if login:
                    raw.ask("USER anna")
                    assert raw.ask("PASS geheim").startswith("230")
                yield raw
            finally:
                raw.close()


class Raw:
    """Lines by hand."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._file = sock.makefile("rb")

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def line(self) -> str:
        return self._file.readline().decode("utf-8", "surrogateescape").rstrip("\r\n")

    def reply(self) -> str:
        """The last line of a reply, however many it has."""
        first = self.line()
        if first[3:4] != "-":
            return first
        while not (line := self.line()).startswith(first[:3] + " "):
            assert line, "the reply has no end"
        return line

    def ask(self, line: str) -> str:
        self.send(line.encode("utf-8", "surrogateescape") + b"\r\n")
        return self.reply()

    def pasv(self) -> tuple[str, int]:
        return ftplib.parse227(self.ask("PASV"))

    def data(self) -> socket.socket:
        """A passive data connection."""
        return socket.create_connection(self.pasv(), PATIENCE_S)

    def close(self) -> None:
        self._file.close()


@contextmanager
def serving(root: Path, **settings: Any) -> Iterator[Running]:
    """A server of `root` with anna, who may do everything; settings are FtpSetup's."""
    setup = replace(FtpSetup(str(root), users=(ANNA,)), **settings)
    running = Running(root, setup)
    try:
        yield running
    finally:
        assert running.server.stop(10.0)
        assert running.server.state == "stopped"
        assert [event.summary for event in running.kinds("server error")] == []


def await_true(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition, long enough for a loaded machine."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.005)


def got(ftp: ftplib.FTP, command: str, **more: Any) -> bytes:
    """What RETR gives."""
    pieces: list[bytes] = []
    ftp.retrbinary(command, pieces.append, **more)
    return b"".join(pieces)
