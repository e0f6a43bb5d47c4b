"""The line that everything starts from: method, URL, Send or Cancel.

It must not know what is sent.
"""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QKeySequence, QWheelEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QToolTip, QWidget

from protocols.http.methods import METHODS, WEBDAV
from protocols.http.parts import span_at, url_parts
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Card
from widgets.parts.text import plain_tip
from widgets.theme.theme import theme

ALL: Final = (*METHODS, *WEBDAV)
CURL: Final = re.compile(r"\s*(?:[$%#>]\s+)?curl(?:\.exe)?\s+\S", re.IGNORECASE)
"""As it stands in a terminal or in a manual, its prompt before it."""
ANY_WORD: Final = "One of these, or any word of your own"


class MethodBox(QComboBox):
    """The method: one of the usual ones, or any word."""

    def __init__(self) -> None:
        super().__init__()
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        for at, one in enumerate(ALL):
            self.addItem(one.title)
            self.setItemData(at, one.meaning, Qt.ItemDataRole.ToolTipRole)
        self.insertSeparator(len(METHODS))
        self.setAccessibleName("Method")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.editTextChanged.connect(lambda _text: self._suit())
        self._suit()

    def _suit(self) -> None:
        found = next((one.meaning for one in ALL if one.id == self.currentText().strip().upper()), "")
        self.setToolTip(f"{found}\n{ANY_WORD}".strip())

    def sizeHint(self) -> QSize:
        wide = self.fontMetrics().horizontalAdvance("OPTIONS") + theme().px(48)
        return QSize(wide, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def wheelEvent(self, event: QWheelEvent, /) -> None:
        event.ignore()


class UrlLine(QLineEdit):
    """The URL. A line break in what is pasted is kept out of it, but a whole curl command is told.

    One that is typed is not read before it is sent: its begin is a command, too. Under the pointer each part of the
    line says what it is.
    """

    curl_pasted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._typing = False
        self.textEdited.connect(self._on_text_edited)

    def is_curl(self) -> bool:
        """Whether a curl command stands here in place of a URL; one needs no scheme in it."""
        return CURL.match(self.text()) is not None

    def _on_text_edited(self, text: str) -> None:
        if not self._typing and self.is_curl():
            self.curl_pasted.emit(text)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        self._typing = not event.matches(QKeySequence.StandardKey.Paste)
        super().keyPressEvent(event)
        self._typing = False

    def words_at(self, x: int) -> str:
        """What stands at a place of the line."""
        place = self.cursorPositionAt(QPoint(x, self.height() // 2))
        found = span_at(url_parts(self.text()), place)
        if found is None:
            return ""
        part = "\u2022" * 6 if found.name == "Password" else self.text()[found.start : found.stop][:200]
        return f"{found.name}: {part}\n{found.told}"

    def event(self, event: QEvent, /) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), plain_tip(self.words_at(event.pos().x())), self)
            return True
        return super().event(event)


class UrlBar(Card):
    """`send_requested`, `cancel_requested`: the button. `changed`: method or URL. `curl_pasted(text)`: a command."""

    send_requested = Signal()
    cancel_requested = Signal()
    changed = Signal()
    curl_pasted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setAccessibleName("Where to")
        self.method = MethodBox()
        self.url = UrlLine()
        self.url.setPlaceholderText("http://127.0.0.1:8080/, or paste a curl command")
        self.url.setAccessibleName("URL")
        self.url.setFont(theme().mono_font(9.5))
        theme().dress(self.url, "mono")
        self.send_button = PrimaryButton("Send", "send")
        self.cancel_button = Button("Cancel", "square")
        self.cancel_button.hide()
        row = QHBoxLayout()
        self.body.addLayout(row)
        self.row = row
        row.setContentsMargins(12, 10, 12, 10)
        row.setSpacing(8)
        row.addWidget(self.method)
        row.addWidget(self.url, 1)
        row.addWidget(self.send_button)
        row.addWidget(self.cancel_button)
        self.send_button.clicked.connect(self._send)
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.url.returnPressed.connect(self._send)
        self.url.textChanged.connect(lambda _text: self.changed.emit())
        self.url.curl_pasted.connect(self.curl_pasted)
        self.method.editTextChanged.connect(lambda _text: self.changed.emit())

    def _send(self) -> None:
        if self.url.is_curl():
            self.curl_pasted.emit(self.url.text())
        if not self.url.is_curl():  # read, or there was none
            self.send_requested.emit()

    def set_busy(self, busy: bool) -> None:
        """While a request is under way the button ends it."""
        had_focus = self.send_button.hasFocus() or self.cancel_button.hasFocus()
        self.send_button.setVisible(not busy)
        self.cancel_button.setVisible(busy)
        if had_focus:
            (self.cancel_button if busy else self.send_button).setFocus()
