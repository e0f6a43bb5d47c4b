"""The filters of the time line: the search box, the layer chips, and which service or connection.

They say what is wanted as a `Filter` of the event log and show what came of it. They must not
know the model, the views or the bridge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QBoxLayout, QComboBox, QHBoxLayout, QLineEdit, QWidget

from protocols.numbers import grouped
from protocols.record.event import LAYERS
from protocols.record.log import Filter, QueryError
from widgets.parts.buttons import LinkButton
from widgets.parts.chip import LayerChip
from widgets.parts.flow import FlowLayout
from widgets.parts.text import Label, plain_tip
from widgets.theme.theme import set_look, theme

TYPING_MS: Final = 140
"""A search starts this long after the last key."""
NAMES_SHOWN: Final = 300
"""A list offers this many names, the newest: any other can be typed into the search box."""
HINT: Final = "Filter: text, conn:3, errno\u2026"
EXAMPLES: Final = """\
hello world        both words, anywhere in the row
"two words"        exactly this
-timer             not this
conn:3  service:echo  layer:call
kind:send*  dir:in  errno:ECONNREFUSED
errno              any failure
/re(g|x)/          a regular expression"""


class QueryField(QLineEdit):
    """The search box. typed: the text has rested for a moment, or Return was pressed."""

    typed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(HINT)
        self.setAccessibleName("Filter the time line")
        self.setClearButtonEnabled(True)
        self.setProperty("small", True)
        self.setToolTip(f"<pre style='font-family:{theme().mono_font().family()}'>{plain_pre(EXAMPLES)}</pre>")
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(TYPING_MS)
        self._rest.timeout.connect(self.typed)
        self.textChanged.connect(self._on_text_changed)
        self.returnPressed.connect(self._now)

    def _on_text_changed(self, _text: str) -> None:
        self._rest.start()

    def _now(self) -> None:
        self._rest.stop()
        self.typed.emit()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(210), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(96), super().minimumSizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape empties the box."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            self._now()
        else:
            super().keyPressEvent(event)

    def set_error(self, error: str) -> None:
        """Mark the text as not understood; "" as understood."""
        if bool(self.property("invalid")) != bool(error):
            set_look(self, "invalid", bool(error))
        self.setAccessibleDescription(error)


def plain_pre(text: str) -> str:
    """Text for the inside of a <pre>."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class NameBox(QComboBox):
    """All, or one of the names that exist at the moment when the list opens. picked: the choice changed."""

    picked = Signal()

    def __init__(self, all_text: str, name: str, names: Callable[[], Iterable[str]], prefix: str = "") -> None:
        super().__init__()
        self._names = names
        self._prefix = prefix
        self.setAccessibleName(name)
        self.setProperty("small", True)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(len(all_text))
        self.setMaxVisibleItems(14)
        self.addItem(all_text, None)
        self.activated.connect(lambda _: self.picked.emit())

    def value(self) -> str | None:
        """The chosen name; None for all."""
        found: str | None = self.currentData()
        return found

    def set_value(self, name: str | None) -> None:
        """Choose without a signal; an unknown name is added."""
        at = 0 if name is None else self.findData(name)
        if at < 0:
            self.addItem(self._prefix + (name or ""), name)
            at = self.count() - 1
        self.setCurrentIndex(at)

    def showPopup(self) -> None:
        """The list is filled when it opens."""
        self.fill()
        super().showPopup()

    def fill(self) -> None:
        """Offer what there is now; where that is too much, the newest names."""
        chosen = self.value()
        names = list(self._names())[-NAMES_SHOWN:]
        self.blockSignals(True)
        while self.count() > 1:
            self.removeItem(self.count() - 1)
        for name in names:
            self.addItem(self._prefix + name, name)
        self.set_value(chosen)
        self.blockSignals(False)


class FilterRow(QWidget):
    """Chips at the left, lists at the right; a word about the result under them where there is one.

    changed: something else is wanted. show_all_requested: bring back what `clear` hid.
    """

    changed = Signal()
    show_all_requested = Signal()

    def __init__(
        self, query: QueryField, services: Callable[[], Iterable[str]], conns: Callable[[], Iterable[str]]
    ) -> None:
        super().__init__()
        self.query: Final = query
        self.chips: Final = {layer: LayerChip(layer) for layer in LAYERS}
        self.service: Final = NameBox("All services", "Service", services)
        self.conn: Final = NameBox("All connections", "Connection", conns, "conn ")
        self._result = Label("", "caption", "text2")
        self._hidden = LinkButton()
        self._hidden.hide()
        self._hidden.clicked.connect(self.show_all_requested)
        self._last = Filter()
        self._set_up()
        query.typed.connect(self.changed)
        self.service.picked.connect(self.changed)
        self.conn.picked.connect(self.changed)
        for chip in self.chips.values():
            chip.toggled.connect(lambda _: self.changed.emit())
            chip.setToolTip("Show or hide this layer; Alt: this one alone")
            chip.clicked.connect(lambda _, chip=chip: self._on_chip_clicked(chip))
        self.chips["packet"].hide()

    def _set_up(self) -> None:
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(12, 8, 12, 8)
        self._row.setSpacing(8)
        self._left, self._right = QWidget(), QWidget()
        flow = FlowLayout(self._left, line_spacing=6)
        for chip in self.chips.values():
            flow.addWidget(chip)
        policy = self._left.sizePolicy()
        policy.setHeightForWidth(True)
        self._left.setSizePolicy(policy)
        lists = QHBoxLayout(self._right)
        lists.setContentsMargins(0, 0, 0, 0)
        lists.setSpacing(8)
        lists.addStretch(1)
        for widget in (self._hidden, self._result, self.service, self.conn):
            lists.addWidget(widget)
        self._row.addWidget(self._left, 1)
        self._row.addWidget(self._right)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The lists go under the chips where both don't fit in a line."""
        super().resizeEvent(event)
        direction = QBoxLayout.Direction
        room = self.width() - 32 - self._left.sizeHint().width() - self._right.sizeHint().width()
        wanted = direction.LeftToRight if room >= 0 else direction.TopToBottom
        if wanted != self._row.direction():
            self._row.setDirection(wanted)

    def _on_chip_clicked(self, chip: LayerChip) -> None:
        """With Alt one layer alone is shown, and again all of them."""
        if not QApplication.keyboardModifiers() & Qt.KeyboardModifier.AltModifier:
            return
        alone = all(not other.isChecked() for other in self.chips.values() if other is not chip)
        for other in self.chips.values():
            other.blockSignals(True)
            other.setChecked(alone or other is chip)
            other.blockSignals(False)
            other.update()
        self.changed.emit()

    def layers(self) -> frozenset[str] | None:
        """The layers wanted; None for all."""
        chosen = frozenset(layer for layer, chip in self.chips.items() if chip.isChecked())
        return None if len(chosen) == len(self.chips) else chosen

    def set_layers(self, layers: Iterable[str]) -> None:
        """Switch exactly these layers on."""
        wanted = set(layers)
        for layer, chip in self.chips.items():
            chip.setChecked(layer in wanted)

    def filter(self) -> Filter:
        """What is wanted. A query that is not understood says so in the row and leaves the last one in force."""
        service, conn = self.service.value(), self.conn.value()
        try:
            wanted = Filter(
                text=self.query.text(),
                layers=self.layers(),
                services=None if service is None else frozenset((service,)),
                conns=None if conn is None else frozenset((conn,)),
            )
        except QueryError as error:
            self.query.set_error(str(error))
            self._say(str(error), "error")
            return self._last
        self.query.set_error("")
        self._last = wanted
        return wanted

    def reset(self) -> None:
        """Show everything."""
        self.query.blockSignals(True)
        self.query.clear()
        self.query.blockSignals(False)
        self.service.set_value(None)
        self.conn.set_value(None)
        for chip in self.chips.values():
            chip.blockSignals(True)
            chip.setChecked(True)
            chip.blockSignals(False)
            chip.update()
        self.changed.emit()

    def show_counts(self, layers: Mapping[str, int]) -> None:
        """The numbers in the chips; the packets' chip is there as soon as there are packets."""
        for layer, chip in self.chips.items():
            chip.set_count(grouped(layers.get(layer, 0)))
        if layers.get("packet") and self.chips["packet"].isHidden():
            self.chips["packet"].show()

    def show_result(self, rows: int, total: int, searching: bool, hidden: int) -> None:
        """How many events fit, and how many `clear` hides."""
        self._hidden.setText(f"{grouped(hidden)} cleared, show all")
        self._hidden.setVisible(hidden > 0)
        if self.query.property("invalid"):
            return
        if self._last.everything:
            self._say("", "text2")
        else:
            more = " so far" if searching else ""
            self._say(f"{grouped(rows)} of {grouped(total)} fit{more}", "text2")

    def _say(self, text: str, tone: str) -> None:
        if text != self._result.text():
            self._result.setText(text)
            self._result.setToolTip(plain_tip(text))
        self._result.setVisible(bool(text))
        self._result.set_tone(tone)
