"""`netlab connect`: stdin to the peer, the peer to stdout, like a polite netcat.

One thread, one poll: it reads stdin only when the peer takes it, and writes all it got before it
ends. End of stdin half-closes; then it reads to the peer's end. On a terminal no control character of the
peer's is let through. It must not know argparse.
"""

from __future__ import annotations

import errno
import os
import ssl
import sys
from dataclasses import dataclass, field
from typing import Final

from protocols import opening
from protocols.address import Target
from protocols.concurrency.contract import DATAGRAM
from protocols.connecting import Stopped, poll_wait
from protocols.record import polling
from protocols.record.event import monotonic_ns
from protocols.record.explain import address_text
from protocols.record.recorder import Recorder
from protocols.record.trace import Trace
from protocols.record.traced import TracedSocket
from protocols.record.traced_tls import TracedTLSSocket
from protocols.terminal import DONE, Escape, JsonLines, Signals, fail, reader_gone, say, write_all

CHUNK_BYTES: Final = 64 << 10
DATAGRAM_BYTES: Final = 1400
"""What one read of stdin may put into a datagram: it fits any link whole."""
LAST_GASP_S: Final = 0.2
"""After the peer's end: how long to wait for more stdin that somebody may still want to read."""
QUIET_S: Final = 1.0
"""A datagram peer has no end: this much silence after stdin's end is taken for one."""
_TLS_ALERT: Final = b"\x15\x03"
"""How a record begins that says what went wrong: content type 21, version 3.x (RFC 8446 section 5.1)."""
_READ: Final = polling.POLLIN | polling.POLLHUP | polling.POLLERR | polling.POLLNVAL
_WANTS: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


@dataclass(frozen=True)
class Order:
    """What `netlab connect` was asked for. timeout_s: for connecting, and for a peer that is silent."""

    target: Target
    timeout_s: float | None = None
    context: ssl.SSLContext | None = None
    server_name: str = ""
    json: bool = False


@dataclass
class _Teller:
    """Who asks for the connection."""

    recorder: Recorder
    name: str = "connect"

    def tell(self, kind: str, text: str) -> None:
        self.recorder.note(kind, text, service=self.name)


def run(order: Order) -> int:
    """Connect and carry bytes both ways; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    recorder = Recorder()
    recorder.enabled = order.json
    lines = JsonLines(recorder) if order.json else None
    with Signals() as signals:
        status = _run(order, recorder, lines, signals)
        if lines is not None:
            lines.drain()
    return status


def _run(order: Order, recorder: Recorder, lines: JsonLines | None, signals: Signals) -> int:
    target, teller = order.target, _Teller(recorder)
    address: object = target.path if target.is_unix else (target.host, target.port)
    wait = poll_wait(signals.wake, signals.stopping)
    plan = opening.Plan(order.timeout_s)
    try:
        sock = opening.connect(teller, target, plan, wait, order.context, order.server_name or target.host)
    except Stopped:
        return DONE
    except (OSError, ValueError, OverflowError) as error:
        return fail(error, "connect", address, target.transport, recorder)
    with sock:
        pump = Pump(sock, order, lines, signals)
        by_hand = _typed_by_hand()
        if by_hand:
            say(_greeting(target))
        try:
            status = pump.run()
            if by_hand and pump.ended_by_peer:
                say("The peer has ended the connection.")
            return status
        except BrokenPipeError:
            if reader_gone():
                raise
            return fail(BrokenPipeError(errno.EPIPE, "Broken pipe"), "send", address, target.transport, recorder)
        except OSError as error:
            return fail(error, pump.doing, address, target.transport, recorder)


def _typed_by_hand() -> bool:
    """Whether a person sits at both ends of this program: then an empty screen needs a word."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def _greeting(target: Target) -> str:
    where = target.path if target.is_unix else address_text((target.host, target.port))
    if target.transport in DATAGRAM:
        return f"Each line that you type goes to {where} as one datagram; Ctrl+D ends."
    return f"Connected to {where}: type lines, Ctrl+D ends your side."


@dataclass
class Pump:
    """Carries bytes between stdin, a non-blocking socket and stdout."""

    sock: TracedSocket | TracedTLSSocket
    order: Order
    lines: JsonLines | None
    signals: Signals
    doing: str = "recv"
    _waiting: memoryview = field(default_factory=lambda: memoryview(b""))
    _stdin_ended: bool = False
    _peer_ended: bool = False
    _half_closed: bool = False
    _sent: int = 0
    _got: int = 0

    def __post_init__(self) -> None:
        self._datagram = self.order.target.transport in ("udp", "unix-dgram")
        self._chunk = DATAGRAM_BYTES if self._datagram else CHUNK_BYTES
        self._stdin = _descriptor_of_stdin()
        self._stdin_ended = self._stdin < 0
        self._last = monotonic_ns()
        self._escape = Escape() if self.lines is None and sys.stdout.isatty() else None

    def run(self) -> int:
        """Go on until both ends are done; the exit status."""
        while not self.signals.stopping():
            self._half_close_when_done()
            if self._done():
                break
            ready = self._poll()
            if ready is None:
                return self._silence()
            for fd, act in ((self.sock.fileno(), self._socket), (self._stdin, self._read_stdin)):
                if fd in ready:
                    act(ready[fd])
            if self.lines is not None:
                self.lines.drain()
            if self._peer_ended and not ready:
                break
        return DONE

    @property
    def ended_by_peer(self) -> bool:
        """Whether the peer's end came first."""
        return self._peer_ended and not self._stdin_ended

    def _done(self) -> bool:
        if self._datagram:
            return self._stdin_ended and not self._waiting and self._got >= self._sent > 0
        return self._peer_ended and self._stdin_ended and not self._waiting

    def _half_close_when_done(self) -> None:
        if self._stdin_ended and not self._waiting and not self._half_closed and not self._datagram:
            self._half_closed = True
            if not self._peer_ended:
                self.doing = "shutdown"
                opening.end_sending(self.sock)
                self.doing = "recv"

    # Waiting

    def _poll(self) -> dict[int, int] | None:
        """What is ready; {} when only woken, or the peer has ended and stdin rests; None for a time-out."""
        poller = polling.poll()
        poller.register(self.signals.wake.fileno(), polling.POLLIN)
        poller.register(sys.stdout.fileno(), 0)
        mask = (0 if self._peer_ended else polling.POLLIN) | (polling.POLLOUT if self._waiting else 0)
        if mask:
            poller.register(self.sock.fileno(), mask)
        if not self._waiting and not self._stdin_ended:
            poller.register(self._stdin, polling.POLLIN)
        limit = self._limit_s()
        ready = dict(poller.poll(None if limit is None else max(0, int(limit * 1000) + 1)))
        if ready.pop(sys.stdout.fileno(), 0) & (polling.POLLERR | polling.POLLNVAL):
            raise BrokenPipeError(errno.EPIPE, "nobody reads stdout")
        if ready.pop(self.signals.wake.fileno(), 0):
            self.signals.wake.clear()
        if not ready and not self._peer_ended and limit is not None and self._limit_s() == 0.0:
            return None
        return ready

    def _limit_s(self) -> float | None:
        """How long the peer may still be silent; None while it is not the peer that we wait for."""
        if self._peer_ended:
            return LAST_GASP_S
        if not self._waiting and not self._stdin_ended:
            return None
        limit = self.order.timeout_s
        if limit is None:
            if not self._datagram:
                return None
            limit = QUIET_S
        return max(0.0, limit - (monotonic_ns() - self._last) / 1e9)

    def _silence(self) -> int:
        if self._datagram and (self._got or self.order.timeout_s is None):
            return DONE
        raise TimeoutError("timed out")

    # Moving

    def _read_stdin(self, mask: int) -> None:
        try:
            data = os.read(self._stdin, self._chunk)
        except BlockingIOError:
            return
        except OSError:  # a terminal that hung up
            data = b""
        if not data:
            self._stdin_ended = True
        self._last = monotonic_ns()
        self._waiting = memoryview(data)
        if data:
            self._send()

    def _socket(self, mask: int) -> None:
        if self._waiting and mask & (polling.POLLOUT | polling.POLLERR | polling.POLLHUP):
            self._send()
        if mask & _READ and not self._peer_ended:
            self._receive()
            while isinstance(self.sock, TracedTLSSocket) and self.sock.pending() and not self._peer_ended:
                self._receive()

    def _send(self) -> None:
        self._keep_whole()
        try:
            count = self.sock.send(self._waiting)
        except _WANTS:
            return
        except OSError:
            self.doing = "send"
            raise
        self._sent += 1
        self._last = monotonic_ns()
        self._waiting = self._waiting[count:]

    def _receive(self) -> None:
        self._keep_whole()
        try:
            data = self.sock.recv(CHUNK_BYTES)
        except _WANTS:
            return
        self._last = monotonic_ns()
        if not self._got and self.order.context is None and data.startswith(_TLS_ALERT):
            say("The peer speaks TLS: this is its alert, that what came was not. --tls speaks it, too.")
        if data or self._datagram:
            self._got += 1
            if self.lines is None:
                write_all(data if self._escape is None else self._escape.feed(data))
        else:
            self._peer_ended = True
            if self._escape is not None:
                write_all(self._escape.end())

    def _keep_whole(self) -> None:
        """The line of each call is written before the next: its bytes need not be cut to save memory."""
        trace: Trace | None = self.sock.trace
        if self.lines is not None and trace is not None and trace.end is not None:
            trace.end.kept = 0


def _descriptor_of_stdin() -> int:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        return -1

