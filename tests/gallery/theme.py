"""Pictures of every part of the theme, for a person to look at: `python -m tests.gallery.theme --out DIR`.

One PNG for each palette and scale, made offscreen. It checks nothing; tests/widgets does.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QProgressBar,
    QRadioButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from widgets.actions import Actions
from widgets.command_palette import CommandPalette
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button, IconButton, LinkButton, PrimaryButton
from widgets.parts.card import Aside, Card, Line
from widgets.parts.chip import Chip, KeyCap, LayerChip
from widgets.parts.empty import EmptyState
from widgets.parts.fact import Fact
from widgets.parts.field import LabelledField
from widgets.parts.flow import FlowBox
from widgets.parts.number_field import NumberField
from widgets.parts.segments import Segments
from widgets.parts.splitter import Splitter
from widgets.parts.state_label import StateLabel
from widgets.parts.status_item import StatusItem
from widgets.parts.tabs import TabBar
from widgets.parts.text import ElidedLabel, Label
from widgets.parts.toast import Toast
from widgets.theme.signs import (
    LAYER_LETTERS,
    STATE_SIGNS,
    paint_chip,
    paint_direction,
    paint_layer,
    paint_sender,
    paint_state,
)
from widgets.theme.theme import theme


class SignSheet(QWidget):
    """All signs at three sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(140)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        top = 4.0
        for side in (14, 18, 30):
            left = 4.0
            for layer in LAYER_LETTERS:
                paint_layer(painter, QRectF(left, top, side, side), layer)
                left += side + 10
            for state in STATE_SIGNS:
                paint_state(painter, QRectF(left, top, side, side), state)
                left += side + 10
            for direction in ("out", "in"):
                paint_direction(painter, QRectF(left, top, side, side), direction)
                left += side + 10
            if side < 30:
                for index in range(9):
                    paint_sender(painter, QRectF(left, top, side, side), index)
                    left += side + 8
            top += side + 10
        paint_chip(painter, QRectF(4, top, 200, 26), "reconstructed")


def row(*widgets: QWidget, stretch: bool = True, gap: int = 8) -> QWidget:
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(gap)
    for widget in widgets:
        line.addWidget(widget, 1 if isinstance(widget, QLineEdit) else 0)
    if stretch:
        line.addStretch(1)
    return holder


def client_card() -> Card:
    card = Card("Client", "monitor")
    segments = Segments(["1", "2", "3"], "Client")
    segments.set_current(2)
    card.add_head(segments)
    card.set_state("running", "Connected")
    card.add_action(IconButton("ellipsis", "More"))
    card.add_action(Button("Close", "x", small=True))
    facts = row(
        Fact("From", "127.0.0.1:51858", mono=True),
        Fact("To", "127.0.0.1:2345", mono=True),
        Fact("Framing", "Line (CR LF)"),
        Fact("Round trip", "0.112 ms", right=True),
        gap=24,
        stretch=False,
    )
    card.add_section(facts)
    card.body.addWidget(Line())
    card.body.addStretch(1)
    combo = QComboBox()
    combo.addItems(["Text", "Hex", "File"])
    edit = QLineEdit("pack my box with five dozen liquor jugs")
    edit.setObjectName("focused")
    card.add_section(row(combo, edit, PrimaryButton("Send", "send", key="⏎"), stretch=False), line=True)
    return card


def server_card() -> Card:
    card = Card("Upper-case server", "server", "TCP")
    card.set_state("running", "Running")
    card.add_action(IconButton("ellipsis", "More"))
    card.add_action(Button("Stop", "square", small=True))
    model = QStandardItemModel(0, 4)
    model.setHorizontalHeaderLabels(["#", "Peer", "State here", "In, B"])
    for number, state in enumerate(("ESTABLISHED", "CLOSE_WAIT", "ESTABLISHED"), 1):
        model.appendRow([QStandardItem(text) for text in (str(number), f"127.0.0.1:5184{number}", state, "1 204")])
    table = QTableView()
    table.setModel(model)
    model.setParent(table)
    table.setShowGrid(False)
    table.setAlternatingRowColors(True)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(theme().row_height())
    table.horizontalHeader().setStretchLastSection(True)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
    theme().dress(table, "table")
    table.selectRow(2)
    card.add(table, 1)
    buttons = (Button("Half-close"), Button("Close"), Button("Reset"), Button("Send to all…", "radio"))
    card.add_section(row(Label("Connection 3", "body", "text2"), *buttons))
    return card


def failing_card() -> Card:
    card = Card("Client", "monitor")
    segments = Segments(["1"], "Client")
    card.add_head(segments)
    card.set_state("error", "Refused")
    card.add_action(IconButton("ellipsis", "More"))
    combo = QComboBox()
    combo.addItem("TCP")
    port = NumberField(2345)
    fields = row(
        LabelledField("Transport", combo),
        LabelledField("&Host", QLineEdit("127.0.0.1")),
        LabelledField("&Port", port),
        gap=8,
    )
    card.add_section(fields)
    banner = Banner("error")
    banner.say("Connection refused.", "Nobody listens on 127.0.0.1:2345.", "Why?")
    buttons = (PrimaryButton("Connect", "plug"), Button("Stop", "square"), LinkButton("Give me the other end"))
    card.add_section(row(*buttons))
    card.add_section(banner)
    card.body.addStretch(1)
    return card


def controls() -> QWidget:
    card = Card("Controls", "sliders-horizontal", "parts")
    box, half, ring = QCheckBox("Address reuse"), QCheckBox("Part of them"), QRadioButton("Edge triggered")
    box.setChecked(True)
    half.setTristate(True)
    half.setCheckState(Qt.CheckState.PartiallyChecked)
    ring.setChecked(True)
    off = Button("Disabled", "play")
    off.setEnabled(False)
    dead = PrimaryButton("Send", "send")
    dead.setEnabled(False)
    bar = QProgressBar(value=40, textVisible=False)
    chips = [LayerChip(layer) for layer in LAYER_LETTERS]
    for number, chip in enumerate(chips):
        chip.set_count(str(38 - number * 7))
    chips[3].setChecked(False)
    tabs = TabBar()
    views = (("Table", "table"), ("Ladder", "arrow-left-right"), ("Gantt", "chart-gantt"), ("States", "workflow"))
    for text, icon in views:
        tabs.add(text, icon)
    hint = LabelledField("Port", QLineEdit("99999"))
    hint.set_hint("A port is a number from 0 to 65535.", error=True)
    text = QPlainTextEdit("b'hello'\r\nx -> y != z")
    text.setProperty("field", True)
    theme().dress(text, "mono")
    for widget in (
        FlowBox(*chips),
        tabs,
        row(box, half, ring, QCheckBox("Off"), QRadioButton("Off")),
        row(off, dead, Chip("reconstructed"), KeyCap("Ctrl Shift E"), KeyCap("Esc")),
        row(*(StateLabel(state, state.title()) for state in STATE_SIGNS), gap=12),
        row(
            StatusItem("1 server, 3 clients", state="running"),
            StatusItem("bound to loopback only", icon="shield-check"),
            StatusItem("412 dropped", state="warning"),
            StatusItem("session 41 KB"),
        ),
        bar, hint, text,
    ):
        holder = QVBoxLayout()
        holder.setContentsMargins(12, 6, 12, 6)
        holder.addWidget(widget)
        card.body.addLayout(holder)
    card.add(SignSheet())
    return card


class Gallery(QWidget):
    """One page with everything on it."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 12, 16, 16)
        whole.setSpacing(12)
        head = [Label("Sockets", "panel"), Segments(["Both ends", "Step by step", "Options", "TLS"], "Views")]
        buttons = [Button("Server", "plus", small=True), Button("Client", "plus", small=True)]
        right = [*buttons, Button("Show as Python", "code-xml", small=True)]
        top = row(*head, gap=14)
        for button in right:
            top.layout().addWidget(button)
        whole.addWidget(top)
        warning = Banner("warning")
        words = "Anyone on 10.0.4.0/24 can write here."
        warning.say("Listening on all interfaces.", words, "Only this machine", "shield-check")
        whole.addWidget(warning)
        cards = Splitter(Qt.Orientation.Horizontal, client_card(), server_card(), line=False)
        cards.setMinimumHeight(270)
        whole.addWidget(cards)
        grid = QGridLayout()
        grid.setSpacing(12)
        grid.addWidget(failing_card(), 0, 0)
        empty = Card("Server", "server")
        sentence = "No server runs here. Start one and connect to it."
        empty.add(EmptyState("server", sentence, "Start echo server", button_icon="play"))
        grid.addWidget(empty, 1, 0)
        reason = (
            "Nothing was unacknowledged, so Nagle's rule had no reason to wait "
            "and the kernel sent all 46 bytes at once."
        )
        grid.addWidget(Aside("One send, one segment.", reason), 2, 0)
        address = "2001:0db8:85a3:0000:0000:8a2e:0370:7334 a name that is long " * 3 + ":51858"
        grid.addWidget(ElidedLabel(address, "mono"), 3, 0)
        grid.addWidget(controls(), 0, 1, 4, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        whole.addLayout(grid, 1)
        self.toast = Toast(self)
        self.toast.say("Script copied", undo=lambda: None)


def window_with_palette() -> tuple[QWidget, CommandPalette]:
    """A window with a command field and the palette open under it."""
    window = QWidget()
    window.setProperty("surface", "window")
    window.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    column = QVBoxLayout(window)
    field = QLineEdit(placeholderText="Search actions, services, events")
    field.setFixedWidth(340)
    column.addWidget(field, 0, Qt.AlignmentFlag.AlignHCenter)
    column.addStretch(1)
    actions = Actions(window)
    rows = (
        ("Start upper-case server on 2345", "Sockets", "mends \u201crefused\u201d", "play", None, True),
        ("Start echo server", "Sockets", "TCP, threads", "server", None, False),
        ("Start UDP upper-case server", "Sockets", "11111", "server", None, False),
        ("Start a bucket", "Creosote", "Creosote, 7739", "megaphone", None, False),
        ("Start capture in a private network", "Packets", "Packets, L1", "package", "Ctrl+Shift+E", False),
        ("Stop all", "Lab", "", "circle-stop", "Ctrl+Shift+X", False),
        ("Show all shortcuts", "Lab", "", "keyboard", "F1", False),
    )
    for number, (text, group, tip, icon, keys, fits) in enumerate(rows):
        actions.add(f"demo.{number}", text, lambda: None, icon, keys, group, tip, fits=lambda fits=fits: fits)
    palette = CommandPalette(actions, window, lambda: "Sockets")
    window.resize(760, 560)
    window.show()
    palette.open_under(field, "start")
    return window, palette


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    look = theme()
    page = Gallery()
    page.resize(1280, 1080)
    page.show()
    page.findChild(QLineEdit, "focused").setFocus()
    window, palette = window_with_palette()
    for shade in ("light", "dark"):
        look.set_dark(shade == "dark")
        for scale, width in ((1.0, 1280), (1.4, 1700)):
            look.set_scale(scale)
            page.resize(width, round(1080 * scale))
            app.processEvents()
            page.grab().save(str(out / f"theme-{shade}-{scale:g}.png"))
        look.set_scale(1.0)
        for text in ("start", ""):
            palette.edit.setText(text)
            app.processEvents()
            window.grab().save(str(out / f"palette-{shade}-{text or 'all'}.png"))
        menu = QMenu()
        for text, icon in (("Half-close", "unplug"), ("Copy address", "copy"), ("Reset", "zap")):
            menu.addAction(look.icon(icon, "text"), text)
        menu.addSeparator()
        menu.addAction("Disabled").setEnabled(False)
        menu.setActiveAction(menu.actions()[1])
        menu.ensurePolished()
        menu.adjustSize()
        menu.grab().save(str(out / f"menu-{shade}.png"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
