"""WhyPage: why an event is as it is: what happened, what the lab checked, what mends it.

Words come from the explanations, checks run on a lab thread, buttons are actions of the
registry. It must not know the sockets or services behind an event.
"""

from __future__ import annotations

import errno as errno_numbers
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.record.event import Event
from protocols.record.explain import Explained
from widgets.inspector.bytes_page import title_of
from widgets.inspector.checks import CHECKED, Found, look_up
from widgets.inspector.reasons import Reason, error_symbol, explain_failure, reason_of
from widgets.inspector.sections import FactRows, Head, Page, Row, Ticks
from widgets.parts.buttons import Button
from widgets.parts.card import Aside
from widgets.parts.text import Label
from widgets.timeline.wording import duration, visible

if TYPE_CHECKING:
    from widgets.actions import Actions
    from widgets.desk import Desk

MENDS: Final = {
    "ECONNREFUSED": ("sockets.mend", "sockets.other-end", "sockets.first-server"),
    "EADDRINUSE": ("sockets.mend",),
    "ENOTCONN": ("sockets.connect",),
    "EPIPE": ("sockets.connect",),
    "ECONNRESET": ("sockets.connect",),
}
"""Which actions mend which error, where they exist and are allowed now."""
NOTHING: Final = "There is nothing more to say about this event than its own line."


class WhyPage(Page):
    """The reason of one event."""

    def __init__(self, desk: Desk) -> None:
        super().__init__("Why")
        self._desk = desk
        self._event: Event | None = None
        self.head = Head()
        self.facts = FactRows()
        self.text = Label("", "body", wrap=True)
        self.ticks = Ticks()
        self.advice = Ticks()
        self.aside = Aside()
        self.more = Label("", "caption", "text2", wrap=True)
        self.more.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons = QWidget()
        self._button_column = QVBoxLayout(self._buttons)
        self._button_column.setContentsMargins(0, 0, 0, 0)
        self._button_column.setSpacing(8)
        self._mend_by_id: dict[str, MendButton] = {}
        self._check_title = Label("What the lab checked", "section")
        self._text_title = Label("What happened", "section")
        self.add_section(self.head, self.facts, line=False)
        self.add_section(self._text_title, self.text)
        self._checks = self.add_section(self._check_title, self.ticks)
        self._mends = self.add_section(Label("Mend it", "section"), self.advice, self._buttons)
        self._next = self.add_section(self.aside, line=False)
        self._source = self.add_section(self.more, line=False)
        self.column.addStretch(1)

    def show_event(self, event: Event) -> None:
        """Show the reason of this event."""
        self._event = event
        told = explain_failure(event)
        if told is not None:
            self._show_failure(event, told)
        else:
            self._show_reason(event, reason_of(event))

    # What worked

    def _show_reason(self, event: Event, reason: Reason | None) -> None:
        self.head.show_event(event.layer, reason.title if reason else title_of(event))
        self.facts.show_rows(())
        self._text_title.hide()
        self.text.setText(reason.text if reason else NOTHING)
        self._checks.hide()
        self._mends.hide()
        after = reason.next if reason else ""
        self.aside.set("What comes next.", after)
        self._next.setVisible(bool(after))
        self._show_source(reason.more if reason else "")

    def _show_source(self, more: str) -> None:
        self.more.setText(f"Read on: {more}" if more else "")
        self._source.setVisible(bool(more))

    # What failed

    def _show_failure(self, event: Event, told: Explained) -> None:
        self.head.show_error(told.title)
        self.facts.show_rows(_failure_rows(event))
        self._text_title.show()
        self.text.setText(visible(str(told.why)))
        checks = [("circle-question-mark", "text2", line) for line in told.checks]
        self._check_title.setText("What to look at")
        self.ticks.show_lines(checks)
        self._checks.setVisible(bool(checks))
        self.advice.show_lines([("wrench", "text2", line) for line in told.mend])
        self._show_buttons(told.errno)
        self._mends.setVisible(bool(told.mend))
        self.aside.set(f"{told.title}.", told.what)
        self._next.setVisible(bool(told.what))
        self._show_source("")
        self._look_up(event, told)

    def _look_up(self, event: Event, told: Explained) -> None:
        """Have the lab look at what is so now; the answer replaces the questions."""
        address = event.detail.get("peer") or event.detail.get("local")
        if told.errno not in CHECKED or address is None:
            return

        def found(facts: tuple[Found, ...]) -> None:
            if facts and self._event is event:
                lines = [
                    ("circle-check", "running", fact.text) if fact.fits else ("info", "message", fact.text)
                    for fact in facts
                ]
                self._check_title.setText("What the lab checked")
                self.ticks.show_lines(lines)
                self._checks.show()

        def failed(error: BaseException) -> None:
            """The questions stay: what could not be looked up is for the reader to look at."""

        self._desk.bridge.call(lambda: look_up(told.errno, event.kind, address), found, failed, owner=self)

    def _show_buttons(self, errno: str) -> None:
        """One button for each action that mends this error; one that is not allowed now says why."""
        wanted = [name for name in MENDS.get(errno, ()) if name in self._desk.actions]
        for name in wanted:
            if name not in self._mend_by_id:
                self._mend_by_id[name] = MendButton(self._desk.actions, name)
                self._button_column.addWidget(self._mend_by_id[name])
        for name, mend in self._mend_by_id.items():
            mend.setVisible(name in wanted and mend.useful)
        self._buttons.setVisible(any(not mend.isHidden() for mend in self._mend_by_id.values()))

    def mend_button(self, name: str) -> MendButton:
        """The button of an action that has been offered."""
        return self._mend_by_id[name]


class MendButton(QWidget):
    """The button of an action and, while it is not allowed, the reason below."""

    def __init__(self, actions: Actions, name: str) -> None:
        super().__init__()
        self._actions, self._name = actions, name
        self.button = Button().bind(actions.get(name))
        self.reason = Label("", "caption", "text2", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.reason)
        actions.get(name).changed.connect(self._refresh)
        self._refresh()

    @property
    def useful(self) -> bool:
        """It can be used, or says why not."""
        return self.button.isEnabled() or bool(self.reason.text())

    def _refresh(self) -> None:
        self.reason.setText(self._actions.reason(self._name))
        self.reason.setVisible(bool(self.reason.text()))


def _failure_rows(event: Event) -> list[Row]:
    symbol = error_symbol(event)
    number = getattr(errno_numbers, symbol, None)
    rows = [Row("errno", f"{symbol} ({number})" if isinstance(number, int) else symbol, mono=True, tone="error")]
    took = event.detail.get("took_ns")
    after = f" after {duration(took)}" if isinstance(took, int) else ""
    rows.append(Row("Call", f"{visible(event.kind)}(){after}", mono=True))
    name = python_name(symbol)
    if name:
        rows.append(Row("Python", name, mono=True))
    return rows


def python_name(symbol: str) -> str:
    """The exception class that Python raises for an errno's symbol; "" where that is not told by the symbol."""
    if symbol.startswith("EAI_"):
        return "socket.gaierror"
    number = getattr(errno_numbers, symbol, None)
    return type(OSError(number, "")).__name__ if isinstance(number, int) else ""
