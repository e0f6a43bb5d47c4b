"""The loop of the models whose main thread does nothing but accept, or take datagrams.

Waits for the socket and the stop together; leaves clients in the backlog while accepting is held.
It must not know what becomes of an accepted connection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from protocols.concurrency.serving import Serving
from protocols.record.traced import TracedSocket
from protocols.service.wake import Readiness

Take: TypeAlias = Callable[[TracedSocket, Any], None]


def when_readable(
    serving: Serving,
    listener: TracedSocket,
    act: Callable[[], float | None],
    *,
    free: Callable[[], bool] = lambda: True,
    between: Callable[[], None] = lambda: None,
    watch: tuple[int, ...] = (),
) -> None:
    """Call `act` whenever the socket is readable, until the stop; it may give seconds to pause.

    free: False leaves the next client waiting until `serving.wake` is set. between: called after each wake-up.
    watch: more descriptors that end a wait.
    """
    listener.setblocking(False)  # a client that left meanwhile must not leave accept() blocked
    ready = Readiness(listener.fileno(), serving.wake, watch)
    pause: float | None = None
    while not serving.stopping.is_set():
        held = serving.hold_accept or pause is not None or not free()
        readable = ready.wait(pause, watch=not held)
        pause = None
        serving.run_acts()
        between()
        if readable and not serving.stopping.is_set():
            pause = act()


def accept_loop(
    serving: Serving,
    listener: TracedSocket,
    take: Take,
    *,
    free: Callable[[], bool] = lambda: True,
    between: Callable[[], None] = lambda: None,
    watch: tuple[int, ...] = (),
) -> None:
    """Accept until the stop; `take` gets each admitted connection and owns it. The rest as in `when_readable`."""
    when_readable(
        serving, listener, lambda: accept_one(serving, listener, take), free=free, between=between, watch=watch
    )


def accept_one(serving: Serving, listener: TracedSocket, take: Take) -> float | None:
    """Accept one connection; the seconds to pause when the system had no room for it, else None."""
    try:
        sock, address = listener.accept()
    except OSError as error:
        return serving.accept_failed(error) or None
    if serving.admit(sock, address):
        take(sock, address)
    return None
