"""Private networks and what runs on their hosts: what is done on a lab thread. It must not know widgets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from protocols.packets.capture.live import LiveCapture
from protocols.packets.capture.wanted import Wanted
from protocols.packets.networks import hostjob
from protocols.packets.networks.hostjob import HostJob
from protocols.packets.networks.network import NetworkForbidden, PrivateNetwork
from protocols.packets.networks.plan import Host, bridge, lan, routed
from protocols.record.explain import Explained, explain
from widgets.packets.capture.launch import new_path

if TYPE_CHECKING:
    from protocols.lab import Lab

ROOM: Final = "packets"


def planned(values: Mapping[str, Any]) -> tuple[Host, ...]:
    """The network that the form says."""
    if str(values.get("shape")) == "routed":
        return routed(int(values.get("routers", 3)))
    return lan(int(values.get("hosts", 4)))


def start(lab: Lab, values: Mapping[str, Any]) -> PrivateNetwork:
    """Make it. Raises NetworkForbidden."""
    network = PrivateNetwork(lab.recorder, planned(values))
    lab.start(network, room=ROOM)
    return network


def capture(lab: Lab, network: PrivateNetwork, segment: int, folder: Path | None) -> LiveCapture:
    """Capture everything that passes a switch."""
    name = bridge(segment)
    path = new_path(folder, f"network-{name}")
    live = LiveCapture(lab.recorder, Wanted(path, name, promiscuous=True), "own", entering=network.entering())
    lab.start(live, room=ROOM)
    return live


def run(lab: Lab, network: PrivateNetwork, what: str, host: str, to: str, text: str) -> HostJob:
    """Do something on a host: "tcp", "udp" and "ear" serve there, the others speak to `to` and end."""
    recorder = lab.recorder
    if what in ("tcp", "udp", "ear"):
        job = hostjob.server(recorder, network, host, what)
    elif what == "talk":
        job = hostjob.client(recorder, network, host, to, text or "hello")
    elif what == "shout":
        job = hostjob.shout(recorder, network, host, text or "hello, everybody")
    elif what == "ping":
        job = hostjob.ping(recorder, network, host, to)
    else:
        job = hostjob.trace(recorder, network, host, to)
    lab.start(job, room=ROOM)
    return job


def broadcast_demo(lab: Lab, network: PrivateNetwork) -> list[HostJob]:
    """Ears on all hosts but the first, which then says one word to everybody."""
    first, *others = [host.name for host in network.hosts if not host.router]
    ears = [run(lab, network, "ear", name, "", "") for name in others]
    run(lab, network, "shout", first, "", "one datagram for everybody")
    return ears


def explained(error: BaseException) -> Explained:
    """What went wrong, for the strip."""
    if isinstance(error, NetworkForbidden):
        return Explained("EPERM", "No private network here", "", error.refusal.why, (), (error.refusal.command,))
    return explain(error, call="connect", address="", transport="tcp")
