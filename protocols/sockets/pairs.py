"""Connected pairs on loopback for experiments: both ends traced, both closed at the end.

It must not know which experiment uses them.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from protocols.record import polling
from protocols.record.event import monotonic_ns
from protocols.record.recorder import Recorder
from protocols.record.traced import TracedSocket, traced_socket

LOOPBACK = "127.0.0.1"


@contextmanager
def listener(
    recorder: Recorder, service: str, backlog: int = 5, *, host: str = LOOPBACK, reuse: bool = True
) -> Iterator[TracedSocket]:
    """A listening TCP socket on a free port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with traced_socket(recorder, service, family) as sock:
        if reuse:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, 0))
        sock.listen(backlog)
        yield sock


@contextmanager
def tcp_pair(
    recorder: Recorder, service: str, *, before: Callable[[TracedSocket], None] | None = None
) -> Iterator[tuple[TracedSocket, TracedSocket]]:
    """A TCP connection: (client end, server end). `before` may set options on the client before connect."""
    with listener(recorder, f"{service} server") as waiting, traced_socket(recorder, f"{service} client") as client:
        if before is not None:
            before(client)
        client.connect(waiting.getsockname())  # blocking: with a time-out the kernel would not know it is over
        client.settimeout(5)
        server, _ = waiting.accept()
        with server:
            server.settimeout(5)
            yield client, server


@contextmanager
def udp_socket(
    recorder: Recorder, service: str, host: str = LOOPBACK, port: int = 0, *, reuse: bool = False
) -> Iterator[TracedSocket]:
    """A bound UDP socket."""
    with traced_socket(recorder, service, type=socket.SOCK_DGRAM) as sock:
        if reuse:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.settimeout(2)
        yield sock


def wait_for(sock: socket.socket, mask: int, timeout_s: float = 2.0) -> int:
    """Wait until poll() reports one of `mask`, or an error or hang-up; what it reported, 0 after the time."""
    poller = polling.poll()
    poller.register(sock, mask)
    deadline = monotonic_ns() + int(timeout_s * 1e9)
    while (rest := deadline - monotonic_ns()) > 0:
        for _, found in poller.poll(rest / 1e6):
            return found
    return 0


def read_to_end(sock: socket.socket, size: int = 65536) -> bytes:
    """Everything up to the end of the stream."""
    parts: list[bytes] = []
    while data := sock.recv(size):
        parts.append(data)
    return b"".join(parts)
