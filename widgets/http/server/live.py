"""A running web server: where it is, what can be turned, and a row for each request that it answered.

Shows a ServerSlot. It must not know services.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.http.server.served import Served
from widgets.http.server.script_view import ScriptView
from widgets.http.server.served_rows import METHOD, TARGET
from widgets.http.server.slot import ServerSlot
from widgets.parts.banner import Banner
from widgets.parts.empty import EmptyState
from widgets.parts.flow import Pages
from widgets.parts.plain_table import PlainTable
from widgets.parts.splitter import Splitter


class ServerLive(QWidget):
    """The rows. `picked(served)`: a person chose one; `request_wanted`: send a first one."""

    picked = Signal(object)
    request_wanted = Signal()

    def __init__(self, slot: ServerSlot, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slot = slot
        self.warning = Banner("warning")
        self.empty = EmptyState("send", "Nobody has asked anything yet.", "Send a request to it",
                                button_icon="send", primary=True)  # fmt: skip
        self.table = PlainTable(
            slot.rows, "Requests that the server answered", mono=(METHOD, TARGET), middle=(TARGET,),
            widths=(44, 112, 70, 200, 66, 76, 150, 76), stretch=TARGET,
        )  # fmt: skip
        self.script = ScriptView()
        self.script.hide()
        self.halves = Splitter(Qt.Orientation.Horizontal, self.table, self.script)
        self.halves.setSizes([560, 440])
        self.pages = Pages(self.empty, self.halves)
        strips = QVBoxLayout()
        strips.setContentsMargins(12, 0, 12, 0)
        strips.addWidget(self.warning)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(strips)
        column.addWidget(self.pages, 1)
        self.table.picked.connect(self._on_picked)
        self.empty.acted.connect(self.request_wanted)
        slot.rows.rowsAboutToBeInserted.connect(self._before)
        slot.rows.rowsInserted.connect(self._after)
        slot.rows.modelReset.connect(self.refresh)
        slot.changed.connect(self.refresh)
        self._follows = True
        self.refresh()

    def refresh(self) -> None:
        """Show the slot as it is now."""
        self.pages.setCurrentWidget(self.halves if self.slot.rows.rowCount() else self.empty)
        if self.slot.exposed:
            self.warning.say("Exposed.", f"{self.slot.url} can be reached from other machines.")
        else:
            self.warning.clear()

    def _before(self, *_: object) -> None:
        bar = self.table.verticalScrollBar()
        self._follows = bar.value() >= bar.maximum()

    def _after(self, *_: object) -> None:
        self.pages.setCurrentWidget(self.halves)
        if self._follows:
            self.table.scrollToBottom()

    def _on_picked(self, at: int) -> None:
        served = self.slot.rows.row(at)
        if served is not None:
            self._show_script(served)
            self.picked.emit(served)

    def _show_script(self, served: Served) -> None:
        """Beside a request that a script answered stands how that ran."""
        self.script.setVisible(served.script is not None)
        if served.script is not None:
            self.script.show_script(served.script)

    def choose(self, served: Served) -> None:
        """Go to the row of an answer, without telling."""
        at = self.slot.rows.place_of(served)
        if at >= 0:
            self.table.selectRow(at)
            self.table.scrollTo(self.slot.rows.index(at, 0))
            self._show_script(self.slot.rows.row(at) or served)
