"""Notes of events that are made into events when somebody takes them.

A small file over FTP is some fifteen events in a third of a millisecond; to make each at once would take a quarter of
that. So whoever is in such a hurry notes what each one is made of, in order, and puts a few dozen at a time. They
are the same events in the same order, and only a consumer can tell: by the time it takes. It must not know what they
mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from protocols.record.bulk import Many
from protocols.record.event import Raw

if TYPE_CHECKING:
    from protocols.record.recorder import Recorder

Note: TypeAlias = tuple[Any, ...]
"""(make, bytes of payload that it holds, argument, argument, ..): `make(*arguments)` gives the event."""
ENOUGH: Final = 40
"""So many notes are put at the next opportunity."""
_bytes = itemgetter(1)


class Later(Many):
    """Noted events. They are made once, by the first consumer that takes them."""

    __slots__ = ("_made", "_nbytes", "_notes")

    def __init__(self, notes: list[Note]) -> None:
        self._notes = notes
        self._nbytes: int = sum(map(_bytes, notes))
        self._made: list[Raw] | None = None

    def __len__(self) -> int:
        return len(self._notes)

    @property
    def nbytes(self) -> int:
        """Bytes of payload."""
        return self._nbytes

    def raws(self) -> Iterator[Raw]:
        """The events one by one."""
        made = self._made
        if made is None:
            made = self._made = [note[0](*note[2:]) for note in self._notes]
        return iter(made)


class Notes:
    """What one thread notes until it puts it. Made by that thread. add: takes one Note. thread: its name."""

    def __init__(self, recorder: Recorder, thread: str) -> None:
        self.thread: Final = thread
        self._recorder: Final = recorder
        self._notes: list[Note] = []
        self.add: Callable[[Note], None] = self._notes.append

    def __len__(self) -> int:
        return len(self._notes)

    def put(self) -> None:
        """Record what was noted; before anything else is recorded by this thread, so that all stays in order."""
        if self._notes:
            later = Later(self._notes.copy())
            self._notes.clear()
            self._recorder.put_later(later)
