"""EntryTree: entries of folders as a tree whose branches are filled when they are opened. A model for both panes.

The tree is flat here: a list of the rows that are seen, each with its depth. So a folder of 100,000 entries costs the
view no more than a table does. Nodes are made on a lab thread. It must not know where the entries come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt, QUrl, Signal

from protocols.ftp.client.remote import join
from protocols.ftp.client.site import shown
from protocols.ftp.listing.entry import Entry
from protocols.numbers import grouped, size_text
from widgets.parts.plain_table import TONE_ROLE

_Index = QModelIndex | QPersistentModelIndex
COLUMNS: Final = (("name", "Name"), ("size", "Size, bytes"), ("modified", "Modified"), ("mode", "Rights"))
WHOLE_BYTES: Final = 10_000_000_000
"""A size from here on is said with its unit: its digits would be cut."""
MIME: Final = "application/x-netlab-ftp"
ICON_ROLE: Final = Qt.ItemDataRole.UserRole + 3
DEPTH_ROLE: Final = Qt.ItemDataRole.UserRole + 5
BRANCH_ROLE: Final = Qt.ItemDataRole.UserRole + 6
"""True: an open branch; False: a closed one; None: no branch."""


class Node:
    """One entry in the tree. path: its full path; open: its branch is shown, or will be once it has come."""

    __slots__ = ("depth", "entry", "open", "parent", "path")

    def __init__(self, entry: Entry, path: str, parent: Node | None = None) -> None:
        self.entry = entry
        self.path = path
        self.parent = parent
        self.depth: int = parent.depth + 1 if parent is not None else -1
        self.open = False


def nodes_of(entries: Sequence[Entry], folder: str, parent: Node) -> list[Node]:
    """The nodes of a folder's entries; on a lab thread."""
    return [Node(entry, join(folder, entry.name), parent) for entry in entries]


class EntryTree(QAbstractTableModel):
    """The tree of one pane. `wanted(node)`: a branch was opened; `dropped(side, files, folder)`: something was let go.

    side: "here" or "there", written into what is dragged.
    """

    wanted = Signal(object)
    dropped = Signal(str, object, str)

    def __init__(self, side: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.side = side
        self.root = Node(Entry("", "dir"), "")
        self.rows: list[Node] = []
        self.dragged: list[Node] = []

    def set_root(self, path: str, children: list[Node], root: Node) -> None:
        """Show another folder."""
        self.beginResetModel()
        root.path = path
        self.root, self.rows = root, list(children)
        self.endResetModel()

    # Branches

    def toggle(self, row: int) -> None:
        """Open a branch, or close it."""
        node = self.rows[row]
        if node.entry.kind != "dir":
            return
        node.open = not node.open
        if node.open:
            self.wanted.emit(node)
        else:
            self._close(row)
        self._changed(row)

    def _close(self, row: int) -> None:
        end = row + 1
        while end < len(self.rows) and self.rows[end].depth > self.rows[row].depth:
            self.rows[end].open = False
            end += 1
        if end > row + 1:
            self.beginRemoveRows(QModelIndex(), row + 1, end - 1)
            del self.rows[row + 1 : end]
            self.endRemoveRows()

    def fill(self, node: Node, children: list[Node]) -> None:
        """The entries of an opened branch have come."""
        row = self.row_of(node)
        if row < 0 or not node.open:
            return
        self._close(row)
        if children:
            self.beginInsertRows(QModelIndex(), row + 1, row + len(children))
            self.rows[row + 1 : row + 1] = children
            self.endInsertRows()

    def give_up(self, node: Node) -> None:
        """They will not come."""
        node.open = False
        if (row := self.row_of(node)) >= 0:
            self._changed(row)

    def _changed(self, row: int) -> None:
        at = self.index(row, 0)
        self.dataChanged.emit(at, at)

    def row_of(self, node: Node) -> int:
        """Where a node is seen, -1 for nowhere."""
        return next((row for row, each in enumerate(self.rows) if each is node), -1)

    def node(self, index: _Index) -> Node:
        """The node of an index; the root for none."""
        return self.rows[index.row()] if index.isValid() and index.row() < len(self.rows) else self.root

    # The model

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section][1]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(section)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid():
            return None
        node = self.node(index)
        entry = node.entry
        if role == Qt.ItemDataRole.DisplayRole:
            return text_of(entry, index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(index.column())
        if role == ICON_ROLE and index.column() == 0:
            return icon_of(entry)
        if role == DEPTH_ROLE:
            return node.depth
        if role == BRANCH_ROLE:
            return node.open if entry.kind == "dir" else None
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
        nodes = outermost([self.node(index) for index in indexes if index.column() == 0])
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


def outermost(nodes: list[Node]) -> list[Node]:
    """Without those that lie in a folder that is among them: they come with it."""
    if all(node.depth == 0 for node in nodes):
        return nodes
    chosen = {id(node) for node in nodes}
    return [node for node in nodes if not _within(node, chosen)]


def _within(node: Node, chosen: set[int]) -> bool:
    up = node.parent
    while up is not None:
        if id(up) in chosen:
            return True
        up = up.parent
    return False


def _side(column: int) -> int:
    side = Qt.AlignmentFlag.AlignRight if column == 1 else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def text_of(entry: Entry, column: int) -> str:
    """What stands in a column."""
    if column == 0:
        return shown(entry.name) + (f" \u2192 {shown(entry.target)}" if entry.target else "")
    if column == 1:
        if entry.size is None or entry.kind == "dir":
            return ""
        return grouped(entry.size) if entry.size < WHOLE_BYTES else size_text(entry.size)
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
