"""ServedLog: a row for each request that web servers answered, out of the recorder's events.

It reads what the servers wrote down, so it works in every concurrency model, in child processes
and in a session that is opened later. It must not know servers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from protocols.record.event import Raw, detail_of

ROWS: Final = 100_000
WAITING: Final = 1000
"""So many runs of scripts may wait for the answer they belong to."""
_KINDS: Final = frozenset(("answered", "bad request", "given up"))
"""Not "timed out": a connection that was kept alive and closed unused asked for nothing."""


@dataclass(frozen=True, slots=True)
class Served:
    """One request. number: in its server, from 1. status: 0 where none was sent. bytes: of the body.

    worker: the thread, process or task that answered ("thread web-conn:51858", "pid 123", "task 4"). took_ns: from the
    whole request to the end of the answer. begin, end: its bytes in what the connection received, -1 where it was
    no request. position: of the event in the log, -1 where it is not known. why: what was wrong with it. script: what
    a CGI script was told and did ("script ran"), None where none ran.
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
    script: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)


class ServedLog:
    """The latest rows of all web servers. limit: of rows that are kept. total: rows so far. Used in one thread."""

    def __init__(self, limit: int = ROWS) -> None:
        self._rows: deque[Served] = deque(maxlen=limit)
        self._counts: dict[str, int] = {}
        self._scripts: dict[tuple[str, str], Mapping[str, Any]] = {}
        self.total = 0

    def feed(self, raws: Iterable[Raw], first: int | None = None) -> list[Served]:
        """Take the next events; the rows among them. first: the position of the first of them in the log."""
        new = []
        for index, raw in enumerate(raws):
            if raw[1] != "note" or not raw[3] or not raw[4]:
                continue
            if raw[2] in _KINDS:
                new.append(self._row(raw, -1 if first is None else first + index))
            elif raw[2] == "script ran":  # the answer to the same request is told next on that connection
                if len(self._scripts) > WAITING:
                    self._scripts.clear()
                self._scripts[raw[3], raw[4]] = detail_of(raw)
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
            self._scripts.pop((service, str(raw[4])), None) if self._scripts else None,
        )  # fmt: skip


def _number(value: Any, default: int = 0) -> int:
    return value if isinstance(value, int) else default


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
