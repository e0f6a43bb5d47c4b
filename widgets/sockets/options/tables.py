"""The painted tables of the options page: plain cells whose text begins where the head's does.

They must not know what they show.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QFrame, QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from widgets.theme.theme import theme


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


def option_table(model: Any, name: str) -> QTableView:
    """A table over `model` that keeps with the theme."""
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
