"""RawSend: exactly the bytes that were typed, over a traced socket, and whatever comes back.

For requests that no library would send. Nothing is added, nothing is checked. It must not know
HTTP.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from typing import Final

from protocols.http.exchange import Kept
from protocols.record.connections import KEEP_CALL_BYTES
from protocols.record.event import Direction, monotonic_ns
from protocols.record.explain import explain
from protocols.record.recorder import Recorder
from protocols.record.traced import TracedSocket, traced_socket
from protocols.record.traced_tls import TracedTLSSocket, wrap_tls
from protocols.service.base import Facts, Service
from protocols.service.wake import Wake

RAW_NAME: Final = "raw 1"
KEEP_BYTES: Final = 16 << 20
_PIECE_BYTES: Final = 64 << 10
_WANTS: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class RawSend(Service):
    """Connects in `start()`, which raises as connect() does; then sends `data` and reads to the peer's end.

    quiet_s: so much silence ends it, too. received: what came. why: how it ended, a sentence.
    """

    def __init__(
        self, recorder: Recorder, host: str, port: int, data: bytes, *, name: str = RAW_NAME,
        context: ssl.SSLContext | None = None, connect_s: float = 10.0, quiet_s: float = 5.0,
    ) -> None:  # fmt: skip
        super().__init__(recorder, name, "client")
        self.received: Final = Kept(KEEP_BYTES)
        self.sent = 0
        self.why = ""
        self._place = (host, port)
        self._data = data
        self._context = context
        self._connect_s = connect_s
        self._quiet_s = quiet_s
        self._wake = Wake()
        self._sock: TracedSocket | TracedTLSSocket | None = None

    def _thread_name(self) -> str:
        return self.name.replace(" ", "-") + f":{self._place[1]}"

    def _open(self) -> None:
        found = socket.getaddrinfo(*self._place, type=socket.SOCK_STREAM)
        failed: OSError | None = None
        for family, kind, proto, _, address in found:
            sock = traced_socket(self.recorder, self.name, family, kind, proto)
            try:
                sock.settimeout(self._connect_s)
                sock.connect(address)
                self._sock = sock
                if self._context is not None:
                    self._sock = wrap_tls(self._context, sock, server_side=False, server_hostname=self._place[0])
                self._sock.setblocking(False)
                return
            except OSError as error:
                failed = error
                (self._sock or sock).close()
                self._sock = None
        assert failed is not None
        raise failed

    def _wake_up(self) -> None:
        self._wake.set()

    def _close(self) -> None:
        if self._sock is not None:
            self._sock.close()
        self._wake.close()

    def facts(self) -> Facts:
        """What it occupies now."""
        return Facts(self.name, self.kind, self.state, f"{self._place[0]}:{self._place[1]}", self.threads(),
                     connections=int(self.state == "running"))  # fmt: skip

    def _main(self) -> None:
        try:
            self._carry()
        except OSError as error:
            told = explain(error, call="recv" if self.sent == len(self._data) else "send", address=self._place)
            self.why = told.why
        self._message("request", "out", self._data[: self.sent], self.sent)
        self._message("response", "in", bytes(self.received.data), self.received.size)

    def _carry(self) -> None:
        sock, left = self._sock, memoryview(self._data)
        assert sock is not None
        quiet_at = time.monotonic() + self._quiet_s
        while not self.stopping.is_set():
            try:
                if left:
                    count = sock.send(left)
                    left = left[count:]
                    self.sent += count
                    continue
            except _WANTS:
                pass
            try:
                piece = sock.recv(_PIECE_BYTES)
            except _WANTS:
                if not self._wait(sock, bool(left), quiet_at - time.monotonic()):
                    self.why = f"The other end was silent for {self._quiet_s:g} s, so this end closed."
                    return
                continue
            if not piece:
                self.why = "The other end closed the connection."
                return
            self.received.add(piece)
            quiet_at = time.monotonic() + self._quiet_s
        self.why = "It was stopped."

    def _wait(self, sock: TracedSocket | TracedTLSSocket, sending: bool, timeout_s: float) -> bool:
        """Wait until something can go on; False when the time is up."""
        poller = select.poll()
        poller.register(sock.fileno(), select.POLLIN | (select.POLLOUT if sending else 0))
        poller.register(self._wake.fileno(), select.POLLIN)
        return timeout_s > 0 and bool(poller.poll(timeout_s * 1000))

    def _message(self, kind: str, direction: Direction, data: bytes, size: int) -> None:
        trace = self._sock.trace if self._sock is not None else None
        conn = trace.conn if trace is not None else None
        kept = data[:KEEP_CALL_BYTES]
        detail = {"kept": len(kept)} if len(kept) < size else {}
        self.recorder.emit("message", kind, f"{size} bytes as typed" if kind == "request" else f"{size} bytes back",
                           service=self.name, conn=conn, direction=direction, offset=0, size=size, data=kept,
                           detail=detail, t=monotonic_ns())  # fmt: skip
