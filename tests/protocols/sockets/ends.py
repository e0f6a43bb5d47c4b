"""What the tests of the socket bench share: servers, clients, and waiting for events with a deadline."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from protocols.concurrency.contract import Listen
from protocols.concurrency.server import Server, make_server
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.sockets.behaviours import spec
from protocols.sockets.client import StreamClient
from protocols.sockets.datagram import DatagramClient
from protocols.sockets.worker import ClientWorker

DEADLINE_S = 20.0


class Log:
    """The events of a recorder so far, and waiting for one."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._tail = recorder.tail()
        self._events: list[Event] = []

    def all(self) -> list[Event]:
        self._events += [Event.of(raw) for raw in self._tail.take()]
        return self._events

    def wait(self, fits: Callable[[Event], bool], count: int = 1) -> list[Event]:
        """The first events that fit, once there are `count`."""
        end = time.monotonic() + DEADLINE_S
        while True:
            found = [event for event in self.all() if fits(event)]
            if len(found) >= count:
                return found
            left = end - time.monotonic()
            seen = [(event.service, event.kind, event.summary) for event in self._events][-30:]
            assert left > 0, f"it never came; the last events: {seen}"
            self._tail.wait(min(left, 0.2))

    def wait_kind(self, kind: str, count: int = 1, service: str | None = None) -> list[Event]:
        return self.wait(lambda event: event.kind == kind and service in (None, event.service), count)

    def calls(self, kind: str, service: str | None = None) -> list[Event]:
        return [event for event in self.all() if event.layer == "call" and event.kind == kind
                and service in (None, event.service)]  # fmt: skip


@contextlib.contextmanager
def serving(
    behaviour: str = "echo", model: str = "threads", recorder: Recorder | None = None, listen: Listen | None = None,
    expression: str = "data", **settings: Any,
) -> Iterator[Server]:  # fmt: skip
    """A started server, stopped at the end."""
    where = listen or Listen()
    made = spec(behaviour, transport=where.transport, expression=expression)
    server = make_server(recorder or Recorder(), made, where, name=behaviour, model=model, **settings)
    server.start()
    try:
        yield server
    finally:
        assert server.stop(20), f"{server.name} did not stop: {server.threads()}"


@contextlib.contextmanager
def started(client: ClientWorker) -> Iterator[None]:
    """A client that runs, stopped at once at the end."""
    client.start()
    try:
        yield
    finally:
        assert client.stop(20)


def client_of(server: Server | tuple[str, int] | str, recorder: Recorder, **settings: Any) -> StreamClient:
    """A client for a server's address."""
    address = server if isinstance(server, (tuple, str)) else server.address
    if isinstance(address, tuple):
        return StreamClient(recorder, host=address[0], port=address[1], **settings)
    return StreamClient(recorder, transport=settings.pop("transport", "unix"), path=address, **settings)


def datagram_client_of(server: Server | tuple[str, int], recorder: Recorder, **settings: Any) -> DatagramClient:
    """A datagram client for a server's address."""
    address = server if isinstance(server, tuple) else server.address
    assert isinstance(address, tuple)
    return DatagramClient(recorder, host=address[0], port=address[1], **settings)


def received(client: StreamClient | DatagramClient) -> bytes:
    """All bytes of the transcript that came in."""
    return b"".join(line.data for line in client.transcript_since(0) if line.direction == "in")


def wait_received(log: Log, client: StreamClient | DatagramClient, count: int) -> bytes:
    """The bytes that came in, once there are at least `count`."""
    log.wait(lambda event: len(received(client)) >= count)
    return received(client)


@contextlib.contextmanager
def plain_listener(backlog: int = 5, host: str = "127.0.0.1") -> Iterator[socket.socket]:
    """A listening socket that nobody serves."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), backlog=backlog, family=family) as sock:
        sock.settimeout(DEADLINE_S)
        yield sock


@contextlib.contextmanager
def black_hole() -> Iterator[tuple[str, int]]:
    """An address whose queue is full: a connect to it is never answered (Linux drops the SYN)."""
    with plain_listener(backlog=0) as waiting, contextlib.ExitStack() as stack:
        for _ in range(2):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(waiting.getsockname())
        first = stack.enter_context(socket.socket())
        first.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            first.connect(waiting.getsockname())
        yield waiting.getsockname()


def beside(work: Callable[[], object]) -> threading.Thread:
    """Run `work` in a thread."""
    thread = threading.Thread(target=work, name="test-beside:0")
    thread.start()
    return thread


def dead_port() -> tuple[str, int]:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host, port = probe.getsockname()
        return str(host), int(port)
