"""The server card: the FTP server of the panel, as a form or as what it does.

It must not know the client card: what concerns both ends leaves as a signal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from protocols.record.event import Raw
from widgets.desk import Desk
from widgets.ftp.server_form import ServerForm
from widgets.ftp.server_launch import AnyServer
from widgets.ftp.server_live import ServerLive
from widgets.ftp.server_slot import WORDS, ServerSlot
from widgets.parts.buttons import Button, IconButton, PrimaryButton
from widgets.parts.card import Card
from widgets.parts.flow import Pages
from widgets.parts.trouble import Mend

FREE_PORT: Final = Mend("free-port", "Use a free port", "shuffle")
LOOPBACK: Final = Mend("loopback", "Bind to 127.0.0.1", "monitor")
POLL_MS: Final = 200


class FtpServerCard(Card):
    """The server. `started(server)` once it listens, `stopped` when it ended; `address_wanted(host, port)`: go there.

    `why_requested(told)`: explain the last error. `firewall_changed(host, port)`: clients go through it, or "" and 0.
    """

    started = Signal(object)
    stopped = Signal()
    failed = Signal(object)
    why_requested = Signal(object)
    firewall_changed = Signal(str, int)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("FTP server", "server", parent=parent)
        self.desk = desk
        self.slot = ServerSlot(desk, self)
        self.form = ServerForm()
        self.live = ServerLive(self.slot)
        self.code_button = IconButton("code-xml", "Show the server as Python")
        self.end_button = Button("End session", "unplug", small=True)
        self.stop_button = Button("Stop", "square", small=True)
        self.start_button = PrimaryButton("Start", "play")
        self.pages = Pages(self.form, self.live)
        for button in (self.code_button, self.end_button, self.stop_button, self.start_button):
            self.add_action(button)
        self.add(self.pages, 1)
        self.start_button.clicked.connect(lambda _checked=False: self.start())
        self.stop_button.clicked.connect(self.stop)
        self.end_button.clicked.connect(self._on_end)
        self.code_button.clicked.connect(lambda: self.desk.show_python(*self.action()))
        self.form.strip.mend_requested.connect(self._mend)
        self.form.strip.why_requested.connect(lambda: self.why_requested.emit(self.slot.trouble))
        self.slot.changed.connect(self._refresh)
        self.slot.started.connect(lambda: self.started.emit(self.slot.server))
        self.slot.ended.connect(self.stopped)
        self.slot.failed.connect(lambda: self.failed.emit(self.slot.trouble))
        self.slot.wall_changed.connect(self._on_wall)
        desk.bridge.add_consumer(self.slot.take)
        ends_poll = desk.bridge.every(POLL_MS, self.poll)
        take, bridge = self.slot.take, desk.bridge

        def gone() -> None:
            bridge.remove_consumer(take)
            ends_poll()

        self.destroyed.connect(gone)
        self._refresh()

    @property
    def server(self) -> AnyServer | None:
        """The running server, or None."""
        return self.slot.server

    @property
    def busy(self) -> bool:
        """A start is under way."""
        return self.slot.phase == "starting"

    def start(self, tls: str = "", **changed: Any) -> None:
        """Start it with the form's values, some of them changed; nothing happens while it runs."""
        self.form.fields.set_values({**({"tls": tls} if tls in ("off", "explicit", "implicit") else {}), **changed})
        self.slot.start(self.form.fields.values())

    def stop(self) -> None:
        """End it with all its sessions."""
        self.slot.stop()

    def user(self) -> tuple[str, str]:
        """A name and password that the running server takes."""
        server = self.slot.server
        if server is None or not server.setup.users:
            return ("anonymous", "")
        return (server.setup.users[0].name, server.setup.users[0].password)

    def take(self, raws: Sequence[Raw]) -> None:
        """New events, where somebody else feeds it."""
        self.slot.take(raws)

    def poll(self) -> None:
        """See what it does now."""
        self.slot.poll()
        if self.slot.phase == "running" and self.isVisible():
            self.live.poll()
            self.end_button.setEnabled(self.live.chosen_session() is not None)

    def action(self) -> tuple[str, Mapping[str, Any]]:
        """What Show as Python shows for the server: (script, values)."""
        values = self.form.fields.values()
        both = {
            "root": str(values["root"]) or ".", "host": str(values["host"]), "port": int(values["port"]),
            "users": str(values["users"]).replace(",", " ").split(), "writable": bool(values["writable"]),
        }  # fmt: skip
        if values["protocol"] == "sftp":
            return "sftp-server", both
        return "ftp-server", {
            **both, "anonymous": bool(values["anonymous"]), "tls": values["tls"] == "explicit",
            "implicit": values["tls"] == "implicit", "required": bool(values["tls_required"]),
            "passive_ports": str(values["passive_ports"]), "masquerade": str(values["masquerade"]),
        }  # fmt: skip

    def _on_end(self) -> None:
        number = self.live.chosen_session()
        if number is not None:
            self.slot.end_session(number)

    def _on_wall(self) -> None:
        wall = self.slot.wall
        host, port = wall.address if wall is not None else ("", 0)
        self.firewall_changed.emit(host, port)

    def _mend(self, key: str) -> None:
        self.start(**({"port": 0} if key == "free-port" else {"host": "127.0.0.1"}))

    def _refresh(self) -> None:
        slot = self.slot
        running = slot.phase == "running"
        sign, word = WORDS[slot.phase]
        if slot.trouble is not None and not running:
            sign, word = "error", slot.trouble.title
        self.set_state(sign, word)
        server = slot.server
        words = {"off": "FTP", "explicit": "FTPES", "implicit": "FTPS"}
        self.set_chip(("SFTP" if slot.is_sftp else words[server.setup.tls]) if server else "")
        self.pages.setCurrentWidget(self.live if running else self.form)
        self.stop_button.setVisible(running)
        self.end_button.setVisible(running)
        self.end_button.setEnabled(False)
        self.start_button.setVisible(not running)
        self.start_button.setEnabled(slot.phase != "starting")
        if slot.trouble is None:
            self.form.strip.clear()
        else:
            mends = {"EADDRINUSE": (FREE_PORT,), "EACCES": (FREE_PORT,), "EADDRNOTAVAIL": (LOOPBACK,),
                     "EAFNOSUPPORT": (LOOPBACK,)}  # fmt: skip
            told = slot.trouble
            self.form.strip.tell(told.title, told.why, mends.get(told.errno, ()), errno=told.errno)
