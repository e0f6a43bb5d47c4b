"""HttpClient: requests over libcurl, many at a time, in one worker thread.

The thread waits for libcurl's sockets and a wake together, so a cancel takes effect at once.
Connections are kept open between requests. It must not know who looks at the answers.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from typing import Any, Final
from urllib.parse import unquote

import pycurl  # type: ignore[import-untyped]

from protocols.http import failure
from protocols.http.bodies import encoded
from protocols.http.client import dataurl, keylog
from protocols.http.client.doorbell import Doorbell
from protocols.http.client.handshake import Handshake
from protocols.http.client.jar import Jar
from protocols.http.client.opened import OpenedSockets
from protocols.http.client.own_pools import OwnPools
from protocols.http.client.redirects import REDIRECTS, Refusal, next_request
from protocols.http.client.run import Run, Sink
from protocols.http.client.series import Series
from protocols.http.client.transfer import Transfer
from protocols.http.failure import Failure
from protocols.http.request import NO_BODY, Auth, Request, checked
from protocols.record import polling
from protocols.record.recorder import Recorder
from protocols.service.base import Facts, Service, ServiceError

HANDLES: Final = 8
"""So many idle handles are kept."""
_READY: Final = polling.POLLIN | polling.POLLHUP
_MASKS: Final = {
    pycurl.POLL_IN: polling.POLLIN, pycurl.POLL_OUT: polling.POLLOUT,
    pycurl.POLL_INOUT: polling.POLLIN | polling.POLLOUT, pycurl.POLL_NONE: 0,
}  # fmt: skip


class HttpClient(Service):
    """Sends requests. jar: the cookies that all its requests share; a fresh one if not given."""

    def __init__(self, recorder: Recorder, *, name: str = "http 1", jar: Jar | None = None) -> None:
        super().__init__(recorder, name, "client")
        self.jar: Final = jar if jar is not None else Jar()
        self._wake = Doorbell()
        self._asked: deque[Run] = deque()
        self._cancelled: deque[Run] = deque()
        self._series: deque[Series] = deque()
        self._idle: list[Transfer] = []
        self._numbers = count(1)
        self._sockets = OpenedSockets(recorder, name)
        self._pools = OwnPools()
        self._transfers: dict[Any, Transfer] = {}
        self._watched: set[int] = set()
        """What libcurl waits for."""
        self._deadline: float | None = None
        self._poll = polling.poll()
        self._poll.register(self._wake.fileno(), polling.POLLIN)
        self._over = False
        self._unswept = False

    def _thread_name(self) -> str:
        return self.name.replace(" ", "-")

    def _open(self) -> None:
        """Nothing to open: connections are made as requests need them."""

    def _wake_up(self) -> None:
        self._wake.set()

    def _close(self) -> None:
        self._wake.close()

    def facts(self) -> Facts:
        """What it occupies now."""
        return Facts(self.name, self.kind, self.state, threads=self.threads(), connections=self._sockets.count())

    def send(self, request: Request, sink: Sink | None = None) -> Run:
        """Begin a request. Raises RequestError for one that can't be sent, ServiceError when the client is stopped.

        sink: gets the last answer's body as it comes, in the client's thread.
        """
        self._must_run()
        run = self._made(request, sink)
        self._asked.append(run)
        self._wake.set()
        if self._over:  # it ended between the look and the append
            run.end("failed", failure.told("stopped"))
        return run

    def send_series(self, requests: Iterable[Request], each: Callable[[Run], object]) -> Series:
        """Begin requests one after the other; see Series. Raises ServiceError when the client is stopped."""
        self._must_run()
        series = Series(requests, each)
        self._series.append(series)
        self._wake.set()
        if self._over:
            series.end(ServiceError(f"{self.name} was stopped"))
        return series

    def _must_run(self) -> None:
        if self.stopping.is_set() or self.state != "running":
            raise ServiceError(f"{self.name} is not running, so it sends nothing")

    def _made(self, request: Request, sink: Sink | None) -> Run:
        ready = checked(request)
        if "@" in ready.url:
            ready = _with_identity(ready)
        if ready.body is not NO_BODY:
            encoded(ready.body)
        return Run(next(self._numbers), ready, sink, self._cancel)

    def _cancel(self, run: Run) -> None:
        self._cancelled.append(run)
        self._wake.set()

    # The loop

    def _main(self) -> None:
        with keylog.running():
            self._drive()

    def _drive(self) -> None:
        multi = pycurl.CurlMulti()
        self._multi = multi
        multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_interest)
        multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        try:
            while not self.stopping.is_set():
                self._turn()
        finally:
            for transfer in list(self._transfers.values()):
                run = transfer.run
                self._drop(transfer)
                run.end("cancelled", failure.told("stopped"))
            multi.close()
            self._pools.close()
            self._sockets.close()
            self._over = True
            for transfer in self._idle:
                transfer.close()
            while self._asked or self._series:
                self._end_waiting()

    def _end_waiting(self) -> None:
        while self._asked:
            self._asked.popleft().end("cancelled", failure.told("stopped"))
        while self._series:
            self._series.popleft().end(ServiceError(f"{self.name} was stopped"))

    def _turn(self) -> None:
        pause = self._pause_s()
        if self._transfers or self._watched:
            for fd, mask in self._poll.poll(None if pause is None else pause * 1000):
                if fd == self._wake.fileno():
                    self._wake.clear()
                else:
                    self._act(fd, _bits(mask))
        else:
            self._wake.rest(pause, self._is_asked)
        if self._deadline is not None and time.monotonic() >= self._deadline:
            self._deadline = None
            self._act(pycurl.SOCKET_TIMEOUT, 0)
        while self._cancelled:
            self._end_cancelled(self._cancelled.popleft())
        while self._series:
            self._advance(self._series.popleft())
        while True:
            while self._asked:
                self._begin(self._asked.popleft())
            self._reap()
            if not self._asked:  # the end of one of a series asks for the next
                break
        self._look_after_sockets()

    def _is_asked(self) -> bool:
        return bool(self._asked or self._cancelled or self._series or self.stopping.is_set())

    def _pause_s(self) -> float | None:
        """How long to wait at most: until libcurl's own time, or the next look at its sockets."""
        pause = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        if self._unswept:
            look = self._sockets.sweep_in_s()
            pause = look if pause is None else min(pause, look)
        return pause

    def _look_after_sockets(self) -> None:
        if self._pools and self._pools.close_over():
            self._unswept = True
        self._sockets.give_back()
        if self._unswept and not self._sockets.sweep_in_s():
            self._sockets.sweep()
            self._unswept = False

    def _act(self, fd: int, bits: int) -> None:
        self._unswept = True
        self._multi.socket_action(fd, bits)

    def _on_interest(self, what: int, fd: int, _multi: Any, _data: Any) -> None:
        if fd not in self._sockets.seen:
            self._sockets.watched(fd)
        if what == pycurl.POLL_REMOVE:
            self._watched.discard(fd)
            try:
                self._poll.unregister(fd)
            except KeyError:
                pass
        else:
            self._watched.add(fd)
            self._poll.register(fd, _MASKS[what])

    def _on_timer(self, timeout_ms: int) -> None:
        self._deadline = None if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000

    # Runs

    def _advance(self, series: Series) -> None:
        """Ask for the next one of a series, or end it."""
        try:
            request = None if self.stopping.is_set() else series.next()
            if request is None:
                series.end(ServiceError(f"{self.name} was stopped") if self.stopping.is_set() else None)
                return
            run = self._made(request, None)
        except Exception as error:  # noqa: BLE001  whatever the iterable raises ends its series and nothing else
            series.end(error)
            return
        series.current = run

        def over(ended: Run) -> None:
            series.take(ended)
            self._advance(series)

        run.then = over
        self._asked.append(run)

    def _begin(self, run: Run) -> None:
        if run.over:
            return
        run.state = "running"
        if run.request.url[:5].lower() == "data:":
            dataurl.answer(run, self.recorder, self.name)
            return
        left = _time_left(run)
        if left is not None and left <= 0:
            self._timed_out(run)
            return
        transfer = self._idle.pop() if self._idle else Transfer(self.jar, self._sockets, self.recorder, self.name)
        try:
            if run.request.auth.kind == "ntlm":
                self._begin_ntlm(run, transfer, left)
            else:
                transfer.begin(run, run.request, encoded(run.request.body), left)
        except Exception as error:  # noqa: BLE001  whatever libcurl refuses must end this run and no other
            transfer.close()
            said = str(error.args[-1]) if isinstance(error, pycurl.error) and error.args else str(error)
            run.end("failed", Failure("REFUSED", "This request can't be sent", f"{said.rstrip('.')}."))
            return
        self._transfers[transfer.curl] = transfer
        self._multi.add_handle(transfer.curl)
        self._act(pycurl.SOCKET_TIMEOUT, 0)

    def _begin_ntlm(self, run: Run, transfer: Transfer, left_s: float | None) -> None:
        """A step of a handshake, over connections that no other run uses."""
        if run.handshake is None:
            run.handshake = Handshake(run.request)
        request = run.handshake.dressed(run.request)
        transfer.begin(run, request, encoded(request.body), left_s, self._pools.of(run))

    def _timed_out(self, run: Run) -> None:
        run.end("failed", failure.failure_of(28, "the time was used up by the redirects", host="", port=0))

    def _reap(self) -> None:
        while True:
            _, well, badly = self._multi.info_read()
            if not well and not badly:  # asked again after each batch: a hop begun in it may be done already
                return
            for curl in well:
                self._done(curl, 0, "")
            for curl, code, said in badly:
                self._done(curl, code, said)

    def _done(self, curl: Any, code: int, said: str) -> None:
        transfer = self._transfers.pop(curl)
        run, failed = transfer.run, transfer.finish(code, said)
        self._multi.remove_handle(curl)
        self._give_back(transfer)
        if failed is not None:
            run.end("failed", failed)
        else:
            self._go_on(run)

    def _go_on(self, run: Run) -> None:
        """The hop is done: the next one, or the end."""
        exchange, request = run.final, run.request
        if run.handshake is not None and exchange is not None:
            further = run.handshake.step(exchange, request)
            if isinstance(further, Failure):
                run.end("failed", further)
                return
            if further:
                self._begin(run)
                return
        if exchange is None or exchange.answer is None or not request.follow:
            run.end("done")
            return
        status = exchange.answer.status
        leads = (
            next_request(request, request.url, status, exchange.answer.get("Location")) if status in REDIRECTS else None
        )
        if leads is None:
            run.end("done")
        elif isinstance(leads, Refusal):
            run.end("failed", failure.told("redirect refused", why=leads.why))
        elif run.redirects >= request.limits.max_redirects:
            run.end("failed", failure.told("too many redirects", count=run.redirects, location=leads.url))
        else:
            run.redirects += 1
            run.request, run.handshake = leads, None
            self._begin(run)

    def _end_cancelled(self, run: Run) -> None:
        transfer = next((one for one in self._transfers.values() if one.run is run), None)
        if transfer is not None:
            self._drop(transfer)
        run.end("cancelled", failure.told("cancelled"))

    def _drop(self, transfer: Transfer) -> None:
        self._transfers.pop(transfer.curl, None)
        transfer.finish(-1, "")
        self._multi.remove_handle(transfer.curl)
        self._give_back(transfer)

    def _give_back(self, transfer: Transfer) -> None:
        """A handle serves again: to make and to close one costs as much as a short request."""
        keeps = len(self._idle) < HANDLES and not self.stopping.is_set()
        transfer.release(close=not keeps)
        if keeps:
            self._idle.append(transfer)


def _bits(mask: int) -> int:
    """What poll() found, in libcurl's words."""
    bits = (pycurl.CSELECT_IN if mask & _READY else 0) | (pycurl.CSELECT_OUT if mask & polling.POLLOUT else 0)
    return int(bits | (pycurl.CSELECT_ERR if mask & (polling.POLLERR | polling.POLLNVAL) else 0))


def _time_left(run: Run) -> float | None:
    limit = run.request.limits.timeout_s
    return None if limit is None else limit - run.total_ms() / 1000


def _with_identity(request: Request) -> Request:
    """A user and password in the URL become the request's own: they don't stand in logs, and a redirect keeps them."""
    scheme, mark, rest = request.url.partition("://")
    place, slash, path = rest.partition("/")
    user, at, host = place.rpartition("@")
    if not mark or not at:
        return request
    name, _, password = user.partition(":")
    auth = request.auth
    if auth.kind == "none":
        auth = Auth("basic", unquote(name), unquote(password))
    return replace(request, url=f"{scheme}://{host}{slash}{path}", auth=auth)
