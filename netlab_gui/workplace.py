"""Workplace: what stands in the window once there is a lab: panels, docks, session, live numbers.

It joins the shared things into the desk and opens its doors. It must not know what a panel is
about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from netlab_gui import places
from netlab_gui.docks import Docks
from netlab_gui.sessions import Sessions
from protocols.record.log import EventLog
from widgets.desk import Desk
from widgets.selection import Selection
from widgets.statusbar import Counts

if TYPE_CHECKING:
    from netlab_gui.window import Window
    from protocols.lab import Lab
    from protocols.record.event import Event, Raw
    from protocols.service.base import Facts, Service
    from widgets.bridge import Bridge
    from widgets.parts.toast import About
    from widgets.selection import ByteRange

LOOK_MS: Final = 250
NAMES_TOLD: Final = 8


class Workplace(QObject):
    """The furniture of one window. Its docks come with `furnish`."""

    docks: Docks

    def __init__(self, window: Window, lab: Lab, bridge: Bridge) -> None:
        super().__init__(window)
        self._window = window
        self.lab, self.bridge = lab, bridge
        self.desk = Desk(lab, bridge, window.registry, Selection(self), EventLog())
        self.sessions = Sessions(self.desk, window.settings, window.strips)
        self._folded = {True: True, False: False}
        self._front_needs_height: bool | None = None
        self._front = ""
        self._chosen: dict[str, tuple[int | None, ByteRange | None]] = {}

    def furnish(self) -> Iterator[None]:
        """Make the docks, in steps, and join all to the window; the docks come into view at once, in the last step."""
        self.docks = yield from Docks.in_steps(self._window.floor, self.desk)
        self.docks.show()
        self._open_doors()
        self._restore()
        self._window.workplace = self
        self.bridge.every(LOOK_MS, self._look)

    def _open_doors(self) -> None:
        desk, window = self.desk, self._window
        desk.show_python = self.docks.show_python
        desk.toast = self._tell
        desk.decline = lambda text: self._tell(text, "declined")
        desk.warn = lambda text: self._tell(text, "alarm")
        desk.explain = self._explain
        desk.show_panel = window.show_panel
        desk.folder = places.data_dir()
        self.docks.drawer_shown.connect(window.shell.python.setChecked)
        self.sessions.changed.connect(self._on_sessions_changed)
        self.sessions.shown.connect(self._on_session_shown)
        window.shell.session_menu.attach(self.sessions)
        window.stack.came.connect(self._on_stack_came)
        window.status.events_requested.connect(lambda: self.docks.timeline.set_folded(False))

    def _restore(self) -> None:
        kept = self._window.settings.window()
        contents = kept.get("contents")
        if not self.docks.restore(kept.get("docks"), contents if isinstance(contents, dict) else {}):
            self.docks.start_sizes(self._window.width(), self._window.height())

    def _tell(self, text: str, about: About = "done") -> None:
        """A toast goes after four seconds; the note stays."""
        self._window.toast(text, about)
        self.lab.recorder.note("told", text)

    def _explain(self, event: Event) -> None:
        self.docks.inspector.show()
        self.docks.inspector.explain(event)

    def _on_stack_came(self, panel_id: str) -> None:
        self._choose_again(panel_id)
        self._fold_for(panel_id)

    def _choose_again(self, panel_id: str) -> None:
        """Each panel finds what was last chosen while it was in front: another's event would not be of its story."""
        selection = self.desk.selection
        self._chosen[self._front] = (selection.row, selection.bytes)
        self._front = panel_id
        selection.select(*self._chosen.get(panel_id, (None, None)))

    def _fold_for(self, panel_id: str) -> None:
        """Panels with a log of their own have the time line folded, until somebody unfolds it there."""
        timeline, needs = self.docks.timeline, self._window.stack.panel(panel_id).needs_height
        first = self._front_needs_height is None  # it is as it was left beneath this very panel
        self._folded[needs if first else bool(self._front_needs_height)] = timeline.folded
        if needs != self._front_needs_height:
            self._front_needs_height = needs
            timeline.set_folded(self._folded[needs])

    # What goes on

    def facts(self) -> list[Facts]:
        """What the services that run now occupy."""
        return [service.facts() for service in self._services()]

    def _services(self) -> list[Service]:
        return self.desk.running.asked_for()

    def running_names(self) -> list[str]:
        """The names of the services that run now."""
        return [service.name for service in self._services()]

    def show_shutdown(self, step: str) -> None:
        """Say what the shutdown waits for."""
        running = self.running_names()
        if step.startswith("2") and running:
            words = ", ".join(running[:NAMES_TOLD]) + (" \u2026" if len(running) > NAMES_TOLD else "")
            self._window.strips.say("quit", "note", "Stopping", words, closable=False)

    def _look(self) -> None:
        """The numbers that change by themselves, a few times a second."""
        window, sessions, events = self._window, self.sessions, len(self.sessions.live_log)
        services = self._services()
        facts = [service.facts() for service in services]
        window.status.show_running(facts)
        window.status.show_counts(Counts(self.lab.recorder.dropped, events, sessions.size_bytes, sessions.problem))
        window.toolbar.light.show_events(events)
        rooms = Counter(service.room for service in services)
        for panel_id in window.stack.ids():
            window.rail.set_alive(panel_id, f"{rooms[panel_id]} running" if rooms[panel_id] else "")

    def _on_sessions_changed(self) -> None:
        self._window.show_session(self.sessions.name, read_only=self.sessions.read_only)

    def _on_session_shown(self, log: EventLog) -> None:
        """Another log comes into view. The live one goes on filling, whether it is looked at or not."""
        live, timeline = self.sessions.live_log, self.docks.timeline
        self._chosen.clear()
        self.bridge.remove_consumer(timeline.consume)
        self.bridge.remove_consumer(self._keep_live)
        timeline.show_log(log)
        if log is live:
            self.bridge.add_consumer(timeline.consume, timeline.consume_many)
        else:
            self.bridge.add_consumer(self._keep_live, live.append_many)

    def _keep_live(self, batch: list[Raw]) -> None:
        self.sessions.live_log.append(sorted(batch, key=itemgetter(0)))
