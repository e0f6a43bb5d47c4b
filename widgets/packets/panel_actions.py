"""The panel's entries in the registry of actions, and the menu of the list.

It must not know how the views do it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from widgets.parts.buttons import ActionButton, IconButton

if TYPE_CHECKING:
    from widgets.packets.panel import PacketsPanel

GROUP: Final = "Packets"
MENU: Final = ("event", "follow", "only-conversation", "", "only-source", "only-destination", "only-protocol",
               "without-source", "without-protocol", "", "mark", "zero", "comment", "absolute", "", "edit", "copy",
               "copy-tree", "save")  # fmt: skip


class PanelActions:
    """Registers the actions and keeps them enabled as the list allows. last: the script of what was just done."""

    def __init__(self, panel: PacketsPanel) -> None:
        self._panel = panel
        self._page = panel.packets
        self.last: tuple[str, dict[str, Any]] = ("packets-read", {})
        self._allowed: list[tuple[QAction, Callable[[], bool]]] = []
        self._register_file()
        self._register_list()
        self._register_views()
        self._register_live()
        self._fill_tools()
        page = self._page
        page.did.connect(self.did)
        panel.live.did.connect(self.did)
        page.current_changed.connect(self.refresh)
        page.absolute_changed.connect(self._get("absolute").setChecked)
        page.table.settled.connect(self.refresh)
        page.document.grew.connect(self.refresh)
        page.document.shown_changed.connect(self.refresh)
        page.table.menu_requested.connect(self._on_menu)
        panel.open_button.bind(self._get("open"))
        panel.save_button.bind(self._get("save"))
        panel.python_button.clicked.connect(self.show_python)
        self.refresh()

    def _register_file(self) -> None:
        add, page = self._add, self._page
        add("open", "Open", page.ask_open, "folder-open", "", "A capture: pcap or pcapng, also packed", None,
            "packets-read")  # fmt: skip
        add("sample", "Look at a sample", page.open_sample, "eye", "", "The capture that comes with the lab")
        add("save", "Save", page.saver.ask, "save", "", "What is shown as pcapng, or what is chosen", self._some,
            "packets-write")  # fmt: skip
        add("save-keys", "Save with TLS keys", page.saver.ask_with_keys, "key", "",
            "So that Wireshark decrypts it: who has the file reads all", self._some)  # fmt: skip
        add("close", "Close the capture", page.document.close, "x", "", "", self._some)
        add("python", "Show as Python", self.show_python, "code-xml", "", "The script for what was just done")

    def _register_list(self) -> None:
        add, page, panel = self._add, self._page, self._panel
        chosen = self._chosen
        add("find", "Filter the packets", self._find, "search", "Ctrl+Alt+F", "By columns, fields and text")
        add("show-all", "Show all packets", lambda: page.filter(""), "history", "", "Take the filter away")
        add("follow", "Follow stream", page.follow_stream, "arrow-left-right", "Ctrl+Alt+W",
            "What both ends of its conversation said", chosen)  # fmt: skip
        add("event", "Show its call on the time line", page.show_event, "cable", "Ctrl+Alt+E",
            "The socket call that sent it, with its bytes marked", chosen)  # fmt: skip
        add("of-event", "Show the packet of the chosen event", page.show_packet_of_event, "package", "",
            "In the open capture, or made from what the sockets recorded")  # fmt: skip
        add("only-conversation", "Only this conversation", page.only_conversation, "funnel", "Ctrl+Alt+O", "", chosen)
        add("only-source", "Only from this source", lambda: page.filter_by_cell("source"), "funnel", "", "", chosen)
        add("only-destination", "Only to this destination", lambda: page.filter_by_cell("destination"), "funnel", "",
            "", chosen)  # fmt: skip
        add("only-protocol", "Only this protocol", lambda: page.filter_by_cell("protocol"), "funnel", "", "", chosen)
        add("without-source", "Without this source", lambda: page.filter_by_cell("source", without=True), "ban", "", "",
            chosen)  # fmt: skip
        add("without-protocol", "Without this protocol", lambda: page.filter_by_cell("protocol", without=True), "ban",
            "", "", chosen)  # fmt: skip
        add("mark", "Mark", page.toggle_mark, "bookmark", "Ctrl+Alt+M", "Set or remove it on chosen packets", chosen)
        add("next-mark", "Next marked packet", page.next_mark, "arrow-down", "Ctrl+Alt+Down", "")
        add("zero", "Count time from here", page.toggle_zero, "timer", "Ctrl+Alt+T", "Once more: from the first again",
            chosen)  # fmt: skip
        add("comment", "Comment", page.ask_comment, "message-square", "", "Saved with the packet", chosen)
        add("copy", "Copy rows", page.table.copy_rows, "copy", "", "The chosen packets as text", chosen)
        add("copy-tree", "Copy the tree", page.packet.copy_tree, "copy", "", "The dissected packet as text", chosen)
        panel.desk.actions.add(
            "packets.absolute", "Sequence numbers as sent", page.set_absolute, "hash", None, GROUP,
            "Else they count from the begin of their connection: the SYN is 0", fits=panel.isVisible, checkable=True,
        )  # fmt: skip
        add("go-to", "Go to packet", page.ask_go_to, "hash", "Ctrl+Alt+G", "By its number", self._some)
        add("next", "Next packet", lambda: page.table.step(1), "arrow-down", "F8", "", self._some)
        add("previous", "Packet before", lambda: page.table.step(-1), "arrow-up", "F7", "", self._some)
        add("tail", "Follow the newest", page.table.follow, "arrow-down", "", "Go to the end, stay there", self._some)

    def _register_views(self) -> None:
        add, page = self._add, self._page
        for name, title, icon in (
            ("capture", "Capture", "scan-line"), ("craft", "Craft", "wrench"), ("ping", "Ping and paths", "route"),
            ("networks", "Networks", "network"),
        ):  # fmt: skip
            add(f"view-{name}", f"Show {title.lower()}", partial(self._panel.show_view, name), icon, "", "")
        for name, title, icon in (
            ("packet", "Chosen packet", "package"), ("stream", "Stream", "arrow-left-right"),
            ("conversations", "Conversations", "users"), ("endpoints", "Endpoints", "server"),
            ("protocols", "Protocols", "layers"), ("graph", "Graph over time", "activity"),
            ("experts", "Expert notes", "triangle-alert"), ("colours", "Colour rules", "tag"),
        ):  # fmt: skip
            show = partial(page.show_tab, name)
            add(f"show-{name}", f"Show {title.lower()}", show, icon, "", "", self._some)
        add("colour", "Colour what is shown", page.colour_filter, "tag", "", "A colour and a letter for this filter",
            page.can_colour)  # fmt: skip
        add("standard-colours", "Standard colours", page.standard_colours, "undo-2", "", "Without rules of your own",
            page.colours.changed)  # fmt: skip

    def _register_live(self) -> None:
        add, live = self._add, self._panel.live
        add("start", "Start to capture", self._start_capture, "play", "", "With the form of the capture view",
            lambda: live.phase() != "running", "packets-sniff")  # fmt: skip
        add("stop", "Stop the capture", live.stop, "square", "", "", lambda: live.phase() == "running")
        add("edit", "Edit and send again", live.edit_current, "pencil", "", "The chosen packet, as text", self._chosen)
        live.changed.connect(self.refresh)

    def _start_capture(self) -> None:
        self._panel.show_view("capture")
        self._panel.live.capture.start()

    def _add(
        self, name: str, text: str, handler: Callable[..., Any], icon: str, keys: str, tip: str,
        allowed: Callable[[], bool] | None = None, python: str = "",
    ) -> None:  # fmt: skip
        actions, panel = self._panel.desk.actions, self._panel
        fits = (lambda: panel.isVisible() and allowed()) if allowed else panel.isVisible
        id = f"packets.{name}"
        try:
            action = actions.add(id, text, handler, icon, keys or None, GROUP, tip, python or None, fits=fits)
        except ValueError:  # another panel has these keys: the palette and the menus still lead here
            action = actions.add(id, text, handler, icon, None, GROUP, tip, python or None, fits=fits)
        if allowed is not None:
            self._allowed.append((action, allowed))

    def _get(self, name: str) -> QAction:
        return self._panel.desk.actions.get(f"packets.{name}")

    def _fill_tools(self) -> None:
        tools = self._page.bar.tools
        for name in ("mark", "zero", "comment", "follow", "colour"):
            tools.addWidget(ActionButton(self._get(name), icon_only=True))
        columns = IconButton("columns-3", "Columns")
        columns.clicked.connect(lambda: self._page.table.columns_menu().popup(
            columns.mapToGlobal(columns.rect().bottomLeft())))  # fmt: skip
        tools.addWidget(columns)

    def refresh(self, *_: object) -> None:
        """Allow what can be done now."""
        for action, allowed in self._allowed:
            enabled = allowed()
            if action.isEnabled() != enabled:
                action.setEnabled(enabled)

    def _some(self) -> bool:
        return self._page.document.capture is not None

    def _chosen(self) -> bool:
        return self._page.table.current() >= 0

    def _find(self) -> None:
        self._panel.show_view("packets")
        self._page.bar.field.setFocus()
        self._page.bar.field.selectAll()

    def menu(self) -> QMenu:
        """What can be done with the chosen packets."""
        menu = QMenu(self._page)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in MENU:
            if name:
                menu.addAction(self._get(name))
            else:
                menu.addSeparator()
        return menu

    def _on_menu(self, place: QPoint) -> None:
        self.menu().popup(place)

    # Show as Python

    def did(self, script: str, params: dict[str, Any]) -> None:
        """This was just done."""
        self.last = (script, params)

    def show_python(self) -> None:
        """Open the drawer with the script of what was just done."""
        self._panel.desk.show_python(*self.last)
