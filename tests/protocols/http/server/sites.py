"""Servers and bare clients for the tests of the web servers."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

from protocols.concurrency.server import Server
from protocols.record.event import Raw
from protocols.record.recorder import Recorder, Tail
from tests.protocols.http.peers import DEADLINE_S


class Site:
    """A running server, and what it recorded."""

    def __init__(self, make: Callable[..., Server], *args: Any, **common: Any) -> None:
        self.recorder = Recorder()
        self.tail: Tail = self.recorder.tail()
        self.raws: list[Raw] = []
        self.server = make(self.recorder, *args, **common)

    @property
    def port(self) -> int:
        return self.server.facts().ports[0]

    def notes(self, kind: str, count: int = 1) -> list[Raw]:
        """The notes of that kind, when there are at least so many."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            self.raws += self.tail.take()
            found = [raw for raw in self.raws if raw[1] == "note" and raw[2] == kind]
            if len(found) >= count:
                return found
            assert time.monotonic() < deadline, f"{kind} was not told {count} times: {[raw[2] for raw in self.raws]}"
            self.tail.wait(0.1)

    def dial(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_S)

    def get(self, target: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Reply:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        try:
            client.request(method, target, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = client.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            client.close()


class Reply:
    """What Python's own client got."""

    def __init__(self, status: int, headers: http.client.HTTPMessage, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        return json.loads(self.body)


@contextlib.contextmanager
def running(make: Callable[..., Server], *args: Any, **common: Any) -> Iterator[Site]:
    site = Site(make, *args, **common)
    site.server.start()
    try:
        yield site
    finally:
        assert site.server.stop(DEADLINE_S)


def say(site: Site, data: bytes, *, end: bool = False, whole: int | None = None) -> bytes:
    """Send exact bytes, then read to the end of the stream, or until `whole` bytes are there."""
    with site.dial() as sock:
        with contextlib.suppress(ConnectionError):
            sock.sendall(data)
            if end:
                sock.shutdown(socket.SHUT_WR)
        return read(sock, whole)


def read(sock: socket.socket | ssl.SSLSocket, whole: int | None = None) -> bytes:
    """What comes until the end, a reset, or `whole` bytes."""
    got = b""
    with contextlib.suppress(ConnectionError):
        while (whole is None or len(got) < whole) and (data := sock.recv(65536)):
            got += data
    return got
