"""FTP over TLS (RFC 4217): AUTH TLS on the usual port or TLS from the first byte, and data connections protected.

pyOpenSSL does the work, as pyftpdlib has it; what it hides from the socket is recorded here. Commands that were
sent before the handshake, for use after it, are thrown away. It must not know files.
"""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL

from protocols.ftp.server.control import Control
from protocols.ftp.server.data import Data
from protocols.ftp.server.library import TLS_DTPHandler, TLS_FTPHandler
from protocols.ftp.server.session import Session
from protocols.ftp.server.setup import FtpSetup
from protocols.record.event import monotonic_ns
from protocols.tls import server_pem


def context_of(setup: FtpSetup) -> SSL.Context:
    """A context with a certificate of the lab's authority for the server's address. Raises TLSError."""
    pem = server_pem([setup.host], flaw=setup.flaw)
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    chain = x509.load_pem_x509_certificates(pem)
    context.use_privatekey(load_pem_private_key(pem, None))  # type: ignore[arg-type]
    context.use_certificate(chain[0])
    for certificate in chain[1:]:
        context.add_extra_chain_cert(certificate)
    if setup.key_log:
        context.set_keylog_callback(_Logging(setup.key_log))
    return context


class _Logging:
    """Session keys into a file, so that Wireshark can decrypt a capture."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __call__(self, connection: SSL.Connection, line: bytes) -> None:
        with open(self._path, "ab") as file:
            file.write(line + b"\n")


class _Shaking:
    """What both connections do about handshakes."""

    socket: Any
    trace: Any
    _fileno: int
    _shook_ns = 0

    @property
    def secured(self) -> bool:
        """TLS is on the connection, or is being put on it."""
        return isinstance(self.socket, SSL.Connection)

    def told_begin(self) -> None:
        """A handshake begins: what is recorded from here on is plain text that goes encrypted."""
        self._shook_ns = monotonic_ns()
        if self.trace is not None:
            self.trace.tls = True

    def told_handshake(self) -> None:
        """Record a handshake that succeeded."""
        trace, tls = self.trace, self.socket
        if trace is None or not trace.recorder.enabled:
            return
        version, cipher = tls.get_protocol_version_name(), tls.get_cipher_name()
        name = tls.get_servername()
        text = f"do_handshake() = {version}, {cipher or 'no cipher'}"
        trace.call("handshake", text, self._shook_ns or monotonic_ns(), passive=True,
                   fd=self._fileno, version=version, cipher=cipher, tls=True,
                   server_name=name.decode("ascii", "replace") if name else None)  # fmt: skip


class TLSData(_Shaking, TLS_DTPHandler, Data):  # type: ignore[misc]
    """A data connection that the session may have protected (PROT P)."""

    def secure_connection(self, ssl_context: Any) -> None:
        """Begin the handshake; the first write of data may be what ends it."""
        self.told_begin()
        super().secure_connection(ssl_context)

    def handle_ssl_established(self) -> None:
        """It succeeded."""
        self.told_handshake()
        super().handle_ssl_established()

    def handle_failed_ssl_handshake(self) -> None:
        """It failed: the transfer is over (RFC 4217 section 10.2)."""
        self.error = "the TLS handshake of the data connection failed"
        self.cmd_channel.dialogue.note("handshake failed", self.error, conn=self.conn,
                                       why="The client did not take the certificate, or spoke no TLS.")  # fmt: skip
        self._error = self.replied = True
        super().handle_failed_ssl_handshake()

    def sock_of(self) -> Any:
        """The socket below TLS."""
        return self.socket._socket if self.secured else self.socket


class TLSControl(_Shaking, TLS_FTPHandler, Control):  # type: ignore[misc]
    """A session that can speak TLS."""

    dtp_handler = TLSData

    @property
    def protected(self) -> bool:
        """PROT P was said."""
        return bool(getattr(self, "_prot", False))

    def handle(self) -> None:
        """Greet, or shake hands first."""
        if self.site.setup.tls == "implicit":
            self.secure_connection(self.ssl_context)
        else:
            super().handle()

    def secure_connection(self, ssl_context: Any) -> None:
        """Begin the handshake; the first write of data may be what ends it."""
        self.told_begin()
        super().secure_connection(ssl_context)

    def handle_ssl_established(self) -> None:
        """It succeeded."""
        self.told_handshake()
        if self.site.setup.tls == "implicit":
            Session.handle(self)

    def handle_failed_ssl_handshake(self) -> None:
        """It failed: nothing can be said any more."""
        self.dialogue.note("handshake failed", f"session {self.number}: no TLS with {self.peer_text}",
                           why="The client did not take the certificate, or spoke no TLS.")  # fmt: skip
        self._error = True
        self.close()

    def ftp_AUTH(self, line: str) -> None:
        """TLS from here on; what was sent ahead in plain text is not obeyed behind it."""
        before = self.secured
        super().ftp_AUTH(line)
        if self.secured and not before and (self.ac_in_buffer or self._later):
            count = len(self.ac_in_buffer)
            self.ac_in_buffer = b""
            self._later.clear()
            self._taken += count
            self._line_begin = self._taken
            self.dialogue.note("commands thrown away", f"{count} bytes were sent ahead of the TLS handshake",
                               why="Who sits between could have put them there; a server must not obey them "
                                   "as if they had come through TLS.")  # fmt: skip

    def close(self) -> None:
        """The session ends."""
        super().close()
        if self._closed:
            self.tell_closed()
