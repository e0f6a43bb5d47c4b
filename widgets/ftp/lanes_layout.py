"""LanesLayout: which step of a session stands in which lane, control or data, and who acts on whom.

Takes events as they come from either end or both, joins what is the same thing, and keeps each session's steps in
order of time. It knows neither Qt nor pixels.
"""

from __future__ import annotations

from bisect import insort
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from protocols.numbers import grouped
from protocols.record.event import Raw, detail_of

Side: TypeAlias = Literal["client", "server"]
Shape: TypeAlias = Literal["message", "connect", "refused", "data", "note"]
CONNECTS_KEPT: Final = 4096
NOTES: Final = frozenset((
    "fault injected", "data connection refused", "address translated", "outgoing connection let through",
    "incoming connection refused", "wire can't be read", "handshake failed", "commands thrown away", "session closed",
    "asked in turn",
))  # fmt: skip
_DATA_NOTES: Final = frozenset((
    "data connection refused", "outgoing connection let through", "incoming connection refused", "address translated",
))  # fmt: skip
SSH_VERBS: Final = ("READ", "WRITE")
"""What an SFTP server calls a file that went: over SSH, on the one connection there is."""
_SAME_NS: Final = 5_000_000_000


@dataclass(order=True, slots=True)
class Step:
    """One thing. lane: where it stands. source: who acts, the arrow goes to the other side; "" for none.

    text: what is said. more: a second line (the arithmetic of an address, the reason of a refusal). rows: its events.
    """

    t: int
    log_row: int
    lane: str = field(compare=False, default="control")
    shape: Shape = field(compare=False, default="message")
    source: str = field(compare=False, default="")
    text: str = field(compare=False, default="")
    more: str = field(compare=False, default="")
    error: bool = field(compare=False, default=False)
    rows: set[int] = field(compare=False, default_factory=set)
    key: object = field(compare=False, default=None)


@dataclass(slots=True)
class Session:
    """The steps of one session. wall: a firewall stands between. user: who logged in."""

    name: str
    number: int
    title: str = ""
    user: str = ""
    wall: bool = False
    steps: list[Step] = field(default_factory=list)
    known: dict[object, Step] = field(default_factory=dict)
    changed: int = 0


class LanesLayout:
    """All sessions, in the order in which they were first seen."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.order: list[Session] = []
        self.places: dict[int, Session] = {}
        self._onward: dict[str, str] = {}
        self._connects: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def add(self, log_row: int, raw: Raw) -> Session | None:
        """Take one event; the session that it changed, or None."""
        layer, kind = raw[1], raw[2]
        if layer == "call":
            if kind in ("connect", "accept") and raw[4] is not None and raw[4] not in self._connects:
                self._connects[raw[4]] = (raw[0], log_row)
                while len(self._connects) > CONNECTS_KEPT:
                    self._connects.popitem(last=False)
            return None
        if layer not in ("message", "note"):
            return None
        detail = detail_of(raw)
        name = detail.get("session")
        if not isinstance(name, str) or detail.get("role") not in ("control", "data"):
            return None
        if kind == "session passed on" and isinstance(detail.get("onward"), str):
            self._join(name, str(detail["onward"]))
        session = self._session(name)
        step = self._step(session, log_row, raw, detail)
        if step is None:
            return None
        self._put(session, step)
        return session

    def _session(self, name: str) -> Session:
        name = self._onward.get(name, name)
        session = self.sessions.get(name)
        if session is None:
            session = self.sessions[name] = Session(name, len(self.order) + 1)
            self.order.append(session)
        return session

    def _join(self, name: str, onward: str) -> None:
        """The session goes on through a firewall: what the server tells of it is the same session."""
        if onward == name or onward in self._onward or name in self._onward:
            return
        self._onward[onward] = name
        session = self._session(name)
        session.wall = True
        early = self.sessions.pop(onward, None)
        if early is not None and early is not session:
            self.order.remove(early)
            for step in early.steps:
                self._put(session, step)
            session.title, session.user = session.title or early.title, session.user or early.user

    # What becomes a step

    def _step(self, session: Session, log_row: int, raw: Raw, detail: Mapping[str, Any]) -> Step | None:
        kind = raw[2]
        if kind == "command":
            more = _arithmetic(detail)
            return Step(raw[0], log_row, source="client", text=raw[9], more=more, key=("command", raw[6]))
        if kind == "reply":
            code = _number(detail.get("code"))
            more = _arithmetic(detail) or (str(detail.get("meaning") or "") if code >= 400 else "")
            return Step(raw[0], log_row, source="server", text=raw[9], more=more, error=code >= 400,
                        key=("reply", raw[6]))  # fmt: skip
        if kind in ("transfer", "listing"):
            if raw[4] is None and not detail.get("complete"):
                return None  # its connection never stood: that is told already
            return self._transfer(session, log_row, raw, detail)
        if kind == "active connection refused":
            return Step(raw[0], log_row, "data", "refused", "server", _peer("connects to", detail),
                        str(detail.get("why") or raw[9]), error=True, key=("refused", log_row))  # fmt: skip
        if kind == "logged in":
            session.user = str(detail.get("user") or "")
        if kind == "session opened":
            session.title = raw[9].partition(" from ")[2]
        if kind not in NOTES:
            return None
        data = kind in _DATA_NOTES or (kind == "fault injected" and detail.get("role") == "data")
        return Step(raw[0], log_row, "data" if data else "control", "note", "", raw[9], str(detail.get("why") or ""),
                    error="refused" in kind or kind in ("fault injected", "handshake failed"),
                    key=("note", log_row))  # fmt: skip

    def _transfer(self, session: Session, log_row: int, raw: Raw, detail: Mapping[str, Any]) -> Step:
        conn, by = raw[4], detail.get("connected_by")
        if conn is not None and by in ("client", "server") and detail.get("local"):
            t, row = self._connects.get(conn, (raw[0] - int(_seconds(detail) * 1e9), log_row))
            ends = (detail.get("local"), detail.get("peer"))
            target = ends[1] if detail.get("end") == by else ends[0]
            text = f"connects to {_address(target)}" + (", TLS" if detail.get("tls") else "")
            text += ", SSH" if detail.get("verb") in SSH_VERBS else ""
            self._put(session, Step(t, row, "data", "connect", str(by), text, key=("connect", conn)))
        get = detail.get("way") == "get"
        text = f"{detail.get('path')}: {grouped(_number(detail.get('bytes')))} B"
        if resumed := _number(detail.get("resumed")):
            text += f" from {grouped(resumed)}"
        whole = bool(detail.get("complete"))
        return Step(raw[0], log_row, "data", "data", "server" if get else "client", text,
                    "" if whole else f"not complete: {detail.get('error') or 'it was ended early'}", error=not whole,
                    key=("data", conn or log_row))  # fmt: skip

    def _put(self, session: Session, step: Step) -> None:
        known = session.known.get(step.key) if step.key is not None else None
        if known is None and session.wall and step.shape in ("data", "connect"):
            known = next((each for each in reversed(session.steps[-24:]) if each.shape == step.shape
                          and abs(each.t - step.t) < _SAME_NS and _alike(each, step)), None)  # fmt: skip
        session.changed += 1
        self.places[step.log_row] = session
        if known is not None:
            known.rows.add(step.log_row)
            return
        step.rows.add(step.log_row)
        if step.key is not None:
            session.known[step.key] = step
        insort(session.steps, step)


def _alike(one: Step, other: Step) -> bool:
    """The same transfer told on both sides of a firewall."""
    return one.shape == "data" and (one.text, one.source) == (other.text, other.source)


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _seconds(detail: Mapping[str, Any]) -> float:
    value = detail.get("seconds")
    return float(value) if isinstance(value, (int, float)) else 0.0


def _arithmetic(detail: Mapping[str, Any]) -> str:
    address = detail.get("address")
    return str(address.get("arithmetic") or "") if isinstance(address, Mapping) else ""


def _peer(verb: str, detail: Mapping[str, Any]) -> str:
    return f"{verb} {_address(detail.get('peer'))}"


def _address(value: Any) -> str:
    if isinstance(value, (list, tuple)) and len(value) >= 2:
        return f"[{value[0]}]:{value[1]}" if ":" in str(value[0]) else f"{value[0]}:{value[1]}"
    return "an address that is not known"
