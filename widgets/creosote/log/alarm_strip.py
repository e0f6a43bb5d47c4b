"""AlarmStrip: set an alarm on a filter, see which there are and how often each went off.

Highlight, sound and notification are the window's; what an alarm watches is the feed's. It must
not know the log's view.
"""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from protocols.creosote.alarms import Alarm
from protocols.creosote.filters import FilterError, LogFilter
from widgets.creosote.feed import Feed
from widgets.creosote.wording import many, shown
from widgets.parts.buttons import Button, IconButton, LinkButton
from widgets.parts.card import IconLabel, Line
from widgets.parts.flow import FlowBox
from widgets.parts.text import Label, set_tone
from widgets.theme.signs import sender_icon
from widgets.theme.theme import set_look, theme

MOST: Final = 12
NOTIFY_TIP: Final = (
    "A desktop notification where the system has them; where not, a note in the window, which asks for a look in the "
    "task bar"
)
COLOURS: Final = ((1, "Orange"), (6, "Red"), (2, "Green"), (5, "Violet"))


class _Set(QWidget):
    """One alarm that is set: its filter, its hits, and the button that ends it."""

    def __init__(self, alarm: Alarm) -> None:
        super().__init__()
        self.alarm = alarm
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.icon = IconLabel("bell", f"sender{alarm.colour + 1}", 15)
        self.name = Label(shown(alarm.filter, 48), "mono")
        self.link = LinkButton("no hit since it was set")
        self.link.setEnabled(False)
        self.end = IconButton("x", f"End the alarm on {shown(alarm.filter, 48)}")
        for widget in (self.icon, self.name, self.link, self.end):
            row.addWidget(widget)

    def show_hits(self, hits: int, *, past: bool) -> None:
        """So many in the log that is looked at."""
        none = "no hit in this session" if past else "no hit since it was set"
        self.link.setText(many(hits, "hit") if hits else none)
        self.link.setEnabled(bool(hits))


class AlarmStrip(QWidget):
    """Hidden until asked for. changed: other alarms are set. hit_requested(filter): go to its last hit."""

    changed = Signal()
    hit_requested = Signal(str)

    def __init__(self, feed: Feed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.feed = feed
        self.field = QLineEdit()
        self.colour_button = Button("Orange", small=True)
        self.sound = QCheckBox("Sound")
        self.notify = QCheckBox("Notification")
        self.set_button = Button("Set alarm", "bell", small=True)
        self.close_button = IconButton("x", "Close")
        self.problem = Label("", "caption", "error")
        self.list = FlowBox(spacing=14)
        self.sets: list[_Set] = []
        self._colour = 0
        self._lay_out()
        self.set_button.clicked.connect(self.add_typed)
        self.field.returnPressed.connect(self.add_typed)
        self.close_button.clicked.connect(self.close_entry)
        self.colour_button.clicked.connect(self._next_colour)
        self.feed.watched.connect(self.show_hits)
        self.feed.emptied.connect(self.show_hits)
        self._show_colour()
        self.entry.hide()
        self.hide()

    def _lay_out(self) -> None:
        self.field.setPlaceholderText("Go off when a datagram passes this filter, such as level>=error")
        self.field.setAccessibleName("Filter of the alarm")
        self.field.setMinimumWidth(theme().px(180))
        set_look(self.field, "small", True)
        self.sound.setToolTip("The system's bell, where it has one, at most once in 10 seconds")
        self.notify.setToolTip(NOTIFY_TIP)
        self.colour_button.setAccessibleName("Colour of the rows")
        self.entry = QWidget()
        row = QHBoxLayout(self.entry)
        row.setContentsMargins(12, 4, 8, 4)
        row.setSpacing(10)
        for widget in (IconLabel("bell", "text2", 16), self.field, self.colour_button, self.sound, self.notify,
                       self.set_button, self.close_button):  # fmt: skip
            row.addWidget(widget, 1 if widget is self.field else 0)
        self.list.flow.setContentsMargins(12, 2, 12, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.entry)
        column.addWidget(self.problem)
        column.addWidget(self.list)
        column.addWidget(Line())
        self.problem.setContentsMargins(40, 0, 12, 4)
        self.problem.hide()
        self.list.hide()

    def ask(self, text: str) -> None:
        """Open the entry, with a filter to begin with."""
        if not self.field.text() or text:
            self.field.setText(text)
        self.entry.show()
        self.show()
        self.field.setFocus()
        self.field.selectAll()

    def close_entry(self) -> None:
        """Close the entry; alarms that are set stay in sight."""
        self.entry.hide()
        self.problem.hide()
        self.setVisible(bool(self.sets))

    def add_typed(self) -> None:
        """Set the alarm that was typed, or say what is wrong with it."""
        text = self.field.text().strip()
        alarm = Alarm(text, text, COLOURS[self._colour][0], self.sound.isChecked(), self.notify.isChecked())
        problem = self.add(alarm)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        if not problem:
            self._next_colour()
            self.field.clear()
            self.close_entry()

    def add(self, alarm: Alarm) -> str:
        """Set an alarm; what is wrong with it, or ""."""
        if not alarm.filter:
            return "Type a filter first: an alarm on everything would never be silent."
        if len(self.sets) >= MOST or any(each.alarm.filter == alarm.filter for each in self.sets):
            return f"There is one on this filter, or there are {MOST} already."
        try:
            LogFilter(alarm.filter)
            self.feed.set_alarms((*self.feed.alarms, alarm))
        except FilterError as error:
            return f"{str(error).rstrip('.')}."
        shown_set = _Set(alarm)
        shown_set.end.clicked.connect(lambda: self.remove(alarm))
        shown_set.link.clicked.connect(lambda: self.hit_requested.emit(alarm.filter))
        self.sets.append(shown_set)
        self.list.add(shown_set)
        self.list.show()
        self.show()
        self.show_hits()
        self.changed.emit()
        return ""

    def remove(self, alarm: Alarm) -> None:
        """End an alarm."""
        for each in [each for each in self.sets if each.alarm == alarm]:
            self.sets.remove(each)
            self.list.flow.removeWidget(each)
            each.hide()
            each.deleteLater()
        self.feed.set_alarms(tuple(each.alarm for each in self.sets))
        self.list.setVisible(bool(self.sets))
        self.setVisible(bool(self.sets) or not self.entry.isHidden())
        self.changed.emit()

    def show_hits(self) -> None:
        """How often each went off in the log that is looked at."""
        seen = self.feed.seen
        for each in self.sets:
            each.show_hits(seen.watch.hits[each.alarm.filter], past=seen is not self.feed.live)

    def _next_colour(self) -> None:
        self._colour = (self._colour + 1) % len(COLOURS)
        self._show_colour()

    def _show_colour(self) -> None:
        number, name = COLOURS[self._colour]
        self.colour_button.setText(name)
        self.colour_button.setIcon(sender_icon(number))
        set_tone(self.problem, "error")

    def save_state(self) -> list[dict[str, Any]]:
        """The alarms that are set."""
        alarms = [each.alarm for each in self.sets]
        return [{"filter": a.filter, "colour": a.colour, "sound": a.sound, "notify": a.notify} for a in alarms]

    def restore_state(self, state: object) -> None:
        """Set the alarms of `save_state` again; what is strange is ignored."""
        for entry in state if isinstance(state, list) else []:
            if isinstance(entry, dict) and isinstance(entry.get("filter"), str):
                colour = entry.get("colour", 1)
                self.add(Alarm(entry["filter"], entry["filter"], colour if colour in range(8) else 1,
                               bool(entry.get("sound")), bool(entry.get("notify"))))  # fmt: skip
