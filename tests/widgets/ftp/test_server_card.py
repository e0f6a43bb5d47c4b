"""The server's card and the lanes on a real lab: started, talked to, disturbed on purpose and stopped by clicks."""

from __future__ import annotations

import ftplib
import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from protocols.ftp.client.remote import Fetch
from protocols.ftp.client.sftp import SftpSession
from protocols.ftp.client.site import Site
from protocols.ftp.client.tally import Tally
from protocols.ftp.client.trouble import FtpError
from protocols.lab import Lab
from protocols.record.log import EventLog
from protocols.record.recorder import Recorder
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.ftp.lanes import Lanes
from widgets.ftp.server_card import FtpServerCard
from widgets.ftp.server_words import PRESETS
from widgets.selection import Selection
from widgets.theme.theme import theme

LONG_MS = 20_000


@dataclass
class Stage:
    """Card and lanes beside each other."""

    card: FtpServerCard
    lanes: Lanes
    desk: Desk
    qtbot: QtBot
    heard: list[object] = field(default_factory=list)

    def wait(self, condition: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=LONG_MS)

    def click(self, button: QPushButton) -> None:
        self.qtbot.waitUntil(button.isVisible, timeout=LONG_MS)
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def started(self, **changed: object) -> tuple[str, int]:
        self.card.form.fields.set_values({"port": 0, **changed})
        self.click(self.card.start_button)
        self.wait(lambda: self.card.server is not None)
        assert self.card.server is not None
        return self.card.server.address

    def talk(self, work: Callable[[], object]) -> None:
        """Run a client beside the window, as a client is."""
        failed: list[BaseException] = []

        def run() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001
                failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        self.wait(lambda: not thread.is_alive())
        thread.join()
        assert not failed

    def primaries(self) -> list[str]:
        buttons = self.card.findChildren(QPushButton)
        return [button.text() for button in buttons if button.property("primary") and button.isVisible()]


@pytest.fixture
def stage(qtbot: QtBot) -> Iterator[Stage]:
    lab = Lab()
    bridge = Bridge(lab)
    log = EventLog()
    bridge.add_consumer(log.append)
    desk = Desk(lab, bridge, Actions(), Selection(), log)
    theme().hold()
    card, lanes = FtpServerCard(desk), Lanes(desk)
    theme().release()
    made = Stage(card, lanes, desk, qtbot)
    card.started.connect(made.heard.append)
    card.stopped.connect(lambda: made.heard.append("stopped"))
    for widget in (card, lanes):
        qtbot.addWidget(widget)
        widget.resize(720, 480)
        widget.show()
    yield made
    made.card.stop()
    assert lab.close(20) == []
    bridge.close()


def session(address: tuple[str, int], *, passive: bool = True) -> None:
    with ftplib.FTP(timeout=20) as ftp:
        ftp.connect(*address)
        ftp.login("ann", "secret")
        ftp.set_pasv(passive)
        ftp.retrbinary("RETR readme.txt", lambda _: None)
        ftp.storbinary("STOR incoming/new.bin", io.BytesIO(b"x" * 5000))


def test_it_starts_shows_what_it_does_and_stops(stage: Stage) -> None:
    assert stage.primaries() == ["Start"]
    address = stage.started()
    assert stage.primaries() == []
    assert stage.heard == [stage.card.server]
    assert stage.card.live.facts["where"].value() == f"127.0.0.1:{address[1]}"
    assert stage.card.live.facts["users"].value() == "ann, anonymous"
    assert stage.card.user() == ("ann", "secret")
    stage.talk(lambda: session(address))
    live = stage.card.live
    stage.wait(lambda: live.transfers.rowCount() == 2)
    assert [row[:2] for row in live.transfers.rows()] == [("RETR", "/readme.txt"), ("STOR", "/incoming/new.bin")]
    assert all(len(row[-1]) == 64 for row in live.transfers.rows())
    sample = Path(live.facts["folder"].value())
    stage.click(stage.card.stop_button)
    stage.wait(lambda: stage.heard[-1] == "stopped")
    stage.wait(lambda: not sample.exists())
    assert stage.primaries() == ["Start"]
    stage.started()
    assert stage.card.live.transfers.rowCount() == 0


def test_a_session_is_shown_live_and_can_be_ended(stage: Stage) -> None:
    address = stage.started()
    ftp = ftplib.FTP(timeout=20)
    stage.talk(lambda: (ftp.connect(*address), ftp.login("ann", "secret")))
    live = stage.card.live
    stage.wait(lambda: live.sessions.rowCount() == 1)
    stage.wait(lambda: live.sessions.rows()[0][1] == "ann")
    live.session_table.selectRow(0)
    stage.wait(stage.card.end_button.isEnabled)
    stage.click(stage.card.end_button)
    stage.wait(lambda: live.sessions.rowCount() == 0)
    ftp.close()


def test_presets_are_added_by_a_click_counted_and_removed(stage: Stage) -> None:
    rules = stage.card.live.rules
    address = stage.started()
    stage.card.live.tabs.show_page("rules")
    rules.add_menu.actions()[2].trigger()
    assert [rule.name for rule in stage.card.slot.rules] == [PRESETS[2].name]

    def refused() -> None:
        with ftplib.FTP(timeout=20) as ftp:
            ftp.connect(*address)
            ftp.login("ann", "secret")
            with pytest.raises(ftplib.error_temp, match="450 File busy"):
                ftp.retrbinary("RETR readme.txt", lambda _: None)

    stage.talk(refused)
    stage.wait(lambda: rules.model.rows()[0][2] == "1")
    rules.table.selectRow(0)
    stage.click(rules.remove_button)
    assert stage.card.slot.rules == ()


def test_rules_are_saved_and_loaded(stage: Stage, tmp_path: Path) -> None:
    rules = stage.card.live.rules
    for preset in PRESETS:
        rules.add(preset)
    before, path = stage.card.slot.rules, tmp_path / "rules.toml"
    rules.save(path)
    stage.wait(path.exists)
    rules.set([])
    rules.load(path)
    stage.wait(lambda: stage.card.slot.rules == before)
    path.write_text("nonsense")
    rules.load(path)
    stage.wait(lambda: "No TOML" in rules.strip.text())
    path.write_bytes(b"\xff\xfe")
    rules.load(path)
    stage.wait(lambda: "no text in UTF-8" in rules.strip.text())
    rules.load(tmp_path / "nowhere")
    stage.wait(lambda: "No such file" in rules.strip.text() and "Errno" not in rules.strip.text())


def test_the_firewall_is_one_click_and_the_lanes_show_what_it_does(stage: Stage) -> None:
    stage.started()
    stage.click(stage.card.live.wall_button)
    stage.wait(lambda: stage.card.slot.wall is not None)
    wall = stage.card.slot.wall
    assert wall is not None
    assert stage.card.live.facts["wall"].value() == wall.where
    stage.talk(lambda: session(wall.address))

    def refused() -> None:
        with pytest.raises(ftplib.error_temp, match="425"):
            session(wall.address, passive=False)

    stage.talk(refused)
    layout = stage.lanes.layout_of
    stage.wait(lambda: len(layout.order) == 2 and any(step.shape == "refused" for step in layout.order[1].steps))
    assert all(each.wall for each in layout.order)
    stage.click(stage.card.live.wall_button)
    stage.wait(lambda: stage.card.slot.wall is None)


def test_a_click_in_the_lanes_selects_the_event(stage: Stage) -> None:
    address = stage.started()
    stage.talk(lambda: session(address))
    view = stage.lanes.view
    stage.wait(lambda: view.painter.session is not None and len(view.painter.session.steps) > 10)
    shown = view.painter.session
    assert shown is not None
    stage.wait(lambda: shown.steps[-1].text.startswith("session"))
    view.verticalScrollBar().setValue(0)
    y = int(view.painter.head_height + view.painter.step_height * 1.5)
    stage.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(200, y))
    row = stage.desk.selection.row
    assert row is not None
    assert row in shown.steps[1].rows
    stage.qtbot.keyClick(view, Qt.Key.Key_Down)
    assert stage.desk.selection.row in shown.steps[2].rows
    assert stage.lanes.choose_row(shown.steps[0].log_row)


def test_what_can_not_be_served_is_said_where_the_click_was(stage: Stage) -> None:
    stage.card.form.fields.set_values({"root": "/srv/nowhere", "port": 0})
    stage.click(stage.card.start_button)
    stage.wait(lambda: "is no folder" in stage.card.form.strip.text())
    stage.card.form.fields.set_values({"root": "", "users": "ann"})
    stage.click(stage.card.start_button)
    stage.wait(lambda: "NAME:PASSWORD" in stage.card.form.strip.text())


def test_a_taken_port_is_mended_by_a_click(stage: Stage) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        stage.card.form.fields.set_values({"port": taken.getsockname()[1]})
        stage.click(stage.card.start_button)
        stage.wait(lambda: "free-port" in stage.card.form.strip.buttons)
        stage.click(stage.card.form.strip.buttons["free-port"])
        stage.wait(lambda: stage.card.server is not None)


def test_an_exposed_server_has_a_standing_warning(stage: Stage) -> None:
    stage.started(host="0.0.0.0")
    stage.wait(stage.card.live.warning.isVisible)
    assert "Anybody can log in" in stage.card.live.warning.text()


def test_sftp_is_a_choice_with_its_host_key_shown_and_fails_by_the_same_rules(stage: Stage, tmp_path: Path) -> None:
    address = stage.started(protocol="sftp")
    live = stage.card.live
    live.tabs.show_page("rules")
    stage.wait(live.rules.isVisible)
    presets = live.rules.add_menu.actions()
    assert [action.isVisible() for action in presets[:3]] == [False, True, True]
    presets[2].trigger()

    def refused() -> None:
        session = SftpSession(Site(*address, "ann", "secret", scheme="sftp", host_keys=("*",)), Recorder(), "sftp")
        with pytest.raises(FtpError, match="File busy"):
            session.get(Fetch("readme.txt", tmp_path / "got"), Tally())
        session.close()

    stage.talk(refused)
    stage.wait(lambda: live.rules.model.rows()[0][2] == "1")
    stage.wait(live.facts["key"].isVisible)
    assert live.facts["key"].value().startswith("SHA256:")
    assert not live.wall_button.isVisible()
    assert stage.card.head.chip.text() == "SFTP"
    stage.click(stage.card.stop_button)
    stage.started(protocol="ftp")
    stage.wait(live.wall_button.isVisible)


def test_the_server_shows_as_python(stage: Stage) -> None:
    from protocols.scripts import render

    shown: list[str] = []
    stage.desk.show_python = lambda name, values: shown.append(render(name, values))
    stage.card.form.fields.set_values({"passive_ports": "50000-50010", "port": 2121})
    stage.click(stage.card.code_button)
    assert "50000, 50010 + 1" in shown[0]
    assert '"ann", "secret"' in shown[0].replace("'", '"')
