"""Sender: spews messages, once or at a rate, as one program or as several at once, each from its own socket.

Numbered messages let a bucket count what never arrived. It must not know who listens: nobody may.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protocols.creosote.groups import is_group, keep_here
from protocols.creosote.programs import program
from protocols.creosote.wire import BROADCASTS, PORT, payload, pieces
from protocols.record.recorder import Recorder
from protocols.record.traced import TracedSocket, traced_socket
from protocols.service.base import Facts, Service, ServiceError

TRACED_PER_S: Final = 5000
"""Above this rate the single sendto calls are not recorded: the note of the sums is."""
_TICK_S: Final = 0.005
FILE_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class SpewSettings:
    """What a sender sends, and where to.

    message, or file (its lines, each a message), or programs (made-up ones, several at once). count: how
    many messages each, 0 without end. per_s: messages a second each, 0 as fast as it goes. numbered: put
    "#17 " in front. chunk: pieces of 1,024 bytes, else one datagram. as_original: never set SO_BROADCAST:
    a broadcast address is then denied (EACCES), as it was in 1998. here: what goes to a multicast group stays on
    this machine.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    message: str | bytes = ""
    file: str = ""
    programs: tuple[str, ...] = ()
    count: int = 1
    per_s: float = 0.0
    numbered: bool = False
    chunk: bool = True
    as_original: bool = False
    here: bool = False


@dataclass(slots=True)
class _Mouth:
    """One program's socket and its place in what it says."""

    name: str
    sock: TracedSocket
    number: int = 0


class Sender(Service):
    """Sends what its settings say and ends by itself; `sent`, `datagrams` and `bytes_sent` count."""

    def __init__(self, recorder: Recorder, settings: SpewSettings, *, name: str = "spew") -> None:
        super().__init__(recorder, name, "spew")
        self.settings: Final = settings
        self.sent = 0
        self.datagrams = 0
        self.bytes_sent = 0
        self._mouths: list[_Mouth] = []
        self._lines: list[bytes] = []

    def _open(self) -> None:
        asked = self.settings
        if asked.file:
            self._lines = _lines_of(asked.file)
        for name in asked.programs:
            try:
                program(name)
            except KeyError as error:
                raise ServiceError(str(error.args[0])) from None
        self._address = _resolved(asked.host, asked.port)
        for name in asked.programs or ("",):
            self._mouths.append(_Mouth(name, self._socket(name)))
        # The first message goes out here, so that what forbids it is told where the click was.
        self._say(self._mouths[0], traced=True)

    def _socket(self, name: str) -> TracedSocket:
        label = f"{self.name} {name}" if name else self.name
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        sock = traced_socket(self.recorder, label, family, socket.SOCK_DGRAM)
        if not self.settings.as_original and _is_broadcast(self._address[0]):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        if self.settings.here and is_group(self._address[0]):
            keep_here(sock)
        return sock

    def _main(self) -> None:
        asked = self.settings
        traced = asked.per_s * len(self._mouths) <= TRACED_PER_S if asked.per_s else asked.count <= TRACED_PER_S
        began = time.monotonic()
        while not self.stopping.is_set() and not self._done():
            owed = int((time.monotonic() - began) * asked.per_s) + 1 if asked.per_s else 1 << 60
            said = sum(self._say_some(mouth, owed, traced) for mouth in self._mouths)
            if not said:
                self.stopping.wait(min(_TICK_S, 1 / asked.per_s if asked.per_s else _TICK_S))
        text = f"{self.sent} messages in {self.datagrams} datagrams, {self.bytes_sent} bytes"
        self.recorder.note("spewed", text, service=self.name, messages=self.sent, datagrams=self.datagrams,
                           bytes=self.bytes_sent)  # fmt: skip

    def _say_some(self, mouth: _Mouth, owed: int, traced: bool) -> int:
        said = 0
        while said < 64 and mouth.number < owed and self._more(mouth) and not self.stopping.is_set():
            self._say(mouth, traced)
            said += 1
        return said

    def _more(self, mouth: _Mouth) -> bool:
        rounds = self.settings.count
        if self._lines:
            return not rounds or mouth.number < rounds * len(self._lines)
        return not rounds or mouth.number < rounds

    def _done(self) -> bool:
        return not any(self._more(mouth) for mouth in self._mouths)

    def _say(self, mouth: _Mouth, traced: bool) -> None:
        for piece in pieces(self._message(mouth), self.settings.chunk):
            self.bytes_sent += self._send(mouth.sock, piece, traced)
            self.datagrams += 1
        mouth.number += 1
        self.sent += 1

    def _message(self, mouth: _Mouth) -> bytes:
        number = mouth.number
        if mouth.name:
            return payload(program(mouth.name).message(number))
        data = self._lines[number % len(self._lines)] if self._lines else payload(self.settings.message)
        return b"#%d " % number + data if self.settings.numbered else data

    def _send(self, sock: TracedSocket, piece: bytes, traced: bool) -> int:
        try:
            if traced:
                return sock.sendto(piece, self._address)
            return socket.socket.sendto(sock, piece, self._address)
        except PermissionError:
            # The kernel knows the broadcast addresses of its networks, and says so this way.
            if self.settings.as_original or sock.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST):
                raise
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            return sock.sendto(piece, self._address)
        except OSError as error:
            if error.errno in (errno.ECONNREFUSED, errno.ENOBUFS, errno.EAGAIN):
                return 0  # nobody listens, or the queue is full: a spewer does not care
            raise

    def _close(self) -> None:
        for mouth in self._mouths:
            mouth.sock.close()

    def facts(self) -> Facts:
        """What it occupies now."""
        with contextlib.suppress(OSError):
            ports = tuple(int(mouth.sock.getsockname()[1]) for mouth in self._mouths)
            return Facts(self.name, self.kind, self.state, f"to {self.settings.host}:{self.settings.port}",
                         self.threads(), (), ports)  # fmt: skip
        return Facts(self.name, self.kind, self.state)


def _is_broadcast(host: str) -> bool:
    return host in BROADCASTS


def _resolved(host: str, port: int) -> tuple[str, int]:
    """The address to send to; a name is looked up once. IPv4 first, as the original knew no other."""
    if host in BROADCASTS:
        return ("255.255.255.255" if host == "<broadcast>" else host), port
    found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    best = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return str(best[4][0]), port


def _lines_of(path: str) -> list[bytes]:
    with Path(path).open("rb") as file:
        data = file.read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES:
        raise ServiceError(f"{path} is larger than {FILE_BYTES >> 20} MB: it is sent from memory")
    lines = [line for line in data.splitlines() if line]
    if not lines:
        raise ServiceError(f"{path} holds no line to send")
    return lines
