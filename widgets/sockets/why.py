"""From a card's error to the event that tells it, so that the inspector's Why explains the real call.

It must not know the inspector: the desk has the door.
"""

from __future__ import annotations

from typing import Any

from protocols.record.event import Event, monotonic_ns
from protocols.record.explain import Explained
from widgets.desk import Desk
from widgets.failed_call import event_of
from widgets.sockets.client.slot import ClientSlot
from widgets.sockets.server.slot import ServerSlot


def explain_last(desk: Desk, slot: ClientSlot | ServerSlot) -> None:
    """Open Why for the slot's last error: the call that failed, where it is on the time line."""
    if slot.trouble is not None:
        names = {slot.name} if isinstance(slot, ClientSlot) else {slot.service, _service_of(slot)}
        desk.explain(event_of(desk, names, slot.trouble.errno) or _made(slot, slot.trouble))


def _service_of(slot: ServerSlot) -> str:
    values = slot.values
    where = values.get("path") if str(values.get("transport")).startswith("unix") else values.get("port")
    return f"{values.get('behaviour')}:{where}"


def _made(slot: ClientSlot | ServerSlot, trouble: Explained) -> Event:
    detail: dict[str, Any] = {
        "errno": trouble.errno,
        "why": trouble.why,
        "title": trouble.title,
        "what": trouble.what,
        "checks": list(trouble.checks),
        "mend": list(trouble.mend),
    }
    service = slot.name if isinstance(slot, ClientSlot) else slot.service or _service_of(slot)
    return Event(monotonic_ns(), "note", "explained", service, summary=trouble.why, detail=detail)
