"""Serving: what a concurrency model knows of the server it works for.

The handler factory, the live settings (delay, hold), the stop, the table of connections and the
notes that tell what the model did. It must not know how a model waits, nor any protocol.
"""

from __future__ import annotations

import errno
import ipaddress
import itertools
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from protocols.concurrency.contract import Handler, ServerTLS
from protocols.record.explain import explain
from protocols.record.recorder import Recorder
from protocols.record.trace import address_text, address_value
from protocols.record.traced import TracedSocket
from protocols.service.wake import Wake

if TYPE_CHECKING:
    from protocols.concurrency.link import Link

T = TypeVar("T")
_OUT_OF: Final = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))


DELAY_LOOK_S: Final = 0.05
"""How soon a change of the delay is seen by who is delayed already."""


class Spawn(Protocol):
    """Starts a worker thread that the server's end waits for (`Service.spawn`)."""

    def __call__(self, name: str, work: Callable[[], None], **facts: Any) -> threading.Thread: ...


@cache
def _learn_words() -> None:
    """Load the texts that explain errors now: out of descriptors, their file could not be opened any more."""
    explain(OSError(errno.EMFILE, os.strerror(errno.EMFILE)), call="accept")


class Refused(Exception):
    """A connection that this server does not take; the message says why in a sentence."""


class Serving:
    """A server's settings and state, shared with its model. Set `delay_ms`, `hold_accept` from any thread.

    service: "echo:2345". subject, label: its two halves, for thread names. recv_size in bytes.
    allow: networks ("127.0.0.0/8") whose clients are served; empty for everybody.
    """

    def __init__(
        self, recorder: Recorder, service: str, make_handler: Callable[[], Handler], *, spawn: Spawn,
        stopping: threading.Event, model: str = "", workers: int = 4, delay_ms: int = 0, tls: ServerTLS | None = None,
        hold_accept: bool = False, recv_size: int = 4096, edge_triggered: bool = False, allow: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.recorder: Final = recorder
        self.service: Final = service
        self.subject, _, self.label = service.partition(":")
        self.make_handler: Final = make_handler
        self.spawn: Final = spawn
        self.stopping: Final = stopping
        self.model: Final = model
        self.workers: Final = max(workers, 1)
        self.delay_ms = delay_ms
        self.hold_accept = hold_accept
        self.recv_size: Final = recv_size
        self.edge_triggered: Final = edge_triggered
        self.tls: Final = tls
        self.tls_context: Final = None if tls is None else tls.ready_context()
        self.networks: Final = tuple(ipaddress.ip_network(text, strict=False) for text in allow)
        self.wake: Final = Wake()
        _learn_words()
        self._lock = threading.Lock()
        self._links: dict[str, Link] = {}
        self._numbers = itertools.count(1)
        self._acts: deque[tuple[Callable[[], Any], Future[Any]]] = deque()

    # What others ask of the thread that owns the listening socket

    def submit(self, act: Callable[[], T]) -> Future[T]:
        """Run `act` in the owner's thread at its next wake-up. Any thread."""
        future: Future[T] = Future()
        self._acts.append((act, future))
        self.wake.set()
        return future

    def run_acts(self) -> None:
        """Do what was submitted and not cancelled since; the owner's thread calls it after each wake-up."""
        while self._acts:
            act, future = self._acts.popleft()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(act())
                except (OSError, ValueError) as error:
                    future.set_exception(error)

    def drop_acts(self) -> None:
        """Nobody will do what is still submitted."""
        while self._acts:
            self._acts.popleft()[1].cancel()

    # Connections

    def number(self) -> int:
        """The next connection's number in this server, from 1."""
        return next(self._numbers)

    def enter(self, link: Link) -> None:
        """The connection is served from now on; told by a note that names the worker."""
        with self._lock:
            self._links[link.conn] = link
        self.note(
            "accepted by", f"connection {link.number} from {address_text(link.peer)} is served by {link.worker}",
            conn=link.conn, number=link.number, worker=link.worker, local=address_value(link.local),
            peer=address_value(link.peer), end_local=address_value(link.end.local),
            end_peer=address_value(link.end.peer), transport=link.transport,
        )  # fmt: skip
        if self.stopping.is_set():
            link.abort()

    def leave(self, link: Link, error: BaseException | None) -> None:
        """The connection is over and its socket closed."""
        with self._lock:
            if self._links.get(link.conn) is link:
                del self._links[link.conn]
        facts: dict[str, Any] = {"received": link.received, "sent": link.sent, "worker": link.worker}
        if error is not None:
            told = explain(error, call="recv", address=link.peer)
            facts |= {"errno": told.errno, "why": told.why}
        text = f"connection {link.number} ended: {link.received} bytes in, {link.sent} bytes out"
        self.note("connection ended", text, conn=link.conn, number=link.number, **facts)

    def links(self) -> list[Link]:
        """The connections that stand, oldest first."""
        with self._lock:
            return list(self._links.values())

    def link(self, conn: str) -> Link | None:
        """The connection of that id, if it stands."""
        with self._lock:
            return self._links.get(conn)

    def abort_all(self) -> None:
        """Wake every blocked worker by ending its connection."""
        for link in self.links():
            link.abort()

    # Accepting

    def admit(self, sock: TracedSocket, address: object) -> bool:
        """Whether to serve this client; a refused one gets its end of stream and a note."""
        try:
            self.verify(address)
        except Refused as refusal:
            self.refuse(sock, address, str(refusal))
            return False
        return True

    def verify(self, address: object) -> None:
        """Raise Refused when the allow list does not have the client's address."""
        if not self.networks or not isinstance(address, tuple):
            return
        client = ipaddress.ip_address(str(address[0]).partition("%")[0])
        mapped = getattr(client, "ipv4_mapped", None)
        if not any((mapped or client) in network for network in self.networks):
            allowed = ", ".join(str(network) for network in self.networks)
            raise Refused(f"{client} is not in the allow list ({allowed}), so its connection is closed unserved.")

    def refuse(self, sock: TracedSocket, address: object, why: str) -> None:
        """Close a connection unserved: the client sees the end of the stream."""
        conn = sock.trace.conn if sock.trace is not None else None
        sock.close()
        self.note("refused", f"{address_text(address)} was refused", conn=conn, why=why, peer=address_value(address))

    def accept_failed(self, error: OSError) -> float:
        """Tell why accept() failed; the seconds to wait before the next try. Raises what can't pass by itself."""
        if error.errno not in _OUT_OF:
            if error.errno in (errno.ECONNABORTED, errno.EAGAIN, errno.EINTR, errno.EPROTO):
                return 0.0
            raise error
        told = explain(error, call="accept")
        self.note("accept paused", "no new connection can be taken for now", errno=told.errno, why=told.why)
        return 0.1

    # Work

    def wait_delay(self) -> None:
        """Block as long as the handler is to be delayed, or until the stop; a change of the delay counts at once."""
        began = time.monotonic()
        while (left := began + self.delay_ms / 1000 - time.monotonic()) > 0:
            if self.stopping.wait(min(left, DELAY_LOOK_S)):
                return

    def note(self, kind: str, summary: str, *, conn: str | None = None, **detail: Any) -> None:
        """Record what the server did."""
        self.recorder.note(kind, summary, service=self.service, conn=conn, **detail)

    def thread_name(self, role: str, label: object = None) -> str:
        """"<subject>-<role>:<port>"."""
        return f"{self.subject}-{role}:{self.label if label is None else label}"

    def set_hold_accept(self, hold: bool) -> None:
        """Leave new connections in the backlog, or take them again."""
        self.hold_accept = hold
        self.wake.set()
