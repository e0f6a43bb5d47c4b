"""The options of a live socket: what each is now, set and read back; and every constant there is.

It must not know options: `protocols.sockets.options` has them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from protocols.sockets.options import Reading, all_constants, read_all, write
from widgets.desk import Desk
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Aside, Card, Line
from widgets.parts.empty import EmptyState
from widgets.parts.field import LabelledField
from widgets.parts.fields import Choice, QuietCombo
from widgets.parts.flow import FlowBox, scrolled
from widgets.parts.segments import Segments
from widgets.sockets.both_ends import BothEnds
from widgets.sockets.lessons.experiment_scripts import Script
from widgets.sockets.options.live_sockets import Act, LiveSocket, of_clients, of_servers
from widgets.sockets.options.model import ConstantsModel, OptionsModel
from widgets.sockets.options.tables import option_table

ANSWER_S: Final = 2.0


class OptionsPage(QWidget):
    """The table for one live socket, and the list of constants."""

    def __init__(self, desk: Desk, ends: BothEnds) -> None:
        super().__init__()
        self.desk = desk
        self._ends = ends
        self.model = OptionsModel(self)
        self.table = option_table(self.model, "Options of the socket")
        self.table.setColumnHidden(3, True)
        self.which = QuietCombo()
        self.which.setAccessibleName("Whose socket")
        self.read_button = Button("Read again", "rotate-cw", small=True)
        self.value = QLineEdit()
        self.set_button = PrimaryButton("Set and read back", "check")
        self.python_button = Button("Show as Python", "code-xml")
        self.strip = Banner("error")
        self.aside = Aside("Choose an option.", "What it means stands here.")
        self.tabs = Segments(["This socket", "All constants"], "Options or constants")
        self.search = QLineEdit()
        self.search.setAccessibleName("Search the constants")
        self.search.setPlaceholderText("Search: SO_, 6, keep…")
        self.constants = ConstantsModel(all_constants(), self)
        self.found = QSortFilterProxyModel(self)
        self.found.setSourceModel(self.constants)
        self.found.setFilterKeyColumn(-1)
        self.found.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.constant_table = option_table(self.found, "Constants of the socket module")
        self.empty = EmptyState(
            "sliders-horizontal",
            "Options belong to a socket. Start a server or connect a client, and its sockets' options are here.",
            "Start a server and connect",
            button_icon="play",
            primary=True,
        )
        self.stack = QStackedWidget()
        self._shown: tuple[int, list[str]] | None = None
        self._live: list[LiveSocket] = []
        self._asked = 0
        self._lay_out()
        self._wire()

    def _lay_out(self) -> None:
        card = Card("Socket options", "sliders-horizontal")
        card.add_head(self.tabs)
        card.add_action(self.which)
        card.add_action(self.read_button)
        body = QWidget()
        column = QHBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.table, 3)
        column.addWidget(Line(vertical=True))
        column.addWidget(scrolled(self._detail()), 2)
        constants = QWidget()
        lines = QVBoxLayout(constants)
        lines.setContentsMargins(0, 10, 0, 0)
        holder = QHBoxLayout()
        holder.setContentsMargins(12, 0, 12, 0)
        holder.addWidget(self.search)
        lines.addLayout(holder)
        lines.addWidget(self.constant_table, 1)
        for page in (self.empty, body, constants):
            self.stack.addWidget(page)
        card.add(self.stack, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(card)
        self.card = card

    def _detail(self) -> QWidget:
        """What the chosen option means, and what it shall be."""
        detail = QWidget()
        side = QVBoxLayout(detail)
        side.setContentsMargins(12, 12, 12, 12)
        side.setSpacing(10)
        row = FlowBox()
        row.add(LabelledField("New value", self.value), 1)
        row.add(self.set_button)
        row.add(self.python_button)
        for button in (self.set_button, self.python_button):
            row.flow.setAlignment(button, Qt.AlignmentFlag.AlignBottom)
        for widget in (row, self.strip, self.aside):
            side.addWidget(widget)
        side.addStretch(1)
        return detail

    def _wire(self) -> None:
        self.tabs.chosen.connect(lambda _index: self.refresh())
        self.which.currentIndexChanged.connect(lambda _index: self.read())
        self.read_button.clicked.connect(self.read)
        self.set_button.clicked.connect(self.set_value)
        self.python_button.clicked.connect(self._show_python)
        self.value.returnPressed.connect(self.set_value)
        self.search.textChanged.connect(self.found.setFilterFixedString)
        self.table.selectionModel().currentRowChanged.connect(self._on_row)

    # What is shown

    def refresh(self, *, again: bool = False) -> None:
        """Offer the sockets that live now, and read the chosen one's options; if they changed, or `again`."""
        self._live = [*of_clients(self._ends.clients.slots()), *of_servers(self._ends.servers.slots())]
        constants = self.tabs.current() == 1
        shown = (self.tabs.current(), [each.key for each in self._live])
        if shown == self._shown and not again:
            return
        self._shown = shown
        before = self.which.key()
        self.which.blockSignals(True)
        self.which.fill(Choice(each.key, each.title, unavailable=each.unavailable) for each in self._live)
        self.which.blockSignals(False)
        for widget in (self.which, self.read_button):
            widget.setVisible(bool(self._live) and not constants)
        self.stack.setCurrentIndex(2 if constants else 1 if self._live else 0)
        if self._live and not constants and (again or self.which.key() != before or not self.model.rowCount()):
            self.read()

    def choose(self, key: str) -> bool:
        """Show the options of one of the sockets; False if it is not offered."""
        return self.which.choose(key)

    def chosen(self) -> LiveSocket | None:
        """The socket whose options are shown."""
        return next((each for each in self._live if each.key == self.which.key()), None)

    def read(self) -> None:
        """Read every option of the chosen socket, elsewhere."""
        self._asked += 1
        asked = self._asked
        self._ask(read_all, lambda readings: self._on_read(asked, readings))

    def set_value(self) -> None:
        """Set the chosen option to what was typed, elsewhere, and show what the kernel made of it."""
        reading = self.model.reading(self.table.currentIndex().row())
        if reading is None:
            return
        option, text = reading.option, self.value.text()
        self.strip.clear()
        self._asked += 1
        self._ask(lambda sock: write(sock, option, text), lambda after: self._on_set(reading, text, after))

    def python(self) -> Script | None:
        """The script of the chosen option, with the value typed, on a socket of the same kind."""
        live, reading = self.chosen(), self.model.reading(self.table.currentIndex().row())
        if live is None or reading is None or self.tabs.current() == 1:
            return None
        option = reading.option
        value = self.value.text().strip() if option.settable else ""
        return "option", {
            "option": option.name,
            "value": value,
            "transport": live.transport,
            "end": live.end,
            "ipv6": self.model.has_level("IPPROTO_IPV6"),
        }

    def _show_python(self) -> None:
        script = self.python()
        if script is not None:
            self.desk.show_python(*script)

    def _ask(self, act: Act, done: Callable[[Any], object]) -> None:
        live = self.chosen()
        if live is not None and not live.unavailable:
            self.desk.bridge.call(lambda: _answer(live, act), done, self._on_failed, owner=self)

    def _on_read(self, asked: int, readings: list[Reading]) -> None:
        if asked != self._asked:
            return  # something was set, or asked again, since
        row = max(0, self.table.currentIndex().row())
        self.model.fill(readings)
        if readings:
            self.table.selectRow(min(row, len(readings) - 1))
            self._show_row(self.table.currentIndex().row())  # the same row, perhaps of another socket

    def _on_set(self, before: Reading, text: str, after: Reading) -> None:
        self.model.replace(after)
        same = after.text == text or str(after.value) == text
        said = f"The kernel says {after.text}." if same else f"You asked for {text}; the kernel made it {after.text}."
        self.aside.set(f"{after.option.name} is now {after.text}.", f"{said} {after.option.note}".strip())

    def _on_failed(self, error: BaseException) -> None:
        if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
            self.strip.say("That is no value.", str(error))
        elif isinstance(error, TimeoutError):
            self.strip.say("Its owner is busy.", "The thread that owns the socket waits in a call: try again after it.")
        else:
            self.strip.say("The kernel refused.", str(error))

    def _on_row(self, current: QModelIndex, _previous: QModelIndex) -> None:
        self._show_row(current.row())

    def _show_row(self, row: int) -> None:
        reading = self.model.reading(row)
        if reading is None:
            return
        option = reading.option
        self.aside.set(option.name + ".", f"{option.meaning} {option.note}".strip())
        self.value.setText("" if reading.value is None else _typed(reading))
        for widget in (self.value, self.set_button):
            widget.setEnabled(option.settable)
        self.value.setPlaceholderText("" if option.settable else "the kernel only tells this one")


def _answer(live: LiveSocket, act: Act) -> Any:
    """What the socket's owner answers in time. Raises TimeoutError when it waits in another call, and asks no more."""
    future = live.ask(act)
    try:
        return future.result(ANSWER_S)
    except TimeoutError:
        future.cancel()
        raise


def _typed(reading: Reading) -> str:
    if reading.option.kind == "switch":
        return "on" if reading.value else "off"
    if reading.option.kind == "linger":
        return "off" if reading.value == -1 else str(reading.value)
    return str(reading.value)
