"""RequestSlot: sends what the card says, one request at a time, and tells how far it is.

Everything that could block runs on a lab thread. It must not know widgets.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from PySide6.QtCore import QObject, Signal

from protocols.http.client.client import HttpClient
from protocols.http.client.jar import Jar
from protocols.http.client.keylog import log_keys
from protocols.http.client.run import Run
from protocols.http.failure import Failure
from protocols.http.request import Request, RequestError
from protocols.record.explain import explain
from protocols.service.base import ServiceError
from widgets.desk import Desk
from widgets.http.exchange.request_launch import RawOrder, start_client, start_raw, trusting
from widgets.http.exchange.sent import Sent
from widgets.parts.turns import Turns

Phase: TypeAlias = Literal["idle", "starting", "running"]
POLL_MS: Final = 40


class FileSink:
    """A body's way into a file. Opened with its first byte, closed by whoever sees the end."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._file: Any = None

    def write(self, data: bytes, /) -> object:
        """Take a piece, in the client's thread. Raises OSError."""
        if self._file is None:
            self._file = open(self.path, "wb")  # noqa: SIM115
        return self._file.write(data)

    def close(self, *, whole: bool) -> None:
        """The body is over; an empty one makes an empty file."""
        if self._file is None and whole:
            self._file = open(self.path, "wb")  # noqa: SIM115
        if self._file is not None:
            self._file.close()


class RequestSlot(QObject):
    """`changed`: it began, or went on. `ended(sent)`: it is over. `refused(sentence)`: it can't be sent as it stands.

    `failed(failure)`: it never got under way.
    """

    changed = Signal()
    began = Signal(object)
    ended = Signal(object)
    refused = Signal(str)
    failed = Signal(object)

    def __init__(self, desk: Desk, jar: Jar, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.jar = jar
        self.phase: Phase = "idle"
        self.sent: Sent | None = None
        self.client: HttpClient | None = None
        self._numbers = count(1)
        self._cancelled = False
        self._sink: FileSink | None = None
        self._end_poll: Callable[[], None] | None = None
        self._turns = Turns(self)

    # Sending

    def send(
        self, request: Request, believed: str = "lab", file: Path | None = None, asked: Request | None = None
    ) -> None:
        """Send a request; file: where its body shall go; asked: as it was before its variables were filled in.

        Nothing happens while another is under way.
        """
        if self.phase != "idle":
            return
        sink = self._sink = FileSink(file) if file is not None else None
        lab, jar, client = self.desk.lab, self.jar, self.client

        def work() -> tuple[HttpClient, Run]:
            running = client if client is not None and client.state == "running" else start_client(lab, jar)
            return running, running.send(trusting(request, believed), sink)

        self._begin()
        self.desk.bridge.call(work, lambda made: self._on_sent(request, made, file, asked, believed),
                              self._on_refused, owner=self)  # fmt: skip

    def fetch(self, url: str, believed: str = "lab") -> Run:
        """A plain GET beside the request of the card, on the calling lab thread; waits for its end."""
        client = self.client
        if client is None or client.state != "running":
            self.client = client = start_client(self.desk.lab, self.jar)
        run = client.send(trusting(Request(url=url), believed))
        run.wait()
        return run

    def send_raw(self, order: RawOrder) -> None:
        """Send bytes as they are typed."""
        if self.phase != "idle":
            return
        lab = self.desk.lab
        self._begin()
        self.desk.bridge.call(
            lambda: start_raw(lab, order), lambda raw: self._go(Sent(next(self._numbers), order, raw)),
            lambda error: self._on_raw_refused(order, error), owner=self,
        )  # fmt: skip

    def _begin(self) -> None:
        self.phase, self._cancelled = "starting", False
        self.changed.emit()

    def _on_sent(
        self, request: Request, made: tuple[HttpClient, Run], file: Path | None, asked: Request | None,
        believed: str,
    ) -> None:  # fmt: skip
        self.client, run = made
        self._go(Sent(next(self._numbers), request, run, file, asked or request, believed))

    def _go(self, sent: Sent) -> None:
        self.sent = sent
        self.phase = "running"
        if self._cancelled:
            sent.cancel()
        self.began.emit(sent)
        self._end_poll = self.desk.bridge.every(POLL_MS, self.poll)
        self.desk.bridge.wake()
        self._turns.run(self.poll)  # not at once: who heard that it began has had enough to do

    def _on_refused(self, error: BaseException) -> None:
        self.phase = "idle"
        self.changed.emit()
        if isinstance(error, (RequestError, ServiceError)):
            self.refused.emit(str(error))
        else:
            self.failed.emit(_told(error, ("", 0)))

    def _on_raw_refused(self, order: RawOrder, error: BaseException) -> None:
        if isinstance(error, (RequestError, ServiceError)):
            self._on_refused(error)
            return
        self.phase = "idle"
        self.changed.emit()
        self.failed.emit(_told(error, _place(order.url)))

    def log_keys(self, path: Path) -> None:
        """Write the keys of all TLS connections to a file from now on. libcurl wants a new client for that."""
        client, lab = self.client, self.desk.lab
        if self.phase != "idle":
            return

        def work() -> None:
            if client is not None:
                lab.stop(client)
            log_keys(str(path))

        self.client = None
        self.desk.bridge.call(
            work, lambda _done: self.desk.toast(f"TLS keys go to {path.name} from now on"),
            lambda error: self.desk.decline(f"No keys are logged: {getattr(error, 'strerror', None) or error}"),
            owner=self,
        )  # fmt: skip

    # Going on

    def poll(self) -> None:
        """See how far it is."""
        sent = self.sent
        if sent is None or self.phase != "running":
            return
        if sent.over:
            self._stop_looking()
            self.phase = "idle"
            self._close_sink(sent)
            self.ended.emit(sent)
        self.changed.emit()

    def _close_sink(self, sent: Sent) -> None:
        sink, self._sink = self._sink, None
        if sink is not None:
            self.desk.bridge.call(
                lambda: sink.close(whole=sent.state == "done"), None,
                lambda error: self.failed.emit(_told(error, ("", 0))), owner=self,
            )  # fmt: skip

    def _stop_looking(self) -> None:
        if self._end_poll is not None:
            self._end_poll()
            self._end_poll = None

    def cancel(self) -> None:
        """End it at once, whatever it waits for."""
        if self.phase == "starting":
            self._cancelled = True
        elif self.sent is not None and self.phase == "running":
            self.sent.cancel()


def _told(error: BaseException, address: tuple[str, int]) -> Failure:
    said = explain(error, call="connect", address=address)
    return Failure(said.errno, said.title, said.why, said.mend)


def _place(url: str) -> tuple[str, int]:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "", 0
