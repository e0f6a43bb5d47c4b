"""HostJob: a service that is something running on a host of a private network. It must not know views."""

from __future__ import annotations

from typing import Any, Final

from protocols.packets.networks.jobs import PORT
from protocols.packets.networks.network import PrivateNetwork
from protocols.packets.networks.plan import broadcast
from protocols.record.recorder import Recorder
from protocols.service.child import ChildService

_JOBS: Final = "protocols.packets.networks.jobs"


class HostJob(ChildService):
    """A child on a host; start() raises what it met there. host: its name."""

    def __init__(
        self, recorder: Recorder, network: PrivateNetwork, host: str, target: str, name: str, role: str, **params: Any
    ) -> None:
        argv = network.child_argv(host)
        super().__init__(recorder, name, role, target, {"host": host, **params}, argv=argv)
        self.host: Final = host


def server(recorder: Recorder, network: PrivateNetwork, host: str, kind: str = "tcp", port: int = PORT) -> HostJob:
    """A server on a host. kind: "tcp" or "udp" answer in capitals, "ear" hears datagrams and says nothing."""
    words = {"tcp": "TCP server", "udp": "UDP server", "ear": "ear"}
    name = f"{host} {words[kind]}:{port}"
    return HostJob(recorder, network, host, f"{_JOBS}:serve", name, "server", kind=kind, port=port)


def client(recorder: Recorder, network: PrivateNetwork, host: str, to: str, text: str, port: int = PORT) -> HostJob:
    """A TCP client on a host that says `text` to another, waits for the answer and ends."""
    address = network.host(to).address
    name = f"{host} client:{port}"
    return HostJob(recorder, network, host, f"{_JOBS}:talk", name, "client", to=address, port=port, text=text)


def shout(recorder: Recorder, network: PrivateNetwork, host: str, text: str, port: int = PORT) -> HostJob:
    """One datagram from a host to everybody on its segment."""
    to = broadcast(network.host(host).ports[0].segment)
    name = f"{host} sender:{port}"
    return HostJob(recorder, network, host, f"{_JOBS}:say", name, "client", to=to, port=port, text=text, answer=False)


def ping(recorder: Recorder, network: PrivateNetwork, host: str, to: str, count: int = 3) -> HostJob:
    """Ping one host from another; the echoes come as events."""
    address = network.host(to).address
    return HostJob(recorder, network, host, f"{_JOBS}:ping", f"{host} ping", "client", to=address, count=count)


def trace(recorder: Recorder, network: PrivateNetwork, host: str, to: str) -> HostJob:
    """Find the routers between two hosts; the hops come as events."""
    address = network.host(to).address
    return HostJob(recorder, network, host, f"{_JOBS}:trace", f"{host} traceroute", "client", to=address)
