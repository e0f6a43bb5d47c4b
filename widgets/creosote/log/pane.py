"""LogPane: the log as a person works with it all day: filter, follow, pause, mark, jump, alarm, export.

Puts the bar, the strips and the view together. It must not know buckets or senders of the lab.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from protocols.creosote.alarms import Alarm, Hit
from protocols.creosote.filters import LogFilter
from protocols.numbers import grouped, size_text
from widgets.creosote.feed import Feed
from widgets.creosote.log import menus
from widgets.creosote.log.alarm_strip import AlarmStrip
from widgets.creosote.log.event_row import event_row_of
from widgets.creosote.log.exporting import ExportJob
from widgets.creosote.log.filter_bar import FilterBar
from widgets.creosote.log.jump_strip import JumpStrip, wall_ns_of
from widgets.creosote.log.notifying import notify, ring
from widgets.creosote.table.columns import DEFAULT, MESSAGE_STYLES, Words
from widgets.creosote.table.row_painter import RowPainter
from widgets.creosote.table.rows import LogRows
from widgets.creosote.table.view import LogView
from widgets.creosote.wording import many, nothing_yet, shown
from widgets.desk import Desk
from widgets.parts.card import Line
from widgets.parts.empty import EmptyState
from widgets.parts.text import ElidedLabel
from widgets.timeline.progress import ProgressStrip
from widgets.timeline.tail_bar import TailBar

LOOK_MS: Final = 100
BUSY_LOOK_S: Final = 0.25
WARM_MS: Final = 60
"""So long after the empty log is shown what the first rows need is made ready: before they come, if they leave time."""
TOLD_CHARACTERS: Final = 200
NO_MATCH: Final = "No datagram passes this filter."


class LogPane(QWidget):
    """The pane. first_requested: the empty log's button."""

    first_requested = Signal()

    def __init__(self, desk: Desk, feed: Feed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.feed = feed
        self.rows = LogRows(feed, self)
        self.painter = RowPainter(feed, Words(feed, self.rows.pieces))
        self.view = LogView(self.rows, self.painter)
        self.bar = FilterBar(feed)
        self.alarms = AlarmStrip(feed)
        self.jump = JumpStrip()
        self.progress = ProgressStrip()
        self.tail = TailBar()
        self.status = ElidedLabel("", "caption", "text2")
        self.empty = EmptyState("megaphone", nothing_yet(), "Let three programs spew", button_icon="users",
                                primary=True)  # fmt: skip
        self.no_match = EmptyState("funnel", NO_MATCH, "Show everything", button_icon="x")
        self.stack = QStackedWidget()
        self._export: ExportJob | None = None
        self._warm = False
        self._looked_s = 0.0
        self._lay_out()
        self._wire()
        self._refresh()

    def _lay_out(self) -> None:
        self.setProperty("surface", "base")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        for page in (self.view, self.empty, self.no_match):
            self.stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.status.setContentsMargins(14, 3, 14, 3)
        for widget, stretch in (
            (self.bar, 0), (Line(), 0), (self.alarms, 0), (self.jump, 0), (self.stack, 1),
            (self.progress, 0), (self.tail, 0), (Line(), 0), (self.status, 0),
        ):  # fmt: skip
            column.addWidget(widget, stretch)

    def _wire(self) -> None:
        self.bar.wanted.connect(self._on_wanted)
        self.bar.field.left.connect(self._on_field_left)
        self.view.followed.connect(lambda _: self._refresh())
        self.view.menu_requested.connect(self._on_menu)
        self.view.chosen.changed.connect(self._on_chosen)
        self.view.head.setContextMenuPolicy(self.contextMenuPolicy().CustomContextMenu)
        self.view.head.customContextMenuRequested.connect(self._on_head_menu)
        self.rows.restarted.connect(self._refresh)
        self.rows.changed.connect(self._on_rows_changed)
        self.tail.follow_requested.connect(self.follow)
        self.tail.resume_requested.connect(lambda: self.set_paused(False))
        self.empty.acted.connect(self.first_requested)
        self.no_match.acted.connect(self.show_everything)
        self.jump.jump_requested.connect(self.jump_to)
        self.progress.cancelled.connect(self._on_export_cancelled)
        self.feed.alarmed.connect(self._on_alarmed)
        self.feed.watched.connect(self.view.repaint_rows)
        self.feed.emptied.connect(self._on_emptied)
        self.alarms.hit_requested.connect(self._on_hit_requested)
        self.desk.bridge.every(LOOK_MS, self._look)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._warm:
            self._warm = True
            QTimer.singleShot(WARM_MS, self, self.painter.warm)
            QTimer.singleShot(2 * WARM_MS, self, lambda: self.view.grab(QRect(0, 0, 1, 1)))

    @property
    def marks(self) -> list[int]:
        """The bookmarked rows of the log that is looked at, in order."""
        return self.feed.seen.marks

    # What is shown

    def say_where(self, port: int, *, ipv6: bool) -> None:
        """Where programs have to write to, said while nothing has come."""
        self.empty.set_sentence(nothing_yet(port, ipv6=ipv6))

    def _on_wanted(self, wanted: LogFilter) -> None:
        self.rows.set_filter(wanted)
        self._refresh()

    def _on_rows_changed(self) -> None:
        """The first row takes the place of the empty page at once; the rest is told ten times a second."""
        if self.stack.currentWidget() is not self.view:
            self._refresh()

    def _on_field_left(self) -> None:
        self.view.setFocus()
        if self.view.chosen.current is None and self.rows.count():
            self.view.chosen.choose(self.rows.number(self.rows.count() - 1))

    def show_everything(self) -> None:
        """Take all filters away."""
        self.bar.take_all_away()
        if self.rows.hides:
            self.rows.show_all()

    def _look(self) -> None:
        """While rows come in, numbers that move four times a second are enough: each new one lays the pane out anew."""
        now = time.monotonic()
        if not self.feed.busy or now - self._looked_s >= BUSY_LOOK_S:
            self._looked_s = now
            self._refresh()

    def _refresh(self) -> None:
        """The page, the bar below and the line that counts; ten times a second at most costs nothing."""
        rows, log = self.rows, self.feed.log
        page: QWidget = self.view
        if not len(log):
            page = self.empty
        elif not rows.count() and not rows.searching and not rows.wanted.everything:
            page = self.no_match
        if self.stack.currentWidget() is not page:
            self.stack.setCurrentWidget(page)
        newer = self.view.newer()
        self.tail.show_state(paused=rows.paused, follows=self.view.follows, newer=newer, kept=rows.waiting)
        self.status.setText(self._status())

    def _status(self) -> str:
        rows, log = self.rows, self.feed.log
        parts = []
        if not rows.wanted.everything:
            parts.append(f"{grouped(rows.count())} of {grouped(len(log))} shown")
            if rows.unseen:
                kept = len(log) - log.first
                parts.append(f"searched {grouped(kept - rows.unseen)} of {grouped(kept)}")
        elif rows.joined:
            parts.append(f"{many(len(log) - log.first, 'datagram')} in {many(rows.count(), 'row')}")
        else:
            parts.append(many(rows.count(), "datagram"))
        chosen = self.view.chosen
        if chosen.current is not None and self.marks:
            parts.append(f"{many(len(self.marks), 'bookmark')}")
        if rows.joined:
            parts.append("pieces of 1\u2009024 bytes are joined for the eye")
        if rows.hides:
            parts.append("earlier ones are hidden")
        if log.dropped:
            parts.append(f"the first {grouped(log.dropped)} have left memory and are in the session")
        parts.append(size_text(log.nbytes))
        return "   ".join(parts)

    def follow(self) -> None:
        """Go to the newest row and stay with it."""
        self.view.follow()
        self._refresh()

    def set_paused(self, paused: bool) -> None:
        """Let new rows wait, or show them."""
        self.rows.set_paused(paused)
        self._refresh()

    def toggle_pause(self) -> None:
        """Pause, or go on."""
        self.set_paused(not self.rows.paused)

    def only_this_sender(self) -> None:
        """Show only the sender of the chosen row, or all again."""
        current = self.view.chosen.current
        if self.bar.sender_chosen() >= 0:
            self.bar.only_sender(-1)
        elif current is not None and current >= self.feed.log.first:
            self.bar.only_sender(self.feed.log.sender(current))

    def set_style(self, style: str) -> None:
        """How messages are shown: "read", "sent" or "classic"."""
        self.painter.words.style = style
        self.view.repaint_rows()

    def set_joined(self, joined: bool) -> None:
        """Show the pieces of a message that its sender cut at 1,024 bytes as one row, or each as it came."""
        current = self.view.chosen.current
        self.rows.set_joined(joined)
        if current is not None and current >= self.feed.log.first and not self.view.follows:
            self.go_to(current)
        self._refresh()

    def toggle_joined(self) -> None:
        """Join, or show each datagram as it came."""
        self.set_joined(not self.rows.joined)

    def set_ansi_as_colour(self, colour: bool) -> None:
        """ANSI colours as colours, or as the characters they are."""
        self.painter.ansi_as_colour = colour
        self.view.repaint_rows()

    # Choosing

    def _on_chosen(self) -> None:
        current = self.view.chosen.current
        log = self.feed.log
        if current is None or current < log.first:
            return
        self.desk.selection.select(event_row_of(self.desk.log, log, current))

    def copy_rows(self) -> None:
        """The chosen rows as text, tabs between their cells."""
        rows = [row for row in self.view.chosen.numbers() if row >= self.feed.log.first]
        if rows:
            columns = self.view.head.columns()
            text = "\n".join(self.painter.words.line(row, columns) for row in rows)
            QGuiApplication.clipboard().setText(text)
            self.desk.toast(f"{many(len(rows), 'row')} copied")

    def toggle_mark(self) -> None:
        """Set or remove a bookmark on the chosen rows."""
        seen, rows = self.feed.seen, self.view.chosen.numbers()
        new = [row for row in rows if not seen.marked(row)]
        if new:
            seen.marks = sorted([*seen.marks, *new])
        else:
            gone = set(rows)
            seen.marks = [row for row in seen.marks if row not in gone]
        self.view.repaint_rows()
        self._refresh()

    def go_to_mark(self, step: int) -> None:
        """The next bookmark that is shown, or the one before."""
        self._go_to_one_of(self.marks, step)

    def _go_to_one_of(self, rows: list[int], step: int) -> None:
        current = self.view.chosen.current
        here = -1 if current is None else current
        at = bisect_right(rows, here) if step > 0 else bisect_left(rows, here) - 1
        while 0 <= at < len(rows):
            if self.rows.has(rows[at]):
                self.go_to(rows[at])
                return
            at += step

    def go_to(self, row: int) -> None:
        """Choose a row, or the one that it is shown in, and bring it into sight."""
        row = self.rows.shown_as(row)
        self.view.chosen.choose(row)
        self.view.show_row(row, centre=True)
        self._refresh()

    def jump_to(self, text: str) -> None:
        """Go to a time of day, on the day of the newest row."""
        log = self.feed.log
        if not self.rows.count():
            self.jump.refuse("Nothing is shown that one could go to.")
            return
        wall = wall_ns_of(text, log.t(len(log) - 1) + self.feed.epoch_ns)
        if wall is None:
            self.jump.refuse("Write it as 10:58 or 10:58:14.")
            return
        place = self.rows.place(log.row_at(wall - self.feed.epoch_ns))
        self.jump.refuse("" if place < self.rows.count() else "Nothing came that late: this is the last one.")
        self.go_to(self.rows.number(min(place, self.rows.count() - 1)))

    # Menus

    def _on_menu(self, place: QPoint, row: int) -> None:
        menus.row_menu(self, row).popup(place)

    def _on_head_menu(self, place: QPoint) -> None:
        menus.columns_menu(self).popup(self.view.head.mapToGlobal(place))

    # Alarms

    def ask_alarm(self) -> None:
        """Open the entry of an alarm, with the filter that is typed."""
        self.alarms.ask(self.bar.field.text().strip())

    def _on_emptied(self) -> None:
        self.painter.words.forget()
        self._refresh()

    def _on_alarmed(self, hits: list[Hit]) -> None:
        for hit in hits:
            if hit.loud:
                self._tell(hit.alarm, hit.rows[-1])

    def _tell(self, alarm: Alarm, row: int) -> None:
        if alarm.sound:
            ring(self, f"Creosote: {alarm.name[:60]}", self.desk.warn)
        if alarm.notify:  # from the live log, whichever is looked at
            text = shown(self.feed.live.log.reading(row).text, TOLD_CHARACTERS)
            notify(self, f"Creosote: {alarm.name[:60]}", text, self.desk.warn)

    def _on_hit_requested(self, text: str) -> None:
        row = self.feed.seen.watch.last.get(text)
        if row is not None and row >= self.feed.log.first:
            if not self.rows.has(self.rows.shown_as(row)):
                self.show_everything()
            self.go_to(row)

    # Files

    def export(self, kind: str, *, joined: bool = False) -> None:
        """Ask for a file and write what is shown, or what is chosen when it is several rows."""
        dialog = QFileDialog(self, "Export the log", f"creosote.{kind}", menus.file_filter(kind))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        dialog.fileSelected.connect(lambda path: self.export_to(Path(path), kind, joined=joined))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def export_to(self, path: Path, kind: str, *, joined: bool = False) -> None:
        """Write on a lab thread; a strip shows how far it is and can end it.

        joined: a line of text for each row shown; else the datagrams as they came, joined for the eye or not.
        """
        if self._export is not None:
            return
        chosen = self.view.chosen.numbers()
        rows: Sequence[int] = chosen if len(chosen) > 1 else self.rows.numbers()
        log = self.feed.log.snapshot()
        rows = [row for row in rows if row >= log.first] if rows and rows[0] < log.first else rows
        whole = {row: pieces for row in rows if len(pieces := tuple(self.rows.pieces(row))) > 1} if joined else {}
        if not joined:
            rows = self.rows.datagrams(rows)
        job = self._export = ExportJob(log, rows, path, kind, self.feed.epoch_ns, whole)
        self.progress.begin(f"Exporting to {path.name}", job.total, lambda: job.done)
        self.desk.bridge.call(job.run, self._on_export_done, self._on_export_failed, owner=self)

    def _on_export_done(self, rows: int) -> None:
        job, self._export = self._export, None
        self.progress.end()
        if job is not None:
            self.desk.toast(f"{many(rows, 'row')} written to {job.path.name}" if not job.cancelled else "Not exported")

    def _on_export_failed(self, error: BaseException) -> None:
        self._export = None
        reason = getattr(error, "strerror", None) or str(error)
        self.progress.fail(f"Not exported: {reason}.")

    def _on_export_cancelled(self) -> None:
        if self._export is not None:
            self._export.cancel()

    # State

    def save_state(self) -> dict[str, Any]:
        """Filters, alarms, columns and how messages are shown."""
        return {
            "filter": self.bar.save_state(),
            "alarms": self.alarms.save_state(),
            "columns": self.view.head.ids(),
            "style": self.painter.words.style,
            "ansi": self.painter.ansi_as_colour,
            "joined": self.rows.joined,
        }

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Take what `save_state` gave; what is strange is ignored."""
        kept = state.get("filter")
        if isinstance(kept, dict):
            self.bar.restore_state(kept)
        self.alarms.restore_state(state.get("alarms"))
        columns = state.get("columns")
        if isinstance(columns, list) and columns:
            self.view.head.set_ids([id for id in columns if isinstance(id, str)] or list(DEFAULT))
        if state.get("style") in MESSAGE_STYLES:
            self.painter.words.style = str(state["style"])
        self.painter.ansi_as_colour = bool(state.get("ansi", True))
        self.rows.set_joined(state.get("joined") is True)
