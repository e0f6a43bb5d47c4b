"""The small parts: segments, chips, facts, fields, rows, tabs, toast."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from widgets.parts.chip import Chip, KeyCap, LayerChip
from widgets.parts.empty import EmptyState
from widgets.parts.fact import Fact
from widgets.parts.field import LabelledField
from widgets.parts.flow import FlowBox
from widgets.parts.number_field import NumberField
from widgets.parts.segments import Segments
from widgets.parts.splitter import Splitter
from widgets.parts.state_label import StateLabel
from widgets.parts.status_item import StatusItem
from widgets.parts.tabs import TabBar
from widgets.parts.toast import Toast
from widgets.theme.signs import STATE_SIGNS
from widgets.theme.theme import theme


@pytest.fixture(autouse=True)
def _plain(qtbot: QtBot) -> Iterator[None]:
    theme().set_dark(False)
    theme().set_scale(1.0)
    yield
    theme().set_dark(False)
    theme().set_scale(1.0)


def test_one_segment_holds_and_a_click_tells_which(qtbot: QtBot) -> None:
    segments = Segments(["Both ends", "Step by step", "Options"], "Views")
    qtbot.addWidget(segments)
    segments.show()
    assert segments.current() == 0
    with qtbot.waitSignal(segments.chosen) as chosen:
        segments.button(1).click()
    assert chosen.args == [1]
    assert segments.current() == 1
    with qtbot.assertNotEmitted(segments.chosen):
        segments.set_current(2)
    assert [segments.button(n).font().weight() > 500 for n in range(3)] == [False, False, True]


def test_choosing_moves_no_segment(qtbot: QtBot) -> None:
    segments = Segments(["Both ends", "Step by step"], "Views")
    qtbot.addWidget(segments)
    segments.show()
    before = [segments.button(n).geometry() for n in range(2)]
    segments.button(1).click()
    assert [segments.button(n).geometry() for n in range(2)] == before
    assert before[0].height() == 28


def test_segments_can_be_replaced(qtbot: QtBot) -> None:
    segments = Segments(["1"], "Client")
    qtbot.addWidget(segments)
    assert segments.button(0).property("segment") == "only"
    segments.set_texts(["1", "2", "3"])
    segments.set_current(2)
    assert [segments.button(n).property("segment") for n in range(3)] == ["first", "middle", "last"]
    segments.set_texts(["1", "2"])
    assert segments.current() == 1
    segments.set_texts([])
    assert segments.current() == -1


def test_without_room_segments_fold_into_a_list_and_unfold_again(qtbot: QtBot) -> None:
    segments = Segments(["Both ends", "Step by step", "Options", "TLS"], "Views")
    qtbot.addWidget(segments)
    segments.show()
    assert not segments.folded
    segments.resize(130, 28)
    assert segments.folded
    assert not segments.button(0).isVisible()
    choices = segments.findChild(QComboBox)
    assert [choices.itemText(n) for n in range(choices.count())] == ["Both ends", "Step by step", "Options", "TLS"]
    choices.setFocus()
    with qtbot.waitSignal(segments.chosen) as chosen:
        QTest.keyClick(choices, Qt.Key.Key_Down)
    assert chosen.args == [1]
    assert segments.current() == 1
    segments.set_current(3)
    assert choices.currentText() == "TLS"
    segments.resize(segments.sizeHint())
    assert not segments.folded
    assert segments.button(3).isVisible()


def test_arrow_keys_move_between_segments(qtbot: QtBot) -> None:
    segments = Segments(["a", "b"], "Views")
    qtbot.addWidget(segments)
    segments.show()
    segments.activateWindow()
    segments.button(0).setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is segments.button(0))
    QTest.keyClick(segments.button(0), Qt.Key.Key_Right)
    assert segments.current() == 1


def test_a_layer_chip_filters_and_tells_its_count(qtbot: QtBot) -> None:
    chip = LayerChip("packet")
    qtbot.addWidget(chip)
    chip.show()
    chip.set_count("1 204")
    assert chip.accessibleName() == "Packet, 1 204"
    on = chip.grab().toImage()
    QTest.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert not chip.isChecked()
    assert chip.grab().toImage() != on
    assert chip.height() == 28


def test_chips_and_key_caps_are_as_wide_as_their_words(qtbot: QtBot) -> None:
    for widget in (Chip("TCP"), KeyCap("Esc")):
        qtbot.addWidget(widget)
        assert widget.sizeHint().width() < 60


def test_a_fact_has_a_caption_and_elides_its_middle(qtbot: QtBot) -> None:
    fact = Fact("From", "127.0.0.1:51858", mono=True)
    qtbot.addWidget(fact)
    fact.show()
    fact.resize(80, 40)
    assert fact.value() == "127.0.0.1:51858"
    assert fact.accessibleName() == "From: 127.0.0.1:51858"
    fact.set_value("", "error")
    assert fact.accessibleName() == "From: "


def test_facts_side_by_side_stand_on_the_same_lines(qtbot: QtBot) -> None:
    facts = [Fact("From", "127.0.0.1", mono=True), Fact("Framing", "none")]
    for fact in facts:
        qtbot.addWidget(fact)
        fact.resize(120, 60)
        fact.show()
    tops = [[label.geometry().top() for label in fact.findChildren(QLabel)] for fact in facts]
    assert tops[0] == tops[1]


def test_a_label_above_is_tied_to_its_field(qtbot: QtBot) -> None:
    edit = QLineEdit()
    field = LabelledField("&Port", edit, "0 means any")
    qtbot.addWidget(field)
    field.show()
    label = field.findChild(QLabel)
    assert label is not None
    assert label.buddy() is edit
    assert edit.accessibleName() == "Port"
    assert edit.accessibleDescription() == "0 means any"
    field.set_hint("A port is a number.", error=True)
    assert edit.property("invalid") is True
    field.set_hint("")
    assert edit.property("invalid") is False


def test_a_row_breaks_into_lines_when_it_gets_narrow(qtbot: QtBot) -> None:
    row = FlowBox(*(QPushButton(f"Button {n}") for n in range(5)))
    qtbot.addWidget(row)
    one, two = row.heightForWidth(2000), row.heightForWidth(260)
    assert one == theme().control_height()
    assert two >= 2 * one
    row.resize(260, two)
    row.show()
    boxes = [button.geometry() for button in row.findChildren(QPushButton)]
    assert all(row.rect().contains(box) for box in boxes)
    assert not any(a.intersects(b) for n, a in enumerate(boxes) for b in boxes[n + 1 :])


def test_a_hidden_widget_leaves_no_hole_in_a_row(qtbot: QtBot) -> None:
    buttons = [QPushButton("one"), QPushButton("two")]
    row = FlowBox(*buttons)
    qtbot.addWidget(row)
    buttons[0].hide()
    row.resize(400, 60)
    row.show()
    assert buttons[1].geometry().left() == 0


def test_scrolling_past_a_number_does_not_change_it(qtbot: QtBot) -> None:
    number = NumberField(2345, suffix="ms", special="any")
    qtbot.addWidget(number)
    number.show()
    centre = number.rect().center().toPointF()
    wheel = QWheelEvent(
        centre, centre, number.rect().topLeft(), number.rect().bottomRight(), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    number.clearFocus()
    QApplication.sendEvent(number, wheel)
    assert number.value() == 2345
    assert number.text() == "2345 ms"
    number.setValue(0)
    assert number.text() == "any"
    assert number.sizeHint().height() == theme().control_height()


def test_the_splitter_can_be_grabbed(qtbot: QtBot) -> None:
    splitter = Splitter(Qt.Orientation.Horizontal, QWidget(), QWidget())
    qtbot.addWidget(splitter)
    splitter.resize(400, 100)
    splitter.show()
    handle = splitter.handle(1)
    assert handle.width() == 9
    image = handle.grab().toImage()
    line = [image.pixelColor(x, 50) == theme().tokens.dark for x in range(9)]
    assert sum(line) == 1


@pytest.mark.parametrize("state", STATE_SIGNS)
def test_a_state_is_a_word_and_a_sign(qtbot: QtBot, state: str) -> None:
    label = StateLabel(state, "Word")
    qtbot.addWidget(label)
    label.resize(label.sizeHint())
    assert label.accessibleName() == label.word == "Word"
    assert label.state == state
    wide = label.sizeHint().width()
    label.set(state, "A longer word")
    assert label.sizeHint().width() > wide


def test_a_status_item_changes_its_words_and_its_colour(qtbot: QtBot) -> None:
    item = StatusItem("0 dropped")
    qtbot.addWidget(item)
    item.show()
    assert item.property("status") == "true"
    item.set("412 dropped", state="warning")
    assert item.property("status") == "warning"
    assert item.accessibleName() == "412 dropped"
    assert not item.icon().isNull()
    with qtbot.waitSignal(item.clicked):
        QTest.mouseClick(item, Qt.MouseButton.LeftButton)


def test_the_chosen_tab_is_not_cut(qtbot: QtBot) -> None:
    tabs = TabBar()
    qtbot.addWidget(tabs)
    for text, icon in (("Table", "table"), ("Ladder", "arrow-left-right"), ("Bytes", "")):
        tabs.add(text, icon)
    tabs.show()
    before = [tabs.tabRect(n) for n in range(3)]
    tabs.setCurrentIndex(1)
    assert [tabs.tabRect(n) for n in range(3)] == before
    assert before[0].height() == 38


def test_an_empty_state_says_what_would_be_here_and_does_it(qtbot: QtBot) -> None:
    empty = EmptyState("server", "No server runs here.", "Start echo server", button_icon="play")
    qtbot.addWidget(empty)
    empty.resize(400, 200)
    empty.show()
    with qtbot.waitSignal(empty.acted):
        empty.button.click()
    mute = EmptyState("server", "Nothing to do.")
    qtbot.addWidget(mute)
    mute.show()
    assert not mute.button.isVisible()


def test_an_empty_state_without_room_gives_up_its_icon_first(qtbot: QtBot) -> None:
    page = QWidget()
    empty = EmptyState("server", "No server runs here. Start one and connect to it.", "Start echo server", parent=page)
    qtbot.addWidget(page)
    page.show()
    for height in (240, 90, 84):
        empty.resize(300, height)
        words = next(label for label in empty.findChildren(QLabel) if label.text().startswith("No server"))
        assert words.height() >= words.heightForWidth(words.width()), height
        assert empty.rect().contains(empty.button.geometry()), height
        assert not words.geometry().intersects(empty.button.geometry()), height
        icon = next(label for label in empty.findChildren(QLabel) if label is not words)
        assert icon.isVisible() is (height == 240)


def test_a_toast_sits_at_the_bottom_right_and_can_undo(qtbot: QtBot) -> None:
    panel = QWidget()
    panel.resize(600, 400)
    toast = Toast(panel)
    qtbot.addWidget(panel)
    panel.show()
    undone: list[bool] = []
    toast.say("Script copied", undo=lambda: undone.append(True))
    assert toast.isVisible()
    assert (toast.geometry().right(), toast.geometry().bottom()) == (600 - 17, 400 - 17)
    panel.resize(700, 500)
    assert (toast.geometry().right(), toast.geometry().bottom()) == (700 - 17, 500 - 17)
    toast.findChild(QPushButton).click()
    assert undone == [True]
    assert not toast.isVisible()
    toast.say("Saved")
    assert not toast.findChild(QPushButton).isVisible()
    assert toast.text() == "Saved"
    toast.hide()
    assert not toast.timer_is_active()
