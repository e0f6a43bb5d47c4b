"""The hub of a private network: a child that makes namespaces, switches and wires, and holds them while it lives.

Runs by `protocols.service.childmain`. It goes into a user and network namespace of its own, where it is root, and
forks one process a host, each with a network namespace: they do nothing but hold it. All is gone when the hub ends.
It must not know what runs on the hosts.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from protocols.packets import rtnetlink
from protocols.packets.networks.namespaces import NamespaceError, another_network, own_network
from protocols.packets.networks.plan import PREFIX, PREFIX_6, Host, bridge, of_params
from protocols.service.childmain import Job, die_with_parent

_READY: Final = b"r"
_GO: Final = b"g"


class _Holder:
    """The process that is a host: forked from the hub, told when its wires are there, ended by the end of a pipe."""

    def __init__(self, host: Host, commands_fd: int) -> None:
        self.host = host
        self._down_read, self._down = os.pipe()
        self._up, up_write = os.pipe()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._down)
            os.close(self._up)
            os.close(commands_fd)
            _hold(host, self._down_read, up_write, parent)
        os.close(self._down_read)
        os.close(up_write)

    def wait(self) -> None:
        """Wait until it has done the step before. Raises OSError when it could not."""
        said = os.read(self._up, 256)
        if said[:1] != _READY:
            raise OSError(5, f"{self.host.name} could not be set up: {said.decode(errors='replace') or 'it ended'}")

    def plug(self) -> None:
        """Lay its wires, and tell it."""
        for port in self.host.ports:
            wire = f"{self.host.name}-{port.interface}"[:15]
            hardware = bytes.fromhex(port.hardware.replace(":", ""))
            rtnetlink.add_wire(wire, port.interface, self.pid, hardware)
            rtnetlink.plug(wire, bridge(port.segment))
            rtnetlink.switch_on(wire)
        os.write(self._down, _GO)

    def end(self) -> None:
        """End it, and wait."""
        os.close(self._down)
        os.close(self._up)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def _hold(host: Host, down: int, up: int, parent: int) -> None:
    """The life of a host's process; it never returns to the hub's code."""
    try:
        die_with_parent(parent)
        another_network()
        _loopback()
        _quiet("router_solicitations", "0")
        _quiet("accept_dad", "0")
        os.write(up, _READY)
        if os.read(down, 1) == _GO:
            _configure(host)
            os.write(up, _READY)
            os.read(down, 1)
    except BaseException as error:  # noqa: BLE001  whatever it is, the hub shall say it
        with contextlib.suppress(OSError):
            os.write(up, str(error).encode()[:200])
    finally:
        os._exit(0)


def _configure(host: Host) -> None:
    if host.router:
        _set("ipv4/ip_forward", "1")
    for port in host.ports:
        rtnetlink.switch_on(port.interface)
        rtnetlink.add_address(port.interface, port.address, PREFIX)
        with contextlib.suppress(OSError):  # a kernel without IPv6
            rtnetlink.add_address(port.interface, port.address6, PREFIX_6)
    for network, gateway in host.routes:
        rtnetlink.add_route(network, gateway, host.ports[0].interface)


def _loopback() -> None:
    rtnetlink.switch_on("lo")
    with contextlib.suppress(OSError):
        _set("ipv4/ping_group_range", "0 0")  # so that ping needs nothing more


def _quiet(name: str, value: str) -> None:
    """An IPv6 setting for the interfaces to come: without it each begins to talk before anybody has done anything."""
    with contextlib.suppress(OSError):
        _set(f"ipv6/conf/default/{name}", value)


def _set(name: str, value: str) -> None:
    with open(f"/proc/sys/net/{name}", "w", encoding="ascii") as file:
        file.write(value)


@contextlib.contextmanager
def network(hosts: tuple[Host, ...], commands_fd: int) -> Iterator[tuple[Host, ...]]:
    """Make the network around this process; the hosts with their processes. Raises NamespaceError, OSError."""
    own_network()
    _loopback()
    _quiet("disable_ipv6", "1")  # a switch has no address of its own, and says nothing
    holders: list[_Holder] = []
    try:
        for segment in sorted({port.segment for host in hosts for port in host.ports}):
            rtnetlink.add_bridge(bridge(segment))
            rtnetlink.switch_on(bridge(segment))
        for host in hosts:
            holders.append(_Holder(host, commands_fd))
        for holder in holders:
            holder.wait()
            holder.plug()
        for holder in holders:
            holder.wait()
        yield tuple(replace(holder.host, pid=holder.pid) for holder in holders)
    finally:
        for holder in reversed(holders):  # each holds the pipes of those before it, as they were at its fork
            holder.end()


def run(job: Job) -> None:
    """The child's job: params["hosts"] are Host.params; the end of stdin ends the network."""
    hosts = of_params(job.params.get("hosts", ()))
    try:
        with network(hosts, job.commands.fileno()) as standing:
            job.ready(hub=os.getpid(), hosts=[host.params() for host in standing])
            while job.commands.read() is not None:
                pass
    except NamespaceError as error:
        job.recorder.note("network refused", str(error), step=error.step, number=error.errno)
        raise
