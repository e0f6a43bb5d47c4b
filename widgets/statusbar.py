"""Status bar: what runs, what the lab sees, what it exposes; what was lost, kept and written.

It shows numbers that it is given; each item opens its detail when clicked. It must not know
services, the recorder or the store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QStatusBar

from widgets.theme.theme import theme

if TYPE_CHECKING:
    from protocols.service.base import Facts

LEVEL: Final = "L0: calls and kernel states, no privileges used"
LEVEL_TIP: Final = (
    "Packet level L0. The lab traces its own sockets and asks the kernel for TCP states. "
    "No packets are captured and no privileges are used."
)
GROUP: Final = "\u2009"
ICON: Final = 14
GAP: Final = 6


@dataclass(frozen=True, slots=True)
class Counts:
    """What the right side tells. session_bytes None: nothing is written to a file."""

    dropped: int = 0
    events: int = 0
    session_bytes: int | None = None
    problem: str = ""


class StatusItem(QAbstractButton):
    """Icon and words in one colour role; the whole words are its tool tip when they don't fit."""

    def __init__(self, name: str, icon: str = "", role: str = "text2", weight: int = 400) -> None:
        super().__init__()
        self.setObjectName(name)
        self._icon, self._role, self._weight = icon, role, weight
        self._tip = ""
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def say(self, text: str, *, icon: str = "", role: str = "text2", tip: str = "") -> None:
        """Show these words; nothing is redrawn where nothing changed."""
        if (text, icon, role, tip) == (self.text(), self._icon, self._role, self._tip):
            return
        self._icon, self._role, self._tip = icon, role, tip
        self.setText(text)
        self.setAccessibleName(text)
        self.setToolTip(tip or text)
        self.updateGeometry()
        self.update()

    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(theme().ui_font(9, self._weight))

    def sizeHint(self) -> QSize:
        metrics = self._metrics()
        icon = theme().px(ICON) + GAP if self._icon else 0
        return QSize(metrics.horizontalAdvance(self.text()) + icon + 18, metrics.height() + 9)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self.sizeHint().width(), 48), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = theme().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.track)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 4, 4)
        left = 9.0
        if self._icon:
            picture = theme().pixmap(self._icon, self._role, ICON, self.devicePixelRatioF())
            side = theme().px(ICON)
            painter.drawPixmap(QRectF(left, (self.height() - side) / 2, side, side), picture, QRectF(picture.rect()))
            left += side + GAP
        painter.setFont(theme().ui_font(9, self._weight))
        painter.setPen(tokens.role(self._role))
        room = QRectF(left, 0, self.width() - left - 6, self.height())
        words = self._metrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, int(room.width()) + 1)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        painter.end()


class StatusBar(QStatusBar):
    """The window's lowest line.

    running_requested, exposure_requested, events_requested, session_requested: an item was clicked.
    """

    running_requested = Signal()
    level_requested = Signal()
    exposure_requested = Signal()
    events_requested = Signal()
    session_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.running = StatusItem("status-running", weight=500)
        self.level = StatusItem("status-level")
        self.exposure = StatusItem("status-exposure")
        self.dropped = StatusItem("status-dropped")
        self.events = StatusItem("status-events")
        self.session = StatusItem("status-session")
        for item in (self.running, self.level, self.exposure):
            self.addWidget(item)
        for item in (self.dropped, self.events, self.session):
            self.addPermanentWidget(item)
        self.running.clicked.connect(self.running_requested)
        self.level.clicked.connect(self.level_requested)
        self.exposure.clicked.connect(self.exposure_requested)
        self.dropped.clicked.connect(self.events_requested)
        self.events.clicked.connect(self.events_requested)
        self.session.clicked.connect(self.session_requested)
        self.level.say(LEVEL, tip=LEVEL_TIP)
        self.show_running(())
        self.show_counts(Counts())
        theme().changed.connect(self._on_theme_changed)

    def show_running(self, facts: Iterable[Facts]) -> None:
        """Say what runs and what of it others can reach."""
        listed = list(facts)
        if listed:
            names = "\n".join(f"{one.name}  {one.where}" for one in listed[:20])
            self.running.say(running_words(listed), icon="circle-dot", role="running", tip=names)
        else:
            self.running.say("nothing running", icon="square", role="stopped", tip="Click for the table of services")
        wide = [one for one in listed if one.exposed]
        if wide:
            names = ", ".join(f"{one.name} on {one.where}" for one in wide)
            tip = f"Others on the network can reach: {names}"
            self.exposure.say("reachable from other machines", icon="triangle-alert", role="warning", tip=tip)
        else:
            tip = "No other machine can reach a server of the lab."
            self.exposure.say("bound to loopback only", icon="shield-check", tip=tip)

    def show_counts(self, counts: Counts) -> None:
        """Say how many events were lost and kept, and how large the session file is."""
        if counts.dropped:
            tip = "Events that came faster than they could be kept. A note on the time line says where."
            self.dropped.say(f"{grouped(counts.dropped)} dropped", icon="triangle-alert", role="warning", tip=tip)
        else:
            self.dropped.say("0 dropped", tip="Every event was kept.")
        self.events.say(f"{grouped(counts.events)} {'event' if counts.events == 1 else 'events'}")
        if counts.problem:
            self.session.say("not recorded", icon="triangle-alert", role="warning", tip=counts.problem)
        elif counts.session_bytes is None:
            self.session.say("no session file")
        else:
            self.session.say(f"session {size_words(counts.session_bytes)}")

    def _on_theme_changed(self) -> None:
        for item in self.findChildren(StatusItem):
            item.updateGeometry()
            item.update()


def running_words(facts: Iterable[Facts]) -> str:
    """How many of what run: "1 server, 3 clients"."""
    counts = Counter(one.kind if one.kind in ("server", "client") else "service" for one in facts)
    named = ((kind, counts[kind]) for kind in ("server", "client", "service"))
    return ", ".join(f"{grouped(count)} {kind}{'' if count == 1 else 's'}" for kind, count in named if count)


def grouped(number: int) -> str:
    """A number with thin spaces between its groups of three."""
    return f"{number:,}".replace(",", GROUP)


def size_words(size_bytes: int) -> str:
    """A size as people read it: "41 KB", "1.1 GB"."""
    size = float(size_bytes)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit in ("B", "KB") or size >= 10 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.0f} GB"
