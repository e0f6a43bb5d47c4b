"""Where a client goes: transport, host and port or path, resolved to what connect() takes.

Numeric addresses and localhost are resolved at once; any other name in a thread of its own, so
that Stop works while a resolver is silent. It must not know what is said there.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from protocols.connecting import Wait
from protocols.service.wake import Wake

Transport: TypeAlias = Literal["tcp", "udp", "unix", "unix-dgram", "unix-seqpacket"]
Family: TypeAlias = Literal["auto", "4", "6"]
TRANSPORTS: Final[tuple[Transport, ...]] = ("tcp", "udp", "unix", "unix-dgram", "unix-seqpacket")
_FAMILIES: Final[dict[Family, int]] = {"auto": socket.AF_UNSPEC, "4": socket.AF_INET, "6": socket.AF_INET6}
_UNIX: Final = int(getattr(socket, "AF_UNIX", -1))
_TYPES: Final[dict[Transport, int]] = {
    "tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM, "unix": socket.SOCK_STREAM,
    "unix-dgram": socket.SOCK_DGRAM, "unix-seqpacket": int(getattr(socket, "SOCK_SEQPACKET", socket.SOCK_STREAM)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Resolved:
    """One way to reach a target: what socket() and connect() take."""

    family: int
    type: int
    address: Any


@dataclass(frozen=True, slots=True)
class Target:
    """Where a client goes. path: for UNIX sockets, "@name" is an abstract one (Linux)."""

    transport: Transport = "tcp"
    host: str = "127.0.0.1"
    port: int = 0
    path: str = ""
    family: Family = "auto"

    @property
    def is_unix(self) -> bool:
        """A path instead of host and port."""
        return self.transport.startswith("unix")

    @property
    def is_numeric(self) -> bool:
        """No name to ask a resolver for."""
        return self.is_unix or _is_numeric(self.host)

    @property
    def text(self) -> str:
        """host:port, [host]:port or the path."""
        if self.is_unix:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def address(self) -> object:
        """The same as the socket module writes it, the name not yet resolved."""
        return self.path if self.is_unix else (self.host, self.port)

    @property
    def short(self) -> str:
        """The port, or the path's last part: for thread names."""
        return self.path.rpartition("/")[2] if self.is_unix else str(self.port)

    def resolve(self, wait: Wait | None = None) -> list[Resolved]:
        """The addresses to try, in the system's order. Raises gaierror, or Stopped through `wait`."""
        if self.is_unix:
            return [Resolved(_UNIX, _TYPES[self.transport], unix_address(self.path))]
        if wait is None or self.host == "localhost" or self.is_numeric:
            return self._ask()
        return _in_thread(self, wait)

    def _ask(self) -> list[Resolved]:
        found = socket.getaddrinfo(self.host or None, self.port, _FAMILIES[self.family], _TYPES[self.transport])
        return [Resolved(int(family), int(kind), address) for family, kind, _, _, address in found]


def unix_address(path: str) -> str:
    """The address of a path: "@name" stands for the abstract name, whose first byte is zero."""
    return "\0" + path[1:] if path.startswith("@") else path


def _is_numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return not host or host == "<broadcast>"
    return True


def _in_thread(target: Target, wait: Wait) -> list[Resolved]:
    """Ask the resolver in a thread; a stop leaves the thread to end with the resolver's own time-out."""
    answer: list[list[Resolved] | BaseException] = []
    done = Wake()

    def ask() -> None:
        try:
            answer.append(target._ask())
        except (OSError, UnicodeError) as error:
            answer.append(error)
        done.set()

    threading.Thread(target=ask, name=f"resolver:{target.host}", daemon=True).start()
    try:
        wait(done.fileno(), 1, None)
    finally:
        done.close()
    got = answer[0]
    if isinstance(got, BaseException):
        raise got
    return got
