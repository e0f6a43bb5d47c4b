"""The panel's entries in the registry of actions: what the palette, the menus and the keys can do here.

It must not know how the views do it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from widgets.creosote.bucket.slot import BucketSlot
from widgets.creosote.launch import bucket_params, sender_params, senders_params
from widgets.creosote.log import menus
from widgets.parts.buttons import ActionButton, Button, IconButton

if TYPE_CHECKING:
    from widgets.creosote.panel import CreosotePanel

GROUP: Final = "Creosote"


class PanelActions:
    """Registers the actions and keeps them enabled as the views allow. last: the script of what was just done."""

    def __init__(self, panel: CreosotePanel) -> None:
        self._panel = panel
        self._log = panel.listen.log
        self.last: tuple[str, dict[str, Any]] | None = None
        self._allowed: list[tuple[QAction, Callable[[], bool]]] = []
        self._register_buckets()
        self._register_log()
        self._fill_tools()
        panel.listen.buckets.current_changed.connect(self.refresh)
        panel.listen.buckets.started.connect(self._on_bucket_started)
        panel.send.changed.connect(self.refresh)
        panel.send.sent.connect(self._on_sent)
        self._log.view.chosen.changed.connect(self.refresh)
        self.refresh()

    def _register_buckets(self) -> None:
        add, panel = self._add, self._panel
        add("new-bucket", "New bucket", panel.new_bucket, "plus", "Ctrl+Alt+K", "A form for one more bucket")
        add("listen", "Listen", panel.start_bucket, "play", "Ctrl+Alt+E", "With the form of the bucket shown",
            lambda: not self._listens(), "creosote-bucket")  # fmt: skip
        add("stop", "Stop the bucket shown", panel.stop_bucket, "square", "Ctrl+Alt+.", "", self._listens)
        add("spew", "Spew", panel.spew, "send", "Ctrl+Alt+Return", "What stands in the sender's card",
            lambda: not panel.send.sending, "creosote-spew")  # fmt: skip
        add("programs", "Let three programs spew", panel.spew_programs, "users", "",
            "Made-up ones, to the bucket shown", lambda: not panel.send.sending)  # fmt: skip
        add("stop-sending", "Stop sending", panel.send.stop, "circle-stop", "Ctrl+Alt+X", "At once",
            lambda: panel.send.sending)  # fmt: skip
        add("only-this-machine", "Close the buckets to others", panel.listen.close_to_others, "shield-check", "",
            "Bind them to loopback, on the ports they have",
            lambda: not panel.listen.warning.isHidden())  # fmt: skip
        add("python", "Show as Python", self.show_python, "code-xml", "", "The script for what was just done")

    def _register_log(self) -> None:
        add, log = self._add, self._log
        chosen = self._some_chosen
        add("find", "Filter the log", self._find, "search", "Ctrl+Alt+F", "Words, fields, levels, senders, times")
        add("copy", "Copy rows", log.copy_rows, "copy", "Ctrl+Alt+C", "The chosen rows as text", chosen)
        add("mark", "Bookmark", log.toggle_mark, "bookmark", "Ctrl+Alt+M", "Set or remove it on chosen rows", chosen)
        add("next-mark", "Next bookmark", lambda: log.go_to_mark(1), "arrow-down", "Ctrl+Alt+Down", "")
        add("previous-mark", "Bookmark before", lambda: log.go_to_mark(-1), "arrow-up", "Ctrl+Alt+Up", "")
        add("time", "Go to a time of day", log.jump.ask, "clock", "Ctrl+G", "In the log")
        add("only-sender", "Only this sender", log.only_this_sender, "funnel", "Ctrl+Alt+O",
            "That of the chosen row; once more for all", chosen)  # fmt: skip
        add("alarm", "Alarm", log.ask_alarm, "bell", "Ctrl+Alt+A", "Colour, sound or notification when a filter fits")
        add("pause", "Pause or go on", log.toggle_pause, "pause", "F9", "New datagrams wait, none is lost")
        add("follow", "Follow the newest", log.follow, "arrow-down", "Ctrl+End", "Go to the end and stay there")
        add("join", "Join pieces of 1024 bytes, or not", log.toggle_joined, "layers", "", menus.JOIN_TIP)
        add("clear", "Hide what has come so far", log.rows.hide_so_far, "trash-2", "Ctrl+Alt+L", "It stays recorded")
        add("show-all", "Show everything", log.show_everything, "history", "", "Take all filters away")
        for kind, title in (("txt", "text"), ("jsonl", "JSON lines"), ("csv", "CSV"), ("pcapng", "pcapng")):
            add(f"export-{kind}", f"Export the log as {title}\u2026", lambda kind=kind: log.export(kind), "download",
                "", "What is shown, or what is chosen")  # fmt: skip

    def _add(
        self,
        name: str,
        text: str,
        handler: Callable[..., Any],
        icon: str,
        keys: str,
        tip: str,
        allowed: Callable[[], bool] | None = None,
        python: str = "",
    ) -> None:
        actions, panel = self._panel.desk.actions, self._panel
        fits = (lambda: panel.isVisible() and allowed()) if allowed else panel.isVisible
        id = f"creosote.{name}"
        try:
            action = actions.add(id, text, handler, icon, keys or None, GROUP, tip, python or None, fits=fits)
        except ValueError:  # another panel has these keys: the palette and the menus still lead here
            action = actions.add(id, text, handler, icon, None, GROUP, tip, python or None, fits=fits)
        if allowed is not None:
            self._allowed.append((action, allowed))

    def _fill_tools(self) -> None:
        """The buttons at the right of the log's filter."""
        get, log = self._panel.desk.actions.get, self._log
        tools = log.bar.tools
        alarm = Button("Alarm", "bell", small=True).bind(get("creosote.alarm"))
        log.bar.worded.append(alarm)
        tools.addWidget(alarm)
        tools.addSpacing(4)
        for name in ("mark", "time", "pause"):
            tools.addWidget(ActionButton(get(f"creosote.{name}"), icon_only=True))
        for icon, name, menu in (
            ("download", "Export the log", menus.export_menu),
            ("columns-3", "Columns, and how messages are shown", menus.columns_menu),
        ):
            button = IconButton(icon, name)
            button.clicked.connect(lambda _=False, button=button, menu=menu: self._pop_up(menu(log), button))
            tools.addWidget(button)

    @staticmethod
    def _pop_up(menu: QMenu, button: IconButton) -> None:
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def refresh(self, *_: object) -> None:
        """Allow what can be done now."""
        for action, allowed in self._allowed:
            enabled = allowed()
            if action.isEnabled() != enabled:
                action.setEnabled(enabled)

    def _listens(self) -> bool:
        return self._panel.listen.buckets.current.slot.phase == "running"

    def _some_chosen(self) -> bool:
        return self._log.view.chosen.current is not None

    def _find(self) -> None:
        self._panel.show_view("listen")
        self._log.bar.field.setFocus()
        self._log.bar.field.selectAll()

    # Show as Python

    def done(self, script: str, params: dict[str, Any]) -> None:
        """This was just done."""
        self.last = (script, params)
        self._panel.snippets_take(script, params)

    def _on_bucket_started(self, slot: BucketSlot) -> None:
        if slot.bucket is not None:
            for script, params in senders_params(slot.bucket.settings.host, slot.bucket.port):
                self._panel.snippets_take(script, params)
            self.done(*bucket_params(slot.values, slot.bucket.port))

    def _on_sent(self, values: dict[str, Any]) -> None:
        self.done(*sender_params(values))

    def show_python(self) -> None:
        """Open the drawer with the script of what was just done, or of the view in front."""
        panel = self._panel
        found = self.last
        if panel.current_view() == "snippets" and panel.snippets is not None:
            found = (panel.snippets.name(), panel.snippets.params())
        elif panel.current_view() == "send":
            found = sender_params(panel.send.form.values())
        script, params = found or bucket_params(panel.listen.buckets.current.form.values())
        panel.desk.show_python(script, params)
