"""TreeModel: the dissected packet as lines of a tree: name and value, and the bytes of each.

It must not know how a packet was dissected.
"""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from protocols.packets.explaining import label
from protocols.packets.tree import Tree, TreeField, TreeLayer
from widgets.parts.plain_table import TONE_ROLE

_Index = QModelIndex | QPersistentModelIndex
SERIES_ROLE: Final = Qt.ItemDataRole.UserRole + 5
CHECK_ROLE: Final = Qt.ItemDataRole.UserRole + 6
SERIES: Final = {
    "Ether": 7, "Dot3": 7, "Dot1Q": 7, "CookedLinux": 7, "CookedLinuxV2": 7, "Dot11": 7, "RadioTap": 7, "ARP": 4,
    "IP": 5, "IPv6": 5, "TCP": 1, "UDP": 1, "ICMP": 4, "Raw": 0, "Padding": 7,
}  # fmt: skip
"""Which of the eight series tints a layer's bytes; the others go on by the table of the design: data is the first."""


class Item:
    """One line: a layer or a field."""

    __slots__ = ("children", "key", "name", "parent", "row", "series", "source", "start", "stop")

    def __init__(self, source: TreeLayer | TreeField, parent: Item | None, row: int, series: int) -> None:
        self.source, self.parent, self.row, self.series = source, parent, row, series
        self.start, self.stop = source.start, source.stop
        if isinstance(source, TreeLayer):
            self.key, self.name = source.name, source.title
            below: tuple[TreeField, ...] = source.fields
        else:
            self.key, self.name = source.key, label(source.key, source.name.replace("_", " "))
            below = source.children
        self.children = [Item(field, self, at, series) for at, field in enumerate(below)]

    @property
    def is_layer(self) -> bool:
        """A head, not a field."""
        return isinstance(self.source, TreeLayer)

    @property
    def value(self) -> str:
        """What stands at the right."""
        if isinstance(self.source, TreeLayer):
            return f"{self.stop - self.start} B" if self.source.placed else "put together"
        return self.source.value.replace("\n", " ")

    @property
    def check(self) -> str:
        """What became of a checksum, "" for none."""
        return "" if isinstance(self.source, TreeLayer) else self.source.check


def series_of(name: str, place: int) -> int:
    """The colour of a layer."""
    return SERIES.get(name, (0, 2, 3, 6)[place % 4])


class TreeModel(QAbstractItemModel):
    """The layers and fields of one packet."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.roots: list[Item] = []

    def set_tree(self, tree: Tree | None) -> None:
        """Show another packet, None for none."""
        self.beginResetModel()
        layers = tree.layers if tree is not None else ()
        self.roots = [Item(layer, None, at, series_of(layer.name, at)) for at, layer in enumerate(layers)]
        self.endResetModel()

    def item(self, index: _Index) -> Item | None:
        """The line at an index."""
        found: Item | None = index.internalPointer() if index.isValid() else None
        return found

    def at_byte(self, byte: int) -> QModelIndex:
        """The smallest line that holds this byte, the innermost layer's if several do."""
        best: Item | None = None
        for root in self.roots:
            if root.start <= byte < root.stop:
                best = _smallest(root, byte)
        return self.index_of(best) if best is not None else QModelIndex()

    def index_of(self, item: Item) -> QModelIndex:
        """The index of a line."""
        return self.createIndex(item.row, 0, item)

    # Qt

    def index(self, row: int, column: int, parent: _Index = QModelIndex(), /) -> QModelIndex:  # noqa: B008
        above = self.item(parent)
        rows = self.roots if above is None else above.children
        return self.createIndex(row, column, rows[row]) if 0 <= row < len(rows) and column in (0, 1) else QModelIndex()

    def parent(self, index: _Index, /) -> QModelIndex:  # type: ignore[override]
        item = self.item(index)
        return self.index_of(item.parent) if item is not None and item.parent is not None else QModelIndex()

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        if parent.column() > 0:
            return 0
        item = self.item(parent)
        return len(self.roots) if item is None else len(item.children)

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 2

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        item = self.item(index)
        if item is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return item.name if index.column() == 0 else item.value
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 1:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{item.name}: {item.value} {item.check}".strip()
        if role == SERIES_ROLE:
            return item.series if item.is_layer and index.column() == 0 else None
        if role == CHECK_ROLE:
            return item.check if index.column() == 1 else None
        if role == TONE_ROLE:
            return "text2" if index.column() == 1 and item.is_layer else None
        if role == Qt.ItemDataRole.ToolTipRole and not isinstance(item.source, TreeLayer):
            note = f"\n{item.source.check}: {item.source.note}" if item.source.note else ""
            return f"{item.name} = {item.source.value[:1000]}{note}" if note else None
        return None


def _smallest(item: Item, byte: int) -> Item:
    best = item
    for child in item.children:
        if child.start <= byte < child.stop:
            inner = _smallest(child, byte)
            if best is item or inner.stop - inner.start <= best.stop - best.start:
                best = inner
    return best
