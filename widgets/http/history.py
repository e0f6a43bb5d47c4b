"""The history: what was sent, newest first, with its answer; kept for the next start without any secret.

It must not know how it is shown.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from protocols.http.request import Request
from widgets.http.request_card import without_secrets
from widgets.http.sent import Sent

KEPT: Final = 200
SAVED: Final = 50


@dataclass(frozen=True, slots=True)
class Past:
    """One request of the past. at: seconds since 1970. request: None for one of an earlier start, or raw bytes."""

    at: float
    method: str
    url: str
    status: int
    took_ms: float
    size: int
    conn: str = ""
    begin: int = -1
    request: Request | None = None
    sent: Sent | None = None


class History(QObject):
    """The list, newest first. `changed`: another entry, or none any more."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: list[Past] = []

    def add(self, sent: Sent) -> None:
        """Remember a request that is over."""
        final, request = sent.final, sent.request
        made = Past(
            time.time(), final.method if final else getattr(request, "method", "raw"), request.url,
            final.status if final else 0, sent.total_ms(), sent.body.size, final.conn or "" if final else "",
            final.begin_sent if final and final.begin_sent is not None else -1,
            request if isinstance(request, Request) else None, sent,
        )  # fmt: skip
        # Bodies of the last few stay; of the others the words are enough.
        self.entries = [made, *(self.entries[:4]), *(replace(one, sent=None) for one in self.entries[4 : KEPT - 1])]
        self.changed.emit()

    def clear(self) -> None:
        """Forget all."""
        self.entries = []
        self.changed.emit()

    def values(self) -> list[dict[str, Any]]:
        """What the next start finds again."""
        return [
            {name: value for name, value in asdict(replace(one, request=None, sent=None)).items()
             if name not in ("request", "sent", "conn", "begin")} | {"url": _bare(one)}
            for one in self.entries[:SAVED]
        ]  # fmt: skip

    def set_values(self, rows: object) -> None:
        """Take what `values` gave; what is strange is ignored."""
        found = []
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, Mapping) and isinstance(row.get("url"), str):
                try:
                    found.append(Past(float(row["at"]), str(row["method"]), row["url"], int(row["status"]),
                                      float(row["took_ms"]), int(row["size"])))  # fmt: skip
                except (KeyError, TypeError, ValueError):
                    continue
        self.entries = found[:KEPT]
        self.changed.emit()


def _bare(one: Past) -> str:
    request = one.request if one.request is not None else Request(url=one.url)
    return without_secrets(request).url
