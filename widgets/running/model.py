"""RunningModel: one row per running service, refreshed in place from its facts.

Rows are matched by service, so that a selection stays on its service while others come and
go. It must not know how a service is stopped, or how a row is painted.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

if TYPE_CHECKING:
    from protocols.service.base import Facts, Service

_ROOT: Final = QModelIndex()


class Column(IntEnum):
    """The columns, left to right."""

    NAME = 0
    KIND = 1
    WHERE = 2
    PORTS = 3
    CONNECTIONS = 4
    THREADS = 5
    CHILDREN = 6


HEADS: Final = ("Service", "Kind", "Where", "Ports", "Connections", "Threads", "Child processes")
EMPTY: Final = "\u2013"


class RunningModel(QAbstractTableModel):
    """The services that run now. `refresh` asks each for its facts and tells only what changed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services: list[Service] = []
        self._facts: list[Facts] = []

    def refresh(self, services: Sequence[Service]) -> None:
        """Show these services; those that have ended are left out."""
        alive = [service for service in services if service.state == "running"]
        self._remove_gone(alive)
        for row, service in enumerate(self._services):
            self._update(row, service.facts())
        fresh = [service for service in alive if service not in self._services]
        if fresh:
            first = len(self._services)
            self.beginInsertRows(_ROOT, first, first + len(fresh) - 1)
            self._services += fresh
            self._facts += [service.facts() for service in fresh]
            self.endInsertRows()

    def service(self, row: int) -> Service:
        """The service of a row."""
        return self._services[row]

    def facts(self, row: int) -> Facts:
        """What the service of a row occupied when last asked."""
        return self._facts[row]

    def all_facts(self) -> list[Facts]:
        """The facts of all rows."""
        return list(self._facts)

    def _remove_gone(self, alive: Sequence[Service]) -> None:
        for row in reversed(range(len(self._services))):
            if self._services[row] not in alive:
                self.beginRemoveRows(_ROOT, row, row)
                del self._services[row], self._facts[row]
                self.endRemoveRows()

    def _update(self, row: int, facts: Facts) -> None:
        if facts != self._facts[row]:
            self._facts[row] = facts
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(Column) - 1))

    # QAbstractTableModel

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._services)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_side(section) | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        facts = self._facts[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return cell_text(facts, Column(index.column()))
        if role == Qt.ItemDataRole.ToolTipRole:
            return cell_tip(facts, Column(index.column()))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_side(index.column()) | Qt.AlignmentFlag.AlignVCenter)
        return None


def _side(column: int) -> Qt.AlignmentFlag:
    return Qt.AlignmentFlag.AlignRight if column == Column.CONNECTIONS else Qt.AlignmentFlag.AlignLeft


def cell_text(facts: Facts, column: Column) -> str:
    """What a cell says; lists start with their number, so that it is read first."""
    if column == Column.NAME:
        return facts.name
    if column == Column.KIND:
        return facts.kind
    if column == Column.WHERE:
        return facts.where or EMPTY
    if column == Column.PORTS:
        return ", ".join(map(str, facts.ports)) or EMPTY
    if column == Column.CONNECTIONS:
        return str(facts.connections)
    if column == Column.THREADS:
        return _counted(facts.threads)
    return _counted([f"pid {pid}" for pid in facts.children])


def cell_tip(facts: Facts, column: Column) -> str:
    """The whole of a cell, one thing a line where it is a list."""
    if column == Column.THREADS:
        return "\n".join(facts.threads) or "no thread of its own"
    if column == Column.CHILDREN:
        return "\n".join(f"pid {pid}" for pid in facts.children) or "no child process"
    if column == Column.WHERE and facts.exposed:
        return f"{facts.where}: other machines can reach it"
    return cell_text(facts, column)


def _counted(names: Sequence[str]) -> str:
    if not names:
        return EMPTY
    shown = ", ".join(names[:4]) + (", \u2026" if len(names) > 4 else "")
    return f"{len(names)}: {shown}"
