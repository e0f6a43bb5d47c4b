"""What a handler, a connection and a server's order look like to each other.

Everything that a protocol, a concurrency model and a window must agree on, as plain types. It
must not know how a model works, nor any protocol.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from protocols.service.target import load

if TYPE_CHECKING:
    import ssl

Transport: TypeAlias = Literal["tcp", "udp", "unix", "unix-dgram", "unix-seqpacket"]
CONNECTED: Final[tuple[Transport, ...]] = ("tcp", "unix", "unix-seqpacket")
DATAGRAM: Final[tuple[Transport, ...]] = ("udp", "unix-dgram")


class Connection(Protocol):
    """A connection as a handler sees it. All calls are safe from any thread and never raise once it is closed."""

    conn: str
    """The connection's id, as in events."""
    peer: object
    """The other end's address."""
    local: object
    """This end's address."""

    @property
    def sent(self) -> int:
        """Payload bytes that the kernel took so far."""

    @property
    def full(self) -> bool:
        """Much of what was sent still waits here: who has more holds it back until `Handler.drained` is called.

        Never so in models whose send() waits.
        """

    def wake_in(self, seconds: float | None) -> None:
        """Call `Handler.woken` once, so many seconds from now; replaces an earlier wish, None drops it.

        For the handler's own calls only. 0 lets the other connections have their turn first.
        """

    def send(self, data: bytes) -> None:
        """Send all of `data`. Blocking models wait until the kernel took it, event loops keep the rest and go on."""

    def half_close(self) -> None:
        """End our direction when everything is sent; the peer's bytes still come in."""

    def close(self) -> None:
        """Close when everything is sent."""

    def reset(self) -> None:
        """Close at once with a RST: what is not yet sent is lost (SO_LINGER on, 0 s)."""


class Handler:
    """What a server does with one connection. Made new for each; override what you need.

    The model calls it, one call at a time: `opened` first, then `received` for each recv(), `ended` at the
    peer's end of stream, `closed` last; `drained` and `woken` in between, where the handler asked for them. An
    exception closes this one connection and is told as a note.
    """

    reads_past_end: bool = False
    """True makes the model call recv() again after the end of the stream, and hand over each b"": the
    classic loop that never looks at it, and spins."""

    send_patience_s: float | None = None
    """In models whose send() waits: a peer that takes nothing for so long breaks the connection (TimeoutError).
    Looked at when the handler is made."""

    def opened(self, conn: Connection) -> None:
        """The connection stands (with TLS: the handshake is done)."""

    def received(self, conn: Connection, data: bytes) -> None:
        """What one recv() gave; at most the server's recv_size bytes."""

    def ended(self, conn: Connection) -> None:
        """The peer will send no more. By default we close too; without that, sending goes on to work."""
        conn.close()

    def drained(self, conn: Connection) -> None:
        """Most of what waited is sent: `full` was seen, and is over."""

    def woken(self, conn: Connection) -> None:
        """The time that `wake_in` asked for has come."""

    def closed(self, conn: Connection, error: BaseException | None) -> None:
        """It is over: `error` says why where it did not end well."""


class DatagramHandler(Protocol):
    """What a server does with datagrams; one object for all senders."""

    def received(self, data: bytes, sender: object) -> bytes | None:
        """Answer one datagram from `sender`, or None for no answer."""


@dataclass(frozen=True)
class HandlerSpec:
    """A handler by name, so that a child process can make the same one.

    target: "module:function"; the function takes `params` by keyword and returns a callable without
    arguments that makes a Handler (or a DatagramHandler). params: JSON-able.
    """

    target: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def make(self) -> Callable[[], Any]:
        """The factory of handlers. Raises TargetError for a wrong name, TypeError for wrong params."""
        factory: Callable[[], Any] = load(self.target)(**self.params)
        return factory


@dataclass(frozen=True)
class Listen:
    """Where a server listens.

    port: 0 lets the system choose. path: of a UNIX socket; "@name" is an abstract one (Linux).
    dual: an IPv6 socket that takes IPv4 too. backlog: connections that may wait for accept().
    """

    transport: Transport = "tcp"
    host: str = "127.0.0.1"
    port: int = 0
    path: str = ""
    dual: bool = False
    backlog: int = 128
    reuse_address: bool = True
    reuse_port: bool = False


@dataclass(frozen=True)
class ServerTLS:
    """A server's TLS. context: used in this process. pem: private key and chain, for a child to make its own."""

    context: ssl.SSLContext | None = None
    pem: bytes = b""
    handshake_timeout_s: float = 5.0

    def ready_context(self) -> ssl.SSLContext:
        """The context, made of `pem` where there is none. Raises ssl.SSLError for bad PEM."""
        if self.context is not None:
            return self.context
        from protocols.concurrency.pem import context_of_pem  # windows import this module and start no server

        return context_of_pem(self.pem)


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """One row of a server's live table. States are TCP state names, "" where there are none.

    received, sent: bytes from the server's point of view. worker: "thread echo-conn:51858", "pid 123", "task 4".
    since_ns: when it was accepted, monotonic.
    """

    conn: str
    number: int
    peer: str
    state_here: str
    state_there: str
    received: int
    sent: int
    worker: str
    since_ns: int


@dataclass(frozen=True, slots=True)
class Spinning:
    """A connection whose handler reads on past the end of the stream. loops: its turns so far."""

    conn: str
    number: int
    loops: int
    loops_per_s: int


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A concurrency model as a person chooses it. reason: why it is not available, else ""."""

    name: str
    title: str
    available: bool
    reason: str
    explain: str
    transports: tuple[Transport, ...] = CONNECTED


def _has(condition: bool, reason: str) -> tuple[bool, str]:
    return condition, "" if condition else reason


_FORK: Final = _has(hasattr(os, "fork"), "This system has no fork().")
_POLL: Final = _has(hasattr(select, "poll"), "This system has no poll().")
_EPOLL: Final = _has(hasattr(select, "epoll"), "epoll exists on Linux only.")
_KQUEUE: Final = _has(
    hasattr(select, "kqueue"), "kqueue exists on BSD and macOS. Linux has epoll for the same purpose."
)
_ANY: Final[tuple[Transport, ...]] = (*CONNECTED, *DATAGRAM)

MODELS: Final[tuple[ModelInfo, ...]] = (
    ModelInfo("iterative", "Iterative", True, "",
              "One connection after the other, all in one thread. The next client waits until this one is done.", _ANY),
    ModelInfo("threads", "Thread per connection", True, "",
              "Each connection gets a thread of its own and blocks only that one.", _ANY),
    ModelInfo("pool", "Thread pool", True, "",
              "N threads share the work. Client N + 1 waits until one of them is free.", _ANY),
    ModelInfo("fork", "Fork per connection", *_FORK,
              "Each connection gets a process of its own, forked in a child of the lab. One may crash alone.", _ANY),
    ModelInfo("select", "select()", True, "",
              "One thread asks the system which of its sockets are ready. Only descriptors below 1 024 fit.", _ANY),
    ModelInfo("poll", "poll()", *_POLL,
              "As select(), with a list in place of bit sets: no limit, but each call passes the whole list.", _ANY),
    ModelInfo("epoll", "epoll", *_EPOLL,
              "The kernel keeps the list and names only the ready ones. Level or edge triggered.", _ANY),
    ModelInfo("kqueue", "kqueue", *_KQUEUE,
              "The BSD kernel keeps the list, of sockets and of much else, and names what happened.", _ANY),
    ModelInfo("selectors", "selectors", True, "",
              "Python's own face for the best of these on each system.", _ANY),
    ModelInfo("asyncio", "asyncio", True, "",
              "A task per connection in one thread; whoever awaits lets the others go on. "
              "Twisted has worked like this since 2002.",
              ("tcp", "udp", "unix", "unix-dgram")),
    ModelInfo("socketserver", "socketserver", True, "",
              "The standard library's server: one request after the other, a handler class for each.",
              ("tcp", "udp", "unix", "unix-dgram")),
    ModelInfo("socketserver-threading", "socketserver + ThreadingMixIn", True, "",
              "The same with a mix-in that gives each request a thread.", ("tcp", "udp", "unix", "unix-dgram")),
    ModelInfo("socketserver-forking", "socketserver + ForkingMixIn", *_FORK,
              "The same with a mix-in that forks for each request, in a child of the lab.",
              ("tcp", "udp", "unix", "unix-dgram")),
)  # fmt: skip


def model_info(name: str) -> ModelInfo:
    """The model of that name. Raises ValueError that lists the names there are."""
    for model in MODELS:
        if model.name == name:
            return model
    raise ValueError(f"There is no model {name!r}; there are {', '.join(model.name for model in MODELS)}")


def socket_family_available(transport: Transport) -> bool:
    """Whether this system has sockets of that transport."""
    if transport.startswith("unix"):
        return hasattr(socket, "AF_UNIX") and (transport != "unix-seqpacket" or hasattr(socket, "SOCK_SEQPACKET"))
    return True
