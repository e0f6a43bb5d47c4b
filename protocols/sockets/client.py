"""StreamClient: a client over TCP, TLS or a UNIX socket, in its own worker thread.

The socket is non-blocking and every wait can be ended by Stop: the connect, the handshake, the
sending to a peer that reads nothing. It must not know who looks at its transcript.
"""

from __future__ import annotations

import selectors
import ssl
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from protocols import opening
from protocols.address import Family, Target, Transport
from protocols.record.recorder import Recorder
from protocols.record.trace import address_text
from protocols.record.traced_tls import TracedTLSSocket
from protocols.service.base import Facts, is_exposed
from protocols.sockets.outbox import Parcel
from protocols.sockets.stream_io import Framing as Framing
from protocols.sockets.stream_io import ReadMode, StreamIO, name_of


@dataclass(frozen=True)
class ClientTLS:
    """A client's TLS. context: whom it trusts. server_hostname: the name asked for; "" takes the host."""

    context: ssl.SSLContext
    server_hostname: str = ""


class StreamClient(StreamIO):
    """Connects, sends what it is told, and writes down what comes. See `__init__` for what can be set."""

    def __init__(
        self,
        recorder: Recorder,
        *,
        name: str = "client 1",
        transport: Transport = "tcp",
        host: str = "127.0.0.1",
        port: int = 0,
        path: str = "",
        family: Family = "auto",
        timeout_s: float | None = None,
        tls: ClientTLS | None = None,
        framing: Framing | None = None,
        recv_size: int = 4096,
        nodelay: bool = False,
        attempts: int = 1,
        reply_timeout_s: float | None = None,
        read_mode: ReadMode = "auto",
        poll_ms: int = 100,
        close_on_eof: bool = True,
        reconnect: bool = False,
        options: Sequence[tuple[int, int, int | bytes]] = (),
        source: tuple[str, int] | None = None,
    ) -> None:
        """Say where to go and how.

        timeout_s: for connect and handshake; None waits for ever. attempts: connects tried, with
        growing pauses between. reply_timeout_s: a note when nothing came that long after a send.
        read_mode: "auto" reads what comes, "manual" only on `receive()`, "poll" asks every `poll_ms`.
        reconnect: a new connection for each message, closed after its answer. options: set before
        connect, as (level, name, value). source: the local address to bind first.
        """
        super().__init__(recorder, name, framing, recv_size)
        self.target = Target(transport, host, port, path, family)
        self._plan = opening.Plan(timeout_s, attempts, nodelay, tuple(options), source)
        self._tls = tls
        self._reply_timeout_s = reply_timeout_s
        self._read_mode = read_mode
        self._poll_ms = poll_ms
        self._close_on_eof = close_on_eof
        self._reconnect = reconnect
        self._certificate: bytes | None = None

    # What others ask for; any thread

    def send(self, data: bytes, all: bool = True, flags: int = 0) -> Future[int]:
        """Send `data`, framed where framing is on; the future gives the bytes that the kernel took.

        all False is one send() whose rest is not sent when the kernel takes only part.
        """
        parcel = Parcel(memoryview(self._framing.frame(data) if self._framing else data), all, flags=flags)
        self.submit(lambda: self._queue(parcel)).add_done_callback(parcel.refused)
        return parcel.done

    def send_file(self, path: str) -> Future[int]:
        """Send a file's bytes in pieces as the peer takes them. Raises OSError when it can't be opened."""
        parcel = Parcel(memoryview(b""), file=open(path, "rb"))  # noqa: SIM115  closed with the parcel
        self.submit(lambda: self._queue(parcel)).add_done_callback(parcel.refused)
        return parcel.done

    def send_repeated(self, data: bytes, count: int, interval_ms: int) -> None:
        """Send `data` `count` times (0: until `stop_repeating`), `interval_ms` apart."""
        self.submit(lambda: self._repeat(data, count, interval_ms, self._next_repeat()))

    def stop_repeating(self) -> None:
        """End all repeated sending."""
        self.submit(self._next_repeat)

    def receive(self, size: int | None = None, *, flags: int = 0, timeout_s: float | None = None) -> Future[bytes]:
        """One recv() now, as a script would call it: it blocks the worker until data, `timeout_s` or Stop."""
        return self.submit(lambda: self._receive(self.recv_size if size is None else size, flags, timeout_s))

    def peek(self, size: int = 4096) -> Future[bytes]:
        """What waits in the receive buffer, left there (MSG_PEEK); b"" when nothing does."""
        return self.submit(lambda: self._peek(size))

    def half_close(self) -> Future[None]:
        """End our direction when everything is sent; answers still come in."""
        return self.submit(self._half_close)

    def reset(self) -> Future[None]:
        """Close with a RST (SO_LINGER on, 0 s): the peer sees "connection reset"."""
        return self.submit(self._reset)

    def set_option(self, level: int, number: int, value: int | bytes) -> Future[int]:
        """Set a socket option; the future gives the value read back."""
        return self.submit(lambda: opening.set_option(self._socket(), level, number, value))

    def certificate(self) -> bytes | None:
        """The peer's certificate (DER), or None without TLS."""
        return self._certificate

    def facts(self) -> Facts:
        """What it occupies now."""
        ports = (int(self.local.rpartition(":")[2]),) if self._sock is not None and ":" in self.local else ()
        exposed = not self.target.is_unix and is_exposed(self.target.host)
        return Facts(self.name, self.kind, self.state, self.target.text, self.threads(), (), ports,
                     int(self._sock is not None), exposed)  # fmt: skip

    # Life; worker thread but for `_connect`, which is the caller's

    def _thread_name(self) -> str:
        return f"{self.name.replace(' ', '-')}:{self.target.short}"

    def _connect(self) -> None:
        context, name = (self._tls.context, self._tls.server_hostname) if self._tls else (None, "")
        sock = opening.connect(self, self.target, self._plan, self._wait(), context, name or self.target.host)
        self._sock = sock
        if isinstance(sock, TracedTLSSocket):  # asked now: another thread may not look while the worker reads
            self._certificate = sock.getpeercert(binary_form=True)
        self.local, self.peer = address_text(name_of(sock.getsockname)), address_text(name_of(sock.getpeername))
        self._begin_stream()
        self.transcript.note(f"connected from {self.local} to {self.peer or self.target.text}", "opened")
        if self._read_mode == "auto":
            self._watch(selectors.EVENT_READ)
        elif self._read_mode == "poll":
            self.after(0, self._poll)
