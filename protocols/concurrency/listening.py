"""Open the socket that a server listens on: TCP, UDP or UNIX, as a Listen says.

Every call is on the time line under the service's final name, although the system may choose the
port only in bind(). It must not know what is served.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from dataclasses import dataclass
from typing import Any, TypeAlias

from protocols.concurrency.contract import DATAGRAM, Listen, socket_family_available
from protocols.record.event import Raw
from protocols.record.recorder import Recorder
from protocols.record.traced import TracedSocket, traced_socket

Address: TypeAlias = tuple[str, int] | str


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound socket. label: the port, or the name of a path's file. inode: of the path, to unlink only our own."""

    sock: TracedSocket
    address: Address
    label: str
    service: str
    inode: int | None = None

    def close(self) -> None:
        """Close the socket and take its path away."""
        self.sock.close()
        path = self.address
        if isinstance(path, str) and self.inode is not None:
            try:
                if os.stat(path).st_ino == self.inode:
                    os.unlink(path)
            except FileNotFoundError:
                pass  # somebody was quicker


class _Held(Recorder):
    """Keeps the first calls of a server until its name is known."""

    def __init__(self) -> None:
        super().__init__()
        self.raws: list[Raw] = []

    def put(self, raw: Raw) -> None:
        self.raws.append(raw)

    def pass_on(self, recorder: Recorder, service: str) -> None:
        recorder.put_many([(*raw[:3], service, *raw[4:]) for raw in self.raws])


def open_listener(recorder: Recorder, listen: Listen, name: str) -> Listener:
    """Bind, and for connected transports listen. Raises OSError as the calls do, ValueError for a bad order."""
    if not socket_family_available(listen.transport):
        raise OSError(errno.EAFNOSUPPORT, f"This system has no {listen.transport} sockets")
    held = _Held()
    held.enabled = recorder.enabled
    service = f"{name}:{_label(listen, None)}"
    try:
        sock, bound, inode = _bound(held, listen)
        service = f"{name}:{_label(listen, bound)}"
        if listen.transport not in DATAGRAM:
            _listen(sock, listen.backlog)
    finally:
        held.pass_on(recorder, service)
    trace = sock.trace
    assert trace is not None
    trace.recorder, trace.service = recorder, service
    return Listener(sock, bound, _label(listen, bound), service, inode)


def _listen(sock: TracedSocket, backlog: int) -> None:
    try:
        sock.listen(backlog)
    except OSError:
        sock.close()
        raise


def _label(listen: Listen, bound: Address | None) -> str:
    if listen.transport.startswith("unix"):
        return listen.path if listen.path.startswith("@") else os.path.basename(listen.path)
    return str(bound[1] if isinstance(bound, tuple) else listen.port)


def _bound(recorder: Recorder, listen: Listen) -> tuple[TracedSocket, Address, int | None]:
    if listen.transport.startswith("unix"):
        return _bound_unix(recorder, listen)
    kind = socket.SOCK_STREAM if listen.transport == "tcp" else socket.SOCK_DGRAM
    family, address = _resolve(listen, kind)
    sock = traced_socket(recorder, None, family, kind)
    try:
        if listen.reuse_address:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if listen.reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if listen.dual else 1)
        sock.bind(address)
        host, port = sock.getsockname()[:2]
    except BaseException:
        sock.close()
        raise
    return sock, (host, port), None


def _resolve(listen: Listen, kind: int) -> tuple[int, Any]:
    """The address family and the socket address. An empty host means all addresses."""
    host = listen.host
    if not host:
        return (socket.AF_INET6, ("::", listen.port)) if listen.dual else (socket.AF_INET, ("", listen.port))
    if host.replace(".", "").isdigit():  # bind() itself says what is wrong with it
        return socket.AF_INET, (host, listen.port)
    found = socket.getaddrinfo(host, listen.port, type=kind, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    return family, address


def _bound_unix(recorder: Recorder, listen: Listen) -> tuple[TracedSocket, Address, int | None]:
    if not listen.path:
        raise ValueError("A UNIX socket needs a path, or @name for an abstract one")
    kind = {"unix": socket.SOCK_STREAM, "unix-dgram": socket.SOCK_DGRAM}.get(listen.transport)
    sock = traced_socket(recorder, None, socket.AF_UNIX, kind if kind is not None else socket.SOCK_SEQPACKET)
    abstract = listen.path.startswith("@")
    try:
        if not abstract and listen.reuse_address:
            _remove_stale(recorder, listen.path, sock.type)
        sock.bind("\0" + listen.path[1:] if abstract else listen.path)
        inode = None if abstract else os.stat(listen.path).st_ino
    except BaseException:
        sock.close()
        raise
    return sock, listen.path, inode


def _remove_stale(recorder: Recorder, path: str, kind: int) -> None:
    """Take away a socket file that nobody serves any more; bind() would say EADDRINUSE for ever."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return
        with socket.socket(socket.AF_UNIX, kind) as probe:
            probe.setblocking(False)
            probe.connect(path)
    except ConnectionRefusedError:
        os.unlink(path)
        recorder.note("stale path removed", f"{path} was left behind by a server that is gone: removed")
    except OSError:
        pass  # not there, or in use: bind() tells
