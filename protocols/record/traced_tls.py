"""TLS over traced sockets: the plaintext is recorded, and marked as such (`detail.tls`).

The library writes ciphertext to the descriptor itself, so what a TLS socket reads and writes is
seen here, one layer up. `TracedTLSSocket` serves blocking, timeout and non-blocking use;
`TracedTLSObject` serves asyncio, which moves the ciphertext through a muted TracedSocket.
It must not know certificates beyond the facts that the handshake itself gives.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
from typing import Any

from protocols.record import polling
from protocols.record.event import monotonic_ns
from protocols.record.trace import Trace, preview
from protocols.record.traced import TracedSocket

_WANTS = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


class TracedTLSSocket(ssl.SSLSocket):
    """A TLS socket whose handshake, reads and writes are recorded through `trace`."""

    trace: Trace | None = None
    _inside: bool = False
    _said_close: bool = False

    def _tracing(self) -> Trace | None:
        trace = self.trace
        return trace if trace is not None and trace.recorder.enabled and not self._inside else None

    def do_handshake(self, block: bool = False) -> None:
        """Shake hands, recorded with version and cipher, or with OpenSSL's reason when it fails."""
        trace = self._tracing()
        if trace is None:
            return super().do_handshake(block)
        started = monotonic_ns()
        try:
            super().do_handshake(block)
        except _WANTS:
            raise  # not over yet: a non-blocking caller comes again
        except (OSError, ValueError) as error:
            address = None if trace.end is None else trace.end.peer
            trace.call("handshake", "do_handshake()", started, error=error, address=address, fd=self.fileno(),
                       server_name=self.server_hostname)  # fmt: skip
            raise
        handshake_done(trace, self, started, self.fileno())
        return None

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        """Read plaintext; `recv` and `recv_into` come through here."""
        trace = self._tracing()
        if trace is None:
            return self._read(len, buffer)
        kind = "recv" if buffer is None else "recv_into"
        started, fd = monotonic_ns(), self.fileno()
        try:
            got = self._read(len, buffer)
        except _WANTS:
            raise  # no whole record yet, as after a session ticket: nothing was read and nothing failed
        except OSError as error:
            trace.failed(kind, str(len), started, fd, error, "in")
            raise
        data = got if buffer is None else memoryview(buffer).cast("B")[:got]
        trace.received(kind, started, fd, data, len, 0)
        if not data:
            trace.look(self)
        return got

    def _read(self, len: int, buffer: Any) -> Any:
        while True:
            try:
                got = super().read(len, buffer)
            except ssl.SSLZeroReturnError:  # both sides have said close_notify: Python raises where b"" is meant
                return b"" if buffer is None else 0
            if got or not self._said_close or not self._more_to_read():
                return got

    def _more_to_read(self) -> bool:
        """Whether an end seen after our own close_notify is none: OpenSSL says so of a session ticket, too."""
        try:
            if not polling.DONTWAIT and not polling.readable(self):
                raise BlockingIOError
            return bool(socket.socket.recv(self, 1, socket.MSG_PEEK | polling.DONTWAIT))
        except BlockingIOError:
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "nothing more has come yet") from None
        except OSError:
            return False

    def end_sending(self) -> None:
        """Send close_notify and nothing more (RFC 8446 section 6.1); `recv` goes on to the peer's own end.

        For non-blocking sockets; read what is `pending()` first. Python's unwrap() also tries to read the
        peer's close_notify at once, and where data come instead OpenSSL gives the whole connection up:
        an answer on its way would be lost. So the descriptor is lent an empty socket pair for the call,
        and the alert is carried over by hand.
        """
        started, fd, alert = monotonic_ns(), self.fileno(), b""
        real = os.dup(fd)
        lent, other = socket.socketpair()
        try:
            with lent, other:
                lent.setblocking(False)
                other.setblocking(False)
                os.dup2(lent.fileno(), fd, inheritable=False)
                try:
                    super().unwrap()
                except _WANTS:
                    alert = other.recv(4096)
                finally:
                    os.dup2(real, fd, inheritable=False)
            self._said_close = True
            while alert:
                select.select([], [real], [], 1.0)
                alert = alert[os.write(real, alert) :]
        finally:
            os.close(real)
        trace = self._tracing()
        if trace is not None:
            text = "close_notify sent: TLS ends our direction"
            trace.call("shutdown", text, started, fd=fd, how="SHUT_WR", tls=True)

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Read plaintext, recorded as a recv. Flags other than 0 are refused by TLS."""
        if flags:
            raise ValueError("TLS sockets take no recv flags: the bytes to peek at are ciphertext")
        return super().recv(buflen, flags)

    def send(self, data: Any, flags: int = 0) -> int:
        """Write plaintext, recorded with what TLS took."""
        trace = self._tracing()
        if trace is None:
            return super().send(data, flags)
        started, fd = monotonic_ns(), self.fileno()
        view = memoryview(data).cast("B")
        try:
            count = super().send(data, flags)
        except OSError as error:
            trace.failed("send", trace.shown(view), started, fd, error, "out")
            raise
        trace.sent("send", started, fd, view, count, len(view), flags, preview(view))
        return count

    def write(self, data: Any) -> int:
        """Write plaintext; the same as `send` here."""
        return self.send(data)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Write all of the plaintext: one event with an exact byte range."""
        trace = self._tracing()
        if trace is None:
            return super().sendall(data, flags)
        started, fd = monotonic_ns(), self.fileno()
        view = memoryview(data).cast("B")
        sent = 0
        try:
            while sent < len(view):
                sent += super().send(view[sent:], flags)
        except OSError as error:
            if sent:
                text = f"{preview(view)}, stopped by {type(error).__name__}"
                trace.sent("sendall", started, fd, view, sent, len(view), flags, text)
            trace.failed("sendall", trace.shown(view), started, fd, error, "out")
            raise
        trace.sent("sendall", started, fd, view, sent, sent, flags, preview(view))
        return None

    def unwrap(self) -> socket.socket:
        """Say close_notify and wait for the peer's, recorded; gives the plain socket back."""
        trace = self._tracing()
        started, fd = monotonic_ns(), self.fileno()
        try:
            plain = super().unwrap()
        except _WANTS:
            raise
        except (OSError, ValueError) as error:
            if trace is not None:
                trace.call("unwrap", "unwrap()", started, error=error, fd=fd)
            raise
        if trace is not None:
            trace.call("unwrap", "unwrap(), close_notify both ways", started, fd=fd)
        return plain

    def shutdown(self, how: int) -> None:
        """shutdown(2), recorded: below TLS it cuts the stream without close_notify."""
        trace = self._tracing()
        if trace is None:
            return super().shutdown(how)
        started, fd = monotonic_ns(), self.fileno()
        name = {0: "SHUT_RD", 1: "SHUT_WR", 2: "SHUT_RDWR"}.get(how, str(how))
        try:
            super().shutdown(how)
        except OSError as error:
            trace.call("shutdown", f"shutdown({name})", started, error=error, fd=fd, how=name)
            raise
        trace.call("shutdown", f"shutdown({name})", started, fd=fd, how=name)
        trace.look(self)
        return None

    def close(self) -> None:
        """close(2), recorded once."""
        trace, fd = self.trace, self.fileno()
        if trace is None or fd < 0 or self._closed:  # type: ignore[attr-defined]
            return super().close()
        started = monotonic_ns()
        super().close()
        if trace.recorder.enabled:
            trace.call("close", "close()", started, fd=fd)
        trace.gone()
        return None


class TracedTLSObject(ssl.SSLObject):
    """A TLS engine over memory buffers, as asyncio uses it; set `trace` when the connection is made."""

    trace: Trace | None = None

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        """Read plaintext, recorded."""
        trace = self.trace
        if trace is None or not trace.recorder.enabled:
            return super().read(len, buffer)
        started = monotonic_ns()
        got: Any = super().read(len, buffer)
        data = got if buffer is None else memoryview(buffer).cast("B")[:got]
        trace.received("recv" if buffer is None else "recv_into", started, -1, data, len, 0)
        return got

    def write(self, data: Any) -> int:
        """Write plaintext, recorded."""
        trace = self.trace
        if trace is None or not trace.recorder.enabled:
            return super().write(data)
        started = monotonic_ns()
        count = super().write(data)
        view = memoryview(data).cast("B")
        trace.sent("send", started, -1, view, count, len(view), 0, preview(view))
        return count


def handshake_done(trace: Trace, tls: ssl.SSLSocket | ssl.SSLObject, started: int, fd: int) -> None:
    """Record a handshake that succeeded: version, cipher, protocol chosen by ALPN, and who was verified."""
    cipher = tls.cipher()
    version = tls.version() or "TLS"
    trace.tls = True
    trace.call(
        "handshake", f"do_handshake() = {version}, {cipher[0] if cipher else 'no cipher'}", started,
        passive=True, fd=fd, version=version, cipher=cipher[0] if cipher else None,
        alpn=tls.selected_alpn_protocol(), server_name=tls.server_hostname, tls=True,
        peer_certificate=_certificate_facts(tls),
    )  # fmt: skip


def _certificate_facts(tls: ssl.SSLSocket | ssl.SSLObject) -> dict[str, Any] | None:
    found: dict[str, Any] | None = tls.getpeercert()
    if not found:
        return None
    return {
        "subject": _name(found.get("subject", ())),
        "issuer": _name(found.get("issuer", ())),
        "not_after": found.get("notAfter"),
        "names": [value for _, value in found.get("subjectAltName", ())],
    }


def _name(parts: Any) -> str:
    return ", ".join(f"{name}={value}" for part in parts for name, value in part)


def wrap_tls(
    context: ssl.SSLContext,
    sock: TracedSocket,
    *,
    server_side: bool,
    server_hostname: str | None = None,
    handshake: bool = True,
) -> TracedTLSSocket:
    """Put TLS on a connected traced socket, which is detached; plaintext is recorded under its connection.

    With `handshake` False the caller calls `do_handshake()` itself (non-blocking use). A handshake that
    fails closes the socket and raises ssl.SSLError (RFC 8446 section 6) or OSError.
    """
    trace, sock.trace = sock.trace, None  # wrapping looks at the socket's options: not a call of the service
    context.sslsocket_class = TracedTLSSocket
    try:
        tls = context.wrap_socket(
            sock, server_side=server_side, do_handshake_on_connect=False, server_hostname=server_hostname
        )
    except (OSError, ValueError):
        sock.trace = trace
        sock.close()
        raise
    assert isinstance(tls, TracedTLSSocket)
    tls.trace = trace
    if handshake:
        try:
            tls.do_handshake()
        except BaseException:
            tls.close()
            raise
    return tls
