"""The socketserver family: the standard library's classes around the lab's listening socket.

TCPServer, UDPServer and their UNIX twins, plain or with ThreadingMixIn or ForkingMixIn. The hooks
of server and handler are told as notes. It must not know any protocol.
"""

from __future__ import annotations

import os
import socketserver
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

from protocols.concurrency.accepting import when_readable
from protocols.concurrency.blocking import BlockingLink
from protocols.concurrency.contract import DATAGRAM
from protocols.concurrency.datagrams import answer
from protocols.concurrency.forking import Forks, serve_in_fork
from protocols.concurrency.link import port_of
from protocols.concurrency.serving import Refused, Serving
from protocols.record.trace import address_text
from protocols.record.traced import TracedSocket

_MIXINS: Final[dict[str, type]] = {"socketserver-threading": socketserver.ThreadingMixIn}
if hasattr(socketserver, "ForkingMixIn"):
    _MIXINS["socketserver-forking"] = socketserver.ForkingMixIn


class _Handler(socketserver.BaseRequestHandler):
    """Made new for each request; the library calls setup, handle and finish in this order."""

    server: Any

    def _told(self, hook: str) -> None:
        serving: Serving = self.server.serving
        serving.note(
            hook, f"{type(self).__name__}.{hook}() for {address_text(self.client_address)}",
            conn=self.server.conn_of(self.request), handler=f"{id(self):#x}",
            worker=threading.current_thread().name,
        )  # fmt: skip

    def setup(self) -> None:
        """Before the request."""
        self._told("setup")

    def finish(self) -> None:
        """After the request, however it went."""
        self._told("finish")


class StreamHandler(_Handler):
    """`request` is the connection's socket."""

    def handle(self) -> None:
        """Serve the connection to its end."""
        self._told("handle")
        self.server.link_for(self.request, self.client_address).serve()


class DatagramHandler(_Handler):
    """`request` is a pair: the datagram, and the socket that answers."""

    def handle(self) -> None:
        """Answer one datagram."""
        self._told("handle")
        data, sock = self.request
        answer(self.server.serving, self.server.datagrams, sock, data, self.client_address)


class _LabServer(socketserver.BaseServer):
    """What all classes of the family get in front: the lab's socket, allow list, names and stop."""

    serving: Serving
    socket: TracedSocket
    forks: Forks | None = None
    timeout = 0  # the lab's loop waits, with the stop in view; the library only looks
    max_packet_size = 65536

    def __init__(self, serving: Serving, listener: TracedSocket, handler: type[_Handler]) -> None:
        socketserver.BaseServer.__init__(self, listener.getsockname(), handler)
        self.serving = serving
        self.socket = listener
        self.datagrams: Any = serving.make_handler() if handler is DatagramHandler else None
        self._link: BlockingLink | None = None
        self._pause: float | None = None

    def look(self) -> float | None:
        """Serve one request that waits; the seconds to pause where the system had no room for it."""
        self._pause = None
        self.handle_request()
        return self._pause

    def get_request(self) -> Any:
        """The library's hook to accept; it drops errors silently, these are told."""
        try:
            return super().get_request()
        except OSError as error:
            self._pause = self.serving.accept_failed(error) or None
            raise

    def fileno(self) -> int:
        """What the library waits for."""
        return self.socket.fileno()

    def conn_of(self, request: Any) -> str | None:
        """The connection's id of a request, None for a datagram's."""
        if isinstance(request, TracedSocket) and request.trace is not None:
            return request.trace.conn
        return self._link.conn if self._link is not None and not isinstance(request, tuple) else None

    def link_for(self, request: TracedSocket, address: Any) -> BlockingLink:
        """The link that serves a request: made here, or already in the process that was forked for it."""
        if self._link is not None:
            return self._link
        return BlockingLink(self.serving, request, address, f"thread {threading.current_thread().name}")

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """The library's hook for whom to serve."""
        try:
            self.serving.verify(client_address)
        except Refused as refusal:
            self.serving.note("refused", f"verify_request() refused {address_text(client_address)}",
                              conn=self.conn_of(request), why=str(refusal))  # fmt: skip
            return False
        return True

    def shutdown_request(self, request: Any) -> None:
        """The library closes what the handler left open."""
        if isinstance(request, TracedSocket) and request.fileno() >= 0:
            request.close()

    def close_request(self, request: Any) -> None:
        """As above; datagrams have nothing to close."""
        self.shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Errors of handlers were caught and told; what comes here is the library's or the lab's own."""
        error = sys.exc_info()[1]
        self.serving.note("handler failed", f"{type(error).__name__}: {error}", conn=self.conn_of(request),
                          errno=type(error).__name__, why=f"Serving a request raised {error!r}.")  # fmt: skip


class _Threading:
    """ThreadingMixIn starts nameless threads; these have names and are joined at the stop."""

    serving: Serving
    process_request_thread: Callable[[Any, Any], None]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve in a thread of its own."""
        name = self.serving.thread_name("conn", port_of(client_address) or None)
        self.serving.spawn(name, lambda: self.process_request_thread(request, client_address))


class _Forking:
    """ForkingMixIn forks bare processes; these have a control channel and end with their parent."""

    serving: Serving
    forks: Forks
    finish_request: Callable[[Any, Any], None]
    close_request: Callable[[Any], None]
    _link: BlockingLink | None

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve in a process of its own."""
        if isinstance(request, tuple):
            self.forks.fork(lambda _: self.finish_request(request, client_address), None, self.serving.number())
            return

        def serve(link: BlockingLink) -> None:
            self._link = link
            self.finish_request(request, client_address)

        serve_in_fork(self.forks, request, client_address, serve)


def server_class(model: str, transport: str) -> type[_LabServer]:
    """The class that the library's recipe gives: mix-in first, then the server."""
    bases: dict[str, type] = {"tcp": socketserver.TCPServer, "udp": socketserver.UDPServer}
    if hasattr(socketserver, "UnixStreamServer"):
        bases |= {"unix": socketserver.UnixStreamServer, "unix-dgram": socketserver.UnixDatagramServer}
    base, mixin = bases[transport], _MIXINS.get(model)
    ours: dict[str, type] = {"socketserver-threading": _Threading, "socketserver-forking": _Forking}
    name = (mixin.__name__.removesuffix("MixIn") if mixin else "") + base.__name__
    parents = (_LabServer, *([ours[model], mixin] if mixin is not None else []), base)
    return type(name, parents, {})


def serve(serving: Serving, listener: TracedSocket, forks: Forks | None = None) -> None:
    """Serve until the stop with the library's `handle_request()`."""
    assert listener.trace is not None
    transport = listener.trace.transport
    made = server_class(serving.model, transport)
    server = made(serving, listener, DatagramHandler if transport in DATAGRAM else StreamHandler)
    if forks is not None:
        server.forks = forks
    order = " -> ".join(part.__name__ for part in made.__mro__ if part.__module__ in ("socketserver", __name__))
    serving.note("class made", f"{made.__name__}: {order}", mro=order, pid=os.getpid())
    when_readable(
        serving, listener, server.look, between=forks.between if forks is not None else lambda: None,
        watch=forks.watch if forks is not None else (),
    )  # fmt: skip
