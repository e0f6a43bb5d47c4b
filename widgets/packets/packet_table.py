"""PacketTable: the packet list, of any length; follows the tail of a capture only while it is at the bottom.

It must not know filters, files or what is shown of the chosen packet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionRange, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QHeaderView, QMenu, QTableView, QToolTip, QWidget

from widgets.packets.columns import COLUMNS
from widgets.packets.packet_model import PacketModel
from widgets.packets.packet_painter import PacketPainter
from widgets.parts.text import plain_tip
from widgets.theme.theme import theme

COPY_LIMIT: Final = 100_000
_INFO: Final = next(place for place, column in enumerate(COLUMNS) if column.id == "info")
_CONTROL: Final = Qt.KeyboardModifier.ControlModifier
_ORDER: Final = Qt.SortOrder
_NAMES: Final = {column.id: place for place, column in enumerate(COLUMNS)}
_ADDRESSES: Final = (_NAMES["source"], _NAMES["destination"])
GIVES: Final = 0.38
"""The share of its width that an address gives up at most."""


class PacketTable(QTableView):
    """current_changed(row or -1): another packet is chosen. settled: the choice rests.

    menu_requested(global place): for the chosen ones. sort_requested(column, descending): a head was clicked; "" is
    the order of the file. followed(whether): it stays at the newest row, or no more.
    """

    current_changed = Signal(int)
    settled = Signal()
    menu_requested = Signal(QPoint)
    sort_requested = Signal(str, bool)
    followed = Signal(bool)

    def __init__(self, model: PacketModel, painter: PacketPainter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.packets = model
        self.painter_of_rows = painter
        self.follows = False
        self._made = self._origin_wanted = False
        self._kept: int | None = None
        self._told = self._now = -1
        self._sorted: tuple[int, bool] | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._tell_current)
        self._set_up()
        self.setModel(model)
        model.modelAboutToBeReset.connect(self._keep_current)
        model.modelReset.connect(self._find_current)
        model.rowsInserted.connect(self._on_rows_inserted)
        self.verticalScrollBar().valueChanged.connect(self._on_bar_value_changed)
        self.horizontalHeader().sectionClicked.connect(self._on_head_clicked)
        self.horizontalHeader().customContextMenuRequested.connect(self._on_head_menu)
        theme().changed.connect(self._on_theme_changed)
        for place, column in enumerate(COLUMNS):
            self.setColumnHidden(place, not column.shown)
        self._on_theme_changed()

    def _set_up(self) -> None:
        self.setAccessibleName("Packets")
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        head, side = self.horizontalHeader(), self.verticalHeader()
        side.hide()
        side.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setHighlightSections(False)
        head.setSectionsClickable(True)
        head.setSectionsMovable(True)
        head.setMinimumSectionSize(theme().px(40))
        head.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        head.setToolTip(plain_tip("Click to sort, drag to move, right-click for more columns"))

    # The chosen packets

    def current(self) -> int:
        """The packet where the keys are, -1 for none."""
        index = self.currentIndex()
        return self.packets.document.row(index.row()) if index.isValid() and self._any_chosen() else -1

    def _any_chosen(self) -> bool:
        return self.selectionModel().hasSelection()

    def chosen_places(self) -> list[int]:
        """The places of all chosen rows, in order, at most COPY_LIMIT."""
        ranges = cast("list[QItemSelectionRange]", self.selectionModel().selection())
        made: set[int] = set()
        for span in ranges:
            made.update(range(span.top(), min(span.bottom() + 1, span.top() + COPY_LIMIT)))
        return sorted(made)[:COPY_LIMIT]

    def chosen_rows(self) -> list[int]:
        """All chosen packets, in the order shown."""
        return [self.packets.document.row(place) for place in self.chosen_places()]

    def choose(self, row: int) -> bool:
        """Go to a packet; False where it is not shown."""
        place = self.packets.document.place(row)
        if place is None:
            return False
        self.selectRow(place)
        self.scrollTo(self.packets.index(place, 0))
        return True

    def step(self, by: int) -> None:
        """Go up or down."""
        last = self.packets.rowCount() - 1
        if last >= 0:
            place = self.currentIndex().row() if self.currentIndex().isValid() else -1 if by > 0 else last + 1
            self.selectRow(min(max(place + by, 0), last))

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Whoever shows the chosen packet is told once, when the keys rest."""
        super().selectionChanged(selected, deselected)
        self._now = self.current()
        self._later.start()

    def _tell_current(self) -> None:
        current = self.current()
        if current != self._told:
            self._told = current
            self.current_changed.emit(current)
        self.settled.emit()

    def _keep_current(self) -> None:
        # The document has changed already: what its places meant before is remembered here.
        self._kept = self._now if self._now >= 0 else None

    def _find_current(self) -> None:
        """The packet that was chosen stays so where it is shown still."""
        kept, self._kept = self._kept, None
        if kept is None or kept >= self.packets.document.loaded or not self.choose(kept):
            self._told, self._now = -2, -1
            self._later.start()

    def copy_rows(self) -> int:
        """Put the chosen rows into the clipboard as text; how many."""
        places = self.chosen_places()
        if places:
            columns = tuple(column for at, column in enumerate(COLUMNS) if not self.isColumnHidden(at))
            lines = ("\t".join(self.packets.words.cell(place, one.id) for one in columns) for place in places)
            QApplication.clipboard().setText("\n".join(lines))
        return len(places)

    # Following

    def follow(self) -> None:
        """Go to the newest row and stay with it."""
        self._set_follows(True)
        self.scrollToBottom()

    def _set_follows(self, follows: bool) -> None:
        if follows != self.follows:
            self.follows = follows
            self.followed.emit(follows)

    def _on_rows_inserted(self, parent: QModelIndex, first: int, last: int) -> None:
        if self.follows and self.isVisible():
            self.scrollToBottom()

    def _on_bar_value_changed(self, value: int) -> None:
        capture = self.packets.document.capture
        bar = self.verticalScrollBar()
        if capture is not None and capture.growing and (bar.isSliderDown() or self.underMouse() or self.hasFocus()):
            self._set_follows(value >= bar.maximum())

    # Columns

    def _on_head_clicked(self, column: int) -> None:
        name = COLUMNS[column].id
        if name in ("delta", "stream", "comment", "origin"):
            return
        descending = self._sorted == (column, False)
        if self._sorted == (column, True) or (name == "number" and descending):
            self._sorted = None
        else:
            self._sorted = (column, descending)
        self._show_sorted()
        self.sort_requested.emit(name if self._sorted else "", descending)

    def _show_sorted(self) -> None:
        head = self.horizontalHeader()
        head.setSortIndicatorShown(self._sorted is not None)
        if self._sorted is not None:
            down = self._sorted[1]
            head.setSortIndicator(self._sorted[0], _ORDER.DescendingOrder if down else _ORDER.AscendingOrder)

    def _on_head_menu(self, place: QPoint) -> None:
        self.columns_menu().popup(self.horizontalHeader().mapToGlobal(place))

    def columns_menu(self) -> QMenu:
        """Which columns are shown."""
        menu = QMenu("Columns", self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for at, column in enumerate(COLUMNS):
            action = menu.addAction(column.title.partition(",")[0])
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(at))
            action.setEnabled(column.id != "info" and not (column.id == "origin" and self._made))
            action.toggled.connect(lambda on, at=at: self._on_column_toggled(at, on))
        return menu

    def _on_column_toggled(self, at: int, on: bool) -> None:
        if at == _NAMES["origin"]:
            self._origin_wanted = on
        self._show_column(at, on)

    def _show_column(self, at: int, on: bool) -> None:
        self.setColumnHidden(at, not on)
        self._share_width()

    def show_origin(self, made: bool) -> None:
        """Packets that were made say so in each row: their column can't be hidden while such a file is open."""
        if made != self._made:
            self._made = made
            self._show_column(_NAMES["origin"], made or self._origin_wanted)

    def save_columns(self) -> dict[str, Any]:
        """For the next start."""
        return {"shown": [column.id for at, column in enumerate(COLUMNS) if not self.isColumnHidden(at)
                          and (column.id != "origin" or self._origin_wanted)]}  # fmt: skip

    def restore_columns(self, state: Mapping[str, Any]) -> None:
        """Take what `save_columns` gave; what is strange is ignored."""
        shown = state.get("shown")
        if isinstance(shown, list) and "info" in shown:
            self._origin_wanted = "origin" in shown
            for at, column in enumerate(COLUMNS):
                self.setColumnHidden(at, column.id not in shown and not (column.id == "origin" and self._made))
            self._share_width()

    def _share_width(self) -> None:
        """The rest is for the last column. Where that is too little, addresses give way: they are cut in the middle."""
        painter, room = self.painter_of_rows, self.viewport().width()
        wanted = {at: painter.width_of(column) for at, column in enumerate(COLUMNS) if not self.isColumnHidden(at)}
        least = wanted.pop(_INFO) // 2
        addresses = [at for at in _ADDRESSES if at in wanted]
        short = max(0, least - (room - sum(wanted.values())))
        for at in addresses:
            wanted[at] -= min(-(-short // len(addresses)), round(wanted[at] * GIVES))
        for at, width in wanted.items():
            self.setColumnWidth(at, width)
        self.setColumnWidth(_INFO, max(room - sum(wanted.values()), least))

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """All rows in sight in one go; see PacketPainter."""
        painter = QPainter(self.viewport())
        try:
            self._paint(painter)
        finally:
            painter.end()

    def _paint(self, painter: QPainter) -> None:
        width, height = self.viewport().width(), self.viewport().height()
        painter.fillRect(0, 0, width, height, theme().tokens.base)
        first, tall = self.rowAt(0), self.painter_of_rows.row_height
        if first >= 0:
            top = self.rowViewportPosition(first)
            count = min(self.packets.rowCount() - first, -(-(height - top) // tall))
            tops = [top + place * tall for place in range(count)]
            spans = [(self.columnViewportPosition(at), 0 if self.isColumnHidden(at) else self.columnWidth(at))
                     for at in range(len(COLUMNS))]  # fmt: skip
            self.painter_of_rows.paint(painter, first, tops, spans, self._chosen_between(first, first + count), width)
            place = self.currentIndex().row() - first
            if self.hasFocus() and 0 <= place < count:
                painter.fillRect(0, tops[place], 3, tall, theme().tokens.highlight)

    def _chosen_between(self, first: int, stop: int) -> set[int]:
        ranges = cast("list[QItemSelectionRange]", self.selectionModel().selection())
        chosen: set[int] = set()
        for span in ranges:
            chosen.update(range(max(first, span.top()), min(stop, span.bottom() + 1)))
        return chosen

    # Pointer, keys, sizes

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.rowAt(event.position().toPoint().y()))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def _hover(self, place: int) -> None:
        if place != self.painter_of_rows.hovered:
            self.painter_of_rows.hovered = place
            self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), plain_tip(self._tip(event.pos())), self)
            return True
        return super().viewportEvent(event)

    def _tip(self, at: QPoint) -> str:
        place, column = self.rowAt(at.y()), self.columnAt(at.x())
        if place < 0 or column < 0:
            return ""
        document = self.packets.document
        row = document.row(place)
        rule = self.painter_of_rows.colours.rule(row)
        if COLUMNS[column].id == "protocol" and rule is not None:
            return f"{self.packets.words.cell(place, 'protocol')}\nColour: {rule.name}"
        comment = document.comment(row)
        return f"{self.packets.words.cell(place, COLUMNS[column].id)}{f'{chr(10)}{comment}' if comment else ''}"

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._any_chosen():
            self.menu_requested.emit(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = self.packets.rowCount() - 1
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_rows()
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and last >= 0 and not event.modifiers():
            self.selectRow(0 if event.key() == Qt.Key.Key_Home else last)
            self.scrollToTop() if event.key() == Qt.Key.Key_Home else self.scrollToBottom()
        elif event.text().isprintable() and event.text() and not event.modifiers() & _CONTROL:
            event.ignore()  # a letter never starts a search of its own
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()

    def _on_theme_changed(self) -> None:
        self.painter_of_rows.refresh()
        self.verticalHeader().setMinimumSectionSize(self.painter_of_rows.row_height)
        self.verticalHeader().setDefaultSectionSize(self.painter_of_rows.row_height)
        head = self.horizontalHeader()
        head.setFont(theme().ui_font(9))
        head.setFixedHeight(QFontMetrics(head.font()).height() + 10)
        self._share_width()
        self.viewport().update()


def column_number(name: str) -> int:
    """The place of a column by its id."""
    return _NAMES[name]
