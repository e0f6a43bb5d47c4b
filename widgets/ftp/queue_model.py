"""QueueModel: the jobs of a client's queue as rows. Looked at a few times a second, never told by a worker.

It must not know how a job is moved.
"""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from protocols.ftp.client.jobs import Counts, Job, Jobs
from protocols.ftp.client.site import shown
from protocols.numbers import grouped, size_text
from widgets.parts.plain_table import SIGN_ROLE, TONE_ROLE

_Index = QModelIndex | QPersistentModelIndex
TITLES: Final = ("File", "Way", "Progress", "Bytes", "Speed", "State")
PART_ROLE: Final = Qt.ItemDataRole.UserRole + 4
_SIGNS: Final = {"waiting": "waiting", "running": "running", "done": "done", "failed": "error",
                 "cancelled": "stopped"}  # fmt: skip
_WAYS: Final = {"get": "from there", "put": "to there"}


class QueueModel(QAbstractTableModel):
    """Rows of jobs. `look()` takes what is new; visible rows are drawn again by the view."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: Jobs | None = None
        self._rows: list[Job] = []
        self._changes = -1
        self.counts = Counts()

    def set_jobs(self, jobs: Jobs | None) -> None:
        """Show another client's queue."""
        self.beginResetModel()
        self._jobs, self._changes = jobs, -1
        self._rows = jobs.since(0) if jobs is not None else []
        self.endResetModel()
        self.look()

    def look(self) -> bool:
        """Take what is new; whether anything has changed."""
        jobs = self._jobs
        if jobs is None:
            self.counts = Counts()
            return False
        changed = jobs.changes != self._changes
        self._changes = jobs.changes
        if len(jobs) < len(self._rows):
            self.beginResetModel()
            self._rows = jobs.since(0)
            self.endResetModel()
        elif fresh := jobs.since(len(self._rows)):
            at = len(self._rows)
            self.beginInsertRows(QModelIndex(), at, at + len(fresh) - 1)
            self._rows.extend(fresh)
            self.endInsertRows()
        self.counts = jobs.counts()
        return changed

    def forget_ended(self) -> None:
        """Show what waits or runs alone."""
        if self._jobs is not None:
            self._jobs.forget_ended()
            self.set_jobs(self._jobs)

    def job(self, row: int) -> Job:
        """The job of a row."""
        return self._rows[row]

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        return _side(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid():
            return None
        job, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return text_of(job, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(column)
        if role == PART_ROLE and column == 2:
            return part_of(job)
        if role == SIGN_ROLE and column == 5:
            return _SIGNS[job.state]
        if role == TONE_ROLE:
            return "error" if job.state == "failed" and column == 5 else "text2" if column in (1, 3, 4) else ""
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(job)
        return None


def _side(column: int) -> int:
    side = Qt.AlignmentFlag.AlignRight if column in (3, 4) else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def part_of(job: Job) -> float:
    """How much of it is done, 0 to 1; -1 where nobody knows."""
    if job.state == "done":
        return 1.0
    size = job.tally.size
    return min(1.0, job.tally.done / size) if size else -1.0 if job.state == "running" else 0.0


def text_of(job: Job, column: int) -> str:
    """What stands in a column."""
    tally = job.tally
    if column == 0:
        return shown(path_of(job)) + ("/" if job.order.folder else "")
    if column == 1:
        return _WAYS[job.order.way]
    if column == 2:
        return f"{int(part_of(job) * 100)} %" if part_of(job) >= 0 else ""
    if column == 3:
        return "" if job.order.folder else grouped(tally.done)
    if column == 4:
        moved = tally.moved and tally.seconds > 0.001
        return f"{size_text(int(tally.moved / tally.seconds))}/s" if moved else ""
    return state_text(job)


def path_of(job: Job) -> str:
    """Its name, with the folders that it came with."""
    names, parent = [job.name], job.parent
    while parent is not None:
        names.append(parent.name)
        parent = parent.parent
    return "/".join(reversed(names))


def state_text(job: Job) -> str:
    """Its state in a few words, with why it failed."""
    tally = job.tally
    if job.state == "failed" and job.error is not None:
        return job.error.title
    if job.state == "done" and job.order.folder:
        return f"done, {grouped(job.children)} {'entry' if job.children == 1 else 'entries'}"
    words = str(job.state)
    if tally.offset and job.state in ("running", "done"):
        words += f", resumed at {grouped(tally.offset)}"
    if tally.line_ends:
        words += f", {grouped(tally.line_ends)} line ends changed"
    if job.order.caller and tally.blocks:
        words += f", {grouped(tally.blocks)} calls of the {job.order.caller}"
    return words


def _tip(job: Job) -> str:
    tally = job.tally
    lines = [f"{shown(job.order.remote)}, {job.order.local}"]
    if job.error is not None:
        lines.append(job.error.why)
    if tally.blocks:
        shortest, longest = min(tally.sizes), max(tally.sizes)
        lines.append(f"{grouped(tally.blocks)} blocks of {grouped(shortest)} to {grouped(longest)} bytes")
    if tally.sha256:
        lines.append(f"SHA-256 {tally.sha256}")
    return "\n".join(lines)
