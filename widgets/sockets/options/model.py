"""Options and constants as table models. They must not know where the values come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from protocols.sockets.options import Constant, Reading
from widgets.theme.theme import theme

_Index = QModelIndex | QPersistentModelIndex
OPTION_HEADS: Final = ("Option", "Value", "Level", "Meaning")
CONSTANT_HEADS: Final = ("Name", "Value", "Hex", "Group")


class OptionsModel(QAbstractTableModel):
    """The readings of one socket."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._readings: list[Reading] = []

    def fill(self, readings: Sequence[Reading]) -> None:
        """Show these; the rows stay where they are when they are the same options."""
        if [old.option for old in self._readings] == [new.option for new in readings]:
            self._readings = list(readings)
            if readings:
                self.dataChanged.emit(self.index(0, 0), self.index(len(readings) - 1, 3))
            return
        self.beginResetModel()
        self._readings = list(readings)
        self.endResetModel()

    def replace(self, reading: Reading) -> None:
        """One option has another value."""
        for at, old in enumerate(self._readings):
            if old.option == reading.option:
                self._readings[at] = reading
                self.dataChanged.emit(self.index(at, 0), self.index(at, 3))

    def reading(self, row: int) -> Reading | None:
        """The reading shown in a row."""
        return self._readings[row] if 0 <= row < len(self._readings) else None

    def has_level(self, level: str) -> bool:
        """Whether the socket has options of that level."""
        return any(reading.option.level == level for reading in self._readings)

    def row_of(self, name: str) -> int:
        """The row of an option by name; -1 if it is not there."""
        return next((at for at, reading in enumerate(self._readings) if reading.option.name == name), -1)

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._readings)

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(OPTION_HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return OPTION_HEADS[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid():
            return None
        reading, column = self._readings[index.row()], index.column()
        option = reading.option
        if role == Qt.ItemDataRole.DisplayRole:
            return (option.name, reading.text, option.level, option.meaning)[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{option.meaning} {option.note}".strip()
        if role == Qt.ItemDataRole.FontRole and column < 3:
            return theme().mono_font()
        if role == Qt.ItemDataRole.ForegroundRole and (column == 2 or not option.settable):
            return theme().tokens.text2
        return None


class ConstantsModel(QAbstractTableModel):
    """Every constant of the socket module."""

    def __init__(self, constants: Sequence[Constant], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._constants = list(constants)

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._constants)

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(CONSTANT_HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return CONSTANT_HEADS[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid():
            return None
        constant = self._constants[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            number = constant.value
            shown = f"{number:#x}" if number >= 0 else f"-{-number:#x}"
            return (constant.name, str(number), shown, constant.group)[index.column()]
        if role == Qt.ItemDataRole.FontRole and index.column() < 3:
            return theme().mono_font()
        return None
