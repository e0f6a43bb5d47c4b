"""Servers of datagrams: one socket, no connections, an answer to whoever asked.

In every model that needs no process of its own (`datagramloops`), or the socketserver family. The
table shows who sent lately. It must not know any protocol.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from protocols.concurrency import datagramloops
from protocols.concurrency.contract import ConnectionRow, DatagramHandler
from protocols.concurrency.datagramloops import Job
from protocols.concurrency.link import port_of
from protocols.concurrency.server import LocalServer, model_module
from protocols.concurrency.serving import Refused, Serving
from protocols.record.event import Direction, monotonic_ns
from protocols.record.trace import address_text, preview
from protocols.record.traced import TracedSocket
from protocols.service.base import ServiceError

T = TypeVar("T")
LARGEST: Final = 65536
SENDERS: Final = 1024
_LOOPS: Final = {
    "iterative": datagramloops.iterative,
    "threads": datagramloops.threads,
    "pool": datagramloops.pool,
    "asyncio": datagramloops.tasks,
}
"""The other models ask a poller."""


@dataclass
class Sender:
    """Somebody who sent a datagram. received, sent: payload bytes."""

    conn: str
    number: int
    address: Any
    received: int = 0
    sent: int = 0
    since_ns: int = field(default_factory=monotonic_ns)


def message(serving: Serving, direction: Direction, conn: str | None, data: bytes, peer: Any) -> None:
    """Record a datagram as the handler's unit."""
    serving.recorder.put(
        (monotonic_ns(), "message", "datagram", serving.service, conn, direction, None, len(data), data,
         f"datagram {preview(data)}, {len(data)} bytes", {"end": "server", "peer": address_text(peer)})
    )  # fmt: skip


def conn_of(sock: TracedSocket, sender: Any) -> str | None:
    """The id under which a sender's datagrams are told."""
    end = sock.trace.peers.get(sender) if sock.trace is not None else None
    return end.conn if end is not None else None


def heard(serving: Serving, sock: TracedSocket, data: bytes, sender: Any) -> None:
    """Tell what came, before any delay."""
    if serving.recorder.enabled:
        message(serving, "in", conn_of(sock, sender), data, sender)


def answered(serving: Serving, handler: DatagramHandler, sock: TracedSocket, data: bytes, sender: Any) -> int:
    """Hand one datagram to the handler and send its answer; the bytes sent."""
    conn = conn_of(sock, sender)
    try:
        reply = handler.received(data, sender)
    except Exception as error:  # noqa: BLE001  a handler's mistake must not end the server
        serving.note("handler failed", f"the handler failed: {type(error).__name__}: {error}", conn=conn,
                     errno=type(error).__name__,
                     why=f"The handler raised {error!r}. The server caught it and serves on.")  # fmt: skip
        return 0
    if reply is None or not sender:  # an unnamed UNIX socket can't be answered
        return 0
    return send_to(serving, sock, conn, reply, sender)


def answer(serving: Serving, handler: DatagramHandler, sock: TracedSocket, data: bytes, sender: Any) -> None:
    """All that becomes of one datagram, where the worker may block."""
    heard(serving, sock, data, sender)
    serving.wait_delay()
    answered(serving, handler, sock, data, sender)


def verified(serving: Serving, sender: Any) -> bool:
    """Whether the allow list has the sender; else the datagram is dropped, and that is told."""
    try:
        serving.verify(sender)
    except Refused as refusal:
        serving.note("refused", f"a datagram from {address_text(sender)} was dropped", why=str(refusal))
        return False
    return True


def send_to(serving: Serving, sock: TracedSocket, conn: str | None, data: bytes, address: Any) -> int:
    """Send one datagram; 0 where it failed, which the traced call has told with its reason."""
    if serving.recorder.enabled:
        message(serving, "out", conn, data, address)
    try:
        return sock.sendto(data, address)
    except OSError:
        return 0


class DatagramServer(LocalServer):
    """A server of datagrams in this process. The table's rows are its latest senders."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._senders: dict[Any, Sender] = {}
        self._senders_lock = threading.Lock()
        self._count = 0

    def _main(self) -> None:
        serving, sock = self._both()
        if self.model.startswith("socketserver"):
            model_module(self.model).serve(serving, sock)
            return
        handler: DatagramHandler = serving.make_handler()  # type: ignore[assignment]  # spec.make() of a datagram spec

        def receive() -> Job | None:
            try:
                data, sender = sock.recvfrom(LARGEST)
            except OSError:
                return None  # an error of an earlier send; the traced call has told it
            if not verified(serving, sender):
                return None
            return self._job(serving, handler, sock, data, self._seen(sock, sender, data))

        if self.model in _LOOPS:
            _LOOPS[self.model](serving, sock, receive)
        else:
            datagramloops.polled(serving, sock, receive, model_module(self.model).poller(serving))

    def _both(self) -> tuple[Serving, TracedSocket]:
        assert self._serving is not None
        assert self._listener is not None
        return self._serving, self._listener.sock

    @staticmethod
    def _job(serving: Serving, handler: DatagramHandler, sock: TracedSocket, data: bytes, row: Sender) -> Job:
        def answer_it() -> None:
            row.sent += answered(serving, handler, sock, data, row.address)

        return Job(
            port_of(row.address) or row.number, lambda: heard(serving, sock, data, row.address), answer_it
        )  # fmt: skip

    def _seen(self, sock: TracedSocket, sender: Any, data: bytes) -> Sender:
        with self._senders_lock:
            row = self._senders.pop(sender, None)
            if row is None:
                self._count += 1
                row = Sender(conn_of(sock, sender) or f"sender {self._count}", self._count, sender)
                while len(self._senders) >= SENDERS:
                    del self._senders[next(iter(self._senders))]
            self._senders[sender] = row  # the latest last
            row.received += len(data)
            return row

    def _rows(self) -> list[Sender]:
        with self._senders_lock:
            return sorted(self._senders.values(), key=lambda row: row.number)

    def connections(self) -> list[ConnectionRow]:
        """Who sent lately; datagrams have no state."""
        worker = f"thread {self._thread_name()}"
        return [
            ConnectionRow(row.conn, row.number, address_text(row.address), "", "", row.received, row.sent, worker,
                          row.since_ns)
            for row in self._rows()
        ]  # fmt: skip

    def _connection_count(self) -> int:
        return len(self._senders)

    def ask(self, act: Callable[[Any], T], conn: str = "") -> Future[T]:
        """All senders have the one socket in common."""
        return super().ask(act)

    def send(self, conn: str, data: bytes) -> None:
        """Send a datagram to a sender of the table."""
        serving, sock = self._both()
        for row in self._rows():
            if row.conn == conn and row.address and self.state == "running":
                row.sent += send_to(serving, sock, conn, data, row.address)
                return
        raise ServiceError(f"{self.name} knows no sender {conn} that could be sent to")

    def _no_connection(self) -> ServiceError:
        return ServiceError(f"{self.name} speaks {self.listen.transport}: it has no connection to close or reset")

    def half_close(self, conn: str) -> None:
        """Datagrams have no connections: raises ServiceError."""
        raise self._no_connection()

    def close_connection(self, conn: str) -> None:
        """Datagrams have no connections: raises ServiceError."""
        raise self._no_connection()

    def reset(self, conn: str) -> None:
        """Datagrams have no connections: raises ServiceError."""
        raise self._no_connection()

    def set_backlog(self, backlog: int) -> None:
        """Datagrams wait in the receive buffer, not in a backlog: nothing to set."""
