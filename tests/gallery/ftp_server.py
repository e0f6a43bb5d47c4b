"""Pictures of the FTP server's card and of both connections drawn, from real services, in both palettes.

By hand: `python -m tests.gallery.ftp_server --out DIR`. Never collected by pytest.
"""

from __future__ import annotations

import argparse
import contextlib
import ftplib
import io
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication, QWidget

from protocols.lab import Lab
from protocols.record.log import EventLog
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.ftp.lanes import Lanes
from widgets.ftp.server_card import FtpServerCard
from widgets.ftp.server_words import PRESETS
from widgets.selection import Selection
from widgets.theme.theme import theme


def talk(address: tuple[str, int], passive: bool) -> None:
    """A short session by ftplib."""
    with contextlib.suppress(ftplib.Error, OSError), ftplib.FTP(timeout=10) as ftp:
        ftp.connect(*address)
        ftp.login("ann", "secret")
        ftp.set_pasv(passive)
        ftp.nlst()
        ftp.retrbinary("RETR readme.txt", lambda _: None)
        ftp.storbinary("STOR incoming/new.bin", io.BytesIO(b"x" * 70_000))


class Studio:
    """Card and lanes with services that run, and a camera."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.app = QApplication.instance() or QApplication(sys.argv[:1])
        self.lab = Lab()
        self.bridge = Bridge(self.lab)
        log = EventLog()
        self.bridge.add_consumer(log.append)
        theme().hold()
        desk = Desk(self.lab, self.bridge, Actions(), Selection(), log)
        self.card = FtpServerCard(desk)
        self.lanes = Lanes(desk)
        theme().release()

    def settle(self, seconds: float = 0.4) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)

    def until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + 10
        while time.monotonic() < end and not condition():
            self.settle(0.02)

    def shoot(self, name: str, widget: QWidget, width: int, height: int) -> None:
        """In both palettes."""
        widget.resize(width, height)
        widget.show()
        for palette in ("light", "dark"):
            theme().set_dark(palette == "dark")
            self.settle(0.25)
            widget.grab().save(str(self.out / f"{name}-{palette}.png"))

    def background(self, *sessions: tuple[tuple[str, int], bool]) -> None:
        def work() -> None:
            for address, passive in sessions:
                talk(address, passive)

        thread = threading.Thread(target=work)
        thread.start()
        self.until(lambda: not thread.is_alive())
        thread.join()
        self.settle(0.6)

    def run(self) -> None:
        card = self.card
        self.shoot("server-form", card, 520, 420)
        card.start(port=0)
        self.until(lambda: card.server is not None)
        self.shoot("server-running", card, 520, 420)
        server = card.server
        assert server is not None
        card.slot.set_rules(PRESETS[:4])
        card.slot.set_rules(())
        self.background((server.address, True), (server.address, False))
        card.slot.switch_wall()
        self.until(lambda: card.slot.wall is not None)
        assert card.slot.wall is not None
        self.background((card.slot.wall.address, True), (card.slot.wall.address, False))
        card.slot.set_rules(PRESETS[:4])
        for tab in ("sessions", "transfers", "rules"):
            card.live.tabs.show_page(tab)
            self.shoot(f"server-{tab}", card, 700, 420)
        self.shoot("lanes", self.lanes, 992, 700)
        self.lanes.choose_session(1)
        self.shoot("lanes-active", self.lanes, 992, 700)
        self.lanes.choose_session(3)
        self.shoot("lanes-refused", self.lanes, 992, 700)
        card.start(port=server.address[1])
        card.stop()
        self.settle()
        self.lab.close(20)
        self.bridge.close()


def main() -> None:
    """Make them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("pictures"))
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    Studio(out).run()


if __name__ == "__main__":
    main()
