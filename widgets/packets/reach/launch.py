"""What came back of a ping, a traceroute or a port check, as rows and sentences. It must not know widgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from protocols.packets import rtnetlink
from protocols.packets.reach.ping import Echo
from protocols.packets.reach.ports import Checked, ports_of
from protocols.packets.reach.traceroute import Hop
from protocols.record.explain import Explained, explain

ROOM: Final = "packets"


def neighbours() -> list[rtnetlink.Neighbour]:
    """The table now."""
    return rtnetlink.neighbours()


def row_of(found: Any) -> tuple[str, ...]:
    """One outcome as a row of four texts."""
    if isinstance(found, Echo):
        after = f"{found.rtt_us / 1000:.3f} ms" if found.rtt_us is not None else ""
        hops = f"TTL {found.ttl}" if found.ttl is not None else ""
        return (str(found.sequence), found.by, after, f"{found.what}{', ' if hops else ''}{hops}")
    if isinstance(found, Hop):
        times = "  ".join("*" if rtt is None else f"{rtt / 1000:.3f}" for rtt in found.rtts_us)
        what = "the destination" if found.arrived else found.what or "nobody answered"
        return (str(found.hops), found.address, f"{times} ms", what)
    assert isinstance(found, Checked)
    return (str(found.port), found.name, f"{found.took_us / 1000:.3f} ms", f"{found.state}. {found.why}")


def script_values(kind: str, host: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What Show as Python needs to do the same. Ports that are none are left to the script's own."""
    made: dict[str, Any] = {"host": host}
    if kind == "ping" and int(values.get("count", 0)):
        made["count"] = int(values["count"])
    if kind == "ports":
        try:
            made["ports"] = ports_of(str(values.get("ports", "")))
        except ValueError:
            pass
    return made


def explained(error: BaseException, host: str) -> Explained:
    """What went wrong, for the strip."""
    if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
        return Explained("EINVAL", "Not understood", "", str(error), (), ())
    return explain(error, call="getaddrinfo", address=(host, 0), transport="udp")
