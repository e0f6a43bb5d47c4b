"""Pictures of the mail server's card in both palettes and several sizes, from a real server.

By hand: `python -m tests.gallery.mail_server --out DIR`. Never collected by pytest.
"""

from __future__ import annotations

import argparse
import os
import smtplib
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
from widgets.mail.server.card import MailServerCard
from widgets.selection import Selection
from widgets.theme.theme import theme

SIZES = {"1440": (992, 420, 1.0), "1280": (760, 360, 1.0), "x2": (1600, 900, 2.0)}


def main() -> None:
    """Play through the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    lab = Lab()
    bridge, log = Bridge(lab), EventLog()
    bridge.add_consumer(log.append)
    theme().hold()
    card = MailServerCard(Desk(lab, bridge, Actions(), Selection(), log))
    theme().release()
    card.resize(992, 420)
    card.show()

    def settle(seconds: float = 0.15) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)

    def until(condition: Callable[[], object]) -> None:
        end = time.monotonic() + 10
        while not condition() and time.monotonic() < end:
            settle(0.02)

    def shoot(name: str) -> None:
        for size, (width, height, scale) in SIZES.items():
            theme().set_scale(scale)
            settle(0.05)
            card.resize(width, height)
            for dark in (False, True):
                theme().set_dark(dark)
                settle(0.1)
                card.grab().save(str(out / f"{name}-{size}-{'dark' if dark else 'light'}.png"))
        theme().set_scale(1.0)
        theme().set_dark(False)

    shoot("01-empty")
    card.show_form()
    shoot("02-form")
    card.form.set_values({"smtp_port": 0, "pop3_port": 0, "imap_port": 0, "tls": True})
    card.start()
    until(lambda: card.slot.server)
    shoot("03-started")
    server = card.slot.server
    assert server is not None
    card.live.rules.lines[0].switch.setChecked(True)
    for number in range(8):
        with smtplib.SMTP(*server.ends["smtp"]) as client:
            client.sendmail(
                f"sender{number}@example.org", ["ann@lab.example", "bob@lab.example"], f"Subject: {number}\r\n\r\nhi"
            )
    until(lambda: card.live.mails.total == 8)
    card.live.table.selectRow(3)
    shoot("04-mails")
    waiting = smtplib.SMTP(*server.ends["smtp"])
    for key in ("sessions", "boxes", "rules"):
        card.live.tabs.show_page(key)
        settle(0.8)
        shoot(f"05-{key}")
    waiting.close()
    card.stop()
    until(lambda: card.slot.phase == "ended")
    taken = smtplib.socket.create_server(("127.0.0.1", 0))
    card.start({"smtp_port": taken.getsockname()[1]}, free_port_if_taken=False)
    until(lambda: card.slot.trouble)
    shoot("06-taken")
    taken.close()
    lab.close()
    bridge.close()


if __name__ == "__main__":
    main()
