"""QueueView: what is being moved, with progress and speed; cancel, retry, resume. It must not know connections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from protocols.ftp.client.jobs import Job
from protocols.ftp.client.queue import TransferQueue
from protocols.numbers import grouped, size_text
from protocols.record.explain import Explained
from widgets.ftp.client_slot import mend_of
from widgets.ftp.queue_model import PART_ROLE, QueueModel
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button
from widgets.parts.empty import EmptyState
from widgets.parts.flow import Pages
from widgets.parts.plain_table import PAD, PlainDelegate, PlainTable
from widgets.parts.text import ElidedLabel
from widgets.theme.theme import theme

_Index = QModelIndex | QPersistentModelIndex
WIDTHS: Final = (0, 92, 118, 88, 84, 236)
"""The name has what is left; what became of a file has room for most of what can be said."""
NARROW: Final = (760, 150)
"""Below so many px what became of it has less, and its tool tip the rest: the name is what is looked for."""
NEEDS: Final = ((4, 670), (3, 586), (1, 500))
"""And below these the speed, the bytes and the way are left out: each name stays readable."""
EMPTY: Final = "Choose files and press Get or Put, or drag them to the other side: each is shown here as it moves."
THERE: Final = ("EXISTS", "EXISTS_THERE")
"""A file is there: Replace and Resume help."""
WHOLE: Final = (*THERE, "CHANGED", "PART_TOO_LONG", "SHORT", "PUT_SHORT")
"""Replace helps: the whole file once more."""


class _Bars(PlainDelegate):
    """A bar for the part that is done, its number beside it: no state is told by the bar alone."""

    def _write(self, painter: QPainter, rect: QRect, index: _Index) -> None:
        part = index.data(PART_ROLE)
        if part is not None:
            words = theme().px(54)
            bar = QRect(rect.left(), rect.center().y() - 2, rect.width() - words, 5)
            painter.fillRect(bar, theme().tokens.track)
            if part > 0:
                painter.fillRect(QRect(bar.left(), bar.top(), int(bar.width() * part), bar.height()),
                                 theme().tokens.highlight)  # fmt: skip
            rect = rect.adjusted(rect.width() - words + PAD, 0, 0, 0)
        super()._write(painter, rect, index)


class _Transfers(PlainTable):
    """The transfers as rows."""

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self._fit_state()

    def _suit(self) -> None:
        super()._suit()
        self._fit_state()

    def _fit_state(self) -> None:
        narrow = self.width() < theme().px(NARROW[0])
        self.setColumnWidth(5, theme().px(NARROW[1] if narrow else WIDTHS[5]))


class QueueView(QFrame):
    """The queue of the client shown, `set_queue`. `look()` a few times a second."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", "true")
        self.setAccessibleName("Queue")
        self.queue: TransferQueue | None = None
        self._told: Explained | None = None
        self.model = QueueModel(self)
        self.empty = EmptyState("arrow-left-right", EMPTY)
        self.table = _Transfers(self.model, "Transfers", widths=WIDTHS, middle=(0,), stretch=0, needs=NEEDS,
                                parent=self)  # fmt: skip
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.setItemDelegate(_Bars((), (0,), self.table))
        self.title = ElidedLabel("Queue", "section")
        self.sums = ElidedLabel("", "caption", "text2")
        self.cancel_button = Button("Cancel", "circle-stop", small=True)
        self.retry_button = Button("Retry", "rotate-cw", small=True)
        self.resume_button = Button("Resume", "step-forward", small=True)
        self.resume_button.setToolTip("What is there already is a part: get or put the rest")
        self.replace_button = Button("Replace", "redo-2", small=True)
        self.replace_button.setToolTip("Once more from the start, over what is there")
        self.pause_button = Button("Pause", "pause", small=True)
        self.clear_button = Button("Clear ended", "x", small=True)
        self.why = Banner("error")
        self._lay_out()
        self.cancel_button.clicked.connect(self.cancel_chosen)
        self.retry_button.clicked.connect(self.retry_chosen)
        self.resume_button.clicked.connect(lambda: self._retry_there(resume=True))
        self.replace_button.clicked.connect(lambda: self._retry_there(force=True))
        self.pause_button.clicked.connect(self.toggle_pause)
        self.clear_button.clicked.connect(self.model.forget_ended)
        self.why.acted.connect(self.why.clear)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._on_chosen())
        self.model.modelReset.connect(self._on_chosen)
        self._refresh()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(10, 5, 8, 5)
        head.setSpacing(6)
        head.addWidget(self.title)
        head.addWidget(self.sums, 1)
        for button in (self.cancel_button, self.retry_button, self.resume_button, self.replace_button,
                       self.pause_button, self.clear_button):  # fmt: skip
            head.addWidget(button)
        self.pages = Pages(parent=self)
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self.table)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 3)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.why)
        column.addWidget(self.pages, 1)

    def set_queue(self, queue: TransferQueue | None) -> None:
        """Show the queue of another client."""
        self.queue = queue
        self.model.set_jobs(queue.jobs if queue is not None else None)
        self._refresh()

    def look(self) -> bool:
        """Take what is new; whether anything has changed."""
        at_end = self.table.verticalScrollBar().value() == self.table.verticalScrollBar().maximum()
        before = self.model.rowCount()
        changed = self.model.look()
        if changed or self.model.counts.running:
            self.table.viewport().update()
        if at_end and self.model.rowCount() > before and not self.table.underMouse():
            self.table.scrollToBottom()
        if changed:
            self._on_chosen()
        return changed

    def chosen(self) -> list[Job]:
        """The chosen jobs."""
        return [self.model.job(index.row()) for index in self.table.selectionModel().selectedRows(0)]

    def cancel_chosen(self) -> None:
        """End the chosen ones, or all when none is chosen."""
        if self.queue is None:
            return
        chosen = [job for job in self.chosen() if not job.ended]
        if chosen:
            for job in chosen:
                self.queue.cancel(job)
        else:
            self.queue.cancel_all()
        self.look()

    def _again(self) -> list[Job]:
        return [job for job in self.chosen() or self.model_jobs() if job.state in ("failed", "cancelled")]

    def model_jobs(self) -> list[Job]:
        """All jobs shown."""
        return [self.model.job(row) for row in range(self.model.rowCount())]

    def retry_chosen(self) -> None:
        """Once more what failed or was cancelled, from where it stopped: the chosen ones, or all."""
        if self.queue is not None:
            for job in self._again():
                self.queue.retry(job)
            self.look()

    def _retry_there(self, *, force: bool = False, resume: bool = False) -> None:
        """Once more what failed because of what is there."""
        if self.queue is not None:
            for job in self._failed_by(WHOLE if force else THERE):
                self.queue.retry(job, force=force, resume=resume)
            self.look()

    def _failed_by(self, symbols: Sequence[str]) -> list[Job]:
        return [job for job in self._again() if job.error is not None and job.error.errno in symbols]

    def toggle_pause(self) -> None:
        """Begin nothing new, or go on."""
        if self.queue is not None:
            self.queue.pause(not self.queue.paused)
            self._refresh()

    def _on_chosen(self) -> None:
        failed = [job for job in self.chosen() if job.error is not None and job.state == "failed"]
        if failed and failed[0].error is not None:
            told = failed[0].error
            if told is not self._told:
                self.why.say(f"{told.title}.", told.why + mend_of(told), "Close")
            self._told = told
        else:
            self._told = None
            self.why.clear()
        self._refresh()

    def _refresh(self) -> None:
        counts, rows = self.model.counts, self.model.rowCount()
        self.pages.setCurrentWidget(self.table if rows else self.empty)
        paused = self.queue is not None and self.queue.paused
        self.pause_button.setText("Go on" if paused else "Pause")
        self.pause_button.set_icon("play" if paused else "pause")
        again = counts.failed + counts.cancelled > 0
        there = counts.failed > 0 and bool(self._failed_by(THERE))
        whole = there or (counts.failed > 0 and bool(self._failed_by(WHOLE)))
        allowed = {
            self.cancel_button: counts.open > 0, self.retry_button: again, self.resume_button: there,
            self.replace_button: whole, self.pause_button: counts.open > 0 or paused,
            self.clear_button: rows > counts.open,
        }  # fmt: skip
        for button, may in allowed.items():
            button.setEnabled(may)
            button.setVisible(rows > 0 and (may or button in (self.retry_button, self.clear_button)))
        parts = [f"{grouped(number)} {word}" for word, number in (
            ("running", counts.running), ("waiting", counts.waiting), ("done", counts.done), ("failed", counts.failed),
            ("cancelled", counts.cancelled)) if number]  # fmt: skip
        parts += [size_text(counts.bytes_done)] if counts.bytes_done else []
        self.sums.setText(", ".join(parts) + (", paused" if paused else ""))


