"""A dock at the side: a title bar of its own, and pages of which one is shown.

It must not know what stands in it.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from widgets.parts.buttons import IconButton
from widgets.parts.card import Line
from widgets.theme.theme import theme


class DockTitle(QWidget):
    """The bar: what names the dock at the left, its buttons and the close button at the right.

    left: from the edge, margin and gap in px. width, least: of the dock, at 100 %.
    """

    def __init__(self, name: str, width: int, least: int, *, margin: int, gap: int) -> None:
        super().__init__()
        self._width, self._least = width, least
        self.setProperty("surface", "base")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.close_button = IconButton("x", f"Close the {name}")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._row = QHBoxLayout()
        self._row.setContentsMargins(margin, 0, 8, 0)
        self._row.setSpacing(gap)
        self._row.addStretch(1)
        self._row.addWidget(self.close_button)
        column.addLayout(self._row, 1)
        column.addWidget(Line())
        theme().scaled.connect(self._size)
        self._size()

    def add_name(self, *widgets: QWidget, align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignVCenter) -> None:
        """What names the dock, at the left: words, or the tabs of its pages."""
        for at, widget in enumerate(widgets):
            self._row.insertWidget(at, widget, 0, align)

    def add_button(self, button: QWidget) -> None:
        """A button before the close button."""
        self._row.insertWidget(self._row.count() - 1, button)

    def _size(self) -> None:
        self.setFixedHeight(theme().line_height() + 28)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(self._width), self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(self._least), self.minimumHeight())


class SideDock(QDockWidget):
    """The dock. `bar` is its title, `pages` what it shows; id: for the places kept for the next start."""

    def __init__(self, id: str, title: str, bar: DockTitle, least: int, *pages: QWidget) -> None:
        super().__init__(title)
        self.setObjectName(id)
        self.setAllowedAreas(Qt.DockWidgetArea.RightDockWidgetArea | Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
        self._least = least
        self.pages = QStackedWidget()
        self.pages.setProperty("surface", "base")
        for page in pages:
            self.pages.addWidget(page)
        self.setTitleBarWidget(bar)
        self.setWidget(self.pages)
        bar.close_button.clicked.connect(self.close)
        theme().scaled.connect(self._take_least_width)
        self._take_least_width()

    def _take_least_width(self) -> None:
        self.setMinimumWidth(theme().px(self._least))
        self.pages.updateGeometry()  # the pages behind tell nobody that they have another size
