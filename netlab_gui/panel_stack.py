"""PanelStack: the panels of the list, each built when it is first shown, one at the front.

A panel that can't be built is replaced by a page that says so. It must not know the rail, the
docks or what a panel is about.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from netlab_gui import journal
from netlab_gui.panels import PANELS, Entry
from widgets.parts.flow import Pages
from widgets.theme.theme import theme

if TYPE_CHECKING:
    from widgets.desk import Desk
    from widgets.panel import Panel


class PanelStack(Pages):
    """The panels. came(id): this panel is at the front now."""

    came = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._desk: Desk | None = None
        self._panels: dict[str, Panel] = {}
        self._building: dict[str, Iterator[QWidget]] = {}
        self._states: dict[str, Any] = {}
        self.current = ""
        self._front: QWidget | None = None
        self._asked = ""

    def furnish(self, desk: Desk) -> Iterator[None]:
        """There is a lab now: build the panel that was asked for, in steps, and do what was clicked before."""
        self._desk = desk
        wanted = self.current
        yield from self.build_in_steps(wanted)
        yield from theme().dressing()
        if self.current == wanted:
            self.current = ""
            self.show_panel(wanted)
        if self._front is not None:
            self.removeWidget(self._front)
            self._front.deleteLater()
            self._front = None
        if self._asked:
            desk.actions.get(self._asked).trigger()

    def _show_front(self, panel_id: str) -> None:
        entry = next(entry for entry in PANELS if entry.id == panel_id)
        front: QWidget | None = entry.build_front()
        if self._front is not None:
            self.removeWidget(self._front)
            self._front.deleteLater()
        self._front = front
        if front is not None:
            front.asked.connect(self._on_front_asked)  # type: ignore[attr-defined]
            self.addWidget(front)
            self.setCurrentWidget(front)

    def _on_front_asked(self, action_id: str) -> None:
        self._asked = action_id

    def ids(self) -> list[str]:
        """The ids of all panels, in the order of the rail."""
        return [entry.id for entry in PANELS]

    def title(self) -> str:
        """The title of the panel at the front."""
        return next((entry.title for entry in PANELS if entry.id == self.current), "")

    def stands(self, panel_id: str) -> bool:
        """This panel has been built."""
        return panel_id in self._panels

    def panel(self, panel_id: str) -> Panel:
        """A panel; the first call builds it, or what is left to build of it. There must be a lab."""
        if panel_id not in self._panels:
            with theme().making() as made:
                made.extend(self._begun(panel_id))
        return self._panels[panel_id]

    def build_in_steps(self, panel_id: str) -> Iterator[None]:
        """Build a panel with the event loop's turns between the steps; whoever needs it before just takes it."""
        while panel_id not in self._panels:
            with theme().making() as made:
                made.append(next(self._begun(panel_id)))
            yield

    def _begun(self, panel_id: str) -> Iterator[QWidget]:
        """What is left to build of a panel."""
        if panel_id not in self._building:
            self._building[panel_id] = self._build(panel_id)
        return self._building[panel_id]

    def _build(self, panel_id: str) -> Iterator[QWidget]:
        """The parts of a panel, and last itself."""
        entry = next(entry for entry in PANELS if entry.id == panel_id)
        assert self._desk is not None
        before = set(self.children())
        try:
            panel = yield from entry.build(self._desk, self)
        except Exception as error:  # noqa: BLE001 - one broken room must not keep the window from opening
            from netlab_gui.broken_panel import BrokenPanel

            sys.excepthook(type(error), error, error.__traceback__)
            for half_built in set(self.children()) - before:
                half_built.deleteLater()
            panel = BrokenPanel(self._desk, entry.title, error)
        else:
            self._give_state(panel, entry)
        self._panels[panel_id] = panel
        del self._building[panel_id]
        self.addWidget(panel)
        yield panel

    def _give_state(self, panel: Panel, entry: Entry) -> None:
        state = self._states.get(entry.id)
        if isinstance(state, dict):
            try:
                panel.restore_state(state)
            except Exception as error:  # noqa: BLE001 - an old state must not keep a panel from opening
                journal.write(f"state of {entry.id} not restored: {type(error).__name__}: {error}")

    def show_panel(self, panel_id: str) -> None:
        """Bring a panel to the front; an unknown id is ignored."""
        if panel_id == self.current or panel_id not in self.ids():
            return
        if self._desk is None:
            self.current = panel_id
            self._show_front(panel_id)
            return
        panel = self.panel(panel_id)
        if self.current in self._panels:
            self._panels[self.current].hidden()
        self.current = panel_id
        self.setCurrentWidget(panel)
        self.came.emit(panel_id)
        panel.shown()

    def save_front(self) -> bool:
        """Let the panel in front save what it has; False when there is nothing of its own."""
        panel = self._panels.get(self.current)
        return panel is not None and panel.save()

    def off(self) -> None:
        """The window closes: no panel starts or looks at anything any more."""
        self.setEnabled(False)
        for panel in self._panels.values():
            panel.hidden()

    def save_states(self) -> dict[str, Any]:
        """What the panels want to find again, also those not built this time."""
        states = dict(self._states)
        for name, panel in self._panels.items():
            try:
                states[name] = panel.save_state()
            except Exception as error:  # noqa: BLE001 - one panel must not cost the others their state
                journal.write(f"state of {name} not kept: {type(error).__name__}: {error}")
        return states

    def take_states(self, states: Mapping[str, Any]) -> None:
        """The states of the last time, for panels that are built from now on."""
        self._states = dict(states)
