"""FilterBar: what of the log is shown: words as typed, a level, a sender, and filters kept by name.

Tells a LogFilter whenever something is changed; says under the field what it does not understand.
It must not know rows or how they are found.
"""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from protocols.creosote.filters import FilterError, LogFilter
from protocols.numbers import grouped
from widgets.creosote.feed import Feed
from widgets.creosote.wording import many
from widgets.parts.buttons import Button, IconButton
from widgets.parts.fields import Choice, QuietCombo
from widgets.parts.segments import Segments
from widgets.parts.text import Label, plain_tip
from widgets.theme.signs import sender_icon
from widgets.theme.theme import set_look, theme

LEVELS: Final = (("All", ""), ("Warnings", "level>=warn"), ("Errors", "level>=error"))
_TIPS: Final = ("Every level", "Warnings and worse", "Errors and worse")
SENDERS: Final = 40
EDGES_PX: Final = 52
"""The line's edges and the gaps between its parts."""
ROOMY_PX: Final = 220
"""A field this wide shows what is typed; below, buttons give their words for it."""
QWIDGETSIZE_MAX: Final = (1 << 24) - 1
KEPT: Final = 24
EXAMPLES: Final = (
    ("refused", "both cases alike, anywhere in the bytes"),
    ('"two words" -debug', "these words, and not that one"),
    ("/time(out|d)/", "a regular expression"),
    ("level>=warn", "warnings and worse"),
    ("from:web", "a part of the sender's name or address"),
    ("path:/pay status:5*", "fields of what was read, * for any"),
    ("kind:syslog", "how it was read: text json syslog gelf logfmt trace bytes pickle"),
    ("after:10:58 before:11:00", "time of day"),
)
TIP: Final = "All must hold together:\n" + "\n".join(f"{text:28}{what}" for text, what in EXAMPLES)


class FilterField(QLineEdit):
    """A line that Escape empties; Return and Down go to the log."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._empty = self.addAction(theme().icon("x", "text2"), QLineEdit.ActionPosition.TrailingPosition)
        self._empty.setToolTip("Empty the filter (Esc)")
        self._empty.setVisible(False)
        self._empty.triggered.connect(self.clear)
        self.textChanged.connect(lambda text: self._empty.setVisible(bool(text)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
            self.left.emit()
        else:
            super().keyPressEvent(event)


class FilterBar(QWidget):
    """wanted(LogFilter): show this. tools: where other buttons of the log stand; worded: those that may lose words."""

    wanted = Signal(object)

    def __init__(self, feed: Feed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.feed = feed
        self.field = FilterField()
        self.kept_button = IconButton("history", "Saved filters and examples")
        self.levels = Segments([text for text, _ in LEVELS], "Levels shown")
        self.senders = QuietCombo()
        self.problem = Label("", "caption", "error")
        self.tools = QHBoxLayout()
        self.worded: list[Button] = []
        self.kept: list[str] = []
        self._shown_senders: list[int] = []
        self._menu = QMenu(self)
        self._set_up()
        self._lay_out()
        feed.counted.connect(self._show_counts)
        feed.ticked.connect(self.show_senders)
        feed.emptied.connect(self.show_senders)
        self.show_senders()
        self._show_counts()

    def _set_up(self) -> None:
        field = self.field
        field.setPlaceholderText("Filter: words, -not, level>=warn, from:web, path:/pay, /regex/")
        field.setToolTip(plain_tip(TIP))
        field.setAccessibleName("Filter the log")
        set_look(field, "small", True)
        field.setMinimumWidth(theme().px(140))
        field.textChanged.connect(self.apply)
        self.levels.chosen.connect(lambda _: self.apply())
        self.senders.setAccessibleName("Sender")
        self.senders.setProperty("small", True)
        self.senders.currentIndexChanged.connect(lambda _: self.apply())
        self.kept_button.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        self.kept_button.setMenu(self._menu)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.problem.hide()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(self.field, 1)
        row.addWidget(self.kept_button)
        row.addWidget(self.levels)
        row.addWidget(self.senders)
        self.tools.setSpacing(2)
        row.addLayout(self.tools)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        self.problem.setContentsMargins(14, 0, 12, 6)
        column.addWidget(self.problem)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._suit()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._suit()
        return done

    def _suit(self) -> None:
        """Room for typing comes first: the levels become a list, then words leave the buttons."""
        words = sum(button.width_of("both") for button in self.worded)
        others = self.tools.sizeHint().width() - sum(button.sizeHint().width() for button in self.worded)
        others += self.kept_button.sizeHint().width() + self.senders.sizeHint().width() + EDGES_PX
        least, whole = self.levels.minimumSizeHint().width(), self.levels.sizeHint().width()
        folded = others + words + whole + theme().px(ROOMY_PX) > self.width()
        self.levels.setMaximumWidth(least if folded else QWIDGETSIZE_MAX)
        wordless = folded and others + words + least + theme().px(ROOMY_PX) > self.width()
        for button in self.worded:
            button.show_only("icon" if wordless else "both")

    # What is wanted

    def filter(self) -> LogFilter:
        """The filter that all parts make together. Raises FilterError."""
        text = self.field.text().strip()
        level = LEVELS[self.levels.current()][1]
        sender = self.sender_chosen()
        senders = None if sender < 0 else frozenset((sender,))
        return LogFilter(text, senders=senders, also=level)

    def apply(self) -> None:
        """Tell the filter, or what is wrong with it; then what was shown stays."""
        try:
            found = self.filter()
        except FilterError as error:
            self.problem.setText(f"{str(error).rstrip('.')}.")
            self.problem.show()
            set_look(self.field, "invalid", True)
            return
        self.problem.hide()
        set_look(self.field, "invalid", False)
        self.wanted.emit(found)

    def set_text(self, text: str) -> None:
        """Filter by this."""
        self.field.setText(text)

    def add_term(self, term: str) -> None:
        """Filter by this as well."""
        text = self.field.text().strip()
        if term not in text.split():
            self.field.setText(f"{text} {term}".strip())

    def take_all_away(self) -> None:
        """Show everything again."""
        self.levels.set_current(0)
        self.senders.setCurrentIndex(0)
        self.field.clear()
        self.apply()

    # Levels and senders

    def _show_counts(self) -> None:
        count = self.feed.levels
        errors = count.of("ERROR", "CRITICAL")
        texts = ("", grouped(count.of("WARN") + errors), grouped(errors))
        behind = count.behind
        for at, number in enumerate(texts):
            button = self.levels.button(at)
            text = f"{LEVELS[at][0]} {number}".strip()
            if button.text() != text:
                button.setText(text)
                button.updateGeometry()
            more = f"{many(behind, 'datagram')} not counted yet" if behind and at else _TIPS[at]
            if button.toolTip() != more:
                button.setToolTip(more)

    def show_senders(self) -> None:
        """Fill the list of senders; the one chosen stays."""
        feed = self.feed
        busiest = [number for number, count in feed.log.counts.most_common(SENDERS) if count]
        shown = sorted(busiest)
        texts = [feed.name(number) for number in shown]
        total = sum(1 for count in feed.log.counts.values() if count)
        head = many(total, "sender") if total else "All senders"
        if shown == self._shown_senders and self.senders.itemText(0) == head and all(
            self.senders.itemText(at) == text for at, text in enumerate(texts, 1)
        ):
            return
        kept = self.senders.key()
        self._shown_senders = shown
        choices = [Choice("", head, "Show what all senders write")]
        choices += [Choice(str(number), text, feed.address(number))
                    for number, text in zip(shown, texts, strict=True)]  # fmt: skip
        if kept and int(kept) not in shown and int(kept) < len(feed.log.senders):
            choices.append(Choice(kept, feed.name(int(kept)), feed.address(int(kept))))
        self.senders.fill(choices)
        for at, choice in enumerate(choices):
            if choice.key:
                self.senders.setItemIcon(at, sender_icon(int(choice.key)))
        self.senders.updateGeometry()

    def sender_chosen(self) -> int:
        """The number of the only sender shown, -1 for all."""
        key = self.senders.key()
        return int(key) if key else -1

    def only_sender(self, number: int) -> None:
        """Show only this sender; -1 for all."""
        if number >= 0 and self.senders.findData(str(number)) < 0:
            self.senders.addItem(sender_icon(number), self.feed.name(number), str(number))
        self.senders.choose("" if number < 0 else str(number))

    # Kept filters

    def _fill_menu(self) -> None:
        menu = self._menu
        menu.clear()
        keep = menu.addAction(theme().icon("plus", "text"), "Keep this filter")
        keep.setEnabled(bool(self.field.text().strip()))
        keep.triggered.connect(self.keep)
        for text in self.kept:
            self._entry(menu, text, text)
        if self.kept:
            forget = menu.addMenu(theme().icon("trash-2", "text"), "Forget")
            for text in self.kept:
                action = forget.addAction(text.replace("&", "&&"))
                action.triggered.connect(lambda _=False, text=text: self.kept.remove(text))
        menu.addSeparator()
        for text, what in EXAMPLES:
            self._entry(menu, text, f"{text}   {what}")

    def _entry(self, menu: QMenu, text: str, shown: str) -> QAction:
        action = menu.addAction(shown.replace("&", "&&"))
        action.triggered.connect(lambda _=False: self.set_text(text))
        return action

    def keep(self) -> None:
        """Keep the filter typed, newest first."""
        text = self.field.text().strip()
        if text:
            self.kept = [text, *(each for each in self.kept if each != text)][:KEPT]

    def save_state(self) -> dict[str, Any]:
        """The filters kept and the one typed."""
        return {"kept": list(self.kept), "text": self.field.text(), "level": self.levels.current()}

    def restore_state(self, state: dict[str, Any]) -> None:
        """Take what `save_state` gave; what is strange is ignored."""
        kept = state.get("kept")
        if isinstance(kept, list):
            self.kept = [text[:500] for text in kept if isinstance(text, str)][:KEPT]
        if state.get("level") in range(len(LEVELS)):
            self.levels.set_current(int(state["level"]))
        self.field.setText(str(state.get("text", ""))[:500])
        self.apply()

