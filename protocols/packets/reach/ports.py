"""Port check: whether somebody takes connections at these ports, by connecting; a few at a time.

It must not know who shows it.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from protocols.packets.reach.ping import resolved
from protocols.record import polling

MOST: Final = 1024
_AT_ONCE: Final = 32
_WORDS: Final = {
    0: ("open", "Somebody listens there."),
    errno.ECONNREFUSED: ("closed", "The host answered with a RST: nobody listens there."),
    errno.EHOSTUNREACH: ("unreachable", "No host answered for this address."),
    errno.ENETUNREACH: ("unreachable", "There is no route to that network."),
    errno.EACCES: ("forbidden", "A rule of this machine forbids it."),
    errno.EPERM: ("forbidden", "A rule of this machine forbids it."),
    errno.ETIMEDOUT: ("silent", "No answer at all: a firewall drops it, or there is no such host."),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """One port. state: "open", "closed", "silent", "unreachable", "forbidden" or an errno's symbol."""

    port: int
    state: str
    why: str
    took_us: float
    name: str


def ports_of(text: str) -> list[int]:
    """Ports written as people do: "22, 80, 8000-8010". Raises ValueError that says what is wrong."""
    found: list[int] = []
    for word in text.replace(",", " ").split():
        low, _, high = word.partition("-")
        if not low.isdecimal() or not (high or low).isdecimal():
            raise ValueError(f"{word!r} is no port and no range of ports like 8000-8010")
        first, last = int(low), int(high or low)
        if not 0 < first <= last <= 65535:
            raise ValueError(f"{word!r}: ports go from 1 to 65535")
        if len(found) + last - first >= MOST:
            raise ValueError(f"At most {MOST} ports at once")
        found += range(first, last + 1)
    if not found:
        raise ValueError("Which ports? For example: 22, 80, 8000-8010")
    return list(dict.fromkeys(found))


def check(host: str, ports: Sequence[int], *, family: int = 0, timeout_s: float = 1.0) -> Iterator[Checked]:
    """Connect to each port and close again; in the order of `ports`. Raises OSError (gaierror)."""
    known, address = resolved(host, family)
    for at in range(0, len(ports), _AT_ONCE):
        yield from _together(known, address, ports[at : at + _AT_ONCE], timeout_s)


def _together(family: int, address: str, ports: Sequence[int], timeout_s: float) -> list[Checked]:
    waiting: dict[int, tuple[int, socket.socket]] = {}
    done: dict[int, Checked] = {}
    poller = polling.poll()
    began = time.monotonic_ns()
    try:
        for port in ports:
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setblocking(False)
            target: Any = (address, port)
            number = sock.connect_ex(target)
            if number in (errno.EINPROGRESS, errno.EAGAIN):
                waiting[sock.fileno()] = (port, sock)
                poller.register(sock.fileno(), polling.POLLOUT)
            else:
                done[port] = _checked(port, number, began)
                sock.close()
        deadline = time.monotonic() + timeout_s
        while waiting and (left := deadline - time.monotonic()) > 0:
            for fd, _ in poller.poll(left * 1000):
                port, sock = waiting.pop(fd)
                done[port] = _checked(port, sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), began)
                poller.unregister(fd)
                sock.close()
        for port, _ in waiting.values():
            done[port] = _checked(port, errno.ETIMEDOUT, began)
    finally:
        for _, sock in waiting.values():
            sock.close()
    return [done[port] for port in ports]


def _checked(port: int, number: int, began: int) -> Checked:
    state, why = _WORDS.get(number, (errno.errorcode.get(number, str(number)), ""))
    try:
        name = socket.getservbyport(port, "tcp")
    except OSError:
        name = ""
    return Checked(port, state, why, (time.monotonic_ns() - began) / 1000, name)
