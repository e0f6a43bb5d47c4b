"""ClientSlot: the panel's client through its lives: idle, connecting, connected, ended.

Keeps what the views show (phase, what is known of the server, trouble) and turns clicks into work elsewhere.
It must not know widgets, and it opens no socket in the GUI thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias, TypeVar

from PySide6.QtCore import QObject, Signal

from protocols.connecting import Stopped
from protocols.ftp.client import trouble
from protocols.ftp.client.remote import About, Remote
from protocols.ftp.client.service import FtpClient
from protocols.ftp.client.trouble import FtpError
from protocols.record.event import monotonic_ns
from protocols.record.explain import Explained, explain
from widgets.desk import Desk
from widgets.ftp.client_launch import site_of
from widgets.ftp.own_event import OwnEvent

T = TypeVar("T")
Phase: TypeAlias = Literal["idle", "connecting", "connected", "ended"]
WORDS: Final[dict[Phase, tuple[str, str]]] = {
    "idle": ("", ""), "connecting": ("waiting", "Connecting"), "connected": ("running", "Connected"),
    "ended": ("stopped", "Closed"),
}  # fmt: skip
STOP_S: Final = 2.0


class _Attempt:
    """One try to connect. Written by the lab's thread, read by the GUI's: single values only."""

    def __init__(self) -> None:
        self.client: FtpClient | None = None
        self.cancelled = False


class ClientSlot(QObject):
    """The client. `changed`: anything is new; `connected`, `failed`: what an attempt came to; `gone`: it has ended.

    lost: the connection of a connected client has broken; what is asked next makes it anew.
    """

    changed = Signal()
    connected = Signal()
    failed = Signal()
    gone = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.phase: Phase = "idle"
        self.values: dict[str, Any] = {}
        self.trouble: Explained | None = None
        self.about = About()
        self.client: FtpClient | None = None
        self._numbers = 0
        self._attempt: _Attempt | None = None
        self.name = "ftp client"
        self.own_event = OwnEvent(desk)
        self.lost = False

    # Connecting

    def connect_to(self, values: Mapping[str, Any]) -> None:
        """Make a client of the form's values and connect it."""
        if self.phase == "connecting":
            return
        self._drop()
        self.values, self.trouble = dict(values), None
        self._numbers += 1
        self.name = f"ftp client {self._numbers}"
        attempt = self._attempt = _Attempt()
        lab, name, order = self.desk.lab, self.name, dict(values)

        def work() -> tuple[FtpClient, About]:
            client = FtpClient(lab.recorder, site_of(order), name=name, parallel=int(order.get("parallel", 2)))
            attempt.client = client
            if attempt.cancelled:
                client.request_stop()
            lab.start(client, room="ftp")
            return client, client.remote.about()

        self._set_phase("connecting")
        self.desk.bridge.call(work, lambda made: self._on_connected(attempt, *made),
                              lambda error: self._on_failed(attempt, error), owner=self)  # fmt: skip

    def stop_connecting(self) -> None:
        """End an attempt under way, at once."""
        attempt = self._attempt
        if self.phase != "connecting" or attempt is None:
            return
        attempt.cancelled = True
        if attempt.client is not None:
            attempt.client.request_stop()
        self._attempt = None
        self._set_phase("idle")

    def _on_connected(self, attempt: _Attempt, client: FtpClient, about: About) -> None:
        if attempt is not self._attempt:
            self._stop_quietly(client)
            return
        self.client, self.about = client, about
        self._set_phase("connected")
        self.connected.emit()

    def _on_failed(self, attempt: _Attempt, error: BaseException) -> None:
        if attempt is not self._attempt:
            return
        self._attempt = None
        self.trouble = explained(error)
        self._set_phase("idle")
        self.failed.emit()

    # Doing

    def order(
        self, act: Callable[[Remote], T], done: Callable[[T], object], failed: Callable[[Explained], object],
        owner: QObject | None = None, *, asked: bool = False,
    ) -> None:  # fmt: skip
        """Do something on the connection, then `done(value)` or `failed(why)` here.

        asked: a person asked for just this; its last reply is selected.
        """
        client, begun, name = self.client, monotonic_ns(), self.name
        if client is None:
            return

        def ended(then: Callable[[], object]) -> None:
            if asked:
                self.own_event.select(name, ("reply",), begun)
            then()

        future = client.submit(act)
        self.desk.bridge.call(future.result, lambda value: ended(lambda: done(value)),
                              lambda error: ended(lambda: failed(explained(error))), owner=owner or self)  # fmt: skip

    def cancel(self) -> None:
        """End what is being done on the connection."""
        if self.client is not None:
            self.client.cancel()

    def poll(self) -> None:
        """Look whether it still runs, and for the event of what was done. Cheap."""
        self.own_event.look()
        client = self.client
        if client is not None and self.phase == "connected" and client.state in ("stopped", "failed"):
            self._stop_quietly(client)
            self.client = None
            self._set_phase("ended")
            self.gone.emit()
        elif client is not None and not client.busy and self.lost == client.remote.alive:
            self.lost = not self.lost
            self.changed.emit()

    # Leaving

    def close(self) -> None:
        """Close the connection, or end the attempt."""
        if self.phase == "connecting":
            self.stop_connecting()
        elif self.client is not None:
            self._drop()
            self._set_phase("ended")
            self.gone.emit()

    def _drop(self) -> None:
        client, self.client = self.client, None
        self._attempt = None
        if client is not None:
            self._stop_quietly(client)

    def _stop_quietly(self, client: FtpClient) -> None:
        client.request_stop()
        self.desk.bridge.call(lambda: self.desk.lab.stop(client, STOP_S))

    def dismiss(self) -> None:
        """Take the error away."""
        if self.trouble is not None:
            self.trouble = None
            self.changed.emit()

    def _set_phase(self, phase: Phase) -> None:
        self.phase, self.lost = phase, False
        self.changed.emit()


def explained(error: BaseException) -> Explained:
    """An error of a client's work in plain words."""
    if isinstance(error, FtpError):
        return error.told
    if isinstance(error, Stopped):
        return trouble.trouble("cancelled").told
    return explain(error, call="open", address=getattr(error, "filename", None))


def mend_of(told: Explained) -> str:
    """What to do first, as a sentence after the reason; "" where nothing is known."""
    return f" {told.mend[0].rstrip('.')}." if told.mend else ""
