"""The data connection of a small file: the fewest calls that do it, each of them noted.

It is made of a bare socket. Where anything takes waiting or care `traced` hands it over as the socket that the usual
way knows, with its connection's id and counts. It must not know replies or files.
"""

from __future__ import annotations

import _socket
import errno
import socket
from typing import Any, Final

from protocols.connecting import connected_event
from protocols.ftp.client.control import Control
from protocols.ftp.client.steps import SMALL_BYTES
from protocols.record.connections import End
from protocols.record.event import Raw, monotonic_ns
from protocols.record.later import Notes
from protocols.record.names import constant_name
from protocols.record.tcpstate import own_state, saw_state
from protocols.record.trace import Trace, call_event, plain_address, received_event
from protocols.record.traced import TracedSocket

_UNDER_WAY: Final = (0, errno.EINPROGRESS)
_NONBLOCK: Final = int(getattr(socket, "SOCK_NONBLOCK", 0))
_TCP_INFO: Final[int | None] = getattr(socket, "TCP_INFO", None)
_ESTABLISHED: Final = b"\1"
"""The state as the first byte of TCP_INFO has it."""


class SmallData:
    """One data connection after the other, of one control connection.

    fd: -1 where there is none. local, peer, conn: its addresses, (host, port), and its id, once it stands and until the
    next. buffer: of SMALL_BYTES.
    """

    def __init__(self, control: Control) -> None:
        self.fd = -1
        self.local: tuple[str, int] = ("", 0)
        self.peer: tuple[str, int] = ("", 0)
        self.conn: str | None = None
        self.buffer: Final = memoryview(bytearray(SMALL_BYTES))
        self._control: Final = control
        self._service: Final = control.name
        self._recorder: Final = control.recorder
        self._sock: _socket.socket | None = None
        self._end: End | None = None
        self._address: tuple[Any, ...] = ()
        self._asked_ns = 0

    def connect(self, address: tuple[Any, ...], notes: Notes) -> bool:
        """Begin to connect; whether it stands already, as on this machine: the kernel does it within the call.

        Raises OSError.
        """
        family, started = self._control.af, monotonic_ns()
        sock = _socket.socket(family, socket.SOCK_STREAM | _NONBLOCK)
        if not _NONBLOCK:
            sock.setblocking(False)
        self._sock, self.fd, self._address, self.conn = sock, sock.fileno(), address, None
        self._asked_ns = now = monotonic_ns()
        if self._recorder.enabled:
            notes.add((_socket_event, 0, family, started, now - started, self.fd, notes.thread, self._service))
        result = sock.connect_ex(address)
        if result not in _UNDER_WAY:
            raise OSError(result, "")
        if _TCP_INFO is None or sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 1) != _ESTABLISHED:
            return False
        self._stands(notes)
        return True

    def connected(self, notes: Notes) -> bool:
        """The kernel has an answer: whether it stands."""
        assert self._sock is not None
        if self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            return False
        self._stands(notes)
        return True

    def _stands(self, notes: Notes) -> None:
        assert self._sock is not None
        address, whole = self._address, self._sock.getsockname()
        self.local, self.peer = whole[:2], address[:2]
        if not self._recorder.enabled:
            return
        now, service = monotonic_ns(), self._service
        self._end = end = self._recorder.connections.opened("tcp", "client", plain_address(whole),
                                                            plain_address(address))  # fmt: skip
        end.service, self.conn = service, end.conn
        notes.add((connected_event, 0, address, self._asked_ns, now - self._asked_ns, self.fd, notes.thread, service,
                   end, whole, address))  # fmt: skip

    def receive(self, notes: Notes) -> memoryview:
        """What is there, in `buffer`: good until the next call. Raises OSError."""
        assert self._sock is not None
        started = monotonic_ns()
        count = self._sock.recv_into(self.buffer)
        got, end = self.buffer[:count], self._end
        if end is not None:
            now, kept, offset = monotonic_ns(), count and end.keep(count), end.received
            end.received = offset + count
            notes.add((received_event, kept, "recv_into", now, now - started, self.fd, notes.thread, self._service,
                       end.conn, end.role, offset, count, bytes(got[:kept]), SMALL_BYTES))  # fmt: skip
            if not count and (state := own_state(self._sock)):  # type: ignore[arg-type]  # it asks for no more
                notes.put()
                saw_state(self._recorder, end, state, "TCP_INFO")
        return got

    def close(self, notes: Notes) -> None:
        """Close it, if there is one."""
        sock, end = self._sock, self._end
        if sock is None:
            return
        started = monotonic_ns()
        sock.close()
        if self._recorder.enabled:
            conn, role = (None, None) if end is None else (end.conn, end.role)
            notes.add((call_event, 0, "close", "close()", started, monotonic_ns() - started, self.fd, notes.thread,
                       self._service, conn, role, {}))  # fmt: skip
        if end is not None:
            self._recorder.connections.closed("tcp", end)
        self._forget()

    def _forget(self) -> None:
        self._sock = self._end = None
        self.fd = -1

    def traced(self) -> TracedSocket:
        """The connection as the usual way has it, no longer here; a closed one where it is closed already."""
        if self._sock is None:
            closed = TracedSocket(self._control.af, socket.SOCK_STREAM)
            closed.close()
            return closed
        trace = Trace(self._recorder, self._service, self._end, "tcp")
        sock = TracedSocket(self._control.af, socket.SOCK_STREAM, 0, self._sock.detach(), trace=trace)
        sock.setblocking(False)
        self._forget()
        return sock


def _socket_event(family: int, started: int, took_ns: int, fd: int, thread: str, service: str) -> Raw:
    """As `traced_socket` records it."""
    text = f"socket({constant_name('AF_', family)}, SOCK_STREAM) = fd {fd}"
    return call_event("socket", text, started, took_ns, fd, thread, service, None, None, {"result": fd})
