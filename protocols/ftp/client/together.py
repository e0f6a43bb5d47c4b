"""Together: one thread gets small files over several connections, each step by step as its replies come.

Threads of their own would spend more time on taking turns than on the files. Whatever takes waiting leaves for a
thread of its own. It must not know a protocol, nor where jobs come from.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from protocols.ftp.client.jobs import Job, State
from protocols.ftp.client.pump import BUFFER_BYTES
from protocols.ftp.client.remote import Fetch, Remote
from protocols.ftp.client.steps import SMALL_BYTES, Odd, Steps
from protocols.ftp.client.tally import Tally
from protocols.ftp.client.trouble import FtpError
from protocols.record import polling
from protocols.record.event import monotonic_ns
from protocols.record.explain import Explained
from protocols.record.later import ENOUGH, Notes
from protocols.record.trace import this_thread
from protocols.service.wake import Wake

SHOW_MS: Final = 20
"""When nothing has come for so long, what has come before is shown."""
LOOK_MS: Final = 250
"""So often somebody looks for connections that have been silent for too long."""


def is_small(job: Job) -> bool:
    """Whether a job is a small file to be got with nothing special about it."""
    order, entry = job.order, job.order.entry
    return (
        order.way == "get" and entry is not None and entry.kind == "file" and entry.size is not None
        and entry.size <= SMALL_BYTES and order.mode == "binary" and not job.resume and not order.folder
        and order.caller is None and not order.block_bytes
    )  # fmt: skip


def fetch_of(job: Job) -> Fetch:
    """What the job asks of a connection."""
    order = job.order
    return Fetch(order.remote, order.local, order.mode, job.force, job.resume, order.block_bytes or BUFFER_BYTES,
                 order.caller, order.entry)  # fmt: skip


@dataclass(eq=False)
class Member:
    """A connection and what it does. go_on: the rest of its job, which takes waiting."""

    number: int
    remote: Remote
    job: Job | None
    steps: Steps | None = None
    go_on: Callable[[], None] | None = None
    watched: Mapping[int, int] = field(default_factory=dict)


class Owner(Protocol):
    """Whose connections and jobs they are; any thread may call these."""

    def next_small(self, member: Member) -> Job | None:
        """The next small file for this connection; None when it is to leave."""

    def more_small(self) -> bool:
        """Whether each connection will find a small file when it comes for the next."""

    def ended(self, job: Job, state: State, error: Explained | None = None) -> None:
        """A job is over."""

    def apart(self, member: Member) -> None:
        """A connection leaves: it goes on in a thread of its own."""


class Together:
    """The thread that calls `drive` moves all members until the last has left."""

    def __init__(self, owner: Owner) -> None:
        self._owner: Final = owner
        self._lock = threading.Lock()
        self._wake: Wake | None = None
        self._joining: deque[Member] = deque()

    def join(self, member: Member) -> bool:
        """Let the thread that drives take a connection with its job and steps; False when the caller is to drive."""
        with self._lock:
            if self._wake is None:
                self._wake = Wake()
                return False
            self._joining.append(member)
            self._wake.set()
            return True

    def drive(self, first: Member) -> Member:
        """After a join that was False. The member that left last, for the caller to go on with."""
        assert self._wake is not None
        round_ = _Round(self._owner, self._wake, Notes(first.remote.recorder, this_thread()))
        try:
            round_.begin(first)
            while True:
                while (last := round_.turn()) is None:
                    self._admit(round_)
                with self._lock:
                    if not self._joining:
                        return last
                self._owner.apart(last)
                self._admit(round_)
        finally:
            with self._lock:
                wake, self._wake = self._wake, None
                left = [*round_.members, *self._joining]
                self._joining.clear()
            wake.close()
            for member in left:  # only after an error that nobody foresaw
                self._owner.apart(member)

    def _admit(self, round_: _Round) -> None:
        while self._joining:
            round_.begin(self._joining.popleft())


class _Round:
    """What the driving thread knows: its members, and by each watched descriptor whose it is."""

    def __init__(self, owner: Owner, wake: Wake, notes: Notes) -> None:
        self.members: list[Member] = []
        self._notes: Final = notes
        self._owner: Final = owner
        self._wake: Final = wake
        self._poll: Final = polling.poll()
        self._poll.register(wake.fileno(), polling.POLLIN)
        self._whose: dict[int, Member] = {}
        self._wakes = {wake.fileno()}
        self._new: set[int] = set()  # watched since the last poll: what that told of this number was another's
        self._last: Member | None = None
        self._looked_ns = monotonic_ns()

    def begin(self, member: Member) -> None:
        """A connection comes with the job that it has taken."""
        self.members.append(member)
        wake_fd = member.remote.waiter.wake_fd
        self._poll.register(wake_fd, polling.POLLIN)
        self._whose[wake_fd] = member
        self._wakes.add(wake_fd)
        assert member.job is not None
        assert member.steps is not None
        member.steps.notes = self._notes
        if not self._ask(member, member.job):
            self._next(member)

    def turn(self) -> Member | None:
        """Wait for any of them, and go on with those that are ready. Who left last, when nobody is left."""
        if self.members:
            self._new.clear()
            for fd, mask in self._poll.poll(SHOW_MS if self._notes else LOOK_MS) or self._calm():
                member = self._whose.get(fd)
                if fd in self._wakes:
                    self._heard(fd)
                elif member is not None and fd not in self._new:
                    self._go(member, fd, mask)
            if len(self._notes) >= ENOUGH or not self.members:
                self._notes.put()
            now = monotonic_ns()
            if now - self._looked_ns > LOOK_MS * 1_000_000:
                self._looked_ns = now
                self._look(now)
        if self.members:
            return None
        last, self._last = self._last, None
        return last

    def _calm(self) -> tuple[tuple[int, int], ...]:
        """Nothing comes just now: others may see what has come so far."""
        self._notes.put()
        return ()

    def _heard(self, fd: int) -> None:
        """Somebody woke this thread, or one member."""
        member = self._whose.get(fd)
        if member is None:
            self._wake.clear()
        elif member.remote.waiter.heard():
            self._stop(member, late=False)

    def _look(self, now: int) -> None:
        for member in list(self.members):
            steps = member.steps
            assert steps is not None
            if steps.deadline_ns < now:
                self._stop(member, late=True)
            else:
                steps.look()
                self._watch(member, steps.watched)

    def _stop(self, member: Member, late: bool) -> None:
        assert member.steps is not None
        self._leave(member, member.steps.stop(late).go_on)

    def _go(self, member: Member, fd: int, mask: int) -> None:
        job, steps = member.job, member.steps
        assert job is not None
        assert steps is not None
        try:
            settle = steps.step(fd, mask)
        except Odd as odd:
            self._leave(member, odd.go_on)
        except FtpError as error:
            if error.may_pass:
                self._leave(member, _raiser(error))
            else:
                self._owner.ended(job, "failed", error.told)
                self._next(member)
        else:
            if settle is None:
                if steps.watched is not member.watched:
                    self._watch(member, steps.watched)
                return
            self._next(member)  # the server has something to do meanwhile
            try:
                settle()
            except FtpError as error:
                self._owner.ended(job, "failed", error.told)
            else:
                self._owner.ended(job, "done")

    def _next(self, member: Member) -> None:
        while (job := self._owner.next_small(member)) is not None:
            if self._ask(member, job):
                return
        assert member.steps is not None
        member.steps.leave()
        member.job = None
        self._leave(member, None)

    def _ask(self, member: Member, job: Job) -> bool:
        """Begin a job; False when it has failed at once."""
        assert member.steps is not None
        member.job = job
        if job.tries > 1:
            job.tally = Tally()
        fresh = job.order.known_new and job.tries == 1 and not job.force
        try:
            member.steps.begin(fetch_of(job), job.tally, fresh, self._owner.more_small())
        except Odd as odd:
            self._leave(member, odd.go_on)
        except FtpError as error:
            self._owner.ended(job, "failed", error.told)
            return False
        else:
            if member.steps.watched is not member.watched:
                self._watch(member, member.steps.watched)
        return True

    def _watch(self, member: Member, watched: Mapping[int, int]) -> None:
        before = member.watched
        for fd in before:
            if fd not in watched:
                self._poll.unregister(fd)
                del self._whose[fd]
        for fd, mask in watched.items():
            if before.get(fd) != mask:
                self._poll.register(fd, mask)
                self._whose[fd] = member
                self._new.add(fd)
        member.watched = watched

    def _leave(self, member: Member, go_on: Callable[[], None] | None) -> None:
        self._notes.put()
        self._watch(member, {})
        wake_fd = member.remote.waiter.wake_fd
        self._poll.unregister(wake_fd)
        del self._whose[wake_fd]
        self._wakes.remove(wake_fd)
        self.members.remove(member)
        member.steps, member.go_on = None, go_on
        if self.members:
            self._owner.apart(member)
        else:
            self._last = member


def _raiser(error: FtpError) -> Callable[[], None]:
    def go_on() -> None:
        raise error

    return go_on
