"""Status bar: what runs, what the lab sees, what it exposes; what was lost, kept and written.

It shows numbers that it is given; each item opens its detail when clicked. It must not know
services, the recorder or the store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QStatusBar

from protocols.numbers import grouped
from widgets.parts.status_item import StatusItem
from widgets.theme.theme import theme

if TYPE_CHECKING:
    from protocols.service.base import Facts

LEVEL: Final = "L0: calls and kernel states, no privileges used"
LEVEL_TIP: Final = (
    "Packet level L0. The lab traces its own sockets and asks the kernel for TCP states. "
    "No packets are captured and no privileges are used."
)
LEVEL_1: Final = "L1: a private network, no privileges used"
LEVEL_1_TIP: Final = (
    "Packet level L1. A network of the lab's own, in namespaces of this user: real packets, and none of them leaves it."
)
LEVEL_2: Final = "L2: a child captures packets"
LEVEL_2_TIP: Final = (
    "Packet level L2. A child process captures from an interface, with rights that this window does not have: what "
    "other programs send is seen, too."
)
LEAST_LEVEL_PX: Final = 90
"""With less room the level says nothing any more."""
GAPS_PX: Final = 40


@dataclass(frozen=True, slots=True)
class Counts:
    """What the right side tells. session_bytes None: nothing is written to a file."""

    dropped: int = 0
    events: int = 0
    session_bytes: int | None = None
    problem: str = ""


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
        theme()  # where nothing has asked for it before: its first dressing must not meet a half-built bar
        super().__init__()
        self.setSizeGripEnabled(False)
        self.running, self.level, self.exposure = StatusItem(), StatusItem(), StatusItem()
        self.dropped, self.events, self.session = StatusItem(), StatusItem(), StatusItem()
        for item in (self.running, self.level, self.exposure):
            self.addWidget(item)
        for item in (self.dropped, self.events, self.session):
            self.addPermanentWidget(item)
        for item in (self.running, self.exposure, self.dropped, self.events, self.session):
            item.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.level.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.level.setMinimumWidth(1)
        self.running.clicked.connect(self.running_requested)
        self.level.clicked.connect(self.level_requested)
        self.exposure.clicked.connect(self.exposure_requested)
        self.dropped.clicked.connect(self.events_requested)
        self.events.clicked.connect(self.events_requested)
        self.session.clicked.connect(self.session_requested)
        self.level.set(LEVEL, tip=LEVEL_TIP)
        self.show_running(())
        self.show_counts(Counts())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._give_room()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._give_room()
        return done

    def _give_room(self) -> None:
        """In a narrow window the words that never change give room first; what runs and what was lost stay whole."""
        others = [self.running, self.exposure, self.dropped, self.events, self.session]
        calm = [self.session, *([] if self.exposure.state == "warning" else [self.exposure]), self.events]
        for item in calm:
            if self._room(others) < 0:
                others.remove(item)
        for item in (self.exposure, self.events, self.session):
            item.setVisible(item in others)
        room = self._room(others)
        enough = room >= theme().px(LEAST_LEVEL_PX) and self.session in others
        self.level.setVisible(enough)
        if enough:
            self.level.setMaximumWidth(room)

    def _room(self, items: Iterable[StatusItem]) -> int:
        return self.width() - sum(item.sizeHint().width() for item in items) - theme().px(GAPS_PX)

    def show_running(self, facts: Iterable[Facts]) -> None:
        """Say what runs and what of it others can reach."""
        listed = list(facts)
        level, meaning = level_words(listed)
        self.level.set(level, tip=meaning)
        if listed:
            names = "\n".join(f"{one.name}  {one.where}" for one in listed[:20])
            self.running.set(running_words(listed), state="running", tip=names)
        else:
            self.running.set("nothing running", state="stopped", tip="Click for the table of services")
        wide = [one for one in listed if one.exposed]
        if wide:
            names = ", ".join(f"{one.name} on {one.where}" for one in wide)
            tip = f"Others on the network can reach: {names}"
            self.exposure.set("reachable from other machines", state="warning", tip=tip)
        else:
            tip = "No other machine can reach a server of the lab."
            self.exposure.set("bound to loopback only", icon="shield-check", tip=tip)

    def show_counts(self, counts: Counts) -> None:
        """Say how many events were lost and kept, and how large the session file is."""
        if counts.dropped:
            tip = "Events that came faster than they could be kept. A note on the time line says where."
            self.dropped.set(f"{grouped(counts.dropped)} dropped", state="warning", tip=tip)
        else:
            self.dropped.set("0 dropped", tip="Every event was kept.")
        self.events.set(f"{grouped(counts.events)} {'event' if counts.events == 1 else 'events'}")
        if counts.problem:
            self.session.set("not recorded", state="warning", tip=counts.problem)
        elif counts.session_bytes is None:
            self.session.set("no session file")
        else:
            self.session.set(f"session {size_words(counts.session_bytes)}")


def level_words(facts: Iterable[Facts]) -> tuple[str, str]:
    """How deep the lab looks now, and what that means: the highest packet level of what runs."""
    kinds = [one.kind for one in facts]
    if "network" in kinds:
        return LEVEL_1, LEVEL_1_TIP
    return (LEVEL_2, LEVEL_2_TIP) if "capture" in kinds else (LEVEL, LEVEL_TIP)


def running_words(facts: Iterable[Facts]) -> str:
    """How many of what run: "1 server, 3 clients"."""
    sorts = (one.kind.rpartition(" ")[2] for one in facts)  # a "telnet server" is a server
    counts = Counter(sort if sort in ("server", "client") else "service" for sort in sorts)
    named = ((kind, counts[kind]) for kind in ("server", "client", "service"))
    return ", ".join(f"{grouped(count)} {kind}{'' if count == 1 else 's'}" for kind, count in named if count)


def size_words(size_bytes: int) -> str:
    """A size as people read it: "41 KB", "1.1 GB"."""
    size = float(size_bytes)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit in ("B", "KB") or size >= 10 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.0f} GB"
