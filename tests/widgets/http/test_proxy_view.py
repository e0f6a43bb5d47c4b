"""The proxy view with a real proxy, a real site and real clients: list, hold, edit, drop, answer, replay, speed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QWidget

from protocols.http.client.client import HttpClient
from protocols.http.client.run import Run
from protocols.http.proxy.entry import Entry
from protocols.http.proxy.rules import Match, Rule
from protocols.http.request import Body, Proxy, Request
from protocols.tls import lab_ca
from tests.widgets.http.conftest import Room
from widgets.http.proxy.page import ProxyPage
from widgets.http.proxy.rows import STATE


class Scene:
    """The page, its proxy, a site, and a client beside the request builder."""

    def __init__(self, room: Room) -> None:
        self.room = room
        room.panel.show_view("proxy")
        page = room.panel.view("proxy")
        assert isinstance(page, ProxyPage)
        self.page = page
        self.client = HttpClient(room.desk.lab.recorder, name="beside")
        room.desk.lab.start(self.client, room="http")
        self.base = room.serve(site="sandbox").url.rstrip("/")

    def start(self, **values: Any) -> None:
        """Start the proxy by its button."""
        self.page.card.form.set_values({"port": 0, **values})
        self.room.click(self.page.card.start_button)
        self.room.wait(lambda: self.page.slot.phase not in ("starting", "idle") or self.page.slot.trouble)

    def again(self) -> None:
        """The proxy stopped, no rules, and its list of exchanges begins anew with the next start."""
        if self.page.slot.running:
            self.room.click(self.page.card.stop_button)
            self.room.wait(lambda: self.page.slot.phase == "ended")
        self.page.rules.set_rules(())
        self.page.show_part("exchanges")

    def ask(self, path: str, method: str = "GET", body: bytes = b"") -> Run:
        """A request of the client beside, through the proxy."""
        proxy = self.page.slot.proxy
        assert proxy is not None
        kind = Body("text", content_type="application/json", raw=body) if body else Body()
        return self.client.send(Request(method, self.base + path, body=kind, proxy=Proxy(proxy.url)))

    def over(self, run: Run) -> int:
        """The status of a request, once it is over; 0 where it failed."""
        self.room.wait(lambda: run.over)
        return run.exchanges[-1].status if run.exchanges and run.failure is None else 0

    def rows(self) -> list[Entry]:
        """The exchanges shown."""
        rows = self.page.exchanges.rows
        return [rows.entry(at) for at in range(rows.rowCount())]

    def held(self) -> Entry:
        """The exchange that waits, chosen by the button beside the filter."""
        self.room.wait(self.page.slot.held)
        self.room.click(self.page.exchanges.next_button)
        entry = self.page.details.entry
        assert entry is not None
        assert entry.held
        return entry

    def body(self, run: Run) -> bytes:
        """What the client got."""
        return bytes(run.body.data)


@pytest.fixture
def scene(room: Room) -> Scene:
    return Scene(room)


def _words(widget: QWidget) -> str:
    return " ".join(label.text() for label in widget.findChildren(QLabel))


def _lines(entry: Entry) -> list[str]:
    return entry.request.head.decode().strip().split("\r\n")


def test_first_it_says_what_to_do_then_a_taken_port_is_mended_and_reverse_mode_shows_bytes(scene: Scene) -> None:
    page, room = scene.page, scene.room
    assert "Start the proxy" in page.exchanges.empty.accessibleName() + _words(page.exchanges.empty)
    assert not page.details.isVisible()
    assert room.primaries(page) == ["Start"]
    scene.start()
    room.wait(page.card.curl.isVisible)
    proxy = page.slot.proxy
    assert proxy is not None
    assert page.card.curl.text().startswith(f"curl -x {proxy.url} http")
    room.click(page.card.copy_button)
    assert QGuiApplication.clipboard().text() == page.card.curl.text()
    assert room.primaries(page) == ["Send a request through it"]
    room.click(page.card.stop_button)
    room.wait(lambda: page.slot.phase == "ended" and page.card.start_button.isVisible())
    scene.again()
    port = int(scene.base.rpartition(":")[2])
    scene.start(port=port)
    room.wait(lambda: page.card.form.strip.errno == "EADDRINUSE")
    log = room.desk.log
    room.wait(lambda: any("EADDRINUSE" in raw[9] for raw in log.raws(log.first, len(log))))
    page.card.form.strip.why_requested.emit()
    assert (room.explained[-1].kind, room.explained[-1].errno) == ("bind", "EADDRINUSE")
    room.click(page.card.form.strip.buttons["free-port"])
    room.wait(lambda: page.slot.running)
    scene.again()
    scene.start(mode="reverse", target="nonsense")
    room.wait(lambda: "HOST" in page.card.form.strip.text() or "127.0.0.1:8080" in page.card.form.strip.text())
    scene.start(mode="reverse", target=scene.base.removeprefix("http://"))
    assert page.slot.running
    room.ends.request.set_url(scene.base + "/status/404")
    room.click(page.card.request_button)
    room.wait(lambda: page.details.entry is not None and page.details.entry.kind == "tcp"
              and page.details.entry.response.size > 0)  # fmt: skip
    page.details.tabs.show_page("wire")
    room.wait(lambda: "GET /status/404" in page.details.wire.toPlainText()
              and "HTTP/1.1 404" in page.details.wire.toPlainText())  # fmt: skip


def test_the_builders_request_goes_through_it_and_its_row_is_chosen_and_a_failure_is_told(scene: Scene) -> None:
    page, room = scene.page, scene.room
    scene.start()
    room.ends.request.set_url(scene.base + "/gzip")
    room.click(page.exchanges.empty.button)
    room.wait(lambda: page.details.entry is not None and page.details.entry.over)
    entry = page.details.entry
    assert entry is not None
    assert (entry.method, entry.status) == ("GET", 200)
    assert entry.url.endswith("/gzip")
    assert page.exchanges.chosen() is entry
    room.wait(lambda: "unpacked" in page.details.response.note.text() and page.details.response.body_view.prepared)
    assert page.details.response.start.text() == "HTTP/1.1 200 OK"
    page.details.tabs.show_page("timing")
    assert {"wait", "transfer"} <= {row.key for row in page.details.waterfall.rows()}
    page.details.tabs.show_page("wire")
    room.wait(lambda: "To the origin" in page.details.wire.toPlainText())
    page.details.tabs.show_page("diff")
    room.wait(lambda: "+Via: 1.1 netlab" in page.details.diff.toPlainText())
    assert room.ends.request.request().proxy == Proxy(), "the builder's own options are as they were"
    scene.again()
    page.card.form.set_values({"port": 0})
    room.ends.request.set_url("http://127.0.0.1:1/nobody")
    room.desk.actions.get("http.proxy-send").trigger()
    room.wait(lambda: page.details.entry is not None and page.details.entry.failure is not None)
    room.wait(lambda: page.details.strip.errno == "ECONNREFUSED")
    page.details.strip.why_requested.emit()
    assert room.explained[-1].detail["errno"] == "ECONNREFUSED"


def test_a_proxy_that_asks_for_a_password_refuses_a_stranger_and_keeps_the_secret_out_of_files(scene: Scene) -> None:
    page, room = scene.page, scene.room
    fields = page.card.form.fields
    assert not fields.editor("password").isVisible(), "only who is asked for has a password"
    scene.start(user="guido")
    room.wait(lambda: "no password is typed" in page.card.form.strip.text())
    scene.start(user="guido", password="guido456")
    assert page.slot.running
    assert " -U guido " in page.card.curl.text()
    assert "guido456" not in page.card.curl.text()
    assert scene.over(scene.ask("/items")) == 407, "the client beside knows no password"
    room.ends.request.set_url(scene.base + "/items")
    room.click(page.card.request_button)
    room.wait(lambda: page.details.entry is not None and page.details.entry.status == 200)
    assert [entry.status for entry in scene.rows()][:2] == [407, 200]
    kept = repr(room.panel.save_state())
    assert "guido" in kept
    assert "guido456" not in kept
    scene.again()
    page.card.form.set_values({"mode": "reverse"})
    assert not fields.editor("user").isVisible()


def test_a_held_request_waits_while_others_pass_and_takes_neither_focus_nor_place(scene: Scene) -> None:
    page, room = scene.page, scene.room
    scene.start()
    assert scene.over(scene.ask("/items")) == 200
    room.wait(lambda: len(scene.rows()) == 1)
    page.rules.add(Rule("hold", Match(method="POST")))
    page.show_part("exchanges")
    page.exchanges.choose(scene.rows()[0].number)
    page._on_picked(scene.rows()[0])
    page.exchanges.filter.setFocus()
    runs = [scene.ask("/items", "POST", b'{"title": "%d"}' % number) for number in range(2)]
    room.wait(lambda: len(page.slot.held()) == 2 and page.exchanges.held.word == "2 held")
    assert page.details.entry is scene.rows()[0]
    assert page.exchanges.chosen() is scene.rows()[0]
    assert isinstance(room.panel.focusWidget(), QLineEdit)
    assert scene.over(scene.ask("/status/204")) == 204, "nobody else waits"
    assert [run.over for run in runs] == [False, False]
    room.click(page.exchanges.release_all_button)
    assert [scene.over(run) for run in runs] == [201, 201]
    room.wait(page.exchanges.held.isHidden)


def test_dropped_answered_oneself_and_changed_both_ways(scene: Scene) -> None:
    page, room = scene.page, scene.room
    scene.start()
    page.rules.add(Rule("hold"))
    page.show_part("exchanges")
    run = scene.ask("/items")
    entry = scene.held()
    room.click(page.details.drop_button)
    assert scene.over(run) == 0
    room.wait(lambda: entry.state == "dropped")
    run = scene.ask("/items")
    scene.held()
    room.click(page.details.answer_button)
    edit = page.details.edit
    room.wait(lambda: page.details.editing and edit.what == "answer")
    edit.head.setPlainText("HTTP/1.1 418 I'm a teapot\nX-By: me")
    edit.body.setPlainText("short and stout")
    room.click(edit.go_button)
    assert scene.over(run) == 418
    assert scene.body(run) == b"short and stout"
    scene.again()
    scene.start()
    page.rules.add(Rule("hold", Match(url="*/items*", status="200"), at="response"))
    page.show_part("exchanges")
    run = scene.ask("/items")
    entry = scene.held()
    assert entry.state == "held response"
    room.click(page.details.edit_button)
    edit = page.details.edit
    room.wait(lambda: page.details.editing and edit.head.toPlainText().startswith("HTTP/1.1 200"))
    edit.body.setPlainText("[]")
    room.click(edit.go_button)
    assert scene.over(run) == 200
    assert scene.body(run) == b"[]"
    scene.again()
    scene.start()
    page.rules.add(Rule("hold", Match(url="*/echo*")))
    page.show_part("exchanges")
    run = scene.ask("/echo", "POST", b"one")
    entry = scene.held()
    assert room.primaries(page.details) == ["Release"]
    room.click(page.details.edit_button)
    edit = page.details.edit
    room.wait(lambda: page.details.editing and edit.body.toPlainText() == "one")
    edit.body.setPlainText("two and three")
    edit.head.setPlainText("this is no request")
    room.click(edit.go_button)
    assert edit.strip.text() != ""
    edit.head.setPlainText("\n".join(["POST /echo HTTP/1.1", *_lines(entry)[1:], "X-Mine: yes"]))
    room.click(edit.go_button)
    assert scene.over(run) == 200
    assert b"two and three" in scene.body(run)
    room.wait(lambda: entry.over and "changed" in str(page.exchanges.rows.index(0, STATE).data()))
    room.wait(lambda: "changed by hand" in page.details.remarks.text())
    page.details.tabs.show_page("diff")
    room.wait(lambda: "+X-Mine: yes" in page.details.diff.toPlainText())


def test_the_exchange_and_the_time_line_are_one_click_apart_and_it_is_sent_again(scene: Scene) -> None:
    page, room = scene.page, scene.room
    scene.start()
    assert scene.over(scene.ask("/items")) == 200
    assert scene.over(scene.ask("/status/404")) == 404
    room.wait(lambda: len(scene.rows()) == 2 and all(entry.over for entry in scene.rows()))
    table = page.exchanges.table
    spot = table.visualRect(page.exchanges.rows.index(1, STATE)).center()
    room.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    log, selection = room.desk.log, room.desk.selection

    def chosen() -> tuple[str, Any]:
        if selection.row is None:
            return "", None
        event = log.event(selection.row)
        return event.kind, event.detail.get("number")

    room.wait(lambda: chosen() == ("request", scene.rows()[1].number))
    first = scene.rows()[0]
    other = next(row for row in range(log.first, len(log)) if log.event(row).kind == "response"
                 and log.event(row).detail.get("number") == first.number)  # fmt: skip
    selection.select(other)
    assert page.details.entry is first
    scene.again()
    scene.start()
    assert scene.over(scene.ask("/status/404")) == 404
    room.wait(lambda: len(scene.rows()) == 1 and scene.rows()[0].over)
    first = scene.rows()[0]
    page.show_entry(first.number)
    room.click(page.details.replay_button)
    room.wait(lambda: page.details.entry is not None and page.details.entry.replay_of == first.number)
    room.wait(lambda: page.details.entry is not None and page.details.entry.status == 404)
    page.doings.do("replay-edit", first.number)
    page.show_entry(first.number)
    page.doings.do("replay-edit", first.number)
    edit = page.details.edit
    room.wait(lambda: page.details.editing and edit.number == first.number)
    edit.head.setPlainText(edit.head.toPlainText().replace("/status/404", "/status/410"))
    room.click(edit.go_button)
    room.wait(lambda: page.details.entry is not None and page.details.entry.status == 410)
    page.show_entry(first.number)
    room.click(room.panel.python_button)
    room.wait(lambda: room.scripts)
    assert room.scripts[0][1]["url"].endswith("/status/404")
    page.doings.do("builder", first.number)
    room.wait(lambda: room.ends.request.url == first.url and room.panel.pages.currentWidget() is room.ends)


def test_rules_and_speed_hold_at_once_and_are_found_again(scene: Scene, tmp_path: Path) -> None:
    page, room = scene.page, scene.room
    scene.start()
    page.show_part("rules")
    room.click(page.rules.empty.button)
    page.rules.fields.set_values({"action": "answer", "status": 503, "url": "*/items"})
    page.rules.answer.setPlainText("later")
    run = scene.ask("/items")
    assert (scene.over(run), scene.body(run)) == (503, b"later")
    page.rules.fields.set_values({"action": "map", "path": ""})
    assert "needs the path" in page.rules.strip.text()
    assert scene.over(scene.ask("/items")) == 503, "the rules of before hold"
    file = tmp_path / "items.json"
    file.write_text('["mine"]')
    page.rules.fields.set_values({"path": str(file)})
    assert page.rules.strip.text() == ""
    run = scene.ask("/items")
    assert (scene.over(run), scene.body(run)) == (200, b'["mine"]')
    page.rules.fields.set_values({"on": False})
    assert b"mine" not in (scene.over(run := scene.ask("/items")), scene.body(run))[1]
    kept = page.values()
    page.rules.set_rules(())
    page.set_values(kept)
    assert [(rule.action, rule.path, rule.on) for rule in page.slot.rules] == [("map", str(file), False)]
    scene.again()
    scene.start()
    page.show_part("line")
    page.line.fields.set_values({"up_delay": 30, "down_rate": 200_000})
    assert page.segments.button(2).text() == "Speed: slowed"
    assert scene.over(scene.ask("/items")) == 200
    room.wait(lambda: scene.rows() and scene.rows()[0].over)
    assert {"delay", "throttle"} <= set(scene.rows()[0].faults)
    room.click(page.line.reset_button)
    assert page.slot.lines == {"up": (None, 0), "down": (None, 0)}
    assert page.slot.proxy is not None
    assert not page.slot.proxy.line("up").slows
    scene.again()
    panel = room.panel
    page.card.form.set_values({"mode": "reverse", "target": "127.0.0.1:99", "port": 4711})
    page.line.fields.set_values({"down_delay": 70})
    page.rules.add(Rule("drop", Match(host="ads.*")))
    state = panel.save_state()
    page.card.form.set_values({"mode": "forward", "port": 1})
    page.line.reset()
    page.rules.set_rules(())
    panel.restore_state(state)
    assert page.card.form.fields["target"] == "127.0.0.1:99"
    assert page.card.form.fields["port"] == 4711
    assert page.slot.lines["down"] == (None, 70)
    assert page.slot.rules == (Rule("drop", Match(host="ads.*")),)
    page.set_values({"rules": [{"action": 7, "status": "x"}, 3], "form": 9, "sizes": "no", "part": None})
    assert page.slot.rules in ((), (Rule("hold"),))


def test_the_filter_and_scrolled_up_nothing_moves_and_all_has_names(scene: Scene) -> None:
    page, room = scene.page, scene.room
    scene.start()
    for run in [scene.ask("/status/404"), *(scene.ask(f"/items?n={number}") for number in range(20))]:
        scene.over(run)
    room.wait(lambda: len(scene.rows()) == 21 and all(entry.over for entry in scene.rows()))
    bar = page.exchanges.table.verticalScrollBar()
    room.wait(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())
    bar.setValue(0)
    scene.over(scene.ask("/items?n=more"))
    room.wait(page.exchanges.newer_button.isVisible)
    assert bar.value() == 0
    room.click(page.exchanges.newer_button)
    assert bar.value() == bar.maximum()
    page.exchanges.filter.setText("404 -items")
    assert [entry.status for entry in scene.rows()] == [404]
    page.exchanges.filter.setText("nothing has this")
    assert "fits the filter" in _words(page.exchanges.empty)
    page.exchanges.filter.clear()
    room.click(page.exchanges.clear_button)
    room.wait(lambda: not scene.rows())
    scene.again()
    scene.start()
    for part in scene.page.findChildren(QAbstractButton):
        if part.isVisible():
            assert part.accessibleName() or part.text(), part
    for field in scene.page.findChildren(QLineEdit):
        if field.isVisible():
            assert field.accessibleName() or field.parentWidget().accessibleName(), field


def test_https_is_opened_with_a_warning_and_the_authority_is_saved(scene: Scene, tmp_path: Path) -> None:
    page, room = scene.page, scene.room
    secure = room.serve(site="folder", tls="good")
    scene.start(intercept=True, verify=False)
    card = page.card
    room.wait(lambda: card.warning.isVisible() and "--cacert" in card.curl.text())
    assert "HTTPS is opened" in card.warning.text()
    room.ends.request.set_url(secure.url)
    room.click(card.request_button)
    room.wait(lambda: page.details.entry is not None and page.details.entry.kind == "http"
              and page.details.entry.status == 200)  # fmt: skip
    assert page.details.entry is not None
    assert page.details.entry.url.startswith("https://")
    assert {entry.kind for entry in scene.rows()} == {"tls", "http"}
    place = tmp_path / "ca.pem"
    assert page.slot.proxy is not None
    card.saving.save(page.slot.proxy.ca_pem(), place)
    room.wait(place.exists)
    assert place.read_bytes().startswith(b"-----BEGIN CERTIFICATE")
    room.click(card.warning.action_button)
    assert not page.slot.proxy.intercepting
    lab_ca().remove_file()
