"""TimelineDock: the dock below every panel that shows what happened, as a table and as a ladder.

It joins model, views, filters and actions, and takes the events from the bridge. It must not
know any panel or what a single event means.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QByteArray, QPoint, QSaveFile, Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDockWidget, QFileDialog, QMainWindow, QMenu, QVBoxLayout, QWidget

from protocols.numbers import grouped
from protocols.record.bulk import Many
from protocols.record.event import LAYERS, Raw
from protocols.record.log import EventLog
from widgets.parts.buttons import ActionButton, IconButton
from widgets.parts.segments import Segments
from widgets.theme.theme import theme
from widgets.timeline.commands import add_actions
from widgets.timeline.export import Export
from widgets.timeline.filters import QueryField
from widgets.timeline.model import TimelineModel
from widgets.timeline.progress import ProgressStrip
from widgets.timeline.title import TitleBar
from widgets.timeline.views import LADDER, TABLE, TimelineViews

if TYPE_CHECKING:
    from widgets.desk import Desk

REFRESH_MS: Final = 100
"""Numbers change at most ten times a second: nobody reads faster."""
START_ACTION: Final = "sockets.both-ends"
"""What the empty state's button does."""
PACKET_ACTION: Final = "packets.of-event"
LARGE_SHARE: Final = 0.9
LEAST_PX: Final = 150
UNLIMITED: Final = 16_777_215


class TimelineDock(QDockWidget):
    """The time line. desk: the shared things; its log is filled here, from its bridge."""

    def __init__(self, desk: Desk) -> None:
        super().__init__("Time line")
        self.setObjectName("timeline")
        self.setAllowedAreas(Qt.DockWidgetArea.BottomDockWidgetArea | Qt.DockWidgetArea.TopDockWidgetArea)
        self.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        self.desk: Final = desk
        self.model: Final = TimelineModel(desk.log, self)
        self.query: Final = QueryField()
        self.views: Final = TimelineViews(self.model, desk.selection, self.query)
        self.actions_by_name: Final = add_actions(desk.actions, self)
        self._export: Export | None = None
        self._strip = ProgressStrip()
        self._title = self._make_title()
        self._folded = False
        self._height_before = 0
        self._lay_out()
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.setInterval(REFRESH_MS)
        self._refresh.timeout.connect(self._on_refresh_timeout)
        self.model.counted.connect(self._on_model_counted)
        theme().changed.connect(self._on_theme_changed)
        desk.bridge.add_consumer(self.consume, self.consume_many)
        self._on_refresh_timeout()

    def _make_title(self) -> TitleBar:
        named = self.actions_by_name
        self._funnel = IconButton("funnel", "Show the filters", checkable=True)
        self._funnel.setChecked(True)
        self._funnel.toggled.connect(self.views.show_filters)
        self._steps = Segments(("Equal steps", "To scale"), "Distances of the ladder")
        self._steps.chosen.connect(lambda index: self.views.ladder.set_to_scale(index == 1))
        self._pause = ActionButton(named["pause"], icon_only=True)
        export = ActionButton(named["export"], icon_only=True)
        ladder = [self._steps, ActionButton(named["fit"]), ActionButton(named["svg"])]
        title = TitleBar(
            (("Table", "table"), ("Ladder", "arrow-left-right")),
            ([self.query, self._funnel, export], ladder, [self._pause]),
        )
        title.view_chosen.connect(self.views.show_view)
        title.fold_requested.connect(lambda: self.set_folded(not self._folded))
        title.expand_requested.connect(lambda: self.set_expanded(not self.expanded))
        return title

    def _lay_out(self) -> None:
        self.setTitleBarWidget(self._title)
        self._body = QWidget()
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._strip)
        column.addWidget(self.views, 1)
        self.setWidget(self._body)
        self._strip.cancelled.connect(self._on_strip_cancelled)
        self.views.start_requested.connect(self._on_start_requested)
        self.views.changed.connect(self._on_views_changed)
        self.views.table.mark_requested.connect(self.toggle_mark)
        self.views.ladder.mark_requested.connect(self.toggle_mark)
        copy = self.actions_by_name["copy"]
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        for view in (self.views.table, self.views.ladder):
            view.addAction(copy)
            view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            view.customContextMenuRequested.connect(self._on_menu_requested)

    # Events

    def consume(self, batch: list[Raw]) -> None:
        """Take a batch from the bridge into the log and onto the views."""
        self.model.consume(batch)
        self.views.took()

    def consume_many(self, many: Many) -> None:
        """Take many events at once."""
        self.model.consume_many(many)
        self.views.took()

    def show_log(self, log: EventLog) -> None:
        """Show another log: a session that was opened. The desk's log is this one from now on."""
        self.desk.log = log
        self.desk.selection.clear()
        self.model.set_log(log)
        self.views.set_log(log)
        self._on_refresh_timeout()

    def _on_model_counted(self) -> None:
        if not self._refresh.isActive():
            self._refresh.start()

    def _on_refresh_timeout(self) -> None:
        self.views.refresh()
        self._title.counts.show_counts(self.model.layer_counts())

    # What the actions do

    def show_table(self) -> None:
        """Show the table."""
        self._show(TABLE)

    def show_ladder(self) -> None:
        """Show the ladder."""
        self._show(LADDER)

    def _show(self, view: int) -> None:
        self.set_folded(False)
        self._title.tabs.setCurrentIndex(view)

    def find_text(self) -> None:
        """Go to the search box."""
        self._show(TABLE)
        self.query.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.query.selectAll()

    def set_paused(self, paused: bool) -> None:
        """Hold still, or go on."""
        self.views.set_paused(paused)

    def follow(self) -> None:
        """Go to the newest event."""
        self.views.follow()

    def clear(self) -> None:
        """Hide what has been so far."""
        self.views.clear()

    def show_all(self) -> None:
        """Take back `clear`."""
        self.views.show_all()

    def show_everything(self) -> None:
        """Take all filters away."""
        self.views.filters.reset()

    def fit(self) -> None:
        """The whole ladder in sight."""
        self.views.ladder.fit()

    def copy_rows(self) -> None:
        """Copy the selected rows."""
        count = self.views.table.copy_rows()
        if count:
            self.desk.toast(f"{grouped(count)} {'event' if count == 1 else 'events'} copied")

    def toggle_mark(self) -> None:
        """Set or remove a bookmark on the selected event."""
        row = self.desk.selection.row
        if row is not None:
            self.model.toggle_mark(row)

    def next_mark(self) -> None:
        """Select the next bookmark."""
        self._go(sorted(self.model.marks), 1)

    def previous_mark(self) -> None:
        """Select the bookmark before."""
        self._go(sorted(self.model.marks), -1)

    def next_error(self) -> None:
        """Select the next failure."""
        self._go(self.model.errors, 1)

    def previous_error(self) -> None:
        """Select the failure before."""
        self._go(self.model.errors, -1)

    def _go(self, rows: list[int] | array[int], step: int) -> None:
        start = self.desk.selection.row
        found = self.model.neighbour(rows, -1 if start is None else start, step)
        if found is not None:
            self.desk.selection.select(found)

    def zero_here(self) -> None:
        """Count time from the selected event."""
        self.model.set_zero(self.desk.selection.row)
        self.views.refresh()

    def zero_first(self) -> None:
        """Count time from the first event."""
        self.model.set_zero(None)
        self.views.refresh()

    def only_conn(self) -> None:
        """Filter by the selected event's connection."""
        raw = self._selected()
        if raw is not None and raw[4] is not None:
            self.show_connection(raw[4])

    def show_connection(self, conn: str) -> None:
        """Filter by this connection."""
        self.views.filters.conn.set_value(conn)
        self.views.filters.changed.emit()

    def only_service(self) -> None:
        """Filter by the selected event's service."""
        raw = self._selected()
        if raw is not None and raw[3] is not None:
            self.views.filters.service.set_value(raw[3])
            self.views.filters.changed.emit()

    def _selected(self) -> Raw | None:
        row = self.desk.selection.row
        return None if row is None or row < self.model.log.first else self.model.log.raw(row)

    def _on_views_changed(self) -> None:
        self.actions_by_name["pause"].setChecked(self.model.paused)

    def _on_start_requested(self) -> None:
        self.desk.show_panel("sockets")
        if START_ACTION in self.desk.actions:
            self.desk.actions.get(START_ACTION).trigger()

    def _on_menu_requested(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        groups = (("mark", "zero", "zero_first"), ("this_conn", "this_service", "everything"),
                  ("copy", "export", "packet"), ("clear", "show_all"))  # fmt: skip
        for group in groups:
            for name in group:
                menu.addAction(self.actions_by_name[name])
            menu.addSeparator()
        view = self.views.table if self.views.view == TABLE else self.views.ladder
        menu.popup(view.viewport().mapToGlobal(at))

    def show_packet(self) -> None:
        """Go to the packet in which the selected event's bytes crossed: the packets panel knows how."""
        self.desk.show_panel("packets")
        if PACKET_ACTION in self.desk.actions:
            self.desk.actions.get(PACKET_ACTION).trigger()

    # Export

    def export(self) -> None:
        """Ask for a file and write the shown events."""
        path, _ = QFileDialog.getSaveFileName(self, "Export events", "events.jsonl", "JSON lines (*.jsonl)")
        if path:
            self.export_to(Path(path))

    def export_to(self, path: Path) -> None:
        """Write the shown events as JSON lines, on a lab thread; a strip shows how far it is."""
        if self._export is not None:
            return
        job = Export(self.model.log.snapshot(), self.model.shown_rows(), path, self.desk.lab.recorder.epoch_ns)
        self._export = job
        self._strip.begin(f"Exporting to {path.name}", job.total, lambda: job.done)
        self.desk.bridge.call(job.run, self._on_export_done, self._on_export_failed, owner=self)

    def _on_export_done(self, lines: int) -> None:
        job, self._export = self._export, None
        self._strip.end()
        if job is not None and not job.cancelled:
            self.desk.toast(f"{grouped(lines)} events written to {job.path.name}")

    def _on_export_failed(self, error: BaseException) -> None:
        self._export = None
        reason = getattr(error, "strerror", None) or str(error)
        self._strip.fail(f"Not exported: {reason}.")

    def _on_strip_cancelled(self) -> None:
        if self._export is not None:
            self._export.cancel()

    def export_svg(self) -> None:
        """Ask for a file and write the ladder."""
        path, _ = QFileDialog.getSaveFileName(self, "Export the ladder", "ladder.svg", "SVG (*.svg)")
        if path:
            self.export_svg_to(Path(path))

    def export_svg_to(self, path: Path) -> None:
        """Write the ladder as an SVG; a failure is told in the strip."""
        file = QSaveFile(str(path))
        content = QByteArray(self.views.ladder.svg())
        opened = file.open(QSaveFile.OpenModeFlag.WriteOnly)
        if opened and file.write(content) == content.size() and file.commit():
            self.desk.toast(f"Ladder written to {path.name}")
            return
        self._strip.fail(f"Not exported: {file.errorString()}.")

    # Size

    @property
    def folded(self) -> bool:
        """True while only the head is shown."""
        return self._folded

    def set_folded(self, folded: bool) -> None:
        """Leave only the head with its counts, or show the views again."""
        if folded == self._folded:
            return
        self._folded = folded
        if folded:
            self._height_before = self.height()
        self._body.setMaximumHeight(0 if folded else UNLIMITED)
        self._title.set_folded(folded)
        if folded:
            self.setFixedHeight(self._title.height())
        else:
            self.setMinimumHeight(0)
            self.setMaximumHeight(UNLIMITED)
            self._resize(self._height_before or theme().px(360))

    def _on_theme_changed(self) -> None:
        if self._folded:
            self.setFixedHeight(self._title.height())

    @property
    def expanded(self) -> bool:
        """True while the dock takes nearly the whole window."""
        window = self.window()
        return not self._folded and self.height() > 0.8 * window.height() * LARGE_SHARE

    def set_expanded(self, expanded: bool) -> None:
        """Take nearly the whole window, or half of it."""
        self.set_folded(False)
        if expanded:
            self._height_before = self.height()
        share = LARGE_SHARE if expanded else 0.5
        self._resize(int(self.window().height() * share))
        self._title.set_expanded(expanded)

    def _resize(self, height: int) -> None:
        window = self.parent()
        if isinstance(window, QMainWindow):
            window.resizeDocks([self], [height], Qt.Orientation.Vertical)

    # State

    def save_state(self) -> dict[str, Any]:
        """What the next start shall find again."""
        layers = self.views.filters.layers()
        return {
            "view": self.views.view,
            "folded": self._folded,
            "to_scale": self.views.feed.layout.to_scale,
            "filters": self._funnel.isChecked(),
            "layers": sorted(LAYERS if layers is None else layers),
        }

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Take what `save_state` gave; what is strange is ignored."""
        layers = state.get("layers")
        if isinstance(layers, list) and layers:
            self.views.filters.set_layers(str(layer) for layer in layers)
        self._funnel.setChecked(bool(state.get("filters", True)))
        to_scale = bool(state.get("to_scale", False))
        self._steps.set_current(1 if to_scale else 0)
        self.views.ladder.set_to_scale(to_scale)
        if state.get("view") in (TABLE, LADDER):
            self._title.tabs.setCurrentIndex(state["view"])
        self.set_folded(bool(state.get("folded", False)))
