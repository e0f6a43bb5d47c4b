"""Servers that say exact lines, for the clients' tests: honest ones and liars. They must not know the clients."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator

from tests.protocols.http.peers import says

Play = Callable[["Talk"], None]


class Talk:
    """One connection, from the server's side."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.file = sock.makefile("rb")
        self.heard: list[bytes] = []

    def say(self, *lines: bytes) -> None:
        """Send lines, each with CRLF."""
        self.sock.sendall(b"".join(line + b"\r\n" for line in lines))

    def hear(self) -> bytes:
        """The client's next line, without its end; b"" when it has gone."""
        line = self.file.readline().rstrip(b"\r\n")
        self.heard.append(line)
        return line

    def until_gone(self) -> None:
        """Read until the client hangs up."""
        with contextlib.suppress(OSError):
            while self.sock.recv(65536):
                pass

    def flood(self, data: bytes) -> None:
        """Send the same for ever, until the client hangs up."""
        with contextlib.suppress(OSError):
            while True:
                self.sock.sendall(data)


@contextlib.contextmanager
def liar(play: Play) -> Iterator[int]:
    """A server that plays once with its first connection; its port."""

    def run(sock: socket.socket) -> None:
        talk = Talk(sock)
        try:
            play(talk)
        finally:
            talk.file.close()

    with says(run) as port:
        yield port
