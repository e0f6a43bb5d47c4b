"""The presets of the courses as menus, and as form values. It must not know the cards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtWidgets import QMenu, QPushButton

from protocols.sockets.presets import PRESETS, Preset
from widgets.sockets.server.words import TRANSPORT_CHIPS


def presets_of(end: str) -> Sequence[Preset]:
    """The presets of one end, "server" or "client"."""
    return [entry for entry in PRESETS if entry.end == end]


def fill_menu(button: QPushButton, end: str, chosen: Callable[[Preset], object]) -> None:
    """Let the button open the presets of one end."""
    menu = QMenu(button)
    for entry in presets_of(end):
        action = menu.addAction(f"{entry.title}\t{TRANSPORT_CHIPS[entry.transport]} {entry.port}")
        action.setToolTip(entry.note)
        action.setObjectName(f"preset-{entry.id}")
        action.triggered.connect(lambda _checked=False, entry=entry: chosen(entry))
    menu.setToolTipsVisible(True)
    button.setMenu(menu)


def server_values(entry: Preset) -> dict[str, Any]:
    """What the server's form must say for a preset."""
    return {
        "behaviour": entry.behaviour,
        "transport": entry.transport,
        "bind": "127.0.0.1",
        "port": entry.port,
        "model": entry.model,
        "backlog": entry.backlog,
    }


def client_values(entry: Preset) -> dict[str, Any]:
    """What the client's form must say for a preset."""
    return {
        "transport": entry.transport,
        "host": "127.0.0.1",
        "port": entry.port,
        "timeout_ms": int((entry.timeout_s or 0) * 1000),
        "per_message": entry.reconnect,
        "connected": False,
        "framing": "line" if entry.lines else "none",
        "tls": False,
        "mode": "line",
    }
