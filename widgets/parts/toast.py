"""A toast: a word about what succeeded elsewhere (saved, copied), with Undo where that is possible, why it did not, or
that an alarm went off.

Never for errors of what the lab runs. One at a time, at the bottom right of its panel or where it covers no button.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QWidget,
)

from widgets.parts.buttons import LinkButton
from widgets.parts.card import IconLabel
from widgets.parts.text import ElidedLabel
from widgets.theme.theme import theme

SHOWN_MS = 4000
EDGE_PX = 16
About: TypeAlias = Literal["done", "declined", "alarm"]
SIGNS: Final[dict[About, tuple[str, str]]] = {
    "done": ("check", "running"), "declined": ("circle-alert", "warning"), "alarm": ("bell", "warning"),
}  # fmt: skip


class Toast(QFrame):
    """The toast of one panel, hidden until `say`."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("toast", "true")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(10)
        self._text = ElidedLabel("")
        self._undo = LinkButton("Undo")
        self._undo.clicked.connect(self._on_undo_clicked)
        self._handler: Callable[[], object] | None = None
        self._sign = IconLabel(*SIGNS["done"], 16)
        row.addWidget(self._sign)
        row.addWidget(self._text)
        row.addWidget(self._undo)
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        theme().scaled.connect(self._place)
        self.hide()

    def say(self, text: str, undo: Callable[[], object] | None = None, about: About = "done") -> None:
        """Show `text` for four seconds, with Undo if there is a way back. about: what its sign says."""
        self._sign.set_icon(*SIGNS[about])
        self._handler = undo
        self._undo.setVisible(undo is not None)
        self._text.setText(text)
        self.setAccessibleName(text)
        self.show()
        self.raise_()
        self._place()
        self._timer.start()

    def text(self) -> str:
        """What was said last."""
        return self._text.text()

    def timer_is_active(self) -> bool:
        """Whether it will go by itself."""
        return self._timer.isActive()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None or self.isHidden():
            return
        size = self.sizeHint()
        size.setWidth(min(size.width(), parent.width() - 2 * EDGE_PX))
        self.resize(size)
        self.move(self._free_place(parent, size))

    def _free_place(self, parent: QWidget, size: QSize) -> QPoint:
        """At the bottom right, unless a button or an input stands there: then the next place where none does."""
        right, middle, low = parent.width() - size.width() - EDGE_PX, (parent.width() - size.width()) // 2, EDGE_PX
        bottom = parent.height() - size.height() - EDGE_PX
        places = [QPoint(right, bottom), QPoint(middle, bottom), QPoint(low, bottom),
                  *(QPoint(right, bottom - step * size.height()) for step in (1, 2, 3))]  # fmt: skip
        taken = [
            QRect(widget.mapTo(parent, QPoint(0, 0)), widget.size())
            for kind in (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox)
            for widget in parent.findChildren(kind)
            if widget.isVisible() and not self.isAncestorOf(widget)
        ]
        free = (place for place in places if not any(QRect(place, size).intersects(rect) for rect in taken))
        return next(free, places[0])

    def _on_undo_clicked(self) -> None:
        handler, self._handler = self._handler, None
        self._timer.stop()
        self.hide()
        if handler is not None:
            handler()
