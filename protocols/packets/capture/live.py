"""LiveCapture: a service that captures packets into a file through a child, with honest counts.

The child has the privilege and the packet socket, this process has neither. `way` says which child: dumpcap, our own
with the rights that this process has, or our own behind sudo or pkexec. It must not know views.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from protocols.packets import bpf
from protocols.packets.capture.asking import argv_of, own_command, refusal
from protocols.packets.capture.capturing import COUNTS, ENDED
from protocols.packets.capture.wanted import Wanted, link_type
from protocols.pcapng import ETHERNET
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.service.base import Facts
from protocols.service.child import ChildService, command

Way: TypeAlias = Literal["dumpcap", "own", "sudo", "pkexec"]
WAYS: Final[tuple[Way, ...]] = ("dumpcap", "own", "sudo", "pkexec")
TELL_LOST_S: Final = 1.0
_OWN: Final = "protocols.packets.capture.capturing:run"
_DUMPCAP: Final = "protocols.packets.capture.dumpcapping:run"


@dataclass(frozen=True, slots=True)
class Counts:
    """What a capture has so far. captured: packets in the file. dropped: by the kernel, which had no room.

    dropped_by_us: read and not written. bytes: of the file or files. ended: "stopped", "count", "seconds", "size",
    or "" while it runs. files: which are left at the end.
    """

    captured: int = 0
    received: int = 0
    dropped: int = 0
    dropped_by_us: int = 0
    bytes: int = 0
    path: str = ""
    ended: str = ""
    files: tuple[str, ...] = ()


class LiveCapture(ChildService):
    """One capture. start() returns when packets come in; raises FilterError, NotGranted, PermissionError, OSError.

    counted: called with the counts when they change, in the service's thread. entering: what stands before the child's
    command, so that it runs within a private network.
    """

    def __init__(
        self,
        recorder: Recorder,
        wanted: Wanted,
        way: Way = "own",
        *,
        counted: Callable[[Counts], None] | None = None,
        entering: Sequence[str] = (),
    ) -> None:
        target = _DUMPCAP if way == "dumpcap" else _OWN
        name = f"capture:{wanted.interface}"
        argv = [*entering, *(argv_of(way) or command())]
        super().__init__(
            recorder, name, "capture", target, wanted.params(), saw=self._saw, argv=argv, unrecorded=(COUNTS,)
        )
        self.wanted: Final = wanted
        self.way: Final = way
        self.counts = Counts(path=wanted.path)
        self._counted = counted
        self._told_lost = 0
        self._told_at = 0.0

    def _open(self) -> None:
        bpf_checked(self.wanted)
        try:
            super()._open()
        except OSError as error:
            wanted = self.wanted
            words = ["sudo", own_command(), "capture", "--interface", wanted.interface, "--write", wanted.path]
            helps = shlex.join(words)
            raise refusal(self.way, error, helps) from None

    def _saw(self, event: Event, foreign: str | None) -> None:
        detail = event.detail
        if event.kind == "child ready":
            self.counts = replace(self.counts, path=str(detail.get("path", self.wanted.path)))
        elif event.kind == COUNTS:
            names = ("captured", "received", "dropped", "dropped_by_us", "bytes")
            numbers: dict[str, Any] = {name: int(detail.get(name, 0)) for name in names}
            self.counts = replace(self.counts, path=str(detail.get("path", self.counts.path)), **numbers)
            self._tell_lost(time.monotonic())
        elif event.kind == ENDED:
            files = tuple(str(one) for one in detail.get("files", ()))
            self.counts = replace(self.counts, ended=str(detail.get("why_ended", "stopped")), files=files)
        else:
            return
        if self._counted is not None:
            self._counted(self.counts)

    def _tell_lost(self, now: float) -> None:
        """Counts come several times a second, and say so in the window; on the time line stands what went wrong."""
        lost = self.counts.dropped + self.counts.dropped_by_us
        if lost > self._told_lost and now - self._told_at > TELL_LOST_S:
            new, self._told_lost, self._told_at = lost - self._told_lost, lost, now
            why = f"{new} packets were lost by {self.name}: they came faster than they were written. {lost} in all."
            self.recorder.note("packets lost", why, service=self.name, lost=lost, new=new, why=why)

    def facts(self) -> Facts:
        """What it occupies now."""
        return replace(super().facts(), where=self.wanted.interface)


def bpf_checked(wanted: Wanted) -> None:
    """Raise bpf.FilterError now for a filter that the child would refuse. Without libpcap here, the child tells."""
    try:
        bpf.compiled(wanted.rule, link_type(wanted.interface) or ETHERNET)
    except bpf.NoLibpcap:
        return


def has_net_raw() -> bool:
    """Whether this process, and so its child, may open packet sockets (CAP_NET_RAW, capabilities(7))."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("CapEff:"):
                    return bool(int(line.split()[1], 16) >> 13 & 1)
    except (OSError, ValueError):
        pass
    return hasattr(os, "geteuid") and os.geteuid() == 0
