"""By click: start a site, send, see both ends joined; refusals are explained and mended; all is found again."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from netlab_gui.driving import Driver
from netlab_gui.panels import PANELS
from protocols.http.request import Request
from protocols.record.event import detail_of
from protocols.scripts import render
from tests.widgets.http.conftest import Room
from widgets.http.exchange.wire_text import wire_lines
from widgets.http.panel import HttpPanel
from widgets.http.request.pairs import Pair
from widgets.http.server.served_rows import worker_of
from widgets.parts.text import Label


def test_the_panel_is_in_the_list() -> None:
    entry = next(entry for entry in PANELS if entry.id == HttpPanel.id)
    assert (entry.title, entry.icon) == (HttpPanel.title, HttpPanel.icon)


def test_the_demo_of_the_tour_holds(room: Room) -> None:
    room.panel.activateWindow()
    verdicts = Driver(lambda: None).play(room.panel)
    assert [verdict.text for verdict in verdicts if not verdict.ok] == []
    assert len(verdicts) >= 8


def test_the_empty_panel_says_what_to_do_first_with_one_primary_button_a_card(room: Room) -> None:
    ends = room.ends
    assert any("Start a server below" in label.text() for label in ends.response.empty.findChildren(Label))
    assert room.primaries(ends.response) == ["Start a sample site"]
    assert room.primaries(ends.request.bar) == ["Send"]
    room.click(ends.servers.current.empty.button)
    room.wait(lambda: ends.request.url.startswith("http://127.0.0.1:"))
    assert room.primaries(ends.response) == []  # what is left to do is one button, above
    assert any("Press Send" in label.text() for label in ends.response.empty.findChildren(Label))


def test_a_request_and_the_handler_that_answered_it_are_one_click_apart(room: Room) -> None:
    slot = room.serve()
    room.send(f"{slot.url}books.json")
    ends = room.ends
    room.wait(ends.response.answered.isVisible)
    found = ends.served_for(ends.response.exchange)
    assert found is not None
    _, served = found
    assert (served.method, served.target, served.status) == ("GET", "/books.json", 200)
    assert worker_of(served) in ends.response.answered.text()
    room.click(ends.response.answered)
    room.wait(lambda: room.desk.selection.row is not None)
    assert room.desk.selection.row is not None
    raw = room.desk.log.raw(room.desk.selection.row)
    assert (raw[2], raw[3], detail_of(raw)["worker"]) == ("answered", slot.service, served.worker)
    ends.response.tabs.show_page("timing")
    assert {"connect", "wait", "handler", "transfer"} <= {row.key for row in ends.response.timing.waterfall.rows()}


def test_redirects_are_hops_with_their_own_headers(room: Room, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "index.html").write_text("<title>In</title>")
    slot = room.serve(tmp_path)
    room.send(f"{slot.url}inner")
    response = room.ends.response
    assert response.hops_table.isVisible()
    assert [response.hops.index(row, 1).data() for row in range(2)] == ["301 Moved Permanently", "200 OK"]
    response.tabs.show_page("headers")
    response.hops_table.selectRow(0)
    response.hops_table.picked.emit(0)
    assert "Location" in [row[0] for row in response.headers.model.rows()]
    room.ends.request.options.fields["follow"] = False
    assert room.send(f"{slot.url}inner").final.status == 301  # type: ignore[union-attr]
    assert not response.hops_table.isVisible()


def test_a_refused_connection_is_explained_and_a_button_starts_the_server_and_sends(room: Room) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    response = room.ends.response
    room.send(f"http://127.0.0.1:{port}/books.csv")
    assert response.failure is not None
    assert response.failure.symbol == "ECONNREFUSED"
    response.strip.banner.action_button.click()
    assert room.explained[-1].errno == "ECONNREFUSED"
    room.ends.servers.current.form.set_values({"site": "folder"})
    room.click(response.strip.buttons["other-end"])
    room.wait(lambda: response.exchange is not None and response.exchange.status in (200, 404))
    assert room.ends.request.url.endswith("/books.csv")


def test_a_line_end_is_refused_with_the_sentence_of_the_error(room: Room) -> None:
    card = room.ends.request
    card.set_url("http://127.0.0.1:1/")
    for header, word in ((Pair("X-Bad", "a\r\nEvil: 1"), "carriage return"), (Pair("X Y", "1"), "no header name"),
                         (Pair("X-Nul", "a\0b"), "NUL")):  # fmt: skip
        card.headers.set_pairs([header])
        room.click(card.bar.send_button)
        assert word in card.strip.text()
        assert room.ends.slot.phase == "idle"
    card.headers.set_pairs([])
    assert card.strip.text() == ""
    room.click(card.bar.send_button)
    room.wait(lambda: room.ends.response.failure is not None)


def test_nothing_typed_offers_the_other_end(room: Room) -> None:
    card = room.ends.request
    room.click(card.bar.send_button)
    assert "no URL" in card.strip.text()
    room.click(card.strip.buttons["other-end"])
    room.wait(lambda: card.url.startswith("http://127.0.0.1:"))


def test_raw_bytes_go_out_exactly_as_typed(room: Room) -> None:
    slot = room.serve()
    card = room.ends.request
    card.set_url(slot.url)
    card.show_raw(True)
    assert card.raw.text.toPlainText().startswith("GET / HTTP/1.1\nHost: 127.0.0.1:")
    card.raw.text.setPlainText("GEX /\\x20 HTTP/1.1\nBad Header\n\n")
    sent = room.send()
    exchange = sent.exchanges[0]
    assert bytes(exchange.sent.data) == b"GEX /  HTTP/1.1\r\nBad Header\r\n\r\n"
    assert exchange.status == 400
    lines = wire_lines(exchange)
    assert (lines[0].text, lines[0].end) == ("GEX /  HTTP/1.1", "\\r\\n")
    assert room.ends.response.head.state.word.startswith("400")


def test_an_answer_is_explored_in_python(room: Room, tmp_path: Path) -> None:
    response = room.ends.response
    assert not response.explore_button.isVisible()
    (tmp_path / "a.txt").write_bytes("Grüße\n".encode("latin-1") * 2000)
    room.send(f"{room.serve(tmp_path).url}a.txt")
    room.click(response.explore_button)
    name, params = room.scripts[-1]
    source = render(name, params)
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=60)
    assert "status 200 OK" in done.stdout
    assert "len(page) 4096 of 12000" in done.stdout
    assert f"Server {response.exchange.answer.get('Server')}" in done.stdout  # type: ignore[union-attr]


def test_cancel_ends_a_request_at_once(room: Room) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        card = room.ends.request
        card.set_url(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        room.click(card.bar.send_button)
        room.wait(lambda: room.ends.slot.phase == "running")
        room.click(card.bar.cancel_button)
        room.wait(lambda: room.ends.slot.phase == "idle")
        assert room.ends.slot.sent is not None
        assert room.ends.slot.sent.state == "cancelled"
        assert card.bar.send_button.isVisible()


def test_what_was_typed_is_found_again_without_secrets(room: Room) -> None:
    slot = room.serve()
    card = room.ends.request
    card.bar.method.setEditText("POST")
    card.set_url(f"{slot.url}x?a=1&b=2", "POST")
    card.headers.set_pairs([Pair("X-One", "1"), Pair("x-one", "2", on=False), Pair("Authorization", "Bearer secret-t")])
    card.auth.fields.set_values({"kind": "basic", "user": "guido", "password": "secret-p"})
    card.body_editor.kind.choose("json")
    card.body_editor.text.setPlainText('{"a": 1}')
    room.send()
    state = json.loads(json.dumps(room.panel.save_state()))
    assert "secret" not in json.dumps(state)
    card.fill(Request())
    room.panel.restore_state(state)
    request = card.request()
    assert (request.method, request.url) == ("POST", f"{slot.url}x?a=1&b=2")
    assert request.headers == (("X-One", "1"), ("Authorization", ""))
    assert [pair.on for pair in card.headers.pairs()] == [True, False, True]
    assert (request.auth.user, request.auth.password, request.body.text) == ("guido", "", '{"a": 1}')
    assert [past.url for past in room.ends.history.entries] == [f"{slot.url}x?a=1&b=2"]
    for strange in ({"request": 3}, {"request": {"headers": [1, ["a"]], "body": {"fields": 2}}}, {"history": [{}, 1]},
                    {"servers": [1], "splitters": [1, 2]}):  # fmt: skip
        room.panel.restore_state(strange)


def test_the_body_that_parts_make_is_seen_before_it_is_sent(room: Room, tmp_path: Path) -> None:
    request = room.ends.request
    request.tabs.show_page("body")
    editor = request.body_editor
    editor.kind.choose("multipart")
    room.wait(editor.preview.isVisible)
    assert editor.preview.toPlainText() == ""
    editor.parts.add(Pair("file", str(tmp_path / "pen.png"), file=True))
    told = editor.preview.toPlainText()
    assert 'name="file"; filename="pen.png"\nContent-Type: image/png\n\n(the bytes of ' in told


def test_a_curl_command_is_read_when_pasted_or_sent_and_not_while_it_is_typed(room: Room) -> None:
    ends, bar = room.ends, room.ends.request.bar
    command = "curl -X PUT http://127.0.0.1:1/x"
    QApplication.clipboard().setText(command)
    bar.url.paste()
    assert (bar.method.currentText(), bar.url.text()) == ("PUT", "http://127.0.0.1:1/x")
    bar.url.clear()
    QTest.keyClicks(bar.url, command)
    assert bar.url.text() == command
    QTest.keyClick(bar.url, Qt.Key.Key_Return)
    assert bar.url.text() == "http://127.0.0.1:1/x"
    room.wait(lambda: ends.slot.sent is not None and ends.slot.phase == "idle")
    assert ends.slot.sent is not None
    assert ends.slot.sent.exchanges == [] or ends.slot.sent.exchanges[-1].method == "PUT"


def test_a_curl_command_as_a_terminal_shows_it_needs_no_scheme(room: Room) -> None:
    bar = room.ends.request.bar
    QTest.keyClicks(bar.url, "$ curl -X PUT 127.0.0.1:1/x")
    QTest.keyClick(bar.url, Qt.Key.Key_Return)
    assert (bar.method.currentText(), bar.url.text()) == ("PUT", "127.0.0.1:1/x")
    room.wait(lambda: room.ends.slot.sent is not None and room.ends.slot.phase == "idle")


def test_why_explains_the_call_of_the_request_shown_and_of_no_other(room: Room) -> None:
    ends, log = room.ends, room.desk.log

    def asked_why(url: str, *, raw: bool = False) -> str:
        ends.request.set_url(url)
        ends.request.show_raw(raw)
        ends.response.strip.clear()
        ends.send()
        room.wait(lambda: ends.slot.phase == "idle" and ends.response.strip.isVisible())
        room.wait(lambda: any(f", {url[-1]})) = ECONNREFUSED" in raw[9] for raw in log.raws(log.first, len(log))))
        ends.response.strip.why_requested.emit()
        return room.explained[-1].summary

    assert "127.0.0.1', 1)) = ECONNREFUSED" in asked_why("http://127.0.0.1:1")
    assert "127.0.0.1', 2)) = ECONNREFUSED" in asked_why("http://127.0.0.1:2")
    first = ends.slot.sent
    assert "127.0.0.1', 3)) = ECONNREFUSED" in asked_why("http://127.0.0.1:3", raw=True)
    ends.response.show_sent(first)
    ends.response.finish()
    ends.response.strip.why_requested.emit()
    assert "127.0.0.1', 2)) = ECONNREFUSED" in room.explained[-1].summary


def test_what_is_believed_already_is_not_offered(room: Room) -> None:
    bad = room.serve(site="sandbox", tls="self-signed")
    response = room.ends.response
    offered = []
    for believed in ("lab", "system"):
        room.ends.request.options.fields.set_values({"trust": believed})
        room.ends.request.set_url(bad.url)
        before = room.ends.slot.sent
        room.ends.send()
        room.wait(lambda before=before: room.ends.slot.sent is not before and room.ends.slot.phase == "idle")
        room.wait(lambda: response.failure is not None)
        offered.append(list(response.strip.buttons))
    assert offered == [["no-verify"], ["trust-lab", "no-verify"]]
