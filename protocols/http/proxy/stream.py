"""Stream: one non-blocking connection of the proxy, what came over it and what waits to go out.

Counts both directions, so that every message knows its byte range. It must not know HTTP, nor
which end it is.
"""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections import deque
from typing import Final

from protocols.http.proxy.line import Line
from protocols.record import polling
from protocols.record.traced import TracedSocket
from protocols.record.traced_tls import TracedTLSSocket

PIECE_BYTES: Final = 64 << 10
FULL_BYTES: Final = 256 << 10
"""So much may wait to go out before the other side is read no more."""
JOIN_BYTES: Final = 16 << 10
_WANTS: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_AT_ONCE: Final = struct.pack("ii", 1, 0)


class Stream:
    """A connection. buffer: what came and is not used yet. came, put: bytes so far, in and (queued) out.

    line: how fast it sends, None for at once. ended: the peer will send no more; error: why, where that was no end.
    broken: nothing can be sent any more; what is put is thrown away.
    """

    def __init__(self, sock: TracedSocket | TracedTLSSocket | None, line: Line | None = None) -> None:
        self.sock = sock
        self.line = line
        self.buffer = bytearray()
        self.came = 0
        self.put_bytes = 0
        self.ended = False
        self.error: OSError | None = None
        self.blocked = False
        self.broken = False
        self._out: deque[tuple[float, memoryview]] = deque()
        self.waiting = 0
        self._finish = False
        self._finished = False
        self._again = 0
        if sock is not None:
            sock.setblocking(False)

    @property
    def conn(self) -> str | None:
        """The connection's id, as in events."""
        trace = self.sock.trace if self.sock is not None else None
        return trace.conn if trace is not None else None

    @property
    def full(self) -> bool:
        """Whether enough waits to go out."""
        return self.waiting >= FULL_BYTES

    @property
    def place(self) -> int:
        """The offset of the first byte in `buffer`, counted from the connection's beginning."""
        return self.came - len(self.buffer)

    def fileno(self) -> int:
        """The descriptor, -1 when closed."""
        return self.sock.fileno() if self.sock is not None else -1

    def pending(self) -> bool:
        """Whether TLS holds bytes that poll() does not see."""
        return isinstance(self.sock, TracedTLSSocket) and self.fileno() >= 0 and self.sock.pending() > 0

    # Sending

    def put(self, data: bytes) -> int:
        """Queue bytes; the offset where they begin."""
        begin = self.put_bytes
        if data and not self.broken:
            late = self.line.delay_ms / 1000 if self.line is not None else 0.0
            last = self._out[-1] if self._out and not late and not self._again else None
            if last is not None and not last[0] and len(last[1]) + len(data) <= JOIN_BYTES:
                self._out[-1] = (0.0, memoryview(bytes(last[1]) + data))  # a head and a small body go as one
            else:
                self._out.append((time.monotonic() + late if late else 0.0, memoryview(data)))
            self.put_bytes += len(data)
            self.waiting += len(data)
        return begin

    def finish(self) -> None:
        """End our direction when everything is sent."""
        self._finish = True

    @property
    def idle(self) -> bool:
        """Nothing waits to be sent or ended."""
        return not self._out and (self._finished or not self._finish)

    def flush(self) -> float | None:
        """Send what may go now; the seconds until more may go, None where no clock is waited for.

        A connection that takes nothing more is `broken`, and what waits is forgotten.
        """
        try:
            return self._flush()
        except _WANTS:
            self.blocked = True
        except OSError as error:
            self.error = self.error or error
            self.broken = True
            self._out.clear()
            self.waiting = 0
            self._finished = True
        return None

    def _flush(self) -> float | None:
        while self._out and self.sock is not None:
            due, view = self._out[0]
            now = time.monotonic()
            if due > now:
                return due - now
            wanted = min(len(view), FULL_BYTES)
            allowed = self.line.allow(wanted, now) if self.line is not None else wanted
            if not allowed and not self._again:
                return self.line.pause_s() if self.line is not None else None
            count = 0
            try:
                count = self.sock.send(view[: max(allowed, self._again)])
                self._again = 0
            except ssl.SSLWantWriteError:
                self._again = max(allowed, self._again)  # OpenSSL wants the same bytes once more, and no fewer
                raise
            finally:
                if self.line is not None:
                    self.line.give_back(allowed - count)
            self.waiting -= count
            if count == len(view):
                self._out.popleft()
            else:
                self._out[0] = (due, view[count:])
        if self._finish and not self._finished and not self._out:
            self._finished = True
            self._end_sending()
        return None

    def _end_sending(self) -> None:
        sock = self.sock
        if isinstance(sock, TracedTLSSocket):
            sock.end_sending()
        elif sock is not None:
            sock.shutdown(socket.SHUT_WR)

    # Receiving

    def read(self) -> bytes | None:
        """What has come, b"" for the end, None for nothing yet. An error is kept in `error` and ends it, too."""
        if self.sock is None:
            return None
        try:
            data = self.sock.recv(PIECE_BYTES)
        except _WANTS:
            return None
        except OSError as error:
            self.error = self.error or error
            data = b""
        if not data:
            self.ended = True
        self.came += len(data)
        self.buffer += data
        return data

    def take(self, count: int | None = None) -> bytes:
        """Use the first bytes of the buffer, or all."""
        count = len(self.buffer) if count is None else count
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def first_byte(self) -> bytes:
        """The first byte that waits in the kernel, left there; b"" where none does."""
        if self.sock is None:
            return b""
        try:
            if polling.DONTWAIT or polling.readable(self.sock):
                return socket.socket.recv(self.sock, 1, socket.MSG_PEEK | polling.DONTWAIT)
        except OSError:
            pass
        return b""

    # The end

    def close(self) -> None:
        """Close it; what waits is lost."""
        self._out.clear()
        self.waiting = 0
        if self.sock is not None:
            self.sock.close()

    def reset(self) -> None:
        """Close it with a RST: the peer learns that this was no ordinary end."""
        if self.sock is not None and self.fileno() >= 0:
            try:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            except OSError:
                pass  # it is gone already
        self.close()


class Nobody(Stream):
    """The client of a replay: it has said everything already, and takes whatever comes."""

    def __init__(self, said: bytes) -> None:
        super().__init__(None)
        self.buffer += said
        self.came = len(said)
        self.ended = True

    def put(self, data: bytes) -> int:
        """Count it."""
        begin = self.put_bytes
        self.put_bytes += len(data)
        return begin

    @property
    def idle(self) -> bool:
        """Always."""
        return True
