"""Run: one request on its way, through all its hops, as the one who asked for it holds it.

Filled by the client's thread, read by any. It must not know libcurl.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, Protocol, TypeAlias

from protocols.http.client.ending import Ending
from protocols.http.client.handshake import Handshake
from protocols.http.exchange import Exchange, Kept
from protocols.http.failure import Failure
from protocols.http.request import Request
from protocols.record.event import monotonic_ns

State: TypeAlias = Literal["waiting", "running", "done", "failed", "cancelled"]


class Sink(Protocol):
    """Where a body goes as it comes."""

    def write(self, data: bytes, /) -> object:
        """Take a piece of the body. Raises OSError when it can't."""


class Run(Ending):
    """A request under way. exchanges: its hops so far, the last may still grow. failure: why it did not end well.

    body: the last answer's body, decoded, as much as `limits.keep_bytes` allows. Where a sink takes it, only its
    first 64 KB are kept. request: as it stands after redirects; asked: as it was asked for. handshake: of NTLM, None
    for others. then: called at its end, in the client's thread.
    """

    def __init__(self, number: int, request: Request, sink: Sink | None, cancel: Callable[[Run], None]) -> None:
        super().__init__()
        self.number: Final = number
        self.asked: Final = request
        self.request = request
        self.exchanges: list[Exchange] = []
        self.state: State = "waiting"
        self.failure: Failure | None = None
        self.body = Kept(request.limits.keep_bytes if sink is None else 64 << 10)
        self.sink: Final = sink
        self.begun_ns: Final = monotonic_ns()
        self.ended_ns = 0
        self.redirects = 0
        self.handshake: Handshake | None = None
        self.then: Callable[[Run], object] | None = None
        self._cancel = cancel

    @property
    def final(self) -> Exchange | None:
        """The exchange whose answer is the last one."""
        return self.exchanges[-1] if self.exchanges else None

    @property
    def status(self) -> int:
        """The last answer's status; 0 where there is none."""
        return self.final.status if self.final is not None else 0

    def cancel(self) -> None:
        """End it at once; what came so far is kept. Any thread, any number of times."""
        self._cancel(self)

    def end(self, state: State, failure: Failure | None = None) -> None:
        """Called by the client; the first call counts."""
        if self._claim():
            self.ended_ns = monotonic_ns()
            self.state, self.failure = state, failure
            self._set()
            if self.then is not None:
                self.then(self)

    def total_ms(self) -> float:
        """How long all its hops took together, until now or its end."""
        return ((self.ended_ns or monotonic_ns()) - self.begun_ns) / 1e6
