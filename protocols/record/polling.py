"""poll() for all systems: the kernel's own, or where there is none (Windows) the same over select().

Names and values are those of the select module. It must not know what is waited for.
"""

from __future__ import annotations

import select
import socket
from typing import Any, Final, Protocol


class Poller(Protocol):
    """What select.poll() gives."""

    def register(self, fd: Any, eventmask: int = ..., /) -> None: ...
    def modify(self, fd: Any, eventmask: int, /) -> None: ...
    def unregister(self, fd: Any, /) -> None: ...
    def poll(self, timeout: float | None = ..., /) -> list[tuple[int, int]]: ...


def _bit(name: str, value: int) -> int:
    return int(getattr(select, name, value))


POLLIN: Final = _bit("POLLIN", 1)
POLLPRI: Final = _bit("POLLPRI", 2)
POLLOUT: Final = _bit("POLLOUT", 4)
POLLERR: Final = _bit("POLLERR", 8)
POLLHUP: Final = _bit("POLLHUP", 16)
POLLNVAL: Final = _bit("POLLNVAL", 32)
POLLRDHUP: Final = _bit("POLLRDHUP", 0)
"""The other end has closed its direction; 0 where the system does not tell."""
DONTWAIT: Final = int(getattr(socket, "MSG_DONTWAIT", 0))
"""MSG_DONTWAIT where it exists; elsewhere ask `poll` first."""


class SelectPoll:
    """The same by select(): sockets only, and no more of them than select() takes. Timeouts in milliseconds."""

    def __init__(self) -> None:
        self._masks: dict[int, int] = {}

    def register(self, fd: Any, eventmask: int = POLLIN | POLLPRI | POLLOUT, /) -> None:
        """Watch a descriptor, or something with a fileno()."""
        self._masks[_number(fd)] = eventmask

    def modify(self, fd: Any, eventmask: int, /) -> None:
        """Watch it for something else. Raises KeyError when it is not watched."""
        del self._masks[_number(fd)]
        self._masks[_number(fd)] = eventmask

    def unregister(self, fd: Any, /) -> None:
        """Leave it alone. Raises KeyError when it is not watched."""
        del self._masks[_number(fd)]

    def poll(self, timeout: float | None = None, /) -> list[tuple[int, int]]:
        """The ready ones with what they are ready for."""
        reading, writing, urgent = (
            [fd for fd, mask in self._masks.items() if mask & bit] for bit in (POLLIN, POLLOUT, POLLPRI)
        )
        seconds = None if timeout is None or timeout < 0 else timeout / 1000
        ready: dict[int, int] = {}
        found_ready = select.select(reading, writing, urgent, seconds)
        for found, bit in zip(found_ready, (POLLIN, POLLOUT, POLLPRI), strict=True):
            for fd in found:
                ready[fd] = ready.get(fd, 0) | bit
        return list(ready.items())


def _number(fd: Any) -> int:
    return fd if isinstance(fd, int) else int(fd.fileno())


def poll() -> Poller:
    """A new poll object, the kernel's own where there is one."""
    made: Poller = getattr(select, "poll", SelectPoll)()
    return made


def readable(sock: socket.socket) -> bool:
    """Whether a receive would return at once."""
    poller = poll()
    poller.register(sock.fileno(), POLLIN)
    return bool(poller.poll(0))
