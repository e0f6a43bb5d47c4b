"""The options of a live socket: what each is now, set and read back; and every constant there is.

It must not know options: `protocols.sockets.options` has them.
"""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QStackedWidget,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from protocols.sockets.options import Reading, all_constants
from widgets.desk import Desk
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Aside, Card, Line
from widgets.parts.empty import EmptyState
from widgets.parts.field import LabelledField
from widgets.parts.segments import Segments
from widgets.sockets.client_card import ClientCard
from widgets.sockets.client_slot import ClientSlot
from widgets.sockets.fields import Choice, QuietCombo
from widgets.sockets.flow import FlowBox, scrolled
from widgets.sockets.options_model import ConstantsModel, OptionsModel
from widgets.theme.theme import theme

ANSWER_S: Final = 2.0


class OptionsPage(QWidget):
    """The table for one connected client, and the list of constants."""

    def __init__(self, desk: Desk, clients: ClientCard) -> None:
        super().__init__()
        self.desk = desk
        self._clients = clients
        self.model = OptionsModel(self)
        self.table = _table(self.model, "Options of the socket")
        self.table.setColumnHidden(3, True)
        self.which = QuietCombo()
        self.which.setAccessibleName("Whose socket")
        self.read_button = Button("Read again", "rotate-cw", small=True)
        self.value = QLineEdit()
        self.set_button = PrimaryButton("Set and read back", "check")
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
        self.constant_table = _table(self.found, "Constants of the socket module")
        self.empty = EmptyState(
            "sliders-horizontal",
            "Options belong to a socket. Connect a client, and its socket's options are here.",
            "Start a server and connect",
            button_icon="play",
            primary=True,
        )
        self.stack = QStackedWidget()
        self._shown: tuple[int, list[int]] | None = None
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
        row.flow.setAlignment(self.set_button, Qt.AlignmentFlag.AlignBottom)
        for widget in (row, self.strip, self.aside):
            side.addWidget(widget)
        side.addStretch(1)
        return detail

    def _wire(self) -> None:
        self.tabs.chosen.connect(lambda _index: self.refresh())
        self.which.currentIndexChanged.connect(lambda _index: self.read())
        self.read_button.clicked.connect(self.read)
        self.set_button.clicked.connect(self.set_value)
        self.value.returnPressed.connect(self.set_value)
        self.search.textChanged.connect(self.found.setFilterFixedString)
        self.table.selectionModel().currentRowChanged.connect(self._on_row)

    # What is shown

    def refresh(self, *, again: bool = False) -> None:
        """Offer the clients that are connected now, and read the chosen one's options; if they changed, or `again`."""
        live = [slot for slot in self._clients.slots() if slot.phase == "connected" and _has_options(slot)]
        shown = (self.tabs.current(), [slot.number for slot in live])
        if shown == self._shown and not again:
            return
        self._shown = shown
        titles = [Choice(str(slot.number), f"Client {slot.number}: {slot.shown_facts().target}") for slot in live]
        self.which.blockSignals(True)
        self.which.fill(titles)
        self.which.blockSignals(False)
        constants = self.tabs.current() == 1
        for widget in (self.which, self.read_button):
            widget.setVisible(bool(live) and not constants)
        self.stack.setCurrentIndex(2 if constants else 1 if live else 0)
        if live and not constants:
            self.read()

    def _slot(self) -> ClientSlot | None:
        return next((slot for slot in self._clients.slots() if str(slot.number) == self.which.key()), None)

    def read(self) -> None:
        """Read every option of the chosen socket, elsewhere."""
        slot = self._slot()
        if slot is not None and slot.client is not None:
            self._asked += 1
            asked, client = self._asked, slot.client
            self.desk.bridge.call(
                lambda: client.read_options().result(ANSWER_S),  # type: ignore[union-attr]
                lambda readings: self._on_read(asked, readings),
                self._on_failed,
                owner=self,
            )

    def set_value(self) -> None:
        """Set the chosen option to what was typed, elsewhere, and show what the kernel made of it."""
        slot, reading = self._slot(), self.model.reading(self.table.currentIndex().row())
        if slot is None or slot.client is None or reading is None:
            return
        client, option, text = slot.client, reading.option, self.value.text()
        self.strip.clear()
        self._asked += 1
        self.desk.bridge.call(
            lambda: client.write_option(option, text).result(ANSWER_S),  # type: ignore[union-attr]
            lambda after: self._on_set(reading, text, after),
            self._on_failed,
            owner=self,
        )

    def _on_read(self, asked: int, readings: list[Reading]) -> None:
        if asked != self._asked:
            return  # something was set, or asked again, since
        row = max(0, self.table.currentIndex().row())
        self.model.fill(readings)
        if readings:
            self.table.selectRow(min(row, len(readings) - 1))

    def _on_set(self, before: Reading, text: str, after: Reading) -> None:
        self.model.replace(after)
        same = after.text == text or str(after.value) == text
        said = f"The kernel says {after.text}." if same else f"You asked for {text}; the kernel made it {after.text}."
        self.aside.set(f"{after.option.name} is now {after.text}.", f"{said} {after.option.note}".strip())

    def _on_failed(self, error: BaseException) -> None:
        if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
            self.strip.say("That is no value.", str(error))
        elif isinstance(error, TimeoutError):
            self.strip.say("The client is busy.", "Its worker waits in a call; try again when it is over.")
        else:
            self.strip.say("The kernel refused.", str(error))

    def _on_row(self, current: QModelIndex, _previous: QModelIndex) -> None:
        reading = self.model.reading(current.row())
        if reading is None:
            return
        option = reading.option
        self.aside.set(option.name + ".", f"{option.meaning} {option.note}".strip())
        self.value.setText("" if reading.value is None else _typed(reading))
        for widget in (self.value, self.set_button):
            widget.setEnabled(option.settable)
        self.value.setPlaceholderText("" if option.settable else "the kernel only tells this one")


def _has_options(slot: ClientSlot) -> bool:
    """A telnet session keeps its socket to itself."""
    return hasattr(slot.client, "read_options")


def _typed(reading: Reading) -> str:
    if reading.option.kind == "switch":
        return "on" if reading.value else "off"
    if reading.option.kind == "linger":
        return "off" if reading.value == -1 else str(reading.value)
    return str(reading.value)


class _Cells(QStyledItemDelegate):
    """Plain cells whose text begins where the head's does, on soft selection."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex, /
    ) -> None:
        tokens = theme().tokens
        chosen = option.state & option.state.State_Selected
        ground = tokens.select if chosen else tokens.alternate if index.row() % 2 else tokens.base
        font = index.data(Qt.ItemDataRole.FontRole) or theme().font("table")
        rect = option.rect.adjusted(theme().px(8), 0, -4, 0)
        painter.save()
        painter.fillRect(option.rect, ground)
        painter.setFont(font)
        painter.setPen(index.data(Qt.ItemDataRole.ForegroundRole) or tokens.text)
        text = QFontMetrics(font).elidedText(str(index.data() or ""), Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextSingleLine), text)
        painter.restore()


def _table(model: Any, name: str) -> QTableView:
    table = QTableView()
    table.setModel(model)
    table.setAccessibleName(name)
    table.setFrameShape(QFrame.Shape.NoFrame)
    table.setShowGrid(False)
    table.setAlternatingRowColors(True)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    table.setItemDelegate(_Cells(table))
    table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QTableView.SelectionMode.SingleSelection)
    table.verticalHeader().setVisible(False)
    head = table.horizontalHeader()
    head.setHighlightSections(False)
    head.setStretchLastSection(True)
    head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def suit() -> None:
        rows = table.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(theme().row_height())
        table.setFont(theme().font("table"))
        for column, wide in enumerate((190, 170, 120)):
            if column < model.columnCount() - 1:
                table.setColumnWidth(column, theme().px(wide))

    theme().follow(table, suit)
    return table
