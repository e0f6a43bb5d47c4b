"""Job: one file or folder in the queue, and the list of all of them with their counts. Any thread.

It must not know connections.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

from protocols.ftp.client.remote import last
from protocols.ftp.client.tally import Caller, Mode, Tally
from protocols.ftp.client.trouble import FtpError
from protocols.ftp.listing.entry import Entry
from protocols.record.explain import Explained

State: TypeAlias = Literal["waiting", "running", "done", "failed", "cancelled"]
Way: TypeAlias = Literal["get", "put"]
ENDED: Final = ("done", "failed", "cancelled")
LOOKED: Final = 256
"""So many of those that wait are looked at ahead."""


class Order(NamedTuple):
    """What is to be moved. remote: the server's path; local: the path here; folder: with all that is in it.

    base: the chosen folder here that nothing may leave, for what comes out of a server's listing.
    """

    way: Way
    remote: str
    local: Path
    folder: bool = False
    mode: Mode = "binary"
    force: bool = False
    resume: bool = False
    block_bytes: int = 0
    caller: Caller | None = None
    entry: Entry | None = None
    known_new: bool = False
    base: Path | None = None
    depth: int = 0


@dataclass(eq=False)
class Job:
    """One order on its way. error: why the last try failed. tries: begun so far. parent: the folder it came with."""

    number: int
    order: Order
    parent: Job | None = None
    state: State = "waiting"
    tally: Tally = field(default_factory=Tally)
    error: Explained | None = None
    tries: int = 0
    children: int = 0
    resume: bool = False
    force: bool = False
    _over: threading.Event | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """What a person calls it."""
        return last(self.order.remote) if self.order.way == "get" else self.order.local.name

    @property
    def over(self) -> threading.Event:
        """Set while it has ended; made for who asks, as most jobs are waited for by nobody."""
        if self._over is None:
            self._over = threading.Event()
            if self.ended:
                self._over.set()
        return self._over

    def tell_over(self) -> None:
        """It has ended, or begins anew: let who waits know."""
        if self._over is not None:
            (self._over.set if self.ended else self._over.clear)()

    @property
    def ended(self) -> bool:
        """Whether it waits for nothing more."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Counts:
    """How many jobs are in each state, and the bytes of those that are done."""

    waiting: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    bytes_done: int = 0

    @property
    def open(self) -> int:
        """Not ended yet."""
        return self.waiting + self.running


class Jobs:
    """All jobs in order. `changes` grows with every change of any job, so that a view knows when to look."""

    def __init__(self) -> None:
        self.lock: Final = threading.Lock()
        self.changes = 0
        self._all: list[Job] = []
        self._waiting: list[Job] = []
        self._counts = dict.fromkeys(("waiting", "running", "done", "failed", "cancelled"), 0)
        self._bytes = 0
        self._numbers = 0
        self._next = 0
        self._fitting = 0  # from `_next` up to here they fit

    def __len__(self) -> int:
        return len(self._all)

    def since(self, number: int) -> list[Job]:
        """The jobs from position `number` on."""
        with self.lock:
            return self._all[number:]

    def counts(self) -> Counts:
        """How it stands."""
        with self.lock:
            return Counts(**self._counts, bytes_done=self._bytes)

    def add(self, order: Order, parent: Job | None = None, error: FtpError | None = None) -> Job:
        """A new job; with an error it has failed already."""
        with self.lock:
            self._numbers += 1
            job = Job(self._numbers, order, parent, resume=order.resume, force=order.force)
            if parent is not None:
                parent.children += 1
            self._all.append(job)
            if error is not None:
                job.error = error.told
                job.state = "failed"
            elif parent is not None and parent.state == "cancelled":
                job.state = "cancelled"
            else:
                self._waiting.append(job)
            self._counts[job.state] += 1
            self.changes += 1
        return job

    def take(self, fits: Callable[[Job], bool] | None = None) -> Job | None:
        """The next one to work on, now running; None when none waits, or when the next does not fit."""
        with self.lock:
            while self._next < len(self._waiting):
                job = self._waiting[self._next]
                if fits is not None and job.state == "waiting" and not fits(job):
                    return None
                self._next += 1
                if self._next > 4096:
                    del self._waiting[: self._next]
                    self._fitting = max(0, self._fitting - self._next)
                    self._next = 0
                if job.state == "waiting":
                    self._move(job, "running")
                    job.tries += 1
                    return job
        return None

    def next_fit(self, count: int, fits: Callable[[Job], bool]) -> bool:
        """Whether so many wait, and the next ones fit: as far as was seen, for some may have ended since."""
        with self.lock:
            end = self._next + count
            if end > self._fitting:
                self._fitting = max(self._fitting, self._next)
                for job in self._waiting[self._fitting : self._fitting + LOOKED]:
                    if job.state != "waiting" or not fits(job):
                        break
                    self._fitting += 1
            return end <= self._fitting

    def end(self, job: Job, state: State, error: Explained | None = None) -> bool:
        """It has ended, or waits again; False when somebody has ended it before."""
        with self.lock:
            if job.state in ENDED:
                return False
            job.error = error
            self._move(job, state)
            if state == "waiting":
                self._waiting.append(job)
            elif state == "done":
                self._bytes += job.tally.moved
            return True

    def again(self, job: Job, force: bool = False, resume: bool = False) -> bool:
        """Put an ended job back into the queue, to go on where it stopped, or to write over what is there.

        A done one stays done.
        """
        with self.lock:
            if job.state not in ("failed", "cancelled"):
                return False
            job.resume = not force and (resume or job.resume or (job.order.mode == "binary" and job.tally.moved > 0))
            job.force = force or job.order.force
            job.error, job.tally = None, Tally()
            self._move(job, "waiting")
            self._waiting.append(job)
            return True

    def _move(self, job: Job, state: State) -> None:
        self._counts[job.state] -= 1
        self._counts[state] += 1
        job.state = state
        self.changes += 1
        job.tell_over()

    def forget_ended(self) -> None:
        """Leave only what waits or runs in the list."""
        with self.lock:
            self._all = [job for job in self._all if not job.ended]
            for state in ENDED:
                self._counts[state] = 0
            self._bytes = 0
            self.changes += 1
