"""PacketPage: the chosen packet: tree and bytes, linked both ways, the picture of its layers, what a field means.

Dissecting runs in the scapy child, asked on a lab thread. It must not know the list.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from protocols.numbers import grouped
from protocols.packets.explaining import explained
from protocols.packets.scapy_child.asking import PacketChild, PacketChildError
from protocols.packets.tree import Tree, TreeField, lines
from widgets.hexview import Field, HexView
from widgets.packets.packet.layer_picture import LayerPicture, Part
from widgets.packets.packet.tree_model import Item
from widgets.packets.packet.tree_view import TreeView
from widgets.parts.banner import Banner
from widgets.parts.buttons import IconButton
from widgets.parts.card import Aside
from widgets.parts.empty import EmptyState
from widgets.parts.splitter import Splitter
from widgets.parts.text import ElidedLabel

if TYPE_CHECKING:
    from widgets.desk import Desk

NONE: Final = "Choose a packet: its layers, its fields and its bytes stand here."
READ_MS: Final = 25
"""Between choosing a packet and asking for its tree: keys held down do not ask for each."""


class PacketPage(QWidget):
    """dissected: the tree of the chosen packet is shown. number, data, tree: of that packet."""

    dissected = Signal()

    def __init__(self, desk: Desk, child: PacketChild) -> None:
        super().__init__()
        self._desk, self._child = desk, child
        self.data = b""
        self.tree: Tree | None = None
        self._linktype = 1
        self.number = 0
        self.counted: dict[str, int] = {}
        """Fields that count from the begin of the connection, and what they are there."""
        self._own = False
        self._parts: list[Item] = []
        self._by_tshark = False
        self._wanted: tuple[int, bytes, int] | None = None
        self.title = ElidedLabel("", "title")
        self.tree_view = TreeView()
        self.hex = HexView()
        self.picture = LayerPicture()
        self.meaning = Aside()
        self.trouble = Banner("error")
        self.tshark_button = IconButton("external-link", "Let tshark dissect this packet", checkable=True)
        self.copy_button = IconButton("copy", "Copy the tree as text")
        self._stack = QStackedWidget()
        self._empty = EmptyState("package", NONE)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(READ_MS)
        self._later.timeout.connect(self._ask)
        self._lay_out()
        self.tree_view.picked.connect(self._on_tree_picked)
        self.hex.selected.connect(self._on_hex_selected)
        self.picture.picked.connect(self._on_layer_picked)
        self.copy_button.clicked.connect(self.copy_tree)
        self.tshark_button.toggled.connect(self._on_tshark_toggled)
        self.tshark_button.setVisible(shutil.which("tshark") is not None)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(12, 4, 8, 4)
        head.addWidget(self.title, 1)
        head.addWidget(self.tshark_button)
        head.addWidget(self.copy_button)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.trouble)
        column.addWidget(self.tree_view, 1)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 6, 0, 6)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 12, 0)
        row.addWidget(self.picture)
        column.addLayout(row)
        column.addWidget(self.hex, 1)
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 12, 0)
        row.addWidget(self.meaning)
        column.addLayout(row)
        self.splitter = Splitter(Qt.Orientation.Horizontal, left, right)
        self.splitter.setSizes([420, 520])
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.splitter)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)
        self.meaning.hide()

    # Another packet

    def show_packet(
        self, number: int, data: bytes, length: int, linktype: int, counted: Mapping[str, int] | None = None
    ) -> None:
        """Show the packet with this number (from 1); its tree follows. counted: see there."""
        self.counted = dict(counted or {})
        self.number, self.data, self._linktype, self.tree = number, data, linktype, None
        kept = "" if len(data) == length else f", {grouped(len(data))} captured"
        self.title.setText(f"Packet {grouped(number)}   {grouped(length)} B on the wire{kept}")
        self.hex.set_data(data)
        self.picture.set_parts(())
        self.meaning.hide()
        self.trouble.clear()
        self._stack.setCurrentIndex(1)
        self._wanted = (number, data, linktype)
        self._later.start()

    def show_nothing(self) -> None:
        """No packet is chosen."""
        self._wanted = None
        self.data, self.tree = b"", None
        self.tree_view.show_tree(None)
        self._stack.setCurrentIndex(0)

    def _ask(self) -> None:
        wanted = self._wanted
        if wanted is None:
            return
        _, data, linktype = wanted
        child, by_tshark = self._child, self._by_tshark
        self._desk.bridge.call(
            lambda: child.dissect(data, linktype) if not by_tshark else _by_tshark(data, linktype),
            lambda tree: self._on_dissected(wanted, tree), lambda error: self._on_failed(wanted, error), owner=self,
        )  # fmt: skip

    def _on_failed(self, wanted: object, error: BaseException) -> None:
        if wanted is not self._wanted:
            return
        if not isinstance(error, PacketChildError):
            raise error
        self.trouble.say("This packet could not be dissected.", str(error))
        self.tree_view.show_tree(None)

    def _on_dissected(self, wanted: object, tree: Tree) -> None:
        if wanted is not self._wanted:
            return
        self.tree = tree
        self.tree_view.show_tree(tree)
        roots = self.tree_view.tree.roots
        placed = [root for root in roots if root.stop > root.start and getattr(root.source, "placed", True)]
        self.hex.set_data(self.data, 0, tuple(Field(one.start, one.stop, one.series, one.key) for one in placed))
        self._parts = placed
        self.picture.set_parts([Part(_short(one), one.start, one.stop, one.series) for one in placed])
        if tree.why:
            self.trouble.say("Not all of it could be read.", tree.why)
        if self.tree_view.currentIndex().isValid():
            self._on_tree_picked()
        self.dissected.emit()

    # One selection in tree, bytes and picture

    def _on_tree_picked(self) -> None:
        item = self.tree_view.tree.item(self.tree_view.currentIndex())
        if item is None:
            return
        self._explain(item)
        root = item
        while root.parent is not None:
            root = root.parent
        place = next((at for at, one in enumerate(self._parts) if one is root), -1)
        self.picture.set_current(place)
        if not self._own:
            self._own = True
            self.hex.set_mark(item.start, item.stop)
            self.hex.select(item.start, item.stop)
            self._own = False

    def _on_hex_selected(self) -> None:
        start, stop = self.hex.selection()
        if not self._own and stop > start:
            self._own = True
            self.tree_view.choose_byte(start)
            item = self.tree_view.tree.item(self.tree_view.currentIndex())
            if item is not None:
                self.hex.set_mark(item.start, item.stop)
            self._own = False

    def _on_layer_picked(self, place: int) -> None:
        self.tree_view.setCurrentIndex(self.tree_view.tree.index_of(self._parts[place]))
        self.tree_view.scrollTo(self.tree_view.currentIndex())

    def _explain(self, item: Item) -> None:
        found = explained(item.key)
        source = item.source
        note = source.note if isinstance(source, TreeField) else ""
        lead = f"{found.label if found is not None else item.name}"
        if isinstance(source, TreeField):
            lead = f"{lead} = {source.value[:60]}"
        counted = self.counted.get(item.key)
        since = f"From the begin of its connection it is {grouped(counted)}." if counted is not None else ""
        text = " ".join(filter(None, (since, found.text if found is not None else "",
                                      f"Checksum {source.check}: {note}."
                                      if isinstance(source, TreeField) and source.check and note else "",
                                      f"({found.rfc})" if found is not None and found.rfc else "")))  # fmt: skip
        self.meaning.setVisible(bool(text))
        if text:
            self.meaning.set(lead + ".", text)

    # The tree as text, and tshark's

    def copy_tree(self) -> None:
        """Put the tree into the clipboard as text."""
        if self.tree is not None:
            from PySide6.QtGui import QGuiApplication

            QGuiApplication.clipboard().setText("\n".join(lines(self.tree)))
            self._desk.toast("The tree is in the clipboard")

    def _on_tshark_toggled(self, on: bool) -> None:
        self._by_tshark = on
        self._later.start()


def _by_tshark(data: bytes, linktype: int) -> Tree:
    from protocols.packets.scapy_child.tshark import dissect

    return dissect(data, linktype)


def _short(item: Item) -> str:
    found = explained(item.key)
    if item.key in ("Ether", "Raw"):
        return found.label if found is not None else item.key
    return item.key
