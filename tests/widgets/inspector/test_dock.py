from __future__ import annotations

import random
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from protocols.record.event import Event
from tests.gallery import scenes
from widgets.inspector.dock import InspectorDock


@pytest.fixture
def dock(stage: Any) -> InspectorDock:
    made = InspectorDock(stage.desk)
    stage.window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, made)
    stage.window.resize(1200, 800)
    stage.window.show()
    stage.desk.log.append(scenes.conversation() + scenes.failures() + scenes.datagrams())
    return made


def row_of(stage: Any, kind: str, service: str) -> int:
    log = stage.desk.log
    return next(row for row in range(len(log)) if (log.raw(row)[2], log.raw(row)[3]) == (kind, service))


def test_with_nothing_selected_it_says_what_it_is_for(dock: InspectorDock) -> None:
    assert dock._empty.isVisible()


def test_bytes_follow_the_selection(qtbot: QtBot, stage: Any, dock: InspectorDock) -> None:
    stage.desk.selection.select(row_of(stage, "send", "client 3"))
    page = dock.bytes_page
    assert page.head.title.text() == "send(), 46 bytes"
    assert page.hex.chosen_bytes() == scenes.LINE
    texts = [value.text() for caption, _, _, value in page.facts._lines if caption.isVisible()]
    assert texts == ["client to server", "0 \u2013 45 of conn 3, out"]
    qtbot.waitUntil(page.links.isVisible)
    assert [button.text() for button in page.links._buttons] == ["recv upper:2345", "request upper:2345"]


def test_a_link_goes_to_the_other_event_and_marks_the_shared_bytes(
    qtbot: QtBot, stage: Any, dock: InspectorDock
) -> None:
    me, it = {"end": "client"}, {"end": "server"}
    first = len(stage.desk.log)
    stage.desk.log.append([
        scenes.raw(9000, "call", "send", "client 9", "9", "", "out", 0, b"aaaa", **me),
        scenes.raw(9001, "call", "send", "client 9", "9", "", "out", 4, b"bb", **me),
        scenes.raw(9002, "call", "recv", "echo", "9", "", "in", 0, b"aaaabb", **it),
    ])  # fmt: skip
    stage.desk.selection.select(first + 1)
    page = dock.bytes_page
    qtbot.waitUntil(page.links.isVisible)
    QTest.mouseClick(page.links._buttons[0], Qt.MouseButton.LeftButton)
    assert stage.desk.selection.row == first + 2
    assert page.hex.mark == (4, 6)


def test_an_event_without_bytes_says_so(stage: Any, dock: InspectorDock) -> None:
    stage.desk.selection.select(row_of(stage, "shutdown", "client 3"))
    assert dock.bytes_page._empty.isVisible()


def test_a_message_that_keeps_no_bytes_shows_those_of_its_calls_or_says_where_they_are(
    qtbot: QtBot, stage: Any, dock: InspectorDock
) -> None:
    me, it = {"end": "client"}, {"end": "server"}
    reply = scenes.raw(9003, "message", "reply", "ftp", "9", "", "out", 2, size=4, **it)
    lone = scenes.raw(9004, "message", "transfer", "ftp", "10", "", "out", 0, size=4, **it)
    first = len(stage.desk.log)
    stage.desk.log.append([
        scenes.raw(9000, "call", "send", "ftp", "9", "", "out", 0, b"..aa", **it),
        scenes.raw(9001, "call", "send", "ftp", "9", "", "out", 4, b"bb", **it),
        scenes.raw(9002, "call", "recv", "client 9", "9", "", "in", 0, b"..aabb", **me),
        reply, lone,
    ])  # fmt: skip
    page = dock.bytes_page
    stage.desk.selection.select(first + 3)
    qtbot.waitUntil(lambda: page.hex.isVisible() and page.hex.chosen_bytes() == b"aabb")
    stage.desk.selection.select(first + 4)
    assert page._empty.isVisible()
    assert "keeps no copy" in page._empty._sentence.text()


def test_bytes_can_be_read_as_text(stage: Any, dock: InspectorDock) -> None:
    stage.desk.selection.select(row_of(stage, "send", "client 3"))
    dock.bytes_page._view.set_current(1)
    dock.bytes_page._view.chosen.emit(1)
    assert dock.bytes_page.text.isVisible()
    assert dock.bytes_page.text.toPlainText().startswith("The quick brown fox")


def test_chosen_bytes_are_read_as_text_and_number(stage: Any, dock: InspectorDock) -> None:
    stage.desk.selection.select(row_of(stage, "send", "client 3"))
    dock.bytes_page.hex.select(0, 2)
    picked = dock.bytes_page._picked
    assert picked.isVisible()
    values = [value.text() for caption, _, _, value in picked._rows._lines if caption.isVisible()]
    assert values == ["Th", "21\u202f608", "26\u202f708"]


def test_the_call_tab_has_every_detail(stage: Any, dock: InspectorDock) -> None:
    dock.show_tab("call")
    stage.desk.selection.select(row_of(stage, "accept", "upper:2345"))
    lines = dock.call_page.details._lines
    rows = {caption.text(): value.text() for caption, _, _, value in lines if caption.isVisible()}
    assert rows["Blocked"] == "3.10 s"
    assert rows["Thread"] == "upper:2345"
    assert rows["Result"] == "9"
    assert rows["Peer"] == "127.0.0.1:51858"


def test_why_explains_a_failure_and_the_lab_checks_it(qtbot: QtBot, stage: Any, dock: InspectorDock) -> None:
    stage.desk.actions.add("sockets.other-end", "Give me the other end", lambda: None)
    dock.show_tab("why")
    stage.desk.selection.select(row_of(stage, "connect", "client 1"))
    page = dock.why_page
    assert page.head.title.text() == "Connection refused"
    values = [value.text() for caption, _, _, value in page.facts._lines if caption.isVisible()]
    assert values == ["ECONNREFUSED (111)", "connect() after 52 µs", "ConnectionRefusedError"]
    mend = page.mend_button("sockets.other-end")
    assert mend.isVisible()
    assert not mend.reason.isVisible()
    stage.desk.actions.allow("sockets.other-end", False, "It has its other end.")
    assert not mend.button.isEnabled()
    assert mend.reason.isVisible()
    assert "It has its other end." in mend.button.toolTip()
    stage.desk.actions.allow("sockets.other-end", True)
    assert mend.button.isEnabled()
    assert not mend.reason.isVisible()
    qtbot.waitUntil(lambda: page._check_title.text() == "What the lab checked", timeout=5000)
    stage.desk.selection.select(row_of(stage, "recv", "client 2"))
    assert page.head.title.text() == "Connection reset"
    assert not page.mend_button("sockets.other-end").isVisible()


def test_why_explains_what_worked_and_what_comes_next(stage: Any, dock: InspectorDock) -> None:
    dock.show_tab("why")
    stage.desk.selection.select(row_of(stage, "CLOSE_WAIT", "upper:2345"))
    assert dock.why_page.head.title.text().startswith("CLOSE_WAIT")
    assert dock.why_page.aside.isVisible()
    assert "RFC 9293" in dock.why_page.more.text()


def test_pinned_it_stays_and_unpinned_it_follows_again(stage: Any, dock: InspectorDock) -> None:
    stage.desk.selection.select(row_of(stage, "send", "client 3"))
    dock.set_pinned(True)
    stage.desk.selection.select(row_of(stage, "shutdown", "client 3"))
    assert dock.bytes_page.head.title.text() == "send(), 46 bytes"
    dock.set_pinned(False)
    assert dock.bytes_page.head.title.text() == "shutdown()"


def test_explain_opens_why_for_an_event_that_the_log_does_not_hold(stage: Any, dock: InspectorDock) -> None:
    detail = {"errno": "EACCES", "local": ["127.0.0.1", 80], "why": "Not yours."}
    event = Event(1, "call", "bind", "echo:80", detail=detail)
    dock.explain(event)
    assert dock.why_page.isVisible()
    assert dock.why_page.text.text() == "Not yours."


def test_explain_selects_the_event_in_all_views(stage: Any, dock: InspectorDock) -> None:
    row = row_of(stage, "connect", "client 1")
    dock.explain(stage.desk.log.event(row))
    assert stage.desk.selection.row == row


def test_hidden_it_does_nothing_and_catches_up_when_shown(stage: Any, dock: InspectorDock) -> None:
    dock.hide()
    stage.desk.selection.select(row_of(stage, "send", "client 3"))
    assert dock.bytes_page.head.title.text() == ""
    dock.show()
    assert dock.bytes_page.head.title.text() == "send(), 46 bytes"


def test_any_event_can_be_shown_in_every_tab(qtbot: QtBot, stage: Any, dock: InspectorDock) -> None:
    rng = random.Random(5)
    layers: tuple[Any, ...] = ("call", "state", "message", "packet", "note")
    first = len(stage.desk.log)
    stage.desk.log.append([
        scenes.raw(10_000 + n, rng.choice(layers), rng.choice(("recv", "x", "<b>", "LISTEN")), None, "1", "s\x00\u202e",
                   rng.choice(("in", "out", None)), rng.choice((None, 0, 7)), rng.choice((None, b"", b"\xff" * 9)),
                   errno=rng.choice((None, 5, "EPIPE", "")),
                   peer=rng.choice((None, 3, [], ["h"], "p", ["::1", 2, 0, 0])),
                   took_ns=rng.choice((None, "x", -5)), strange={"a": [1, {2}]})
        for n in range(120)
    ])  # fmt: skip
    for row in range(first, first + 120):
        stage.desk.selection.select(row)
        for tab in ("bytes", "call", "why"):
            dock.show_tab(tab)
    QApplication.processEvents()
