"""Blocking links: what the models have in common whose workers may wait.

A plain socket is read with a recv() that really blocks. Others may send, close or reset from
their own threads meanwhile. TLS is waited for with poll() and read under a lock, since OpenSSL
allows one thread at a time. It must not know which worker runs it.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from protocols.concurrency.link import AnySocket, Link, SlowReader, raw_recv, raw_shutdown, tls_half_close
from protocols.concurrency.serving import Serving
from protocols.record import polling
from protocols.record.traced import TracedSocket
from protocols.record.traced_tls import TracedTLSSocket, wrap_tls

T = TypeVar("T")
OUTSIDER_S: Final = 2.0
"""How long somebody other than the worker waits for a peer that does not read."""
_WANTS: Final = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


class BlockingLink(Link):
    """A connection whose worker waits in the calls themselves."""

    def __init__(
        self, serving: Serving, sock: TracedSocket, address: Any, worker: str, number: int | None = None
    ) -> None:
        super().__init__(serving, sock, address, worker, number)
        self._lock = threading.RLock()
        self._gone = threading.Event()
        self._sending = False
        self._half_closed = False
        self._ready = serving.tls is None
        self._tls: TracedTLSSocket | None = None
        self._thread: threading.Thread | None = None
        self._wake_at = 0.0

    # The worker's side

    def serve(self) -> None:
        """Serve the connection to its end, in the calling worker."""
        self._thread = threading.current_thread()
        self.serving.enter(self)
        self._limit_sends()
        try:
            if self.serving.tls is None or self._shake_hands():
                self.tell_opened()
                self._pump()
        except OSError as error:
            self._failed(error)
        finally:
            self.over()

    def _limit_sends(self) -> None:
        patience = self.handler.send_patience_s
        if patience is not None:
            parts = struct.pack("ll", int(patience), int(patience % 1 * 1_000_000))
            with contextlib.suppress(OSError):  # the lab's own measure: not told as a call of the server
                socket.socket.setsockopt(self.sock, socket.SOL_SOCKET, socket.SO_SNDTIMEO, parts)

    def _close_socket(self) -> None:
        with self._lock:
            self.sock.close()

    def _shake_hands(self) -> bool:
        tls, context = self.serving.tls, self.serving.tls_context
        assert tls is not None
        assert context is not None
        assert isinstance(self.sock, TracedSocket)
        self.sock.settimeout(tls.handshake_timeout_s)
        self.sock = wrapped = wrap_tls(context, self.sock, server_side=True, handshake=False)
        if self.finished:  # marked before there was this socket to be woken
            return False
        wrapped.do_handshake()
        wrapped.setblocking(False)
        with self._lock:
            self._tls, self._ready = wrapped, True
        return True

    def _pump(self) -> None:
        while not self.finished:
            if self._wake_at and not self._awaited():
                continue
            data = self._receive()
            if data:
                if self.serving.delay_ms:
                    self.serving.wait_delay()
                self.tell_received(data)
            elif self.done():
                return
            elif self.handler.reads_past_end:
                self.tell_received(data)
            else:
                self.tell_ended()
                while not self.done():
                    left = max(self._wake_at - time.monotonic(), 0) if self._wake_at else None
                    if not self._gone.wait(left):
                        self._ring()
                return

    def wake_in(self, seconds: float | None) -> None:
        """See contract.Connection."""
        self._wake_at = 0.0 if seconds is None else time.monotonic() + seconds

    def _awaited(self) -> bool:
        """Wait for bytes no longer than the handler wants to sleep; whether there are any."""
        with self._lock:
            pending = self._tls is not None and self._tls.pending()
        if pending or _wait(self.sock, polling.POLLIN, self._wake_at):
            return True
        self._ring()
        return False

    def _ring(self) -> None:
        self._wake_at = 0.0
        self.tell_woken()

    def _receive(self) -> bytes:
        if self._tls is not None:
            return self._receive_tls(self._tls)
        if self.recorder.enabled:
            return self.sock.recv(self.serving.recv_size)
        data = raw_recv(self.sock, self.serving.recv_size)
        self.end.received += len(data)
        return data

    def _receive_tls(self, tls: TracedTLSSocket) -> bytes:
        while not self.finished:
            with self._lock:
                waiting = tls.pending()
            if not waiting:
                _wait(tls, polling.POLLIN)
            with self._lock:
                if self.done():
                    break
                try:
                    data = tls.recv(self.serving.recv_size)
                except _WANTS:
                    continue
                except ssl.SSLEOFError:
                    return b""
                if not self.recorder.enabled:
                    self.end.received += len(data)
                return data
        return b""

    # Anybody's side

    def send(self, data: bytes) -> None:
        """Send all. The worker waits until the kernel took it; others wait 2 s, then SlowReader is raised."""
        inside = threading.current_thread() is self._thread
        if not self._lock.acquire(timeout=-1 if inside else OUTSIDER_S):
            raise SlowReader(f"Connection {self.number} is busy sending: its peer does not read")
        try:
            if self.finished or self._half_closed or not self._ready:
                return
            if self.recorder.enabled:
                self.message("reply" if inside and self._handling else "message", "out", self.end.sent, data)
            self._sending = True
            if inside and self._tls is None:
                self.sock.sendall(data)
                if not self.recorder.enabled:
                    self.end.sent += len(data)
            else:
                self._send_waiting(data, None if inside else time.monotonic() + OUTSIDER_S)
        except SlowReader:
            raise
        except (BlockingIOError, ssl.SSLWantWriteError):
            self.linger_reset()  # or the system would go on trying
            self._failed(TimeoutError(errno.ETIMEDOUT, "The peer took nothing of what was sent to it"))
        except OSError as error:
            self._failed(error)
        finally:
            self._sending = False
            self._lock.release()

    def _send_waiting(self, data: bytes, deadline: float | None) -> None:
        """Send by parts, waiting in poll(): for TLS, whose engine must be left between, and for outsiders."""
        flags = 0 if self._tls is not None else polling.DONTWAIT
        view = memoryview(data)
        while view and not self._gone.is_set():
            try:
                count = self.sock.send(view, flags)
            except (BlockingIOError, ssl.SSLWantWriteError):
                if not _wait(self.sock, polling.POLLOUT, deadline or self._send_deadline()):
                    if deadline is None:
                        raise
                    raise SlowReader(
                        f"Connection {self.number} does not read: {len(view)} of {len(data)} bytes were not sent"
                    ) from None
                continue
            except ssl.SSLWantReadError:
                _wait(self.sock, polling.POLLIN, deadline)
                continue
            if not self.recorder.enabled:
                self.end.sent += count
            view = view[count:]

    def _send_deadline(self) -> float | None:
        patience = self.handler.send_patience_s
        return None if patience is None else time.monotonic() + patience

    def ask(self, act: Callable[[AnySocket], T]) -> Future[T]:
        """As above, but here and now: the worker waits in a call, and the kernel lets others ask meanwhile."""
        future: Future[T] = Future()
        if not self._lock.acquire(timeout=OUTSIDER_S):
            raise SlowReader(f"Connection {self.number} is busy sending: its peer does not read")
        try:
            future.set_result(act(self.sock))
        except (OSError, ValueError) as error:
            future.set_exception(error)
        finally:
            self._lock.release()
        return future

    def half_close(self) -> None:
        """End our direction; the peer's bytes still come in."""
        with self._lock:
            if self.finished or self._half_closed:
                return
            self._half_closed = True
            if self._tls is not None:
                tls_half_close(self._tls)
                return
            try:
                self.sock.shutdown(socket.SHUT_WR)
            except OSError as error:
                self._failed(error)

    def close(self) -> None:
        """End the connection; everything was sent when `send` returned."""
        if self.finished:
            return
        if self._tls is not None and self._lock.acquire(blocking=False):
            if not self._half_closed and not self.finished:
                tls_half_close(self._tls)
            self._lock.release()
        self._wake(socket.SHUT_RDWR)

    def reset(self) -> None:
        """End the connection with a RST.

        SHUT_RD wakes a blocked recv() and puts nothing on the wire, so that the RST comes alone. A blocked
        send() is woken by SHUT_RDWR only: its FIN stays behind the unsent bytes, and the RST drops both.
        """
        if not self.finished:
            self.linger_reset()
            self._wake(socket.SHUT_RDWR if self._sending else socket.SHUT_RD)

    def abort(self) -> None:
        """Wake the worker: the server stops."""
        if not self._gone.is_set():
            self._wake(socket.SHUT_RDWR)

    def _wake(self, how: int) -> None:
        """From the worker itself a mark is enough; from outside its blocked call must return."""
        self.finished = True
        self._gone.set()
        if self._sending or threading.current_thread() is not self._thread:
            try:
                raw_shutdown(self.sock, how)  # of a TLS socket, too: its own shutdown() would drop the engine
            except OSError:
                pass  # not connected any more

    def _failed(self, error: OSError) -> None:
        """The connection broke; the traced call has told it with its reason."""
        if self.error is None and not self.finished:
            self.error = error
        self.finished = True
        self._gone.set()


def _wait(sock: AnySocket, event: int, deadline: float | None = None) -> bool:
    """Wait for readiness; False when the deadline (monotonic seconds) has passed."""
    poll = polling.poll()
    poll.register(sock.fileno(), event)
    return bool(poll.poll(None if deadline is None else max(deadline - time.monotonic(), 0) * 1000))
