"""FtpClient: a client with one connection to look around by, and a queue that moves files over others.

Acts are done one after the other in its own thread; transfers run beside them. It must not know who looks.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from protocols.connecting import Stopped
from protocols.ftp.client.jobs import Job, Order
from protocols.ftp.client.queue import TransferQueue
from protocols.ftp.client.remote import Remote
from protocols.ftp.client.site import Site
from protocols.ftp.client.trouble import FtpError
from protocols.record.recorder import Recorder
from protocols.service.base import Facts, Service

T = TypeVar("T")


def remote_for(site: Site, recorder: Recorder, name: str, stopping: Callable[[], bool]) -> Remote:
    """A connection to a site, by its protocol. Raises FtpError where SFTP is not installed."""
    if site.scheme == "sftp":
        from protocols.ftp.client.sftp import SftpSession

        return SftpSession(site, recorder, name, stopping)
    from protocols.ftp.client.session import FtpSession

    return FtpSession(site, recorder, name, stopping)


@dataclass
class _Act:
    """Something to do on the connection."""

    run: Callable[[Remote], Any]
    future: Future[Any]


class FtpClient(Service):
    """A client of FTP or SFTP. remote: the connection to look around by; used in its own thread alone.

    connect False: `start()` does not wait for the connection, which the first act makes.
    """

    def __init__(
        self, recorder: Recorder, site: Site, *, name: str = "ftp 1", parallel: int = 2, connect: bool = True
    ) -> None:
        super().__init__(recorder, name, "client")
        self.site: Final = site
        self.remote: Final = remote_for(site, recorder, name, self.stopping.is_set)
        self.queue: Final = TransferQueue(name, self._another, self.spawn, self.stopping.is_set, parallel)
        self._acts: deque[_Act] = deque()
        self._lock = threading.Lock()
        self._current: _Act | None = None
        self._over = False
        self._connect = connect

    def _another(self, number: int) -> Remote:
        return remote_for(self.site, self.recorder, f"{self.name} transfer {number}", self.stopping.is_set)

    def _thread_name(self) -> str:
        return f"{self.name.replace(' ', '-')}:{self.site.port}"

    def facts(self) -> Facts:
        """What it occupies now."""
        return Facts(self.name, self.kind, self.state, self.site.where, self.threads(),
                     connections=int(self.remote.alive))  # fmt: skip

    # What others ask for; any thread

    def submit(self, act: Callable[[Remote], T]) -> Future[T]:
        """Do something on the connection, after what was asked before. The future raises FtpError, or Stopped."""
        future: Future[T] = Future()
        with self._lock:
            if self._over or self.stopping.is_set():
                future.set_exception(Stopped("waiting for its turn"))
                return future
            self._acts.append(_Act(act, future))
        self.remote.nudge()
        return future

    def transfer(self, order: Order) -> Job:
        """Put a file or folder into the queue."""
        return self.queue.add(order)

    def cancel(self) -> None:
        """End what is being done on the connection, and what waits for it; transfers go on."""
        with self._lock:
            waiting, self._acts = list(self._acts), deque()
            if self._current is not None:
                self.remote.cancel()
        for act in waiting:
            act.future.set_exception(Stopped("waiting for its turn"))

    @property
    def busy(self) -> bool:
        """Whether something is being done, or waits."""
        return self._current is not None or bool(self._acts)

    # Life

    def _open(self) -> None:
        if self._connect:
            self.remote.open()

    def _main(self) -> None:
        while (act := self._next()) is not None:
            try:
                act.future.set_result(act.run(self.remote))
            except (FtpError, OSError, ValueError) as error:
                act.future.set_exception(error)
            finally:
                with self._lock:
                    self._current = None

    def _next(self) -> _Act | None:
        while not self.stopping.is_set():
            with self._lock:
                if self._acts:
                    self.remote.waiter.begin()
                    self._current = self._acts.popleft()
                    return self._current
            self.remote.rest()
        return None

    def _wake_up(self) -> None:
        self.remote.cancel()
        self.queue.wake()

    def _close(self) -> None:
        with self._lock:
            self._over = True
            left, self._acts = list(self._acts), deque()
        for act in left:
            act.future.set_exception(Stopped("waiting for its turn"))
        self.queue.end()
        self.remote.close()
