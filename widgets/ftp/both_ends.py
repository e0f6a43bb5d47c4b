"""Both ends side by side: the client card, the server card, and what one does for the other.

It must not know what a card looks like inside.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final, TypeAlias

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStyle, QVBoxLayout, QWidget

from widgets.desk import Desk
from widgets.ftp.client_card import ClientCard
from widgets.ftp.client_slot import ClientSlot
from widgets.ftp.mends import CHANGES
from widgets.ftp.server_card import FtpServerCard
from widgets.parts.flow import scroll_area
from widgets.parts.splitter import Splitter
from widgets.theme.theme import theme

CARD_PX: Final = 302
CARD_HEIGHT_PX: Final = 260
Cards: TypeAlias = tuple[ClientCard, FtpServerCard]


def cards_in_steps(desk: Desk, slot: ClientSlot) -> Generator[QWidget, None, Cards]:
    """The two cards, one after the other."""
    client = ClientCard(desk, slot)
    yield client
    server = FtpServerCard(desk)
    yield server
    return client, server


class BothEnds(QWidget):
    """The two cards. `why_requested`: explain the client's last error; `files_requested`: go to the panes."""

    why_requested = Signal()
    files_requested = Signal()

    def __init__(self, desk: Desk, slot: ClientSlot, cards: Cards, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk, self.slot = desk, slot
        scroll = scroll_area(self)
        self.splitter = Splitter(Qt.Orientation.Horizontal, line=False, parent=scroll.viewport())
        self.client, self.server = cards
        self.splitter.addWidget(self.client)
        self.splitter.addWidget(self.server)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([1000, 1000])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        scroll.setWidget(self.splitter)
        column.addWidget(scroll)
        self._connects_next = False
        self.client.other_end_requested.connect(self.give_other_end)
        self.client.why_requested.connect(self.why_requested)
        self.client.mend_requested.connect(self.mend)
        self.client.files_requested.connect(self.files_requested)
        self.server.started.connect(self._on_started)
        self.server.failed.connect(lambda _told: self._forget_connect())
        self.server.firewall_changed.connect(self._on_firewall)
        slot.changed.connect(self.splitter.updateGeometry)
        theme().changed.connect(self._suit_letters)
        self._suit_letters()

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        narrow = event.size().width() < 2 * theme().px(CARD_PX) + self.splitter.handleWidth() + bar
        wanted = Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal
        if self.splitter.orientation() != wanted:
            self.splitter.setOrientation(wanted)
            self.splitter.setSizes([1000, 1000])

    def _suit_letters(self) -> None:
        for card in (self.client, self.server):
            card.setMinimumWidth(theme().px(CARD_PX))
            card.set_least_height(theme().px(CARD_HEIGHT_PX))

    # The two together

    def give_other_end(self) -> None:
        """Start a server with sample files, fill in its address, and connect."""
        if self.slot.phase == "connecting":
            return
        if self.server.server is not None:
            if self.server.slot.wall is None:
                self._fill(self.server.server)
            self.client.connect_now()
            return
        self._connects_next = True
        protocol = str(self.client.form.fields["protocol"])
        self.server.start(protocol if protocol in ("explicit", "implicit") else "off", port=0,
                          protocol="sftp" if protocol == "sftp" else "ftp")  # fmt: skip

    def _forget_connect(self) -> None:
        self._connects_next = False

    def connect_anything(self) -> None:
        """Connect as the form says, or to a server of ours where the form says nobody in particular."""
        if self.server.server is not None or self.client.form.fields["host"] in ("127.0.0.1", "localhost"):
            self.give_other_end()
        else:
            self.client.connect_now()

    def _on_started(self, server: Any) -> None:
        self._fill(server)
        if self.slot.trouble is not None and self.slot.trouble.errno == "ECONNREFUSED":
            self.slot.dismiss()  # now somebody listens
        if self._connects_next:
            self._connects_next = False
            self.client.connect_now()

    def _fill(self, server: Any) -> None:
        host, port = server.address[:2]
        user, password = self.server.user()
        tls, sftp = server.setup.tls, self.server.slot.is_sftp
        self.client.form.fields.set_values({
            "protocol": "sftp" if sftp else "ftp" if tls == "off" else tls,
            "user": "" if user == "anonymous" else user, "password": password,
            **({"host_key": server.fingerprint} if sftp else {}),
        })  # fmt: skip
        self._aim(host, port)

    def _aim(self, host: str, port: int) -> None:
        self.client.form.fields.set_values({"host": {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host),
                                            "port": port})  # fmt: skip

    def _on_firewall(self, host: str, port: int) -> None:
        """Clients go through the firewall while there is one; one that is connected already does not."""
        self.client.live.beside.setVisible(bool(port) and self.slot.phase == "connected")
        if port:
            self._aim(host, port)
        elif self.server.server is not None:
            self._aim(*self.server.server.address[:2])

    def is_own(self, values: Mapping[str, Any]) -> bool:
        """Whether a client's values lead to the server of this panel, as one of its users."""
        server, wall = self.server.server, self.server.slot.wall
        if server is None:
            return False
        ports = {server.address[1]} | ({wall.address[1]} if wall is not None else set())
        login = (str(values.get("user", "")), str(values.get("password", "")))
        return values.get("port") in ports and login in {(user.name, user.password) for user in server.setup.users}

    def mend(self, key: str) -> None:
        """Do what a button of the client's red strip says."""
        fields = self.client.form.fields
        if key == "other-end":
            self.give_other_end()
            return
        if key in ("edit", "edit-user"):
            self.slot.dismiss()
            fields.editor("host" if key == "edit" else "user").setFocus()
            return
        if key == "trust-key" and self.slot.trouble is not None:
            words = [word for word in self.slot.trouble.why.replace(",", " ").split() if word.startswith("SHA256:")]
            fields["host_key"] = " ".join([str(fields["host_key"]), *words]).strip()
        fields.set_values(CHANGES.get(key, {}))
        self.client.connect_now()
