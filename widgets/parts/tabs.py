"""The tab bar of docks and cards: words on one line, the chosen one bolder and underlined."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QTabBar, QWidget

from widgets.theme.theme import theme

ICON_GAP = 8
# As the style sheet has it.
MARGIN = 10
TIGHT_MARGIN = 5


class TabBar(QTabBar):
    """A flat tab bar; `add` takes a Lucide icon. tight: little room between the tabs."""

    def __init__(self, parent: QWidget | None = None, *, tight: bool = False) -> None:
        super().__init__(parent)
        self._margin = TIGHT_MARGIN if tight else MARGIN
        self.setProperty("tight", tight)
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        theme().dress(self, "body")
        theme().scaled.connect(self._size)
        self._size()

    def add(self, text: str, icon: str = "") -> int:
        """Append a tab; returns its index."""
        return self.addTab(theme().icon(icon, "text2", on="text"), text) if icon else self.addTab(text)

    def tabSizeHint(self, index: int) -> QSize:
        # The style measures the normal weight and pads twice; the chosen tab is bolder and must not be cut.
        words = theme().ui_metrics(10, 600).horizontalAdvance(self.tabText(index))
        icon = 0 if self.tabIcon(index).isNull() else self.iconSize().width() + ICON_GAP
        return QSize(words + icon + 2 * self._margin + 4, theme().line_height() + 22)

    def minimumTabSizeHint(self, index: int) -> QSize:
        return self.tabSizeHint(index)

    def _size(self) -> None:
        self.setIconSize(QSize(theme().px(16), theme().px(16)))
