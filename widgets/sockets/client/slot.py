"""ClientSlot: one numbered client of the panel through its lives: idle, connecting, connected, ended.

Keeps what the card shows (phase, facts, transcript, trouble) and turns clicks into work elsewhere.
It must not know widgets, and it opens no socket in the GUI thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

from PySide6.QtCore import QObject, Signal

from protocols.record.explain import Explained, explain
from protocols.record.tcpstate import TcpInfo, tcp_info
from protocols.sockets.client import StreamClient
from protocols.sockets.datagram import DatagramClient
from widgets.desk import Desk
from widgets.orders import Orders
from widgets.sockets.client import launch
from widgets.sockets.client.facts import Outcome, ShownFacts, facts_of
from widgets.sockets.client.transcript_model import TranscriptModel

Phase: TypeAlias = Literal["idle", "connecting", "connected", "ended"]
WORDS: Final[dict[Phase, tuple[str, str]]] = {
    "idle": ("", ""),
    "connecting": ("waiting", "Connecting"),
    "connected": ("running", "Connected"),
    "ended": ("stopped", "Closed"),
}


LOOK_S: Final = 1.0


class _Attempt:
    """One try to connect. Written by the lab's thread, read by the GUI's: single values only."""

    def __init__(self) -> None:
        self.client: launch.Client | None = None
        self.cancelled = False


class ClientSlot(QObject):
    """One client. `changed`: phase, facts or trouble are new; `connected`: it has just connected.

    `answered`: the first bytes of this connection came. values: the form's values of the last attempt. trouble: the
    last error, explained, or None.
    """

    changed = Signal()
    connected = Signal()
    answered = Signal()
    failed = Signal()

    def __init__(self, desk: Desk, number: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.number = number
        self.name = f"client {number}"
        self.phase: Phase = "idle"
        self.values: dict[str, Any] = {}
        self.trouble: Explained | None = None
        self.client: launch.Client | None = None
        self.lines = TranscriptModel(desk.lab.recorder.epoch_ns, self)
        self.round_trip_us = 0
        self._asking = False
        self.repeating = False
        self._last_facts = ShownFacts()
        self._heard = False
        self._taken = 0
        self._attempt: _Attempt | None = None
        self._orders = Orders(desk.bridge, self._on_order_failed, self)
        self._pending: list[Outcome] = []
        self._repeat_ends = 0.0

    # Connecting

    def connect_to(self, values: Mapping[str, Any]) -> None:
        """Make a client of the form's values and connect it; the outcome comes by `connected` or `failed`."""
        if self.phase == "connecting":
            return
        self._drop_client()
        self.values = dict(values)
        self.trouble = None
        self.lines.clear()
        self._taken = 0
        self._heard = False
        attempt = self._attempt = _Attempt()
        lab, name, order = self.desk.lab, self.name, dict(values)

        def work() -> launch.Client:
            client = launch.make_client(lab.recorder, name, order)
            attempt.client = client
            if attempt.cancelled:
                client.request_stop()
            lab.start(client, room="sockets")
            return client

        self._set_phase("connecting")
        self.desk.bridge.call(
            work,
            lambda client: self._on_connect_done(attempt, client),
            lambda error: self._on_connect_failed(attempt, error),
            owner=self,
        )

    def stop_connecting(self) -> None:
        """End an attempt under way, at once."""
        attempt = self._attempt
        if self.phase != "connecting" or attempt is None:
            return
        attempt.cancelled = True
        if attempt.client is not None:
            attempt.client.request_stop()
        self.poll()
        self._attempt = None
        self._set_phase("ended" if self.lines.rowCount() else "idle")

    def _on_connect_done(self, attempt: _Attempt, client: launch.Client) -> None:
        if attempt is not self._attempt:
            self._stop_quietly(client)
            return
        self.client = client
        self._set_phase("connected")
        self.poll()
        self.connected.emit()
        self.look_at_kernel()

    def look_at_kernel(self) -> None:
        """Ask the kernel for the round trip; the answer is shown when it has come."""
        client = self.client
        if self.values.get("transport") == "tcp" and isinstance(client, StreamClient) and not self._asking:
            self._asking = True
            self.desk.bridge.call(
                lambda: client.look(tcp_info).result(LOOK_S),
                self._on_kernel,
                lambda _error: self._on_kernel(None),
                owner=self,
            )

    def _on_kernel(self, info: TcpInfo | None) -> None:
        self._asking = False
        if info is not None and info.rtt_us != self.round_trip_us:
            self.round_trip_us = info.rtt_us
            self.changed.emit()

    def _on_connect_failed(self, attempt: _Attempt, error: BaseException) -> None:
        if attempt is not self._attempt:
            return
        self._attempt = None
        self.trouble = self._explained(error)
        self._take_lines(attempt.client)
        self._set_phase("idle")
        self.failed.emit()

    def _explained(self, error: BaseException) -> Explained:
        transport = str(self.values.get("transport", "tcp"))
        unix = transport.startswith("unix")
        host, port = str(self.values.get("host", "")), int(self.values.get("port", 0) or 0)
        address = str(self.values.get("path", "")) if unix else (host, port)
        return explain(error, call="connect", address=address, transport=transport)

    # Talking

    def order(self, work: Callable[[launch.Client], Any], done: Callable[[Any], object] | None = None) -> None:
        """Run work(client) elsewhere, in order; an Outcome it returns is watched for its error."""
        client = self.client
        if client is None:
            return

        def run() -> Any:
            return work(client)

        def finished(value: Any) -> None:
            if isinstance(value, Outcome):
                self._pending.append(value)
            if done is not None:
                done(value)
            self.poll()

        self._orders.put(run, finished)

    def send(self, data: bytes) -> None:
        """Send as the form says: all of it, once, or as a datagram; over and over until answered if it asks so."""
        self.dismiss_trouble()
        whole = self.values.get("send_call", "sendall") == "sendall"
        self.order(lambda client: launch.send(client, data, whole=whole, values=self.values))

    def send_key(self, data: bytes) -> None:
        """Send one key; telnet's Enter is CR NUL (RFC 854, page 11)."""
        telnet = not isinstance(self.client, (StreamClient, DatagramClient))
        self.send(b"\r\0" if telnet and data in (b"\r\n", b"\n", b"\r") else data)

    @property
    def is_telnet(self) -> bool:
        """The client speaks telnet: it has commands to send."""
        return hasattr(self.client, "send_command")

    def send_command(self, name: str) -> None:
        """Send a telnet command."""
        if self.is_telnet:
            self.order(lambda client: client.send_command(name))  # type: ignore[union-attr]

    @property
    def by_character(self) -> bool:
        """Each key is to be sent at once: the form says so, or a telnet server that echoes."""
        if self.values.get("transport") != "tcp":
            return False
        return self.values.get("mode") == "character" or getattr(self.client, "typing", "line") == "character"

    def send_file(self, path: str) -> None:
        """Send the bytes of a file."""
        self.dismiss_trouble()
        self.order(lambda client: launch.send_file(client, path))

    def receive(self) -> None:
        """One recv() now: for a client that reads only when told."""
        if isinstance(self.client, StreamClient):
            self.order(lambda client: client.receive())  # type: ignore[union-attr]

    def send_repeated(self, data: bytes, count: int, interval_ms: int) -> None:
        """Send again and again; 0 times is until stopped."""
        self.repeating = count == 0 or count > 1
        self._repeat_ends = time.monotonic() + count * interval_ms / 1000 if count else float("inf")
        self.order(lambda client: launch.send_repeated(client, data, count, interval_ms))
        self.changed.emit()

    def stop_repeating(self) -> None:
        """End repeated sending."""
        self.repeating = False
        self.order(launch.stop_repeating)
        self.changed.emit()

    def close(self) -> None:
        """Close the connection, or end the attempt."""
        if self.phase == "connecting":
            self.stop_connecting()
            return
        client = self.client
        if client is not None:
            client.request_stop()
            self.desk.bridge.call(lambda: self.desk.lab.stop(client), lambda _: self.poll(), owner=self)

    def _on_order_failed(self, error: BaseException) -> None:
        self.trouble = self._explained(error)
        self.changed.emit()

    # Looking

    def poll(self) -> None:
        """Take what is new: lines, the end, errors of what was asked. Cheap; a few times a second."""
        attempt = self._attempt
        client = self.client or (attempt.client if attempt is not None else None)
        if client is None:
            return
        if self.repeating and time.monotonic() > self._repeat_ends:
            self.repeating = False
            self.changed.emit()
        grew = self._take_lines(client)
        troubled = self._take_errors()
        ended = self.phase == "connected" and client.state in ("stopped", "failed")
        if ended:
            self._take_lines(client)
            if client.error is not None:
                self.trouble = client.error
            self.repeating = False
            self._forget(client)
            self._set_phase("ended")
        elif grew or troubled:
            self.changed.emit()

    def _take_lines(self, client: launch.Client | None) -> bool:
        if client is None:
            return False
        lines = client.transcript_since(self._taken)
        self._taken = client.transcript.total if not lines else max(self._taken, client.transcript.total)
        self.lines.append(lines)
        if not self._heard and any(line.direction == "in" for line in lines):
            self._heard = True
            self.answered.emit()
        return bool(lines)

    def _take_errors(self) -> bool:
        done = [future for future in self._pending if future.done()]
        self._pending = [future for future in self._pending if not future.done()]
        errors = [error for error in (future.exception() for future in done if not future.cancelled()) if error]
        client = self.client
        for error in errors:
            told = client.error if client is not None else None
            self.trouble = told or self._explained(error)
        return bool(errors)

    def dismiss_trouble(self) -> None:
        """Take the error away: something else was done."""
        if self.trouble is not None:
            self.trouble = None
            self.changed.emit()

    # Leaving

    def edit(self) -> None:
        """Go back to the form; what was connected is closed."""
        self._drop_client()
        self._set_phase("idle")

    def _drop_client(self) -> None:
        client, self.client = self.client, None
        self._attempt = None
        self._orders.clear()
        self._pending.clear()
        self.repeating = False
        if client is not None and client.state == "running":
            self._stop_quietly(client)

    def _stop_quietly(self, client: launch.Client) -> None:
        client.request_stop()
        self.desk.bridge.call(lambda: self.desk.lab.stop(client))

    def _forget(self, client: launch.Client) -> None:
        self.desk.bridge.call(lambda: self.desk.lab.stop(client))

    def _set_phase(self, phase: Phase) -> None:
        self.phase = phase
        self.changed.emit()

    def shown_facts(self) -> ShownFacts:
        """What the card shows of the connection; of the last one when it is over."""
        if self.client is not None:
            self._last_facts = facts_of(self.client, self.values, self.round_trip_us)
        return self._last_facts
