"""EntryView: the tree of a pane as it is painted, clicked and dragged. It must not know what entries mean."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from widgets.ftp.entry_tree import ICON_ROLE, EntryTree, Node
from widgets.parts.plain_table import PlainDelegate
from widgets.theme.theme import theme

_Index = QModelIndex | QPersistentModelIndex
ICON_PX: Final = 15


class _Delegate(PlainDelegate):
    """An icon before the name."""

    def _write(self, painter: QPainter, rect: QRect, index: _Index) -> None:
        icon = index.data(ICON_ROLE)
        if icon:
            side = theme().px(ICON_PX)
            role = "warning" if icon == "circle-question-mark" else "text2"
            pixmap = theme().pixmap(str(icon), role, ICON_PX, painter.device().devicePixelRatioF())
            painter.drawPixmap(QRect(rect.left(), rect.center().y() - side // 2 + 1, side, side), pixmap)
            rect = rect.adjusted(side + 6, 0, 0, 0)
        super()._write(painter, rect, index)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index, /) -> QSize:
        return QSize(theme().px(60), theme().row_height())


class EntryView(QTreeView):
    """The tree of a pane. `opened(node)`: Enter or a double click; `up_requested`: Backspace."""

    opened = Signal(object)
    up_requested = Signal()

    def __init__(self, model: EntryTree, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tree = model
        self.setModel(model)
        self.setItemDelegate(_Delegate((), (0,), self, stripes=False))
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setExpandsOnDoubleClick(False)
        self.setMouseTracking(True)
        head = self.header()
        head.setSectionsClickable(True)
        head.setStretchLastSection(False)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        theme().changed.connect(self._suit)
        self._suit()
        self.doubleClicked.connect(lambda index: self.opened.emit(model.node(index)))

    def _suit(self) -> None:
        for column, width in ((1, 92), (2, 116), (3, 86)):
            self.setColumnWidth(column, theme().px(width))
        self.setIndentation(theme().px(14))
        self.setMinimumHeight(theme().row_height() * 3)

    def chosen(self) -> list[Node]:
        """The chosen entries, in their order."""
        return [self.tree.node(index) for index in self.selectionModel().selectedRows(0)]

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit(self.tree.node(self.currentIndex()))
        elif event.key() == Qt.Key.Key_Backspace:
            self.up_requested.emit()
        else:
            super().keyPressEvent(event)
