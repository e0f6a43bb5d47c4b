"""A ring shows which button has the keyboard, and only when the keyboard brought it there."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from widgets.theme.focus import FocusRing
from widgets.theme.theme import theme


def ring() -> FocusRing:
    theme()
    app = QApplication.instance()
    assert app is not None
    found = app.findChild(FocusRing)
    assert found is not None
    return found


def test_the_ring_follows_the_tab_key_and_not_the_mouse(qtbot: QtBot) -> None:
    page = QWidget()
    column = QVBoxLayout(page)
    edit, first, second = QLineEdit(), QPushButton("first"), QPushButton("second")
    for widget in (edit, first, second):
        column.addWidget(widget)
    qtbot.addWidget(page)
    page.show()
    page.activateWindow()
    edit.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is edit)
    assert ring().around is None
    QTest.keyClick(edit, Qt.Key.Key_Tab)
    assert ring().around is first
    QTest.mousePress(second, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(second, Qt.MouseButton.LeftButton)
    assert QApplication.focusWidget() is second
    QTest.keyClick(second, Qt.Key.Key_Backtab)
    assert ring().around is first
    edit.setFocus()
    assert ring().around is None


def test_focus_that_moves_by_itself_after_a_click_shows_no_ring(qtbot: QtBot) -> None:
    page = QWidget()
    column = QVBoxLayout(page)
    first, second = QPushButton("first"), QPushButton("second")
    first.clicked.connect(lambda: first.setEnabled(False))
    column.addWidget(first)
    column.addWidget(second)
    qtbot.addWidget(page)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    QTest.mouseClick(first, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not first)
    assert ring().around is None


def test_the_ring_closes_around_the_round_corners(qtbot: QtBot) -> None:
    page = QWidget()
    first, second = QPushButton("first", page), QPushButton("second", page)
    first.move(20, 20)
    second.move(20, 80)
    qtbot.addWidget(page)
    page.resize(200, 140)
    page.show()
    page.activateWindow()
    first.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is first)
    QTest.keyClick(first, Qt.Key.Key_Tab)
    qtbot.waitUntil(lambda: ring().around is second)
    box, highlight = second.geometry(), theme().tokens.highlight
    page.grab()
    image = page.grab().toImage()
    assert image.pixelColor(box.left() - 1, box.center().y()) == highlight
    assert image.pixelColor(box.center().x(), box.top() - 2) == highlight
    corner = image.pixelColor(box.left(), box.top())
    assert corner.blue() > corner.red() + 40, "the ring passes under the corner"


def test_the_ring_survives_its_window(qtbot: QtBot) -> None:
    for _ in range(3):
        page = QWidget()
        column = QVBoxLayout(page)
        buttons = [QPushButton("first"), QPushButton("second")]
        for button in buttons:
            column.addWidget(button)
        page.show()
        page.activateWindow()
        buttons[0].setFocus()
        qtbot.waitUntil(lambda buttons=buttons: QApplication.focusWidget() is buttons[0])
        QTest.keyClick(buttons[0], Qt.Key.Key_Tab)
        assert ring().around is buttons[1]
        page.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        qtbot.waitUntil(lambda: ring().around is None)
