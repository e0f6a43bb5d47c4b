"""Pictures of the FTP panel in both palettes and several sizes, from real services.

By hand: `python -m tests.gallery.ftp --out DIR`. Never collected by pytest.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
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
from widgets.ftp.panel import FtpPanel
from widgets.selection import Selection
from widgets.theme.theme import theme

SIZES = {"1440": (992, 740, 1.0), "1280": (832, 650, 1.0), "x2": (1900, 1100, 2.0)}


class Studio:
    """A panel with services that run, and a camera."""

    def __init__(self, out: Path, sizes: str) -> None:
        self.out = out
        self.sizes = {name: size for name, size in SIZES.items() if name in sizes.split(",")}
        self.app = QApplication.instance() or QApplication(sys.argv[:1])
        theme().install(self.app)  # type: ignore[arg-type]
        self.lab = Lab()
        self.bridge = Bridge(self.lab)
        log = EventLog()
        self.bridge.add_consumer(log.append)
        theme().hold()
        self.panel = FtpPanel(Desk(self.lab, self.bridge, Actions(), Selection(), log))
        theme().release()
        self.panel.resize(992, 740)
        self.panel.show()
        self.panel.shown()

    def settle(self, seconds: float = 0.15) -> None:
        """Let the window live."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)

    def until(self, condition: Callable[[], object]) -> None:
        """Let the window live until something holds, ten seconds at most."""
        end = time.monotonic() + 10
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
                self.settle(0.1)
                self.panel.grab().save(str(self.out / f"{name}-{size}-{'dark' if dark else 'light'}.png"))
        theme().set_scale(1.0)
        theme().set_dark(False)

    def close(self) -> None:
        """Stop everything."""
        self.panel.ends.server.stop()
        self.settle(0.3)
        self.panel.hidden()
        self.lab.close()
        self.bridge.close()


def play(studio: Studio, folder: Path) -> None:
    """From the empty panel through every view."""
    panel, ends = studio.panel, studio.panel.ends
    studio.shoot("01-empty")
    ends.client.form.fields["port"] = 1
    ends.client.connect_now()
    studio.until(lambda: panel.slot.trouble)
    studio.shoot("02-refused")
    ends.client.form.more_button.setChecked(True)
    studio.shoot("03-more")
    ends.client.form.more_button.setChecked(False)
    panel.show_view("files")
    studio.until(lambda: panel.files.here.listing)
    studio.shoot("04-files-away")
    panel.show_view("ends")
    ends.client.form.fields["protocol"] = "explicit"
    ends.give_other_end()
    studio.until(lambda: panel.slot.phase == "connected")
    studio.settle(0.5)
    studio.shoot("05-connected")
    panel.show_view("files")
    files = panel.files
    studio.until(lambda: files.there.listing)
    files.here.go(str(folder))
    studio.until(lambda: files.here.path == str(folder))
    files.there.view.selectAll()
    studio.settle()
    files.get_button.click()
    studio.until(lambda: files.queue.model.counts.done > 8 and files.queue.model.counts.open == 0)
    studio.settle(0.3)
    files.there.model.toggle(2)
    studio.settle(0.3)
    studio.shoot("06-files")
    files.there.view.selectAll()
    files.fields["caller"] = "object"
    files.get_button.click()
    studio.until(lambda: files.queue.model.counts.failed and files.queue.model.counts.open == 0)
    studio.settle(0.3)
    files.queue.table.selectRow(files.queue.model.rowCount() - 1)
    files.there.view.clearSelection()
    files.there.view.selectRow(0)
    files.there.ask_remove()
    studio.shoot("07-exists")
    files.there.ask.put_away()
    files.there.tell_about()
    studio.shoot("08-about")
    panel.show_view("lanes")
    studio.settle(0.3)
    studio.shoot("11-lanes")
    panel.show_view("hand")
    studio.shoot("09-hand-empty")
    for line in ("FEAT", "SIZE readme.txt", "CWD nowhere", "LIST"):
        panel.hand.field.setText(line)
        panel.hand.send()
        studio.until(lambda: not panel.hand.waiting)
    studio.shoot("10-hand")


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default="pictures")
    parser.add_argument("--sizes", default="1440,1280,x2")
    arguments = parser.parse_args()
    out = Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    studio = Studio(out, arguments.sizes)
    try:
        with tempfile.TemporaryDirectory() as folder:
            play(studio, Path(folder))
    finally:
        studio.close()


if __name__ == "__main__":
    main()
