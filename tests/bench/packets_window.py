"""The list of a million packets in a window: its first screen, scrolling, a chosen packet's tree, memory a packet.

By hand: `python -m tests.bench.packets_window [--packets N]`; without a display, as tests do. Limits: first screen
100 ms, a paint while scrolling 33 ms, a tree 50 ms, 64 bytes a packet beside the mapped file.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication

from netlab_gui import pace
from netlab_gui.app import meet_classes
from protocols.lab import Lab
from protocols.packets.scapy_child.asking import PacketChild
from protocols.record.log import EventLog
from tests.bench.packets_files import made
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.packets.listing.table import PacketTable
from widgets.packets.panel import PacketsPanel
from widgets.selection import Selection
from widgets.theme.theme import theme

JUMPS = 300
TREES = 200


class Paints:
    """When rows were painted, and how long each paint took of the processor: others may have the machine meanwhile."""

    def __init__(self) -> None:
        self.ends: list[tuple[float, float]] = []
        self.took_ms: list[float] = []
        paint = PacketTable.paintEvent

        def timed(table: PacketTable, event: QPaintEvent) -> None:
            begun = time.thread_time()
            paint(table, event)
            if table.packets.rowCount():
                self.ends.append((time.perf_counter(), time.process_time()))
                self.took_ms.append((time.thread_time() - begun) * 1000)

        PacketTable.paintEvent = timed  # type: ignore[method-assign]


def until(app: QApplication, condition: Callable[[], object]) -> None:
    """Let the window live until something holds; it rests between events, as a window does."""
    waker = QTimer()
    waker.start(10)
    while not condition():
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    waker.stop()


def memory() -> int:
    """Bytes of this process that are no mapped file."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) << 10


def spread(name: str, values: list[float], limit: float) -> None:
    """Print the middle, nearly the worst and the worst."""
    ordered = sorted(values)
    print(f"{name:<34} median {statistics.median(ordered):6.1f} ms, 99 % {ordered[int(len(ordered) * 0.99)]:6.1f} ms, "
          f"worst {ordered[-1]:6.1f} ms (limit {limit:g})")  # fmt: skip


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--packets", type=int, default=1_000_000)
    path = made(parser.parse_args().packets)
    app = QApplication(sys.argv[:1])
    lab, log = Lab(), EventLog()
    bridge = Bridge(lab)
    theme().hold()
    panel = PacketsPanel(Desk(lab, bridge, Actions(), Selection(), log))
    theme().release()
    panel.resize(1400, 850)
    panel.show()
    panel.shown()
    page, paints = panel.packets, Paints()
    deque(meet_classes(), maxlen=0)  # as the window does at its start
    pace.settle()
    end = time.monotonic() + 4
    until(app, lambda: time.monotonic() > end)  # what dissects has started
    before, wall, spent = memory(), time.perf_counter(), time.process_time()
    page.open(str(path))
    until(app, lambda: paints.ends)
    print(f"first screen {(paints.ends[0][0] - wall) * 1000:.0f} ms on the clock, "
          f"{(paints.ends[0][1] - spent) * 1000:.0f} ms of the processor (limit 100)")  # fmt: skip
    until(app, lambda: not page.document.reading)
    print(f"whole list {time.perf_counter() - wall:.2f} s, {page.document.loaded} rows")
    capture = page.document.capture
    assert capture is not None
    print(f"memory {(memory() - before) / page.document.loaded:.0f} bytes a packet by the system, "
          f"{capture.table.nbytes() / page.document.loaded:.0f} by the table (limit 64)")  # fmt: skip
    until(app, lambda: page.document.told is not None)
    bar, rand = page.table.verticalScrollBar(), random.Random(1)
    paints.took_ms.clear()
    for _ in range(JUMPS):
        bar.setValue(rand.randrange(bar.maximum()))
        page.table.viewport().repaint()
    spread("paint after a jump", paints.took_ms, 33)
    paints.took_ms.clear()
    for _ in range(JUMPS):
        bar.setValue(bar.value() + 3)
        page.table.viewport().repaint()
    spread("paint while the wheel turns", paints.took_ms, 33)
    trees(page.child, [(capture.packet(row), capture.linktype(row)) for row in rand.sample(range(len(capture)), TREES)])
    page.child.stop()
    page.document.close()
    lab.close()
    bridge.close()


def trees(child: PacketChild, packets: list[tuple[bytes, int]]) -> None:
    """Time the trees of some packets, asked for as the window does; the first after the start is told apart."""
    took = []
    for data, linktype in packets:
        begun = time.perf_counter()
        child.dissect(data, linktype)
        took.append((time.perf_counter() - begun) * 1000)
    print(f"first tree {took[0]:.1f} ms")
    spread("tree of a packet", took[1:], 50)


if __name__ == "__main__":
    main()
