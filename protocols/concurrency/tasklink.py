"""TaskLink: a connection of the asyncio model, between the loop's transport and the handler.

The transport calls the protocol half of it; a task of its own calls the handler, so that a delay
can be awaited. With TLS the engine is traced and the socket below it is muted. It must not know
how connections are accepted.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from protocols.concurrency.link import Link, SlowReader
from protocols.concurrency.serving import DELAY_LOOK_S, Serving
from protocols.record.traced import TracedSocket
from protocols.record.traced_tls import TracedTLSObject, handshake_done

HARD_BYTES: Final = 16 << 20
"""Over this much unsent, sends from outside are refused."""
_WAITING_BYTES: Final = 64 << 10
"""Over this much unhandled, the transport is asked to read no more."""
_SHUTDOWN_S: Final = 1.0


class TaskLink(Link, asyncio.Protocol):
    """One connection: what the transport reads waits here for the task that serves it."""

    def __init__(self, serving: Serving, sock: TracedSocket, address: Any, worker: str) -> None:
        super().__init__(serving, sock, address, worker)
        self._loop: Final = asyncio.get_running_loop()
        self._ident: Final = threading.get_ident()
        self._transport: asyncio.Transport | None = None
        self._chunks: deque[tuple[int, bytes]] = deque()
        self._waiting_bytes = 0
        self._out_offset = 0
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._lost: asyncio.Future[None] = self._loop.create_future()
        self._half_closed = False
        self._starving = self._rang = False
        self._alarm: asyncio.TimerHandle | None = None

    # The transport's side (asyncio.Protocol)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport stands, with TLS after the handshake and before the first bytes are decrypted."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        trace, engine = self.sock.trace, transport.get_extra_info("ssl_object")
        if trace is not None and isinstance(engine, TracedTLSObject):
            engine.trace = trace
            handshake_done(trace, engine, self.since_ns, -1)

    def data_received(self, data: bytes) -> None:
        """What one recv() gave."""
        if not self.recorder.enabled:
            self.end.received += len(data)
        self._chunks.append((self.end.received - len(data), data))
        self._waiting_bytes += len(data)
        if self._waiting_bytes > _WAITING_BYTES and self._transport is not None:
            self._transport.pause_reading()
        self._news.set()

    def eof_received(self) -> bool:
        """The peer will send no more. asyncio can't keep a TLS connection open after that."""
        self._chunks.append((self.end.received, b""))
        self._news.set()
        return self.serving.tls is None

    def pause_writing(self) -> None:
        """The peer is slow: nothing more is handled, so nothing more is read."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It has caught up."""
        self._writable.set()
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport has closed the socket, or is about to."""
        if isinstance(exc, OSError) and not self.finished:
            self.error = self.error or exc
        if not self._lost.done():
            self._lost.set_result(None)
        self._news.set()
        self._writable.set()

    # The task's side

    async def serve(self) -> None:
        """Serve the connection to its end."""
        self.serving.enter(self)
        try:
            await self._connect_transport()
            self.tell_opened()
            await self._pump()
            if self._transport is not None:
                self._transport.close()
                if self.serving.tls is None:
                    self._discard_unread()  # the transport reads no more, and closes in the loop's next turn
                await self._lost
        except asyncio.CancelledError:
            pass  # the server stops; nothing is awaited after this
        except OSError as error:
            self.error = self.error or (None if self.finished else error)
        finally:
            self.wake_in(None)
            self._abort_transport()
            self.over()

    def _abort_transport(self) -> None:
        """Close at once what is still open. Before Python 3.11.5 a TLS transport closed twice can't be aborted."""
        with contextlib.suppress(AttributeError):
            if self._transport is not None:
                self._transport.abort()

    async def _connect_transport(self) -> None:
        sock, trace = self.sock, self.sock.trace
        assert trace is not None
        tls, context = self.serving.tls, self.serving.tls_context
        if tls is None or context is None:
            transport, _ = await self._loop.connect_accepted_socket(lambda: self, sock)
        else:
            trace.muted = True
            context.sslobject_class = TracedTLSObject
            try:
                transport, _ = await self._loop.connect_accepted_socket(
                    lambda: self, sock, ssl=context, ssl_handshake_timeout=tls.handshake_timeout_s,
                    ssl_shutdown_timeout=_SHUTDOWN_S,
                )  # fmt: skip
            except OSError as error:
                trace.call("handshake", "do_handshake()", self.since_ns, error=error, address=self.peer)
                raise
        if hasattr(transport, "max_size"):
            transport.max_size = self.serving.recv_size  # how much one recv() asks for

    async def _pump(self) -> None:
        while not self.done():
            if self._rang:
                self._rang = False
                self.tell_woken()
            elif self._starving and self._writable.is_set():
                self._starving = False
                self.tell_drained()
            elif self._chunks and self._writable.is_set():
                await self._take_chunk(*self._chunks.popleft())
            elif self._lost.done():
                return
            else:
                self._news.clear()
                await self._news.wait()

    async def _take_chunk(self, offset: int, data: bytes) -> None:
        if data:
            await self._handle(offset, data)
        elif self.handler.reads_past_end:
            await self._spin()
        else:
            self.tell_ended()

    async def _handle(self, offset: int, data: bytes) -> None:
        self._waiting_bytes -= len(data)
        if self._transport is not None and not self._chunks and not self._transport.is_reading():
            self._transport.resume_reading()
        began = self._loop.time()
        while (left := began + self.serving.delay_ms / 1000 - self._loop.time()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(left, DELAY_LOOK_S))  # other threads change the delay meanwhile
        self.tell_received(data, offset)

    async def _spin(self) -> None:
        """asyncio looks at the end of the stream itself; the classic loop is played with the recv() it would make."""
        while not self.done() and not self._lost.done():
            self.tell_received(b"")
            await asyncio.sleep(0)
            if not self.done() and self.serving.tls is None and self.sock.fileno() >= 0:
                self.sock.recv(self.serving.recv_size)

    @property
    def full(self) -> bool:
        """See contract.Connection."""
        if not self._writable.is_set():
            self._starving = True
        return self._starving

    def wake_in(self, seconds: float | None) -> None:
        """See contract.Connection."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None if seconds is None else self._loop.call_later(seconds, self._ring)

    def _ring(self) -> None:
        self._alarm, self._rang = None, True
        self._news.set()

    # Anybody's side

    def _in_loop(self, work: Callable[[], None]) -> None:
        if threading.get_ident() == self._ident:
            work()
            return
        try:
            self._loop.call_soon_threadsafe(work)
        except RuntimeError:
            pass  # the loop is closed, and the connection with it

    def send(self, data: bytes) -> None:
        """Send, or let the transport keep what the kernel does not take now. Raises SlowReader to outsiders only."""
        if threading.get_ident() == self._ident:
            self._send(data, "reply" if self._handling else "message")
        elif self.pending_out() > HARD_BYTES:
            raise SlowReader(f"Connection {self.number} does not read: {self.pending_out()} bytes wait for it already")
        else:
            self._in_loop(lambda: self._send(data, "message"))

    def _send(self, data: bytes, kind: str) -> None:
        if self.finished or self._half_closed or self._transport is None or self._lost.done():
            return
        if self.recorder.enabled:
            self.message(kind, "out", self._out_offset, data)
        else:
            self.end.sent += len(data)
        self._out_offset += len(data)
        self._transport.write(data)

    def half_close(self) -> None:
        """End our direction when everything is sent; with TLS asyncio can only close."""
        self._in_loop(self._half_close)

    def _half_close(self) -> None:
        transport = self._transport
        if self.finished or self._half_closed or transport is None:
            return
        self._half_closed = True
        if transport.can_write_eof():
            transport.write_eof()
            return
        self.serving.note(
            "explained", "asyncio can't half-close a TLS connection", conn=self.conn,
            why="asyncio's TLS transport has no write_eof(): the connection is closed in both directions instead.",
        )  # fmt: skip
        self._finish()

    def close(self) -> None:
        """Close when everything is sent."""
        self._in_loop(self._finish)

    def _finish(self) -> None:
        self.finished = True
        self._news.set()
        self._writable.set()

    def reset(self) -> None:
        """Close at once with a RST."""
        self._in_loop(self._reset)

    def _reset(self) -> None:
        if not self._lost.done() and self._transport is not None:
            self.linger_reset()
            self._finish()
            self._abort_transport()

    def abort(self) -> None:
        """The server stops: its main task cancels this one."""

    def pending_out(self) -> int:
        """Bytes that wait in the transport."""
        transport = self._transport
        return 0 if transport is None or self._lost.done() else transport.get_write_buffer_size()
