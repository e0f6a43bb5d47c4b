"""The JSON tree: opened bit by bit over an index, so that a body of any size is shown at once.

Containers of more than a thousand values are opened in ranges. It must not know where the body
came from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QFrame, QTreeView, QWidget

from protocols.numbers import grouped
from widgets.parts.plain_table import TONE_ROLE, PlainDelegate
from widgets.theme.theme import theme

if TYPE_CHECKING:
    from widgets.http.response.json_index import JsonIndex, Node

_Index = QModelIndex | QPersistentModelIndex
RANGE: Final = 1000
_TONES: Final = {"string": "sender2", "number": "sender1", "word": "sender6", "wrong": "error"}
TITLES: Final = ("Name", "Value")


class Item:
    """One line of the tree: a value, or a range of a large container's values (`low` to before `high`)."""

    __slots__ = ("high", "low", "node", "parent", "row", "rows", "step")

    def __init__(self, node: Node, parent: Item | None, row: int, low: int = 0, high: int = -1, step: int = 0) -> None:
        self.node, self.parent, self.row = node, parent, row
        self.low, self.high, self.step = low, high, step
        self.rows: list[Item] | None = None

    @property
    def is_range(self) -> bool:
        """It stands for some of its container's values."""
        return self.high >= 0


def step_of(count: int) -> int:
    """How many values one line stands for, so that there are at most RANGE lines: 1, 1000, 1000000."""
    step = 1
    while count > step * RANGE:
        step *= RANGE
    return step


class JsonModel(QAbstractItemModel):
    """The values of an index as a tree of two columns."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.index_of: JsonIndex | None = None
        self._root: Item | None = None

    def set_index(self, found: JsonIndex | None) -> None:
        """Show another text; None for none."""
        self.beginResetModel()
        self.index_of = found
        self._root = Item(found.root, None, 0) if found is not None else None
        self.endResetModel()

    def _rows_of(self, item: Item) -> list[Item]:
        """The lines below one, made now if they never were."""
        if item.rows is None:
            assert self.index_of is not None
            low, high = (item.low, item.high) if item.is_range else (0, self.index_of.count(item.node))
            step = step_of(high - low)
            if step == 1:
                item.rows = [Item(self.index_of.child(item.node, at), item, at - low) for at in range(low, high)]
            else:
                item.rows = [Item(item.node, item, row, at, min(at + step, high), step)
                             for row, at in enumerate(range(low, high, step))]  # fmt: skip
        return item.rows

    def _item(self, index: _Index) -> Item | None:
        if not index.isValid():
            return None
        found: Item = index.internalPointer()
        return found

    # Qt

    def index(self, row: int, column: int, parent: _Index = QModelIndex(), /) -> QModelIndex:  # noqa: B008
        if self._root is None or not 0 <= column < 2:
            return QModelIndex()
        above = self._item(parent)
        if above is None:
            return self.createIndex(0, column, self._root) if row == 0 else QModelIndex()
        rows = self._rows_of(above)
        return self.createIndex(row, column, rows[row]) if 0 <= row < len(rows) else QModelIndex()

    def parent(self, index: _Index, /) -> QModelIndex:  # type: ignore[override]
        item = self._item(index)
        if item is None or item.parent is None:
            return QModelIndex()
        return self.createIndex(item.parent.row, 0, item.parent)

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        if self._root is None or parent.column() > 0:
            return 0
        item = self._item(parent)
        return 1 if item is None else len(self._rows_of(item)) if self.hasChildren(parent) else 0

    def hasChildren(self, parent: _Index = QModelIndex(), /) -> bool:  # noqa: B008
        item = self._item(parent)
        if item is None:
            return self._root is not None
        assert self.index_of is not None
        return parent.column() == 0 and (item.is_range or self.index_of.count(item.node) > 0)

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 2

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        item = self._item(index)
        if item is None or self.index_of is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._name(item) if index.column() == 0 else self._value(item)
        if role == TONE_ROLE:
            if index.column() == 0:
                return "text2" if item.is_range or item.node.key is None else "text"
            return "text2" if item.is_range else _TONES.get(item.node.kind, "text2")
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == 1 and item.node.kind == "wrong":
            return "This is no value that JSON has."
        return None

    def _name(self, item: Item) -> str:
        if item.is_range:
            return f"{grouped(item.low)} \u2026 {grouped(item.high - 1)}"
        if item.parent is None:
            return "all"
        return item.node.key if item.node.key is not None else str(item.parent.low + item.row)

    def _value(self, item: Item) -> str:
        assert self.index_of is not None
        return "" if item.is_range else self.index_of.text(item.node)

    def whole_text(self, index: _Index) -> str:
        """The text of a value as it stands in the body, at most 1 MB of it."""
        item = self._item(index)
        if item is None or self.index_of is None:
            return ""
        return self.index_of.data[item.node.start : min(item.node.stop, item.node.start + (1 << 20))].decode(
            "utf-8", "replace"
        )

    def path_to(self, rows: list[int]) -> QModelIndex:
        """The line of a value, found by the rows of the containers around it, ranges or not."""
        at = self.index(0, 0)
        for row in rows:
            item = self._item(at)
            while item is not None:
                lines = self._rows_of(item)
                if not lines or not lines[0].is_range:
                    break
                at = self.index((row - lines[0].low) // lines[0].step, 0, at)
                item = self._item(at)
            low = item.low if item is not None else 0
            at = self.index(row - low, 0, at)
        return at


class JsonTree(QTreeView):
    """The tree's view."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.values = JsonModel(self)
        self.setModel(self.values)
        self.setItemDelegate(PlainDelegate((0, 1), (), self, stripes=False))
        self.setAccessibleName("JSON as a tree")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformRowHeights(True)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.header().setStretchLastSection(True)
        theme().changed.connect(self._suit)
        self._suit()

    def _suit(self) -> None:
        self.setIndentation(theme().px(18))
        self.setColumnWidth(0, theme().px(190))

    def set_index(self, found: JsonIndex | None) -> None:
        """Show another text, its first level open."""
        self.values.set_index(found)
        if found is not None:
            self.expand(self.values.index(0, 0))
            self.setCurrentIndex(self.values.index(0, 0))

    def go_to(self, place: int) -> None:
        """Choose the value in which a byte is."""
        if self.values.index_of is None:
            return
        at = self.values.path_to(self.values.index_of.rows_to(place))
        if at.isValid():
            self.setCurrentIndex(at)
            self.scrollTo(at, QAbstractItemView.ScrollHint.PositionAtCenter)

    def place(self) -> int:
        """The first byte of the chosen value; 0 for none."""
        item = self.values._item(self.currentIndex())
        return item.node.start if item is not None and not item.is_range else 0

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.values.whole_text(self.currentIndex()))
            return
        super().keyPressEvent(event)
