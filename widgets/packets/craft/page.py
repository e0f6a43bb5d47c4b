"""The Craft view: layers stacked by click, every field editable, live bytes, send, and the answers paired.

The expression line and the layers show the same packet; either may be edited. It must not know scapy.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QMenu, QVBoxLayout, QWidget

from protocols.packets.craft import rst
from protocols.packets.craft.expression import (
    ExpressionError,
    Layer,
    Stack,
    parse,
    text_of_value,
    value_of,
)
from protocols.packets.craft.sender import Built, Outcome
from protocols.packets.craft.templates import TEMPLATES, Template, filled
from protocols.packets.levels import Levels
from protocols.pcapng import ETHERNET
from protocols.record.explain import Explained
from widgets.desk import Desk
from widgets.hexview import Field, HexView
from widgets.packets.craft import launch
from widgets.packets.craft.answers import AnswersCard
from widgets.packets.craft.editor import FieldsModel
from widgets.packets.craft.send import SendRow
from widgets.parts.buttons import Button, IconButton, PrimaryButton
from widgets.parts.card import Aside, Card
from widgets.parts.field import LabelledField
from widgets.parts.flow import reveal, scrolled
from widgets.parts.plain_table import PlainTable
from widgets.parts.splitter import Splitter
from widgets.parts.text import Label
from widgets.parts.trouble import TroubleStrip
from widgets.theme.theme import theme

BUILD_MS: Final = 200
SERIES: Final = {"Ether": 7, "Dot1Q": 7, "ARP": 4, "IP": 5, "IPv6": 5, "TCP": 1, "UDP": 1, "ICMP": 3}
"""Which of the sender colours a layer's bytes have: as everywhere that headers are tinted."""
FIRST: Final = 'IP(dst="127.0.0.1")/ICMP(id=1, seq=1)/b"hello from netlab"'


class CraftPage(QWidget):
    """why_requested(trouble). did(script, params): what "Show as Python" would show."""

    why_requested = Signal(object)
    did = Signal(str, dict)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.bench = launch.Bench(desk.lab)
        self.stack = parse(FIRST)
        self.built: Built | None = None
        self.trouble: Explained | None = None
        self.busy = False
        self._asked = ""
        self._waits = ""
        self._fresh = False
        """Whether `built` is the packet that stands in the text."""
        self._wrong = False
        """Whether the text is none, or one that can't be built."""
        self._teaches = ""
        """What the template that was just taken shows."""
        self._sends = False
        """Send was asked for before the packet was built: it goes out then."""
        self.edit = QLineEdit(FIRST)
        theme().dress(self.edit, "mono")
        self.expression = LabelledField("Packet as text", self.edit)
        self.layers = QListWidget()
        self.layers.setAccessibleName("Layers, the outermost first")
        self.model = FieldsModel(self)
        self.table = PlainTable(self.model, "Fields of the layer", mono=(1,), widths=(110, 200, 70), stretch=1,
                                needs=((2, 280),))  # fmt: skip
        self.table.setEditTriggers(
            PlainTable.EditTrigger.DoubleClicked
            | PlainTable.EditTrigger.SelectedClicked
            | PlainTable.EditTrigger.EditKeyPressed
            | PlainTable.EditTrigger.AnyKeyPressed
        )
        self.hex = HexView()
        self.said = Label("", "body", "text2", wrap=True)
        self.row = SendRow()
        self.strip = TroubleStrip()
        self.answers = AnswersCard()
        self.why_rst = Aside(rst.TITLE, " ".join(rst.WHY))
        self._lay_out()
        self._wire()
        self._show_stack()

    # Looks

    def _lay_out(self) -> None:
        self.card = Card("Packet", "package")
        self.template_button = Button("Template", "book-open", small=True)
        self.template_button.setMenu(self._templates())
        self.add_button = Button("Layer", "plus", small=True)
        self.add_button.setMenu(self._layer_menu())
        self.card.add_action(self.template_button)
        self.card.add_action(self.add_button)
        self.card.add_section(self.expression)
        self.card.add(self._middle(), 1)
        self.send_card = Card("Send", "send")
        self.send_button = PrimaryButton("Send", "send", key="\u23ce")
        self.demo_button = Button("Show the kernel's RST", "flask-conical", small=True)
        self.demo_button.setToolTip("A SYN made by hand, on a private network, and what the kernel does")
        below = QWidget()
        inside = QVBoxLayout(below)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(12)
        line = QHBoxLayout()
        line.addWidget(self.demo_button)
        line.addStretch(1)
        line.addWidget(self.send_button)
        for part in (self.row, self.strip):
            inside.addWidget(part)
        inside.addLayout(line)
        self.send_card.add_section(below)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for card in (self.card, self.send_card, self.answers, self.why_rst):
            column.addWidget(card)
        column.addStretch(1)
        self.answers.hide()
        self.why_rst.hide()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(holder))

    def _middle(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(12, 8, 4, 8)
        column.setSpacing(4)
        tools = QHBoxLayout()
        self.up_button = IconButton("arrow-up", "Move the layer outwards")
        self.down_button = IconButton("arrow-down", "Move the layer inwards")
        self.remove_button = IconButton("trash-2", "Take the layer away")
        for button in (self.up_button, self.down_button, self.remove_button):
            tools.addWidget(button)
        tools.addStretch(1)
        column.addWidget(self.layers, 1)
        column.addLayout(tools)
        right = QWidget()
        below = QVBoxLayout(right)
        below.setContentsMargins(0, 8, 8, 8)
        below.setSpacing(4)
        below.addWidget(self.hex, 1)
        self.said.setContentsMargins(10, 0, 0, 0)
        below.addWidget(self.said)
        splitter = Splitter()
        for part in (left, self.table, right):
            splitter.addWidget(part)
        splitter.setSizes([150, 380, 420])
        splitter.setMinimumHeight(theme().row_height() * 9)
        return splitter

    def _templates(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        broken = False
        for one in TEMPLATES:
            if one.broken and not broken:
                menu.addSection("Malformed on purpose")
                broken = True
            action = menu.addAction(one.title)
            action.triggered.connect(partial(self.take_template, one))
            action.setToolTip(one.teaches)
        return menu

    def _layer_menu(self) -> QMenu:
        menu = QMenu(self)
        for name in launch.COMMON:
            menu.addAction("Data (Raw)" if name == "Raw" else name).triggered.connect(partial(self.add_layer, name))
        return menu

    def _wire(self) -> None:
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(BUILD_MS)
        self._timer.timeout.connect(self._build)
        self.edit.textEdited.connect(self._on_typed)
        self.edit.returnPressed.connect(self.send)
        self.layers.currentRowChanged.connect(lambda _row: self._show_layer())
        theme().scaled.connect(self._suit_layers)
        self.model.edited.connect(self._on_field)
        self.up_button.clicked.connect(lambda: self._move(-1))
        self.down_button.clicked.connect(lambda: self._move(1))
        self.remove_button.clicked.connect(self._remove)
        self.send_button.clicked.connect(self.send)
        self.demo_button.clicked.connect(self.demonstrate_rst)
        self.strip.why_requested.connect(lambda: self.why_requested.emit(self.trouble))
        self.strip.mend_requested.connect(self._mend)

    # The packet

    def show_levels(self, levels: Levels, interfaces: tuple[str, ...]) -> None:
        """What a probe found: where can be sent to."""
        self.row.show_levels(levels, interfaces)

    def set_expression(self, text: str) -> None:
        """Show this packet. Raises ExpressionError."""
        self.stack = parse(text)
        self._show_stack()

    def edit_packet(self, data: bytes, linktype: int) -> None:
        """Take a captured packet over, to be changed and sent again."""
        self.desk.bridge.call(
            lambda: self.bench.expression_of(data, linktype), self._on_taken_over, self._on_refused, owner=self
        )

    def _on_taken_over(self, text: str) -> None:
        """The answers to another packet are over, and the new one is what is looked at."""
        self.set_expression(text)
        self.answers.hide()
        self.why_rst.hide()
        QTimer.singleShot(0, self, lambda: reveal(self.expression))

    def take_template(self, one: Template, *_: object) -> None:
        """Begin with a template, for the target that the packet has now."""
        target = self.built.target if self.built is not None and self.built.target else "127.0.0.1"
        six = one.id == "ping6"
        if six != (":" in target):
            target = "::1" if six else "127.0.0.1"
        self.set_expression(filled(one, target, 80))
        self._teaches = one.teaches

    def add_layer(self, name: str, *_: object) -> None:
        """Put a layer behind the chosen one."""
        made = Layer(name, {"load": b"data"} if name == "Raw" else {})
        at = self.layers.currentRow() + 1 if self.stack.layers else 0
        layers = list(self.stack.layers)
        layers.insert(at, made)
        self._change(tuple(layers), at)

    def _move(self, by: int) -> None:
        at = self.layers.currentRow()
        layers = list(self.stack.layers)
        if 0 <= at < len(layers) and 0 <= at + by < len(layers):
            layers.insert(at + by, layers.pop(at))
            self._change(tuple(layers), at + by)

    def _remove(self) -> None:
        at, layers = self.layers.currentRow(), list(self.stack.layers)
        if 0 <= at < len(layers) and len(layers) > 1:
            del layers[at]
            self._change(tuple(layers), min(at, len(layers) - 1))

    def _change(self, layers: tuple[Layer, ...], at: int) -> None:
        self.stack = Stack(layers)
        self._show_stack(at)

    def _on_field(self, name: str, text: str) -> None:
        at = self.layers.currentRow()
        if not 0 <= at < len(self.stack.layers):
            return
        layers = list(self.stack.layers)
        layers[at] = layers[at].set(name, value_of(text)) if text.strip() else layers[at].unset(name)
        QTimer.singleShot(0, self, lambda: self._change(tuple(layers), at))  # the editor that told it is still open

    def _on_typed(self, text: str) -> None:
        try:
            self.stack = parse(text)
        except ExpressionError as error:
            self._tell_wrong(error)
            return
        self._show_stack(self.layers.currentRow(), text=False)

    def _tell_wrong(self, error: BaseException) -> None:
        self._wrong, self._sends = True, False
        self.expression.set_hint(str(error), error=True)
        self.said.setText("Not built: these are the bytes of before." if self.built is not None else "")
        self._refresh()

    def _suit_layers(self) -> None:
        """A row of the layers is as high as any row, also after another text size."""
        for row in range(self.layers.count()):
            self.layers.item(row).setSizeHint(QSize(0, theme().row_height()))

    def _show_stack(self, at: int = -1, *, text: bool = True) -> None:
        names = [layer.name if layer.name != "Raw" else "Data" for layer in self.stack.layers]
        if [self.layers.item(row).text() for row in range(self.layers.count())] != names:
            self.layers.blockSignals(True)
            self.layers.clear()
            self.layers.addItems(names)
            self._suit_layers()
            self.layers.blockSignals(False)
        self.layers.setCurrentRow(min(at if at >= 0 else len(names) - 1, len(names) - 1))
        if text:
            self.edit.setText(self.stack.text())
        self.expression.set_hint("")
        self._fresh = self._wrong = self._sends = False
        self._teaches = ""
        if self.built is None:
            self.said.setText("The packet is being built. The first takes a moment.")
        self._timer.start()
        self._show_layer()
        self._refresh()

    def _show_layer(self) -> None:
        at = self.layers.currentRow()
        if not 0 <= at < len(self.stack.layers):
            self.model.show_layer(None, {})
            return
        layer = self.stack.layers[at]
        look = None
        if self.built is not None and at < len(self.built.layers) and self.built.layers[at].name == layer.name:
            look = self.built.layers[at]
        texts = {name: text_of_value(value) for name, value in layer.fields.items()}
        self.model.show_layer(look, texts)
        if self.built is not None and at < len(self.built.tree.layers):
            made = self.built.tree.layers[at]
            self.hex.set_mark(made.start, made.stop)

    def _build(self) -> None:
        text = self.stack.text()
        if self._asked:  # one question at a time: the last that was typed is asked next
            self._waits = text
            return
        self._asked = text
        self.desk.bridge.call(lambda: self.bench.build(text), self._on_built, self._on_not_built, owner=self)

    def _next(self) -> None:
        self._asked, waits, self._waits = "", self._waits, ""
        if waits:
            self._build()

    def _on_built(self, found: tuple[Stack, Built]) -> None:
        stack, built = found
        self._next()
        if stack != self.stack or self._wrong:
            return
        self.built, self._fresh = built, True
        fields = tuple(
            Field(layer.start, layer.stop, SERIES.get(layer.name, 0), layer.name)
            for layer in built.tree.layers
            if layer.placed
        )
        self.hex.set_data(built.packets[0], fields=fields)
        more = f" {len(built.packets)} packets in all." if len(built.packets) > 1 else ""
        size = f"{len(built.packets[0])} bytes, lengths and checksums filled in.{more}{_martian(built)}"
        self.said.setText(f"{self._teaches} {size}".strip())
        self.expression.set_hint("")
        self._show_layer()
        self._refresh()
        if self._sends:
            self.send()

    def _on_not_built(self, error: BaseException) -> None:
        self._next()
        if not self._asked and not self._wrong:  # else something else was typed meanwhile
            self._tell_wrong(error)

    # Sending

    def send(self) -> None:
        """Send the packet as it stands, wait for answers; one that was typed just now is built first."""
        built = self.built
        if self.busy or self._wrong:
            return
        if built is None or not self._fresh:
            self._sends = True
            if self._timer.isActive():
                self._timer.stop()
                self._build()
            return
        self._sends = False
        lab, bench, values = self.desk.lab, self.bench, self.row.values()
        self._begin()
        self.desk.bridge.call(
            lambda: launch.send(lab, bench, built, values), self._on_sent, self._on_refused, owner=self
        )
        self.did.emit("packets-scapy-send", launch.script_values(self.stack.text(), values))

    def demonstrate_rst(self) -> None:
        """Show why the kernel answers the SYN and ACK to a SYN made by hand with RST."""
        if self.busy:
            return
        lab = self.desk.lab
        self._begin()
        self.why_rst.show()
        self.desk.bridge.call(lambda: launch.demonstrate_rst(lab), self._on_sent, self._on_refused, owner=self)

    def _begin(self) -> None:
        self.busy, self.trouble = True, None
        self.strip.clear()
        self._refresh()

    def _on_sent(self, outcome: Outcome) -> None:
        self.busy = False
        self.answers.show_outcome(outcome)
        self.answers.show()
        QTimer.singleShot(0, self, self._reveal)  # once it has its place
        if outcome.why:
            self.strip.tell("Not all was sent", outcome.why)
        if any(one.by_kernel and one.summary.endswith(" R") for one in outcome.others):
            self.why_rst.show()
        self._refresh()

    def _reveal(self) -> None:
        reveal(self.answers)
        if self.why_rst.isVisible():
            reveal(self.why_rst)

    def _on_refused(self, error: BaseException) -> None:
        self.busy = False
        trouble = self.trouble = launch.explained(error)
        self.strip.tell(trouble.title, trouble.why, self.row.mends(trouble), errno=trouble.errno)
        self._refresh()

    def _mend(self, key: str) -> None:
        self.row.mend(key)
        self.send()

    def _refresh(self) -> None:
        self.send_button.setEnabled(not self.busy and not self._wrong)
        self.demo_button.setEnabled(not self.busy)
        self.send_card.set_state(*(("waiting", "Waiting for answers") if self.busy else ("", "")))

    # State

    def save_state(self) -> dict[str, Any]:
        """The packet and how it is sent."""
        return {"expression": self.stack.text(), "send": self.row.values()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Take what `save_state` gave; what is strange is ignored."""
        try:
            self.set_expression(str(state.get("expression", FIRST)))
        except ExpressionError:
            pass
        values = state.get("send")
        if isinstance(values, Mapping):
            self.row.fields.set_values(values)


def _martian(built: Built) -> str:
    """A word of warning for a frame that the kernel will drop without one (RFC 1122 section 3.2.1.3)."""
    if built.linktype == ETHERNET and (built.target.startswith("127.") or built.target == "::1"):
        return " The kernel drops frames with a loopback address that come whole: leave Ether away."
    return ""
