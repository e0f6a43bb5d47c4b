"""Sent: one request that went out, by libcurl or raw, and what has come back of it so far.

One face for both, for the views that show an answer. It must not know widgets.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from protocols.http.client.rawsend import RawSend
from protocols.http.client.run import Run
from protocols.http.exchange import Exchange, Kept
from protocols.http.failure import Failure
from protocols.http.request import Request
from protocols.record.event import monotonic_ns
from widgets.http.exchange.request_launch import RawOrder, raw_exchange

SILENT: Final = "NO_ANSWER"


class Sent:
    """A request under way or over. number: of this panel. file: where its body goes, None for memory. asked: the
    request before its variables were filled in, None for raw bytes. believed: which authorities: "lab", "system", ..
    """

    def __init__(
        self, number: int, request: Request | RawOrder, way: Run | RawSend, file: Path | None = None,
        asked: Request | None = None, believed: str = "",
    ) -> None:  # fmt: skip
        self.number: Final = number
        self.request: Final = request
        self.way: Final = way
        self.file: Final = file
        self.asked: Final = asked
        self.believed: Final = request.believed if isinstance(request, RawOrder) else believed
        self.begun_ns: Final = way.begun_ns if isinstance(way, Run) else monotonic_ns()
        self._ended_ns = 0
        self._exchange: Exchange | None = None

    @property
    def raw(self) -> bool:
        """It was typed byte by byte."""
        return isinstance(self.way, RawSend)

    @property
    def over(self) -> bool:
        """It has ended, well or not."""
        if isinstance(self.way, Run):
            return self.way.over
        ended = self.way.state in ("stopped", "failed")
        if ended and not self._ended_ns:
            self._ended_ns = monotonic_ns()
        return ended

    @property
    def state(self) -> str:
        """"waiting", "running", "done", "failed" or "cancelled"."""
        if isinstance(self.way, Run):
            return self.way.state
        if not self.over:
            return "running"
        return "done" if self.way.received.size else "failed"

    @property
    def exchanges(self) -> list[Exchange]:
        """The hops so far."""
        if isinstance(self.way, Run):
            return list(self.way.exchanges)
        assert isinstance(self.request, RawOrder)
        if self._exchange is None or not self.over or not self._exchange.phases.total:
            self._exchange = raw_exchange(self.request, self.way)
        return [self._exchange]

    @property
    def final(self) -> Exchange | None:
        """The last hop."""
        found = self.exchanges
        return found[-1] if found else None

    @property
    def body(self) -> Kept:
        """The last answer's body, decoded; of raw bytes what stands behind the head."""
        if isinstance(self.way, Run):
            return self.way.body
        exchange = self.exchanges[0]
        body = Kept(len(self.way.received.data))
        body.add(bytes(self.way.received.data[exchange.head_received :]))
        body.size = max(0, self.way.received.size - exchange.head_received)
        return body

    @property
    def failure(self) -> Failure | None:
        """Why it did not end well, or None."""
        if isinstance(self.way, Run):
            return self.way.failure
        if self.over and not self.way.received.size:
            why = f"{self.way.why} {self.way.sent} bytes had gone out."
            return Failure(SILENT, "No answer came", why)
        return None

    @property
    def ended_by(self) -> str:
        """How a raw connection ended, a sentence; "" for others."""
        return self.way.why if isinstance(self.way, RawSend) else ""

    def total_ms(self) -> float:
        """How long it took, until now or its end."""
        if isinstance(self.way, Run):
            return self.way.total_ms()
        return ((self._ended_ns or monotonic_ns()) - self.begun_ns) / 1e6

    def between(self) -> tuple[int, int]:
        """When it began, and when it ended or that it goes on until now, in ns of the recorder's clock."""
        return self.begun_ns, self.begun_ns + int(self.total_ms() * 1e6)

    def cancel(self) -> None:
        """End it at once; what came is kept."""
        if isinstance(self.way, Run):
            self.way.cancel()
        else:
            self.way.request_stop()
