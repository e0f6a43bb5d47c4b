"""EventLink: a connection of an event loop, with its outgoing buffer.

A slow reader never blocks the others and never fills the memory: while its buffer is over a
limit nothing more is read from it, and sends from outside are refused. It must not know which
system call tells readiness.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from threading import current_thread, get_ident
from typing import TYPE_CHECKING, Any, Final

from protocols.concurrency.link import Link, SlowReader, raw_recv, raw_send, tls_half_close
from protocols.concurrency.outbuffer import OutBuffer
from protocols.record.event import monotonic_ns
from protocols.record.trace import preview
from protocols.record.traced import TracedSocket
from protocols.record.traced_tls import TracedTLSSocket, wrap_tls
from protocols.record.turns import Turns

if TYPE_CHECKING:
    from protocols.concurrency.evented import EventLoop

READ: Final = 1
WRITE: Final = 4
HIGH_BYTES: Final = 256 << 10
"""Over this much unsent, nothing more is read from the peer."""
LOW_BYTES: Final = 64 << 10
HARD_BYTES: Final = 16 << 20
"""Over this much unsent, sends from outside are refused."""
READS_PER_TURN: Final = 64
_BLOCKED: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class EventLink(Link):
    """One connection of an EventLoop. interest: what the poller watches, -1 before it is registered."""

    def __init__(self, loop: EventLoop, sock: TracedSocket, address: Any, worker: str) -> None:
        super().__init__(loop.serving, sock, address, worker)
        self.loop: Final = loop
        self.interest = -1
        self.handshaking = False
        self._fd: Final = sock.fileno()
        self._ident: Final = loop.ident
        self._size: Final = loop.serving.recv_size
        self._raw_recv: Callable[[int], bytes] = raw_recv.__get__(sock)
        self._raw_send: Callable[[Any], int] = raw_send.__get__(sock)
        self._tls: TracedTLSSocket | None = None
        self._out: Final = OutBuffer()
        self._past_end = self._starving = False
        self._half_closing = False
        self._was_reset = False
        self._doomed = False
        self._greedy = loop.poller.edge or loop.serving.tls is not None
        self._plain = not self._greedy and not self.handler.reads_past_end
        assert sock.trace is not None
        self._trace: Final = sock.trace
        self._turns_of: Final = Turns(sock.trace, self._fd, current_thread().name, self._size)

    def begin(self) -> None:
        """Start serving, in the loop's thread."""
        context = self.serving.tls_context
        if context is None:
            self._watch()
            self.tell_opened()
            return
        assert isinstance(self.sock, TracedSocket)
        try:
            self.sock = self._tls = wrap_tls(context, self.sock, server_side=True, handshake=False)
        except OSError as error:
            self.fail(error)
            return
        self._raw_recv, self._raw_send = self._tls.recv, self._tls.send
        self.handshaking = True
        self._watch()

    # Readiness

    def on_event(self, mask: int) -> None:
        """The poller found the descriptor ready for `mask`."""
        if mask == READ and self._plain and not self.finished and not self._past_end:
            self._turn()  # by far the most frequent case
            return
        if self._doomed:
            return
        if self.handshaking:
            self._shake_hands()
            return
        if mask & WRITE:
            self._flush()
        if mask & ~WRITE:
            if self.finished:
                self._doom()  # hung up: nobody takes what is left to send
                return
            self._read()
            if self._greedy:
                self._read_more()

    def _turn(self) -> None:
        """What `_receive` does, for a socket without TLS: the same calls, with as little around them as can be."""
        enabled = self.recorder.enabled
        started = monotonic_ns() if enabled else 0
        try:
            data = self._raw_recv(self._size)
        except OSError as error:
            if enabled:
                self._trace.failed("recv", str(self._size), started, self._fd, error, "in")
            if not isinstance(error, BlockingIOError):
                self.fail(error)
            return
        if not enabled:
            self.end.received += len(data)
        elif not self._turns_of.received(started, data):
            self._trace.received("recv", started, self._fd, data, self._size, 0)
            if data:
                self.message("request", "in", self.end.received - len(data), data)
        if not data:
            self._ended()
            return
        if self.serving.delay_ms:
            self.serving.wait_delay()
        self._handling = True
        try:
            self.handler.received(self, data)
        except Exception as error:  # noqa: BLE001  a handler's mistake must not end the server
            self.handler_failed(error)
        self._handling = False

    def _shake_hands(self) -> None:
        assert self._tls is not None
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._set_interest(READ)
        except ssl.SSLWantWriteError:
            self._set_interest(WRITE)
        except OSError as error:
            self.fail(error)
        else:
            self.handshaking = False
            self._watch()
            self.tell_opened()
            if not self.finished:
                self._read()
                self._read_more()

    def _read(self) -> None:
        """One recv()."""
        if self._past_end and not self.handler.reads_past_end:
            self._doom()  # hung up while the handler was left to send
            return
        self._receive()

    def _receive(self) -> None:
        try:
            if self.recorder.enabled:
                data = self.sock.recv(self._size)
            else:
                data = self._raw_recv(self._size)
                self.end.received += len(data)
        except _BLOCKED:
            return
        except OSError as error:
            self._read_failed(error)
            return
        if not data:
            self._ended()
            return
        if self.serving.delay_ms:
            self.serving.wait_delay()
        self.tell_received(data)

    def _read_more(self) -> None:
        """TLS keeps decrypted bytes that no poller sees; an edge is told once. Read until nothing is left."""
        for _ in range(READS_PER_TURN):
            if self.finished or self._past_end or not self.interest & READ:
                return
            if self._tls is not None and not self.loop.poller.edge and not self._tls.pending():
                return
            before = self.end.received
            self._read()
            if self.end.received == before:
                return
        self.loop.again.append(self)

    def _read_failed(self, error: OSError) -> None:
        if isinstance(error, ssl.SSLEOFError):
            self._ended()  # cut without close_notify
        else:
            self.fail(error)

    def _ended(self) -> None:
        if self.handler.reads_past_end:
            self.tell_received(b"")
            return
        self._past_end = True
        self.tell_ended()
        self._watch()

    # Sending

    @property
    def full(self) -> bool:
        """See contract.Connection."""
        if self._out.size > HIGH_BYTES and not self.finished:
            self._starving = True
        return self._starving

    def wake_in(self, seconds: float | None) -> None:
        """See contract.Connection."""
        if seconds is None:
            self.loop.wakes.drop(self)
        elif not self._doomed:
            self.loop.wakes.set(self, time.monotonic() + seconds)

    def send(self, data: bytes) -> None:
        """Send, or keep what the kernel does not take now. Raises SlowReader to outsiders only."""
        if get_ident() == self._ident:
            if not self._handling:
                self._send(data, "message")
            elif self._out.waiting or self.finished or self._half_closing or self.handshaking:
                self._send(data, "reply")
            elif not self.recorder.enabled:
                try:
                    self.end.sent += (count := self._raw_send(data))
                except OSError as error:
                    count = 0
                    if not isinstance(error, _BLOCKED):
                        self.fail(error)
                if count < len(data):
                    self._keep(memoryview(data)[count:])
            elif self._plain and type(data) is bytes:
                self._reply(data)
            else:
                self._send(data, "reply")
        elif self._out.size > HARD_BYTES:
            raise SlowReader(f"Connection {self.number} does not read: {self._out.size} bytes wait for it already")
        else:
            self.loop.call(lambda: self._send(data, "message"))

    def _send(self, data: bytes, kind: str) -> None:
        if self.finished or self._half_closing or self.handshaking:
            return
        if self.recorder.enabled:
            self.message(kind, "out", self.end.sent + self._out.size, data)
        count = 0 if self._out else self._send_some(data)
        if count < len(data):
            self._keep(memoryview(data)[count:])

    def _reply(self, data: bytes) -> None:
        """What `_send` does with a reply, recorded in one step with its call where the kernel takes all of it."""
        started, count = monotonic_ns(), 0
        try:
            count = self._raw_send(data)
        except OSError as error:
            self.message("reply", "out", self.end.sent, data)
            self._trace.failed("send", self._trace.shown(data), started, self._fd, error, "out")
            if not isinstance(error, BlockingIOError):
                self.fail(error)
        else:
            if count == len(data) and self._turns_of.sent(started, data):
                return
            self.message("reply", "out", self.end.sent, data)
            self._trace.sent("send", started, self._fd, data, count, len(data), 0, preview(data))
        if count < len(data):
            self._keep(memoryview(data)[count:])

    def _keep(self, rest: memoryview) -> None:
        """What the kernel did not take now."""
        if not self._doomed:
            self._out.add(rest)
            self._watch()

    def _send_some(self, data: bytes | memoryview) -> int:
        try:
            if self.recorder.enabled:
                return self.sock.send(data)
            count = self._raw_send(data)
        except _BLOCKED:
            return 0
        except OSError as error:
            self.fail(error)
            return 0
        self.end.sent += count
        return count

    def _flush(self) -> None:
        while self._out and self._out.sent(self._send_some(self._out.first())):
            pass
        if self._doomed:
            return
        if not self._out:
            if self.finished:
                self._doom()
                return
            if self._half_closing:
                self._shut_write()
        self._watch()
        if self._starving and self._out.size <= LOW_BYTES and not self.finished:
            self._starving = False
            self.tell_drained()

    # Interest

    def _watch(self) -> None:
        """Tell the poller what this link waits for now."""
        if self._doomed:
            return
        over = self.finished or (self._past_end and not self.handler.reads_past_end)
        slow = self._out.size > (HIGH_BYTES if self.interest & READ else LOW_BYTES)
        self._set_interest((0 if over or slow else READ) | (WRITE if self._out else 0))

    def _set_interest(self, interest: int) -> None:
        if interest != self.interest:
            before, self.interest = self.interest, interest
            if before == -1:
                self.loop.poller.register(self._fd, interest)
            else:
                self.loop.poller.modify(self._fd, interest)

    # Ends

    def _in_loop(self, work: Callable[[], None]) -> None:
        if get_ident() == self._ident:
            work()
        else:
            self.loop.call(work)

    def half_close(self) -> None:
        """End our direction when everything is sent."""
        self._in_loop(self._half_close)

    def _half_close(self) -> None:
        if not self.finished and not self._half_closing:
            self._half_closing = True
            if not self._out:
                self._shut_write()

    def _shut_write(self) -> None:
        if self._tls is not None:
            tls_half_close(self._tls)
            return
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            self.fail(error)

    def close(self) -> None:
        """Close when everything is sent."""
        self._in_loop(self._finish)

    def _finish(self) -> None:
        self.finished = True
        if self._out:
            self._watch()
        else:
            self._doom()

    def reset(self) -> None:
        """Close at once with a RST."""
        self._in_loop(self._reset)

    def _reset(self) -> None:
        if not self._doomed:
            self._was_reset = True
            self.linger_reset()
            self._doom()

    def abort(self) -> None:
        """The server stops: the loop closes its links itself."""

    def fail(self, error: OSError) -> None:
        """The connection broke; the traced call has told it with its reason."""
        if self.error is None and not self.finished:
            self.error = error
        self._doom()

    def _doom(self) -> None:
        """Closed at the end of this event, when no handler is on the stack."""
        self.finished = True
        if not self._doomed:
            self._doomed = True
            self.loop.doomed.append(self)

    def _close_socket(self) -> None:
        self.loop.forget(self, self._fd)
        self._out.clear()
        if self._tls is not None and not (self.error or self.handshaking or self._half_closing or self._was_reset):
            tls_half_close(self._tls)
        self.sock.close()

    def pending_out(self) -> int:
        """Bytes that wait here for the kernel to take them."""
        return self._out.size
