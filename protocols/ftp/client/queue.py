"""TransferQueue: files and folders moved by several connections at once.

Each worker has a connection of its own, made when there is work and closed when there is none. A folder
becomes its files as it is listed. It must not know a protocol: connections are Remotes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from protocols.connecting import Stopped, backoff
from protocols.ftp.client import pace, trouble
from protocols.ftp.client.jobs import Job, Jobs, Order, State
from protocols.ftp.client.pump import BUFFER_BYTES
from protocols.ftp.client.remote import Remote, Store
from protocols.ftp.client.tally import Tally
from protocols.ftp.client.together import Member, Together, fetch_of, is_small
from protocols.ftp.client.trouble import FtpError
from protocols.ftp.client.walking import expand
from protocols.record.explain import Explained, explain

TRIES: Final = 3
IDLE_S: Final = 2.0
MOST: Final = 16

Spawn = Callable[[str, Callable[[], None]], object]


class TransferQueue:
    """The queue of one client. parallel: connections at most; it may be changed while it works.

    make: a new connection, by the number of its worker. spawn: runs a worker. stopping: the client ends.
    """

    def __init__(
        self, name: str, make: Callable[[int], Remote], spawn: Spawn, stopping: Callable[[], bool], parallel: int = 2
    ) -> None:
        self.jobs: Final = Jobs()
        self.parallel = parallel
        self.paused = False
        self._name = name
        self._make = make
        self._spawn = spawn
        self._stopping = stopping
        self._lock = threading.Lock()
        self._busy: dict[int, tuple[Remote, Job | None]] = {}
        self._more = threading.Condition(self._lock)
        self._together: Final = Together(self)

    # What others ask for; any thread

    def add(self, order: Order) -> Job:
        """Put an order at the end of the queue."""
        job = self.jobs.add(order)
        self._hire()
        return job

    def cancel(self, job: Job) -> None:
        """End a job at once, and everything that came out of it."""
        ended = self.jobs.end(job, "cancelled", trouble.trouble("cancelled").told)
        with self._lock:
            for remote, current in self._busy.values():
                if current is job or (job.order.folder and current is not None and _below(current, job)):
                    remote.cancel()
        if job.order.folder and (ended or job.state == "done"):
            for each in self.jobs.since(0):
                if not each.ended and _below(each, job):
                    self.cancel(each)

    def cancel_all(self) -> None:
        """End all that wait or run."""
        for job in self.jobs.since(0):
            if not job.ended:
                self.cancel(job)

    def pause(self, paused: bool) -> None:
        """Begin nothing new, or go on; what runs is not stopped."""
        self.paused = paused
        with self._lock:
            self._more.notify_all()
        self._hire()

    def retry(self, job: Job, *, force: bool = False, resume: bool = False) -> bool:
        """Once more, going on where it stopped.

        force: from the start, writing over what is there. resume: what is there is a part, whoever left it.
        """
        again = self.jobs.again(job, force, resume)
        if again:
            self._hire()
        return again

    def wake(self) -> None:
        """The client stops: end the waits of all workers."""
        with self._lock:
            for remote, _ in self._busy.values():
                remote.cancel()
            self._more.notify_all()

    def end(self) -> None:
        """After the workers are gone: what still waits will not come any more."""
        for job in self.jobs.since(0):
            if not job.ended:
                self.jobs.end(job, "cancelled", trouble.trouble("queue ended").told)

    # Workers

    def _hire(self) -> None:
        with self._lock:
            self._more.notify()
            waiting = self.jobs.counts().waiting
            idle = sum(1 for _, job in self._busy.values() if job is None)
            if self._stopping() or waiting <= idle or len(self._busy) >= min(self.parallel, MOST):
                return
            number = next(n for n in range(1, MOST + 1) if n not in self._busy)
            remote = self._make(number)
            self._busy[number] = (remote, None)
        self.apart(Member(number, remote, None))

    def apart(self, member: Member) -> None:
        """A connection works in a thread of its own, beginning with what it has."""
        self._spawn(f"{self._name.replace(' ', '-')}-transfer-{member.number}", lambda: self._work(member))

    def _work(self, member: Member) -> None:
        number, remote = member.number, member.remote
        try:
            while (job := member.job or self._next(number, remote)) is not None:
                member.job = job
                if len(self._busy) < self.parallel:
                    self._hire()
                with pace.quick():
                    if not self._in_steps(member, job):
                        self._do(job, remote, member.go_on)
                    elif self._together.join(member):
                        return
                    else:
                        member = self._together.drive(member)
                        number, remote = member.number, member.remote
                        continue
                member.job, member.go_on = None, None
        except BaseException:
            self._gone(number, remote)
            raise
        self._gone(number, remote)
        if self.jobs.counts().waiting and not self._stopping():
            self._hire()  # it came between the last look and the end

    def _gone(self, number: int, remote: Remote) -> None:
        with self._lock:
            self._busy.pop(number, None)
        remote.close()

    @staticmethod
    def _in_steps(member: Member, job: Job) -> bool:
        """Whether the job is one that the connection can do beside others."""
        if member.go_on is not None or not is_small(job):
            return False
        try:
            member.steps = member.remote.in_steps()
        except (FtpError, OSError) as why:
            error = why

            def fail() -> None:
                raise error

            member.go_on = fail
        return member.steps is not None

    def next_small(self, member: Member) -> Job | None:
        """The next job for a connection that goes on in steps; None when it is to leave."""
        with self._lock:
            self._busy[member.number] = (member.remote, None)
            if self._stopping() or self.paused or len(self._busy) > max(self.parallel, 1):
                return None
            job = self.jobs.take(is_small)
            if job is None:
                return None
            member.remote.waiter.begin()
            self._busy[member.number] = (member.remote, job)
        if len(self._busy) < self.parallel:
            self._hire()
        return job

    def more_small(self) -> bool:
        """Whether each connection will find a small file when it comes for the next."""
        return self.jobs.next_fit(max(self.parallel, 1), is_small)

    def ended(self, job: Job, state: State, error: Explained | None = None) -> None:
        """A job of a connection that goes on in steps is over."""
        self.jobs.end(job, state, error)

    def _next(self, number: int, remote: Remote) -> Job | None:
        with self._lock:
            self._busy[number] = (remote, None)
            while not self._stopping() and len(self._busy) <= max(self.parallel, 1):
                job = None if self.paused else self.jobs.take()
                if job is not None:
                    remote.waiter.begin()
                    self._busy[number] = (remote, job)
                    return job
                if not self._more.wait(IDLE_S):
                    return None
        return None

    def _do(self, job: Job, remote: Remote, go_on: Callable[[], None] | None) -> None:
        try:
            if go_on is not None:
                go_on()
            elif job.order.folder:
                expand(job, remote, self.jobs, self._hire)
            else:
                self._move(job, remote)
            self.jobs.end(job, "done")
        except Stopped:
            self.jobs.end(job, "cancelled", trouble.trouble("cancelled").told)
        except FtpError as error:
            if error.may_pass and job.tries < TRIES and not job.ended and self._pause(remote, job.tries):
                job.resume = job.resume or (job.order.mode == "binary" and job.tally.moved > 0)
                self.jobs.end(job, "waiting", error.told)
            else:
                self.jobs.end(job, "failed", error.told)
        except OSError as error:
            self.jobs.end(job, "failed", explain(error, call="open", address=error.filename))

    def _pause(self, remote: Remote, tries: int) -> bool:
        """A growing pause before the next try; False when the job was cancelled in it."""
        pauses = list(backoff(TRIES + 1))
        try:
            remote.waiter.wait(-1, 0, pauses[min(tries, len(pauses)) - 1])
        except Stopped:
            return False
        return True

    @staticmethod
    def _move(job: Job, remote: Remote) -> None:
        order, job.tally = job.order, Tally()
        if order.way == "get":
            remote.get(fetch_of(job), job.tally)
        else:
            block = order.block_bytes or BUFFER_BYTES
            store = Store(order.remote, order.local, order.mode, job.force, job.resume, block,
                          order.caller, order.known_new)  # fmt: skip
            remote.put(store, job.tally)


def _below(job: Job, folder: Job) -> bool:
    parent = job.parent
    while parent is not None:
        if parent is folder:
            return True
        parent = parent.parent
    return False
