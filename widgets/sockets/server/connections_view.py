"""The painted table of a server's connections: state signs, monospace addresses, soft selection.

It must not know the server: it tells which connection a person chose.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from protocols.numbers import grouped
from widgets.sockets.server.connections_model import (
    COLUMNS,
    HERE,
    IN,
    NUMBER,
    OUT,
    PEER,
    RIGHT,
    THERE,
    WORKER,
    ConnectionsModel,
)
from widgets.theme.signs import paint_state
from widgets.theme.theme import theme

PAD: Final = 5
SIGN: Final = 14
LEAST_DIGITS: Final = 5
SIGNS: Final = {
    "ESTABLISHED": ("running", "running"),
    "CLOSE_WAIT": ("waiting", "waiting"),
    "FIN_WAIT1": ("waiting", "waiting"),
    "FIN_WAIT2": ("waiting", "waiting"),
    "LAST_ACK": ("waiting", "waiting"),
    "CLOSING": ("waiting", "waiting"),
    "SYN_SENT": ("waiting", "waiting"),
    "SYN_RECV": ("waiting", "waiting"),
    "TIME_WAIT": ("stopped", "stopped"),
    "CLOSE": ("stopped", "stopped"),
}
_SAMPLES: Final = {
    NUMBER: "99",
    PEER: "127.0.0.1:55555",
    HERE: "     ESTABLISHED",
    THERE: "ESTABLISHED",
    IN: "99999",
    OUT: "99999",
    WORKER: "thread upper-conn:51858",
}


_SHORT_PEER: Final = "127.…:55555"
"""What is left of an address where there is no room: its port."""
_FIRST_TO_GO: Final = (WORKER, THERE, NUMBER)
_NEXT_TO_GO: Final = (OUT, IN)


class ConnectionsDelegate(QStyledItemDelegate):
    """Paints one cell: nothing is bold, only addresses are monospace, colour never stands alone."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex, /
    ) -> None:
        tokens = theme().tokens
        rect: QRect = option.rect
        state = option.state
        painter.save()
        if state & state.State_Selected:
            painter.fillRect(rect, tokens.select)
        elif state & state.State_MouseOver:
            painter.fillRect(rect, tokens.hover)
        elif index.row() % 2:
            painter.fillRect(rect, tokens.alternate)
        self._paint_text(painter, rect.adjusted(PAD, 0, -PAD, 0), index)
        painter.restore()

    def _paint_text(self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex) -> None:
        tokens, column = theme().tokens, index.column()
        text = str(index.data() or "")
        font = theme().mono_font(9) if column == PEER else theme().ui_font(9.5)
        role = "text2" if column in (NUMBER, THERE, WORKER) else "text"
        if column == HERE and text in SIGNS:
            sign, role = SIGNS[text]
            side = theme().px(SIGN)
            paint_state(painter, QRect(rect.left(), rect.center().y() - side // 2 + 1, side, side), sign)
            rect = rect.adjusted(side + 5, 0, 0, 0)
        side = Qt.AlignmentFlag.AlignRight if column in RIGHT else Qt.AlignmentFlag.AlignLeft
        elide = Qt.TextElideMode.ElideMiddle if column in (PEER, WORKER) else Qt.TextElideMode.ElideRight
        painter.setFont(font)
        painter.setPen(tokens.role(role))
        shown = QFontMetrics(font).elidedText(text, elide, rect.width())
        painter.drawText(rect, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex, /) -> QSize:
        return QSize(width_of(index.column()), row_height())


def row_height() -> int:
    """The height of one row, from the font."""
    return QFontMetrics(theme().ui_font(9.5)).height() + 10


def width_of(column: int, text: str = "") -> int:
    """The width a column wants, from its font and a text, or a typical one."""
    font = theme().mono_font(9) if column == PEER else theme().ui_font(9.5)
    return QFontMetrics(font).horizontalAdvance(text or _SAMPLES[column]) + 2 * PAD + 2


class ConnectionsView(QTableView):
    """The table. `connection_chosen(conn)`: another row is current; empty when none is.

    `connection_picked(conn)`: a person went to it, by click or key. `only_requested(conn)`: show nothing else.
    """

    connection_chosen = Signal(str)
    connection_picked = Signal(str)
    only_requested = Signal(str)

    def __init__(self, model: ConnectionsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._digits = LEAST_DIGITS
        self._asked: dict[int, bool] = {}  # what a person said of a column: always, or never
        self.column_actions: dict[int, QAction] = {}
        self.setModel(model)
        self.setItemDelegate(ConnectionsDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName("Connections of the server")
        self.verticalHeader().setVisible(False)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setStretchLastSection(True)
        head.setMinimumSectionSize(theme().px(20))
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        only = QAction(theme().icon("funnel"), "Only this connection in the time line", self)
        only.triggered.connect(lambda: self.only_requested.emit(self.chosen()))
        self.addAction(only)
        self._add_column_actions()
        self.clicked.connect(lambda _index: self.connection_picked.emit(self.chosen()))
        self.selectionModel().currentRowChanged.connect(self._on_current_changed)
        model.rowsRemoved.connect(self._on_rows_removed)
        model.rowsInserted.connect(self._on_numbers_changed)
        model.dataChanged.connect(self._on_numbers_changed)
        theme().changed.connect(self._suit_fonts)
        self._suit_fonts()

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        before = self.currentIndex().row()
        super().keyPressEvent(event)
        if self.currentIndex().row() != before:
            self.connection_picked.emit(self.chosen())

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self._share_width()

    def _on_numbers_changed(self, *_: object) -> None:
        """Longer numbers need wider columns; they never get narrower again, so that nothing moves to and fro."""
        most = max((max(row.received, row.sent) for row in self._model.rows()), default=0)
        digits = len(grouped(most))
        if digits > self._digits:
            self._digits = digits
            self._share_width()

    def _add_column_actions(self) -> None:
        """The menu of the table, and of its head: which columns are shown."""
        parting = QAction("Columns", self)
        parting.setSeparator(True)
        self.addAction(parting)
        for column in (*_NEXT_TO_GO[::-1], *_FIRST_TO_GO[::-1]):
            action = QAction(COLUMNS[column], self, checkable=True)
            action.triggered.connect(lambda on, column=column: self._on_column_asked(column, on))
            self.column_actions[column] = action
            for widget in (self, self.horizontalHeader()):
                widget.addAction(action)
        for widget in (self, self.horizontalHeader()):
            widget.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def _on_column_asked(self, column: int, on: bool) -> None:
        self._asked[column] = on
        self._share_width()

    def _share_width(self) -> None:
        """The least important columns give way first; the peer's takes what is left, and shows its port at least."""
        wide = {column: width_of(column) for column in range(self._model.columnCount())}
        wide[IN] = wide[OUT] = width_of(IN, "9" * self._digits)
        room = self.viewport().width()
        shown = [column for column in wide if self._asked.get(column, True)]
        for columns, peer in ((_FIRST_TO_GO, wide[PEER]), (_NEXT_TO_GO, width_of(PEER, _SHORT_PEER))):
            wide[PEER] = peer
            for column in columns:
                if sum(wide[each] for each in shown) > room and column in shown and column not in self._asked:
                    shown.remove(column)
        others = sum(wide[column] for column in shown if column != PEER)
        wide[PEER] = max(wide[PEER], min(room - others, 2 * width_of(PEER)))
        for column, width in wide.items():
            self.setColumnHidden(column, column not in shown)
            self.setColumnWidth(column, width)
        for column, action in self.column_actions.items():
            action.setChecked(column in shown)
        hidden = [COLUMNS[column] for column in wide if column not in shown]
        tip = f"Not shown: {', '.join(hidden)}. The menu of the table has them." if hidden else ""
        self.horizontalHeader().setToolTip(tip)

    def _suit_fonts(self) -> None:
        rows = self.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(row_height())
        rows.setDefaultSectionSize(row_height())
        self.setMinimumHeight(row_height() * 2 + self.horizontalHeader().sizeHint().height())
        self._share_width()
        self.viewport().update()

    def chosen(self) -> str:
        """The connection of the current row, or empty."""
        row = self._model.row(self.currentIndex().row())
        return "" if row is None else row.conn

    def choose(self, conn: str) -> None:
        """Go to the row of a connection."""
        at = self._model.row_of(conn)
        if at >= 0:
            self.selectRow(at)

    def _on_current_changed(self, _current: QModelIndex, _previous: QModelIndex) -> None:
        self.connection_chosen.emit(self.chosen())

    def _on_rows_removed(self, *_: object) -> None:
        self.connection_chosen.emit(self.chosen())
