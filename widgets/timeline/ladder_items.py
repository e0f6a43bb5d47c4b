"""What a ladder is made of: lanes, steps, items on them, and the bars of messages.

Plain records; LadderLayout keeps them. They must not know Qt, pixels or words.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Lane:
    """A lifeline: a thread, or one end of the connection in the kernel."""

    key: str
    title: str
    subtitle: str
    rank: int


@dataclass(slots=True, eq=False)
class Item:
    """One thing on a step. shape: call, state, packet, note, mark. source, target: lanes (equal: no arrow).

    fed_by: the sends that this recv was fed by. fed: a recv has taken bytes of this send. bars: messages that it
    carried. place: the step's index, kept up to date by the layout.
    """

    log_row: int
    shape: str
    source: str
    target: str
    error: bool = False
    flow: str = ""
    start: int = 0
    stop: int = 0
    fed_by: list[Item] = field(default_factory=list)
    fed: bool = False
    bars: list[Bar] = field(default_factory=list)
    place: int = 0


@dataclass(slots=True, eq=False)
class Bar:
    """A message, drawn beside all steps that carried it.

    rows: the events that tell of it. column: 0 or 1, so that neighbours don't hide each other.
    """

    rows: set[int]
    items: list[Item]
    column: int = 0

    @property
    def first(self) -> int:
        """The first step of it."""
        return min(item.place for item in self.items)

    @property
    def last(self) -> int:
        """The last step of it."""
        return max(item.place for item in self.items)


@dataclass(slots=True, eq=False)
class Step:
    """One line of the ladder: an instant and what happened in it."""

    t: int
    items: list[Item]
    used: int = 0


@dataclass(slots=True)
class Flow:
    """One direction of a connection: what was sent into it and what was taken out, by byte range."""

    sent: list[Item] = field(default_factory=list)
    taken: list[Item] = field(default_factory=list)
    bars: list[tuple[int, int, Bar]] = field(default_factory=list)
    waiting: list[tuple[bytes | None, int | None, Item]] = field(default_factory=list)
