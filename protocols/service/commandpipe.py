"""The way to a child's stdin: lines queued by any thread, written by the one that waits for the child.

Never blocks: a child that does not read leaves its commands here. It must not know what they say.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections import deque
from collections.abc import Mapping
from typing import IO, Any

from protocols.record import polling


class CommandPipe:
    """Queued lines for one child; `poll` is told when there is room to wait for."""

    def __init__(self, poll: polling.Poller) -> None:
        self._poll = poll
        self._pipe: IO[bytes] | None = None
        self._lock = threading.Lock()
        self._lines: deque[bytes] = deque()

    def open(self, pipe: IO[bytes]) -> None:
        """The child is there."""
        os.set_blocking(pipe.fileno(), False)
        self._pipe = pipe

    def queue(self, command: Mapping[str, Any]) -> None:
        """Add a command line. Any thread; wake the one that calls `write`."""
        with self._lock:
            self._lines.append(json.dumps(command).encode() + b"\n")

    def write(self) -> None:
        """Write what the child takes now."""
        pipe = self._pipe
        if pipe is None or pipe.closed:
            return
        try:
            with self._lock:
                while self._lines:
                    line = self._lines.popleft()
                    count = _written(pipe.fileno(), line)
                    if count < len(line):
                        self._lines.appendleft(line[count:])
                        self._poll.register(pipe.fileno(), polling.POLLOUT)
                        return
            with contextlib.suppress(KeyError):
                self._poll.unregister(pipe.fileno())
        except BrokenPipeError:
            self.close()  # the child is gone; whoever reads its stdout sees it

    def close(self) -> None:
        """The end of its stdin tells the child to end."""
        pipe = self._pipe
        if pipe is None or pipe.closed:
            return
        with self._lock:
            self._lines.clear()
        with contextlib.suppress(KeyError):
            self._poll.unregister(pipe.fileno())
        with contextlib.suppress(OSError):
            pipe.close()


def _written(fd: int, line: bytes) -> int:
    try:
        return os.write(fd, line)
    except BlockingIOError:
        return 0
