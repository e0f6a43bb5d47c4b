"""Shell actions: what the window itself can do, in the registry like everything else.

Makes the actions, the session menu, the menu of all actions and the command palette. It must
not know panels, only their list.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton

from netlab_gui.panels import PANELS
from netlab_gui.session_menu import SessionMenu
from widgets.statusbar import LEVEL_TIP
from widgets.theme.theme import PRESENTER_SCALE, theme

if TYPE_CHECKING:
    from netlab_gui.window import Window
    from widgets.command_palette import CommandPalette
    from widgets.palette_model import Found

EVENTS_LOOKED_AT: Final = 5000
EVENTS_FOUND: Final = 5
STOP_S: Final = 2.0
GROUP_VIEW: Final = "View"
GROUP_GO: Final = "Go to"
GROUP_LAB: Final = "Lab"


class ShellActions(QObject):
    """The window's own actions; those that buttons need are attributes."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._palette: CommandPalette | None = None
        self._presented_from = 1.0
        add = window.registry.add
        self.palette: QAction = add(
            "lab.palette", "Search everything", self._open_palette, "search", "Ctrl+K", GROUP_LAB
        )  # fmt: skip
        self.record: QAction = add(
            "lab.record", "Record", self._on_record_toggled, "circle-dot", "Ctrl+Shift+R", GROUP_LAB,
            "Whether calls of the lab's sockets are put on the time line", checkable=True,
        )  # fmt: skip
        self.record.setChecked(True)
        self.present: QAction = add(
            "view.present", "Present", self._on_present_toggled, "presentation", "F5", GROUP_VIEW,
            "Larger text for a projector", checkable=True,
        )  # fmt: skip
        self.present.setIconText(" Present")
        self.dark: QAction = add(
            "view.dark", "Dark palette", self._switch_palette, "moon", "Ctrl+Shift+D", GROUP_VIEW
        )  # fmt: skip
        self.dark.setProperty("wordless", True)
        self.python: QAction = add(
            "view.python", "Python drawer", self._on_python_toggled, "square-terminal", "Ctrl+Shift+Y", GROUP_VIEW,
            "The complete script for what was just done", checkable=True,
        )  # fmt: skip
        self.python.setIconText("Python")
        self.python.setProperty("icon-name", "square-terminal")
        self.help: QAction = add(
            "lab.shortcuts", "Shortcuts", self._show_shortcuts, "circle-question-mark", "F1", GROUP_LAB
        )  # fmt: skip
        self.help.setProperty("wordless", True)
        self._add_plain()
        self.session_menu = SessionMenu(window.registry, window, window.stack.save_front)
        self.menu_button = self._menu_button()
        theme().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def _add_plain(self) -> None:
        """Actions that only the palette, the menu and their keys show."""
        window, add = self._window, self._window.registry.add
        for number, entry in enumerate(PANELS, 1):
            keys = "Ctrl+," if entry.id == "settings" else f"Ctrl+{number}"
            add(f"go.{entry.id}", entry.title, partial(window.go_to, entry.id), entry.icon, keys, GROUP_GO)
        add("view.inspector", "Show or hide the inspector", self._toggle_inspector, "panel-right", "Ctrl+I", GROUP_VIEW)
        add("lab.stop_all", "Stop everything that runs", self._stop_all, "circle-stop", "Ctrl+Shift+X", GROUP_LAB,
            fits=lambda: window.workplace is not None and bool(window.workplace.running_names()))  # fmt: skip
        add("lab.quit", "Quit", window.close, "power", "Ctrl+Q", GROUP_LAB)

    def _menu_button(self) -> QToolButton:
        """The menu of all actions by group, in the rail's first button."""
        button = QToolButton()
        button.setIcon(theme().icon("menu", "text2", 18))
        button.setAccessibleName("Menu of all actions")
        button.setToolTip("All actions")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        menu.aboutToShow.connect(lambda: self._fill_menu(menu))
        button.setMenu(menu)
        return button

    def _fill_menu(self, menu: QMenu) -> None:
        menu.clear()
        for group, entries in self._window.registry.groups().items():
            part = menu.addMenu(group or "More")
            for entry in entries:
                part.addAction(entry.action)

    # Palette

    def _open_palette(self) -> None:
        if self._palette is None:
            from widgets.command_palette import CommandPalette

            self._palette = CommandPalette(self._window.registry, self._window, self._window.stack.title)
            self._palette.add_source("Services", self._find_services)
            self._palette.add_source("Events", self._find_events)
            self._palette.python_requested.connect(self._show_python)
        self._palette.open_under(self._window.toolbar.field)

    def palette_is_open(self) -> bool:
        """The command palette is shown."""
        return self._palette is not None and self._palette.isVisible()

    def close_palette(self) -> None:
        """Put the palette away."""
        if self._palette is not None:
            self._palette.close_now()

    def _find_services(self, query: str) -> Iterable[Found]:
        from widgets.palette_model import Found

        place = self._window.workplace
        for facts in place.facts() if place is not None else ():
            if query.lower() in f"{facts.name} {facts.kind} {facts.where}".lower():
                yield Found(facts.name, lambda: self._window.show_panel("running"), facts.where, "activity")

    def _find_events(self, query: str) -> Iterable[Found]:
        from widgets.palette_model import Found

        place, wanted, found = self._window.workplace, query.lower(), 0
        if place is None:
            return
        log = place.desk.log
        for row in range(len(log) - 1, max(log.first, len(log) - EVENTS_LOOKED_AT) - 1, -1):
            raw = log.raw(row)
            if wanted in raw[9].lower() or wanted in raw[2].lower():
                yield Found(raw[9] or raw[2], partial(place.desk.selection.select, row), raw[3] or "", "scan-line")
                found += 1
                if found >= EVENTS_FOUND:
                    return

    def _show_python(self, script: str) -> None:
        if self._window.workplace is not None:
            self._window.workplace.docks.show_python(script, {})

    # Handlers

    def _on_record_toggled(self, on: bool) -> None:
        place = self._window.workplace
        if place is not None and place.lab.recorder.enabled != on:
            recorder = place.lab.recorder
            recorder.enabled = on
            word = "goes on" if on else "pauses: calls made from now on are not on the time line"
            recorder.note("recording", f"Recording {word}")

    def _on_present_toggled(self, on: bool) -> None:
        settings = self._window.settings
        if on == (abs(theme().scale - PRESENTER_SCALE) < 0.01):
            return
        if on:
            self._presented_from = settings.scale
            settings.scale = PRESENTER_SCALE
        else:
            settings.scale = self._presented_from

    def _switch_palette(self) -> None:
        self._window.settings.dark = not theme().dark

    def _on_python_toggled(self, on: bool) -> None:
        place = self._window.workplace
        if place is not None and on != place.docks.drawer_is_open:
            docks = place.docks
            docks.open_drawer() if on else docks.close_drawer()

    def _toggle_inspector(self) -> None:
        if self._window.workplace is not None:
            inspector = self._window.workplace.docks.inspector
            inspector.setVisible(not inspector.isVisible())

    def _stop_all(self) -> None:
        place = self._window.workplace
        if place is not None:
            running = place.desk.running
            place.bridge.call(lambda: running.stop_all(STOP_S), self._on_all_stopped)

    def _on_all_stopped(self, left: list[str]) -> None:
        if left:
            self._window.strips.say("stop", "error", "Did not end in time:", ", ".join(left))
        elif self._window.workplace is not None:
            self._window.workplace.desk.toast("Everything is stopped")

    def _show_shortcuts(self) -> None:
        from widgets.shortcuts import ShortcutsDialog

        dialog = ShortcutsDialog(self._window.registry, self._window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def explain_level(self) -> None:
        """What the packet level in the status bar means."""
        self._window.strips.say("level", "note", "Packet level L0.", LEVEL_TIP.partition(". ")[2])

    def _on_theme_changed(self) -> None:
        look = theme()
        self.dark.setIcon(look.icon("sun" if look.dark else "moon", "text2"))
        self.dark.setText("Light palette" if look.dark else "Dark palette")
        self.dark.setToolTip(f"{self.dark.text()} (Ctrl+Shift+D)")
        self.present.setChecked(abs(look.scale - PRESENTER_SCALE) < 0.01)
        self.menu_button.setIconSize(QSize(look.px(18), look.px(18)))
