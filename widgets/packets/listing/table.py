"""PacketTable: the packet list, of any length; follows the tail of a capture only while it is at the bottom.

It must not know filters, files or what is shown of the chosen packet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import QEvent, QItemSelection, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu, QToolTip, QWidget

from widgets.packets.listing.columns import COLUMNS
from widgets.packets.listing.model import PacketModel
from widgets.packets.listing.painter import PacketPainter
from widgets.parts.painted_table import PaintedTable
from widgets.parts.text import plain_tip
from widgets.theme.theme import theme

COPY_LIMIT: Final = 100_000
_INFO: Final = next(place for place, column in enumerate(COLUMNS) if column.id == "info")
_ORDER: Final = Qt.SortOrder
_NAMES: Final = {column.id: place for place, column in enumerate(COLUMNS)}
_ADDRESSES: Final = (_NAMES["source"], _NAMES["destination"])
COMING: Final = "No packet has come yet. Each that the capture takes stands here at once."
NONE: Final = "There is no packet in this capture."
GIVES: Final = 0.38
"""The share of its width that an address gives up at most."""


class PacketTable(PaintedTable):
    """current_changed(row or -1): another packet is chosen. settled: the choice rests.

    menu_requested(global place): for the chosen ones. sort_requested(column, descending): a head was clicked; "" is
    the order of the file. followed(whether): it stays at the newest row, or no more.
    """

    current_changed = Signal(int)
    settled = Signal()
    menu_requested = Signal(QPoint)
    sort_requested = Signal(str, bool)

    def __init__(self, model: PacketModel, painter: PacketPainter, parent: QWidget | None = None) -> None:
        super().__init__(painter, parent)
        self.packets = model
        self.painter_of_rows = painter
        self._made = self._origin_wanted = False
        self._kept: int | None = None
        self._told = self._now = -1
        self._sorted: tuple[int, bool] | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._tell_current)
        self._set_up()
        self.show_model(model)
        for place, column in enumerate(COLUMNS):
            self.setColumnHidden(place, not column.shown)
        self.share_width()
        model.modelAboutToBeReset.connect(self._keep_current)
        model.modelReset.connect(self._find_current)
        self.verticalScrollBar().valueChanged.connect(self._on_bar_value_changed)
        self.horizontalHeader().sectionClicked.connect(self._on_head_clicked)
        self.horizontalHeader().customContextMenuRequested.connect(self._on_head_menu)

    def no_rows(self) -> str:
        """A capture that has no packets, so far or at all."""
        document = self.packets.document
        waits = document.capture is not None and document.capture.growing
        return COMING if waits else "" if document.reading or document.capture is None else NONE

    def _set_up(self) -> None:
        self.setAccessibleName("Packets")
        head = self.horizontalHeader()
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
        made: set[int] = set()
        for top, end in self.chosen_spans():
            made.update(range(top, min(end, top + COPY_LIMIT)))
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

    def _on_bar_value_changed(self, value: int) -> None:
        capture = self.packets.document.capture
        bar = self.verticalScrollBar()
        if capture is not None and capture.growing and (bar.isSliderDown() or self.underMouse() or self.hasFocus()):
            self.set_follows(value >= bar.maximum())

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
        self.share_width()

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
            self.share_width()

    def share_width(self) -> None:
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

    # Pointer, keys

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
        """Ctrl+C copies whole rows."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_rows()
        else:
            super().keyPressEvent(event)

    def go_to_end(self) -> None:
        """Only what grows is followed, see the scroll bar."""
        self.scrollToBottom()


def column_number(name: str) -> int:
    """The place of a column by its id."""
    return _NAMES[name]
