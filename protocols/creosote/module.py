"""The original module's functions, in modern Python: spew, bucket and MrCreosote.

Standard library alone, no recorder, no threads: this is what a student's program imports.
The lab's own listener is elsewhere in this room.
"""

from __future__ import annotations

import contextlib
import socket
import sys
from typing import Final

from protocols.creosote.wire import BROADCASTS, BUFSIZE, PORT, classic_text, payload, pieces

LOOPBACK: Final = "127.0.0.1"
_READ: Final = 65535


def send_pieces(
    sock: socket.socket, message: str | bytes, address: tuple[str, int], chunk: bool, broadcast: bool | None
) -> int:
    """Send a message over a UDP socket; gives the bytes sent. See `spew` for `chunk` and `broadcast`."""
    if broadcast or (broadcast is None and address[0] in BROADCASTS):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sent = 0
    for piece in pieces(payload(message), chunk):
        try:
            sent += sock.sendto(piece, address)
        except PermissionError:
            # EACCES is the kernel's way to say that the address is a broadcast one: a subnet's, say.
            if broadcast is not None or sock.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST):
                raise
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            sent += sock.sendto(piece, address)
    return sent


def spew(
    msg: str | bytes, host: str = "localhost", port: int = PORT, *, chunk: bool = True, broadcast: bool | None = None
) -> int:
    """Send a message and forget it; nobody need listen. Gives the bytes sent.

    chunk: pieces of 1,024 bytes (the course of 2004), or False for one datagram (the module of 1998).
    broadcast: None permits broadcast where the address is one, True always, False never, as the
    original did: then a broadcast address raises PermissionError (EACCES).
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("", 0))
        return send_pieces(sock, msg, (host, port), chunk, broadcast)


def _listening(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def bucket(port: int = PORT, logfile: str | None = None, *, host: str = LOOPBACK, strict: bool = False) -> None:
    """Print what arrives, for ever. `host=''` listens on all addresses, as the original did.

    logfile: the same lines are appended there, each flushed. strict: read 1,024 bytes and lose the
    rest of a longer datagram, as the original does.
    """
    with contextlib.ExitStack() as opened:
        sock = opened.enter_context(_listening(host, port))
        log = opened.enter_context(open(logfile, "a", encoding="ascii")) if logfile else None
        print(f"Mr Creosote listens on port {sock.getsockname()[1]}", flush=True)
        while True:
            line = classic_text(sock.recvfrom(BUFSIZE if strict else _READ)[0])
            if log is not None:  # first: whoever sees the line may end this program at once
                log.write(line + "\n")
                log.flush()
            print(line, flush=True)


class MrCreosote:
    """A sender that keeps its socket, a bucket, or a redirector from one bucket to another.

    Set `disabled` to make `spew` and the redirector silent.
    """

    def __init__(self, host: str = "localhost", port: int = PORT) -> None:
        self.host = host
        self.port = port
        self.disabled: int | bool = 0
        self.client: socket.socket | None = None
        self.redirect_server: socket.socket | None = None
        self.redirect_client: socket.socket | None = None
        self._closing = False

    def spew(self, msg: str | bytes, *, chunk: bool = True, broadcast: bool | None = None) -> int:
        """Send a message; gives the bytes sent, 0 while disabled. See the function `spew`."""
        if self.disabled:
            return 0
        if self.client is None:
            self.client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.client.bind(("", 0))
        return send_pieces(self.client, msg, (self.host, self.port), chunk, broadcast)

    def bucket(self, logfile: str | None = None, *, host: str = LOOPBACK) -> None:
        """Print what arrives on this object's port, for ever. See the function `bucket`."""
        bucket(self.port, logfile, host=host)

    def redirector(self, host: str, port: int = PORT, *, listen: str = LOOPBACK) -> None:
        """Forward each datagram that arrives on this object's port, unchanged, for ever.

        The sender's address is lost on the way: the next bucket sees the redirector's.
        """
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as self.redirect_client,
            _listening(listen, self.port) as self.redirect_server,
        ):
            while True:
                data = self.redirect_server.recvfrom(_READ)[0]
                if self._closing:
                    return
                if not self.disabled:
                    send_pieces(self.redirect_client, data, (host, port), False, None)

    def close(self) -> None:
        """Close the sender's socket, and end a redirector that runs in another thread."""
        self._closing = True
        server = self.redirect_server
        if server is not None and server.fileno() >= 0:
            # A blocked recvfrom is not woken by close(): a datagram of our own wakes it.
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
                waker.sendto(b"", server.getsockname())
        if self.client is not None:
            self.client.close()
            self.client = None


def main(arguments: list[str] | None = None) -> int:
    """`python -m protocols.creosote`: no arguments listens, arguments are joined by blanks and sent.

    Long flags in front are ours: --host H, --port P, --log FILE, --broadcast.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    host, port, log, broadcast = None, PORT, None, None
    while words and words[0] in ("--host", "--port", "--log", "--broadcast"):
        flag = words.pop(0)
        if flag == "--broadcast":
            broadcast = True
            continue
        if not words:
            print(f"{flag} needs a value", file=sys.stderr)
            return 2
        value = words.pop(0)
        if flag == "--host":
            host = value
        elif flag == "--log":
            log = value
        elif value.isdecimal() and int(value) < 65536:
            port = int(value)
        else:
            print(f"--port needs a number from 0 to 65535, not {value!r}", file=sys.stderr)
            return 2
    try:
        if words:
            spew(" ".join(words), host or "localhost", port, broadcast=broadcast)
        else:
            bucket(port, log, host=LOOPBACK if host is None else host)
    except KeyboardInterrupt:
        pass
    except OSError as error:
        print(f"{host or 'localhost'}:{port}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0
