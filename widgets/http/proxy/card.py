"""The card of the proxy: the form, and while it runs where it is, how to use it, and what to beware of.

It must not know exchanges.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from protocols.http.proxy.service import DebugProxy
from protocols.record.trace import address_text
from widgets.desk import Desk
from widgets.http.proxy.form import ProxyForm
from widgets.http.proxy.slot import ProxySlot
from widgets.http.saving import Saving
from widgets.http.server.card import FREE_PORT, LOOPBACK
from widgets.http.server.slot import WORDS
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button, IconButton, PrimaryButton
from widgets.parts.card import Card
from widgets.parts.flow import FlowBox
from widgets.parts.paths import ask_place
from widgets.parts.text import ElidedLabel
from widgets.parts.trouble import Mend
from widgets.theme.theme import theme

EXAMPLE: Final = "http://example.org/"


class ProxyCard(Card):
    """The card. `request_wanted`: send the builder's request through it. `why_requested`: explain the slot's trouble.

    example: gives the URL that stands in the curl line.
    """

    request_wanted = Signal()
    why_requested = Signal()

    def __init__(self, desk: Desk, slot: ProxySlot, example: Callable[[], str], parent: QWidget | None = None) -> None:
        super().__init__("Debugging proxy", "waypoints", parent=parent)
        self.desk, self.slot, self._example = desk, slot, example
        self.saving = Saving(desk, self)
        self.form = ProxyForm()
        self.start_button = PrimaryButton("Start", "play")
        self.stop_button = Button("Stop", "square", small=True)
        self.request_button = Button("Send through it", "send", small=True)
        self.request_button.setToolTip("The request of the builder, by way of the proxy")
        self.curl = ElidedLabel("", "mono", mode=Qt.TextElideMode.ElideMiddle)
        self.curl.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.curl.setMinimumWidth(theme().px(250))
        self.copy_button = IconButton("copy", "Copy the curl line")
        self.intercept = QCheckBox("Open HTTPS")
        self.intercept.setAccessibleName("Open HTTPS with the lab's authority")
        self.intercept.setToolTip("From the next CONNECT on, with certificates of the lab's authority")
        self.verify = QCheckBox("Verify")
        self.verify.setToolTip("Whether certificates of origins are checked")
        self.ca_button = Button("Authority\u2026", "certificate", small=True)
        self.ca_button.setToolTip("The lab's CA as a PEM file, for the clients that are to trust it")
        self.warning = Banner("warning")
        self._authority = ""
        self.live = self._live()
        for button in (self.stop_button, self.start_button):
            self.add_action(button)
        self.add(self.form)
        self.add(self.live)
        self._connect()
        self.refresh()

    def _live(self) -> QWidget:
        live, row = QWidget(), FlowBox(spacing=10)
        row.add(self.curl, 1)
        for widget in (self.copy_button, self.request_button, self.intercept, self.verify, self.ca_button):
            row.add(widget)
        column = QVBoxLayout(live)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        column.addWidget(self.warning)
        column.addWidget(row)
        return live

    def _connect(self) -> None:
        slot = self.slot
        slot.changed.connect(self.refresh)
        self.start_button.clicked.connect(self.start)
        self.stop_button.clicked.connect(slot.stop)
        self.request_button.clicked.connect(self.request_wanted)
        self.copy_button.clicked.connect(self.copy_curl)
        self.intercept.toggled.connect(slot.set_intercept)
        self.verify.toggled.connect(slot.set_verify)
        self.warning.acted.connect(self._end_warning)
        self.ca_button.clicked.connect(self.ask_save_authority)
        self.form.strip.mend_requested.connect(self._mend)
        self.form.strip.why_requested.connect(self.why_requested)

    def start(self) -> None:
        """Start a proxy as the form says."""
        self.slot.start(self.form.fields.values())

    def _mend(self, key: str) -> None:
        self.form.set_values({"port": 0} if key == "free-port" else {"host": "127.0.0.1"})
        self.start()

    def _end_warning(self) -> None:
        if self.slot.proxy is not None and self.slot.proxy.intercepting:
            self.slot.set_intercept(False)
        else:
            self.slot.set_verify(True)

    # The authority, the curl line

    def copy_curl(self) -> None:
        """Copy the line that sends a request through the proxy."""
        QGuiApplication.clipboard().setText(self.curl.text())
        self.desk.toast("Copied: paste it into a terminal")

    def curl_line(self) -> str:
        """What to type in a terminal."""
        proxy = self.slot.proxy
        if proxy is None:
            return ""
        if proxy.order.reverse is not None:
            return f"curl {proxy.url}/"
        url = self._example() or EXAMPLE
        trust = f" --cacert {self._authority}" if proxy.intercepting and self._authority else ""
        who = f" -U {shlex.quote(proxy.order.user)}" if proxy.order.user else ""  # curl asks for the password
        who += " --proxy-digest" if who and proxy.order.digest else ""
        return f"curl -x {proxy.url}{who}{trust} {_quoted(url)}"

    def ask_save_authority(self) -> None:
        """Ask where the authority's certificate is to be written."""
        proxy = self.slot.proxy
        if proxy is not None:
            ask_place(self, "Save the lab's authority", "netlab-ca.pem", lambda path: self.desk.bridge.call(
                proxy.ca_pem, lambda pem: self.saving.save(pem, path), owner=self))  # fmt: skip

    def _find_authority(self, proxy: DebugProxy) -> None:
        if proxy.intercepting and not self._authority:
            self.desk.bridge.call(lambda: str(proxy.ca_path()), self._on_authority, lambda _error: None, owner=self)

    def _on_authority(self, path: str) -> None:
        self._authority = path
        self.refresh()

    # Showing

    def refresh(self) -> None:
        """Show the slot as it is now."""
        slot = self.slot
        running, proxy = slot.running, slot.proxy
        sign, word = WORDS[slot.phase]
        if slot.trouble is not None and not running:
            sign, word = "error", slot.trouble.title
        self.set_state(sign, word)
        self.start_button.setVisible(not running)
        self.start_button.setEnabled(slot.phase != "starting")
        self.stop_button.setVisible(running)
        self.form.setVisible(not running)
        self.live.setVisible(running)
        self._tell_trouble()
        reverse = proxy.order.reverse if proxy is not None else None
        chip = f"{address_text(proxy.address)} to {address_text(reverse)}" if proxy and reverse else ""
        self.set_chip((chip or (address_text(proxy.address) if proxy else "")) if running else "")
        if proxy is None or not running:
            return
        self._find_authority(proxy)
        self.curl.setText(self.curl_line())
        for box, on in ((self.intercept, proxy.intercepting), (self.verify, proxy.verifying)):
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)
        self.intercept.setVisible(reverse is None)
        self.verify.setVisible(reverse is None and proxy.intercepting)
        self.ca_button.setVisible(reverse is None and proxy.intercepting)
        self._warn(proxy)

    def _tell_trouble(self) -> None:
        strip, trouble = self.form.strip, self.slot.trouble
        if trouble is None:
            strip.clear()
        elif strip.errno != trouble.errno or not strip.text():
            strip.tell(trouble.title, trouble.why, _mends(trouble.errno), errno=trouble.errno)

    def _warn(self, proxy: DebugProxy) -> None:
        said = proxy.warnings()
        if not said:
            self.warning.clear()
            return
        lead, _, rest = " ".join(said).partition(": ")
        mend = "Let HTTPS through" if proxy.intercepting else "Verify origins" if not proxy.verifying else ""
        self.warning.say(f"{lead}:", rest, mend, "lock" if mend else "")


def _mends(errno: str) -> tuple[Mend, ...]:
    if errno in ("EADDRINUSE", "EACCES"):
        return (FREE_PORT,)
    return (LOOPBACK,) if errno in ("EADDRNOTAVAIL", "EAFNOSUPPORT") else ()


def _quoted(url: str) -> str:
    plain = all(sign.isalnum() or sign in "-._~:/%@" for sign in url)
    return url if plain else "'" + url.replace("'", "%27") + "'"
