"""A ring shows which button has the keyboard, and only when the keyboard brought it there."""

from __future__ import annotations

from PySide6.QtCore import Qt
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


def test_the_ring_survives_its_window(qtbot: QtBot) -> None:
    for _ in range(3):
        page = QWidget()
        button = QPushButton("gone soon", page)
        page.show()
        page.activateWindow()
        button.setFocus(Qt.FocusReason.TabFocusReason)
        qtbot.waitUntil(lambda button=button: ring().around is button)
        page.deleteLater()
        QApplication.sendPostedEvents(None, 52)
        qtbot.waitUntil(lambda: ring().around is None)
