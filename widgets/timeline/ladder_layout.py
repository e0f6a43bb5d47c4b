"""LadderLayout: who stands where and what happens on which line of the ladder.

Takes events as they come, keeps them in order of time, and joins what belongs together by
byte range: a send with the recv it feeds, a message with the calls that carried it. It knows
neither Qt nor pixels nor words: steps have a height of 1, the painter gives them a size.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from operator import attrgetter
from typing import Any, Final

from protocols.record.event import Raw, detail_of
from widgets.timeline.ladder_items import Bar, Flow, Item, Lane, Step

GAP_NS: Final = 200_000_000
"""A pause at least this long is named between two steps."""
TOGETHER_NS: Final = 100_000
"""Things closer than this share a line where they don't cover each other."""
MAX_LANES: Final = 8
SCALE_LEAST: Final = 1.0
SCALE_MOST: Final = 14.0
CLIENT: Final = "client"
KERNEL_CLIENT: Final = "kernel client"
KERNEL_SERVER: Final = "kernel server"
OTHERS: Final = "other threads"
_RANKS: Final = {CLIENT: 0, KERNEL_CLIENT: 1, KERNEL_SERVER: 2}
LISTENER_RANK: Final = 3
WORKER_RANK: Final = 4
_LISTENING: Final = frozenset(("bind", "listen", "accept"))
_LENT: Final = "lab-intent-"
_HANDED_ON: Final = frozenset(("thread started", "accepted by", "thread", "task started"))
_DATAGRAM: Final = frozenset(("sendto", "recvfrom", "sendmsg datagram", "recvfrom_into"))


_LEFT, _MIDDLE, _RIGHT, _LEFT_BADGE, _RIGHT_BADGE = 1, 2, 4, 8, 16
_BLOCKED: Final = {
    _LEFT: _LEFT | _LEFT_BADGE,
    _LEFT_BADGE: _LEFT | _LEFT_BADGE,
    _RIGHT: _RIGHT | _RIGHT_BADGE,
    _RIGHT_BADGE: _RIGHT | _RIGHT_BADGE,
    _MIDDLE: _MIDDLE,
}


class LadderLayout:
    """Lanes, steps and bars of one connection (or one service). to_scale: distances follow time."""

    def __init__(self) -> None:
        self.lanes: dict[str, Lane] = {}
        self.steps: list[Step] = []
        self.bars: list[Bar] = []
        self.places: dict[int, Item] = {}
        """The item of a log row; a message's first item."""
        self.datagram = False
        self.has_states = False
        self.to_scale = False
        self._times = array("q")
        self._tops = array("d")
        self._gaps: dict[int, int] = {}
        self._dirty = 0
        self._ns_per_step = 0.0
        self._flows: dict[str, Flow] = {}
        self._client_threads: set[str] = set()
        self._height = 0.0

    # Asking

    @property
    def split_kernel(self) -> bool:
        """True if the kernel's two ends have a line each; else one line stands for both."""
        return self.has_states or self.datagram

    def ordered_lanes(self) -> list[Lane]:
        """The lanes from left to right."""
        lanes = sorted(self.lanes.values(), key=lambda lane: lane.rank)
        if self.split_kernel:
            return lanes
        ends = [lane for lane in lanes if lane.key in (KERNEL_CLIENT, KERNEL_SERVER)]
        if not ends:
            return lanes
        both = Lane(KERNEL_CLIENT, "TCP", "kernel, both ends", 1)
        return [lane for lane in lanes if lane.rank < 1] + [both] + [lane for lane in lanes if lane.rank > 2]

    def height(self) -> float:
        """Height of all steps, in step heights."""
        self._settle()
        return self._height

    def top(self, place: int) -> float:
        """Where a step begins."""
        self._settle()
        return self._tops[place]

    def gap_before(self, place: int) -> int:
        """The pause in ns that is named before this step, 0 for none."""
        self._settle()
        return self._gaps.get(place, 0)

    def between(self, top: float, bottom: float) -> range:
        """The steps that are at least partly between two heights."""
        self._settle()
        first = max(0, bisect_right(self._tops, top) - 1)
        return range(first, min(len(self.steps), bisect_left(self._tops, bottom)))

    def set_to_scale(self, to_scale: bool) -> None:
        """Distances follow time (at least one step, at most SCALE_MOST) or are equal."""
        if to_scale != self.to_scale:
            self.to_scale = to_scale
            self._dirty = 0

    # Taking events

    def add(self, log_row: int, raw: Raw) -> None:
        """Take one event of the connection."""
        detail = detail_of(raw)
        if raw[1] == "message" and self._add_message(log_row, raw, detail):
            return
        item, segment = self._item(log_row, raw, detail)
        self.places[log_row] = item
        item.place = self._put(item, raw[0], segment)
        self._join(item, raw)

    def _item(self, log_row: int, raw: Raw, detail: Any) -> tuple[Item, int]:
        layer, kind = raw[1], raw[2]
        error = "errno" in detail
        if layer == "state":
            self.has_states = True
            end = KERNEL_SERVER if detail.get("end") == "server" else KERNEL_CLIENT
            self._kernel(detail, server=end == KERNEL_SERVER)
            return Item(log_row, "state", end, end), _RIGHT_BADGE if end == KERNEL_SERVER else _LEFT_BADGE
        if layer == "packet":
            self.has_states = True
            self._kernel(detail, server=detail.get("end") == "server")
            ends = (KERNEL_CLIENT, KERNEL_SERVER)
            source, target = ends if raw[5] != "in" else ends[::-1]
            return Item(log_row, "packet", source, target), _MIDDLE
        lane = self._thread_lane(raw, detail)
        left = lane == CLIENT
        segment = _LEFT if left else _RIGHT
        if layer == "note":
            return Item(log_row, "note", *self._note_ends(lane, raw, detail), error), segment
        if layer == "message":
            return Item(log_row, "mark", lane, lane, error), segment
        kernel = KERNEL_CLIENT if left else KERNEL_SERVER
        # An accept has no end in its detail, but its lane tells it.
        self._kernel(detail, server=not left)
        if kind in _DATAGRAM:
            self.datagram = True
        if kind == "accept" or raw[5] == "in":
            return Item(log_row, "call", kernel, lane, error), segment
        return Item(log_row, "call", lane, kernel, error), segment

    def _note_ends(self, lane: str, raw: Raw, detail: Any) -> tuple[str, str]:
        listener = next((other.key for other in self.lanes.values() if other.rank == LISTENER_RANK), lane)
        if lane != listener and lane != CLIENT and _thread(detail) and raw[2] in _HANDED_ON:
            return listener, lane
        return lane, lane

    def _thread_lane(self, raw: Raw, detail: Any) -> str:
        """The lane of the thread that acted; a client's threads share one."""
        service, thread = raw[3] or "lab", _thread(detail)
        end = detail.get("end")
        server = end == "server" or raw[2] in _LISTENING or (end is None and not self._is_client(service))
        if not server:
            if thread:
                self._client_threads.add(thread)
            count = len(self._client_threads)
            named = "" if thread.startswith(_LENT) else thread
            subtitle = named or "thread" if count < 2 else f"{count} threads"
            self.lanes[CLIENT] = Lane(CLIENT, service, subtitle, 0)
            return CLIENT
        key = f"{service}\0{thread}"
        if not thread:
            # Not told which thread: the last one of this service that did something here.
            known = [other.key for other in self.lanes.values() if other.key.startswith(key)]
            key = known[-1] if known else key
        lane = self.lanes.get(key)
        listening = raw[2] in _LISTENING
        if lane is None:
            if len(self.lanes) >= MAX_LANES:
                self.lanes.setdefault(OTHERS, Lane(OTHERS, "others", "more threads", WORKER_RANK + 1))
                return OTHERS
            # A thread lent by the lab says nothing to the reader: what ran in it has the name.
            named = "" if thread.startswith(_LENT) else thread
            lane = self.lanes[key] = Lane(key, named or service, _role(named), WORKER_RANK)
        if listening and lane.rank == WORKER_RANK:
            lane.rank, lane.title, lane.subtitle = LISTENER_RANK, service, "listening thread"
        return key

    def _is_client(self, service: str) -> bool:
        lane = self.lanes.get(CLIENT)
        return service.startswith("client") or (lane is not None and lane.title == service)

    def _kernel(self, detail: Any, *, server: bool) -> None:
        word = "socket" if self.datagram else "kernel"
        local, peer = _address(detail.get("local")), _address(detail.get("peer"))
        if server:
            local, peer = peer, local
        for key, end, address in ((KERNEL_CLIENT, "client", local), (KERNEL_SERVER, "server", peer)):
            lane = self.lanes.get(key)
            if lane is None:
                lane = self.lanes[key] = Lane(key, "", address, _RANKS[key])
            lane.title = f"{word}, {end} end"
            lane.subtitle = lane.subtitle or address

    # Order

    def _put(self, item: Item, t: int, segment: int) -> int:
        """Put an item into its step; a new step unless one close by has room on that side."""
        at = bisect_right(self._times, t)
        for near in (at - 1, at):
            if 0 <= near < len(self.steps) and self._shares(self.steps[near], item, t, segment):
                step = self.steps[near]
                step.items.append(item)
                step.used |= segment
                return near
        self.steps.insert(at, Step(t, [item], segment))
        self._times.insert(at, t)
        for place in range(at, len(self.steps)):
            for moved in self.steps[place].items:
                moved.place = place
        self._dirty = min(self._dirty, at)
        return at

    @staticmethod
    def _shares(step: Step, item: Item, t: int, segment: int) -> bool:
        """States and packets may share a line; every call and note has its own."""
        if abs(t - step.t) > TOGETHER_NS or step.used & _BLOCKED[segment]:
            return False
        return item.shape in ("state", "packet") and any(other.shape in ("state", "packet") for other in step.items)

    def _settle(self) -> None:
        """Give every step from the first changed one its place."""
        at, tops, times = self._dirty, self._tops, self._times
        if at >= len(times) and len(tops) == len(times):
            return
        del tops[at:]
        for place in [place for place in self._gaps if place >= at]:
            del self._gaps[place]
        per_step = self._typical_step() if self.to_scale else 1.0
        for place in range(at, len(times)):
            if not place:
                tops.append(0.0)
                continue
            pause = times[place] - times[place - 1]
            named = pause >= GAP_NS
            if named:
                self._gaps[place] = pause
            if self.to_scale:
                tops.append(tops[-1] + min(max(pause / per_step, SCALE_LEAST), SCALE_MOST) + (0.8 if named else 0))
            else:
                tops.append(tops[-1] + (1.8 if named else 1.0))
        self._dirty = len(times)
        self._height = tops[-1] + 1.0 if tops else 0.0

    def _typical_step(self) -> float:
        """ns that one step height stands for: the middle of the pauses, kept while events come."""
        if not self._ns_per_step or self._dirty == 0:
            pauses = sorted(b - a for a, b in zip(self._times, self._times[1:], strict=False) if b > a)
            self._ns_per_step = max(1.0, float(pauses[len(pauses) // 2])) if pauses else 1.0
        return self._ns_per_step

    # Joining by bytes

    def _join(self, item: Item, raw: Raw) -> None:
        direction, offset, size, conn = raw[5], raw[6], raw[7], raw[4]
        if direction is None or not size or item.shape != "call" or item.error:
            return
        sending = direction == "out"
        name = f"{conn}>" if sending == (CLIENT in (item.source, item.target)) else f"{conn}<"
        flow = self._flows.setdefault(name, Flow())
        item.flow = name
        if offset is None:
            self._join_datagram(flow, item, raw, sending)
            return
        item.start, item.stop = offset, offset + size
        mine, others = (flow.sent, flow.taken) if sending else (flow.taken, flow.sent)
        for other in _overlapping(others, item.start, item.stop):
            _feed(item, other) if sending else _feed(other, item)
        if mine and mine[-1].start > item.start:
            mine.insert(bisect_left(mine, item.start, key=attrgetter("start")), item)
        else:
            mine.append(item)
        for start, stop, bar in reversed(flow.bars[-8:]):
            if start < item.stop and item.start < stop:
                self._carry(bar, item)

    def _join_datagram(self, flow: Flow, item: Item, raw: Raw, sending: bool) -> None:
        """Datagrams have no offset: the oldest one sent with the same bytes is the one that came."""
        data, size = raw[8], raw[7]
        for at, (known, known_size, other) in enumerate(flow.waiting):
            if known == data and known_size == size and (other in flow.sent) != sending:
                del flow.waiting[at]
                _feed(item, other) if sending else _feed(other, item)
                break
        else:
            flow.waiting.append((data, size, item))
            del flow.waiting[:-64]
        (flow.sent if sending else flow.taken).append(item)
        del flow.sent[:-64], flow.taken[:-64]

    def _add_message(self, log_row: int, raw: Raw, detail: Any) -> bool:
        """Put a message beside the steps that carried it; False where none is known."""
        direction, offset, size, conn = raw[5], raw[6], raw[7], raw[4]
        if direction is None:
            return False
        client = detail.get("end") == "client" or (detail.get("end") is None and self._is_client(raw[3] or ""))
        name = f"{conn}>" if (direction == "out") == client else f"{conn}<"
        if offset is not None and size:
            self._add_bar(self._flows.setdefault(name, Flow()), log_row, offset, offset + size)
            return True
        flow = self._flows.get(name)
        items = [] if flow is None else flow.sent if direction == "out" else flow.taken
        bar = Bar({log_row}, [])
        for item in (items[-1:] + items[-1].fed_by) if items else []:
            self._carry(bar, item)
        return bool(bar.items)

    def _add_bar(self, flow: Flow, log_row: int, start: int, stop: int) -> None:
        """A message with a byte range. It may be said before its bytes are sent: then it waits for them.

        Both ends may tell of the same message: it has one bar.
        """
        for known_start, known_stop, bar in reversed(flow.bars[-8:]):
            if (known_start, known_stop) == (start, stop):
                bar.rows.add(log_row)
                if bar.items:
                    self.places[log_row] = bar.items[0]
                return
        bar = Bar({log_row}, [])
        flow.bars.append((start, stop, bar))
        for item in _overlapping(flow.sent, start, stop) + _overlapping(flow.taken, start, stop):
            self._carry(bar, item)

    def _carry(self, bar: Bar, item: Item) -> None:
        """This item carried (a part of) the message."""
        bar.items.append(item)
        item.bars.append(bar)
        if len(bar.items) > 1:
            return
        if self.bars and self.bars[-1].last >= item.place:
            bar.column = 1 - self.bars[-1].column
        self.bars.append(bar)
        for row in bar.rows:
            self.places[row] = item


def _feed(sent: Item, taken: Item) -> None:
    taken.fed_by.append(sent)
    sent.fed = True


def _overlapping(items: list[Item], start: int, stop: int) -> list[Item]:
    """The items, sorted by start, that share bytes with start..stop; at most the last 64."""
    found: list[Item] = []
    for item in reversed(items):
        if item.stop <= start or len(found) >= 64:
            break
        if item.start < stop:
            found.append(item)
    return found[::-1]


def _thread(detail: Any) -> str:
    """The thread an event belongs to: its own, or the worker it tells of ("thread echo-conn:50123")."""
    return str(detail.get("thread") or "") or str(detail.get("worker") or "").removeprefix("thread ")


def _role(thread: str) -> str:
    """What kind of worker a name tells of."""
    return "asyncio task" if thread.startswith("task ") else "process" if thread.startswith("pid ") else "worker thread"


def _address(value: object) -> str:
    if isinstance(value, (list, tuple)) and len(value) >= 2:
        host, port = str(value[0]), value[1]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return str(value) if value else ""
