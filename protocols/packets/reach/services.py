"""Ping, traceroute and port check as services: rows that grow in a thread of their own. It must not know views."""

from __future__ import annotations

import threading
from typing import Any, Final

from protocols.packets.reach import ports, traceroute
from protocols.packets.reach.ping import Pinger, Way, pings, resolved, summary, told, way_text
from protocols.record.recorder import Recorder
from protocols.service.base import Service


class Reaching(Service):
    """One ping, traceroute or port check. rows: what came so far, appended in its own thread.

    note: one sentence, the way that a ping goes. open: makes what it needs and raises the real error.
    """

    def __init__(self, recorder: Recorder, kind: str, host: str) -> None:
        super().__init__(recorder, f"{kind} {host}", kind)
        self.host: Final = host
        self.note = ""
        self._rows: list[Any] = []
        self._rows_lock = threading.Lock()

    def rows(self, start: int) -> list[Any]:
        """Those from this one on."""
        with self._rows_lock:
            return self._rows[start:]

    @property
    def summary(self) -> str:
        """What came of it, in a sentence without its full stop; "" where the rows say all."""
        return ""

    def _add(self, row: Any) -> None:
        with self._rows_lock:
            self._rows.append(row)

    def _open(self) -> None:
        """Nothing to open."""


class Pinging(Reaching):
    """Pings until it has done `count`, 0 without end."""

    def __init__(self, recorder: Recorder, host: str, count: int, interval_s: float, size: int) -> None:
        super().__init__(recorder, "ping", host)
        self._count = count or None
        self._interval_s = interval_s
        self._size = size
        self._pinger: Pinger | None = None
        self.way: Way = "datagram"
        self.address = ""

    def _open(self) -> None:
        self._pinger = Pinger(self.host, size=self._size)
        self.way, self.address = self._pinger.way, self._pinger.address
        self.note = f"{self.address} {way_text(self.way)}"

    @property
    def summary(self) -> str:
        """How many came back, and after how long."""
        return summary(self.rows(0))

    def _main(self) -> None:
        pinger = self._pinger
        assert pinger is not None
        for echo in pings(pinger, self._count, self._interval_s, 2.0, lambda left: not self.stopping.wait(left)):
            self._add(echo)
            told(self.recorder, pinger, echo, self.name)

    def _close(self) -> None:
        if self._pinger is not None:
            self._pinger.sock.close()


class Tracing(Reaching):
    """Hop after hop."""

    def _open(self) -> None:
        self.note = f"{resolved(self.host)[1]} by UDP with a rising number of hops; no permission is needed"

    def _main(self) -> None:
        for hop in traceroute.trace(self.host):
            self._add(hop)
            detail = {"hops": hop.hops, "by": hop.address, "rtts_us": list(hop.rtts_us), "arrived": hop.arrived}
            self.recorder.emit("message", "hop", traceroute.text_of(hop), service=self.name, detail=detail)
            if self.stopping.is_set():
                return


class Checking(Reaching):
    """Port after port."""

    def __init__(self, recorder: Recorder, host: str, text: str) -> None:
        super().__init__(recorder, "port check", host)
        self._ports = ports.ports_of(text)

    def _open(self) -> None:
        self.note = f"{resolved(self.host)[1]}, by connecting; {len(self._ports)} ports"

    def _main(self) -> None:
        for found in ports.check(self.host, self._ports):
            self._add(found)
            detail = {"port": found.port, "state": found.state, "took_us": found.took_us}
            text = f"port {found.port} is {found.state}"
            self.recorder.emit("message", "port checked", text, service=self.name, detail=detail)
            if self.stopping.is_set():
                return
