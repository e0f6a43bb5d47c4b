"""Checks: what the lab itself looks up to explain a failure, on a worker thread.

Only facts that the kernel of this machine tells without privilege. It must not know Qt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocols.record.explain import Holder, who_has

_LOCAL: Final = ("127.", "::1", "localhost")
CHECKED: Final = frozenset(("ECONNREFUSED", "EADDRINUSE", "ETIMEDOUT"))


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was looked up. fits: it fits the failure (a tick); else it has changed since."""

    fits: bool
    text: str


def look_up(errno: str, call: str, address: object) -> tuple[Found, ...]:
    """What is so now about the address of a failed call. Takes milliseconds; reads /proc."""
    if errno not in CHECKED or not isinstance(address, (list, tuple)) or len(address) < 2:
        return ()
    host, port = str(address[0]), address[1]
    if not isinstance(port, int) or not _is_local(host):
        return ()
    holders = {transport: who_has(port, transport) for transport in ("tcp", "udp")}
    listener = next((holder for holder in holders["tcp"] if holder.state == "LISTEN"), None)
    if errno == "ECONNREFUSED":
        return _refused(host, port, listener, holders["udp"])
    if errno == "EADDRINUSE":
        return _in_use(port, listener, holders["tcp"], holders["udp"])
    return ()


def _is_local(host: str) -> bool:
    return host.startswith(_LOCAL) or host in ("0.0.0.0", "::", "")


def _refused(host: str, port: int, listener: Holder | None, udp: tuple[Holder, ...]) -> tuple[Found, ...]:
    found = []
    if listener is None:
        found.append(Found(True, f"No TCP listener on {port} in the kernel's table"))
    else:
        found.append(Found(False, f"By now {_who(listener)} listens on {listener.address}: try again"))
    found.append(Found(True, f"{host} is this machine, so no firewall of another is in between"))
    if udp:
        found.append(Found(True, f"A UDP socket holds port {port}: another kind of port, it cannot answer"))
    return tuple(found)


def _in_use(
    port: int, listener: Holder | None, tcp: tuple[Holder, ...], udp: tuple[Holder, ...]
) -> tuple[Found, ...]:
    if listener is not None:
        return (Found(True, f"{_who(listener)} listens on {listener.address}"),)
    waiting = sum(holder.state == "TIME_WAIT" for holder in tcp)
    if waiting:
        text = f"{waiting} connections of port {port} are in TIME_WAIT: SO_REUSEADDR allows it all the same"
        return (Found(True, text),)
    if udp:
        return (Found(True, f"{_who(udp[0])} holds UDP port {port}"),)
    return (Found(False, f"By now nobody holds port {port}: try again"),)


def _who(holder: Holder) -> str:
    if holder.pid is None:
        return "a program of another user"
    return f"{holder.program or 'a program'} (pid {holder.pid})"
