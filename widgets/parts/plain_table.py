"""PlainTable: a table of texts from the network: painted plain, monospaced where asked, soft selection.

Any model fits. A cell may carry a sign (`SIGN_ROLE`) and a colour's role (`TONE_ROLE`). It must not
know what the texts mean.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QHelpEvent, QKeyEvent, QKeySequence, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
    QWidget,
)

from widgets.parts.text import plain_tip
from widgets.theme.signs import paint_state
from widgets.theme.theme import theme
from widgets.timeline.wording import visible

_Index = QModelIndex | QPersistentModelIndex
SIGN_ROLE: Final = Qt.ItemDataRole.UserRole + 1
TONE_ROLE: Final = Qt.ItemDataRole.UserRole + 2
PAD: Final = 8
SIGN: Final = 14


class PlainDelegate(QStyledItemDelegate):
    """Paints one cell."""

    def __init__(
        self, mono: Collection[int], middle: Collection[int], parent: QWidget, *, stripes: bool = True
    ) -> None:
        super().__init__(parent)
        self._stripes = stripes
        self._mono, self._middle = frozenset(mono), frozenset(middle)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index, /) -> None:
        tokens, state, rect = theme().tokens, option.state, option.rect
        painter.save()
        if state & state.State_Selected:
            painter.fillRect(rect, tokens.select)
        elif state & state.State_MouseOver:
            painter.fillRect(rect, tokens.hover)
        elif self._stripes and index.row() % 2:
            painter.fillRect(rect, tokens.alternate)
        self._write(painter, rect.adjusted(PAD, 0, -PAD, 0), index)
        painter.restore()

    def _write(self, painter: QPainter, rect: QRect, index: _Index) -> None:
        sign = index.data(SIGN_ROLE)
        if sign:
            side = theme().px(SIGN)
            paint_state(painter, QRect(rect.left(), rect.center().y() - side // 2 + 1, side, side), str(sign))
            rect = rect.adjusted(side + 6, 0, 0, 0)
        column = index.column()
        font = theme().mono_font(9.5) if column in self._mono else theme().ui_font(9.5)
        alignment = index.data(Qt.ItemDataRole.TextAlignmentRole)
        right = bool(alignment and int(alignment) & Qt.AlignmentFlag.AlignRight.value)
        side_flag = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        elide = Qt.TextElideMode.ElideMiddle if column in self._middle else Qt.TextElideMode.ElideRight
        text = visible(str(index.data() if index.data() is not None else "")[:2000])
        painter.setFont(font)
        painter.setPen(theme().tokens.role(str(index.data(TONE_ROLE) or "text")))
        shown = QFontMetrics(font).elidedText(text, elide, rect.width())
        painter.drawText(rect, side_flag | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index, /) -> QSize:
        return QSize(theme().px(60), theme().row_height())

    def helpEvent(
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: _Index, /
    ) -> bool:
        """What is cut stands in the tool tip whole."""
        text = visible(str(index.data() if index.data() is not None else "")[:2000])
        font = theme().mono_font(9.5) if index.column() in self._mono else theme().ui_font(9.5)
        room = option.rect.width() - 2 * PAD - (theme().px(SIGN) + 6 if index.data(SIGN_ROLE) else 0)
        if index.data(Qt.ItemDataRole.ToolTipRole) or QFontMetrics(font).horizontalAdvance(text) <= room:
            return super().helpEvent(event, view, option, index)
        QToolTip.showText(event.globalPos(), plain_tip(text), view)
        return True

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index, /) -> QWidget:
        edit = QLineEdit(parent)
        edit.setProperty("bare", True)
        edit.setAutoFillBackground(True)
        edit.setFont(theme().mono_font(9.5))
        edit.setTextMargins(PAD - 2, 0, PAD - 2, 0)
        return edit


class PlainTable(QTableView):
    """The table. `picked(row)`: a person went to a row, by click or key. widths: of the columns but the stretched one.

    mono, middle: columns in the fixed font, and those that shorten in their middle. stretch: the column, or columns,
    that take what is left. least_rows: it never gets lower than so many, the head's included.
    needs: columns, and how many px the table must be wide for each; without them it is left out, never half shown.
    """

    picked = Signal(int)

    def __init__(
        self, model: QAbstractItemModel, name: str, *, mono: Collection[int] = (), middle: Collection[int] = (),
        widths: Sequence[int] = (), stretch: int | Sequence[int] = -1, least_rows: int = 2,
        needs: Sequence[tuple[int, int]] = (), parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._least_rows = least_rows
        self._widths, self._needs = tuple(widths), tuple(needs)
        self.setModel(model)
        self.setItemDelegate(PlainDelegate(mono, middle, self))
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().setVisible(False)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setMinimumSectionSize(theme().px(24))
        stretched = [each for each in ((stretch,) if isinstance(stretch, int) else stretch) if each >= 0]
        head.setStretchLastSection(not stretched)
        for column in stretched:
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.clicked.connect(lambda index: self.picked.emit(index.row()))
        theme().scaled.connect(self._suit)
        self._suit()

    def _suit(self) -> None:
        rows = self.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(theme().row_height())
        rows.setDefaultSectionSize(theme().row_height())
        for column, width in enumerate(self._widths):
            self.setColumnWidth(column, theme().px(width))
        self._leave_out()
        self.setMinimumHeight(theme().row_height() * self._least_rows)
        self.viewport().update()

    def _leave_out(self) -> None:
        for column, least in self._needs:
            self.setColumnHidden(column, self.width() < theme().px(least))

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self._leave_out()

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_row()
            return
        before = self.currentIndex().row()
        super().keyPressEvent(event)
        if self.currentIndex().row() != before:
            self.picked.emit(self.currentIndex().row())

    def copy_row(self) -> None:
        """Copy the cells of the current row, tabs between."""
        at = self.currentIndex()
        if at.isValid():
            model = self.model()
            cells = [str(model.index(at.row(), column).data() or "") for column in range(model.columnCount())]
            QGuiApplication.clipboard().setText("\t".join(cells))
