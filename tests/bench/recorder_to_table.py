"""A million events from a worker thread to the visible table: `python -m tests.bench.recorder_to_table`.

The real path: Recorder, Bridge, EventLog, model, table view (offscreen). Says the longest gap of
the event loop, the share of time it was stalled over 16 ms, what was lost, the memory and the
search times. A percentile of ticks would hide a stall, so the maximum is what counts.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from netlab_gui import pace
from protocols.record.log import EventLog, Filter
from protocols.record.recorder import Recorder
from protocols.service.intents import Intents
from protocols.service.running import Running
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.selection import Selection
from widgets.timeline.dock import TimelineDock

STALL_S = 0.016
_NAMES = ("took_ns", "fd", "thread", "end", "asked", "kept", "tls", "flags", "peer")


class Pulse:
    """Measures how long the event loop does not come round: a timer that wants to run all the time."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.stalled = 0.0
        self.began = self.last = time.perf_counter()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._timer.start(1)

    def _beat(self) -> None:
        now = time.perf_counter()
        gap, self.last = now - self.last, now
        self.longest = max(self.longest, gap)
        if gap > STALL_S:
            self.stalled += gap - STALL_S

    def restart(self) -> None:
        self.longest = self.stalled = 0.0
        self.began = self.last = time.perf_counter()

    def end(self) -> None:
        self._timer.stop()

    def share(self) -> float:
        return self.stalled / max(1e-9, time.perf_counter() - self.began)


def events(recorder: Recorder, first: int, count: int, rate: float) -> None:
    """What a busy echo server would put: sends and receives with a short payload, as traced sockets make them."""
    put, clock = recorder.put, time.monotonic_ns
    # A trace holds its service's and its connection's name; it makes no new ones.
    services, conns = [f"client {n}" for n in range(7)], [str(n) for n in range(97)]
    began = time.perf_counter()
    for number in range(first, first + count):
        payload = b"line %09d of the echo test\r\n" % number
        end, way = ("client", "out") if number % 2 else ("server", "in")
        kind = "send" if way == "out" else "recv"
        detail = (_NAMES, 11_000, 11, "client-3:51858", end, None, None, None, None, None)
        summary = f"{kind}({payload!r}) = {len(payload)}" if way == "out" else f"recv(4096) = {len(payload)}"
        service, conn = services[number % 7], conns[number % 97]
        size, offset = len(payload), number * 30
        put((clock(), "call", kind, service, conn, way, offset, size, payload, summary, detail))  # type: ignore[arg-type]
        if rate and not number % 256:
            ahead = (number - first) / rate - (time.perf_counter() - began)
            if ahead > 0:
                time.sleep(ahead)


def rss_mb() -> tuple[float, float]:
    """Memory now and at the peak, in MB."""
    found = {}
    with open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(("VmRSS", "VmHWM")):
                found[line.split(":")[0]] = int(line.split()[1]) / 1024
    return found["VmRSS"], found["VmHWM"]


class Bench:
    """One window with the time line, fed by a worker."""

    def __init__(self, app: QApplication) -> None:
        self.app = app
        self.lab: Any = SimpleNamespace(recorder=Recorder(), intents=Intents(), running=Running())
        self.window = QMainWindow()
        self.bridge = Bridge(self.lab)
        self.desk = Desk(self.lab, self.bridge, Actions(self.window), Selection(), EventLog())
        self.window.setCentralWidget(QWidget())
        self.dock = TimelineDock(self.desk)
        self.window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.dock)
        self.window.resize(1440, 900)
        self.window.show()
        self.window.resizeDocks([self.dock], [520], Qt.Orientation.Vertical)
        self.pulse = Pulse()
        # Before a server can be busy it starts, and says so: the table is there when the events come.
        self.lab.recorder.note("started", "echo server on 127.0.0.1:7")
        self.turn(0.5)

    def turn(self, seconds: float) -> None:
        """Let the event loop run."""
        loop = QEventLoop()
        QTimer.singleShot(int(seconds * 1000), loop.quit)
        loop.exec()

    def until(self, condition: Any, limit_s: float = 120.0) -> bool:
        """Let the event loop run until the condition holds; looked at every 5 ms."""
        loop = QEventLoop()
        deadline = time.perf_counter() + limit_s
        looker = QTimer()
        looker.timeout.connect(lambda: loop.quit() if condition() or time.perf_counter() > deadline else None)
        looker.start(5)
        loop.exec()
        looker.stop()
        return bool(condition())

    def pour(self, first: int, count: int, rate: float) -> dict[str, Any]:
        """Have a worker put `count` events and measure until all of them are in the table."""
        before = len(self.desk.log)
        worker = threading.Thread(target=events, args=(self.lab.recorder, first, count, rate), name="bench-worker")
        self.pulse.restart()
        began = time.perf_counter()
        worker.start()
        done = self.until(
            lambda: not worker.is_alive()
            and not len(self.bridge._tail)
            and self.dock.model.row_count() == len(self.desk.log)
        )
        took = time.perf_counter() - began
        longest, share = self.pulse.longest, self.pulse.share()
        worker.join()
        arrived = len(self.desk.log) - before
        return {
            "events": arrived, "lost": count - arrived, "seconds": took, "max gap ms": longest * 1e3,
            "stalled %": share * 100, "RSS MB": rss_mb()[0], "peak MB": rss_mb()[1],
            "seen": done and self.dock.views.table.isVisible(),
        }  # fmt: skip

    def search(self, text: str, **parts: Any) -> dict[str, Any]:
        """One search over all there is, in slices, with the event loop turning."""
        model = self.dock.model
        self.pulse.restart()
        began = time.perf_counter()
        model.set_filter(Filter(text=text, **parts))
        self.until(lambda: not model.searching)
        took = time.perf_counter() - began
        result = {"search": text or str(parts), "rows": model.row_count(), "seconds": took,
                  "max gap ms": self.pulse.longest * 1e3}  # fmt: skip
        model.set_filter(Filter())
        self.turn(0.05)
        return result

    def close(self) -> None:
        """Let go of everything."""
        self.pulse.end()
        self.bridge.close()
        self.lab.intents.close()
        self.window.close()


def show(row: dict[str, Any]) -> None:
    """One line of the table."""
    cells = [f"{name} {value:.1f}" if isinstance(value, float) else f"{name} {value}" for name, value in row.items()]
    print("   ".join(cells), flush=True)


def main() -> int:
    """Run all parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=100_000.0, help="events a second of the steady part")
    parser.add_argument("--part", choices=("full", "steady", "both"), default="full")
    options = parser.parse_args()
    app = QApplication(sys.argv[:1])
    pace.settle()  # as the application does once its window stands
    parts = {"full": [0.0], "steady": [options.rate], "both": [0.0, options.rate]}[options.part]
    for rate in parts:
        bench = Bench(app)
        print(f"-- {options.count:,} events, {'full speed' if not rate else f'{rate:,.0f} a second'}")
        show(bench.pour(0, options.count, rate))
        for text, extra in (
            ("000999999", {}), ("fox", {}), ("conn:42", {}), ("/line 0000[0-9]{5} of/", {}), ("errno", {}),
            ("echo -server", {}), ("", {"layers": frozenset(("call",)), "conns": frozenset(("13",))}),
        ):  # fmt: skip
            show(bench.search(text, **extra))
        bench.close()
        bench.window.deleteLater()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
