"""PairsView: the table in which a person edits pairs: ticks, monospaced cells, an empty row that invites.

It must not know what the pairs mean.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from widgets.http.request.pairs import EXTRA, NAME, ON, VALUE, Pair, PairsModel
from widgets.theme.signs import paint_icon
from widgets.theme.theme import theme
from widgets.timeline.wording import visible

_Index = QModelIndex | QPersistentModelIndex
PAD: Final = 8
TICK: Final = 15
MASK: Final = "\u2022" * 6


class PairsDelegate(QStyledItemDelegate):
    """Paints a tick or a monospaced cell, and edits in place."""

    def __init__(self, parent: PairsView, invitation: str, *, secret: bool = False) -> None:
        super().__init__(parent)
        self._secret = secret
        self._invitation = invitation

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index, /) -> None:
        tokens = theme().tokens
        rect: QRect = option.rect
        model = index.model()
        assert isinstance(model, PairsModel)
        pair = model.row(index.row())
        painter.save()
        if option.state & option.state.State_Selected:
            painter.fillRect(rect, tokens.select)
        elif option.state & option.state.State_MouseOver:
            painter.fillRect(rect, tokens.hover)
        elif index.row() % 2:
            painter.fillRect(rect, tokens.alternate)
        if index.column() == ON:
            if not model.is_last(index.row()):
                paint_tick(painter, rect, pair.on)
        else:
            self._paint_text(painter, rect.adjusted(PAD, 0, -PAD, 0), model, index, pair)
        painter.restore()

    def _paint_text(
        self, painter: QPainter, rect: QRect, model: PairsModel, index: _Index, pair: Pair
    ) -> None:
        text, font = visible(str(index.data() or "")), theme().mono_font(9.5)
        if self._secret and index.column() == VALUE and text:
            text = MASK
        role = "text" if pair.on else "placeholder"
        if model.is_last(index.row()) and index.column() == NAME and not text:
            text, role, font = self._invitation, "placeholder", theme().ui_font(9.5)
        if pair.file and index.column() == VALUE:
            side = theme().px(14)
            paint_icon(painter, QRectF(rect.left(), rect.center().y() - side / 2, side, side), "file-text", "text2")
            rect = rect.adjusted(side + 6, 0, 0, 0)
        painter.setFont(font)
        painter.setPen(theme().tokens.role(role))
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideMiddle, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index, /) -> QSize:
        return QSize(theme().px(80), theme().row_height())

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index, /) -> QWidget:
        edit = QLineEdit(parent)
        edit.setProperty("bare", True)
        edit.setAutoFillBackground(True)
        edit.setFont(theme().mono_font(9.5))
        edit.setTextMargins(PAD - 2, 0, PAD - 2, 0)
        edit.setAccessibleName(str(index.model().headerData(index.column(), Qt.Orientation.Horizontal)))
        return edit

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: _Index, /) -> None:
        editor.setGeometry(option.rect)

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: _Index, /
    ) -> bool:
        if index.column() != ON or not isinstance(model, PairsModel) or model.is_last(index.row()):
            return super().editorEvent(event, model, option, index)
        clicked = isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonRelease
        if clicked:
            pair = model.row(index.row())
            model.put(index.row(), replace(pair, on=not pair.on))
        return clicked


def paint_tick(painter: QPainter, rect: QRect, on: bool) -> None:
    """A check box in the middle of a cell."""
    tokens, side = theme().tokens, theme().px(TICK)
    box = QRectF(rect.center().x() - side / 2, rect.center().y() - side / 2, side, side)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(tokens.highlight if on else tokens.field, 1.2))
    painter.setBrush(tokens.highlight if on else tokens.base)
    painter.drawRoundedRect(box, 3, 3)
    if on:
        paint_icon(painter, box.adjusted(2, 2, -2, -2), "check", "highlighted_text")


class PairsView(QTableView):
    """The table. name: what it holds, for a screen reader. invitation: what stands in the empty row.

    secret: values are shown only while they are edited. ticks: a row can be left out.
    """

    def __init__(
        self, model: PairsModel, name: str, invitation: str, *, secret: bool = False, ticks: bool = True,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.pairs = model
        self.setModel(model)
        self.setItemDelegate(PairsDelegate(self, invitation, secret=secret))
        self.setColumnHidden(ON, not ticks)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.SelectedClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed | QAbstractItemView.EditTrigger.AnyKeyPressed
        )  # fmt: skip
        self.verticalHeader().setVisible(False)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setStretchLastSection(True)
        head.setMinimumSectionSize(theme().px(24))
        head.setSectionResizeMode(ON, QHeaderView.ResizeMode.Fixed)
        self._add_actions()
        self.clicked.connect(self._on_clicked)
        theme().changed.connect(self._suit)
        self._suit()

    def _add_actions(self) -> None:
        for text, icon, run in (
            ("Move up", "arrow-up", lambda: self._move(-1)),
            ("Move down", "arrow-down", lambda: self._move(1)),
            ("Remove", "trash-2", self._remove),
        ):
            action = QAction(theme().icon(icon), text, self)
            action.triggered.connect(run)
            self.addAction(action)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def _suit(self) -> None:
        rows = self.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(theme().row_height())
        rows.setDefaultSectionSize(theme().row_height())
        self.setColumnWidth(ON, theme().px(34))
        several = self.model().columnCount() > EXTRA
        self.setColumnWidth(NAME, theme().px(90 if several else 150))
        if several:
            self.setColumnWidth(VALUE, theme().px(120))
            self.setColumnWidth(EXTRA, theme().px(84))
        self.setMinimumHeight(theme().row_height() * 3)
        self.viewport().update()

    def _on_clicked(self, index: QModelIndex) -> None:
        """The empty row takes text at the first click."""
        if index.column() != ON and self.pairs.is_last(index.row()):
            self.edit(index)

    def _move(self, by: int) -> None:
        self.selectRow(self.pairs.move(self.currentIndex().row(), by))

    def _remove(self) -> None:
        self.pairs.remove(self.currentIndex().row())

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        at = self.currentIndex()
        if self.state() != QAbstractItemView.State.EditingState and at.isValid():
            if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
                self._remove()
                return
            if event.key() == Qt.Key.Key_Space and not self.pairs.is_last(at.row()):
                pair = self.pairs.row(at.row())
                self.pairs.put(at.row(), replace(pair, on=not pair.on))
                return
            if event.modifiers() & Qt.KeyboardModifier.AltModifier and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self._move(-1 if event.key() == Qt.Key.Key_Up else 1)
                return
        super().keyPressEvent(event)
