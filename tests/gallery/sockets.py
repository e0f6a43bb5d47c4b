"""Pictures of the socket bench's panel in both palettes and several sizes, from real services.

By hand: `python -m tests.gallery.sockets --out DIR`. Never collected by pytest.
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
from widgets.selection import Selection
from widgets.sockets.panel import SocketsPanel
from widgets.theme.theme import theme

LINES = ("The quick brown fox jumps over the lazy dog.", "pack my box with five dozen liquor jugs")
SIZES = {"1440": (992, 345, 1.0), "1024": (708, 330, 1.0), "tall": (1364, 760, 1.0), "x2": (1900, 1100, 2.0)}


class Studio:
    """A panel with services that run, and a camera."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.app = QApplication.instance() or QApplication(sys.argv[:1])
        self.lab = Lab()
        self.bridge = Bridge(self.lab)
        log = EventLog()
        self.bridge.add_consumer(log.append)
        actions = Actions()
        actions.add("timeline.ladder", "Show the ladder", lambda: None)
        self.panel = SocketsPanel(Desk(self.lab, self.bridge, actions, Selection(), log))
        self.panel.show()
        self.panel.shown()

    def settle(self, seconds: float = 0.15) -> None:
        """Let the window live."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)

    def until(self, condition: Callable[[], object]) -> None:
        """Let the window live until something holds, five seconds at most."""
        end = time.monotonic() + 5
        while not condition() and time.monotonic() < end:
            self.settle(0.02)

    def shoot(self, name: str) -> None:
        """The panel in every size and both palettes."""
        for size, (width, height, scale) in SIZES.items():
            theme().set_scale(scale)
            self.settle()
            self.panel.resize(width, height)
            for dark in (False, True):
                theme().set_dark(dark)
                self.settle()
                self.panel.grab().save(str(self.out / f"{name}-{size}-{'dark' if dark else 'light'}.png"))
        theme().set_scale(1.0)
        theme().set_dark(False)

    def close(self) -> None:
        """Stop everything."""
        self.panel.hidden()
        self.lab.close()
        self.bridge.close()


def play(studio: Studio) -> None:
    """From the empty panel to a refused connect, then every other view."""
    panel = studio.panel
    ends = panel.ends
    studio.shoot("empty")
    ends.start_first()
    studio.until(lambda: ends.servers.current.slot.phase == "running")
    studio.shoot("waiting")
    for count in (1, 2, 3):
        view = ends.connect_to(ends.servers.current.slot)
        studio.until(lambda view=view: view.slot.phase == "connected")
        for line in LINES[: count % 2 + 1]:
            view.slot.send(line.encode() + b"\r\n")
    ends.clients.views[1].slot.order(lambda client: client.half_close())
    studio.settle(0.6)
    studio.shoot("talk")
    refused = ends.clients.add_client({"host": "127.0.0.1", "port": 1})
    ends.clients.connect_client(refused)
    studio.until(lambda: refused.slot.trouble)
    studio.shoot("refused")
    refused.form.more_button.click()
    panel.new_server()
    ends.servers.current.form.more_button.click()
    studio.shoot("forms")
    _chunks(studio)
    _telnet(studio)
    _spin(studio)
    _others(studio)


def _chunks(studio: Studio) -> None:
    """An answer put together from several chunks, and the strip that points to the ladder."""
    ends = studio.panel.ends
    studio.panel.pointer.done = False
    slot = ends.start_preset({"behaviour": "echo", "transport": "tcp", "port": 0, "model": "threads"})
    studio.until(lambda: slot.phase == "running")
    view = ends.clients.add_client({"framing": "line", "recv_size": 16})
    ends.connect_to(slot)
    studio.until(lambda: view.slot.phase == "connected")
    for line in (*LINES, "short"):
        view.slot.send(line.encode())
    studio.settle(0.6)
    studio.shoot("chunks")


def _telnet(studio: Studio) -> None:
    ends = studio.panel.ends
    slot = ends.start_preset({"behaviour": "telnet", "port": 0})
    studio.until(lambda: slot.phase == "running")
    view = ends.connect_to(slot)
    studio.until(lambda: any(b"login" in line.data for line in view.slot.lines.lines()))
    view.slot.send_command("AYT")
    studio.settle(0.6)
    studio.shoot("telnet")


def _spin(studio: Studio) -> None:
    """The loop that spins, and the mended one beside it."""
    ends = studio.panel.ends
    course = ends.start_preset({"behaviour": "upper-course", "transport": "tcp", "port": 0, "model": "threads"})
    studio.until(lambda: course.phase == "running")
    ends.visit(course)
    studio.until(lambda: course.spinning)
    studio.shoot("spins")
    ends.compare(course)
    studio.until(lambda: ends.servers.current.slot is not course and ends.servers.current.slot.visit == "over")
    studio.settle(0.4)
    studio.shoot("mended")
    course.stop_spinning()


def _others(studio: Studio) -> None:
    panel = studio.panel
    panel.show_view("steps")
    page = panel.view("steps")
    for side, name in ((page.server, "create"), (page.server, "bind"), (page.server, "listen"), (page.client, "recv")):
        side.buttons[name].click()
        studio.until(lambda side=side: not side._waiting)
    studio.shoot("steps")
    panel.show_view("options")
    studio.until(panel.view("options").model.rowCount)
    studio.shoot("options")
    panel.view("options").choose("server 1")
    studio.settle(0.3)
    studio.shoot("options-listening")
    panel.show_view("tls")
    tls = panel.view("tls")
    tls.connect_button.click()
    studio.until(lambda: tls.facts)
    studio.shoot("tls")
    tls.fields["certificate"] = "expired"
    tls.connect_button.click()
    studio.until(tls.strip.isVisible)
    studio.shoot("tls-expired")
    for view, id in (("failures", "reset"), ("experiments", "two-sends")):
        panel.show_view(view)
        catalog = panel.view(view)
        catalog.view.choose(id)
        catalog.run_button.click()
        studio.until(lambda catalog=catalog, id=id: id in catalog.results)
        studio.shoot(view)


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    studio = Studio(out)
    try:
        play(studio)
    finally:
        studio.close()


if __name__ == "__main__":
    main()
