"""PrivateNetwork: a service that is a network of one's own, without privilege, and runs children on its hosts.

With no hosts it is a loopback of one's own, on which everything can be captured. It must not know views.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Final

from protocols.packets.networks import enter
from protocols.packets.networks.forbidden import Refusal, explained
from protocols.packets.networks.plan import Host, bridge, lan, of_params
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.service.base import Facts, ServiceError
from protocols.service.child import ChildService, command

_HUB: Final = "protocols.packets.networks.hub:run"


class NetworkForbidden(PermissionError):
    """The system does not let this user make a network; `refusal` says why and what would help."""

    def __init__(self, number: int, refusal: Refusal) -> None:
        super().__init__(number, refusal.why)
        self.refusal = refusal


class PrivateNetwork(ChildService):
    """A network of these hosts (plan.lan, plan.routed), or with none a loopback alone. start() raises NetworkForbidden.

    hub: the process whose network holds the switches; hosts: each with the process that holds it.
    """

    def __init__(self, recorder: Recorder, planned: tuple[Host, ...] | None = None) -> None:
        planned = lan(3) if planned is None else planned
        name = f"network:{len(planned)} hosts" if planned else "network:loopback"
        params = {"hosts": [host.params() for host in planned]}
        super().__init__(recorder, name, "network", _HUB, params, saw=self._saw)
        self.hub = 0
        self.hosts: tuple[Host, ...] = planned
        self._refused: tuple[int, str] | None = None

    def _saw(self, event: Event, foreign: str | None) -> None:
        detail: Any = event.detail
        if event.kind == "child ready":
            self.hub = int(detail["hub"])
            self.hosts = of_params(detail["hosts"])
        elif event.kind == "network refused":
            self._refused = (int(detail["number"]), str(detail["step"]))

    def _open(self) -> None:
        try:
            super()._open()
        except OSError as error:
            if self._refused is None:
                raise
            number, step = self._refused
            raise NetworkForbidden(number, explained(number, step)) from error

    def host(self, name: str) -> Host:
        """A host by its name. Raises ServiceError for another."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise ServiceError(f"There is no host {name} in this network")

    def entering(self, name: str = "") -> list[str]:
        """What stands before a command that shall run on a host, or ("") at the switch."""
        pid = self.host(name).pid if name else self.hub
        if not pid:
            raise ServiceError(f"{self.name} does not stand yet")
        return enter.argv(pid)

    def child_argv(self, name: str = "") -> list[str]:
        """What starts a child of the lab on a host: the `argv` of a ChildService."""
        return [*self.entering(name), *command()]

    @property
    def interfaces(self) -> tuple[str, ...]:
        """Where everything passes, as seen from the hub: the switches, or the loopback."""
        segments = {port.segment for host in self.hosts for port in host.ports}
        return tuple(bridge(segment) for segment in sorted(segments)) or ("lo",)

    def facts(self) -> Facts:
        """What it occupies now."""
        pids = tuple(host.pid for host in self.hosts if host.pid) if self.state == "running" else ()
        base = super().facts()
        return replace(
            base, where=", ".join(host.address for host in self.hosts) or "lo", children=base.children + pids
        )


def possible() -> Refusal | None:
    """Try it in a child that ends at once: None where private networks work, else why not. Takes some 50 ms."""
    import subprocess
    import sys
    from pathlib import Path

    root = str(Path(__file__).resolve().parents[3])
    try:
        done = subprocess.run(
            [sys.executable, "-m", "protocols.packets.networks.trying"],
            capture_output=True,
            text=True,
            timeout=20,
            env={**os.environ, "PYTHONPATH": root},
            check=False,
        )
        number, _, step = done.stdout.strip().partition(" ")
        return None if number == "0" else explained(int(number), step)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return Refusal(f"It could not be tried: {error}.")
