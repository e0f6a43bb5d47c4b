"""TreeView: the dissected packet, one line a field; layers carry their colour, checksums a sign and a word.

It must not know bytes or where the packet comes from.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
)

from protocols.packets.tree import Tree
from widgets.packets.packet.tree_model import CHECK_ROLE, SERIES_ROLE, TreeModel
from widgets.parts.plain_table import PAD, TONE_ROLE
from widgets.theme.icons import icon_pixmap
from widgets.theme.theme import theme
from widgets.theme.tokens import tint
from widgets.timeline.wording import visible

_Index = QModelIndex | QPersistentModelIndex
CHECKS: Final = {"correct": ("check", "running"), "wrong": ("circle-x", "error"), "not checked": ("minus", "text2")}
_OPEN: Final = 6
"""Packets of more layers begin with the outer ones closed."""


class _Delegate(QStyledItemDelegate):
    """Paints one cell."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index, /) -> None:
        tokens, state = theme().tokens, option.state
        rect = option.rect
        painter.save()
        if state & state.State_Selected:
            painter.fillRect(rect, tokens.select)
        elif state & state.State_MouseOver:
            painter.fillRect(rect, tokens.hover)
        left = rect.left() + (2 if index.column() == 0 else PAD)
        series, check = index.data(SERIES_ROLE), index.data(CHECK_ROLE)
        if series is not None:
            side = theme().px(14)
            box = QRectF(left + 0.5, rect.center().y() - side / 2 + 0.5, side, side)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(tokens.sender(int(series)), 1.5))
            painter.setBrush(tint(tokens, tokens.sender(int(series))))
            painter.drawRoundedRect(box, 3, 3)
            left += side + 8
        right = rect.right() - (PAD if index.column() == 1 else 0)
        text = visible(str(index.data() or "")[:1000])
        if check in CHECKS:
            text = f"{text}  {check}"
        mono = index.column() == 1
        font = theme().mono_font(9.5) if mono else theme().ui_font(9.5, 600 if series is not None else 400)
        metrics = QFontMetrics(font)
        painter.setFont(font)
        tone = str(index.data(TONE_ROLE) or "text")
        if check in CHECKS:
            tone = CHECKS[check][1] if check != "not checked" else tone
        painter.setPen(tokens.role(tone))
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(right - left, 0))
        flag = Qt.AlignmentFlag.AlignRight if mono else Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(left, rect.top(), max(right - left, 0), rect.height()),
                         int(flag | Qt.AlignmentFlag.AlignVCenter), shown)  # fmt: skip
        if check in CHECKS:
            size = theme().px(14)
            at = max(right - metrics.horizontalAdvance(shown) - size - 6, left - size)
            picture = icon_pixmap(CHECKS[check][0], tokens.role(CHECKS[check][1]), size,
                                  painter.device().devicePixelRatioF())  # fmt: skip
            painter.drawPixmap(QPointF(at, rect.center().y() - size / 2 + 1), picture)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index, /) -> QSize:
        return QSize(theme().px(60), theme().row_height())


class TreeView(QTreeView):
    """picked: another line is chosen."""

    picked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tree = TreeModel(self)
        self._open: set[str] = {"TCP", "UDP", "ICMP", "ARP", "IP", "IPv6", "DNS"}
        self.setModel(self.tree)
        self.setItemDelegate(_Delegate(self))
        self.setAccessibleName("Dissected packet: layers and fields")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        head = self.header()
        head.setMinimumSectionSize(theme().px(40))
        head.setStretchLastSection(False)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.selectionModel().currentChanged.connect(lambda *_: self.picked.emit())
        self.expanded.connect(lambda index: self._remember(index, True))
        self.collapsed.connect(lambda index: self._remember(index, False))

    def show_tree(self, tree: Tree | None) -> None:
        """Show another packet; layers that were open stay so, and so does the chosen field where there is one."""
        before = self.tree.item(self.currentIndex())
        key = before.key if before is not None else ""
        self.tree.set_tree(tree)
        for root in self.tree.roots:
            if root.key in self._open or len(self.tree.roots) == 1:
                self.expand(self.tree.index_of(root))
        if key:
            self.choose_key(key)

    def choose_key(self, key: str) -> bool:
        """Choose the first line with this key ("TCP.flags"); False where there is none."""
        for root in reversed(self.tree.roots):
            for item in (root, *root.children):
                if item.key == key:
                    self._choose(self.tree.index_of(item))
                    return True
        return False

    def choose_byte(self, byte: int) -> None:
        """Choose the line that this byte belongs to."""
        index = self.tree.at_byte(byte)
        if index.isValid():
            self._choose(index)

    def _choose(self, index: QModelIndex) -> None:
        self.setCurrentIndex(index)
        self.scrollTo(index)

    def _remember(self, index: QModelIndex, is_open: bool) -> None:
        item = self.tree.item(index)
        if item is not None and item.is_layer:
            (self._open.add if is_open else self._open.discard)(item.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.tree.item(self.currentIndex())
        if event.matches(QKeySequence.StandardKey.Copy) and item is not None:
            QGuiApplication.clipboard().setText(f"{item.name}: {item.value}")
        else:
            super().keyPressEvent(event)
