"""What the card shows of a client's connection, as text; and what a client gives for something it will do.

It must not know widgets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from protocols.concurrency.contract import CONNECTED
from protocols.numbers import grouped, size_text
from widgets.sockets.client.launch import Client, framing_title


@runtime_checkable
class Outcome(Protocol):
    """What a client gives for something it will do: over or not, and its error."""

    def done(self) -> bool: ...
    def cancelled(self) -> bool: ...
    def exception(self, timeout: float | None = None) -> BaseException | None: ...


@dataclass(frozen=True)
class ShownFacts:
    """The facts of a connection as text. moved: sent and received, bytes or datagrams."""

    source: str = ""
    target: str = ""
    framing: str = ""
    round_trip: str = ""
    moved: str = ""


def facts_of(client: Client, values: Mapping[str, Any], round_trip_us: int) -> ShownFacts:
    """The facts of a client made of a form's values; round_trip_us: as the kernel has it, 0 unknown."""
    stream = str(values.get("transport", "tcp")) in CONNECTED
    telnet = stream and values.get("mode") == "telnet"
    unit: Callable[[int], str] = size_text if stream else grouped
    framing = framing_title(str(values.get("framing", "none"))) if stream else "Datagrams"
    return ShownFacts(
        client.local or "unnamed",
        client.target.text,
        "Telnet" if telnet else framing,
        f"{round_trip_us / 1000:.3f} ms" if round_trip_us else "",
        f"{unit(getattr(client, 'sent', 0))} sent, {unit(getattr(client, 'received', 0))} received",
    )
