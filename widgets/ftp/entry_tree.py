"""EntryTree: entries of folders as a tree that is filled when a branch is opened. A model for both panes.

Nodes are made on a lab thread, 100,000 at a time; here they are only hung in. It must not know where the entries
come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from protocols.ftp.client.remote import join
from protocols.ftp.client.site import shown
from protocols.ftp.listing.entry import Entry
from protocols.numbers import grouped
from widgets.parts.plain_table import TONE_ROLE

_Index = QModelIndex | QPersistentModelIndex
COLUMNS: Final = (("name", "Name"), ("size", "Size, bytes"), ("modified", "Modified"), ("mode", "Rights"))
MIME: Final = "application/x-netlab-ftp"
ICON_ROLE: Final = Qt.ItemDataRole.UserRole + 3


class Node:
    """One entry in the tree. path: its full path; children: None before anybody has looked."""

    __slots__ = ("asked", "children", "entry", "parent", "path", "row")

    def __init__(self, entry: Entry, path: str, parent: Node | None = None, row: int = 0) -> None:
        self.entry = entry
        self.path = path
        self.parent = parent
        self.row = row
        self.children: list[Node] | None = None
        self.asked = False


def nodes_of(entries: Sequence[Entry], folder: str, parent: Node) -> list[Node]:
    """The nodes of a folder's entries; on a lab thread."""
    return [Node(entry, join(folder, entry.name), parent, row) for row, entry in enumerate(entries)]


class EntryTree(QAbstractItemModel):
    """The tree of one pane. `wanted(node)`: a branch was opened; `dropped(data, folder)`: something was let go on it.

    side: "here" or "there", written into what is dragged.
    """

    wanted = Signal(object)
    dropped = Signal(str, object, str)

    def __init__(self, side: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.side = side
        self.root = Node(Entry("", "dir"), "")
        self.root.children = []
        self.dragged: list[Node] = []

    def set_root(self, path: str, children: list[Node], root: Node) -> None:
        """Show another folder."""
        self.beginResetModel()
        root.path = path
        root.children = children
        self.root = root
        self.endResetModel()

    def fill(self, node: Node, children: list[Node]) -> None:
        """The entries of an opened branch have come."""
        if not self._stands(node):
            return
        node.asked = False
        index = self.index_of(node)
        if node.children:
            self.beginRemoveRows(index, 0, len(node.children) - 1)
            node.children = []
            self.endRemoveRows()
        node.children = []
        if children:
            self.beginInsertRows(index, 0, len(children) - 1)
            node.children = children
            self.endInsertRows()

    def give_up(self, node: Node) -> None:
        """They will not come."""
        node.asked = False
        node.children = []

    def _stands(self, node: Node) -> bool:
        up: Node | None = node
        while up is not None and up is not self.root:
            if up.parent is None or up.parent.children is None or up.row >= len(up.parent.children):
                return False
            if up.parent.children[up.row] is not up:
                return False
            up = up.parent
        return up is self.root

    def node(self, index: _Index) -> Node:
        """The node of an index; the root for none."""
        found = index.internalPointer() if index.isValid() else None
        return found if isinstance(found, Node) else self.root

    def index_of(self, node: Node) -> QModelIndex:
        """The index of a node."""
        return QModelIndex() if node is self.root else self.createIndex(node.row, 0, node)

    # The model

    def index(self, row: int, column: int, parent: _Index = QModelIndex(), /) -> QModelIndex:  # noqa: B008
        children = self.node(parent).children or []
        return self.createIndex(row, column, children[row]) if 0 <= row < len(children) else QModelIndex()

    def parent(self, index: _Index = QModelIndex(), /) -> Any:  # noqa: B008
        up = self.node(index).parent
        return QModelIndex() if up is None or up is self.root else self.createIndex(up.row, 0, up)

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return len(self.node(parent).children or ()) if parent.column() <= 0 else 0

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return len(COLUMNS)

    def hasChildren(self, parent: _Index = QModelIndex(), /) -> bool:  # noqa: B008
        node = self.node(parent)
        if node.children is not None:
            return bool(node.children)
        return node.entry.kind == "dir"

    def canFetchMore(self, parent: _Index, /) -> bool:
        node = self.node(parent)
        return node is not self.root and node.children is None and node.entry.kind == "dir"

    def fetchMore(self, parent: _Index, /) -> None:
        node = self.node(parent)
        if not node.asked:
            node.asked = True
            self.wanted.emit(node)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section][1]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(section)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid():
            return None
        entry = self.node(index).entry
        if role == Qt.ItemDataRole.DisplayRole:
            return text_of(entry, index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(index.column())
        if role == ICON_ROLE and index.column() == 0:
            return icon_of(entry)
        if role == TONE_ROLE:
            return "warning" if not entry.known else "text2" if index.column() else ""
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == 0:
            return f"{entry.kind} {shown(entry.name)}"
        if role == Qt.ItemDataRole.ToolTipRole and not entry.known:
            return "No dialect reads this line; it is shown as it came"
        return None

    # Drag and drop

    def flags(self, index: _Index, /) -> Qt.ItemFlag:
        found = super().flags(index) | Qt.ItemFlag.ItemIsDropEnabled
        return found | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else found

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:
        return [MIME, "text/uri-list"]

    def mimeData(self, indexes: Iterable[QModelIndex], /) -> QMimeData:
        from PySide6.QtCore import QUrl

        nodes = [self.node(index) for index in indexes if index.column() == 0]
        data = QMimeData()
        data.setData(MIME, self.side.encode())
        if self.side == "here":
            data.setUrls([QUrl.fromLocalFile(node.path) for node in nodes])
        self.dragged = nodes
        return data

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: _Index, /
    ) -> bool:
        node = self.node(parent)
        if node.entry.kind != "dir" and node.parent is not None:
            node = node.parent
        if data.hasFormat(MIME):
            side = bytes(data.data(MIME).data()).decode("ascii", "replace")
            if side == self.side:
                return False
            self.dropped.emit(side, None, node.path)
            return True
        files = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
        if not files or self.side == "here":
            return False
        self.dropped.emit("files", files, node.path)
        return True


def _side(column: int) -> int:
    side = Qt.AlignmentFlag.AlignRight if column == 1 else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def text_of(entry: Entry, column: int) -> str:
    """What stands in a column."""
    if column == 0:
        return shown(entry.name) + (f" \u2192 {shown(entry.target)}" if entry.target else "")
    if column == 1:
        return "" if entry.size is None or entry.kind == "dir" else grouped(entry.size)
    if column == 2:
        if entry.modified is None:
            return ""
        return entry.modified.strftime("%Y-%m-%d" if entry.exact >= 86400 else "%Y-%m-%d %H:%M")
    return entry.mode


def icon_of(entry: Entry) -> str:
    """The icon of an entry."""
    if not entry.known:
        return "circle-question-mark"
    return {"dir": "folder-open", "file": "file-text", "link": "link"}.get(entry.kind, "boxes")
