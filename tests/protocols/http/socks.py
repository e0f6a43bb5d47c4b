"""A SOCKS proxy for tests: versions 4, 4a and 5 (RFC 1928), with a password where one is set (RFC 1929)."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.protocols.http.peers import DEADLINE_S


@dataclass
class Socks:
    """port: where it listens. asked: whom clients wanted: version, host, port."""

    user: str = ""
    password: str = ""
    port: int = 0
    asked: list[tuple[int, str, int]] = field(default_factory=list)


@contextlib.contextmanager
def socks(user: str = "", password: str = "") -> Iterator[Socks]:
    """A SOCKS proxy on loopback."""
    made = Socks(user, password)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE_S)
        made.port = listener.getsockname()[1]
        threads: list[threading.Thread] = []
        socks: list[socket.socket] = []

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    sock, _ = listener.accept()
                    sock.settimeout(DEADLINE_S)
                    socks.append(sock)
                    threads.append(threading.Thread(target=_serve, args=(made, sock)))
                    threads[-1].start()

        main = threading.Thread(target=accept)
        main.start()
        try:
            yield made
        finally:
            for sock in (listener, *socks):  # clients keep their connections
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            for thread in (main, *threads):
                thread.join(DEADLINE_S)


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise ConnectionError
        data += piece
    return data


def _text(sock: socket.socket) -> str:
    data = b""
    while not data.endswith(b"\0"):
        data += _exactly(sock, 1)
    return data[:-1].decode()


def _serve(made: Socks, sock: socket.socket) -> None:
    with sock, contextlib.suppress(OSError):
        version = _exactly(sock, 1)[0]
        host, port = _four(sock) if version == 4 else _five(made, sock)
        if not host:
            return
        made.asked.append((version, host, port))
        with socket.create_connection((host, port), DEADLINE_S) as other:
            sock.sendall(b"\0\x5a" + bytes(6) if version == 4 else b"\5\0\0\1" + bytes(6))
            back = threading.Thread(target=_pass, args=(other, sock))
            back.start()
            _pass(sock, other)
            back.join(DEADLINE_S)


def _pass(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def _four(sock: socket.socket) -> tuple[str, int]:
    _, port = struct.unpack("!BH", _exactly(sock, 3))
    address = _exactly(sock, 4)
    _text(sock)
    named = address[:3] == b"\0\0\0" and address[3]
    return (_text(sock) if named else socket.inet_ntoa(address)), port


def _five(made: Socks, sock: socket.socket) -> tuple[str, int]:
    methods = _exactly(sock, _exactly(sock, 1)[0])
    if made.user:
        if 2 not in methods:
            sock.sendall(b"\5\xff")
            return "", 0
        sock.sendall(b"\5\2")
        _exactly(sock, 1)
        user, password = (_exactly(sock, _exactly(sock, 1)[0]).decode() for _ in range(2))
        good = (user, password) == (made.user, made.password)
        sock.sendall(b"\1\0" if good else b"\1\1")
        if not good:
            return "", 0
    else:
        sock.sendall(b"\5\0")
    kind = _exactly(sock, 4)[3]
    host = socket.inet_ntoa(_exactly(sock, 4)) if kind == 1 else _exactly(sock, _exactly(sock, 1)[0]).decode()
    return host, struct.unpack("!H", _exactly(sock, 2))[0]
