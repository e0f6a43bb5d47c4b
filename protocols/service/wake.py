"""Wake: a byte in a socket pair, so that a blocked wait ends at once.

Closing a listening socket does not wake a blocked accept() on Linux; a readable wake socket in
the same selector does. Plain sockets, not traced: they are the lab's own, not the subject's.
"""

from __future__ import annotations

import socket

from protocols.record import polling


class Wake:
    """Something that a selector can wait for and any thread can set. Register it by `fileno()`."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def fileno(self) -> int:
        """The descriptor that becomes readable; -1 once closed."""
        return self._reader.fileno()

    def writer_fileno(self) -> int:
        """For signal.set_wakeup_fd(): a signal just before a wait must end it too."""
        return self._writer.fileno()

    def set(self) -> None:
        """Wake the waiter. Any thread, any time, also after `close()`."""
        try:
            self._writer.send(b"\0")
        except OSError:
            pass  # full: it is awake already; closed: nobody waits any more

    def clear(self) -> None:
        """Forget what was set so far."""
        try:
            while len(self._reader.recv(4096)) == 4096:
                pass  # less than asked for: that was all
        except OSError:
            pass

    def close(self) -> None:
        """Give both descriptors back."""
        self._reader.close()
        self._writer.close()


class Readiness:
    """Waits for one descriptor and a Wake together, by poll(): select() would fail from descriptor 1,024 on."""

    def __init__(self, fd: int, wake: Wake, others: tuple[int, ...] = ()) -> None:
        self._fd = fd
        self._wake = wake
        self._watched = True
        self._poll = polling.poll()
        for number in (fd, wake.fileno(), *others):
            self._poll.register(number, polling.POLLIN)

    def wait(self, timeout_s: float | None = None, *, watch: bool = True) -> bool:
        """Wait until the descriptor is readable (True), or else something happened or timed out (False).

        watch: False leaves the descriptor alone and waits for the rest.
        """
        if watch != self._watched:
            self._watched = watch
            if watch:
                self._poll.register(self._fd, polling.POLLIN)
            else:
                self._poll.unregister(self._fd)
        ready = [fd for fd, _ in self._poll.poll(None if timeout_s is None else timeout_s * 1000)]
        if self._wake.fileno() in ready:
            self._wake.clear()
        return self._fd in ready
