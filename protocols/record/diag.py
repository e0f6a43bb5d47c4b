"""The kernel's own tables of sockets, asked over netlink (sock_diag), without privilege. Linux.

Gives facts as plain values. It must not know the recorder or events; elsewhere than on Linux
every function answers "not known" (None or an empty list).
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from protocols import netlink

_NETLINK_SOCK_DIAG: Final = 4
_SOCK_DIAG_BY_FAMILY: Final = 20
_UDIAG_SHOW_PEER: Final = 4
_UNIX_DIAG_PEER: Final = 2
_ALL_STATES: Final = 0xFFF
_INET_REPLY: Final = struct.Struct(">HH16s16s")

TCP_STATES: Final = {
    1: "ESTABLISHED", 2: "SYN_SENT", 3: "SYN_RECV", 4: "FIN_WAIT1", 5: "FIN_WAIT2", 6: "TIME_WAIT",
    7: "CLOSE", 8: "CLOSE_WAIT", 9: "LAST_ACK", 10: "LISTEN", 11: "CLOSING", 12: "SYN_RECV",
}  # fmt: skip
"""The kernel's numbers of the TCP states (RFC 9293 section 3.3.2; Linux says SYN_RECV, 12 is its half-made kind)."""


@dataclass(frozen=True, slots=True)
class SocketRow:
    """One TCP socket in the kernel's table. Queues in bytes; for a listener they are connections."""

    local: tuple[str, int]
    peer: tuple[str, int]
    state: str
    receive_queue: int
    send_queue: int
    uid: int
    inode: int


def available() -> bool:
    """Whether this system has sock_diag."""
    return sys.platform == "linux" and hasattr(socket, "AF_NETLINK")


def _ask(request: bytes, dump: bool) -> Iterator[bytes]:
    """Send one sock_diag request; the body of each answer. Raises OSError that the kernel names."""
    return netlink.ask(_NETLINK_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY, request, netlink.DUMP if dump else 0)


def tcp_sockets(port: int | None = None) -> list[SocketRow]:
    """All TCP sockets of this network namespace, or those with `port` at either end, both families."""
    if not available():
        return []
    rows: list[SocketRow] = []
    for family in (socket.AF_INET, socket.AF_INET6):
        request = struct.pack("=BBBxI", family, socket.IPPROTO_TCP, 0, _ALL_STATES) + bytes(48)
        try:
            rows.extend(row for body in _ask(request, dump=True) if (row := _inet_row(body, port)) is not None)
        except OSError:  # a sandbox may forbid netlink; the same table stands in /proc
            rows.extend(_proc_rows(family, port))
    return rows


def _proc_rows(family: int, port: int | None) -> Iterator[SocketRow]:
    path = "/proc/net/tcp" if family == socket.AF_INET else "/proc/net/tcp6"
    with contextlib.suppress(OSError), open(path, encoding="ascii") as table:
        next(table, None)
        for line in table:
            row = proc_row(line, family)
            if port is None or port in (row.local[1], row.peer[1]):
                yield row


def proc_row(line: str, family: int) -> SocketRow:
    """One line of /proc/net/tcp or tcp6 (proc(5)); addresses stand there as native 32-bit words in hex."""
    fields = line.split()
    local, peer = (_proc_address(text, family) for text in fields[1:3])
    send_queue, receive_queue = (int(part, 16) for part in fields[4].split(":"))
    state = TCP_STATES.get(int(fields[3], 16), fields[3])
    return SocketRow(local, peer, state, receive_queue, send_queue, int(fields[7]), int(fields[9]))


def _proc_address(text: str, family: int) -> tuple[str, int]:
    host, port = text.split(":")
    words = (int(host[at : at + 8], 16) for at in range(0, len(host), 8))
    return _host(family, b"".join(struct.pack("=I", word) for word in words)), int(port, 16)


def _inet_row(body: bytes, port: int | None) -> SocketRow | None:
    family, state = body[0], body[1]
    local_port, peer_port, local, peer = _INET_REPLY.unpack_from(body, 4)
    if port is not None and port not in (local_port, peer_port):
        return None
    receive_queue, send_queue, uid, inode = struct.unpack_from("=IIII", body, 56)
    return SocketRow(
        (_host(family, local), local_port), (_host(family, peer), peer_port),
        TCP_STATES.get(state, str(state)), receive_queue, send_queue, uid, inode,
    )  # fmt: skip


def _host(family: int, packed: bytes) -> str:
    if family == socket.AF_INET:
        return socket.inet_ntoa(packed[:4])
    if packed[:12] == _MAPPED:  # an IPv4 peer of a dual-stack socket
        return socket.inet_ntoa(packed[12:])
    return str(ipaddress.IPv6Address(packed))


_MAPPED: Final = bytes(10) + b"\xff\xff"


def unix_peer_inode(inode: int) -> int | None:
    """The inode of the socket at the other end of a connected UNIX socket, or None where unknown."""
    if not available():
        return None
    no_cookie = (0xFFFFFFFF, 0xFFFFFFFF)
    request = struct.pack("=BBHIIIII", socket.AF_UNIX, 0, 0, 0xFFFFFFFF, inode, _UDIAG_SHOW_PEER, *no_cookie)
    try:
        for body in _ask(request, dump=False):
            for kind, value in netlink.attributes(body, 16):
                if kind == _UNIX_DIAG_PEER and len(value) >= 4:
                    return int(struct.unpack_from("=I", value)[0]) or None
    except OSError:
        return None
    return None
