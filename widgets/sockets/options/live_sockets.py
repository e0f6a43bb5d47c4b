"""Which sockets live now whose options can be looked at: clients', servers' listening ones, accepted ones.

Each is asked in the thread that owns it, never here. It must not know a table, nor options' meanings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias

from protocols.concurrency.contract import CONNECTED
from widgets.sockets.client.slot import ClientSlot
from widgets.sockets.server.slot import ServerSlot

MODELS_ELSEWHERE: Final = ("fork", "socketserver-forking")
ROWS_OFFERED: Final = 50
Act: TypeAlias = "Callable[[Any], Any]"
"""What is done with a socket: it is handed the socket."""


@dataclass(frozen=True)
class LiveSocket:
    """One socket. ask(act): a future of what `act` makes of it; may raise. end: "client", "listener" or "accepted".

    unavailable: why it can't be asked, "" where it can. transport: as in the forms.
    """

    key: str
    title: str
    end: str
    transport: str
    ask: Callable[[Act], Any]
    unavailable: str = ""


def of_clients(slots: Iterable[ClientSlot]) -> list[LiveSocket]:
    """The sockets of clients that are connected."""
    return [
        LiveSocket(
            f"client {slot.number}",
            f"Client {slot.number}: {slot.shown_facts().target}",
            "client",
            str(slot.values.get("transport", "tcp")),
            slot.client.look,
        )
        for slot in slots
        if slot.phase == "connected" and slot.client is not None
    ]


def of_servers(slots: Iterable[ServerSlot]) -> list[LiveSocket]:
    """The listening sockets of servers that run, and the connections that they have accepted."""
    found: list[LiveSocket] = []
    for slot in slots:
        if slot.phase == "running" and slot.server is not None:
            found += _of_server(slot, slot.server)
    return found


def _of_server(slot: ServerSlot, server: Any) -> list[LiveSocket]:
    transport = str(slot.values.get("transport", "tcp"))
    stream = transport in CONNECTED
    elsewhere = "in a process of its own" if getattr(server, "model", "") in MODELS_ELSEWHERE else ""
    name = f"Server {slot.number}"
    first = LiveSocket(
        f"server {slot.number}",
        f"{name}{', listening' if stream else ''}: {slot.where}",
        "listener",
        transport,
        server.ask,
        elsewhere,
    )
    if not stream or elsewhere:
        return [first]
    return [
        first,
        *(
            LiveSocket(
                f"server {slot.number} {row.conn}",
                f"{name}, # {row.number} from {row.peer or 'a client without a name'}",
                "accepted",
                transport,
                partial(server.ask, conn=row.conn),
            )
            for row in slot.rows.rows()[:ROWS_OFFERED]
        ),
    ]
