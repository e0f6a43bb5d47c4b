"""Connecting with a Stop that works at once, even towards a black hole.

The connect itself never blocks; the wait for its end is a select that a wake descriptor ends.
The events tell it as the one blocking connect that a script would make. It must not know who
connects, or why.
"""

from __future__ import annotations

import errno
import os
import random
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

from protocols.record import polling
from protocols.record.connections import End
from protocols.record.event import Raw, monotonic_ns
from protocols.record.trace import address_call, address_value, call_event, this_thread
from protocols.record.traced import TracedSocket
from protocols.service.wake import Wake

_UNIX: Final = getattr(socket, "AF_UNIX", None)
RETRY_UNIX_MS: Final = 20
"""A UNIX listener with a full queue answers EAGAIN and tells nobody when there is room: ask again."""

Wait = Callable[[int, int, float | None], bool]
"""wait(fd, poll mask, timeout_s) -> False when the time is over. Raises Stopped when woken to stop."""


class Stopped(OSError):
    """The user stopped what was under way."""

    def __init__(self, doing: str = "connecting") -> None:
        super().__init__(errno.ECANCELED, f"stopped while {doing}")


def poll_wait(wake: Wake, stopping: Callable[[], bool]) -> Wait:
    """A Wait that `wake` ends when `stopping()` is true; other wakes are left to the main loop's own queue."""

    def wait(fd: int, mask: int, timeout_s: float | None) -> bool:
        poller = polling.poll()
        if fd >= 0:
            poller.register(fd, mask)
        poller.register(wake.fileno(), polling.POLLIN)
        deadline = None if timeout_s is None else monotonic_ns() + int(timeout_s * 1e9)
        while not stopping():
            rest = None if deadline is None else max(0, deadline - monotonic_ns())
            ready = poller.poll(None if rest is None else -(-rest // 1_000_000))
            if stopping():
                break
            if any(number == fd for number, _ in ready):
                return True
            if ready:
                wake.clear()
            elif deadline is not None and monotonic_ns() >= deadline:
                return False
        raise Stopped

    return wait


def connect(sock: TracedSocket, address: Any, timeout_s: float | None, wait: Wait) -> None:
    """Connect `sock`, which is left non-blocking. Raises the real error, TimeoutError, or Stopped."""
    started = monotonic_ns()
    sock.setblocking(False)
    try:
        _connect(sock, address, timeout_s, wait)
    except OSError as error:
        record(sock, started, address, error)
        raise
    record(sock, started, address, None)


def _connect(sock: TracedSocket, address: Any, timeout_s: float | None, wait: Wait) -> None:
    deadline = None if timeout_s is None else monotonic_ns() + int(timeout_s * 1e9)

    def rest() -> float | None:
        return None if deadline is None else max(0.0, (deadline - monotonic_ns()) / 1e9)

    result = socket.socket.connect_ex(sock, address)
    while result == errno.EAGAIN and sock.family == _UNIX:
        if rest() == 0:
            raise TimeoutError("timed out")
        wait(-1, 0, RETRY_UNIX_MS / 1000)
        result = socket.socket.connect_ex(sock, address)
    if result == errno.EINPROGRESS:
        if not wait(sock.fileno(), polling.POLLOUT, rest()):
            raise TimeoutError("timed out")
        result = socket.socket.getsockopt(sock, socket.SOL_SOCKET, socket.SO_ERROR)
    if result:
        raise OSError(result, os.strerror(result))


def record(sock: TracedSocket, started: int, address: Any, error: OSError | None) -> None:
    """Write down a connect that began at `started` and has ended now: it failed, or the connection stands."""
    trace = sock.trace
    if trace is None or not trace.recorder.enabled:
        return
    text = f"connect({address_call(address)})"
    waited = monotonic_ns() - started
    peer = address_value(address)
    if error is not None:
        trace.call("connect", text, started, error=error, address=address, fd=sock.fileno(), peer=peer,
                   blocked_ns=waited)  # fmt: skip
        return
    end = trace.stand(sock, "client")
    if end is not None and sock.family == socket.AF_INET:
        local = end.local
    else:
        try:
            local, peer = sock.getsockname(), sock.getpeername()
        except OSError:  # reset between the two calls
            local = None
    trace.recorder.put(connected_event(address, started, waited, sock.fileno(), this_thread(), trace.service, end,
                                       local, peer))  # fmt: skip


def connected_event(
    address: Any, started: int, waited_ns: int, fd: int, thread: str, service: str | None, end: End | None,
    local: object, peer: object,
) -> Raw:  # fmt: skip
    """The event of a connect whose connection stands."""
    conn, role = (None, None) if end is None else (end.conn, end.role)
    return call_event("connect", f"connect({address_call(address)}) = 0", started, waited_ns, fd, thread, service,
                      conn, role, {"local": address_value(local), "peer": address_value(peer), "result": 0,
                                   "blocked_ns": waited_ns})  # fmt: skip


def backoff(
    attempts: int, *, first_s: float = 0.2, factor: float = 2.0, most_s: float = 5.0, jitter: float = 0.25,
    seed: int | None = None,
) -> Iterator[float]:  # fmt: skip
    """The pauses between `attempts` attempts, in seconds: each `factor` times the last, plus or minus `jitter`.

    The jitter keeps many clients that failed together from coming back together.
    """
    chance = random.Random(seed)
    pause = first_s
    for _ in range(attempts - 1):
        yield min(pause, most_s) * (1 + chance.uniform(-jitter, jitter))
        pause *= factor
