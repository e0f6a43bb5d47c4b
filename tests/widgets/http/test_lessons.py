"""What is learnt at a click: parts of bytes and URLs, queries, identities, layers, a parser, two ways of a page."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, QPoint, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QTextCursor

from protocols.http.server.sandbox.ways import DYNAMIC, STATIC
from tests.widgets.http.conftest import Room
from widgets.http.by_hand.low_level_page import LowLevelPage
from widgets.http.parallel.page import ParallelPage
from widgets.http.request.query_dialog import QueryDialog
from widgets.http.response.byte_map import POINT


@pytest.fixture
def site(room: Room) -> str:
    """Where the sandbox is."""
    return room.serve(site="sandbox").url.rstrip("/")


def pick(room: Room, group: str, title: str) -> None:
    """Choose a page in the menu of the site's pages, and wait for the answer."""
    servers = room.ends.servers
    servers.pages_menu.aboutToShow.emit()
    menu = next(action.menu() for action in servers.pages_menu.actions() if action.text() == group)
    before = room.ends.slot.sent
    next(action for action in menu.actions() if action.text().startswith(title)).trigger()  # type: ignore[union-attr]
    room.wait(lambda: room.ends.slot.sent is not before and room.ends.slot.phase == "idle")
    room.wait(lambda: room.ends.response.body_view.prepared is not None)


def status(room: Room) -> int:
    """The last answer's."""
    sent = room.ends.slot.sent
    assert sent is not None
    assert sent.final is not None
    return sent.final.status


def test_services_logins_and_changes_are_one_click_away(room: Room, site: str) -> None:
    body = room.ends.response.body_view
    for group, title, code, kind in (
        ("Services", "A map tile", 200, "image"), ("Services", "Quotes", 200, "json"),
        ("Services", "A mailbox", 200, "text"), ("Services", "SOAP", 200, "xml"), ("Store", "Make one", 201, "json"),
        ("Store", "Replace it", 200, "json"), ("Store", "Delete it", 204, "empty"),
        ("Cookies", "Log in as guido", 200, "html"), ("Authentication", "Digest, as guido", 200, "html"),
        ("Authentication", "NTLM, as guido", 200, "html"),
        ("Statuses", "404", 404, "html"),
    ):  # fmt: skip
        pick(room, group, title)
        assert (title, status(room), body.kind) == (title, code, kind)
    assert room.ends.request.auth.fields["kind"] == "none"  # the identity of the one tried before is gone
    assert "Welcome" not in body.raw.toPlainText()


def test_the_bytes_are_a_map_and_each_part_says_what_it_is(room: Room, site: str) -> None:
    room.send(f"{site}/chunked?n=2")
    wire = room.ends.response.wire
    room.ends.response.tabs.show_page("wire")
    wire.show_way(1)
    data = bytes(room.ends.response.exchange.received.data)  # type: ignore[union-attr]
    room.wait(lambda: wire.answer.spans)
    assert wire.answer.words(9) == "Status line: status, bytes 9 to 11. How it went: the first digit is the class."
    assert wire.answer.words(data.index(b"\r\n\r\n") + 5).startswith("Size of a chunk")
    assert wire.answer.said.text() == POINT
    wire.answer.hex.select(0, 1)
    assert "version" in wire.answer.said.text()
    wire.show_way(2)
    assert wire.request.words(0).startswith("Request line: method")
    wire.show_way(0)
    room.ends.request.auth.fields.set_values({"kind": "basic", "user": "guido", "password": "guido456"})
    room.send(f"{site}/basic")
    text = wire.text
    at = text.toPlainText().index("Z3Vp")
    cursor = QTextCursor(text.document())
    cursor.setPosition(at + 1)
    assert "base64 of guido:guido456" in text.words_at(text.cursorRect(cursor).center())
    assert text.words_at(QPoint(-5, -5)) == ""


def test_a_digest_is_shown_hash_by_hash(room: Room, site: str) -> None:
    room.ends.request.auth.fields.set_values({"kind": "digest", "user": "guido", "password": "guido456"})
    room.send(f"{site}/digest/md5")
    response = room.ends.response
    response.tabs.show_page("identity")
    rows = [(str(row[0]), str(row[1])) for row in response.identity.model.rows()]
    assert rows[-1] == ("Compared", "The response sent is the one computed.")
    assert rows[-2] == ("  gives", dict(rows)["  response"])
    assert all("guido456" not in text for _, text in rows)


def test_each_part_of_a_url_has_its_name_and_webdav_is_explained(room: Room) -> None:
    card = room.ends.request
    card.set_url("http://guido:secret@127.0.0.1:8080/a?name=Da+ve", "PROPFIND")
    line = card.bar.url
    words = {line.words_at(x).partition("\n")[0] for x in range(0, line.width(), 3)}
    assert {"Scheme: http", "Host: 127.0.0.1", "Port: 8080", "Path: /a", "Value of name: Da+ve"} <= words
    assert "secret" not in "".join(words)
    assert "RFC 4918" in card.note.text()
    card.set_url("http://127.0.0.1/", "GET")
    assert not card.note.text()


def test_a_query_is_encoded_and_decoded_live(room: Room) -> None:
    card = room.ends.request
    card.set_url("http://127.0.0.1/?a=1+2&a=3")
    dialog = card.params_page.show_query()
    assert isinstance(dialog, QueryDialog)
    assert dialog.text.toPlainText() == "a=1+2&a=3"
    dialog.doseq.setChecked(False)
    assert dialog.text.toPlainText().startswith("a=%5B%27")
    dialog.coded.setText("name=Dave&email=dave%40dabeaz.com")
    assert [row[:2] for row in dialog.rows.rows()] == [("name", "Dave"), ("email", "dave@dabeaz.com")]
    dialog.use_button.click()
    assert dialog.code.text().startswith("urlencode({'name': 'Dave'")
    dialog.take_button.click()
    assert card.url == "http://127.0.0.1/?name=Dave&email=dave%40dabeaz.com"
    dialog.close()


def test_four_layers_get_the_same_body_and_show_their_scripts(room: Room, site: str) -> None:
    room.ends.request.set_url(f"{site}/html")
    room.panel.show_low("layers")
    low = room.panel.view("low")
    assert isinstance(low, LowLevelPage)
    page = low.layers
    room.click(page.run_button)
    room.wait(lambda: len(page.results) == 4)
    room.wait(lambda: page.said.text() == "All layers got the same body.")
    assert {row[2] for row in page.model.rows()} == {"200"}
    lines = [int(str(row[1])) for row in page.model.rows()]
    assert lines[0] > 20
    page.table.selectRow(2)
    assert "urllib.request" in page.code.toPlainText()
    room.click(room.panel.python_button)
    assert room.scripts[-1][0] == "http-urllib"
    room.ends.request.set_url("")
    assert not page.run_button.isEnabled()


def test_an_answer_is_read_as_a_file_is(room: Room, site: str) -> None:
    room.panel.show_low("steps")
    low = room.panel.view("low")
    assert isinstance(low, LowLevelPage)
    steps = low.steps
    steps.fields.set_values({"url": f"{site}/chunked?n=3", "size": 4})
    found = []
    for name in ("connect", "putrequest", "endheaders", "getresponse", "read", "readline", "iterate"):
        if name == "readline":
            steps.fields["size"] = 0
        before = steps.model.rowCount()
        room.click(steps.rows.buttons[name])
        room.wait(lambda before=before: steps.model.rowCount() > before)
        found.append(str(steps.model.row(before)[1]))
    assert found[-3:] == ["4 bytes, more may come: b'chun'", "a line of 9 bytes, more may come: b'k 1 of 3\\n'",
                          "2 lines: b'chunk 2 of 3\\nchunk 3 of 3\\n'"]  # fmt: skip


def test_a_page_is_fed_to_the_parser_and_a_call_shows_its_source(room: Room, site: str) -> None:
    room.send(f"{site}/html")
    page = room.ends.response.page
    room.ends.response.tabs.show_page("page")
    room.wait(lambda: page.forms)
    page.show_way(1)
    room.wait(lambda: page.parser.events)
    at = next(at for at, one in enumerate(page.parser.events) if one.of.startswith("form,"))
    page.parser.table.selectRow(at)
    assert page.parser.source.textCursor().selectedText() == '<form action="/form">'


def test_one_page_comes_from_a_file_and_is_computed(room: Room) -> None:
    room.panel.show_ways()  # starts the sandbox that has both
    room.wait(lambda: room.panel.ways is not None and len(room.panel.ways.differ) == 2)
    assert room.panel.ways is not None
    assert room.panel.ways.differ == {STATIC: 0, DYNAMIC: 1}
    room.panel.ways.close()


def test_connections_are_kept_or_not_and_counted(room: Room, site: str) -> None:
    room.ends.request.set_url(f"{site}/items")
    room.panel.show_view("parallel")
    page = room.panel.view("parallel")
    assert isinstance(page, ParallelPage)
    for keep, count in ((True, "1"), (False, "3")):
        page.fields.set_values({"total": 3, "at_once": 1, "keep_alive": keep})
        room.click(page.start_button)
        room.wait(lambda: page.facts["Over"].value() == "3 of 3" and page.start_button.isVisible())
        assert page.facts["Connections"].value() == count
        page.burst = None
        page.refresh()


def test_the_browser_is_sent_to_the_server(room: Room, site: str) -> None:
    asked: list[str] = []

    class Handler(QObject):
        @Slot(QUrl)
        def opened(self, url: QUrl) -> None:
            asked.append(url.toString())

    handler = Handler()
    QDesktopServices.setUrlHandler("http", handler, "opened")  # type: ignore[call-overload]
    try:
        room.click(room.ends.servers.browser_button)
    finally:
        QDesktopServices.unsetUrlHandler("http")
    assert asked == [f"{site}/"]


def test_a_raw_request_begins_with_a_sample_and_a_wrong_one_is_refused(room: Room, site: str) -> None:
    card = room.ends.request
    card.set_url("")
    card.show_raw(True)
    actions = {action.text(): action for action in card.raw.menu.actions()}
    actions["A browser of 2012"].trigger()
    assert card.url == "http://localhost:55555/"
    assert b"Host: localhost:55555\r\nUser-Agent: Mozilla/5.0 " in card.raw.data()
    card.set_url(f"{site}/items")
    for title, code in (("Plain", 200), ("HTTP/1.0", 200), ("Without Host", 400), ("Two lengths", 400),
                        ("A folded header", 400)):  # fmt: skip
        actions[title].trigger()
        before = room.ends.slot.sent
        room.click(card.bar.send_button)
        room.wait(lambda before=before: room.ends.slot.sent is not before and room.ends.slot.phase == "idle")
        assert (title, status(room)) == (title, code)
