"""How each model waits for datagrams on one socket, and who answers them.

The socket and its one wake-up are the same everywhere; what differs is the system call that waits
and the thread, task or process that works. It must not know what a datagram means.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from protocols.concurrency.accepting import when_readable
from protocols.concurrency.evented import Poller
from protocols.concurrency.eventlink import READ
from protocols.concurrency.serving import DELAY_LOOK_S, Serving
from protocols.record.traced import TracedSocket

AT_ONCE: Final = 64
"""So many threads or processes at once; what comes meanwhile waits in the socket's receive buffer."""
TASKS: Final = 1_000


@dataclass(frozen=True)
class Job:
    """One datagram to answer. label: of the thread's name. heard: before the delay; answered: after it."""

    label: object
    heard: Callable[[], None]
    answered: Callable[[], None]

    def work(self, serving: Serving) -> None:
        """All of it, where the worker may block."""
        self.heard()
        serving.wait_delay()
        self.answered()


Receive: TypeAlias = Callable[[], Job | None]
"""Takes one datagram; None where there is nothing to answer."""


def iterative(serving: Serving, sock: TracedSocket, receive: Receive) -> None:
    """One after the other, in the calling thread."""
    when_readable(serving, sock, lambda: _at_once(serving, receive))


def _at_once(serving: Serving, receive: Receive) -> None:
    job = receive()
    if job is not None:
        job.work(serving)


def threads(serving: Serving, sock: TracedSocket, receive: Receive) -> None:
    """A thread for each datagram, at most AT_ONCE of them."""
    free = threading.Semaphore(AT_ONCE)

    def act() -> None:
        job = receive()
        if job is not None:
            _in_thread(serving, free, job)

    when_readable(serving, sock, act)


def _in_thread(serving: Serving, free: threading.Semaphore, job: Job) -> None:
    while not free.acquire(timeout=0.2):
        if serving.stopping.is_set():
            return

    def run() -> None:
        try:
            job.work(serving)
        finally:
            free.release()

    try:
        serving.spawn(serving.thread_name("datagram", job.label), run)
    except RuntimeError:
        free.release()


class _Pool:
    """Threads that wait for datagrams; `idle` is how many of them do."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        self.jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self.lock = threading.Lock()
        self.idle = serving.workers

    def work(self) -> None:
        while (job := self.jobs.get()) is not None:
            job.work(self.serving)
            with self.lock:
                self.idle += 1
            self.serving.wake.set()

    def take(self, job: Job) -> None:
        with self.lock:
            self.idle -= 1
        self.jobs.put(job)


def pool(serving: Serving, sock: TracedSocket, receive: Receive) -> None:
    """N threads share the datagrams; with all of them busy the next one waits in the receive buffer."""
    workers = _Pool(serving)
    for number in range(1, serving.workers + 1):
        serving.spawn(serving.thread_name(f"pool-{number}"), workers.work)

    def act() -> None:
        job = receive()
        if job is not None:
            workers.take(job)

    try:
        when_readable(serving, sock, act, free=lambda: workers.idle > 0)
    finally:
        for _ in range(serving.workers):
            workers.jobs.put(None)


def polled(serving: Serving, sock: TracedSocket, receive: Receive, poller: Poller) -> None:
    """One thread that asks the poller; an event loop has little to choose from with a single socket."""
    sock.setblocking(False)
    fd, wake = sock.fileno(), serving.wake.fileno()
    if poller.limit is not None and max(fd, wake) >= poller.limit:
        poller.close()
        raise OSError(f"The socket itself got descriptor {max(fd, wake)}. {poller.why_limited}")
    poller.register(wake, READ, always=True)
    watched = False
    try:
        while not serving.stopping.is_set():
            if watched == serving.hold_accept:
                watched = not watched
                if watched:
                    poller.register(fd, READ, always=True)
                else:
                    poller.unregister(fd)
            for ready, _ in poller.wait(None):
                if ready == wake:
                    serving.wake.clear()
                    serving.run_acts()
                elif not serving.stopping.is_set():
                    _at_once(serving, receive)
    finally:
        poller.close()


class _Tasks:
    """The socket in an asyncio loop, and a task for each datagram: the delay is awaited, not sat out."""

    def __init__(self, serving: Serving, sock: TracedSocket, receive: Receive) -> None:
        self.serving = serving
        self.sock = sock
        self.receive = receive
        self.loop = asyncio.get_running_loop()
        self.tasks: set[asyncio.Task[None]] = set()
        self.stopped = asyncio.Event()

    async def run(self) -> None:
        """Serve until the stop."""
        self.sock.setblocking(False)
        wake = self.serving.wake.fileno()
        self.loop.add_reader(wake, self.woken)
        self.mind_socket()
        try:
            await self.stopped.wait()
        finally:
            self.loop.remove_reader(wake)
            self.loop.remove_reader(self.sock.fileno())
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)

    def woken(self) -> None:
        """A setting changed, or the stop came."""
        self.serving.wake.clear()
        self.serving.run_acts()
        if self.serving.stopping.is_set():
            self.stopped.set()
        else:
            self.mind_socket()

    def mind_socket(self) -> None:
        """Watch the socket unless it is held, or enough is under way."""
        if self.serving.hold_accept or len(self.tasks) >= TASKS:
            self.loop.remove_reader(self.sock.fileno())
        else:
            self.loop.add_reader(self.sock.fileno(), self.take)

    def take(self) -> None:
        """A datagram waits."""
        job = self.receive()
        if job is not None:
            task = self.loop.create_task(self.work(job), name=self.serving.thread_name("task", job.label))
            self.tasks.add(task)
            task.add_done_callback(self.over)
            if len(self.tasks) >= TASKS:
                self.mind_socket()

    async def work(self, job: Job) -> None:
        """Answer one datagram. A change of the delay counts at once, as in all models."""
        job.heard()
        began = time.monotonic()
        while (left := began + self.serving.delay_ms / 1000 - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(left, DELAY_LOOK_S))  # other threads change the delay meanwhile
        job.answered()

    def over(self, task: asyncio.Task[Any]) -> None:
        """A task has ended."""
        self.tasks.discard(task)
        if len(self.tasks) == TASKS - 1 and not self.stopped.is_set():
            self.mind_socket()


async def _run_tasks(serving: Serving, sock: TracedSocket, receive: Receive) -> None:
    await _Tasks(serving, sock, receive).run()


def tasks(serving: Serving, sock: TracedSocket, receive: Receive) -> None:
    """A task for each datagram, in a loop of the calling thread."""
    asyncio.run(_run_tasks(serving, sock, receive))
