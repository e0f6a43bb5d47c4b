"""Server: a handler behind a listening socket, in one of the concurrency models.

`make_server` chooses what carries the model: a thread of this process, or a child process for
those that fork. It must not know any protocol.
"""

from __future__ import annotations

import importlib
from abc import abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from protocols.concurrency.contract import (
    DATAGRAM,
    ConnectionRow,
    HandlerSpec,
    Listen,
    ServerTLS,
    Spinning,
    model_info,
)
from protocols.concurrency.link import Link, SlowReader
from protocols.concurrency.listening import Address, Listener, open_listener
from protocols.concurrency.serving import Serving
from protocols.record.recorder import Recorder
from protocols.record.tcpstate import KernelTable, own_state
from protocols.record.trace import address_text
from protocols.service.base import Facts, Service, ServiceError, is_exposed

T = TypeVar("T")
_MODULES: Final = {
    "iterative": "iterative",
    "threads": "threads",
    "pool": "pool",
    "fork": "fork",
    "select": "select_model",
    "poll": "poll_model",
    "epoll": "epoll_model",
    "kqueue": "kqueue_model",
    "selectors": "selectors_model",
    "asyncio": "asyncio_model",
    "socketserver": "socketserver_model",
    "socketserver-threading": "socketserver_model",
    "socketserver-forking": "socketserver_model",
}
"""Where each model lives; loaded when first used, for asyncio and its like are large."""
BOTH_STATES: Final = 1_000
"""Up to so many connections the whole machine's table is read for each look at a server's."""
FORKING: Final = ("fork", "socketserver-forking")


def model_module(name: str) -> Any:
    """The module of a model; it has `serve(serving, listener)`."""
    return importlib.import_module(f"protocols.concurrency.{_MODULES[name]}")


def _as_listed(address: tuple[Any, ...]) -> tuple[str, int]:
    """The address as the kernel's table has it: an IPv4 client of a dual-stack server is listed as IPv4."""
    return str(address[0]).removeprefix("::ffff:"), address[1]


class Server(Service):
    """A server of any model. address: (host, port) or a path, once it listens.

    Calls that name a connection raise ServiceError when it is gone; they are safe from any thread.
    """

    def __init__(self, recorder: Recorder, listen: Listen, *, name: str, model: str) -> None:
        label = listen.path if listen.transport.startswith("unix") else listen.port
        super().__init__(recorder, f"{name}:{label}", "server")
        self.listen: Final = listen
        self.model: Final = model
        self.address: Address = ""
        self._table = KernelTable()

    def _thread_name(self) -> str:
        subject, _, label = self.name.partition(":")
        return f"{subject}-server:{label}"

    @abstractmethod
    def connections(self) -> list[ConnectionRow]:
        """The live table, oldest connection first."""

    @abstractmethod
    def send(self, conn: str, data: bytes) -> None:
        """Send to one client. Raises SlowReader (an OSError) when it does not read."""

    @abstractmethod
    def half_close(self, conn: str) -> None:
        """End our direction of one connection."""

    @abstractmethod
    def close_connection(self, conn: str) -> None:
        """Close one connection."""

    @abstractmethod
    def reset(self, conn: str) -> None:
        """Close one connection with a RST."""

    @abstractmethod
    def set_delay_ms(self, delay_ms: int) -> None:
        """Delay the handler by so many milliseconds from now on."""

    @abstractmethod
    def set_hold_accept(self, hold: bool) -> None:
        """Leave new connections in the backlog, or take them again."""

    @abstractmethod
    def set_backlog(self, backlog: int) -> None:
        """Let so many connections wait for accept() from now on."""

    def ask(self, act: Callable[[Any], T], conn: str = "") -> Future[T]:
        """What `act` finds out about a socket, or makes of it, in the thread that owns it.

        conn: an accepted connection; "" is the listening socket. A thread that waits in another call answers
        later, or never: cancel the future then. Raises ServiceError where the socket is not in this process.
        """
        raise ServiceError(f"The sockets of {self.name} belong to another process")

    def broadcast(self, data: bytes) -> int:
        """Send to all clients; to how many it went. Those that are gone or do not read are left out."""
        count = 0
        for row in self.connections():
            try:
                self.send(row.conn, data)
                count += 1
            except (ServiceError, SlowReader):
                continue
        return count

    def spinning(self) -> list[Spinning]:
        """The connections whose loop spins: it reads on past the end of the stream. Cheap, any thread."""
        return []

    def states(self, local: Any, peer: Any) -> tuple[str, str]:
        """The TCP states of both ends, "" where there are none or they are not known."""
        if self.listen.transport != "tcp" or not isinstance(local, tuple) or not isinstance(peer, tuple):
            return "", ""
        return self._table.both_ends(_as_listed(local), _as_listed(peer))

    def facts(self) -> Facts:
        """What it occupies now."""
        bound = self.address
        is_inet = isinstance(bound, tuple)
        return Facts(
            self.name, self.kind, self.state, address_text(bound) if bound else "", self.threads(), self._children(),
            (bound[1],) if isinstance(bound, tuple) else (), self._connection_count(),
            is_inet and is_exposed(str(bound[0])),
        )  # fmt: skip

    def _children(self) -> tuple[int, ...]:
        return ()

    @abstractmethod
    def _connection_count(self) -> int: ...


class LocalServer(Server):
    """A server whose model runs in this process, in the service's main thread."""

    def __init__(
        self, recorder: Recorder, spec: HandlerSpec, listen: Listen, *, name: str, model: str, **settings: Any
    ) -> None:
        super().__init__(recorder, listen, name=name, model=model)
        self._subject = name
        self._make_handler = spec.make()
        self._settings = settings
        self._listener: Listener | None = None
        self._serving: Serving | None = None

    def _open(self) -> None:
        serve: Callable[[Serving, Any], None] = model_module(self.model).serve
        self._listener = open_listener(self.recorder, self.listen, self._subject)
        self.name, self.address = self._listener.service, self._listener.address
        self._serving = Serving(
            self.recorder, self.name, self._make_handler, spawn=self.spawn, stopping=self.stopping,
            model=self.model, **self._settings,
        )  # fmt: skip
        self._serve = serve

    def _main(self) -> None:
        assert self._serving is not None
        assert self._listener is not None
        self._serve(self._serving, self._listener.sock)

    def _wake_up(self) -> None:
        serving = self._serving
        if serving is not None:
            serving.wake.set()
            if self.stopping.is_set():
                serving.abort_all()

    def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
        if self._serving is not None:
            self._serving.wake.close()
            self._serving.drop_acts()

    def _links(self) -> list[Link]:
        return self._serving.links() if self._serving is not None else []

    def _link(self, conn: str) -> Link:
        link = self._serving.link(conn) if self._serving is not None else None
        if link is None:
            raise ServiceError(f"{self.name} has no connection {conn} any more")
        return link

    def spinning(self) -> list[Spinning]:
        """See Server."""
        return [spin for link in self._links() if (spin := link.spinning()) is not None]

    def ask(self, act: Callable[[Any], T], conn: str = "") -> Future[T]:
        """See Server."""
        if conn:
            return self._link(conn).ask(act)
        serving, listener = self._serving, self._listener
        if serving is None or listener is None or self.state != "running":
            raise ServiceError(f"{self.name} does not run")
        return serving.submit(lambda: act(listener.sock))

    def _connection_count(self) -> int:
        return len(self._links())

    def connections(self) -> list[ConnectionRow]:
        """The live table, oldest connection first. With very many the other ends' states are left out."""
        links = self._links()
        many = len(links) > BOTH_STATES
        return [
            ConnectionRow(link.conn, link.number, link.describe(),
                          *((own_state(link.sock), "") if many else self.states(link.local, link.peer)),
                          link.received, link.sent, link.worker, link.since_ns)
            for link in links
        ]  # fmt: skip

    def send(self, conn: str, data: bytes) -> None:
        """Send to one client. Raises SlowReader (an OSError) when it does not read."""
        self._link(conn).send(data)

    def half_close(self, conn: str) -> None:
        """End our direction of one connection."""
        self._link(conn).half_close()

    def close_connection(self, conn: str) -> None:
        """Close one connection."""
        self._link(conn).close()

    def reset(self, conn: str) -> None:
        """Close one connection with a RST."""
        self._link(conn).reset()

    def set_delay_ms(self, delay_ms: int) -> None:
        """Delay the handler by so many milliseconds from now on."""
        self._settings["delay_ms"] = delay_ms
        if self._serving is not None:
            self._serving.delay_ms = delay_ms

    def set_hold_accept(self, hold: bool) -> None:
        """Leave new connections in the backlog, or take them again."""
        self._settings["hold_accept"] = hold
        if self._serving is not None:
            self._serving.set_hold_accept(hold)

    def set_backlog(self, backlog: int) -> None:
        """Let so many connections wait for accept() from now on: listen() may be called again."""
        if self._listener is not None and self.state == "running":
            self._listener.sock.listen(backlog)


def _check(model: str, listen: Listen, tls: ServerTLS | None) -> None:
    info = model_info(model)
    if not info.available:
        raise ValueError(info.reason)
    if listen.transport not in info.transports:
        served = ", ".join(info.transports)
        raise ValueError(f"The {info.title} model does not serve {listen.transport}; it serves {served}")
    if tls is not None and listen.transport in (*DATAGRAM, "unix-seqpacket"):
        raise ValueError(f"TLS needs a stream of bytes, and {listen.transport} is none")


def make_server(
    recorder: Recorder,
    spec: HandlerSpec,
    listen: Listen,
    *,
    name: str,
    model: str = "threads",
    workers: int = 4,
    delay_ms: int = 0,
    tls: ServerTLS | None = None,
    hold_accept: bool = False,
    recv_size: int = 4096,
    edge_triggered: bool = False,
    allow: Sequence[str] = (),
) -> Server:
    """Make a server; `start()` it then.

    name: the behaviour's word; the service is called "name:port". workers: of a pool. delay_ms: before each
    handler call. allow: networks that are served. Raises ValueError for an order that does not fit together.
    """
    _check(model, listen, tls)
    settings: dict[str, Any] = {
        "workers": workers, "delay_ms": delay_ms, "hold_accept": hold_accept, "recv_size": recv_size,
        "edge_triggered": edge_triggered, "allow": tuple(allow), "tls": tls,
    }  # fmt: skip
    if model in FORKING:
        from protocols.concurrency.childserver import ChildServer

        return ChildServer(recorder, spec, listen, name=name, model=model, **settings)
    if listen.transport in DATAGRAM:
        from protocols.concurrency.datagrams import DatagramServer

        return DatagramServer(recorder, spec, listen, name=name, model=model, **settings)
    return LocalServer(recorder, spec, listen, name=name, model=model, **settings)

