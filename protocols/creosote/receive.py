"""Taking datagrams off a UDP socket, many at a call where the system can (recvmmsg(2)), one at a call elsewhere.

Fills Blocks. Payloads are never cut, arrival times are the kernel's as long as it has the time to note
them, and what the kernel dropped because nobody came in time is counted (SO_RXQ_OVFL). It must not
know what becomes of a block.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
import sys
from typing import Any, Final

from protocols.creosote.backlog import ROWS, SO_RXQ_OVFL, SO_TIMESTAMPNS, kernel_drops
from protocols.creosote.batch import Block
from protocols.creosote.slots import CONTROL, Slots
from protocols.numeric import one_thread_numpy
from protocols.record.event import monotonic_ns

CROWD: Final = 512
"""When a call brought more than this, the next asks for the times of every SAMPLE-th only."""
SAMPLE: Final = 16
CROWDS: Final = 16
"""After so many such calls in a row the kernel is asked for neither times nor drops: both cost it a seventh more."""
CALM: Final = 64
"""After so many calls in a row that brought little, it is asked again."""
_MSG_DONTWAIT: Final = getattr(socket, "MSG_DONTWAIT", 0)


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


class OneByOne:
    """A receive at a time: any system, any address family."""

    def __init__(self, sock: socket.socket, senders: Senders, epoch_ns: int) -> None:
        self._sock = sock
        self._senders = senders
        self._epoch_ns = epoch_ns
        self._dropped = 0
        self._with_control = sys.platform == "linux"

    def take(self, block: Block) -> int:
        """Add what waits in the socket's queue to a block that has room for ROWS; how many. Never blocks."""
        count = 0
        for _ in range(ROWS):
            try:
                data, stamp, address = self._receive()
            except (BlockingIOError, InterruptedError):
                break
            except ConnectionRefusedError:
                continue  # an earlier datagram that we sent came back as unreachable: not ours to read
            block.make_room(len(data))
            row, size = block.rows, block.size + len(data)
            block.data[block.size : size] = memoryview(data)
            block.t[row], block.ends[row], block.senders[row] = stamp, size, self._senders.number(address, address)
            count += block.added(1, len(data), self._dropped)
        return count

    def _receive(self) -> tuple[bytes, int, tuple[str, int]]:
        if not self._with_control:
            data, address = self._sock.recvfrom(65535, _MSG_DONTWAIT)
            return data, monotonic_ns(), address[:2]
        data, control, _, address = self._sock.recvmsg(65535, CONTROL, _MSG_DONTWAIT)
        stamp = monotonic_ns()
        for level, kind, value in control:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(value) >= 16:
                seconds, nanoseconds = struct.unpack_from("=qq", value)
                stamp = seconds * 1_000_000_000 + nanoseconds - self._epoch_ns
            elif level == socket.SOL_SOCKET and kind == SO_RXQ_OVFL:
                self._dropped = struct.unpack_from("=I", value)[0]
        return data, stamp, address[:2]


class ManyAtOnce:
    """recvmmsg(2) through ctypes: Linux, IPv4, 64-bit. A thousand datagrams cost one call.

    In a crowd the kernel is asked for the arrival of every SAMPLE-th only, and those that follow it
    within microseconds bear the same. In a crowd that does not end they bear the time at which they
    were read, all of one call the same, and drops are asked for once a call (SO_MEMINFO).
    """

    def __init__(self, sock: socket.socket, senders: Senders, epoch_ns: int) -> None:
        np = one_thread_numpy()
        self._np = np
        self._sock = sock
        self._fd = sock.fileno()
        self._senders = senders
        self._epoch_ns = epoch_ns
        self._dropped = 0
        self._can_ask_drops = kernel_drops(sock) is not None
        self._known: dict[int, int] = {}
        self._call = _recvmmsg()
        self._slots = Slots()
        self._asked = 1
        self._ask_control(1)
        self._telling = True
        self._crowds = self._calms = self._floor = 0

    def _ask_control(self, every: int) -> None:
        """Give the kernel room for the control data of every so manieth datagram of the next call."""
        self._slots.ask_control(every, clear=every != self._asked)
        self._asked = every

    def take(self, block: Block) -> int:
        """Add what waits in the socket's queue to a block that has room for ROWS; how many. Never blocks."""
        slots, row = self._slots, block.rows
        count: int = self._call(self._fd, slots.address, ROWS, _MSG_DONTWAIT, None)
        if count <= 0:
            code = ctypes.get_errno() if count < 0 else errno.EAGAIN
            if code in (errno.EAGAIN, errno.EINTR, errno.ECONNREFUSED):
                return 0
            raise OSError(code, os.strerror(code))
        total, even = slots.gather(count, block)
        slots.lay(even if count > CROWD else 0)
        self._put_times(count, block.t[row : row + count])
        self._put_senders(count, block.senders[row : row + count])
        self._ask_next(count)
        return block.added(count, total, self._dropped)

    def _put_times(self, count: int, room: Any) -> None:
        """When each arrived, and the count of drops behind the last that brought control data, once there is one."""
        if not self._telling:
            room.fill(monotonic_ns())
            self._dropped = kernel_drops(self._sock) or self._dropped
            return
        np, every = self._np, self._asked
        stamps = self._slots.control[:count:every, 16:32].view(np.int64)
        known = stamps[:, 0] * 1_000_000_000 + stamps[:, 1] - self._epoch_ns
        # Until the kernel stamps what comes in, it stamps what is read: nothing came later than what came after it.
        known = np.minimum.accumulate(known[::-1])[::-1]
        np.maximum(known, self._floor, out=known)
        room[:] = known if every == 1 else known.repeat(every)[:count]
        self._read_drops((count - 1) // every * every)

    def _read_drops(self, row: int) -> None:
        if int(self._slots.control_sizes[row]) > 32:
            level, kind, value = struct.unpack_from("=iiI", self._slots.control[row].tobytes(), 40)
            if level == socket.SOL_SOCKET and kind == SO_RXQ_OVFL:
                self._dropped = max(self._dropped, value)

    def _put_senders(self, count: int, room: Any) -> None:
        np = self._np
        keys = self._slots.names[:count]
        first = keys[0]
        if not np.count_nonzero(keys != first):
            room.fill(self._number(int(first)))
            return
        distinct, places = np.unique(keys, return_inverse=True)
        room[:] = np.array([self._number(int(key)) for key in distinct], np.uint32)[places]

    def _number(self, key: int) -> int:
        number = self._known.get(key)
        if number is None:
            raw = struct.pack("=Q", key)
            address = (socket.inet_ntoa(raw[4:8]), struct.unpack("!H", raw[2:4])[0])
            number = self._known[key] = self._senders.number(address, address)
            if len(self._known) > 1 << 17:
                self._known.clear()
        return number

    def _ask_next(self, count: int) -> None:
        """What the kernel shall tell with the datagrams of the next call, seen how many this one brought."""
        if self._telling:
            self._crowds = self._crowds + 1 if count > CROWD else 0
            if self._crowds < CROWDS or not self._can_ask_drops:
                self._ask_control(SAMPLE if count > CROWD else 1)
                return
        else:
            self._calms = self._calms + 1 if count <= CROWD else 0
            if self._calms < CALM:
                return
        self._tell(not self._telling)

    def _tell(self, wanted: bool) -> None:
        """Let the kernel tell times and drops with each datagram, or not."""
        for option in (SO_TIMESTAMPNS, SO_RXQ_OVFL):
            socket.socket.setsockopt(self._sock, socket.SOL_SOCKET, option, int(wanted))
        self._telling, self._crowds, self._calms = wanted, 0, 0
        # What waits now may have been stamped for another program: before what was read already.
        self._floor = monotonic_ns()
        self._ask_control(1 if wanted else ROWS)


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
