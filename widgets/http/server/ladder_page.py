"""Barker's ladder: nine steps from an echo server to CGI, each with its code, what changed, a server, and its check.

It must not know what a step answers.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.http.server.barker import STEPS, Step
from protocols.http.server.ladder_check import Found, check_step
from widgets.desk import Desk
from widgets.http.exchange.wire_view import DiffView
from widgets.http.server.card import ServerCard
from widgets.http.server.slot import ServerSlot
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Aside, Card
from widgets.parts.flow import FlowBox
from widgets.parts.plain_table import SIGN_ROLE, PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.splitter import Splitter
from widgets.parts.tab_pages import TabPages
from widgets.parts.trouble import TroubleStrip
from widgets.python_drawer.code_view import CodeView

CHECKED: Final = {True: "done", False: "error"}


class FoundModel(RowsModel):
    """What a check found, with a sign for each."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(("What was looked at",), parent)
        self._signs: list[bool] = []

    def show_found(self, found: list[Found]) -> None:
        """Show the findings of a check."""
        self._signs = [one.ok for one in found]
        self.set_rows([(one.text,) for one in found])

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if role == SIGN_ROLE and index.isValid():
            return CHECKED[self._signs[index.row()]]
        return super().data(index, role)


class LadderPage(QWidget):
    """The steps. `request_requested(slot)`: send a request to the step's server."""

    request_requested = Signal(object)

    def __init__(self, desk: Desk, servers: ServerCard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk, self.servers = desk, servers
        self.slot: ServerSlot | None = None
        self.running = 0
        self.found: dict[int, list[Found]] = {}
        self.list_card, self.card = Card("Nine steps", "list"), Card("Step", "code-xml")
        self.model = RowsModel(("#", "Step", "Check"), self, numbers=(0,))
        self.table = PlainTable(self.model, "Steps of the ladder", widths=(32, 170, 62), stretch=1)
        self.news = Aside()
        self.code, self.diff = CodeView(), DiffView("What changed since the step before")
        self.findings = FoundModel(self)
        self.check_table = PlainTable(self.findings, "What the check found")
        self.tabs = TabPages("About the step")
        self.start_button = PrimaryButton("Start this step", "play")
        self.request_button = Button("Send a request to it", "send")
        self.check_button = Button("Check it", "badge-check")
        self.stop_button = Button("Stop", "square", small=True)
        self.strip = TroubleStrip()
        self._lay_out()
        self._fill()
        self.table.selectRow(0)
        self.table.selectionModel().currentRowChanged.connect(lambda _now, _before: self.refresh())
        self.start_button.clicked.connect(self.start)
        self.stop_button.clicked.connect(self.stop)
        self.check_button.clicked.connect(self.check)
        self.request_button.clicked.connect(lambda: self.request_requested.emit(self.slot))
        self.refresh()

    def _lay_out(self) -> None:
        self.list_card.add(self.table, 1)
        for key, title, page in (("code", "Code", self.code), ("diff", "Difference", self.diff),
                                 ("check", "Check", self.check_table)):  # fmt: skip
            self.tabs.add(key, title, page)
        row = FlowBox(self.start_button, self.request_button, self.check_button)
        row.flow.setContentsMargins(12, 8, 12, 8)
        top = QVBoxLayout()
        top.setContentsMargins(12, 10, 12, 0)
        top.setSpacing(8)
        top.addWidget(self.news)
        top.addWidget(self.strip)
        self.card.add_action(self.stop_button)
        self.card.body.addLayout(top)
        self.card.add(row)
        self.card.add(self.tabs, 1)
        cards = Splitter(Qt.Orientation.Horizontal, self.list_card, self.card, line=False)
        cards.setSizes([360, 640])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(cards)

    def _fill(self) -> None:
        at = max(0, self.table.currentIndex().row())
        self.model.set_rows([(str(step.number), step.title, self._verdict(step.number)) for step in STEPS])
        self.table.selectRow(at)

    def _verdict(self, number: int) -> str:
        found = self.found.get(number)
        if found is None:
            return "running" if number == self.running else ""
        bad = sum(not one.ok for one in found)
        return f"{bad} not so" if bad else "holds"

    @property
    def step(self) -> Step:
        """The step chosen."""
        return STEPS[max(0, self.table.currentIndex().row())]

    def refresh(self) -> None:
        """Show the step chosen and what can be done with it."""
        step = self.step
        self.card.set_title(f"{step.number}. {step.title}")
        self.news.set(step.news, step.lesson)
        if self.code.toPlainText() != step.code:
            self.code.set_source(step.code)
            self.diff.set_diff(step.difference())
        self.findings.show_found(self.found.get(step.number, []))
        slot = self.slot
        here = slot is not None and slot.phase == "running" and self.running == step.number
        starting = slot is not None and slot.phase == "starting"
        self.card.set_state("running" if here else "", "Running" if here else "")
        self.start_button.setVisible(not here)
        self.start_button.setEnabled(not starting)
        for button in (self.request_button, self.check_button, self.stop_button):
            button.setVisible(here)
        if slot is not None and slot.trouble is not None:
            self.strip.tell(slot.trouble.title, slot.trouble.why, errno=slot.trouble.errno)
        else:
            self.strip.clear()

    # Acting

    def start(self) -> None:
        """Start the step chosen, in place of the one before."""
        self.stop()
        number = self.step.number
        slot = self.servers.start_site({"site": "barker", "step": str(number), "port": 0, "tls": ""})
        if slot is not self.slot:
            slot.changed.connect(self._on_slot)
        self.slot, self.running = slot, number

    def stop(self) -> None:
        """End the step that runs."""
        if self.slot is not None:
            self.slot.stop()

    def _on_slot(self) -> None:
        if self.slot is not None and self.slot.phase == "ended":
            self.running = 0
        self._fill()
        self.refresh()

    def check(self) -> None:
        """Ask the running step what it must answer."""
        slot, number = self.slot, self.running
        if slot is None or not slot.url:
            return
        parts = urlsplit(slot.url)
        host, port = parts.hostname or "", parts.port or 80
        self.check_button.setEnabled(False)
        self.desk.bridge.call(
            lambda: check_step(number, host, port), lambda found: self._on_found(number, found), owner=self
        )

    def _on_found(self, number: int, found: list[Found]) -> None:
        self.check_button.setEnabled(True)
        self.found[number] = found
        self._fill()
        self.refresh()
        self.tabs.show_page("check")
