"""What the kernel holds for each end of a TCP connection: its state, its queues, its round trip.

`tcp_info` asks one open socket; `KernelTable` reads everybody's sockets, so the end that another
program holds is seen too; `StateSampler` turns changes into events of the layer "state". It needs
no privilege. It must not know who opened a connection or why.
"""

from __future__ import annotations

import array
import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass
from typing import Final

from protocols.record.connections import End
from protocols.record.diag import TCP_STATES, SocketRow, tcp_sockets
from protocols.record.event import monotonic_ns
from protocols.record.recorder import Recorder

Address = tuple[str, int]
_TCP_INFO: Final[int | None] = getattr(socket, "TCP_INFO", None)
_INFO: Final = struct.Struct("=8B24I")
_FIONREAD: Final = 0x541B
_TIOCOUTQ: Final = 0x5411
_ORDER: Final = (
    "", "LISTEN", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "CLOSING", "CLOSE_WAIT",
    "LAST_ACK", "TIME_WAIT", "CLOSE",
)  # fmt: skip
_RANK: Final = {state: rank for rank, state in enumerate(_ORDER)}


@dataclass(frozen=True, slots=True)
class TcpInfo:
    """TCP_INFO of one socket: times in microseconds, queues in bytes, window in segments."""

    state: str
    retransmits: int
    total_retransmits: int
    rtt_us: int
    rtt_variation_us: int
    retransmit_timeout_us: int
    send_segment: int
    receive_segment: int
    congestion_window: int
    unacknowledged_segments: int
    receive_queue: int
    send_queue: int


def tcp_info(sock: socket.socket) -> TcpInfo | None:
    """What the kernel holds for an open TCP socket; None where the system can't tell (tcp(7), TCP_INFO)."""
    if _TCP_INFO is None:
        return None
    try:
        raw = socket.socket.getsockopt(sock, socket.IPPROTO_TCP, _TCP_INFO, _INFO.size)
    except OSError:
        return None
    if len(raw) < _INFO.size:
        return None
    field = _INFO.unpack(raw[: _INFO.size])
    words = field[8:]
    receive_queue, send_queue = queues(sock)
    return TcpInfo(
        TCP_STATES.get(field[0], str(field[0])), field[2], words[23], words[15], words[16], words[0],
        words[2], words[3], words[18], words[4], receive_queue, send_queue,
    )  # fmt: skip


def own_state(sock: socket.socket) -> str:
    """The TCP state of an open socket, "" where it can't be told: half a microsecond."""
    if _TCP_INFO is None:
        return ""
    try:
        return TCP_STATES.get(socket.socket.getsockopt(sock, socket.IPPROTO_TCP, _TCP_INFO, 1)[0], "")
    except OSError:
        return ""


def queues(sock: socket.socket) -> tuple[int, int]:
    """Bytes received and not yet read, bytes sent and not yet acknowledged; zeros where the system can't tell."""
    with contextlib.suppress(OSError, ImportError, ValueError):
        import fcntl

        found = []
        for request in (_FIONREAD, _TIOCOUTQ):
            value = array.array("i", [0])
            fcntl.ioctl(sock.fileno(), request, value)
            found.append(value[0])
        return found[0], found[1]
    return 0, 0


class KernelTable:
    """Everybody's TCP sockets by (local, peer), read again when older than `max_age_s`. Thread-safe."""

    def __init__(self, max_age_s: float = 0.1) -> None:
        self._max_age_s = max_age_s
        self._lock = threading.Lock()
        self._read_at = 0.0
        self._rows: dict[tuple[Address, Address], SocketRow] = {}

    def rows(self) -> dict[tuple[Address, Address], SocketRow]:
        """The table as it was at most `max_age_s` seconds ago; not to be changed."""
        with self._lock:
            if time.monotonic() - self._read_at > self._max_age_s:
                self._rows = {(row.local, row.peer): row for row in tcp_sockets()}
                self._read_at = time.monotonic()
            return self._rows

    def both_ends(self, local: Address, peer: Address) -> tuple[str, str]:
        """The states of this end and of the other; "" where this machine does not hold that end."""
        rows = self.rows()
        here, there = rows.get((local, peer)), rows.get((peer, local))
        return (here.state if here else "", there.state if there else "")


def saw_state(recorder: Recorder, end: End, state: str, source: str) -> None:
    """Record that an end was seen in a TCP state, if that is news. States only go forward: late news is old news."""
    before = end.state
    if _RANK.get(state, 0) <= _RANK.get(before, 0):
        return
    end.state = state
    arrow = f"{before} \u2192 {state}" if before else state
    detail = {"end": end.role, "before": before or None, "source": source, "local": end.local, "peer": end.peer}
    recorder.put(
        (monotonic_ns(), "state", state, end.service, end.conn, None, None, None, None,
         f"{end.role} end {arrow}", detail)
    )  # fmt: skip


class StateSampler:
    """A thread that watches the TCP states of all recorded connections, both ends of each.

    It sleeps while nothing stands, samples about 30 times a second while something changes, and
    spends at most a twenty-fifth of the time on it however many connections there are.
    """

    INTERVAL_S: Final = 0.03
    LINGER_S: Final = 1.0
    SHARE: Final = 25

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._stopping = threading.Event()
        self._seen: set[str] = set()
        """The connections that stood at the last look."""
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="record-states", daemon=True)
            self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """End the thread; True when it is gone."""
        self._stopping.set()
        self._recorder.connections.changed.set()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        changed = self._recorder.connections.changed
        while not self._stopping.is_set():
            began = time.thread_time()  # its own work alone: on a busy machine it must not fall asleep for long
            open_ends, closing_ends = self.sample()
            spent = time.thread_time() - began
            pause = max(self.INTERVAL_S, spent * self.SHARE)
            if open_ends:
                self._stopping.wait(pause)
            else:
                changed.wait(max(self.LINGER_S, pause) if closing_ends else None)
                changed.clear()
                self._stopping.wait(min(pause, self.INTERVAL_S))

    def sample(self) -> tuple[int, int]:
        """Look once. Gives how many ends stand, and how many are closed and not yet gone from the kernel."""
        ends = [end for end in self._recorder.connections.known("tcp") if end.state != "CLOSE"]
        if not ends:
            self._recorder.connections.keep_opposites(())
            return 0, 0
        rows = {(row.local, row.peer): row.state for row in tcp_sockets()}
        own = {(end.local, end.peer) for end in ends}
        standing = 0
        for end in ends:
            self._look(end, rows)
            standing += end.closed_ns == 0 and end.state != "CLOSE"
            if (end.peer, end.local) not in own:
                self._look_opposite(end, rows)
        self._seen = {end.conn for end in ends}
        self._recorder.connections.keep_opposites(self._seen)
        return standing, len(ends) - standing

    def _look_opposite(self, end: End, rows: dict[tuple[Address, Address], str]) -> None:
        """The other end, held by another program; a client of our own is told by itself, once connect() returned."""
        if end.conn in self._seen:
            other = self._recorder.connections.opposite("tcp", end)
            if other is not None:
                self._look(other, rows)

    def _look(self, end: End, rows: dict[tuple[Address, Address], str]) -> None:
        state = rows.get((end.local, end.peer))  # type: ignore[arg-type]
        if state is not None:
            saw_state(self._recorder, end, state, "sock_diag")
        elif end.closed_ns or end.state in ("LAST_ACK", "TIME_WAIT"):
            saw_state(self._recorder, end, "CLOSE", "gone from the kernel's table")
