"""The time line's actions, for the registry: menu, palette, shortcuts and buttons show the same ones.

It must not know how the views do what is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QAction

if TYPE_CHECKING:
    from widgets.actions import Actions
    from widgets.timeline.dock import TimelineDock

GROUP = "Time line"


def add_actions(actions: Actions, dock: TimelineDock) -> dict[str, QAction]:
    """Put the time line's actions into the registry; returns them by the last part of their id."""
    rows = (
        ("table", "Show the table", dock.show_table, "table", "Alt+1", "Every event in a row"),
        ("ladder", "Show the ladder", dock.show_ladder, "arrow-left-right", "Alt+2", "One connection, end to end"),
        ("find", "Filter the time line", dock.find_text, "search", "Ctrl+F", "Go to the search box"),
        ("follow", "Follow the newest event", dock.follow, "arrow-down", "", "Go to the end and stay there"),
        ("export", "Export events", dock.export, "download", "Ctrl+Shift+J", "Write the shown events as JSON lines"),
        ("svg", "Export SVG", dock.export_svg, "download", "", "Write the ladder as a picture"),
        ("fit", "Fit", dock.fit, "fullscreen", "", "The whole ladder in sight"),
        ("clear", "Clear the view", dock.clear, "trash-2", "Ctrl+L", "Hide what has been so far; it stays recorded"),
        ("show_all", "Show all events again", dock.show_all, "history", "", "Bring back what Clear the view hid"),
        ("copy", "Copy events", dock.copy_rows, "copy", "", "Copy the selected rows as text"),
        ("mark", "Mark the event", dock.toggle_mark, "bookmark", "Ctrl+B", "Set or remove a bookmark"),
        ("next_mark", "Next mark", dock.next_mark, "arrow-down", "Ctrl+Shift+B", "Go to the next bookmark"),
        ("previous_mark", "Previous mark", dock.previous_mark, "arrow-up", "Ctrl+Alt+B", "Go to the bookmark before"),
        ("next_error", "Next error", dock.next_error, "octagon-x", "F8", "Go to the next call that failed"),
        ("previous_error", "Previous error", dock.previous_error, "octagon-x", "Shift+F8", "Go to the failure before"),
        ("zero", "Count time from here", dock.zero_here, "timer", "", "The selected event becomes 0.000 ms"),
        ("zero_first", "Count time from the start", dock.zero_first, "timer", "", "The first event becomes 0.000 ms"),
        ("this_conn", "Only this connection", dock.only_conn, "cable", "", "The connection of the selected event"),
        ("this_service", "Only this service", dock.only_service, "server", "", "The service of the selected event"),
        ("packet", "Show its packet", dock.show_packet, "package", "", "In which the event's bytes crossed"),
        ("everything", "Show everything", dock.show_everything, "funnel", "", "Take all filters away"),
    )
    added = {
        name: actions.add(
            f"timeline.{name}", text, handler, icon=icon, shortcut=shortcut or None, group=GROUP, tip=tip
        )
        for name, text, handler, icon, shortcut, tip in rows
    }
    added["pause"] = actions.add(
        "timeline.pause", "Pause the time line", dock.set_paused, icon="pause", shortcut="Ctrl+Shift+H", group=GROUP,
        tip="Hold it still; nothing is lost", checkable=True,
    )  # fmt: skip
    return added
