"""SHA-256 of files that were transferred, so that both ends can be compared.

Small files are hashed at once; larger ones by a worker, after the transfer and its reply, so that the data
connection never waits. What was hashed lately and has not changed since is known. It must not know FTP.
"""

from __future__ import annotations

import hashlib
import os
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeAlias

from protocols.ftp import gentle

AT_ONCE_BYTES: Final = 128 << 10
_CHUNK: Final = 1 << 20
_KNOWN: Final = 256
_SETTLED_NS: Final = 100_000_000
"""A file changed later than this before may change again within the same tick of its clock: it is not remembered."""
_WAITING: Final = 4096
END_S: Final = 1.0
"""So long the server's end waits for the hashes that are under way: the last transfer is often the one asked for."""
Told: TypeAlias = Callable[[str | None], None]
_Key: TypeAlias = tuple[int, int, int, int]


class Hashing:
    """Hashes files by descriptor; a service's worker runs `work`."""

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue[tuple[int, _Key, Told] | None] = queue.SimpleQueue()
        self._known: OrderedDict[_Key, str] = OrderedDict()
        self._ending = threading.Event()
        self._deadline_s = float("inf")

    def hash(self, fd: int, told: Told) -> None:
        """Hash the whole file of `fd`, which is closed here, and tell it: at once or later, from the worker."""
        try:
            key = _key(fd)
        except OSError:
            os.close(fd)
            told(None)
            return
        known = self._known.get(key)
        if known is not None or key[2] <= AT_ONCE_BYTES:
            try:
                told(known or self._digest(fd, key))
            finally:
                os.close(fd)
        elif self._ending.is_set() or self._tasks.qsize() >= _WAITING:
            os.close(fd)
            told(None)
        else:
            self._tasks.put((fd, key, told))

    def work(self) -> None:
        """Hash what comes, until `end`. For a thread of its own, which it slows down."""
        gentle.go_behind()
        while (task := self._tasks.get()) is not None:
            fd, key, told = task
            try:
                told(self._known.get(key) or self._digest(fd, key))
            finally:
                os.close(fd)

    def end(self) -> None:
        """End the worker; what waits and is not hashed within END_S is told without a hash. Any number of times."""
        if not self._ending.is_set():
            self._deadline_s = time.monotonic() + END_S
            self._ending.set()
        self._tasks.put(None)

    def drain(self) -> None:
        """After the worker's end: tell and close what was left."""
        while not self._tasks.empty():
            task = self._tasks.get()
            if task is not None:
                os.close(task[0])
                task[2](None)

    def _digest(self, fd: int, key: _Key) -> str | None:
        """The hash, or None where the file changed meanwhile or the server ends."""
        digest = hashlib.sha256()
        buffer = bytearray(min(_CHUNK, key[2] + 1))
        view = memoryview(buffer)
        try:
            with open(fd, "rb", buffering=0, closefd=False) as file:
                file.seek(0)
                while count := file.readinto(buffer):
                    if key[2] > AT_ONCE_BYTES and time.monotonic() > self._deadline_s:
                        return None
                    digest.update(view[:count])
            if _key(fd) != key:
                return None
        except OSError:
            return None
        found = digest.hexdigest()
        if time.time_ns() - key[3] > _SETTLED_NS:
            self._known[key] = found
            while len(self._known) > _KNOWN:
                self._known.popitem(last=False)
        return found


def _key(fd: int) -> _Key:
    found = os.fstat(fd)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
