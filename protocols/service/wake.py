"""Wake: a byte in a socket pair, so that a blocked wait ends at once.

Closing a listening socket does not wake a blocked accept() on Linux; a readable wake socket in
the same selector does. Plain sockets, not traced: they are the lab's own, not the subject's.
"""

from __future__ import annotations

import select
import socket


class Wake:
    """Something that a selector can wait for and any thread can set. Register it by `fileno()`."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def fileno(self) -> int:
        """The descriptor that becomes readable; -1 once closed."""
        return self._reader.fileno()

    def set(self) -> None:
        """Wake the waiter. Any thread, any time, also after `close()`."""
        try:
            self._writer.send(b"\0")
        except OSError:
            pass  # full: it is awake already; closed: nobody waits any more

    def clear(self) -> None:
        """Forget what was set so far."""
        try:
            while self._reader.recv(4096):
                pass
        except OSError:
            pass

    def close(self) -> None:
        """Give both descriptors back."""
        self._reader.close()
        self._writer.close()


class Readiness:
    """Waits for one descriptor or a Wake, where the system allows without select()'s descriptor limit."""

    def __init__(self, fd: int, wake: Wake) -> None:
        self._fd = fd
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)
        self._poll.register(wake.fileno(), select.POLLIN)
        self._wake = wake
        self._watched = True

    def wait(self, timeout_s: float | None = None, *, watch: bool = True) -> bool:
        """Wait until the descriptor is readable (True), or woken or timed out (False).

        watch: False leaves the descriptor alone and waits for the Wake only.
        """
        if watch != self._watched:
            self._watched = watch
            if watch:
                self._poll.register(self._fd, select.POLLIN)
            else:
                self._poll.unregister(self._fd)
        ready = self._poll.poll(None if timeout_s is None else timeout_s * 1000)
        numbers = [fd for fd, _ in ready]
        if self._wake.fileno() in numbers:
            self._wake.clear()
        return self._fd in numbers
