"""The panels of the lab, in the order of the rail: a plain list, and nothing is loaded by reading it.

To add a subject: a room in `protocols`, a room in `widgets`, and one line here.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from widgets.desk import Desk
    from widgets.panel import Panel


@dataclass(frozen=True, slots=True)
class Entry:
    """One panel before it is built.

    id: one word, also the name of its pictures. widget: "module:Class" of the Panel.
    commands: the module whose `add_commands(subparsers)` adds its command lines, or "".
    foot: it stands at the foot of the rail and has no subject of its own. front: "module:Class" of a
    light widget with a signal asked(action id), shown until the panel stands when the lab starts with it.
    """

    id: str
    title: str
    icon: str
    widget: str
    commands: str = ""
    foot: bool = False
    front: str = ""

    def build(self, desk: Desk, parent: Any = None) -> Generator[Any, None, Panel]:
        """Import the room and make the panel in `parent`: its parts one after the other, and return it."""
        panel: Panel = yield from _named(self.widget).in_steps(desk, parent)
        return panel

    def build_front(self) -> Any:
        """The widget that stands in for the panel until there is a lab, or None."""
        return _named(self.front)() if self.front else None


def _named(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


PANELS: Final = (
    Entry(
        "sockets", "Sockets", "plug", "widgets.sockets.panel:SocketsPanel", "protocols.sockets.commands",
        front="widgets.sockets.front:SocketsFront",
    ),
    Entry("creosote", "Creosote", "megaphone", "widgets.creosote.panel:CreosotePanel", "protocols.creosote.commands"),
    Entry("http", "Web", "globe", "widgets.http.panel:HttpPanel", "protocols.http.commands"),
    Entry("mail", "Mail", "mail", "widgets.mail.panel:MailPanel", "protocols.mail.commands"),
    Entry("ftp", "FTP", "folder-sync", "widgets.ftp.panel:FtpPanel", "protocols.ftp.commands"),
    Entry("packets", "Packets", "package", "widgets.packets.panel:PacketsPanel", "protocols.packets.commands"),
    Entry("running", "Running", "activity", "widgets.running.panel:RunningPanel", foot=True),
    Entry("settings", "Settings", "settings", "netlab_gui.settings_page:SettingsPanel", foot=True),
)

WITHOUT_PANEL: Final[tuple[str, ...]] = ()
"""Modules with command lines whose subject has no panel yet."""


def start_panel() -> str:
    """The id of the panel shown first."""
    return PANELS[0].id


def room_of(panel_id: str) -> str:
    """The module that a panel's widget is in."""
    return next(entry.widget for entry in PANELS if entry.id == panel_id).partition(":")[0]


def command_modules() -> tuple[str, ...]:
    """The modules that add command lines, in order."""
    return (*(entry.commands for entry in PANELS if entry.commands), *WITHOUT_PANEL)
