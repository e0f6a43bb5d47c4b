from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from protocols.record.log import EventLog
from tests.gallery import scenes
from widgets.selection import Selection
from widgets.theme.theme import theme
from widgets.timeline.ladder import LadderView
from widgets.timeline.ladder_feed import LadderFeed, Subject


class Shown:
    """A ladder in front of a log."""

    def __init__(self, qtbot: QtBot, events: list[Any]) -> None:
        self.log = EventLog()
        self.log.append(events)
        self.selection = Selection()
        self.feed = LadderFeed(self.log)
        self.view = LadderView(self.feed, self.selection)
        qtbot.addWidget(self.view)
        self.view.resize(1100, 420)
        self.view.show()
        self.feed.set_active(True)
        self.feed.ask(Subject())


@pytest.fixture
def shown(qtbot: QtBot) -> Shown:
    return Shown(qtbot, scenes.conversation())


@pytest.fixture
def _dark() -> Iterator[None]:
    theme().set_dark(True)
    yield
    theme().set_dark(False)


def test_the_newest_connection_is_shown_until_one_is_chosen(qtbot: QtBot, shown: Shown) -> None:
    assert shown.feed.subject == Subject(conn="3")
    shown.log.append(scenes.failures())
    shown.feed.catch_up()
    assert shown.feed.subject == Subject(conn="4")
    shown.feed.ask(Subject(conn="3"))
    shown.feed.catch_up()
    assert shown.feed.subject == Subject(conn="3")


def test_a_refused_connect_has_a_ladder_though_it_has_no_connection(qtbot: QtBot) -> None:
    shown = Shown(qtbot, scenes.failures()[:3])
    assert shown.feed.subject == Subject(service="client 1")
    assert [item.error for item in shown.feed.layout.places.values()].count(True) == 1
    assert not shown.view.grab().isNull()


def test_events_appear_as_they_come_and_the_view_follows(qtbot: QtBot, shown: Shown) -> None:
    steps = len(shown.feed.layout.steps)
    for n in range(100):
        event = scenes.raw(3000 + n, "call", "send", "client 3", "3", "send", "out", 46 + n, b"x", end="client")
        shown.log.append([event])
        shown.feed.catch_up()
    assert len(shown.feed.layout.steps) == steps + 100
    bar = shown.view.verticalScrollBar()
    assert shown.view.follows
    assert bar.value() == bar.maximum() > 0
    bar.setValue(0)
    assert not shown.view.follows
    assert shown.view.newer() > 50
    shown.view.follow()
    assert bar.value() == bar.maximum()


def test_keys_go_from_item_to_item_and_share_the_selection(qtbot: QtBot, shown: Shown) -> None:
    QTest.keyClick(shown.view, Qt.Key.Key_Home)
    for _ in range(3):
        QTest.keyClick(shown.view, Qt.Key.Key_Down)
    third = shown.selection.row
    QTest.keyClick(shown.view, Qt.Key.Key_Down)
    QTest.keyClick(shown.view, Qt.Key.Key_Up)
    assert shown.selection.row == third
    assert third in shown.feed.layout.places


def test_a_click_selects_what_is_painted_there(qtbot: QtBot, shown: Shown) -> None:
    painter = shown.view._painter
    for row, item in shown.feed.layout.places.items():
        if shown.log.raw(row)[1] == "message":
            continue
        low, high = painter.item_span(item)
        y = (shown.feed.layout.top(item.place) + 0.5) * painter.step_height
        bar = shown.view.verticalScrollBar()
        bar.setValue(int(y - 60))
        spot = QPointF((low + high) / 2, y - bar.value() + shown.view._head())
        QTest.mouseClick(shown.view.viewport(), Qt.MouseButton.LeftButton, pos=spot.toPoint())
        assert shown.selection.row == row


def test_a_message_is_selected_by_its_bar(qtbot: QtBot, shown: Shown) -> None:
    shown.view.resize(1100, 800)
    bar = shown.feed.layout.bars[0]
    box = shown.view._painter.bar_box(bar)
    spot = QPointF(box.center().x(), box.center().y() - shown.view.verticalScrollBar().value() + shown.view._head())
    QTest.mouseClick(shown.view.viewport(), Qt.MouseButton.LeftButton, pos=spot.toPoint())
    assert shown.selection.row in bar.rows


def test_a_selection_elsewhere_is_scrolled_to(qtbot: QtBot, shown: Shown) -> None:
    shown.view.resize(1100, 200)
    shown.view.verticalScrollBar().setValue(0)
    last = max(shown.feed.layout.places)
    shown.selection.select(last)
    assert shown.view.verticalScrollBar().value() > 0


def test_the_svg_holds_the_whole_ladder(qtbot: QtBot, shown: Shown) -> None:
    svg = shown.view.svg()
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    text = svg.decode()
    for word in ("SYN_SENT", "TIME_WAIT", "connect()", "kernel, client end", "1.20 s later"):
        assert word in text


@pytest.mark.usefixtures("_dark")
def test_it_paints_in_the_dark_to_scale_and_at_every_zoom(qtbot: QtBot, shown: Shown) -> None:
    shown.view.set_to_scale(True)
    for zoom in (0.1, 1.0, 9.0):
        shown.view.set_zoom(zoom)
        assert not shown.view.grab().isNull()
    shown.view.fit()
    assert not shown.view.grab().isNull()


def test_frozen_it_takes_nothing_and_then_all(qtbot: QtBot, shown: Shown) -> None:
    before = len(shown.feed.layout.steps)
    shown.feed.set_frozen(True)
    shown.log.append(scenes.failures())
    shown.feed.catch_up()
    assert len(shown.feed.layout.steps) == before
    shown.feed.set_frozen(False)
    assert shown.feed.subject == Subject(conn="4")


def test_a_connection_is_found_in_a_large_log_in_slices(qtbot: QtBot) -> None:
    filler = [scenes.raw(n, "call", "send", "client 9", "9", "x", "out", n, b"x") for n in range(30_000)]
    shown = Shown(qtbot, scenes.conversation() + filler)
    shown.feed.ask(Subject(conn="3"))
    qtbot.waitUntil(lambda: not shown.feed.searching, timeout=5000)
    assert len(shown.feed.layout.places) == 21


def test_states_at_the_left_edge_leave_the_times_free_where_no_client_is_ours(qtbot: QtBot) -> None:
    ends = {"local": ["127.0.0.1", 2345], "peer": ["127.0.0.1", 51858]}
    events = [
        scenes.raw(1, "call", "accept", "upper:2345", "1", "", thread="upper-server", **ends),
        scenes.raw(2, "state", "ESTABLISHED", "upper:2345", "1", "", end="client"),
    ]
    shown = Shown(qtbot, events)
    painter = shown.view._painter
    for width in (300, 1100):
        painter.arrange(width)
        assert painter.item_span(shown.feed.layout.places[1])[0] >= painter.time_right
