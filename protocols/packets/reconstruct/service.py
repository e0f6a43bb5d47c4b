"""OwnTraffic: a service that writes the lab's own traffic as packets while it happens, into a file that grows.

It listens to the recorder as every view does, in a thread of its own, and needs nobody's permission. Each packet of
the file is joined to its connection, its bytes and the time of its call. It must not know views.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from protocols.headers import flag_names
from protocols.packets.reconstruct import save
from protocols.packets.reconstruct.frame import Frame
from protocols.packets.reconstruct.reconstruct import INTERFACE, Reconstructor
from protocols.pcapng import PcapngWriter
from protocols.record.connections import Role
from protocols.record.event import Raw
from protocols.record.recorder import Recorder, Tail
from protocols.service.base import Facts, Service

PATIENCE_S: Final = 0.2
SETTLE_S: Final = 0.02
"""What a send caused may be told before the send itself: events are taken in batches this far apart."""
FRAME: Final = "frame"
_TCP_FLAGS_AT: Final = 13


@dataclass(frozen=True, slots=True)
class Join:
    """Where a packet belongs: its connection, the bytes of that direction that it carries, the time of its call.

    sender: the end that sent it. offset: None where it carries none of a stream.
    """

    conn: str | None
    sender: Role
    offset: int | None
    size: int
    t: int


class OwnTraffic(Service):
    """The service. path: the file, whole blocks at any time. earlier: events from before its start, to begin with.

    on_timeline: each packet is an event of the layer "packet", too, with origin "reconstructed".
    """

    def __init__(self, recorder: Recorder, path: str, *, earlier: Iterable[Raw] = (), on_timeline: bool = True) -> None:
        super().__init__(recorder, "own traffic", "reconstruction")
        self.path: Final = path
        self._earlier = list(earlier)
        self._on_timeline = on_timeline
        self._made = Reconstructor()
        self._tail: Tail | None = None
        self._file: BinaryIO | None = None
        self._writer: PcapngWriter | None = None
        self._joins: list[Join] = []
        self._joins_lock = threading.Lock()

    def _open(self) -> None:
        self._tail = self.recorder.tail()
        self._file = open(self.path, "wb", buffering=1 << 16)  # noqa: SIM115  closed in `_close`
        self._writer = save.begin(self._file)
        self._file.flush()

    def _main(self) -> None:
        tail = self._tail
        assert tail is not None
        earlier, self._earlier = self._earlier, []
        self._take(earlier, tell=False)
        while not self.stopping.is_set():
            if tail.wait(PATIENCE_S):
                self.stopping.wait(SETTLE_S)
                self._take(tail.take(), tell=self._on_timeline)
        self._take(tail.take(), tell=False)

    def _take(self, raws: list[Raw], *, tell: bool) -> None:
        frames = self._made.feed(enumerate(raw for raw in raws if raw[1] != "packet"))
        writer, file = self._writer, self._file
        if not frames or writer is None or file is None:
            return
        joins = [Join(frame.conn, frame.sender, frame.offset, frame.size, frame.t) for frame in frames]
        with self._joins_lock:
            self._joins += joins  # before the file: who reads a packet there finds its join
        for frame in frames:
            save.add(writer, frame, self.recorder.epoch_ns)
        file.flush()
        if tell:
            self.recorder.put_many([event_of(frame) for frame in frames])

    def _wake_up(self) -> None:
        if self._tail is not None:
            self._tail.wake()

    def _close(self) -> None:
        if self._tail is not None:
            self._tail.close()
        if self._file is not None:
            self._file.close()

    @property
    def packets(self) -> int:
        """How many are in the file."""
        with self._joins_lock:
            return len(self._joins)

    @property
    def without_packets(self) -> int:
        """Connections within this machine that no packet tells of."""
        return len(self._made.without_packets)

    def join_of(self, number: int) -> Join | None:
        """Where the packet with this number in the file, from 0, belongs."""
        with self._joins_lock:
            return self._joins[number] if 0 <= number < len(self._joins) else None

    def facts(self) -> Facts:
        """What it occupies now."""
        return replace(super().facts(), where=self.path)


def event_of(frame: Frame) -> Raw:
    """A packet as an event of the time line, seen from the client: what the server sent comes in there."""
    source, target = (f"{host}:{port}" for host, port in (frame.source, frame.target))
    ip = frame.data[14:]
    at = (ip[0] & 15) * 4 if ip[0] >> 4 == 4 else 40
    protocol = ip[9] if ip[0] >> 4 == 4 else ip[6]
    said = f"TCP {flag_names(ip[at + _TCP_FLAGS_AT])}" if protocol == 6 else "UDP"
    detail = {
        "origin": "reconstructed",
        "interface": INTERFACE,
        "src": source,
        "dst": target,
        "end": "client",
        "length": frame.length,
        "told": frame.told,
    }
    size = f", {frame.size} bytes" if frame.size else ""
    return (
        frame.t,
        "packet",
        FRAME,
        None,
        frame.conn,
        "out" if frame.sender == "client" else "in",
        frame.offset,
        frame.size or None,
        None,
        f"{source} \u2192 {target} {said}{size} (reconstructed)",
        detail,
    )
