"""TitleBar: the head of the time line's dock: tabs, the tools of the chosen view, fold and expand.

It must not know the views: it shows the actions and widgets it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from protocols.numbers import grouped
from protocols.record.event import LAYERS
from widgets.parts.buttons import IconButton
from widgets.parts.card import Line
from widgets.parts.tabs import TabBar
from widgets.parts.text import Label
from widgets.theme.signs import paint_layer
from widgets.theme.theme import theme

COMPACT_PX: Final = 660
"""Below this width (at scale 1) buttons show their icons only."""


class CountsLine(QWidget):
    """How many events of each layer there are, with the layers' signs: what a folded time line still tells."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: Mapping[str, int] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show these numbers."""
        self._counts = counts
        self.setAccessibleName(", ".join(f"{layer} {counts.get(layer, 0)}" for layer in LAYERS))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Sign and number of each layer that has any."""
        painter = QPainter(self)
        look = theme()
        painter.setFont(look.ui_font(9.5))
        metrics = QFontMetricsF(painter.font())
        left, side = 4.0, look.px(15)
        for layer in LAYERS:
            count = self._counts.get(layer, 0)
            if not count and layer == "packet":
                continue
            text = grouped(count)
            wide = metrics.horizontalAdvance(text)
            if left + side + wide + 6 > self.width():
                break
            paint_layer(painter, QRectF(left, (self.height() - side) / 2, side, side), layer)
            painter.setPen(look.tokens.text2)
            painter.setFont(look.ui_font(9.5))
            left += side + 6
            painter.drawText(QRectF(left, 0, wide + 4, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
            left += wide + 18
        painter.end()


class TitleBar(QWidget):
    """Tabs at the left, tools at the right; folded: a line with counts.

    view_chosen(index): a tab was clicked. fold_requested, expand_requested: the last two buttons.
    """

    view_chosen = Signal(int)
    fold_requested = Signal()
    expand_requested = Signal()

    def __init__(self, tabs: Sequence[tuple[str, str]], tools: Sequence[Sequence[QWidget]]) -> None:
        super().__init__()
        self.setProperty("surface", "base")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.tabs = TabBar()
        for text, icon in tabs:
            self.tabs.add(text, icon)
        self.tabs.setUsesScrollButtons(False)  # two short words: the filter beside them gives room instead
        self.tabs.setAccessibleName("Views of the time line")
        self._tools = [list(group) for group in tools]
        self._folded = False
        self.counts = CountsLine()
        self._word = Label("Time line", "strong")
        self._fold = IconButton("chevron-down", "Fold the time line")
        self._expand = IconButton("maximize-2", "Make the time line large")
        self._pages = QStackedLayout()
        self._lay_out()
        self.tabs.currentChanged.connect(self._on_tab_changed)
        self._fold.clicked.connect(self.fold_requested)
        self._expand.clicked.connect(self.expand_requested)
        theme().scaled.connect(self._size)
        self._on_tab_changed(0)
        self._size()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setContentsMargins(4, 0, 8, 0)
        row.setSpacing(6)
        column.addWidget(Line(dock=True))
        column.addLayout(row, 1)
        column.addWidget(Line())
        row.addLayout(self._pages, 1)
        open_page, folded_page = QWidget(), QWidget()
        opened, folded = QHBoxLayout(open_page), QHBoxLayout(folded_page)
        opened.setContentsMargins(0, 0, 0, 0)
        opened.setSpacing(6)
        opened.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignBottom)
        opened.addStretch(1)
        for group in self._tools:
            for tool in group:
                opened.addWidget(tool)
        folded.setContentsMargins(12, 0, 0, 0)
        folded.setSpacing(12)
        folded.addWidget(self._word)
        folded.addWidget(self.counts, 1)
        self._pages.addWidget(open_page)
        self._pages.addWidget(folded_page)
        row.addWidget(self._expand)
        row.addWidget(self._fold)

    def _on_tab_changed(self, index: int) -> None:
        for place, group in enumerate(self._tools):
            for tool in group:
                tool.setVisible(place in (index, len(self._tools) - 1))
        self.view_chosen.emit(index)

    def set_folded(self, folded: bool) -> None:
        """Show the line with counts, or tabs and tools."""
        self._folded = folded
        self._pages.setCurrentIndex(1 if folded else 0)
        self._expand.setVisible(not folded)
        self._fold.set_icon("chevron-up" if folded else "chevron-down")
        name = "Unfold the time line" if folded else "Fold the time line"
        self._fold.setAccessibleName(name)
        self._fold.setToolTip(name)
        self._size()

    def set_expanded(self, expanded: bool) -> None:
        """Which way the large button leads."""
        self._expand.set_icon("minimize-2" if expanded else "maximize-2")
        name = "Give the panel its room back" if expanded else "Make the time line large"
        self._expand.setAccessibleName(name)
        self._expand.setToolTip(name)

    def _size(self) -> None:
        line = theme().line_height()
        self.setFixedHeight(line + (18 if self._folded else 26))

    def sizeHint(self) -> QSize:
        return QSize(400, self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(240), self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Short of room, buttons lose their words."""
        super().resizeEvent(event)
        compact = self.width() < theme().px(COMPACT_PX)
        style = Qt.ToolButtonStyle
        for group in self._tools:
            for tool in group:
                if isinstance(tool, QToolButton) and tool.property("bordered"):
                    tool.setToolButtonStyle(style.ToolButtonIconOnly if compact else style.ToolButtonTextBesideIcon)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A double click folds and unfolds."""
        self.fold_requested.emit()
