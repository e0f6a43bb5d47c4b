"""Trace: what a traced socket writes down for each call, and how it becomes an event.

One Trace belongs to one socket. It knows the recorder, the service and the connection's end,
and makes hot-path tuples. It must not know how a socket does its calls (`traced`, `traced_tls`).
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Protocol

from protocols.record.connections import End, Role
from protocols.record.diag import unix_peer_inode
from protocols.record.event import Direction, Raw, monotonic_ns
from protocols.record.recorder import Recorder
from protocols.record.tcpstate import own_state, saw_state

CALL_FACTS: Final = ("took_ns", "fd", "thread", "end", "asked", "kept", "tls", "flags", "peer")
"""The names of the facts of a call that moved payload."""
_DATAGRAM_FACTS: Final = (*CALL_FACTS, "local")
_MASKED_FACTS: Final = (*CALL_FACTS, "masked")
_STAR: Final = b"*"
PREVIEW_BYTES: Final = 32
_PEERS_KEPT: Final = 1024
_STREAMS: Final = frozenset(
    kind for name in ("SOCK_STREAM", "SOCK_SEQPACKET") if (kind := getattr(socket, name, None)) is not None
)


def address_text(address: object) -> str:
    """An address as people write it: host:port, [host]:port, a path, @abstract, or "unnamed"."""
    if isinstance(address, tuple) and len(address) >= 2:
        host, port = address[0], address[1]
        return f"[{host}]:{port}" if isinstance(host, str) and ":" in host else f"{host}:{port}"
    if isinstance(address, bytes):
        if address.startswith(b"\0"):
            return "@" + address[1:].decode("utf-8", "backslashreplace")
        return address.decode("utf-8", "backslashreplace") or "unnamed"
    return str(address) if address else "unnamed"


def address_value(address: object) -> object:
    """An address as JSON holds it: a list, a string, or None."""
    if isinstance(address, tuple):
        return list(address)
    return address_text(address) if isinstance(address, bytes) else address


def address_call(address: object) -> str:
    """An address as it stands in a Python call."""
    if isinstance(address, tuple) and len(address) == 4:
        return repr(address[:2]) if not (address[2] or address[3]) else repr(address)
    return repr(address)


def preview(data: bytes | bytearray | memoryview) -> str:
    """The first bytes of a payload as a Python literal, for a call's text."""
    global _last
    known, text = _last  # what was received is often sent on: the same bytes object is asked for several times
    if known is data:
        return text
    if len(data) <= PREVIEW_BYTES:
        text = repr(bytes(data))
    else:
        text = repr(bytes(data[:PREVIEW_BYTES]))
        text = text[:-1] + "\u2026" + text[-1]
    if type(data) is bytes and len(data) < 65536:
        _last = (data, text)
    return text


_last: tuple[object, str] = (None, "")


class _Here(threading.local):
    """The name of the thread that asks, as it was when it asked first."""

    def __init__(self) -> None:
        self.name = threading.current_thread().name


_here: Final = _Here()


def error_facts(error: BaseException, call: str, address: object, transport: str = "tcp") -> dict[str, Any]:
    """`errno` and `why` of a failed call."""
    from protocols.record.explain import explain  # only a failure needs the texts

    told = explain(error, call=call, address=address, transport=transport)
    return {"errno": told.errno, "why": told.why}


class Secrets(Protocol):
    """What the owner of a stream socket says about its bytes: which of them nobody may read afterwards.

    It is told each byte of both directions once and in order, before the event is written.
    """

    def ranges(self, direction: Direction, data: bytes | memoryview, moved: bool) -> Sequence[tuple[int, int]]:
        """The secrets in `data`, the next bytes of a direction, as (begin, end) in it.

        moved: False where the bytes did not leave or will be read again (a failed send, MSG_PEEK): they come again.
        """


class Trace:
    """What a traced socket knows of itself.

    recorder, service: where its events go and whose they are. end: its end of a connection, once
    that stands. peers: the ends of an unconnected datagram socket, by the other's address. secrets: what in
    its bytes is replaced by as many stars in every event, and counted in detail.masked; None for nothing.
    """

    __slots__ = ("end", "muted", "peers", "recorder", "secrets", "service", "tls", "transport")

    def __init__(self, recorder: Recorder, service: str | None, end: End | None = None, transport: str = "tcp") -> None:
        self.recorder = recorder
        self.service = service
        self.end = end
        self.transport = transport
        self.peers: dict[Hashable, End] = {}
        self.tls: bool | None = None
        self.secrets: Secrets | None = None
        self.muted = False
        """True while a TLS layer above records the plaintext: data calls here would count bytes twice."""

    @property
    def conn(self) -> str | None:
        """The id of the connection, or None before it stands."""
        return None if self.end is None else self.end.conn

    def twin(self) -> Trace:
        """A Trace for an accepted or duplicated socket of the same service."""
        return Trace(self.recorder, self.service, None, self.transport)

    # Connections

    def stand(self, sock: socket.socket, role: Role) -> End | None:
        """The connection stands: find its id by both addresses. None where there is none yet."""
        try:
            local, peer = self._addresses(sock, role)
        except OSError:
            return None
        if local is None:
            self.end = self.recorder.connections.lone(role, None, peer)
        else:
            self.end = self.recorder.connections.opened(self.transport, role, local, peer)
        self.end.service = self.service
        return self.end

    def _addresses(self, sock: socket.socket, role: Role) -> tuple[Hashable, Hashable]:
        local, peer = sock.getsockname(), sock.getpeername()
        if not self.transport.startswith("unix"):
            return plain_address(local), plain_address(peer)
        # Most clients have no name: the socket's inode stands for it, and the kernel tells the
        # accepting end whose inode sits opposite.
        if role == "client":
            return local or ("inode", os.fstat(sock.fileno()).st_ino), peer
        inode = None if peer else unix_peer_inode(os.fstat(sock.fileno()).st_ino)
        if not peer and inode is None:
            return None, peer
        return local, peer or ("inode", inode)

    def look(self, sock: socket.socket) -> None:
        """Ask the kernel for the TCP state just after a call that may have changed it."""
        if self.end is not None and self.transport == "tcp":
            state = own_state(sock)
            if state:
                saw_state(self.recorder, self.end, state, "TCP_INFO")

    def gone(self) -> None:
        """The socket is closed."""
        if self.end is not None and not self.end.closed_ns:
            self.recorder.connections.closed(self.transport, self.end)
        for end in self.peers.values():
            self.recorder.connections.closed(self.transport, end)
        self.peers.clear()

    def partner(self, sock: socket.socket, peer: Hashable, role: Role) -> End:
        """The end of an unconnected datagram socket towards `peer`."""
        end = self.peers.get(peer)
        if end is None:
            if len(self.peers) >= _PEERS_KEPT:
                oldest = next(iter(self.peers))
                self.recorder.connections.closed(self.transport, self.peers.pop(oldest))
            end = self.peers[peer] = self._opened_datagram(sock, peer, role)
        return end

    def _opened_datagram(self, sock: socket.socket, peer: Hashable, role: Role) -> End:
        try:
            local = sock.getsockname()
        except OSError:
            local = None
        if not local or not peer:
            return self.recorder.connections.lone(role, local or None, peer)
        if isinstance(local, tuple) and isinstance(peer, tuple):
            local, peer = _seen_by_peer(plain_address(local), plain_address(peer)), plain_address(peer)
        return self.recorder.connections.opened(self.transport, role, local, peer)

    # Events

    def call(
        self,
        kind: str,
        summary: str,
        started: int,
        *,
        error: BaseException | None = None,
        address: object = None,
        passive: bool = False,
        fd: int | None = None,
        conn: str | None = None,
        **detail: Any,
    ) -> None:
        """Record a call that moves no payload. An `error` gets its errno and its reason."""
        now = monotonic_ns()
        stamp, where = now if passive else started, conn if conn is not None else self.conn
        role = self.end.role if self.end is not None else None
        if error is not None:
            found = error_facts(error, kind, address, self.transport)
            detail.update(found)
            summary = f"{summary} = {found['errno']}"
        self.recorder.put(call_event(kind, summary, stamp, now - started, fd, _here.name, self.service, where, role,
                                     detail))  # fmt: skip

    def shown(self, data: bytes | memoryview) -> str:
        """The preview of bytes that are about to be sent, without their secrets."""
        return preview(data if self.secrets is None else self._masked("out", data, False)[0])

    def _masked(self, direction: Direction, data: bytes | memoryview, moved: bool) -> tuple[bytes | memoryview, int]:
        """The bytes with a star in place of each secret one, and how many those are."""
        assert self.secrets is not None
        ranges = self.secrets.ranges(direction, data, moved)
        return _starred(data, ranges) if ranges else (data, 0)

    def _masked_send(
        self, data: bytes | memoryview, count: int, text: str
    ) -> tuple[bytes | memoryview, int, str]:
        """What was sent of `data`, and the call's text, without the secrets; and how many bytes those are."""
        if count < len(data):  # what the kernel left stands in the text, too
            text = text.replace(preview(data), self.shown(data), 1)
            clean, hidden = self._masked("out", data[:count], True)
            return clean, hidden, text
        clean, hidden = self._masked("out", data, True)
        return clean, hidden, text.replace(preview(data), preview(clean), 1) if hidden else text

    def sent(
        self, kind: str, started: int, fd: int, data: bytes | memoryview, count: int, asked: int, flags: int, text: str
    ) -> None:
        """Record `count` bytes of `data` that a connected socket took."""
        end, now = self.end, monotonic_ns()
        if end is None:
            conn, role, offset, kept = None, None, None, min(count, 65536)
        else:
            conn, role, offset, kept = end.conn, end.role, end.sent, end.keep(count)
            end.sent = offset + count
        hidden = 0
        if self.secrets is not None:
            data, hidden, text = self._masked_send(data, count, text)
        kept = min(kept, len(data))
        body = data if type(data) is bytes and kept == len(data) else bytes(data[:kept])
        self.recorder.put(sent_event(kind, started, now - started, fd, _here.name, self.service, conn, role, offset,
                                     count, body, asked, text, self.tls, flags, hidden))  # fmt: skip

    def received(
        self, kind: str, started: int, fd: int, data: bytes | memoryview, asked: int, flags: int
    ) -> None:
        """Record what a connected socket gave. No bytes is the end of the stream."""
        end, now, count = self.end, monotonic_ns(), len(data)
        if end is None:
            conn, role, offset, kept = None, None, None, min(count, 65536)
        else:
            conn, role, offset = end.conn, end.role, end.received
            if flags and flags & socket.MSG_PEEK:  # the enum's own & costs a microsecond
                offset, kept = None, min(count, 65536)
            else:
                kept = count and end.keep(count)
                end.received = offset + count
        hidden = 0
        if self.secrets is not None and count:
            ranges = self.secrets.ranges("in", data, not (flags and flags & socket.MSG_PEEK))
            if ranges:
                data, hidden = _starred(data, ranges)
        body = data if type(data) is bytes and kept == len(data) else bytes(data[:kept])
        event = received_event(kind, now, now - started, fd, _here.name, self.service, conn, role, offset, count, body,
                               asked, self.tls, flags, hidden, self.transport == "udp")  # fmt: skip
        self.recorder.put(event)

    def spliced(self, started: int, fd: int, count: int, asked: int) -> None:
        """Record bytes that went from the socket into a file inside the kernel: an exact range, and none of them."""
        end = self.end
        if end is None:
            return
        offset, now = end.received, monotonic_ns()
        end.received += count
        detail = (CALL_FACTS, now - started, fd, _here.name, end.role, asked, 0, None, None, None)
        summary = f"splice({asked}) = {count}"
        self.recorder.put((now, "call", "splice", self.service, end.conn, "in", offset, count, b"", summary, detail))

    def datagram(
        self, kind: str, direction: Direction, started: int, sock: socket.socket, data: bytes | memoryview,
        peer: Hashable, asked: int | None, flags: int,
    ) -> None:  # fmt: skip
        """Record a datagram that went to, or came from, `peer`. Datagrams have a size and no offset."""
        now, count = monotonic_ns(), len(data)
        if self.end is not None:
            end = self.end
        else:
            end = self.partner(sock, peer, "client" if direction == "out" else "server")
        kept = min(count, 65536)
        stamp, text = (started, f"{kind}({preview(data)}, {address_call(peer)})") if direction == "out" else (now, kind)
        if direction == "in":
            text = f"{kind}({asked}) from {address_text(peer)}"
        detail = (
            _DATAGRAM_FACTS, now - started, sock.fileno(), _here.name, end.role,
            asked, None, None, flags or None, address_value(peer), address_value(end.local),
        )  # fmt: skip
        body = bytes(data[:kept])
        summary = f"{text} = {count}"
        self.recorder.put((stamp, "call", kind, self.service, end.conn, direction, None, count, body, summary, detail))

    def failed(self, kind: str, text: str, started: int, fd: int, error: BaseException, direction: Direction) -> None:
        """Record a send or receive that failed and moved nothing."""
        now = monotonic_ns()
        facts: dict[str, Any] = {"took_ns": now - started, "fd": fd, "thread": _here.name}
        peer = None
        if self.end is not None:
            facts["end"], peer = self.end.role, self.end.peer
        facts.update(error_facts(error, kind, peer, self.transport))
        summary = f"{kind}({text}) = {facts['errno']}"
        stamp = started if direction == "out" else now
        self.recorder.put(
            (stamp, "call", kind, self.service, self.conn, direction, None, None, None, summary, facts)
        )


def this_thread() -> str:
    """The name of the thread that asks, as events have it."""
    return _here.name


# Events from their parts: a note (see `later`) makes the same ones of the same parts


def call_event(
    kind: str, summary: str, stamp: int, took_ns: int, fd: int | None, thread: str, service: str | None,
    conn: str | None, role: Role | None, detail: Mapping[str, Any],
) -> Raw:  # fmt: skip
    """A call that moves no payload; values of None in `detail` are left out."""
    facts: dict[str, Any] = {"took_ns": took_ns, "thread": thread}
    if fd is not None:
        facts["fd"] = fd
    if role is not None:
        facts["end"] = role
    for name, value in detail.items():
        if value is not None:
            facts[name] = value
    return (stamp, "call", kind, service, conn, None, None, None, None, summary, facts)


def sent_event(
    kind: str, started: int, took_ns: int, fd: int, thread: str, service: str | None, conn: str | None,
    role: Role | None, offset: int | None, count: int, body: bytes, asked: int, text: str | None = None,
    tls: bool | None = None, flags: int = 0, hidden: int = 0,
) -> Raw:  # fmt: skip
    """A send of `count` bytes, of which `body` is kept. text: the argument; None: the body's preview."""
    kept = len(body)
    detail: tuple[Any, ...] = (
        CALL_FACTS, took_ns, fd, thread, role, asked if asked != count else None, kept if kept < count else None, tls,
        flags or None, None,
    )  # fmt: skip
    if hidden:
        detail = (_MASKED_FACTS, *detail[1:], hidden)
    summary = f"{kind}({preview(body) if text is None else text}) = {count}"
    return (started, "call", kind, service, conn, "out", offset, count, body, summary, detail)


def received_event(
    kind: str, stamp: int, took_ns: int, fd: int, thread: str, service: str | None, conn: str | None,
    role: Role | None, offset: int | None, count: int, body: bytes, asked: int, tls: bool | None = None,
    flags: int = 0, hidden: int = 0, datagrams: bool = False,
) -> Raw:  # fmt: skip
    """A receive of `count` bytes, of which `body` is kept; of none it is the end of the stream."""
    kept = len(body)
    detail: tuple[Any, ...] = (
        CALL_FACTS, took_ns, fd, thread, role, asked, kept if kept < count else None, tls, flags or None, None,
    )  # fmt: skip
    if hidden:
        detail = (_MASKED_FACTS, *detail[1:], hidden)
    end = "" if count or datagrams else ", end of stream"
    return (stamp, "call", kind, service, conn, "in", offset, count, body, f"{kind}({asked}) = {count}{end}", detail)


def _starred(data: bytes | memoryview, ranges: Sequence[tuple[int, int]]) -> tuple[bytes, int]:
    clean, hidden = bytearray(data), 0
    for begin, end in ranges:
        clean[begin:end] = _STAR * (end - begin)
        hidden += end - begin
    return bytes(clean), hidden


def plain_address(address: tuple[Any, ...]) -> tuple[str, int]:
    """Host and port, an IPv4 address in IPv6 clothes undressed: both ends must name each other alike."""
    return str(address[0]).removeprefix("::ffff:"), address[1]


def _seen_by_peer(local: tuple[str, int], peer: tuple[str, int]) -> tuple[str, int]:
    """A socket bound to all addresses sends from the loopback address when its peer is there."""
    if local[0] in ("0.0.0.0", "::"):
        if peer[0].startswith("127."):
            return ("127.0.0.1", local[1])
        if peer[0] == "::1":
            return ("::1", local[1])
    return local


def transport_of(sock: socket.socket) -> str:
    """The lab's word for a socket's family and type: tcp, udp, unix, unix-dgram, unix-seqpacket or other."""
    return transport_named(sock.family, sock.type)


@lru_cache(maxsize=64)
def transport_named(family: int, kind: int) -> str:
    """The same for the numbers that a socket is made with."""
    if family in (socket.AF_INET, socket.AF_INET6):
        return "tcp" if kind == socket.SOCK_STREAM else "udp" if kind == socket.SOCK_DGRAM else "other"
    if family == getattr(socket, "AF_UNIX", None):
        seqpacket = getattr(socket, "SOCK_SEQPACKET", None)
        return "unix" if kind == socket.SOCK_STREAM else "unix-seqpacket" if kind == seqpacket else "unix-dgram"
    return "other"


def is_stream(sock: socket.socket) -> bool:
    """True for a socket whose peer is fixed by a connection (stream or sequenced packets)."""
    return sock.type in _STREAMS
