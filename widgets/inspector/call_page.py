"""CallPage: everything an event tells of itself, as rows: the call, its result, its times, its thread.

It must not know where the event came from.
"""

from __future__ import annotations

import json
from typing import Any, Final

from protocols.numbers import grouped
from protocols.record.event import Event
from widgets.inspector.bytes_page import title_of
from widgets.inspector.sections import FactRows, Head, Page, Row
from widgets.parts.text import Label
from widgets.timeline.wording import duration, milliseconds, visible

LONGEST: Final = 600
_KNOWN: Final = {
    "result": ("Result", True), "errno": ("errno", True), "took_ns": ("Took", False), "blocked_ns": ("Blocked", False),
    "thread": ("Thread", True), "fd": ("Descriptor", True), "end": ("End", False), "local": ("Local", True),
    "peer": ("Peer", True), "asked": ("Asked for", False), "kept": ("Kept", False), "before": ("Before", True),
    "source": ("Known from", False), "origin": ("Origin", False), "how": ("How", True), "option": ("Option", True),
    "value": ("Value", True), "backlog": ("Backlog", False), "flags": ("Flags", True), "tls": ("TLS plaintext", False),
    "why": ("Why", False), "pid": ("Process", True), "framing": ("Framing", False),
}  # fmt: skip
_ORDER: Final = tuple(_KNOWN)


class CallPage(Page):
    """The facts of one event."""

    def __init__(self) -> None:
        super().__init__("Call")
        self.head = Head()
        self.line = Label("", "mono", wrap=True)
        self.facts = FactRows()
        self.details = FactRows()
        self.add_section(self.head, self.line, line=False)
        self.add_section(self.facts)
        self._more = self.add_section(Label("Details", "section"), self.details)
        self.column.addStretch(1)

    def show_event(self, event: Event, zero_ns: int) -> None:
        """Show this event; times count from `zero_ns`."""
        self.head.show_event(event.layer, title_of(event))
        self.line.setText(visible(event.summary)[:LONGEST])
        self.line.setVisible(bool(event.summary))
        self.facts.show_rows(_first_rows(event, zero_ns))
        rest = _detail_rows(event)
        self.details.show_rows(rest)
        self._more.setVisible(bool(rest))


def _first_rows(event: Event, zero_ns: int) -> list[Row]:
    rows = [Row("Time", f"{milliseconds(event.t - zero_ns)} ms")]
    if event.service is not None:
        rows.append(Row("Where", visible(event.service)))
    if event.conn is not None:
        rows.append(Row("Connection", f"conn {event.conn}"))
    if event.direction is not None:
        rows.append(Row("Direction", event.direction, tone=event.direction))
    if event.size is not None:
        rows.append(Row("Bytes", grouped(event.size)))
    if event.offset is not None:
        rows.append(Row("From byte", grouped(event.offset)))
    return rows


def _detail_rows(event: Event) -> list[Row]:
    """Every detail, the known ones first and in a fixed order."""
    detail = event.detail
    names = [name for name in _ORDER if name in detail] + [name for name in detail if name not in _KNOWN]
    rows = []
    for name in names:
        caption, mono = _KNOWN.get(name, (name.replace("_", " ").capitalize(), True))
        tone = "error" if name == "errno" else ""
        rows.append(Row(caption, _value(name, detail[name]), mono, tone))
    return rows


def _value(name: str, value: Any) -> str:
    if name.endswith("_ns") and isinstance(value, int):
        return duration(value)
    if name in ("asked", "kept") and isinstance(value, int):
        return f"{grouped(value)} bytes"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in ("local", "peer") and isinstance(value, (list, tuple)) and len(value) >= 2:
        host = str(value[0])
        return visible(f"[{host}]:{value[1]}" if ":" in host else f"{host}:{value[1]}")
    if isinstance(value, str):
        return visible(value)[:LONGEST]
    try:
        text = json.dumps(value, default=repr, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return visible(text)[:LONGEST]
