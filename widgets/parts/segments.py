"""Segments: a short row of choices of which one holds (the views of a panel, the clients of a card).

Where there is no room for the row it folds into a list, so that no choice is ever cut.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from widgets.theme.theme import set_look, theme

FOLDED_WIDTH = 120


class Segment(QToolButton):
    """One choice; the chosen one is bolder, and the width is always the bolder one's."""

    def __init__(self, text: str, tip: str = "") -> None:
        super().__init__()
        self.setText(text)
        self.setCheckable(True)
        self.setToolTip(tip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("segment", "only")
        self.toggled.connect(self._weigh)
        theme().scaled.connect(self._weigh)
        self._weigh()

    def sizeHint(self) -> QSize:
        bold = theme().ui_metrics(9.5, 600).horizontalAdvance(self.text())
        return QSize(bold + 20, theme().line_height() + 12)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _weigh(self) -> None:
        font: QFont = theme().ui_font(9.5, 600 if self.isChecked() else 400)
        self.setFont(font)


class Segments(QWidget):
    """A group of segments; `chosen` gives the index the user picked."""

    chosen = Signal(int)

    def __init__(self, texts: Sequence[str] = (), name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self._on_clicked)
        self._segments: list[Segment] = []
        self._folding = False
        self._list = QComboBox()
        self._list.setProperty("small", True)
        self._list.setAccessibleName(name)
        self._list.activated.connect(self._on_picked)
        self._list.hide()
        self._row.addWidget(self._list)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
        for text in texts:
            self.add(text)
        if texts:
            self.set_current(0)

    def add(self, text: str, tip: str = "") -> int:
        """Append a choice; returns its index."""
        segment = Segment(text, tip)
        index = len(self._segments)
        self._segments.append(segment)
        self._group.addButton(segment, index)
        self._row.addWidget(segment)
        self._list.addItem(text)
        self._shape()
        self.updateGeometry()
        return index

    def set_texts(self, texts: Sequence[str]) -> None:
        """Replace all choices; the index chosen stays where it still exists."""
        current = self.current()
        for segment in self._segments:
            self._group.removeButton(segment)
            self._row.removeWidget(segment)
            segment.hide()
            segment.deleteLater()
        self._segments = []
        self._list.clear()
        for text in texts:
            self.add(text)
        self.updateGeometry()
        if self._segments:
            self.set_current(min(max(current, 0), len(self._segments) - 1))

    def count(self) -> int:
        """How many choices there are."""
        return len(self._segments)

    def button(self, index: int) -> Segment:
        """The button of one choice."""
        return self._segments[index]

    def current(self) -> int:
        """The index that holds, -1 for none."""
        return self._group.checkedId()

    def set_current(self, index: int) -> None:
        """Choose without a signal."""
        self._segments[index].setChecked(True)
        self._list.setCurrentIndex(index)

    @property
    def folded(self) -> bool:
        """Whether the choices stand in a list for want of room."""
        return not self._list.isHidden()

    def sizeHint(self) -> QSize:
        return QSize(sum(each.sizeHint().width() for each in self._segments), theme().line_height() + 12)

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(hint.width(), theme().px(FOLDED_WIDTH)), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fold()
        return done

    def _fold(self) -> None:
        if self._folding:
            return  # showing a child lays out, which resizes, which folds: the outer call looks again
        self._folding = True
        for _ in range(2):
            folded = self.testAttribute(Qt.WidgetAttribute.WA_Resized) and self.width() < self.sizeHint().width()
            self._list.setVisible(folded)
            for segment in self._segments:
                segment.setVisible(not folded)
        self._folding = False

    def _on_clicked(self, index: int) -> None:
        self._list.setCurrentIndex(index)
        self.chosen.emit(index)

    def _on_picked(self, index: int) -> None:
        self._segments[index].setChecked(True)
        self.chosen.emit(index)

    def _shape(self) -> None:
        last = len(self._segments) - 1
        for index, segment in enumerate(self._segments):
            place = "only" if last == 0 else "first" if index == 0 else "last" if index == last else "middle"
            set_look(segment, "segment", place)
