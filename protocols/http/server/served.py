"""ServedLog: a row for each request that web servers answered, out of the recorder's events.

It reads what the servers wrote down, so it works in every concurrency model, in child processes
and in a session that is opened later. It must not know servers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from protocols.record.event import Raw, detail_of

ROWS: Final = 100_000
_KINDS: Final = frozenset(("answered", "bad request", "given up"))
"""Not "timed out": a connection that was kept alive and closed unused asked for nothing."""


@dataclass(frozen=True, slots=True)
class Served:
    """One request. number: in its server, from 1. status: 0 where none was sent. bytes: of the body.

    worker: the thread, process or task that answered ("thread web-conn:51858", "pid 123", "task 4"). took_ns: from the
    whole request to the end of the answer. begin, end: its bytes in what the connection received, -1 where it was
    no request. position: of the event in the log, -1 where it is not known. why: what was wrong with it.
    """

    number: int
    service: str
    t: int
    method: str
    target: str
    status: int
    bytes: int
    worker: str
    took_ns: int
    conn: str
    begin: int
    end: int
    position: int = -1
    why: str = ""


class ServedLog:
    """The latest rows of all web servers. limit: of rows that are kept. total: rows so far. Used in one thread."""

    def __init__(self, limit: int = ROWS) -> None:
        self._rows: deque[Served] = deque(maxlen=limit)
        self._counts: dict[str, int] = {}
        self.total = 0

    def feed(self, raws: Iterable[Raw], first: int | None = None) -> list[Served]:
        """Take the next events; the rows among them. first: the position of the first of them in the log."""
        new = [
            self._row(raw, -1 if first is None else first + index)
            for index, raw in enumerate(raws)
            if raw[1] == "note" and raw[2] in _KINDS and raw[3] and raw[4]
        ]
        self._rows.extend(new)
        self.total += len(new)
        return new

    def rows(self, service: str = "") -> list[Served]:
        """The rows of one server, or of all, oldest first."""
        return [row for row in self._rows if not service or row.service == service]

    def count(self, service: str) -> int:
        """How many requests that server has answered."""
        return self._counts.get(service, 0)

    def clear(self) -> None:
        """Forget the rows; the numbers go on."""
        self._rows.clear()

    def _row(self, raw: Raw, position: int) -> Served:
        detail, service = detail_of(raw), str(raw[3])
        number = self._counts[service] = self._counts.get(service, 0) + 1
        return Served(
            number, service, raw[0], _text(detail.get("method")), _text(detail.get("target")),
            _number(detail.get("status")), _number(detail.get("bytes")), _text(detail.get("worker")),
            _number(detail.get("took_ns")), str(raw[4]), _number(detail.get("begin"), -1),
            _number(detail.get("end"), -1), position, _text(detail.get("why")),
        )  # fmt: skip


def _number(value: Any, default: int = 0) -> int:
    return value if isinstance(value, int) else default


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
