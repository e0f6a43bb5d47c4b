"""Pictures of the time line and the inspector: `python -m tests.gallery.timeline --out DIR`.

Both palettes, scale 1 and 2, narrow and wide windows, made offscreen with made-up events. It
checks nothing: a person looks.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_SCALE_FACTOR", "1")

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from protocols.record.event import Raw
from protocols.record.log import EventLog
from protocols.record.recorder import Recorder
from protocols.service.intents import Intents
from protocols.service.running import Running
from tests.gallery import scenes
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.inspector.dock import InspectorDock
from widgets.selection import Selection
from widgets.theme.theme import theme
from widgets.timeline.dock import TimelineDock

SIZES = ((1440, 900), (1024, 700))


class Scene(QMainWindow):
    """A window with an empty panel, the time line and the inspector."""

    def __init__(self, events: list[Raw], size: tuple[int, int], panel: float = 0.4) -> None:
        super().__init__()
        self.lab: Any = SimpleNamespace(recorder=Recorder(), intents=Intents(), running=Running())
        self.bridge = Bridge(self.lab)
        self.desk = Desk(self.lab, self.bridge, Actions(self), Selection(self), EventLog())
        centre = QWidget()
        self.setCentralWidget(centre)
        self.timeline, self.inspector = TimelineDock(self.desk), InspectorDock(self.desk)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.timeline)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.inspector)
        self.resize(*size)
        self.show()
        self.resizeDocks([self.timeline], [round(size[1] * (1 - panel))], Qt.Orientation.Vertical)
        self.resizeDocks([self.inspector], [372], Qt.Orientation.Horizontal)
        self.timeline.consume(events)
        settle()

    def row(self, kind: str, service: str = "") -> int:
        """The log row of the first event of this kind."""
        log = self.desk.log
        return next(
            row for row in range(len(log)) if log.raw(row)[2] == kind and (not service or log.raw(row)[3] == service)
        )

    def end(self) -> None:
        """Let go of everything."""
        self.bridge.close()
        self.lab.intents.close()
        self.close()
        self.deleteLater()
        settle()


def settle() -> None:
    """Let layouts, timers and paints happen."""
    for _ in range(8):
        QApplication.processEvents()


def save(widget: QWidget, out: Path, name: str) -> None:
    """One picture."""
    settle()
    picture = widget.grab()
    picture.save(str(out / f"{name}.png"))
    print(out / f"{name}.png", picture.width(), picture.height())


def shoot(out: Path, tag: str, size: tuple[int, int]) -> None:
    """All pictures of one size in the palette in force."""
    name = f"{tag}-{size[0]}"
    scene = Scene(scenes.conversation() + scenes.failures(), size)
    scene.desk.selection.select(scene.row("send", "client 3"))
    save(scene, out, f"{name}-table")
    scene.desk.selection.select(scene.row("connect", "client 1"))
    scene.inspector.show_tab("why")
    save(scene, out, f"{name}-why")
    scene.timeline.show_connection("3")
    scene.timeline.show_ladder()
    scene.desk.selection.select(scene.row("send", "upper:2345"))
    scene.inspector.show_tab("call")
    save(scene, out, f"{name}-ladder")
    scene.timeline.show_connection("4")
    scene.desk.selection.select(scene.row("recv", "client 2"))
    save(scene, out, f"{name}-ladder-reset")
    scene.end()
    scene = Scene(scenes.datagrams(), size)
    scene.timeline.show_ladder()
    save(scene, out, f"{name}-ladder-udp")
    scene.timeline.set_folded(True)
    save(scene, out, f"{name}-folded")
    scene.end()
    scene = Scene([], size)
    save(scene, out, f"{name}-empty")
    scene.end()


def main() -> int:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    look = theme()
    factor = os.environ["QT_SCALE_FACTOR"]
    for dark in (False, True):
        look.set_dark(dark)
        for size in SIZES:
            shoot(options.out, f"{'dark' if dark else 'light'}-x{factor}", size)
    del app
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
