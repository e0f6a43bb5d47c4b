"""Taking datagrams off a UDP socket, many at a call where the system can (recvmmsg(2)), one at a call elsewhere.

Gives Batches. Payloads are never cut, arrival times are the kernel's, and what the kernel dropped
because nobody came in time is counted (SO_RXQ_OVFL). It must not know what becomes of a batch.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
import sys
from typing import TYPE_CHECKING, Any, Final

from protocols.creosote.batch import Batch
from protocols.record.event import monotonic_ns

if TYPE_CHECKING:
    import numpy as np

ROWS: Final = 2048
"""Datagrams that one call takes at most."""
_HEAD: Final = 512
_REST: Final = 65536 - _HEAD
_NAME: Final = 16
_CONTROL: Final = 64
_SO_TIMESTAMPNS: Final = 35
_SO_RXQ_OVFL: Final = 40
_MSG_DONTWAIT: Final = getattr(socket, "MSG_DONTWAIT", 0)
RECEIVE_BUFFER: Final = 32 << 20
"""Bytes asked of the kernel's queue: at 100,000 a second the usual 208 KB lose some per cent."""


class Senders:
    """Numbers for senders, in order of first sight. Forged senders could be many: past `most` all share one number."""

    def __init__(self, most: int = 1 << 16) -> None:
        self._most = most
        self._numbers: dict[object, int] = {}
        self.addresses: list[tuple[str, int]] = []

    def number(self, key: object, address: tuple[str, int]) -> int:
        """The number of a sender by its key; `address` is kept with a new one."""
        found = self._numbers.get(key)
        if found is None:
            if len(self.addresses) >= self._most:
                return self._most - 1
            found = self._numbers[key] = len(self.addresses)
            self.addresses.append(address if found < self._most - 1 else ("others", 0))
        return found


def prepare(sock: socket.socket, buffer_bytes: int = RECEIVE_BUFFER) -> int:
    """Ask for a large queue, arrival times and a count of drops; gives the queue's size in bytes.

    SO_RCVBUFFORCE passes the system's limit where privilege allows; SO_RCVBUF takes what it can get.
    """
    for option in (getattr(socket, "SO_RCVBUFFORCE", 33 if sys.platform == "linux" else None), socket.SO_RCVBUF):
        if option is None:
            continue
        try:
            sock.setsockopt(socket.SOL_SOCKET, option, buffer_bytes)
            break
        except OSError:
            continue
    if sys.platform == "linux":
        sock.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


class OneByOne:
    """A receive at a time: any system, any address family."""

    def __init__(self, sock: socket.socket, senders: Senders, epoch_ns: int) -> None:
        self._sock = sock
        self._senders = senders
        self._epoch_ns = epoch_ns
        self._dropped = 0
        self._with_control = sys.platform == "linux"

    def take(self) -> Batch | None:
        """What waits in the socket's queue, at most ROWS datagrams; None when nothing does. Never blocks."""
        import numpy as np

        times, parts, numbers = [], [], []
        for _ in range(ROWS):
            try:
                data, stamp, address = self._receive()
            except (BlockingIOError, InterruptedError):
                break
            except ConnectionRefusedError:
                continue  # an earlier datagram that we sent came back as unreachable: not ours to read
            times.append(stamp)
            parts.append(data)
            numbers.append(self._senders.number(address, address))
        if not parts:
            return None
        ends = np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts))).astype(np.uint32)
        return Batch(np.array(times, np.int64), b"".join(parts), ends, np.array(numbers, np.uint32), self._dropped)

    def _receive(self) -> tuple[bytes, int, tuple[str, int]]:
        if not self._with_control:
            data, address = self._sock.recvfrom(65535, _MSG_DONTWAIT)
            return data, monotonic_ns(), address[:2]
        data, control, _, address = self._sock.recvmsg(65535, _CONTROL, _MSG_DONTWAIT)
        stamp = monotonic_ns()
        for level, kind, value in control:
            if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(value) >= 16:
                seconds, nanoseconds = struct.unpack_from("=qq", value)
                stamp = seconds * 1_000_000_000 + nanoseconds - self._epoch_ns
            elif level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL:
                self._dropped = struct.unpack_from("=I", value)[0]
        return data, stamp, address[:2]


class ManyAtOnce:
    """recvmmsg(2) through ctypes: Linux, IPv4, 64-bit. Two thousand datagrams cost one call.

    Each datagram has a short slot, and a long one for what does not fit: the common short ones
    lie close together in memory.
    """

    def __init__(self, sock: socket.socket, senders: Senders, epoch_ns: int) -> None:
        import numpy as np

        self._np = np
        self._fd = sock.fileno()
        self._senders = senders
        self._epoch_ns = epoch_ns
        self._dropped = 0
        self._known: dict[int, int] = {}
        self._call = _recvmmsg()
        self._heads = np.zeros((ROWS, _HEAD), np.uint8)
        self._rests = np.empty((ROWS, _REST), np.uint8)  # pages are only touched by long datagrams
        self._names = np.zeros((ROWS, 2), np.uint64)
        self._control = np.zeros((ROWS, _CONTROL), np.uint8)
        self._headers = self._build(np)

    def _build(self, np: Any) -> np.ndarray[Any, np.dtype[Any]]:
        vectors = np.zeros((ROWS, 4), np.uint64)
        vectors[:, 0] = self._heads.ctypes.data + np.arange(ROWS, dtype=np.uint64) * _HEAD
        vectors[:, 1] = _HEAD
        vectors[:, 2] = self._rests.ctypes.data + np.arange(ROWS, dtype=np.uint64) * _REST
        vectors[:, 3] = _REST
        self._vectors = vectors
        header = np.dtype(
            [("name", "u8"), ("name_size", "u4"), ("", "u4"), ("vectors", "u8"), ("vector_count", "u8"),
             ("control", "u8"), ("control_size", "u8"), ("flags", "i4"), ("", "i4"), ("size", "u4"), ("", "u4")]
        )  # fmt: skip
        headers = np.zeros(ROWS, header)
        headers["name"] = self._names.ctypes.data + np.arange(ROWS, dtype=np.uint64) * _NAME
        headers["vectors"] = vectors.ctypes.data + np.arange(ROWS, dtype=np.uint64) * 32
        headers["vector_count"] = 2
        headers["control"] = self._control.ctypes.data + np.arange(ROWS, dtype=np.uint64) * _CONTROL
        return headers  # type: ignore[no-any-return]

    def take(self) -> Batch | None:
        """What waits in the socket's queue, at most ROWS datagrams; None when nothing does. Never blocks."""
        headers = self._headers
        headers["name_size"] = _NAME
        headers["control_size"] = _CONTROL
        count = self._call(self._fd, headers.ctypes.data, ROWS, _MSG_DONTWAIT, None)
        if count <= 0:
            code = ctypes.get_errno() if count < 0 else errno.EAGAIN
            if code in (errno.EAGAIN, errno.EINTR, errno.ECONNREFUSED):
                return None
            raise OSError(code, os.strerror(code))
        np = self._np
        sizes = headers["size"][:count]
        ends = np.cumsum(sizes, dtype=np.uint32)
        self._read_drops(count)
        return Batch(self._times(count), self._payloads(count, sizes), ends, self._numbers(count), self._dropped)

    def _payloads(self, count: int, sizes: Any) -> bytes:
        longest = int(sizes.max())
        if longest <= _HEAD:
            if int(sizes.min()) == longest:
                return self._heads[:count, :longest].tobytes()
            flat = memoryview(self._heads.reshape(-1).data)
            starts = range(0, count * _HEAD, _HEAD)
            return b"".join([flat[at : at + size] for at, size in zip(starts, sizes.tolist(), strict=True)])
        parts: list[bytes] = []
        for row, size in enumerate(sizes.tolist()):
            parts.append(self._heads[row, : min(size, _HEAD)].tobytes())
            if size > _HEAD:
                parts.append(self._rests[row, : size - _HEAD].tobytes())
        return b"".join(parts)

    def _times(self, count: int) -> Any:
        stamps = self._control[:count, 16:32].view(self._np.int64)
        return stamps[:, 0] * 1_000_000_000 + stamps[:, 1] - self._epoch_ns

    def _read_drops(self, count: int) -> None:
        """The count of drops stands in the last datagram's control data, behind its time, once there is one."""
        if int(self._headers["control_size"][count - 1]) > 32:
            level, kind, value = struct.unpack_from("=iiI", self._control[count - 1].tobytes(), 40)
            if level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL:
                self._dropped = value

    def _numbers(self, count: int) -> Any:
        np = self._np
        keys = self._names[:count, 0]
        first = int(keys[0])
        if bool((keys == first).all()):
            return np.full(count, self._number(first), np.uint32)
        distinct, places = np.unique(keys, return_inverse=True)
        numbers = np.array([self._number(int(key)) for key in distinct], np.uint32)
        return numbers[places]

    def _number(self, key: int) -> int:
        number = self._known.get(key)
        if number is None:
            raw = struct.pack("=Q", key)
            address = (socket.inet_ntoa(raw[4:8]), struct.unpack("!H", raw[2:4])[0])
            number = self._known[key] = self._senders.number(address, address)
            if len(self._known) > 1 << 17:
                self._known.clear()
        return number


def _recvmmsg() -> Any:
    call = ctypes.CDLL(None, use_errno=True).recvmmsg
    call.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)
    call.restype = ctypes.c_int
    return call


def receiver(sock: socket.socket, senders: Senders, epoch_ns: int, *, fast: bool = True) -> OneByOne | ManyAtOnce:
    """The best way to read this socket. `epoch_ns` turns the kernel's wall-clock times into the recorder's."""
    wide = sys.platform == "linux" and struct.calcsize("P") == 8 and sock.family == socket.AF_INET
    if fast and wide and hasattr(ctypes.CDLL(None), "recvmmsg"):
        return ManyAtOnce(sock, senders, epoch_ns)
    return OneByOne(sock, senders, epoch_ns)
