"""DatagramClient: a client over UDP or UNIX datagrams, in its own worker thread.

Connected or not, to one address, a broadcast address or a multicast group; asks again, with
growing pauses, until an answer comes. It must not know who looks at its transcript.
"""

from __future__ import annotations

import errno
import selectors
import socket
import struct
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final

from protocols import opening
from protocols.address import Family, Resolved, Target, Transport, unix_address
from protocols.connecting import Stopped, backoff
from protocols.record.recorder import Recorder
from protocols.record.tcpstate import queues
from protocols.record.trace import address_text
from protocols.record.traced import TracedSocket, traced_socket
from protocols.service.base import Facts, is_exposed
from protocols.sockets.worker import ClientWorker

LARGEST_BYTES: Final = 65507
"""What an IPv4 UDP datagram can carry: 65,535 less the IP and UDP headers (RFC 768)."""


@dataclass
class _Question:
    """A datagram that waits for its answer."""

    data: bytes
    to: Any
    done: Future[bytes]
    pauses: list[float] = field(default_factory=list)
    attempt: int = 1


class DatagramClient(ClientWorker):
    """Sends datagrams and writes down those that come. See `__init__` for what can be set."""

    def __init__(
        self,
        recorder: Recorder,
        *,
        name: str = "client 1",
        transport: Transport = "udp",
        host: str = "127.0.0.1",
        port: int = 0,
        path: str = "",
        family: Family = "auto",
        connected: bool = False,
        bind: tuple[str, int] | str | None = None,
        timeout_s: float | None = None,
        attempts: int = 1,
        broadcast: bool = False,
        reuse_address: bool = False,
        ttl: int | None = None,
        groups: Sequence[str] = (),
        interface: str = "127.0.0.1",
        multicast_loop: bool = True,
        recv_size: int = 65535,
        options: Sequence[tuple[int, int, int | bytes]] = (),
    ) -> None:
        """Say where to send and how.

        connected: connect() the socket, so that the kernel takes datagrams of this peer only and
        reports a dead port. bind: the local address; None binds port 0. timeout_s: how long to wait for
        an answer to `ask`; each further attempt waits twice as long. groups: multicast groups to join
        on `interface` (an IPv4 address; for IPv6 groups a name such as "lo").
        """
        super().__init__(recorder, name, "client")
        self.target = Target(transport, host, port, path, family)
        self._connected = connected
        self._bind = bind
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._flags = (broadcast, reuse_address, multicast_loop)
        self._ttl = ttl
        self._groups = tuple(groups)
        self._interface = interface
        self.recv_size = recv_size
        self._options = tuple(options)
        self._sock: TracedSocket | None = None
        self._to: Any = None
        self._question: _Question | None = None
        self.local = ""
        self.sent = self.received = 0
        self._repeating = 0

    # What others ask for; any thread

    def send(self, data: bytes, to: tuple[str, int] | str | None = None) -> Future[int]:
        """Send one datagram, to the target or to `to`. It succeeds also when nobody is there."""
        return self.submit(lambda: self._send(data, to))

    def ask(self, data: bytes, to: tuple[str, int] | str | None = None) -> Future[bytes]:
        """Send, wait for an answer, send again. The future gives it, or raises TimeoutError after the last attempt.

        With `timeout_s` None it waits for ever, which Stop ends.
        """
        done: Future[bytes] = Future()
        self.submit(lambda: self._ask(data, to, done)).add_done_callback(lambda asked: _refuse(done, asked))
        return done

    def send_repeated(self, data: bytes, count: int, interval_ms: int) -> None:
        """Send `data` `count` times (0: until `stop_repeating`), `interval_ms` apart."""
        self.submit(lambda: self._repeat(data, count, interval_ms, self._next_repeat()))

    def stop_repeating(self) -> None:
        """End all repeated sending."""
        self.submit(self._next_repeat)

    def join_group(self, group: str, interface: str | None = None) -> Future[None]:
        """Join a multicast group on an interface."""
        return self.submit(lambda: join_group(self._socket(), group, interface or self._interface))

    def leave_group(self, group: str, interface: str | None = None) -> Future[None]:
        """Leave a multicast group."""
        return self.submit(lambda: join_group(self._socket(), group, interface or self._interface, leave=True))

    def set_option(self, level: int, number: int, value: int | bytes) -> Future[int]:
        """Set a socket option; the future gives the value read back."""
        return self.submit(lambda: opening.set_option(self._socket(), level, number, value))

    @property
    def conn(self) -> str | None:
        """The id of the connection of a connected socket."""
        sock = self._sock
        return None if sock is None or sock.trace is None else sock.trace.conn

    def facts(self) -> Facts:
        """What it occupies now."""
        ports = (int(self.local.rpartition(":")[2]),) if self._sock is not None and ":" in self.local else ()
        exposed = not self.target.is_unix and is_exposed(self.local.rpartition(":")[0].strip("[]") or "127.0.0.1")
        return Facts(self.name, self.kind, self.state, self.target.text, self.threads(), (), ports,
                     int(self._sock is not None), exposed)  # fmt: skip

    # Life

    def _thread_name(self) -> str:
        return f"{self.name.replace(' ', '-')}:{self.target.short}"

    def _connect(self) -> None:
        found = opening.resolve(self, self.target, self._wait())[0]
        sock = traced_socket(self.recorder, self.name, found.family, found.type)
        try:
            self._prepare(sock, found)
            sock.bind(self._bind_address(found))
            for group in self._groups:
                join_group(sock, group, self._interface)
            if self._connected:
                sock.connect(found.address)
        except BaseException:
            sock.close()
            raise
        sock.setblocking(False)
        self._sock, self._to = sock, found.address
        self.local = address_text(sock.getsockname())
        self.transcript.note(f"bound to {self.local}", "opened")
        self._selector.register(sock, selectors.EVENT_READ, self._ready)

    def _prepare(self, sock: TracedSocket, found: Resolved) -> None:
        broadcast, reuse, loop = self._flags
        for wanted, number in ((broadcast, socket.SO_BROADCAST), (reuse, socket.SO_REUSEADDR)):
            if wanted:
                sock.setsockopt(socket.SOL_SOCKET, number, 1)
        if not self.target.is_unix:
            self._prepare_multicast(sock, found, loop)
        for level, number, value in self._options:
            sock.setsockopt(level, number, value)

    def _prepare_multicast(self, sock: TracedSocket, found: Resolved, loop: bool) -> None:
        six = found.family == socket.AF_INET6
        multicast = is_multicast(found.address[0])
        if self._ttl is not None:
            level, number = _ttl_option(six, multicast)
            sock.setsockopt(level, number, self._ttl)
        if not multicast:
            return
        if six:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, _index_of(self._interface))
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, int(loop))
        else:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(self._interface))
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, int(loop))

    def _bind_address(self, found: Resolved) -> Any:
        if isinstance(self._bind, str):
            return unix_address(self._bind)
        if self._bind is not None:
            return self._bind
        if self.target.is_unix:
            return ""  # the kernel gives an abstract name: without one nobody can answer (unix(7), autobind)
        host = str(found.address[0])
        loopback = host.startswith("127.") and host != "127.255.255.255"
        if found.family == socket.AF_INET6:
            return ("::1" if host == "::1" else "::", 0)
        return ("127.0.0.1" if loopback else "", 0)

    def _socket(self) -> TracedSocket:
        if self._sock is None:
            raise OSError(errno.EBADF, "the socket is closed")
        return self._sock

    def _close_sockets(self) -> None:
        sock, self._sock = self._sock, None
        if sock is not None:
            if sock.fileno() in self._selector.get_map():
                self._selector.unregister(sock)
            sock.close()
            self.transcript.note("closed", "closed")
        question, self._question = self._question, None
        if question is not None and not question.done.done():
            self.recorder.note("cancelled", "stopped while waiting for an answer", service=self.name)
            question.done.set_exception(Stopped("waiting for an answer"))

    # Sending; worker thread

    def _send(self, data: bytes, to: Any) -> int:
        sock = self._socket()
        address = self._to if to is None else unix_address(to) if isinstance(to, str) else to
        try:
            count = sock.send(data) if self._connected and to is None else sock.sendto(data, address)
        except OSError as error:
            self._failed("sendto", error, address)
            raise
        self.sent += 1
        self.transcript.bytes_line("out", data)
        self._message("out", data, address)
        return count

    def _next_repeat(self) -> int:
        self._repeating += 1
        return self._repeating

    def _repeat(self, data: bytes, count: int, interval_ms: int, turn: int) -> None:
        if turn != self._repeating or self._finished:
            return
        try:
            self._send(data, None)
        except OSError:
            return
        if count != 1:
            self.after(interval_ms / 1000, lambda: self._repeat(data, max(count - 1, 0), interval_ms, turn))

    def _ask(self, data: bytes, to: Any, done: Future[bytes]) -> None:
        question = _Question(data, to, done)
        if self._timeout_s is not None:
            question.pauses = [self._timeout_s, *backoff(self._attempts, first_s=self._timeout_s * 2, most_s=30.0)]
        self._question = question
        self._send(data, to)
        self._wait_answer(question)

    def _wait_answer(self, question: _Question) -> None:
        if question.pauses:
            pause = question.pauses.pop(0)
            self.after(pause, lambda: self._unanswered(question, pause))

    def _unanswered(self, question: _Question, waited_s: float) -> None:
        if self._question is not question or question.done.done():
            return
        if question.pauses:
            question.attempt += 1
            self.tell("retrying", f"no answer within {waited_s:.2g} s: attempt {question.attempt} of {self._attempts}")
            try:
                self._send(question.data, question.to)
            except OSError as error:
                question.done.set_exception(error)
                return
            self._wait_answer(question)
            return
        self._question = None
        over = TimeoutError("timed out")
        self._failed("recvfrom", over, self._to)
        question.done.set_exception(over)

    # Receiving; worker thread

    def _ready(self, mask: int) -> None:
        sock = self._sock
        if sock is None:
            return
        waiting = queues(sock)[0]
        try:
            data, sender = sock.recvfrom(self.recv_size)
        except BlockingIOError:
            return
        except OSError as error:
            self._failed("recv", error, self._to)
            question, self._question = self._question, None
            if question is not None and not question.done.done():
                question.done.set_exception(error)
            return
        self.received += 1
        if waiting > len(data):
            self.tell("datagram cut", f"the datagram had {waiting} bytes, recvfrom({self.recv_size}) took {len(data)}:"
                      " the rest is lost", lost=waiting - len(data))  # fmt: skip
        self.transcript.bytes_line("in", data, f"from {address_text(sender)}")
        self._message("in", data, sender)
        question, self._question = self._question, None
        if question is not None and not question.done.done():
            question.done.set_result(data)

    def _message(self, direction: Any, data: bytes, peer: Any) -> None:
        arrow = "to" if direction == "out" else "from"
        self.recorder.emit(
            "message", "datagram", f"datagram {arrow} {address_text(peer)}, {len(data)} bytes", service=self.name,
            conn=self._conn_of(peer), direction=direction, size=len(data), data=data[:4096],
            detail={"end": "client"},
        )  # fmt: skip

    def _conn_of(self, peer: Any) -> str | None:
        trace = self._sock.trace if self._sock is not None else None
        if trace is None:
            return None
        end = trace.end or trace.peers.get(peer)
        return None if end is None else end.conn


def _refuse(done: Future[bytes], asked: Future[None]) -> None:
    error = asked.exception()
    if error is not None and not done.done():
        done.set_exception(error)


def is_multicast(host: str) -> bool:
    """Whether an address is a group: 224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291 section 2.7)."""
    if ":" in host:
        return host.lower().startswith("ff")
    first = host.partition(".")[0]
    return first.isdigit() and 224 <= int(first) <= 239


def join_group(sock: socket.socket, group: str, interface: str, *, leave: bool = False) -> None:
    """Join (or leave) a multicast group on an interface: an IPv4 address, or a name for IPv6."""
    if ":" in group:
        number = socket.IPV6_LEAVE_GROUP if leave else socket.IPV6_JOIN_GROUP
        request = socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", _index_of(interface))
        sock.setsockopt(socket.IPPROTO_IPV6, number, request)
        return
    number = socket.IP_DROP_MEMBERSHIP if leave else socket.IP_ADD_MEMBERSHIP
    sock.setsockopt(socket.IPPROTO_IP, number, socket.inet_aton(group) + socket.inet_aton(interface))


def _index_of(interface: str) -> int:
    """An interface's number; a loopback address stands for the loopback interface."""
    if interface in ("127.0.0.1", "::1", ""):
        interface = next(name for _, name in socket.if_nameindex() if name.startswith("lo"))
    return socket.if_nametoindex(interface)


def _ttl_option(six: bool, multicast: bool) -> tuple[int, int]:
    if six:
        return socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS if multicast else socket.IPV6_UNICAST_HOPS
    return socket.IPPROTO_IP, socket.IP_MULTICAST_TTL if multicast else socket.IP_TTL
