"""Recorder: where every worker puts what happened, and every view takes it from.

Thread-safe, bounded, and it counts what it had to drop: a full queue never blocks a worker
and never grows without end. It must not know what an event means or where it ends up.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

from protocols.record.bulk import Bulk, Many
from protocols.record.connections import Connections
from protocols.record.event import Direction, Layer, Raw, monotonic_ns
from protocols.record.later import Later
from protocols.record.packed import PackedRun

BOUND_EVENTS: Final = 1 << 20
"""Events that one consumer may lag behind before drops begin."""
BOUND_BYTES: Final = 256 << 20
"""Payload bytes that one consumer may lag behind before drops begin."""


_FRESH_EVENTS: Final = 2048
_PACK_ABOVE: Final = 16_384
"""A consumer that lags behind by more events than this gets them packed: the queue takes half the memory."""
_FRESH_BYTES: Final = 8 << 10
"""What waits to be handed round is at most so many events, each of at most so much payload."""


class Tail:
    """One consumer's bounded queue of a Recorder. Made by `Recorder.tail()`; ended by `close()`."""

    def __init__(self, recorder: Recorder, bound_events: int, bound_bytes: int) -> None:
        self._recorder = recorder
        self._bound_events = bound_events
        self._bound_bytes = bound_bytes
        self._items: deque[Raw | Many] = deque()
        self._rows = 0
        self._bytes = 0
        self._new_drops = 0
        self._noted = False
        """Some of the items are Later."""
        self._ready = threading.Event()
        self._dropped = 0

    def _has_room(self, rows: int, size: int) -> bool:
        """Called with the recorder's lock held."""
        return self._rows + rows <= self._bound_events and self._bytes + size <= self._bound_bytes

    def _push(self, item: Raw | Many, rows: int, size: int) -> None:
        """Called with the recorder's lock held."""
        if not self._has_room(rows, size):
            self._drop(rows)
            return
        self._items.append(item)
        self._rows += rows
        self._bytes += size
        if not self._ready.is_set():
            self._ready.set()

    def _drop(self, rows: int) -> None:
        """Called with the recorder's lock held."""
        self._dropped += rows
        self._new_drops += rows

    def _push_all(self, raws: list[Raw], size: int) -> None:
        """Called with the recorder's lock held. `size` is the payload of all."""
        if not self._has_room(len(raws), size):
            for raw in raws:
                self._push(raw, *extent(raw))
            return
        self._items.extend(raws)
        self._rows += len(raws)
        self._bytes += size
        if not self._ready.is_set():
            self._ready.set()

    def take(self, limit: int | None = None) -> list[Raw]:
        """Take what has arrived, oldest first, about `limit` events. Drops are told by a note in the batch.

        A bulk comes whole, as the events of its rows.
        """
        taken: list[Raw] = []
        for item in self.take_items(limit):
            if isinstance(item, Many):
                taken.extend(item.raws())
            else:
                taken.append(item)
        return taken

    def take_items(self, limit: int | None = None) -> list[Raw | Many]:
        """As `take`, but bulks are given as they are, for a consumer that looks at few of their rows.

        Events that were only noted are made now.
        """
        recorder = self._recorder
        with recorder._lock:
            recorder._spread()
            taken = self._swap(limit)
            drops, self._new_drops = self._new_drops, 0
            if not self._items:
                self._ready.clear()
                if recorder._fresh:  # put between the two lines above, and its signal just wiped out
                    self._ready.set()
            noted, self._noted = self._noted, bool(self._items) and self._noted
        if noted:
            taken = [each for item in taken for each in (item.raws() if type(item) is Later else (item,))]
        if drops:
            taken.append(_drop_note(drops))
        return taken

    def _swap(self, limit: int | None) -> list[Raw | Many]:
        if limit is None or self._rows <= limit:
            taken = list(self._items)
            self._items.clear()
            self._rows = self._bytes = 0
            return taken
        taken, left = [], limit
        while left > 0 and self._items:
            item = self._items.popleft()
            rows, size = extent(item)
            self._rows -= rows
            self._bytes -= size
            left -= rows
            taken.append(item)
        return taken

    def __len__(self) -> int:
        with self._recorder._lock:
            self._recorder._spread()
            return self._rows + self._recorder._unspread()

    @property
    def dropped(self) -> int:
        """Events that came while there was no room for them."""
        with self._recorder._lock:
            self._recorder._spread()
            return self._dropped

    def wait(self, timeout_s: float) -> bool:
        """Wait until something has arrived; False after `timeout_s` seconds without."""
        return self._ready.wait(timeout_s)

    def wake(self) -> None:
        """End a `wait()` under way."""
        self._ready.set()

    def close(self) -> None:
        """Stop receiving. What is queued can still be taken."""
        self._recorder._forget(self)


def extent(item: Raw | Many) -> tuple[int, int]:
    """How many events an item is, and how many bytes of payload it holds."""
    if isinstance(item, Many):
        return len(item), item.nbytes
    return 1, len(item[8] or b"")


def _drop_note(count: int) -> Raw:
    summary = f"{count} events were dropped here: they came faster than they could be kept"
    return (monotonic_ns(), "note", "events dropped", None, None, None, None, None, None, summary, {"dropped": count})


class Recorder:
    """Takes events from any thread and hands each to every consumer (`tail()`).

    epoch_ns: add it to an event's `t` to get nanoseconds since 1970. total: events put so far.
    connections: who talks to whom, so that both ends of a connection get one id.
    `enabled` False makes traced sockets pass calls through unrecorded.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        """Held by a thread that puts more than one event into the tails: so they stay in order while it packs."""
        self._packing = 0
        self._tails: list[Tail] = []
        self.epoch_ns: Final = time.time_ns() - monotonic_ns()
        self._fresh: deque[Raw] = deque()
        self._told = False
        self._total = 0
        self.enabled = True
        self.connections: Final = Connections()

    def tail(self, *, bound_events: int = BOUND_EVENTS, bound_bytes: int = BOUND_BYTES) -> Tail:
        """A new consumer: it gets every event put from now on."""
        tail = Tail(self, bound_events, bound_bytes)
        with self._lock:
            self._spread()
            self._tails = [*self._tails, tail]
        return tail

    def _forget(self, tail: Tail) -> None:
        with self._lock:
            self._spread()
            self._tails = [one for one in self._tails if one is not tail]

    def put(self, raw: Raw) -> None:
        """Record one hot-path tuple (the fields of Event in order).

        Appending to a deque needs no lock; who takes, or fills it up, hands it round to the tails.
        """
        fresh, data = self._fresh, raw[8]
        fresh.append(raw)
        if len(fresh) >= _FRESH_EVENTS or (data and len(data) > _FRESH_BYTES):
            self._hand_round()
        elif not self._told:
            self._told = True
            for tail in self._tails:
                tail._ready.set()

    def put_pair(self, first: Raw, second: Raw) -> None:
        """As two calls of `put`, for two events of the same payload."""
        fresh, data = self._fresh, first[8]
        fresh.append(first)
        fresh.append(second)
        if len(fresh) >= _FRESH_EVENTS or (data is not None and len(data) > _FRESH_BYTES):
            self._hand_round()
        elif not self._told:
            self._told = True
            for tail in self._tails:
                tail._ready.set()

    def _hand_round(self) -> None:
        """By a thread that puts: give the tails what was put, packed if one of them lags far behind."""
        with self._turn:
            with self._lock:
                if len(self._fresh) < _FRESH_EVENTS // 2 or not any(t._rows > _PACK_ABOVE for t in self._tails):
                    self._spread()
                    return
                raws, tails = self._taken_fresh(), self._tails
                self._packing = len(raws)
            packed = PackedRun(raws)  # without the lock: whoever takes must not wait for this
            with self._lock:
                self._packing = 0
                self._give(raws, packed, tails)

    def _taken_fresh(self) -> list[Raw]:
        """Called with the lock held. `_told` goes back first, for what comes now."""
        self._told = False
        fresh = self._fresh
        return [fresh.popleft() for _ in range(len(fresh))]

    def _spread(self) -> None:
        """Called with the lock held: give every tail what was put, unless older events are just being packed."""
        if not self._packing and (raws := self._taken_fresh()):
            self._give(raws, None, self._tails)

    def _give(self, raws: list[Raw], packed: PackedRun | None, tails: list[Tail]) -> None:
        """Called with the lock held."""
        self._total += len(raws)
        size = sum([len(raw[8]) for raw in raws if raw[8] is not None]) if tails else 0
        for tail in tails:
            if packed is not None and tail._has_room(len(raws), size):
                tail._push(packed, len(raws), size)
            else:
                tail._push_all(raws, size)

    def _unspread(self) -> int:
        """Called with the lock held: events put that no tail has yet."""
        return len(self._fresh) + self._packing

    def put_many(self, raws: Iterable[Raw]) -> None:
        """Record several tuples under one lock."""
        with self._turn, self._lock:
            self._spread()
            for raw in raws:
                self._total += 1
                for tail in self._tails:
                    tail._push(raw, 1, len(raw[8] or b""))

    def put_bulk(self, bulk: Bulk) -> None:
        """Record many datagrams at once; a consumer without room for all of them gets none, and they are counted."""
        self._put_whole(bulk)

    def put_later(self, later: Later) -> None:
        """Record events that are made when they are taken; as of a bulk, a consumer gets all or none."""
        self._put_whole(later)

    def _put_whole(self, item: Many) -> None:
        rows, size = len(item), item.nbytes
        with self._turn, self._lock:
            self._spread()
            self._total += rows
            for tail in self._tails:
                tail._push(item, rows, size)
                tail._noted = tail._noted or type(item) is Later

    def emit(
        self,
        layer: Layer,
        kind: str,
        summary: str = "",
        *,
        service: str | None = None,
        conn: str | None = None,
        direction: Direction | None = None,
        offset: int | None = None,
        size: int | None = None,
        data: bytes | None = None,
        detail: Mapping[str, Any] | None = None,
        t: int | None = None,
    ) -> None:
        """Record one event by its fields; `t` defaults to now. See `Event` for what each means."""
        stamp = monotonic_ns() if t is None else t
        self.put((stamp, layer, kind, service, conn, direction, offset, size, data, summary, detail))

    def note(
        self, kind: str, summary: str, *, service: str | None = None, conn: str | None = None, **detail: Any
    ) -> None:
        """Record what the lab did or explains."""
        self.emit("note", kind, summary, service=service, conn=conn, detail=detail)

    @property
    def total(self) -> int:
        """Events put so far."""
        with self._lock:
            self._spread()
            return self._total + self._unspread()

    @property
    def dropped(self) -> int:
        """Events that at least one consumer could not be given."""
        with self._lock:
            self._spread()
            return max((tail._dropped for tail in self._tails), default=0)
