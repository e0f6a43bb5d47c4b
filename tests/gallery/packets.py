"""Pictures of the packets panel in both palettes and several sizes, from the sample capture.

By hand: `python -m tests.gallery.packets --out DIR`. Never collected by pytest.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from protocols.lab import Lab
from protocols.record.log import EventLog
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.packets.panel import PacketsPanel
from widgets.selection import Selection
from widgets.theme.theme import theme

SIZES = {"1440": (1364, 800, 1.0), "1280": (832, 650, 1.0), "x2": (1900, 1100, 2.0)}


class Studio:
    """The panel and a camera."""

    def __init__(self, out: Path, sizes: str) -> None:
        self.out = out
        self.sizes = {name: size for name, size in SIZES.items() if name in sizes.split(",")}
        self.app = QApplication.instance() or QApplication(sys.argv[:1])
        self.lab = Lab()
        self.bridge = Bridge(self.lab)
        log = EventLog()
        self.bridge.add_consumer(log.append)
        theme().hold()
        self.panel = PacketsPanel(Desk(self.lab, self.bridge, Actions(), Selection(), log))
        theme().release()
        self.panel.resize(1364, 800)
        self.panel.show()
        self.panel.shown()

    def settle(self, seconds: float = 0.15) -> None:
        """Let the window live."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)

    def until(self, condition: Callable[[], object]) -> None:
        """Let the window live until something holds, thirty seconds at most."""
        end = time.monotonic() + 30
        while not condition() and time.monotonic() < end:
            self.settle(0.02)
        if not condition():
            print("never came true", file=sys.stderr)

    def shoot(self, name: str) -> None:
        """The panel in every size and both palettes."""
        for size, (width, height, scale) in self.sizes.items():
            theme().set_scale(scale)
            self.settle(0.05)
            self.panel.resize(width, height)
            for dark in (False, True):
                theme().set_dark(dark)
                self.settle(0.2)
                self.panel.grab().save(str(self.out / f"{name}-{size}-{'dark' if dark else 'light'}.png"))
        theme().set_scale(1.0)
        theme().set_dark(False)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("gallery-packets"))
    parser.add_argument("--sizes", default="1440,1280,x2")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    studio = Studio(chosen.out, chosen.sizes)
    page = studio.panel.packets
    studio.shoot("empty")
    page.open_sample()
    studio.until(lambda: page.document.told is not None)
    page.go_to(7)
    studio.until(lambda: page.packet.tree is not None)
    page.packet.tree_view.choose_key("TCP.flags")
    page.document.toggle_mark(9)
    studio.shoot("packet")
    page.follow_stream()
    studio.until(lambda: page.stream.follow is not None)
    studio.shoot("stream")
    for name in ("conversations", "endpoints", "protocols", "graph", "experts"):
        page.show_tab(name)
        studio.shoot(name)
    page.show_tab("packet")
    page.filter("tcp.prt == 8000")
    studio.shoot("trouble")
    page.filter("udp.port == 1")
    studio.settle(0.5)
    studio.shoot("no-match")
    page.child.stop()
    page.document.close()
    studio.lab.close()
    studio.bridge.close()


if __name__ == "__main__":
    main()
