"""Running panel: every service that runs now, with what it occupies; end one, or all.

The table looks at the services a few times a second while it is shown. It must not know which
room started a service.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QHeaderView, QStackedLayout, QTableView, QVBoxLayout, QWidget

from widgets.desk import Desk
from widgets.panel import Check, Click, DemoStep, Panel, Picture, Wait
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button
from widgets.parts.empty import EmptyState
from widgets.parts.text import Label
from widgets.running.delegate import RunningDelegate
from widgets.running.model import Column, RunningModel
from widgets.theme.theme import theme

if TYPE_CHECKING:
    from protocols.service.base import Service

LOOK_MS: Final = 250
STOP_S: Final = 2.0
FIXED: Final = {Column.NAME: 21, Column.KIND: 10, Column.WHERE: 22, Column.PORTS: 9, Column.CONNECTIONS: 14}
"""Widths in letters; in a narrow window the lists keep LIST_LEAST letters each."""
THREADS_SHARE: Final = 0.6
LIST_LEAST: Final = 14
DEMO_MODELS: Final = ("threads", "asyncio", "fork")
EMPTY: Final = "Nothing runs. Every server and client you start appears here, with its threads, children and ports."


class RunningPanel(Panel):
    """The table and its two buttons. Stopping runs on a lab thread; what does not end is named in a strip."""

    id: ClassVar[str] = "running"
    title: ClassVar[str] = "Running"
    icon: ClassVar[str] = "activity"

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._cancel: Callable[[], None] | None = None
        self.model = RunningModel(self)
        self.table = _Table(self.model, self._stop_chosen)
        self.stop = Button("Stop", "square")
        self.stop.setToolTip("Stop the chosen services (Delete)")
        self.stop.clicked.connect(self._stop_chosen)
        self.stop_all = Button("Stop all", "circle-stop")
        self.stop_all.clicked.connect(self._on_stop_all_clicked)
        self.count = Label("", "body", "text2")
        self.strip = Banner("error")
        self.empty = EmptyState("activity", EMPTY, "Go to Sockets", button_icon="plug")
        self.empty.acted.connect(lambda: self.desk.show_panel("sockets"))
        self._lay_out()
        self.table.selectionModel().selectionChanged.connect(self._show_buttons)
        self.refresh()

    def _lay_out(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 10, 16, 12)
        outer.setSpacing(10)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(Label("Running", "panel"))
        head.addWidget(self.count)
        head.addStretch(1)
        head.addWidget(self.stop)
        head.addWidget(self.stop_all)
        outer.addLayout(head)
        outer.addWidget(self.strip)
        frame = QFrame()
        frame.setProperty("card", "true")
        inside = QVBoxLayout(frame)
        # The table's square corners spare the card's round ones.
        inside.setContentsMargins(0, 3, 0, 3)
        self._pages = QStackedLayout()
        inside.addLayout(self._pages)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self.table)
        outer.addWidget(frame, 1)

    def shown(self) -> None:
        """Look often while somebody looks."""
        self.refresh()
        if self._cancel is None:
            self._cancel = self.desk.bridge.every(LOOK_MS, self.refresh)

    def hidden(self) -> None:
        """Look no more."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    def refresh(self) -> None:
        """Show what runs now."""
        self.model.refresh(self.desk.running.asked_for())
        rows = self.model.rowCount()
        self._pages.setCurrentIndex(1 if rows else 0)
        self.count.setText(f"{rows} {'service' if rows == 1 else 'services'}" if rows else "")
        self._show_buttons()

    def chosen(self) -> list[Service]:
        """The services whose rows are selected."""
        return [self.model.service(index.row()) for index in self.table.selectionModel().selectedRows()]

    def _show_buttons(self) -> None:
        self.stop.setEnabled(self.table.selectionModel().hasSelection())
        self.stop_all.setEnabled(self.model.rowCount() > 0)

    def _stop_chosen(self) -> None:
        services = self.chosen()
        if services:
            self._end(services)

    def _on_stop_all_clicked(self) -> None:
        self._end([self.model.service(row) for row in range(self.model.rowCount())])

    def _end(self, services: list[Service]) -> None:
        self.strip.clear()
        running = self.desk.running

        def work() -> list[str]:
            for service in services:
                service.request_stop()
            deadline = time.monotonic() + STOP_S
            left = [one.name for one in services if not one.join(max(deadline - time.monotonic(), 0))]
            for service in services:
                if service.name not in left:
                    running.discard(service)
            return left

        self.desk.bridge.call(work, self._on_ended, self._on_end_failed)

    def _on_ended(self, left: list[str]) -> None:
        self.refresh()
        if left:
            self.strip.say("Did not end in time:", f"{', '.join(left)}. It is still listed; try Stop again.")

    def _on_end_failed(self, error: BaseException) -> None:
        self.refresh()
        self.strip.say("Stopping failed.", f"{type(error).__name__}: {error}")

    def demo(self) -> Iterator[DemoStep]:
        """Three servers of different models appear with what they occupy, and go by Stop and Stop all."""
        before = self.model.rowCount()
        for model in DEMO_MODELS:
            self.desk.bridge.call(partial(self._start_echo, model), owner=self)
        yield Wait("each server that starts is listed", lambda: self.model.rowCount() == before + len(DEMO_MODELS))
        facts = self.model.all_facts
        yield Wait("each shows its port", lambda: all(one.ports for one in facts()[before:]))
        yield Wait("each shows its threads", lambda: all(one.threads for one in facts()[before:]))
        yield Wait("the forking one shows its child process", lambda: any(one.children for one in facts()))
        self.table.selectRow(before)
        yield Picture()
        yield Click(self.stop)
        yield Wait("Stop ends the chosen one", lambda: self.model.rowCount() == before + len(DEMO_MODELS) - 1)
        yield Click(self.stop_all)
        yield Wait("Stop all ends the rest", lambda: self.model.rowCount() == 0)
        yield Check("an empty page says what would be here", self.empty.isVisible())

    def _start_echo(self, model: str) -> None:
        """On a lab thread: an echo server on a free port of loopback."""
        from protocols.concurrency.contract import Listen
        from protocols.concurrency.server import make_server
        from protocols.sockets.behaviours import spec

        lab = self.desk.lab
        server = make_server(lab.recorder, spec("echo"), Listen("tcp"), name=f"echo {model}", model=model)
        lab.start(server, room="sockets")


class _Table(QTableView):
    """The services, one row each; Delete stops the chosen ones."""

    def __init__(self, model: RunningModel, stop: Callable[[], object]) -> None:
        super().__init__()
        self._stop = stop
        self.setAccessibleName("Running services")
        self.setModel(model)
        self.setItemDelegate(RunningDelegate(model))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        theme().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete and Backspace stop, Escape chooses nothing."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._stop()
        elif event.key() == Qt.Key.Key_Escape:
            self.selectionModel().select(self.currentIndex(), QItemSelectionModel.SelectionFlag.Clear)
        else:
            super().keyPressEvent(event)

    def _on_theme_changed(self) -> None:
        self.verticalHeader().setDefaultSectionSize(theme().row_height() + 4)
        self.setFont(theme().ui_font(9.5))
        self._share_width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The lists of threads and children share what the rest leaves."""
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        em = self.fontMetrics().averageCharWidth()
        room = self.viewport().width()
        for column, chars in FIXED.items():
            self.setColumnWidth(column, chars * em)
            room -= chars * em
        threads = max(round(room * THREADS_SHARE), LIST_LEAST * em)
        self.setColumnWidth(Column.THREADS, threads)
        self.setColumnWidth(Column.CHILDREN, max(room - threads, LIST_LEAST * em))
