"""From a card's error to the event that tells it, so that the inspector's Why explains the real call.

It must not know the inspector: the desk has the door.
"""

from __future__ import annotations

from typing import Any

from protocols.http.failure import Failure
from protocols.record.event import Event, monotonic_ns
from protocols.record.explain import Explained
from widgets.desk import Desk
from widgets.failed_call import bind_of, event_of


def explain(
    desk: Desk, trouble: Failure | Explained | None, service: str, between: tuple[int, int] | None = None
) -> None:  # fmt: skip
    """Open Why for an error: the call that failed where it is on the time line, else what the card knows.

    between: when the request began and ended, in ns of the recorder's clock: other requests of the service failed, too.
    """
    if trouble is None:
        return
    errno = trouble.symbol if isinstance(trouble, Failure) else trouble.errno
    desk.explain(event_of(desk, {service}, errno, between) or _made(trouble, errno, service))


def explain_start(desk: Desk, trouble: Explained | None, port: int) -> None:
    """Open Why for a server that could not begin to listen on this port."""
    if trouble is not None:
        desk.explain(bind_of(desk, port, trouble.errno) or _made(trouble, trouble.errno, ""))


def _made(trouble: Failure | Explained, errno: str, service: str) -> Event:
    detail: dict[str, Any] = {"errno": errno, "why": trouble.why, "title": trouble.title, "mend": list(trouble.mend)}
    if isinstance(trouble, Explained):
        detail |= {"what": trouble.what, "checks": list(trouble.checks)}
    elif trouble.said:
        detail["what"] = f"libcurl says: {trouble.said}."
    return Event(monotonic_ns(), "note", "explained", service, summary=trouble.why, detail=detail)
