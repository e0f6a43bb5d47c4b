"""Pictures of Mr Creosote's panel: `python -m tests.gallery.creosote --out DIR`.

Real buckets and senders on loopback: none, one and ten thousand rows, both palettes, narrow and
wide. It checks nothing: a person looks.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_SCALE_FACTOR", "1")

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMainWindow

from protocols.creosote.module import spew
from protocols.creosote.sender import Sender, SpewSettings
from protocols.lab import Lab
from protocols.record.log import EventLog
from tests.gallery.timeline import SIZES, save, settle
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.creosote.panel import CreosotePanel
from widgets.desk import Desk
from widgets.inspector.dock import InspectorDock
from widgets.selection import Selection
from widgets.theme.theme import theme
from widgets.timeline.dock import TimelineDock

DEADLINE_S = 20.0


class Scene(QMainWindow):
    """A window with the panel, the inspector and the folded time line."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.lab = Lab()
        self.bridge = Bridge(self.lab)
        self.desk = Desk(self.lab, self.bridge, Actions(self), Selection(self), EventLog())
        self.timeline, self.inspector = TimelineDock(self.desk), InspectorDock(self.desk)
        self.panel = CreosotePanel(self.desk)
        self.setCentralWidget(self.panel)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.timeline)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.inspector)
        self.resize(*size)
        self.show()
        self.timeline.set_folded(True)
        self.resizeDocks([self.inspector], [372 if size[0] > 1100 else 260], Qt.Orientation.Horizontal)
        settle()

    def until(self, happened: Callable[[], object]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not happened():
            if time.monotonic() > deadline:
                raise SystemExit("it did not happen in time")
            QApplication.processEvents()

    def listen(self, **values: object) -> int:
        """Start the bucket shown; its port."""
        view = self.panel.listen.buckets.current
        view.form.fields.set_values({"port": 0, **values})
        view.slot.start(view.form.values())
        self.until(lambda: view.slot.phase == "running")
        assert view.slot.bucket is not None
        return view.slot.bucket.port

    def spew(self, port: int, count: int, per_s: float = 0.0) -> None:
        programs = ("build", "web", "db", "mailq", "worker")
        settings = SpewSettings(port=port, programs=programs, count=count // 5, per_s=per_s)
        self.lab.start(Sender(self.lab.recorder, settings))

    def end(self) -> None:
        self.bridge.close()
        self.lab.close()
        self.close()
        self.deleteLater()
        settle()


def shoot(out: Path, tag: str, size: tuple[int, int]) -> None:
    """All pictures of one size in the palette in force."""
    name = f"{tag}-{size[0]}"
    scene = Scene(size)
    panel = scene.panel
    save(scene, out, f"{name}-none")
    panel.new_bucket()
    panel.listen.buckets.current.form.more_button.click()
    save(scene, out, f"{name}-form")
    panel.listen.buckets.current.form.more_button.click()
    port = scene.listen()
    save(scene, out, f"{name}-listening")
    spew(b"<b>one</b> \x1b[1;31mred\x1b[0m \xe2\x80\xaeevil\xe2\x80\xac", "127.0.0.1", port)
    scene.until(lambda: panel.listen.log.rows.count() == 1)
    panel.listen.log.view.chosen.choose(0)
    save(scene, out, f"{name}-one")
    scene.spew(port, 10_000, 420.0)
    scene.until(lambda: len(panel.feed.log) >= 10_001)
    scene.until(lambda: not panel.feed.levels.behind)
    for hostile in (b"", bytes(range(256)), b"x" * 3000, b"\x80\x04\x95.", b"half \xe2\x82", b"\x1f\x8b junk"):
        spew(hostile, "127.0.0.1", port, chunk=False)
    scene.until(lambda: len(panel.feed.log) >= 10_007)
    panel.listen.log.alarms.ask("level>=error")
    panel.listen.log.alarms.add_typed()
    panel.listen.log.go_to(len(panel.feed.log) - 20)
    panel.listen.log.toggle_mark()
    scene.until(lambda: not panel.feed.now_second() % 2)
    save(scene, out, f"{name}-many")
    panel.listen.log.bar.set_text("level>=warn -status:504")
    panel.listen.log.view.head.toggle("field:ms")
    scene.until(lambda: not panel.listen.log.rows.searching)
    save(scene, out, f"{name}-filtered")
    panel.listen.log.bar.set_text("level>=nonsense")
    second = panel.listen.buckets.add_bucket({"bind": "0.0.0.0", "port": port})
    second.slot.start(second.form.values())
    scene.until(lambda: second.slot.trouble is not None)
    save(scene, out, f"{name}-taken")
    scene.listen(bind="0.0.0.0")
    save(scene, out, f"{name}-exposed")
    panel.show_view("send")
    panel.send.form.fields.set_values({"to": "limited", "as_original": True})
    panel.send.send()
    scene.until(lambda: panel.send.trouble is not None)
    save(scene, out, f"{name}-send")
    panel.show_view("snippets")
    save(scene, out, f"{name}-snippets")
    scene.end()


def main() -> int:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="one palette, one size")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    look = theme()
    factor = os.environ["QT_SCALE_FACTOR"]
    for dark in (True,) if options.quick else (False, True):
        look.set_dark(dark)
        for size in SIZES[:1] if options.quick else SIZES:
            shoot(options.out, f"{'dark' if dark else 'light'}-x{factor}", size)
    del app
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
