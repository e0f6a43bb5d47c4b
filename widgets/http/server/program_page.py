"""Code: a handler or a WSGI application that is typed here, run in a process of its own, and what it says.

It must not know how it is run: a server of the server card runs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.http.server.program import SAMPLES, ProgramError, Sample, checked_code
from protocols.record.event import Raw, detail_of
from widgets.desk import Desk
from widgets.http.server.card import ServerCard
from widgets.http.server.slot import ServerSlot
from widgets.http.server.words import deploy_choices
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Card
from widgets.parts.fields import Fields
from widgets.parts.flow import FlowBox
from widgets.parts.plain_table import SIGN_ROLE, PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.splitter import Splitter
from widgets.parts.trouble import TroubleStrip
from widgets.python_drawer.code_view import CodeView

if TYPE_CHECKING:
    from widgets.http.server.family_dialog import FamilyDialog

TOLD: Final = ("program said", "application said", "application failed", "wsgi complaint", "child crashed")
WRONG: Final = TOLD[2:]
KEPT: Final = 500


class SaidModel(RowsModel):
    """What the program and its errors said."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(("What it says",), parent)
        self._wrong: list[bool] = []

    def take(self, said: Sequence[tuple[bool, str]]) -> None:
        """More lines; the oldest of very many go."""
        if len(self._wrong) + len(said) > KEPT:
            self.forget()
        self._wrong += [wrong for wrong, _ in said]
        self.append([(text,) for _, text in said])

    def forget(self) -> None:
        """Nothing was said."""
        self._wrong.clear()
        self.set_rows([])

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if role == SIGN_ROLE and index.isValid():
            return "error" if self._wrong[index.row()] else "info"
        return super().data(index, role)


class ProgramPage(QWidget):
    """The samples, the code, its buttons. `request_requested(slot)`: send a request to it."""

    request_requested = Signal(object)

    def __init__(self, desk: Desk, servers: ServerCard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk, self.servers = desk, servers
        self.slot: ServerSlot | None = None
        self.texts: dict[str, str] = {}
        self._running = ("", "")
        self._again = False
        self._port = 0
        self.list_card, self.card = Card("Programs", "list"), Card("Program", "code-xml")
        self.list_card.set_title("Programs", "All")
        self.model = RowsModel(("Begin with",), self)
        self.table = PlainTable(self.model, "Programs to begin with")
        self.fields = Fields(self)
        self.code = CodeView(editable=True)
        self.said = SaidModel(self)
        self.said_table = PlainTable(self.said, "What the program says", mono=(0,))
        self.start_button, self.request_button = PrimaryButton("Start", "play"), Button("Send a request to it", "send")
        self.stop_button = Button("Stop", "square", small=True)
        self.family_button = Button("Class tree", "workflow", small=True)
        self.family_button.setToolTip("Base, Simple and CGI: who comes from whom in http.server")
        self.reset_button = Button("As it was", "undo-2", small=True)
        self.strip = TroubleStrip()
        self.strip.banner.action_button.hide()
        self._lay_out()
        self.model.set_rows([(one.title,) for one in SAMPLES])
        self.table.selectRow(0)
        self._show_sample()
        self.table.selectionModel().currentRowChanged.connect(lambda _now, _before: self._show_sample())
        self.code.textChanged.connect(self._on_typed)
        self.start_button.clicked.connect(self.start)
        self.stop_button.clicked.connect(self.stop)
        self.reset_button.clicked.connect(self.reset)
        self.family_button.clicked.connect(self.show_family)
        self.request_button.clicked.connect(lambda: self.request_requested.emit(self.slot))

    def _lay_out(self) -> None:
        self.code.setAccessibleName("The program")
        self.code.setTabChangesFocus(False)
        self.list_card.add(self.table, 1)
        self.list_card.add_action(self.family_button)
        row = FlowBox(self.start_button, self.request_button)
        row.flow.setContentsMargins(12, 8, 12, 8)
        deploy = self.fields.choice("deploy", "Run by", deploy_choices())
        row.add(deploy)
        for button in (self.start_button, self.request_button):
            row.flow.setAlignment(button, Qt.AlignmentFlag.AlignBottom)
        strip = QVBoxLayout()
        strip.setContentsMargins(12, 8, 12, 0)
        strip.addWidget(self.strip)
        halves = Splitter(Qt.Orientation.Vertical, self.code, self.said_table)
        halves.setSizes([420, 110])
        for button in (self.reset_button, self.stop_button):
            self.card.add_action(button)
        self.card.body.addLayout(strip)
        self.card.add(row)
        self.card.add(halves, 1)
        cards = Splitter(Qt.Orientation.Horizontal, self.list_card, self.card, line=False)
        cards.setSizes([220, 780])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(cards)

    @property
    def sample(self) -> Sample:
        """The program chosen."""
        return SAMPLES[max(0, self.table.currentIndex().row())]

    @property
    def text(self) -> str:
        """The code as it stands."""
        return self.code.toPlainText()

    def _show_sample(self) -> None:
        self.strip.clear()
        self.code.blockSignals(True)
        self.code.set_source(self.texts.get(self.sample.key, self.sample.code))
        self.code.blockSignals(False)
        self.refresh()

    def _on_typed(self) -> None:
        if self.texts.get(self.sample.key, self.sample.code) == self.text:
            return  # its colours have changed
        self.texts[self.sample.key] = self.text
        self.strip.clear()
        self.refresh()

    def reset(self) -> None:
        """The program as it was before anything was typed."""
        self.texts.pop(self.sample.key, None)
        self._show_sample()

    def show_family(self) -> FamilyDialog:
        """Open the class tree of http.server."""
        from widgets.http.server.family_dialog import FamilyDialog

        dialog = FamilyDialog(self)
        dialog.open_over()
        return dialog

    # Running

    def start(self) -> None:
        """Run what is typed; where it runs already, in its place and at its address."""
        sample = self.sample
        try:
            checked_code(self.text, sample.kind)
        except ProgramError as error:
            self._tell("This can't be run", str(error))
            return
        self.strip.clear()
        if self.slot is not None and self.slot.phase == "running":
            self._again = True
            self.slot.stop()
            return
        self._start(0)

    def _start(self, port: int) -> None:
        sample = self.sample
        self.said.forget()
        self._running = (sample.key, self.text)
        slot = self.servers.start_site({"site": "program", "code": self.text, "code_kind": sample.kind, "tls": "",
                                        "deploy": self.fields["deploy"], "port": port, "model": "threads"})  # fmt: skip
        if slot is not self.slot:
            slot.changed.connect(lambda: self._on_slot(slot))
        self.slot = slot
        self.refresh()

    def stop(self) -> None:
        """End it."""
        self._again = False
        if self.slot is not None:
            self.slot.stop()

    def _on_slot(self, slot: ServerSlot) -> None:
        if slot is not self.slot:
            return
        if slot.phase == "ended" and self._again:
            self._again = False
            self._start(self._port)
            return
        if slot.url:
            self._port = int(slot.url.rstrip("/").rpartition(":")[2])
        if slot.trouble is not None:
            self._tell(slot.trouble.title, slot.trouble.why)
        self.refresh()

    def _tell(self, title: str, why: str) -> None:
        self.strip.tell(title, why if why.endswith(".") else f"{why}.")
        self.strip.banner.action_button.hide()

    def take(self, raws: Sequence[Raw]) -> None:
        """New events from the recorder: what the program said is shown."""
        name = self.slot.service if self.slot is not None else ""
        said = [(raw[2] in WRONG, _line(raw)) for raw in raws if raw[2] in TOLD and name and raw[3] == name]
        if said:
            self.said.take(said)
            self.said_table.scrollToBottom()

    def refresh(self) -> None:
        """Show what can be done."""
        sample, slot = self.sample, self.slot
        runs = slot is not None and slot.phase == "running" and self._running[0] == sample.key
        starting = slot is not None and slot.phase == "starting"
        self.card.set_title(sample.title)
        self.card.set_state("running" if runs else "", "Running" if runs else "")
        changed = runs and self._running[1] != self.text
        self.start_button.setText("Start again, as typed" if changed else "Start")
        self.start_button.setVisible(not runs or changed)
        self.start_button.setEnabled(not starting)
        self.request_button.setVisible(runs and not changed)
        self.stop_button.setVisible(runs)
        self.reset_button.setVisible(sample.key in self.texts and self.texts[sample.key] != sample.code)
        self.fields.show("deploy", sample.kind == "wsgi")

    def values(self) -> dict[str, str]:
        """What was typed, for the next start."""
        return {key: text for key, text in self.texts.items() if len(text) < 100_000}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Take what `values` gave; what is strange is ignored."""
        known = {one.key for one in SAMPLES}
        self.texts = {str(key): str(text) for key, text in values.items() if key in known}
        self._show_sample()


def _line(raw: Raw) -> str:
    why = detail_of(raw).get("why")
    return str(why or raw[9])
