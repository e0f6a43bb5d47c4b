"""One login at the telnet sandbox: its bytes named as commands and text, and what the live table shows of it.

Lives in the server's loop. It must not know what is typed, nor answer anything.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any, Final

from protocols.record.connections import End
from protocols.record.event import Direction, monotonic_ns
from protocols.record.recorder import Recorder
from protocols.record.trace import Trace
from protocols.record.traced import TracedSocket
from protocols.sockets.iac import Command
from protocols.sockets.telnet import Wiretap

_RESET_LINGER: Final = struct.pack("ii", 1, 0)


class Session:
    """A session of the sandbox. conn: the connection's id. number: in its server, from 1."""

    def __init__(
        self, recorder: Recorder, service: str, number: int, protocol: Any, transport: asyncio.Transport
    ) -> None:
        sock = transport.get_extra_info("socket")
        plain = getattr(sock, "_sock", sock)
        trace: Trace | None = plain.trace if isinstance(plain, TracedSocket) else None
        self._end: End | None = None if trace is None else trace.end
        self.conn: Final = self._end.conn if self._end is not None else f"session {number}"
        self.number: Final = number
        self.protocol: Final = protocol
        self.transport: Final = transport
        self.sock: Final[socket.socket] = plain
        self.local: Final = transport.get_extra_info("sockname")[:2]
        self.peer: Final = transport.get_extra_info("peername")[:2]
        self.since_ns: Final = monotonic_ns()
        self._tap = Wiretap(recorder, service, None if trace is None else trace.conn, self._commanded)

    def tap_in(self, data: bytes) -> None:
        """Bytes came."""
        self._tap.see("in", data)

    def tap_out(self, data: bytes) -> None:
        """Bytes are about to go."""
        self._tap.see("out", data)

    @property
    def received(self) -> int:
        """Bytes that came, commands included."""
        return self._end.received if self._end is not None else 0

    @property
    def sent(self) -> int:
        """Bytes that the kernel took, commands included."""
        return self._end.sent if self._end is not None else 0

    def reset(self) -> None:
        """Close with a RST (socket(7), SO_LINGER). The loop's thread only."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_LINGER)
        self.transport.abort()

    def _commanded(self, direction: Direction, command: Command) -> None:
        """The message event tells it all."""
