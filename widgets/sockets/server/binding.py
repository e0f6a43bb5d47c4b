"""Where a server can bind, as the entries of its form's box, and who can reach it there.

Data and choice only: the addresses of this machine come from `protocols.sockets.interfaces`. It
must not know the form.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from protocols.sockets.interfaces import Interface
from widgets.parts.fields import Choice

OTHER: Final = "other"
_FIRST: Final = (
    Choice("127.0.0.1", "127.0.0.1, this machine only", "Loopback: nobody else can reach it"),
    Choice("::1", "::1, this machine only (IPv6)", "Loopback: nobody else can reach it"),
    Choice("0.0.0.0", "0.0.0.0, every IPv4 interface", "Everyone who can reach this machine can connect"),
    Choice("::", "::, every interface, IPv6 only", "Everyone who can reach this machine by IPv6 can connect"),
    Choice("dual", ":: dual stack, IPv6 and IPv4", "One socket for both; IPv4 peers show as ::ffff:a.b.c.d"),
)
_LAST: Final = Choice(OTHER, "Another address…", "One that this machine may not have: then bind() is refused")
_EXPOSURE: Final = {
    "127.0.0.1": "Only programs on this machine can connect.",
    "::1": "Only programs on this machine can connect, by IPv6.",
    "0.0.0.0": "Everyone who can reach one of this machine's IPv4 addresses can connect.",
    "::": "Everyone who can reach one of this machine's IPv6 addresses can connect.",
    "dual": "Everyone who can reach this machine, by IPv4 or IPv6, can connect.",
    OTHER: "Whoever can reach that address can connect. One that is not this machine's is refused: EADDRNOTAVAIL.",
}


def bind_choices(found: Sequence[Interface] = ()) -> list[Choice]:
    """The entries: loopback, all addresses, each address of this machine, and another one."""
    known = {choice.key for choice in _FIRST}
    own = [
        Choice(each.address, f"{each.address}, {each.name}{'' if each.up else ', down'}", each.exposes)
        for each in found
        if each.address not in known
    ]
    return [*_FIRST, *own, _LAST]


def exposure_of(bind: str, found: Sequence[Interface] = ()) -> str:
    """Who can reach a server bound so, in a sentence; "" for an entry that is not known."""
    said = {each.address: each.exposes for each in found} | _EXPOSURE
    return said.get(bind, "")
