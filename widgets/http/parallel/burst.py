"""Burst: many copies of one request, so many at once, in rounds or one after the other; what each took.

The client's own thread sends them; this only hands them over and looks. It must not know widgets.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Final

from protocols.http.client.client import HttpClient
from protocols.http.client.run import Run
from protocols.http.client.series import Series
from protocols.http.request import Request

MOST: Final = 10_000
LOOK_S: Final = 0.002


@dataclass(frozen=True, slots=True)
class Shot:
    """One copy that is over. begun_ms: from the burst's start. status: 0 where no answer came. conn: which connection
    it went over, None where there was none."""

    number: int
    begun_ms: float
    took_ms: float
    status: int
    conn: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """All that are over, in numbers. per_s: answers in a second, over all. connections: how many they used."""

    count: int
    failed: int
    least_ms: float
    median_ms: float
    p95_ms: float
    most_ms: float
    per_s: float
    connections: int = 0


class Burst:
    """One burst, for a lab thread; any thread may look and cancel. total: copies; at_once: of them at a time.

    keep_alive False: each copy says Connection: close, so the next one needs a connection of its own.
    """

    def __init__(
        self, client: HttpClient, request: Request, total: int, at_once: int, *, keep_alive: bool = True
    ) -> None:
        self._client = client
        self._request = request if keep_alive else _closing(request)
        self.total: Final = total
        self.at_once: Final = at_once
        self._given = 0
        self._runs: list[Run] = []
        self._series: Series | None = None
        self._begun_ns = 0
        self.cancelled = False
        self.shots: list[Shot] = []

    def step(self) -> bool:
        """Collect what is over and hand out as many more; False when all are over.

        Raises RequestError, ServiceError.
        """
        left = []
        for run in self._runs:
            if run.over:
                self._note(run)
            else:
                left.append(run)
        self._runs = left
        while not self.cancelled and self._given < self.total and len(self._runs) < self.at_once:
            run = self._client.send(self._request)
            self._begun_ns = self._begun_ns or run.begun_ns
            self._given += 1
            self._runs.append(run)
        return bool(self._runs) or (not self.cancelled and self._given < self.total)

    def run(self) -> None:
        """All of it: the next copy goes as soon as one is over. Blocks; raises RequestError, ServiceError."""
        if self.at_once == 1:
            self._run_series()
            return
        while self.step():
            if self._runs:
                self._runs[0].wait(LOOK_S)

    def _run_series(self) -> None:
        """One after the other: the client's own thread begins the next."""
        self._series = series = self._client.send_series(repeat(self._request, self.total), self._take)
        if self.cancelled:
            series.cancel()
        series.wait()
        if series.error is not None and not self.cancelled:
            raise series.error

    def _take(self, run: Run) -> None:
        self._begun_ns = self._begun_ns or run.begun_ns
        self._note(run)

    def _note(self, run: Run) -> None:
        conn = run.final.conn if run.final is not None else None
        self.shots.append(
            Shot(run.number, (run.begun_ns - self._begun_ns) / 1e6, run.total_ms(), run.status, conn)
        )

    def cancel(self) -> None:
        """End those under way, and begin no more."""
        self.cancelled = True
        if self._series is not None:
            self._series.cancel()
        for run in list(self._runs):
            run.cancel()


def summary(shots: Sequence[Shot]) -> Summary | None:
    """The numbers of those that are over; None for none."""
    if not shots:
        return None
    times = sorted(shot.took_ms for shot in shots)
    span_ms = max(shot.begun_ms + shot.took_ms for shot in shots) - min(shot.begun_ms for shot in shots)
    at = max(0, math.ceil(0.95 * len(times)) - 1)
    return Summary(len(times), sum(not shot.status for shot in shots), times[0], times[len(times) // 2], times[at],
                   times[-1], len(times) * 1000 / span_ms if span_ms else 0.0,
                   len({shot.conn for shot in shots if shot.conn}))  # fmt: skip


def _closing(request: Request) -> Request:
    others = tuple(one for one in request.headers if one[0].lower() != "connection")
    return replace(request, headers=(*others, ("Connection", "close")))
