"""LogHead: the heads of the log's columns: their order, their widths, and which one is stretched.

The message takes what the others leave. It must not know rows.
"""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QHeaderView, QWidget

from widgets.creosote.table.columns import DEFAULT, FIELD, FIELD_COLUMNS, Column, column
from widgets.creosote.table.row_painter import RowPainter
from widgets.parts.text import plain_tip
from widgets.theme.theme import theme

MESSAGE_LEAST: Final = 220
_NARROW: Final = 820
_LESS: Final = 560
_ROOT: Final = QModelIndex()


class _Titles(QAbstractTableModel):
    """The titles as a model without rows."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.columns: list[Column] = []

    def set_columns(self, columns: list[Column]) -> None:
        self.beginResetModel()
        self.columns = columns
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> Any:
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        found = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return found.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(found.tip)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            right = found.right or found.id == "kind"
            side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None


class LogHead(QHeaderView):
    """The header. resized: places have changed; menu_requested: the right button was used on it."""

    resized = Signal()

    def __init__(self, painter: RowPainter, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._painter = painter
        self._titles = _Titles(self)
        self._widths: dict[str, int] = {}
        self._own = False
        self.setModel(self._titles)
        self.setSectionsMovable(True)
        self.setHighlightSections(False)
        self.setSectionsClickable(False)
        self.setMinimumSectionSize(36)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.setAccessibleName("Columns of the log")
        self.sectionResized.connect(self._on_section_resized)
        self.sectionMoved.connect(lambda *_: self.resized.emit())
        self.set_ids(list(DEFAULT))

    # Which there are

    def ids(self) -> list[str]:
        """The ids of the columns, left to right."""
        return [found.id for found in self.columns()]

    def columns(self) -> list[Column]:
        """The columns, left to right."""
        return [self._titles.columns[self.logicalIndex(at)] for at in range(self.count())]

    def set_ids(self, ids: list[str]) -> None:
        """Show these columns; unknown ones and doubles are left out, the message is always there."""
        wanted = list(dict.fromkeys([*ids, *([] if "message" in ids else ["message"])]))
        found = [each for id in wanted if (each := column(id)) is not None]
        fields = [each for each in found if each.field][FIELD_COLUMNS:]
        self._titles.set_columns([each for each in found if each not in fields])
        self.share()

    def toggle(self, id: str) -> None:
        """Show a column, or take it away; fields stand before the last column."""
        ids = self.ids()
        if id in ids:
            ids.remove(id)
        elif id.startswith(FIELD):
            ids.insert(ids.index("message") + 1, id)
        else:
            order = [*DEFAULT[:-1], "bytes", "address", "source", "stamp", "bucket", "kind"]
            before = [each for each in ids if each in order and order.index(each) < order.index(id)]
            ids.insert(ids.index(before[-1]) + 1 if before else 0, id)
        self.set_ids(ids)

    # Where they are

    def places(self) -> list[tuple[Column, int, int]]:
        """Each column with its left edge and its width."""
        found = []
        for at in range(self.count()):
            logical = self.logicalIndex(at)
            if not self.isSectionHidden(logical):
                found.append((self._titles.columns[logical], self.sectionViewportPosition(logical),
                              self.sectionSize(logical)))  # fmt: skip
        return found

    def share(self, room: int | None = None) -> None:
        """Give each column its width, and the message the rest of `room`."""
        room = self.width() if room is None else room
        self._own = True
        hidden = self._hidden_in(room)
        taken, message = 0, -1
        for logical, each in enumerate(self._titles.columns):
            self.setSectionHidden(logical, each.id in hidden)
            if each.id == "message":
                message = logical
                continue
            width = self._widths.get(each.id) or self._painter.width_of(each)
            self.resizeSection(logical, width)
            taken += 0 if each.id in hidden else width
        if message >= 0:
            self.resizeSection(message, max(theme().px(MESSAGE_LEAST), room - taken))
        self._own = False
        self.resized.emit()

    def _hidden_in(self, room: int) -> set[str]:
        """What gives way in a narrow place."""
        if not 0 < room < theme().px(_NARROW):
            return set()
        return {"kind"} if room >= theme().px(_LESS) else {"kind", "number"}

    def _on_section_resized(self, logical: int, before: int, now: int) -> None:
        if self._own or not 0 <= logical < len(self._titles.columns):
            return
        each = self._titles.columns[logical]
        if each.id != "message" and now > 0:
            self._widths[each.id] = now
            self.share()
        self.resized.emit()

    def forget_widths(self) -> None:
        """Begin with the widths that fit again: fonts have changed."""
        self._widths.clear()
        self.share()
