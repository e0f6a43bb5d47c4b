"""What the tests of the proxy share: a proxy with its recorder, a client by hand, and waiting for what will be."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from protocols.http.proxy.entry import Entry
from protocols.http.proxy.service import DebugProxy, ProxyOrder
from protocols.record.event import Event
from protocols.record.recorder import Recorder, Tail
from tests.protocols.http.peers import DEADLINE_S

T = TypeVar("T")


def until(look: Callable[[], T]) -> T:
    """What `look` gives once it is something; fails after the deadline."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.002)
    raise AssertionError("what was waited for did not come")


class Lab:
    """A running proxy."""

    def __init__(self, order: ProxyOrder | None = None) -> None:
        self.recorder = Recorder()
        self.tail: Tail = self.recorder.tail()
        self.proxy = DebugProxy(self.recorder, order)
        self.proxy.start()

    def over(self, count: int = 1) -> list[Entry]:
        """The entries, once so many are over."""
        return until(lambda: found if len(found := [e for e in self.proxy.entries() if e.over]) >= count else None)

    def held(self) -> Entry:
        """The entry that is held, once one is."""
        return until(self.proxy.held)[0]

    def events(self) -> list[Event]:
        """All events, once the proxy has stopped."""
        assert self.proxy.stop(10)
        return [Event.of(raw) for raw in self.tail.take()]

    @contextlib.contextmanager
    def client(self) -> Iterator[socket.socket]:
        """A connection to the proxy."""
        with socket.create_connection(self.proxy.address, DEADLINE_S) as sock:
            yield sock

    def say(self, data: bytes) -> bytes:
        """Say this to the proxy, and what comes back until it closes."""
        with self.client() as sock:
            sock.sendall(data)
            return rest(sock)


def rest(sock: socket.socket) -> bytes:
    """What comes until the other end closes or resets."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := sock.recv(65536):
            data += piece
    return data


@contextlib.contextmanager
def proxying(order: ProxyOrder | None = None) -> Iterator[Lab]:
    """A proxy that leaves nothing behind."""
    made = Lab(order)
    try:
        yield made
    finally:
        assert made.proxy.stop(10)
        assert made.proxy.threads() == ()


def get(url: str, *more: bytes) -> bytes:
    """A request as a client of a proxy sends it, the connection not kept."""
    host = url.partition("://")[2].partition("/")[0]
    lines = [f"GET {url} HTTP/1.1".encode(), f"Host: {host}".encode(), b"Connection: close", *more, b"", b""]
    return b"\r\n".join(lines)
