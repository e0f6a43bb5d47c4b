"""The mail server's card: one click to a server, each of its pages, its rules, and every way that a start fails."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QPushButton
from pytestqt.qtbot import QtBot

from protocols.lab import Lab
from protocols.mail.server.service import MailServer
from protocols.record.log import EventLog
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.mail.server.card import MailServerCard
from widgets.selection import Selection
from widgets.theme.theme import theme

LONG_MS = 15_000
FREE = {"smtp_port": 0, "pop3_port": 0, "imap_port": 0}


@dataclass
class Room:
    """The card, its desk, and what it asked of the window."""

    card: MailServerCard
    desk: Desk
    qtbot: QtBot
    scripts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    toasts: list[str] = field(default_factory=list)

    def click(self, button: QAbstractButton) -> None:
        """Click what a person can see and use."""
        self.qtbot.waitUntil(button.isVisible, timeout=LONG_MS)
        assert button.isEnabled(), f"{button.text()} can't be clicked"
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def wait(self, condition: Callable[[], object]) -> None:
        """Let the window live until the condition holds."""
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=LONG_MS)

    def serve(self, **values: Any) -> MailServer:
        """Start a server on free ports."""
        self.card.start({**FREE, **values})
        self.wait(lambda: self.card.slot.phase == "running" or self.card.slot.trouble is not None)
        assert self.card.slot.server is not None, self.card.slot.trouble
        return self.card.slot.server

    def send(self, *to: str) -> dict[str, tuple[int, bytes]]:
        """Send a mail; the refused recipients."""
        assert self.card.slot.server is not None
        with smtplib.SMTP(*self.card.slot.server.ends["smtp"]) as client:
            return client.sendmail("a@example.org", list(to), b"Subject: x\r\n\r\nhi\r\n")

    def primaries(self) -> list[str]:
        """The primary buttons that the card shows."""
        return [
            one.text() for one in self.card.findChildren(QPushButton) if one.property("primary") and one.isVisible()
        ]


@pytest.fixture
def room(qtbot: QtBot) -> Iterator[Room]:
    """The card on a real lab; nothing of it is left."""
    lab = Lab()
    bridge, log = Bridge(lab), EventLog()
    bridge.add_consumer(log.append)
    desk = Desk(lab, bridge, Actions(), Selection(), log)
    theme().hold()
    card = MailServerCard(desk)
    theme().release()
    made = Room(card, desk, qtbot)
    desk.toast = desk.decline = made.toasts.append
    desk.show_python = lambda action, params: made.scripts.append((action, dict(params)))
    qtbot.addWidget(card)
    card.resize(1000, 500)
    card.show()
    yield made
    lab.close()
    bridge.drain()
    bridge.close()


def test_one_click_starts_a_server_and_another_sends_a_first_mail(room: Room) -> None:
    card = room.card
    started: list[object] = []
    card.started.connect(started.append)
    card.form.set_values(FREE)
    assert room.primaries() == ["Start a mail server"]
    room.click(card.empty.button)
    room.wait(lambda: started)
    server = card.slot.server
    assert started == [server]
    assert server is not None
    shown = {name: where.fact.value() for name, where in card.live.doors.items() if where.isVisible()}
    assert shown == {name: f"127.0.0.1:{port}" for name, (_, port) in server.ends.items()}
    room.click(card.live.doors["imap"].button)
    assert QGuiApplication.clipboard().text() == shown["imap"]
    assert room.primaries() == ["Send a first mail"]
    room.click(card.live.empty.button)
    room.wait(lambda: card.live.mails.total == 1 and room.toasts)
    assert card.live.table.model().index(0, 3).data() == "ann@netlab.example"


def test_a_protocol_can_be_left_out_and_the_switches_count(room: Room) -> None:
    server = room.serve(smtp=False, pop3=False, sync=True, received=True, silence_s=7)
    assert list(server.ends) == ["imap"]
    assert (server.setup.sync, server.setup.received, server.setup.timeout_s) == (True, True, 7.0)
    assert not room.card.live.empty.button.isVisible()
    assert not room.card.form.fields.editor("smtp_port").isEnabled()
    assert room.card.form.fields.editor("imap_port").isEnabled()


def test_a_rule_is_added_changed_and_taken_away(room: Room) -> None:
    room.serve()
    rules = room.card.live.rules
    before = len(rules.lines)
    room.card.live.tabs.show_page("rules")
    next(one for one in rules.menu.actions() if one.text().startswith("Refuse recipient")).trigger()
    line = rules.lines[-1]
    line.fields.set_values({"match": "carl@*", "code": 553, "text": "5.7.1 Not for Carl"})
    assert line.switch.text() == "refuse recipient carl@*"
    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        room.send("carl@x")
    assert caught.value.recipients == {"carl@x": (553, b"5.7.1 Not for Carl")}
    line = rules.add("refuse")
    line.fields.set_values({"at": "NOOP", "first": 3, "code": 555, "text": "5.0.0 The third"})
    with smtplib.SMTP(*room.card.slot.server.ends["smtp"]) as client:  # type: ignore[union-attr]
        assert [client.noop()[0] for _ in range(4)] == [250, 250, 555, 555]
    for _ in range(2):
        room.click(rules.lines[-1].remove_button)
    assert len(rules.lines) == len(room.card.slot.rules) == before


def test_a_row_selects_the_event_of_its_mail(room: Room) -> None:
    room.serve()
    for name in ("ann", "bob"):
        room.send(f"{name}@x")
    room.wait(lambda: room.card.live.mails.total == 2)
    picked: list[Any] = []
    room.card.picked.connect(picked.append)
    table = room.card.live.table
    table.picked.emit(1)
    row = room.desk.selection.row
    assert row is not None
    raw = room.desk.log.raw(row)
    assert (raw[2], raw[9]) == ("mail", "mail from a@example.org to bob@x, 18 bytes")
    assert picked[0].recipients == ("bob@x",)
    room.click(room.card.clear_button)
    assert room.card.live.mails.rowCount() == 0


def test_sessions_and_mailboxes_are_counted(room: Room) -> None:
    live = room.card.live
    server = room.serve()
    room.send("ann@x")
    with smtplib.SMTP(*server.ends["smtp"]):
        live.tabs.show_page("sessions")
        room.wait(lambda: live.sessions.rowCount() == 1)
        assert live.sessions.row(0)[1] == "SMTP"
        live.tabs.show_page("boxes")
        room.wait(lambda: live.boxes.rowCount() == 10)
        assert live.boxes.row(0) == ("ann", "INBOX", "1")
    live.tabs.show_page("sessions")
    room.wait(lambda: live.sessions.rowCount() == 0)


def test_a_failure_is_switched_on_while_the_server_runs_and_tells_how_often_it_fired(room: Room) -> None:
    live = room.card.live
    room.serve()
    assert room.send("ann@x", "bob@x") == {}
    live.tabs.show_page("rules")
    line = live.rules.lines[0]
    line.switch.click()
    line.fields["code"] = 551
    assert {address: code for address, (code, _) in room.send("ann@x", "bob@x").items()} == {"bob@x": 551}
    room.wait(lambda: line.fired.text() == "fired once")
    assert live.tabs.bar.tabText(3) == "Failures 1 on"
    room.click(live.rules.off_button)
    assert room.send("ann@x", "bob@x") == {}


def test_rules_are_saved_and_loaded(room: Room, tmp_path: Path) -> None:
    rules, place = room.card.live.rules, tmp_path / "mine.toml"
    rules.lines[2].switch.setChecked(True)
    before = rules.rules()
    rules.save(place)
    room.wait(place.exists)
    rules.all_off()
    rules.load(place)
    room.wait(lambda: rules.rules() == before)
    assert room.card.slot.rules == before
    place.write_text("[[rule]]\nfault = 'explode'\n")
    rules.load(place)
    room.wait(lambda: "no failure 'explode'" in rules.strip.text())
    assert rules.rules() == before


def test_rules_of_the_page_hold_for_the_next_start(room: Room) -> None:
    room.card.live.rules.lines[0].switch.setChecked(True)
    room.serve()
    assert list(room.send("ann@x", "bob@x")) == ["bob@x"]


def test_a_port_that_is_taken_can_be_mended_by_a_click(room: Room) -> None:
    card = room.card
    with socket.create_server(("127.0.0.1", 0)) as taken:
        card.start({**FREE, "pop3_port": taken.getsockname()[1]}, free_port_if_taken=False)
        room.wait(lambda: card.slot.trouble)
        assert card.form.strip.errno == "EADDRINUSE"
        room.click(card.form.strip.buttons["free-ports"])
        room.wait(lambda: card.slot.phase == "running")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"users": [["a/b", "x"]]}, "no user's name"), ({"host": "203.0.113.1"}, ""),
        ({"store": "/proc/nowhere"}, "/proc"),
    ],
)  # fmt: skip
def test_what_can_not_be_served_is_said_in_the_form(room: Room, values: dict[str, Any], told: str) -> None:
    failed: list[object] = []
    room.card.failed.connect(failed.append)
    if "host" in values:
        room.card.form.fields.editor("host").addItem("x", values["host"])  # type: ignore[attr-defined]
    room.card.start({**FREE, **values})
    room.wait(lambda: failed)
    assert room.card.form.strip.isVisible()
    assert told in room.card.form.strip.text()


def test_stopping_shows_the_form_again_and_tls_and_exposure_are_told(room: Room) -> None:
    card, stopped = room.card, []
    card.stopped.connect(lambda: stopped.append(1))
    server = room.serve(tls=True, host="0.0.0.0", domain="lab.example")
    assert set(server.ends) == {"smtp", "pop3", "imap", "smtps", "pop3s", "imaps"}
    assert card.live.warning.isVisible()
    assert "other machines" in card.live.warning.text()
    room.click(card.python_button)
    assert room.scripts[0][0] == "mail-server"
    assert room.scripts[0][1]["domain"] == "lab.example"
    room.click(card.stop_button)
    room.wait(lambda: stopped)
    assert card.pages.currentWidget() is card.form
    assert room.primaries() == ["Start a mail server"]


def test_users_are_typed_into_their_table(room: Room) -> None:
    model = room.card.form.users
    model.setData(model.index(2, 0), "zoë")
    model.setData(model.index(2, 1), "pw")
    model.setData(model.index(0, 0), "")
    model.setData(model.index(0, 1), "")
    assert model.users() == [("bob", "bob"), ("zoë", "pw")]
    server = room.serve()
    assert dict(server.setup.users) == {"bob": "bob", "zoë": "pw"}
    kept = room.card.values()
    model.set_users([])
    room.card.set_values(kept)
    assert model.users() == [("bob", "bob"), ("zoë", "pw")]


def test_every_input_has_a_name(room: Room) -> None:
    room.card.show_form()
    for holder in (room.card.form.fields, *(line.fields for line in room.card.live.rules.lines)):
        for key in holder.values():
            assert holder.editor(key).accessibleName(), key
