"""The request of the first view on four layers: what each has to say for it, and that all get the same body.

It must not know how a layer sends it: `protocols.http.by_hand.layers` does.
"""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.http.by_hand.layers import LAYERS, LayerResult, LayersRun
from protocols.http.formats.python_write import write_python
from protocols.http.kept.masking import masked
from protocols.http.request import Request, RequestError
from protocols.numbers import grouped
from widgets.desk import Desk
from widgets.http.exchange.phase_rows import ms_text
from widgets.http.exchange.request_launch import trusting
from widgets.http.request.card import RequestCard
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Aside, Card
from widgets.parts.flow import FlowBox
from widgets.parts.plain_table import SIGN_ROLE, PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.splitter import Splitter
from widgets.parts.text import ElidedLabel, Label
from widgets.python_drawer.code_view import CodeView

LEAD: Final = "Four layers, one request."
TEXT: Final = "Each higher one hides what the lower ones had to say. Run them, and compare the scripts."
NO_URL: Final = "Type a URL in the first view, or start the sandbox"


class LayersModel(RowsModel):
    """The layers and what each came to. A row has a sign once it ran."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(("Layer", "Lines", "Status", "Body", "SHA-256", "Took"), parent, numbers=(1, 2, 3, 5))
        self.signs: dict[int, str] = {}

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if role == SIGN_ROLE and index.isValid() and index.column() == 0:
            return self.signs.get(index.row())
        return super().data(index, role)


class LayersPage(QWidget):
    """The table and the code. `other_end_requested`: a site shall be started."""

    other_end_requested = Signal()

    def __init__(self, desk: Desk, request: RequestCard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk, self.request = desk, request
        self.making: LayersRun | None = None
        self.results: list[LayerResult] = []
        self._asked = ""
        self.card, self.code_card = Card("Layers", "layers"), Card("Script", "code-xml")
        self.what = ElidedLabel("", "mono", "text2")
        self.run_button, self.sandbox_button = PrimaryButton("Run on all layers", "play"), Button(
            "Start the sandbox", "play")  # fmt: skip
        self.aside = Aside(LEAD, TEXT)
        self.model = LayersModel(self)
        self.table = PlainTable(self.model, "The request on four layers", mono=(4,), middle=(4,),
                                widths=(126, 56, 64, 84, 150, 74), stretch=4)  # fmt: skip
        self.said = Label("", "body", "text2", wrap=True)
        self.code = CodeView()
        self._lay_out()
        self.run_button.clicked.connect(self.run)
        self.sandbox_button.clicked.connect(self.other_end_requested)
        self.table.selectionModel().currentRowChanged.connect(lambda _now, _before: self._show_code())
        request.changed.connect(self._on_request)
        self.table.selectRow(0)

    def _lay_out(self) -> None:
        row = FlowBox(spacing=12)
        row.flow.setContentsMargins(12, 10, 12, 10)
        row.add(self.what, 1)
        row.add(self.sandbox_button)
        row.add(self.run_button)
        self.said.setContentsMargins(12, 8, 12, 10)
        self.card.add(row)
        self.card.add(self.table, 1)
        self.card.add(self.said)
        self.code_card.add(self.code, 1)
        cards = Splitter(Qt.Orientation.Horizontal, self.card, self.code_card, line=False)
        cards.setSizes([540, 460])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.aside)
        column.addWidget(cards, 1)

    def _ready(self) -> Request | None:
        try:
            return self.request.ready()
        except RequestError:
            return None

    def _on_request(self) -> None:
        """Four scripts for each letter typed would be felt: they are written when they are looked at."""
        if self.isVisible():
            self.refresh()

    def showEvent(self, event: QShowEvent, /) -> None:
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Show the request of the card; another one has no results yet."""
        request = self._ready()
        asked = f"{request.method} {request.url}" if request is not None else ""
        if asked != self._asked:
            self._asked = asked
            self.results = []
        self.what.setText(asked or NO_URL)
        self.run_button.setEnabled(bool(asked) and self.making is None)
        self.sandbox_button.setVisible(not asked)
        self._fill()

    def _fill(self) -> None:
        at = max(0, self.table.currentIndex().row())
        scripts = [self.script(layer.id) for layer in LAYERS]
        found = {one.layer: one for one in self.results}
        bodies = {one.sha256 for one in self.results if not one.error}
        rows = []
        self.model.signs = {}
        for number, (layer, script) in enumerate(zip(LAYERS, scripts, strict=True)):
            result = found.get(layer.id)
            lines = grouped(sum(bool(line.strip()) for line in script.split("\n"))) if script else ""
            rows.append((layer.title, lines, *_cells(result)))
            if result is not None:
                self.model.signs[number] = "error" if result.error else "done"
        self.model.set_rows(rows)
        self.table.selectRow(at)
        self.said.setText(_verdict(len(self.results), len(bodies), any(one.error for one in self.results)))
        self._show_code()

    def script(self, layer: str) -> str:
        """The script of a layer, without what would mend errors: only what the layer has to say."""
        request = self._ready()
        if request is None:
            return ""
        try:
            return write_python(masked(request), layer, handle_errors=False)
        except RequestError as error:
            return f"# {error}\n"

    def _show_code(self) -> None:
        layer = LAYERS[max(0, self.table.currentIndex().row())]
        self.code_card.set_title(layer.title)
        script = self.script(layer.id)
        if self.code.toPlainText() != script:
            self.code.set_source(script)
        self.aside.set(f"{layer.title}.", layer.meaning)

    def run(self) -> None:
        """Send it on all layers, elsewhere; nothing happens while that goes on."""
        request = self._ready()
        if request is None or self.making is not None:
            return
        lab, believed = self.desk.lab, self.request.believed()
        try:
            self.making = LayersRun(lab.recorder, request, believed)
        except RequestError as error:
            self.said.setText(f"{error}.")
            return
        self.card.set_state("waiting", "Running")
        self.run_button.setEnabled(False)
        made = self.making
        self.desk.bridge.call(lambda: made.run(trusting(request, believed)), self._on_done, self._on_failed, owner=self)

    def _on_done(self, results: list[LayerResult]) -> None:
        self.making, self.results = None, results
        failed = any(one.error for one in results)
        self.card.set_state("error" if failed else "done", "Not all" if failed else "Done")
        self.run_button.setEnabled(True)
        self._fill()

    def _on_failed(self, error: BaseException) -> None:
        self.making = None
        self.card.set_state("error", "Failed")
        self.run_button.setEnabled(True)
        self.said.setText(f"{error}.")

    def python(self) -> tuple[str, dict[str, Any]]:
        """The script of the layer shown. Raises RequestError."""
        from protocols.http.formats.python_write import FLAVOURS, script_params

        layer = LAYERS[max(0, self.table.currentIndex().row())]
        return FLAVOURS[layer.id], script_params(masked(self.request.ready()))


def _cells(result: LayerResult | None) -> tuple[str, str, str, str]:
    if result is None:
        return "", "", "", ""
    took = ms_text(result.took_ms)
    if result.error:
        return "", "", result.error, took
    return str(result.status), grouped(len(result.body)), result.sha256, took


def _verdict(ran: int, bodies: int, failed: bool) -> str:
    if not ran:
        return "Each layer sends it for itself; the time line shows the calls of each below its name."
    if failed:
        return "Not every layer got an answer; the row says why."
    return "All layers got the same body." if bodies == 1 else (
        "The bodies differ: the page says something else each time it is asked, or to each client.")  # fmt: skip
