"""From the values of the capture form to a running capture. `start` runs on a lab thread. It must not know widgets."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from protocols.numbers import size_text
from protocols.packets.bpf import FilterError, NoLibpcap
from protocols.packets.capture.asking import NotGranted
from protocols.packets.capture.interfaces import Interface, interfaces
from protocols.packets.capture.live import LiveCapture, Way
from protocols.packets.capture.wanted import Wanted
from protocols.packets.levels import Levels, probe
from protocols.packets.reconstruct.service import OwnTraffic
from protocols.record.explain import Explained, explain

if TYPE_CHECKING:
    from protocols.lab import Lab
    from protocols.record.event import Raw

ROOM: Final = "packets"
OWN: Final = "own traffic"
Capturing: TypeAlias = LiveCapture | OwnTraffic
WAY_WORDS: Final[Mapping[str, str]] = {
    "dumpcap": "dumpcap",
    "own": "A child of the lab",
    "sudo": "A child, by sudo",
    "pkexec": "A child, by pkexec",
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What can be captured here and how: asked once, and again on demand."""

    levels: Levels
    interfaces: tuple[Interface, ...]


_probed: list[Levels] = []
"""What the first probe of this process found: rights do not change unless somebody changes them."""


def look(*, again: bool = True) -> Surroundings:
    """Ask the system; takes a moment. again: what this user may do, too, and not the interfaces alone."""
    levels = _probed[0] if _probed and not again else probe()
    _probed[:] = [levels]
    return Surroundings(levels, tuple(interfaces()))


def folder_for_captures(folder: Path | None) -> Path:
    """Where captures go that were given no file: made when first needed."""
    place = (folder if folder is not None else Path(tempfile.gettempdir()) / "netlab") / "captures"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def new_path(folder: Path | None, name: str) -> str:
    """A file that does not exist yet."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    place = folder_for_captures(folder)
    path, number = place / f"{name}-{stamp}.pcapng", 1
    while path.exists():
        number += 1
        path = place / f"{name}-{stamp}-{number}.pcapng"
    return str(path)


def wanted_of(values: Mapping[str, Any], path: str) -> Wanted:
    """The capture that the form says; 0 in a field means no limit."""
    ring = int(values.get("ring_files", 0))
    size = int(values.get("size_mb", 0)) * 1_000_000
    return Wanted(
        path,
        str(values.get("where", "lo")),
        str(values.get("rule", "")).strip(),
        float(values["seconds"]) if values.get("seconds") else None,
        int(values["count"]) if values.get("count") else None,
        size if size and not ring else None,
        ring,
        size if ring and size else 10_000_000,
        bool(values.get("promiscuous")),
    )


def start(lab: Lab, values: Mapping[str, Any], folder: Path | None, earlier: Sequence[Raw] = ()) -> Capturing:
    """Start what the form says. Raises FilterError, PermissionError, OSError, ValueError."""
    path = str(values.get("file", "")).strip()
    if str(values.get("where")) == OWN:
        own = OwnTraffic(
            lab.recorder,
            path or new_path(folder, "own"),
            earlier=earlier,
            on_timeline=bool(values.get("on_timeline", True)),
        )
        lab.start(own, room=ROOM)
        return own
    way: Way = values.get("way") or "own"
    live = LiveCapture(lab.recorder, wanted_of(values, path or new_path(folder, str(values.get("where")))), way)
    lab.start(live, room=ROOM)
    return live


def explained(error: BaseException, values: Mapping[str, Any]) -> Explained:
    """What went wrong, for the strip."""
    if isinstance(error, (FilterError, NoLibpcap)):
        return Explained("EINVAL", "The capture filter can't be used", str(error), "", (), ())
    if isinstance(error, NotGranted):
        why = f"{error.sentence} In a terminal it goes with: {error.helps}"
        return Explained("EPERM", "The right was not given", "", why, (), (error.helps,))
    return explain(error, call="socket", address=str(values.get("where", "")), transport="packet")


def counts_text(service: Capturing) -> tuple[str, str, str, str]:
    """Captured, dropped by the kernel, dropped by us, size: as figures."""
    from protocols.numbers import grouped

    if isinstance(service, OwnTraffic):
        return grouped(service.packets), "0", "0", ""
    counts = service.counts
    return grouped(counts.captured), grouped(counts.dropped), grouped(counts.dropped_by_us), size_text(counts.bytes)


def files_left(service: Capturing | None) -> tuple[str, ...]:
    """The files that a capture has left, the newest last; more than one of a ring."""
    return service.counts.files if isinstance(service, LiveCapture) else ()
