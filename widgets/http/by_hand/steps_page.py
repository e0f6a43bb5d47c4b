"""http.client step by step: each call one click, in any order, the wrong ones too.

It must not know the calls: `protocols.http.by_hand.steps` makes them and explains the wrong ones.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.http.by_hand.step_scripts import NAME
from protocols.http.by_hand.step_table import LEGAL, STEPS, Given, Stage, code_of
from protocols.http.by_hand.steps import HttpSteps, StepResult
from protocols.http.request import RequestError
from widgets.desk import Desk
from widgets.http.exchange.request_launch import place_of, start_steps
from widgets.http.request.card import RequestCard
from widgets.http.request.typed_bytes import typed_bytes
from widgets.orders import Orders
from widgets.parts.buttons import Button
from widgets.parts.card import Aside, Card
from widgets.parts.empty import EmptyState
from widgets.parts.fields import Choice, Fields
from widgets.parts.flow import FlowBox, Pages, scrolled
from widgets.parts.more_below import MoreBelow
from widgets.parts.plain_table import SIGN_ROLE, TONE_ROLE, PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.splitter import Splitter
from widgets.parts.step_rows import StepRows

KEPT: Final = 200
STAGE_WORDS: Final[dict[Stage, tuple[str, str]]] = {
    "idle": ("stopped", "No connection yet"), "connected": ("running", "Connected, idle"),
    "request started": ("waiting", "Request started, nothing sent"), "request sent": ("waiting", "Request sent"),
    "response": ("running", "Head of the answer is here"), "closed": ("stopped", "Closed"),
}  # fmt: skip
METHODS: Final = tuple(Choice(name, name) for name in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"))
NOTHING: Final = "Each call that you make stands here, with what it gave or why it was wrong."
LEAD: Final = ("One click is one call of http.client.", "The dotted ones are right now; the others are wrong: try one.")


class TakenModel(RowsModel):
    """The calls made so far. A wrong one has a sign."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(("Call", "What it gave"), parent)
        self._well: list[bool] = []

    def take(self, result: StepResult) -> None:
        """One more call."""
        self._well.append(result.ok)
        said = result.result if result.ok else f"{result.error}: {result.why}"
        call = result.code.rpartition("; ")[2].rpartition(" = ")[2]
        call = call.removeprefix("conn.").removeprefix("response.")
        self.append([(call, f"{said}: {result.data[:600]!r}" if result.data else said)])

    def forget(self) -> None:
        """No call was made."""
        self._well.clear()
        self.set_rows([])

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if index.isValid() and not self._well[index.row()]:
            if role == SIGN_ROLE and index.column() == 1:
                return "error"
            if role == TONE_ROLE:
                return "error"
        return super().data(index, role)


class StepsPage(QWidget):
    """The calls at the left, what they gave at the right."""

    def __init__(self, desk: Desk, request: RequestCard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk, self.request = desk, request
        self.machine: HttpSteps | None = None
        self.taken: list[tuple[Any, ...]] = []
        self._waiting = ""
        self._url = ""
        self._place = ("", 0, False)
        self._orders = Orders(desk.bridge, self._on_failed, self)
        self.fields = Fields(self)
        self.rows = StepRows(self)
        self.card, self.log_card = Card("http.client", "step-forward"), Card("What each call gave", "list")
        self.model = TakenModel(self)
        self.table = PlainTable(self.model, "Calls made so far", mono=(0,), widths=(170,), stretch=1)
        self.empty = EmptyState("step-forward", NOTHING, "")
        self.pages = Pages(self.empty, self.table)
        self.aside = Aside(*LEAD)
        self.stop_button = Button("Stop waiting", "square", small=True)
        self.over_button = Button("Start over", "rotate-cw", small=True)
        self._lay_out()
        self.rows.set_steps(STEPS)
        self.rows.clicked.connect(self.do)
        self.fields.changed.connect(lambda _key: self.refresh())
        self.over_button.clicked.connect(self.start_over)
        self.stop_button.clicked.connect(self.stop_waiting)
        request.changed.connect(self.suggest)
        self.suggest()

    def _lay_out(self) -> None:
        add, form = self.fields, FlowBox(spacing=12)
        form.add(add.line("url", "URL", hint="http://127.0.0.1:8080/", characters=30), 1)
        form.add(add.choice("method", "Method", METHODS))
        form.add(add.line("name", "Header", "X-Lab", characters=12))
        form.add(add.line("value", "Its value", "1", characters=10))
        form.add(add.line("data", "To send", "hello", characters=9, tip="Bytes of the body; \\n and \\x00 are taken"))
        form.add(add.number("size", "read(n)", 0, (0, 1 << 20), zero="all"))
        for key, title, word in (("host", "Host", "skip_host"), ("accept", "Accept-Encoding", "skip_accept_encoding")):
            box = add.check(key, title, True, tip=f"putrequest adds it; without: {word}=True")
            form.add(box)
            form.flow.setAlignment(box, Qt.AlignmentFlag.AlignBottom)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 10, 12, 10)
        column.addWidget(self.rows)
        column.addStretch(1)
        scroll = scrolled(inside)
        self.more_below = MoreBelow(scroll)
        self.card.add(scroll, 1)
        self.card.add_action(self.stop_button)
        self.card.add_action(self.over_button)
        self.log_card.add(self.pages, 1)
        cards = Splitter(Qt.Orientation.Horizontal, self.card, self.log_card, line=False)
        cards.setSizes([460, 540])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 8, 0, 0)
        outer.setSpacing(8)
        for widget in (form, self.aside):
            outer.addWidget(widget)
        outer.addWidget(cards, 1)

    def suggest(self) -> None:
        """The URL of the request is this page's until another one is typed here."""
        if not self.fields["url"] or self.fields["url"] == self._url:
            self._url = self.request.url
            self.fields["url"] = self._url
        self.refresh()

    @property
    def stage(self) -> Stage:
        """Where the connection stands."""
        return self.machine.stage if self.machine is not None else "idle"

    def given(self) -> Given:
        """What the next step is given."""
        fields = self.fields
        parts = urlsplit(fields["url"].strip())
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        data = typed_bytes(fields["data"], "lf", escapes=True)
        return Given(fields["method"], target, fields["name"], fields["value"], data, fields["size"], fields["host"],
                     fields["accept"])  # fmt: skip

    # Steps

    def do(self, step: str) -> None:
        """Make one call elsewhere."""
        url = self.fields["url"].strip()
        believed, lab, machine, given = self.request.believed(), self.desk.lab, self.machine, self.given()
        try:
            place = place_of(url)
        except RequestError as error:
            self.aside.set("There is no server to talk to.", f"{str(error).rstrip('.')}.")
            return
        if machine is not None and self.stage in ("idle", "closed") and place != self._place:
            self._give_up(machine)
            self.machine = machine = None
        self._place = place
        self._waiting = step
        self.refresh()
        self._remember(step, given)

        def work() -> tuple[HttpSteps, StepResult]:
            made = machine or start_steps(lab, url, believed)
            self.machine = made  # so that "Stop waiting" finds it
            return made, made.do(step, given).result()

        self._orders.put(work, self._on_stepped)

    def _give_up(self, machine: HttpSteps) -> None:
        machine.request_stop()
        self.desk.bridge.call(lambda: self.desk.lab.stop(machine))

    def _remember(self, step: str, given: Given) -> None:
        self.taken.append((step, given.method, given.target, given.name, given.value, given.data, given.size,
                           given.host, given.accept_encoding))  # fmt: skip
        del self.taken[:-KEPT]

    def _on_stepped(self, came: tuple[HttpSteps, StepResult]) -> None:
        made, result = came
        if made is not self.machine:
            return  # it was started over meanwhile
        self._waiting = ""
        self.model.take(result)
        self.pages.setCurrentWidget(self.table)
        self.table.scrollToBottom()
        if result.ok:
            self.aside.set(f"{result.code}", f"{result.result[:1].upper()}{result.result[1:]}.")
        else:
            self.aside.set(f"{result.code} failed with {result.error}.", result.why)
        self.refresh()

    def _on_failed(self, error: BaseException) -> None:
        self._waiting = ""
        self.aside.set("That call could not be made.", f"{error}.")
        self.refresh()

    def stop_waiting(self) -> None:
        """End a call that waits, and the connection with it."""
        if self.machine is not None:
            self.machine.cancel()

    def start_over(self) -> None:
        """Close the connection and begin with nothing."""
        machine, self.machine = self.machine, None
        self._waiting = ""
        self.taken.clear()
        self.model.forget()
        self.pages.setCurrentWidget(self.empty)
        self.aside.set(*LEAD)
        if machine is not None:
            self._give_up(machine)
        self.refresh()

    def refresh(self) -> None:
        """Show what is right now."""
        given, parts = self.given(), urlsplit(self.fields["url"].strip())
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            port = 0
        self.rows.mark(
            LEGAL[self.stage], self._waiting,
            lambda step: code_of(step, given, parts.hostname or "", port, tls=parts.scheme == "https"),
        )  # fmt: skip
        sign, word = STAGE_WORDS[self.stage]
        self.card.set_state(*(("waiting", f"In {self._waiting}()") if self._waiting else (sign, word)))
        self.stop_button.setVisible(bool(self._waiting))
        self.over_button.setEnabled(self.machine is not None or bool(self.taken))

    def python(self) -> tuple[str, dict[str, Any]]:
        """The script of the calls made so far; before the first, of the usual ones."""
        given = self.given()
        if not self.taken:
            for step in ("connect", "putrequest", "putheader", "endheaders", "getresponse", "read", "close"):
                self._remember(step, given)
            usual, self.taken = tuple(self.taken), []
        else:
            usual = tuple(self.taken)
        return NAME, {"url": self.fields["url"].strip() or "http://127.0.0.1:8080/", "steps": usual}
