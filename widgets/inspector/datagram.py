"""What a bucket's datagram says: its sender, its level, the fields that were read from its bytes.

Reading never executes: a pickle stays closed, and the reason why is told. It must not know the dock
or how an event came to be selected.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from protocols.creosote.reading.ansi import visible
from protocols.creosote.reading.reading import Reading, read
from protocols.creosote.wire import BUFSIZE
from protocols.numbers import grouped
from protocols.record.event import Event
from protocols.record.explain import address_text
from widgets.inspector.sections import EDGE, FactRows, Row
from widgets.parts.banner import Banner
from widgets.parts.card import Line
from widgets.parts.chip import Chip
from widgets.parts.text import Label
from widgets.theme.theme import theme

FIELDS: Final = 14
VALUE: Final = 160
LEAST_PX: Final = 64
MOST_PX: Final = 190
SHOWN_TITLE: Final = "Shown, never run."
SHOWN_TEXT: Final = (
    "A datagram's sender and level are only what its bytes claim: UDP has no handshake that could prove them."
)
_WARNED: Final = {"pickle": "Refused.", "text": "Cut off."}
_TONES: Final = {"WARN": "warning", "ERROR": "error", "CRITICAL": "error"}


def is_spewed(event: Event) -> bool:
    """Whether a bucket took this datagram."""
    return event.layer == "message" and event.kind == "datagram" and "dropped" in event.detail


def facts_of(event: Event, found: Reading) -> list[Row]:
    """Who sent it, what the message claims, and what an original bucket would have made of it."""
    peer, local = event.detail.get("peer"), event.detail.get("local")
    rows = [Row("Address", _address(peer), mono=True), Row("Taken at", _address(local), mono=True)]
    if found.source:
        rows.insert(0, Row("Says it is", _one_line(found.source)))
    if found.level:
        rows.append(Row("Level", found.level, tone=_TONES.get(found.level, "")))
    if found.stamp:
        rows.append(Row("Its own time", _one_line(found.stamp)))
    rows.append(Row("Call", f"{event.detail.get('call', 'recvfrom')}() = {grouped(event.size or 0)}", mono=True))
    cut = (event.size or 0) > BUFSIZE
    whole = f"whole: at most {grouped(BUFSIZE)} bytes"
    rows.append(Row("Original", f"would have cut this at {grouped(BUFSIZE)} bytes" if cut else whole,
                    tone="warning" if cut else ""))  # fmt: skip
    return rows


def _address(value: object) -> str:
    return visible(address_text(tuple(value) if isinstance(value, list) else value))


def _one_line(text: str) -> str:
    return visible(text[:VALUE]) + ("\u2026" if len(text) > VALUE else "")


class DatagramPart(QWidget):
    """The fields of a datagram; hidden for every other event."""

    def __init__(self) -> None:
        super().__init__()
        self.kind = Chip()
        self.fields = FactRows()
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(self.fields)
        self.more = Label("", "caption", "text2")
        self.warning = Banner("warning")
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(Label("Fields", "section"))
        head.addWidget(self.kind)
        head.addStretch(1)
        inside = QVBoxLayout()
        inside.setContentsMargins(EDGE, 10, EDGE, 10)
        inside.setSpacing(6)
        inside.addLayout(head)
        inside.addWidget(self.area)
        inside.addWidget(self.more)
        inside.addWidget(self.warning)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(inside)
        column.addWidget(Line())
        theme().scaled.connect(self.updateGeometry)
        self.hide()

    def show_event(self, event: Event) -> Reading | None:
        """Show what the event's bytes say; None, and nothing is shown, where no bucket took it."""
        if not is_spewed(event):
            self.hide()
            return None
        found = read(event.data or b"")
        rows = [Row(_one_line(name)[:40], _one_line(value), mono=True) for name, value in found.fields.items()]
        self.kind.setText(found.kind)
        self.fields.show_rows(rows[:FIELDS])
        self.more.setText(f"{len(rows) - FIELDS} more" if len(rows) > FIELDS else "" if rows else "none")
        self.more.setVisible(bool(self.more.text()))
        if found.warning:
            self.warning.say(_WARNED.get(found.kind, "Stopped."), found.warning)
        else:
            self.warning.clear()
        self._fit()
        self.show()
        return found

    def _fit(self) -> None:
        """As high as the fields need, up to a bound: the bytes below want room too."""
        wanted = self.fields.layout().totalHeightForWidth(max(self.area.viewport().width(), 1))  # type: ignore[union-attr]
        wanted = max(wanted, self.fields.sizeHint().height())
        self.area.setVisible(bool(wanted) and self.more.text() != "none")
        self.area.setMinimumHeight(min(wanted, theme().px(LEAST_PX)))
        self.area.setMaximumHeight(min(wanted, theme().px(MOST_PX)))
