"""FilterBar: the display filter, its errors in place, what it takes, and tools beside it.

It must not know packets: it hands on what was typed and shows what came of it.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from protocols.packets.filters.display import DisplayFilter, DisplayFilterError
from protocols.packets.filters.fields import FIELDS
from widgets.parts.banner import Banner
from widgets.parts.buttons import IconButton
from widgets.parts.segments import Segments
from widgets.parts.text import ElidedLabel, Label, plain_tip
from widgets.theme.theme import set_look, theme

BPF_HINT: Final = "Capture filter (BPF), as tcpdump takes it: tcp port 8000 and host 10.0.0.1"
HINT: Final = "Display filter: tcp.port == 8000 and not tcp.flags.syn, or \"text in quotes\""
RECENT: Final = 12
OFFERS: Final = 8


class FilterField(QLineEdit):
    """Where the filter is typed. offered: names that the word at the cursor may become; Tab takes the first.

    escaped: Escape was pressed.
    """

    escaped = Signal()
    offered = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText(HINT)
        self.setAccessibleName("Display filter")
        self.setClearButtonEnabled(True)
        self._offers: list[str] = []
        self._completing = True
        self.textEdited.connect(lambda _text: self._offer())
        theme().dress(self, "mono")

    def set_completing(self, on: bool) -> None:
        """Whether names of fields are offered: a capture filter has none."""
        self._completing = on
        self._offers = []
        self.setPlaceholderText(HINT if on else BPF_HINT)
        self.setAccessibleName("Display filter" if on else "Capture filter")

    def _word(self) -> str:
        before = self.text()[: self.cursorPosition()]
        at = len(before)
        while at and (before[at - 1].isalnum() or before[at - 1] in "._"):
            at -= 1
        return before[at:]

    def _offer(self) -> None:
        word = self._word().lower()
        asked = len(word) > 1 and self._completing
        found = [name for name in sorted(FIELDS) if name.startswith(word)] if asked else []
        self._offers = [] if found == [word] else found[:OFFERS]
        self.offered.emit(self._offers)

    def take_offer(self) -> bool:
        """Complete the word at the cursor; False where nothing is offered."""
        offers, word, at = self._offers, self._word(), self.cursorPosition()
        if not offers or offers[0] == word.lower():
            return False
        text = self.text()
        self.setText(text[: at - len(word)] + offers[0] + text[at:])
        self.setCursorPosition(at - len(word) + len(offers[0]))
        self._offers = []
        self.offered.emit([])
        self.textEdited.emit(self.text())
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, next: bool) -> bool:
        return True if next and self.take_offer() else super().focusNextPrevChild(next)


class FilterBar(QWidget):
    """filter_requested(text): the text is a filter and was entered. tools: a place for buttons at the right.

    capture_filter_requested(text): entered as BPF; libpcap says later whether it is one, by `tell_bpf`.
    """

    filter_requested = Signal(str)
    capture_filter_requested = Signal(str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.sort = Segments(("Display", "BPF"), "Sort of filter")
        self.sort.button(0).setToolTip(plain_tip("By columns, fields and text of the packets"))
        self.sort.button(1).setToolTip(plain_tip("By a capture filter, as tcpdump and dumpcap take it"))
        self.field = FilterField()
        self.recent: list[str] = []
        self.counts = Label("", "caption", "text2")
        self.trouble = Banner("error")
        self.offers = ElidedLabel("", "caption", "text2", mode=Qt.TextElideMode.ElideRight)
        self.offers.setContentsMargins(16, 0, 16, 4)
        self.offers.hide()
        self.apply_button = IconButton("funnel", "Show only what the filter takes")
        row = QHBoxLayout()
        row.setContentsMargins(16, 6, 16, 6)
        row.setSpacing(8)
        row.addWidget(self.sort)
        row.addWidget(self.field, 1)
        row.addWidget(self.apply_button)
        row.addWidget(self.counts)
        self.tools = QHBoxLayout()
        self.tools.setSpacing(2)
        row.addLayout(self.tools)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.offers)
        column.addWidget(self.trouble)
        self.sort.chosen.connect(self._on_sort_chosen)
        self.field.returnPressed.connect(self.enter)
        self.apply_button.clicked.connect(self.enter)
        self.field.textEdited.connect(lambda _text: self._look())
        self.field.escaped.connect(self._on_escaped)
        self.field.offered.connect(self._on_offered)

    def set_text(self, text: str, *, apply: bool = True) -> None:
        """Put a display filter in, as if it had been typed."""
        self._set_sort(0)
        self.field.setText(text)
        if self._look(whole=True) and apply:
            self.enter()

    @property
    def by_bpf(self) -> bool:
        """Whether the text is a capture filter."""
        return self.sort.current() == 1

    def _set_sort(self, index: int) -> None:
        self.sort.set_current(index)
        self.field.set_completing(index == 0)

    def _on_sort_chosen(self, index: int) -> None:
        """The other language begins anew, and everything is shown."""
        self._set_sort(index)
        self.field.clear()
        self._look()
        self.filter_requested.emit("")
        self.field.setFocus()

    def tell_bpf(self, problem: str) -> None:
        """What libpcap says of the text that was entered; "" for nothing wrong."""
        set_look(self.field, "invalid", bool(problem))
        self.field.setToolTip(plain_tip(problem))
        if problem:
            self.trouble.say("This is no capture filter.", problem)
        else:
            self.trouble.clear()

    def enter(self) -> None:
        """Ask for what is typed; a text that is no filter shows why."""
        text = self.field.text().strip()
        self._on_offered([])
        if self.by_bpf and text:
            self.capture_filter_requested.emit(text)
            return
        if not self._look(whole=True):
            return
        if text:
            self.recent = [text, *(one for one in self.recent if one != text)][:RECENT]
        self.filter_requested.emit(text)

    def _look(self, *, whole: bool = False) -> bool:
        """Whether the text is a filter; the error is shown once it was entered, and goes as soon as it is mended."""
        text = "" if self.by_bpf else self.field.text()
        try:
            DisplayFilter(text)
        except DisplayFilterError as error:
            set_look(self.field, "invalid", True)
            self.field.setToolTip(plain_tip(str(error)))
            if whole:
                self.field.setSelection(error.start, max(min(error.stop, len(text)) - error.start, 0))
                place = f"At character {error.start + 1}: "
                self.trouble.say("This is no filter.", f"{place}{error}")
            return False
        set_look(self.field, "invalid", False)
        self.field.setToolTip("")
        self.trouble.clear()
        return True

    def _on_offered(self, names: list[str]) -> None:
        self.offers.setText(f"Tab: {names[0]}   {'   '.join(names[1:])}" if names else "")
        self.offers.setVisible(bool(names))

    def _on_escaped(self) -> None:
        if self.field.text():
            self.set_text("")
        else:
            self.left.emit()

    def show_counts(self, text: str) -> None:
        """Say how many rows are shown."""
        self.counts.setText(text)

