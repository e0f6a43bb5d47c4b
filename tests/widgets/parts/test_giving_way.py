"""Heads and forms give way in an order when their room gets narrow: nothing is cut, the important stays."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from widgets.parts.buttons import Button
from widgets.parts.card import Card
from widgets.parts.flow import FlowBox
from widgets.parts.folded_form import FoldedForm
from widgets.parts.panel_head import PanelHead
from widgets.parts.segments import Segments

VIEWS = ("Both ends", "Step by step", "Options", "TLS", "Failures")


def fit(widget: QWidget, width: int) -> None:
    """Resize it, and let it lay itself out."""
    widget.resize(width, widget.height())
    QApplication.processEvents()


def inside(part: QWidget, whole: QWidget) -> bool:
    """All of it lies within."""
    return whole.rect().contains(part.rect().translated(part.mapTo(whole, QPoint(0, 0))))


def test_a_panels_head_gives_up_python_s_words_first_then_the_row_of_views_then_all_words(qtbot: QtBot) -> None:
    buttons = [Button("Server", "plus", small=True), Button("Client", "plus", small=True)]
    python = Button("Show as Python", "code-xml", small=True)
    head = PanelHead("Sockets", Segments(VIEWS, "Views"), *buttons, python)
    holder = QWidget()  # a window of its own would keep the size its layout likes
    qtbot.addWidget(holder)
    head.setParent(holder)
    holder.show()
    head.show()
    seen = []
    for width in range(1200, head.minimumSizeHint().width() - 1, -8):
        fit(head, width)
        shape = (
            "python" if not python.width() > python.width_of("icon") else "words",
            "folded" if head.segments.folded else "row",
            "icons" if buttons[0].width() <= buttons[0].width_of("icon") else "words",
        )
        if not seen or seen[-1] != shape:
            seen.append(shape)
        assert all(inside(part, head) for part in (*buttons, python, head.segments, head.title)), width
    assert seen == [
        ("words", "row", "words"),
        ("python", "row", "words"),
        ("words", "folded", "words"),
        ("python", "folded", "words"),
        ("python", "folded", "icons"),
    ]
    assert python.text() == python.toolTip() == python.accessibleName() == "Show as Python"
    head.resize(1200, 50)
    assert python.toolTip() == ""


def test_a_cards_head_keeps_title_and_button_to_the_last(qtbot: QtBot) -> None:
    card = Card("Server", "server")
    stop = Button("Stop", "square", small=True)
    card.add_head(QLabel("1 2"))
    card.add_action(stop)
    qtbot.addWidget(card)
    card.set_title("Upper case server", "Upper case")
    card.set_chip("TCP")
    card.set_state("running", "Running")
    head = card.head
    card.show()
    card.resize(600, 100)
    assert (head.title.text(), head.toolTip(), head.chip.isVisible()) == ("Upper case server", "", True)
    gone: list[str] = []
    for width in range(600, card.minimumSizeHint().width() - 1, -4):
        fit(card, width)
        state = {
            "chip": head.chip.isHidden(),
            "title": head.title.text() == "Upper case",
            "sign": stop.icon().isNull(),
            "word": head.state.width() <= head.state.width_of(brief=True),
            "icon": head.icon.isHidden(),
        }
        gone += [part for part, is_gone in state.items() if is_gone and part not in gone]
        if not head.icon.isHidden():
            assert head.title.shown_text() == head.title.text(), "nothing is cut before everything gave way"
        assert inside(stop, head)
    assert gone == ["chip", "title", "sign", "word", "icon"]
    assert head.toolTip() == "Upper case server, TCP"
    assert head.state.toolTip() == "Running"
    other = Button("Another", "plus", small=True)
    head.gives_words = (other,)
    card.add_action(other)
    QApplication.processEvents()
    for width in range(600, card.minimumSizeHint().width() - 1, -4):
        fit(card, width)
        if other.toolTip():  # its icon stands alone
            break
    assert (other.toolTip(), stop.toolTip()) == ("Another", "")
    assert head.icon.isHidden()
    assert head.title.shown_text() == head.title.text()
    fit(card, 600)
    assert other.toolTip() == ""


def test_more_is_brought_into_view_where_it_opened_below_it(qtbot: QtBot) -> None:
    form = FoldedForm("the server")

    def fill(flow: FlowBox) -> None:
        flow.add(form.fields.line("host", "Host"))

    rows = [QLabel("\n".join(["what it does"] * 8)) for _ in range(2)]
    form.lay_out(*rows)
    for title in ("Where", "How", "Listening"):
        form.add_section(title, fill)
    qtbot.addWidget(form)
    form.resize(320, 200)
    form.show()
    area = form.findChild(QScrollArea)
    assert area is not None
    area.ensureWidgetVisible(form.more_button)
    assert not form.sections["Where"].isVisible()
    qtbot.mouseClick(form.more_button, Qt.MouseButton.LeftButton)
    port = area.viewport()
    qtbot.waitUntil(lambda: inside(form.sections["Where"], port) and inside(form.more_button, port))
    assert form.more_button.text() == "Less"


@pytest.mark.parametrize("width", [120, 240, 480])
def test_a_flowing_row_is_never_lower_than_its_lines(qtbot: QtBot, width: int) -> None:
    row = FlowBox(*(Button(f"Button {number}") for number in range(5)))
    holder = QWidget()
    qtbot.addWidget(holder)
    row.setParent(holder)
    holder.show()
    row.resize(width, 10)
    row.show()
    qtbot.waitUntil(lambda: row.height() >= row.flow.heightForWidth(width))
