"""The fields of one layer of a crafted packet, each editable: what was set, and what scapy fills in.

A value is typed as in the expression, without quotes where none are needed; an empty one is left to scapy. It must
not know stacks.
"""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from protocols.packets.craft.sender import FieldLook, LayerLook
from widgets.parts.plain_table import TONE_ROLE

_Index = QModelIndex | QPersistentModelIndex
TITLES: Final = ("Field", "Value", "Set by")
_KINDS: Final = {
    "flags": "flags by their letters, such as SA",
    "layers": 'layers, such as [DNSQR(qname="example.org")]',
    "address": "an address",
    "bytes": 'bytes, such as b"hello"',
    "number": "a number, 0x10 too; (1, 4) makes a packet for each",
}


class FieldsModel(QAbstractTableModel):
    """The rows. edited(field, text): a person typed a value; "" leaves the field to scapy."""

    edited = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.fields: tuple[FieldLook, ...] = ()
        self.texts: dict[str, str] = {}

    def show_layer(self, layer: LayerLook | None, texts: dict[str, str]) -> None:
        """Show a layer; texts: the fields that were set, as they are edited."""
        same = layer is not None and [one.name for one in layer.fields] == [one.name for one in self.fields]
        if not same:
            self.beginResetModel()
        self.fields, self.texts = (layer.fields if layer is not None else ()), texts
        if not same:
            self.endResetModel()
        elif self.fields:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.fields) - 1, 2))

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.fields)

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def flags(self, index: _Index, /) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == 1 else flags

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid():
            return None
        field = self.fields[index.row()]
        own = field.name in self.texts
        if role == Qt.ItemDataRole.EditRole:
            return self.texts.get(field.name, "")
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == 1:
            return _KINDS.get(field.kind, "a value")
        if role == TONE_ROLE:
            return "text" if own else "text2"
        if role == Qt.ItemDataRole.DisplayRole:
            return (field.name, self._shown(field), "you" if own else "scapy")[index.column()]
        return None

    def _shown(self, field: FieldLook) -> str:
        return self.texts.get(field.name, field.value)

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole, /) -> bool:
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        field = self.fields[index.row()]
        if str(value) != self.texts.get(field.name, ""):
            self.edited.emit(field.name, str(value))
        return True
