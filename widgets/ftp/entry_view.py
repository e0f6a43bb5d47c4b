"""EntryView: the tree of a pane as it is painted, clicked and dragged. It must not know what entries mean."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QWidget

from widgets.ftp.entry_tree import BRANCH_ROLE, DEPTH_ROLE, ICON_ROLE, EntryTree, Node, outermost
from widgets.parts.plain_table import PAD, PlainDelegate, PlainTable
from widgets.theme.theme import theme

_Index = QModelIndex | QPersistentModelIndex
ICON_PX: Final = 15
BRANCH_PX: Final = 14
WIDTHS: Final = (200, 110, 138, 96)
NEEDS: Final = ((3, 474), (2, 360))
"""Where there is little room the rights go, then the times, which two panes beside an inspector at 1280 still show."""


class _Delegate(PlainDelegate):
    """The arrow of a branch and an icon before the name."""

    def _write(self, painter: QPainter, rect: QRect, index: _Index) -> None:
        icon = index.data(ICON_ROLE)
        if icon:
            left = rect.left() + int(index.data(DEPTH_ROLE) or 0) * theme().px(BRANCH_PX)
            branch = index.data(BRANCH_ROLE)
            if branch is not None:
                self._draw(painter, "chevron-down" if branch else "chevron-right", left, rect, BRANCH_PX - 2)
            left += theme().px(BRANCH_PX)
            self._draw(painter, str(icon), left, rect, ICON_PX)
            rect = rect.adjusted(left - rect.left() + theme().px(ICON_PX) + 6, 0, 0, 0)
        super()._write(painter, rect, index)

    @staticmethod
    def _draw(painter: QPainter, icon: str, left: int, rect: QRect, size: int) -> None:
        side = theme().px(size)
        role = "warning" if icon == "circle-question-mark" else "text2"
        pixmap = theme().pixmap(icon, role, size, painter.device().devicePixelRatioF())
        painter.drawPixmap(QRect(left, rect.center().y() - side // 2 + 1, side, side), pixmap)


class EntryView(PlainTable):
    """The tree of a pane. `opened(node)`: Enter or a double click; `up_requested`: Backspace."""

    opened = Signal(object)
    up_requested = Signal()

    def __init__(self, model: EntryTree, name: str, parent: QWidget | None = None) -> None:
        self.tree = model
        super().__init__(model, name, widths=WIDTHS, needs=NEEDS, stretch=0, parent=parent)
        self.setItemDelegate(_Delegate((), (0,), self, stripes=False))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDragDropOverwriteMode(True)
        head = self.horizontalHeader()
        head.setSectionsClickable(True)
        for column in range(1, len(WIDTHS)):
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
        self.doubleClicked.connect(lambda index: self.opened.emit(model.node(index)))

    def chosen(self) -> list[Node]:
        """The chosen entries, in their order; what lies in a folder that is chosen itself comes with it."""
        rows = self.tree.rows
        found: list[Node] = []
        for top, bottom in self._spans():
            found += rows[top : bottom + 1]
        return outermost(found)

    def chosen_count(self) -> int:
        """How many rows are chosen."""
        return sum(bottom - top + 1 for top, bottom in self._spans())

    def _spans(self) -> list[tuple[int, int]]:
        """The chosen rows as first and last of each run: 100,000 of them are one run."""
        spans = self.selectionModel().selection()
        return sorted({(spans.at(at).top(), spans.at(at).bottom()) for at in range(spans.count())})

    def mousePressEvent(self, event: QMouseEvent, /) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == 0 and index.data(BRANCH_ROLE) is not None:
            left = self.visualRect(index).left() + PAD + int(index.data(DEPTH_ROLE)) * theme().px(BRANCH_PX)
            if left - 3 <= event.position().x() <= left + theme().px(BRANCH_PX):
                self.tree.toggle(index.row())
                return
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        at = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and at.isValid():
            self.opened.emit(self.tree.node(at))
        elif event.key() == Qt.Key.Key_Backspace:
            self.up_requested.emit()
        elif event.key() in (Qt.Key.Key_Right, Qt.Key.Key_Left) and at.isValid():
            if self.tree.node(at).open is (event.key() == Qt.Key.Key_Left):
                self.tree.toggle(at.row())
        else:
            super().keyPressEvent(event)
