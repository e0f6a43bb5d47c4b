"""Desk: what every panel and dock is handed when it is built.

A plain record of the shared things and a few doors of the window. It must not know any
panel, and it holds no state of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from protocols.lab import Lab
    from protocols.record.event import Event
    from protocols.record.log import EventLog
    from protocols.service.running import Running
    from widgets.actions import Actions
    from widgets.bridge import Bridge
    from widgets.selection import Selection


def _nowhere(*_: object) -> None:
    """A door that leads nowhere: for a part shown alone, in a test."""


@dataclass(slots=True)
class Desk:
    """The shared things.

    lab: recorder, running services, intents, store. bridge: the only way to run work elsewhere.
    actions: the registry of all actions. selection: what all views look at. log: the events of
    the time line. show_python(action_id, params): opens the drawer with the script for what was
    just done. toast(text): tells what succeeded elsewhere; decline(text): why it did not, or was
    not begun; warn(text): that an alarm went off. explain(event): opens the inspector's Why.
    show_panel(id): goes to that panel. folder: where panels keep files of their own, None for
    nowhere.
    """

    lab: Lab
    bridge: Bridge
    actions: Actions
    selection: Selection
    log: EventLog
    show_python: Callable[[str, Mapping[str, Any]], object] = _nowhere
    folder: Path | None = None
    toast: Callable[[str], object] = _nowhere
    decline: Callable[[str], object] = _nowhere
    warn: Callable[[str], object] = _nowhere
    explain: Callable[[Event], object] = _nowhere
    show_panel: Callable[[str], object] = _nowhere

    @property
    def running(self) -> Running:
        """All services that run now."""
        return self.lab.running
