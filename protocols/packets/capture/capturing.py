"""The capturing child: opens the ring, gives its privilege up, and writes pcapng until told to end.

Runs by `protocols.service.childmain`, perhaps behind sudo or pkexec; the end of its stdin ends it. It tells counts
by events: "capture counts" several times a second, "capture ended" at the end. It must not know who looks.
"""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from typing import Any, BinaryIO, Final

from protocols import pcapng
from protocols.packets import bpf
from protocols.packets.capture.dropping import give_up
from protocols.packets.capture.ring import PacketRing, load
from protocols.packets.capture.wanted import LOOPBACK, Wanted, link_type
from protocols.record import polling
from protocols.service.childmain import Job

TELL_S: Final = 0.2
COUNTS: Final = "capture counts"
ENDED: Final = "capture ended"


class Output:
    """The file, or the newest file of a ring of files. Whole pcapng files, each with its own section."""

    def __init__(self, wanted: Wanted, linktype: int) -> None:
        self._wanted = wanted
        self._linktype = linktype
        self._number = 0
        self._kept: deque[str] = deque()
        self._size = 0
        self.bytes = 0
        self.path = ""
        self._file = self._open()

    def _open(self) -> BinaryIO:
        self._number += 1
        self.path = self._wanted.file_name(self._number)
        file = open(self.path, "wb", buffering=0)  # noqa: SIM115  closed by `close` or by the next file
        head = pcapng.section(application="NetLab") + pcapng.interface(
            self._wanted.interface, self._linktype, rule=self._wanted.rule
        )
        file.write(head)
        self._size = len(head)
        self.bytes += len(head)
        self._kept.append(self.path)
        while self._wanted.ring_files and len(self._kept) > self._wanted.ring_files:
            Path(self._kept.popleft()).unlink(missing_ok=True)
        return file

    def write(self, data: Any) -> None:
        """Write whole blocks. Raises OSError (no space)."""
        view = memoryview(data)
        self._size += len(view)
        self.bytes += len(view)
        while view:
            view = view[self._file.write(view) or 0 :]

    def turn(self, statistics: bytes) -> None:
        """Begin the next file of a ring if this one is full."""
        if self._wanted.ring_files and self._size >= self._wanted.ring_bytes:
            self.write(statistics)
            self._file.close()
            self._file = self._open()

    def close(self, statistics: bytes) -> list[str]:
        """End the file with its counts; the files that are left."""
        self.write(statistics)
        self._file.close()
        return list(self._kept)


class Capturing:
    """One capture in this process. `captured` packets were written, which the ring's own counts confirm."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.wanted = Wanted.of(job.params)
        linktype = link_type(self.wanted.interface)
        if linktype is None:
            raise ValueError(f"{self.wanted.interface} is no interface whose packets can be captured here")
        rule = bpf.compiled(self.wanted.rule, linktype)
        once = self.wanted.interface == LOOPBACK
        blocks, promiscuous = max(self.wanted.buffer_mb, 1), self.wanted.promiscuous
        self.ring = PacketRing(self.wanted.interface, rule, once=once, blocks=blocks, promiscuous=promiscuous)
        load()  # who it becomes may not be able to read the lab's files
        give_up()
        self.output = Output(self.wanted, linktype)
        self.captured = 0
        self._told_at = 0.0
        self._ends_at = time.monotonic() + self.wanted.seconds if self.wanted.seconds is not None else None

    def run(self) -> None:
        """Capture until something ends it."""
        wanted = self.wanted
        self.job.ready(way="ring", path=self.output.path, interface=wanted.interface)
        poller = polling.poll()
        poller.register(self.ring.sock.fileno(), polling.POLLIN)
        poller.register(self.job.commands.fileno(), polling.POLLIN)
        why = ""
        while not why:
            ready = [fd for fd, _ in poller.poll(self._patience() * 1000)]
            if self.job.commands.fileno() in ready and not self._go_on():
                why = "stopped"
            why = self._take() or self._time_is_up() or why
            self._tell()
        self._finish(why)

    def _patience(self) -> float:
        left = TELL_S if self._ends_at is None else min(TELL_S, self._ends_at - time.monotonic())
        return max(left, 0.0)

    def _go_on(self) -> bool:
        commands = self.job.commands.read()
        return commands is not None and not any(one.get("do") == "stop" for one in commands)

    def _time_is_up(self) -> str:
        return "seconds" if self._ends_at is not None and time.monotonic() >= self._ends_at else ""

    def _take(self) -> str:
        """Write what the ring holds; why the capture ends, or ""."""
        wanted = self.wanted
        for piece in self.ring.pieces(None if wanted.count is None else wanted.count - self.captured):
            self.output.write(piece.data)
            self.captured += piece.packets
            if wanted.size_bytes is not None and self.output.bytes >= wanted.size_bytes:
                return "size"
            self.output.turn(self._statistics())
        return "count" if wanted.count is not None and self.captured >= wanted.count else ""

    def _statistics(self) -> bytes:
        received, dropped = self.ring.counts()
        return pcapng.statistics(time.time_ns(), received, dropped)

    def _tell(self, *, force: bool = False) -> None:
        now = time.monotonic()
        if force or now - self._told_at >= TELL_S:
            self._told_at = now
            received, dropped = self.ring.counts()
            facts: dict[str, Any] = {
                "captured": self.captured,
                "received": received,
                "dropped": dropped,
                "dropped_by_us": 0,
            }
            text = f"{self.captured} packets captured, {dropped} dropped by the kernel"
            self.job.recorder.note(COUNTS, text, bytes=self.output.bytes, path=self.output.path, **facts)

    def _finish(self, why: str) -> None:
        self.ring.shut()
        if why in ("stopped", "seconds"):  # what had come in by then belongs to it
            self.ring.linger()
            self._take()
        files = self.output.close(self._statistics())
        self._tell(force=True)
        dropped = self.ring.counts()[1]
        text = f"{self.captured} packets captured, {dropped} dropped by the kernel; ended: {why}"
        self.job.recorder.note(ENDED, text, why_ended=why, files=files, captured=self.captured, dropped=dropped)
        self.ring.close()


def run(job: Job) -> None:
    """The child's job: params are a Wanted's."""
    Capturing(job).run()
