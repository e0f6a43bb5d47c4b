"""Series: requests one after the other, each begun by the client's own thread as soon as the one before is over.

So two of them are not parted by a hand-over between threads. It must not know libcurl.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from protocols.http.client.ending import Ending
from protocols.http.client.run import Run
from protocols.http.request import Request


class Series(Ending):
    """Made by `HttpClient.send_series`. count: runs that are over. error: what ended it early, or None.

    Requests are taken from the iterable, and `each` is called with every run, in the client's thread: both are quick.
    """

    def __init__(self, requests: Iterable[Request], each: Callable[[Run], object]) -> None:
        super().__init__()
        self._requests: Final[Iterator[Request]] = iter(requests)
        self._each = each
        self.current: Run | None = None
        self.count = 0
        self.cancelled = False
        self.error: BaseException | None = None

    def next(self) -> Request | None:
        """Called by the client's thread: the next request, None at the end."""
        return None if self.cancelled else next(self._requests, None)

    def take(self, run: Run) -> None:
        """Called by the client's thread: this run is over."""
        self.count += 1
        self._each(run)

    def end(self, error: BaseException | None = None) -> None:
        """Called by the client's thread: no more comes."""
        self.error = self.error or error
        if self._claim():
            self._set()

    def cancel(self) -> None:
        """End the run under way, and begin no more. Any thread."""
        self.cancelled = True
        run = self.current
        if run is not None:
            run.cancel()
