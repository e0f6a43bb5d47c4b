"""The mail server's card: a form, and once it runs what it took, who is connected, its mailboxes and its rules.

Puts the pages together and says what was asked for. It must not know who sends mail to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from PySide6.QtCore import QMetaMethod, Signal
from PySide6.QtWidgets import QWidget

from protocols.mail.server.sample import send_sample
from protocols.mail.server.service import MailServer
from protocols.record.event import Raw
from widgets.desk import Desk
from widgets.mail.server.form import MailServerForm
from widgets.mail.server.live import LOOK_MS, MailServerLive
from widgets.mail.server.mails import Mail
from widgets.mail.server.slot import WORDS, MailSlot
from widgets.parts.buttons import Button, IconButton, PrimaryButton
from widgets.parts.card import Card
from widgets.parts.empty import EmptyState
from widgets.parts.flow import Pages
from widgets.parts.trouble import Mend

NO_SERVER: Final = "No mail server runs yet. Start one, then see both ends of each mail here."
FREE_PORTS: Final = Mend("free-ports", "Use free ports", "shuffle")
LOOPBACK: Final = Mend("loopback", "Bind to 127.0.0.1", "monitor")
NEAR: Final = 4000
"""So many rows of the log are looked through for an event that is not where it was thought to be."""


class MailServerCard(Card):
    """The card. `started(server)`: a MailServer listens; `stopped`: it does not any more.

    `picked(mail)`: a row was chosen, its event is selected; `first_requested(server)`: send a first mail to it;
    `why_requested(trouble)`: the reason of a start that failed, in full.
    """

    started = Signal(object)
    stopped = Signal()
    failed = Signal(object)
    picked = Signal(object)
    first_requested = Signal(object)
    why_requested = Signal(object)

    def __init__(self, desk: Desk, form: MailServerForm | None = None, parent: QWidget | None = None) -> None:
        super().__init__("Mail server", "server", parent=parent)
        self.desk = desk
        self.slot = MailSlot(desk, self)
        self.pages = Pages()
        self.empty = EmptyState("mail", NO_SERVER, "Start a mail server", button_icon="play", primary=True)
        self.form = form or MailServerForm()
        self.live = MailServerLive(self.slot)
        for page in (self.empty, self.form, self.live):
            self.pages.addWidget(page)
        self.python_button = IconButton("code-xml", "Show as Python")
        self.clear_button = IconButton("trash-2", "Forget the rows shown")
        self.form_button = Button("Set up", "sliders-horizontal", small=True)
        self.stop_button = Button("Stop", "square", small=True)
        self.start_button = PrimaryButton("Start a mail server", "play")
        for button in (self.python_button, self.clear_button, self.form_button, self.stop_button, self.start_button):
            self.add_action(button)
        self.add(self.pages, 1)
        self._wants_form = False
        self._cancel: Callable[[], None] | None = None
        self._connect()
        self.refresh()

    def _connect(self) -> None:
        slot = self.slot
        self.empty.acted.connect(self._on_start)
        self.start_button.clicked.connect(self._on_start)
        self.stop_button.clicked.connect(slot.stop)
        self.form_button.clicked.connect(self.show_form)
        self.clear_button.clicked.connect(self.live.mails.clear)
        self.python_button.clicked.connect(self.show_python)
        self.form.strip.mend_requested.connect(self._mend)
        self.form.strip.why_requested.connect(lambda: self.why_requested.emit(slot.trouble))
        self.live.picked.connect(self._on_picked)
        self.live.first_wanted.connect(self._on_first)
        slot.changed.connect(self.refresh)
        slot.started.connect(self._on_started)
        slot.failed.connect(lambda: self.failed.emit(slot.trouble))
        slot.stopped.connect(self._on_stopped)
        self.desk.bridge.add_consumer(self._take)
        self.destroyed.connect(lambda: self.desk.bridge.remove_consumer(self._take))

    # What is asked for

    @property
    def server(self) -> MailServer | None:
        """The running server, or None."""
        return self.slot.server

    def start(self, values: Mapping[str, Any] | None = None, *, free_port_if_taken: bool = True) -> None:
        """Start the server with the form's values, some of them changed."""
        if values:
            self.form.set_values(values)
        self.slot.start(self.form.values(), free_port_if_taken=free_port_if_taken)

    def _on_start(self) -> None:
        """By the form's button a port that is taken is told; who saw no form gets a free one."""
        self.start(free_port_if_taken=self.pages.currentWidget() is self.empty)

    def stop(self) -> None:
        """End it."""
        self.slot.stop()

    def show_form(self) -> None:
        """Show the form instead of the empty state."""
        self._wants_form = True
        self.refresh()

    def _mend(self, key: str) -> None:
        free: dict[str, Any] = {"smtp_port": 0, "pop3_port": 0, "imap_port": 0}
        self.start(free if key == FREE_PORTS.key else {"host": "127.0.0.1"}, free_port_if_taken=False)

    def python(self) -> tuple[str, dict[str, Any]]:
        """The script of this server: action id and parameters."""
        values = self.slot.values or self.form.values()
        users = [list(one) for one in values.get("users") or ()]
        server = self.slot.server
        port = server.ends.get("smtp", ("", 0))[1] if server is not None else int(values.get("smtp_port", 8025))
        return "mail-server", {
            "host": str(values.get("host", "127.0.0.1")), "port": port, "users": tuple(str(one[0]) for one in users),
            "domain": str(values.get("domain") or ""),
        }  # fmt: skip

    def show_python(self) -> None:
        """Open the drawer with a mail server in Python."""
        self.desk.show_python(*self.python())

    def _on_first(self) -> None:
        """Send a first mail: whoever has a client does, else it goes there without a view of its own."""
        if self.isSignalConnected(QMetaMethod.fromSignal(self.first_requested)):
            self.first_requested.emit(self.slot.server)
        else:
            self.slot.order(send_sample, lambda address: self.desk.toast(f"A mail went to {address}"))

    # What comes

    def _on_started(self, server: object) -> None:
        self.live.mails.clear()
        self._watch(True)
        self.started.emit(server)

    def _on_stopped(self) -> None:
        self._watch(False)
        self.stopped.emit()

    def _watch(self, on: bool) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
        if on:
            self._cancel = self.desk.bridge.every(LOOK_MS, self._look)

    def _look(self) -> None:
        self.slot.poll()
        if self.isVisible():
            self.live.look()

    def _take(self, raws: list[Raw]) -> None:
        if self.slot.service:
            self.live.mails.take(raws, self.slot.service, len(self.desk.log))

    def _on_picked(self, mail: Mail) -> None:
        row = self._row_of(mail)
        if row is not None:
            self.desk.selection.select(row)
        self.picked.emit(mail)

    def _row_of(self, mail: Mail) -> int | None:
        """The row of a mail's event in the log: where it was thought to be, or near there."""
        log = self.desk.log
        near = sorted(range(mail.row - NEAR, mail.row + NEAR), key=lambda row: abs(row - mail.row))
        for row in near:
            if log.first <= row < len(log):
                raw = log.raw(row)
                if raw[0] == mail.t and raw[2] == "mail" and raw[4] == mail.conn:
                    return row
        return None

    def refresh(self) -> None:
        """Show the page of the phase, and its trouble where the click was."""
        slot = self.slot
        running = slot.phase == "running"
        if slot.phase in ("starting", "ended") or slot.trouble is not None:
            self._wants_form = True
        page: QWidget = self.live if running else self.form if self._wants_form else self.empty
        self.pages.setCurrentWidget(page)
        self._tell_trouble()
        sign, word = WORDS[slot.phase]
        if slot.trouble is not None and not running:
            sign, word = "error", slot.trouble.title
        self.set_state(sign, word)
        self.set_chip("TLS" if running and slot.values.get("tls") else "")
        for widget in (self.clear_button, self.stop_button):
            widget.setVisible(running)
        self.start_button.setVisible(page is self.form)
        self.start_button.setEnabled(slot.phase != "starting")
        self.form_button.setVisible(page is self.empty)

    def _tell_trouble(self) -> None:
        strip, trouble = self.form.strip, self.slot.trouble
        if trouble is None:
            strip.clear()
        elif strip.errno != trouble.errno or not strip.text():
            mends = (FREE_PORTS,) if trouble.errno in ("EADDRINUSE", "EACCES") else ()
            mends = (LOOPBACK,) if trouble.errno in ("EADDRNOTAVAIL", "EAFNOSUPPORT") else mends
            strip.tell(trouble.title, trouble.why, mends, errno=trouble.errno)

    # Kept for the next start

    def values(self) -> dict[str, Any]:
        """What is typed, JSON-able."""
        return self.form.values()

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Type it again."""
        self.form.set_values(values)
