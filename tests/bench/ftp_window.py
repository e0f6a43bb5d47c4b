"""The FTP panel while it works: a large file each way, a folder of many entries, many small files.

`python -m tests.bench.ftp_window [MB] [ENTRIES] [FILES]`: the panel runs offscreen against `netlab serve ftp` in a
process of its own, as a person uses it. Told for each: seconds, the longest time in which the window answered nothing
(tests/stall), and by how much the process's memory grew. Goals: no gap over 100 ms, memory flat, the listing shown in
under 3 s and scrolled without a stop.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from protocols.ftp.client.jobs import Order
from protocols.lab import Lab
from protocols.record.log import EventLog
from tests.bench.ftp_client import MEMORY, ours
from tests.protocols.ftp.daemons import Daemon
from tests.stall import StallMeter
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.ftp.panel import FtpPanel
from widgets.selection import Selection
from widgets.theme.theme import theme

WAIT_S = 600.0


class Window:
    """The panel, connected."""

    def __init__(self, server: Daemon) -> None:
        self.app = QApplication.instance() or QApplication(sys.argv[:1])
        theme().install(self.app)  # type: ignore[arg-type]
        self.lab = Lab()
        self.bridge = Bridge(self.lab)
        log = EventLog()
        self.bridge.add_consumer(log.append)
        self.panel = FtpPanel(Desk(self.lab, self.bridge, Actions(), Selection(), log))
        self.panel.resize(1100, 760)
        self.panel.show()
        self.panel.shown()
        self.panel.ends.client.form.fields.set_values({"port": server.port, "timeout_ms": 60_000})
        self.panel.ends.client.connect_now()
        self.until(lambda: self.panel.slot.phase == "connected")
        self.panel.show_view("files")
        self.until(lambda: self.panel.files.there.listing is not None and not self.panel.files.there.busy)

    def until(self, condition: Callable[[], object]) -> None:
        """Let the window live until something holds."""
        end = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < end, "it never came true"
            self.app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)

    def told(self, what: str, act: Callable[[], object], done: Callable[[], object]) -> float:
        """Do it and print what it cost; the seconds."""
        process, before = psutil.Process(), psutil.Process().memory_info().rss
        with StallMeter() as meter:
            began = time.perf_counter()
            act()
            self.until(done)
            took = time.perf_counter() - began
        grown = (process.memory_info().rss - before) / (1 << 20)
        print(f"{what:34} {took:6.2f} s   {meter}   memory {grown:+.0f} MB", flush=True)
        return took

    def moved(self, order: Order, name: str, size: int = 0) -> None:
        """One order through the queue, the window alive meanwhile."""
        files, client = self.panel.files, self.panel.slot.client
        assert client is not None
        took = self.told(name, lambda: client.transfer(order), lambda: client.queue.jobs.counts().open == 0)
        assert client.queue.jobs.counts().failed == 0
        if size:
            print(f"{'':34} {size / took / 1e6:.0f} MB/s, the hash of the file included")
        files.queue.look()

    def close(self) -> None:
        """Stop everything."""
        self.panel.slot.close()
        self.panel.hidden()
        self.lab.close()
        self.bridge.close()


def planted(root: Path, megabytes: int, entries: int, files: int) -> None:
    """What is moved and listed."""
    with (root / "large").open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1 << 20))
    for folder, count, size in (("wide", entries, 0), ("many", files, 2000)):
        (root / folder).mkdir()
        for number in range(count):
            (root / folder / f"file {number:06d}.txt").write_bytes(b"x" * size)


def main() -> None:
    """One run."""
    asked = [*sys.argv[1:], *("1024", "100000", "10000")[len(sys.argv) - 1 :]]
    megabytes, entries, files = (int(text) for text in asked)
    with tempfile.TemporaryDirectory(dir=MEMORY) as text:
        folder, here = Path(text), Path(text, "here")
        here.mkdir()
        with ours(folder) as server:
            planted(server.root, megabytes, entries, files)
            window = Window(server)
            try:
                run(window, here, megabytes << 20)
            finally:
                window.close()


def run(window: Window, here: Path, size: int) -> None:
    """All of it, one after the other."""
    there = window.panel.files.there
    window.moved(Order("get", "large", here / "large"), f"get of {size >> 20} MB", size)
    window.moved(Order("put", "up", here / "large"), f"put of {size >> 20} MB", size)
    window.panel.files.look()  # what was moved is listed again; that is not what is measured
    window.until(lambda: not there.busy)
    window.told("a wide folder is listed and shown", lambda: there.go("/wide"),
                lambda: there.path == "/wide" and not there.busy and there.model.rows)  # fmt: skip
    bar = there.view.verticalScrollBar()
    steps = iter(range(0, bar.maximum(), max(1, bar.maximum() // 200)))

    def scrolled() -> bool:
        at = next(steps, None)
        if at is not None:
            bar.setValue(at)
        return at is None

    window.told(f"{len(there.model.rows)} entries scrolled through", lambda: None, scrolled)
    window.moved(Order("get", "/many", here / "many", folder=True), "many small files, 2 connections")


if __name__ == "__main__":
    main()
