"""How a request goes: redirects, version, limits, the way through proxies, and what is believed of a server.

It must not know libcurl beyond what it was built with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from protocols.http.client.handle import features
from protocols.http.request import Limits, Proxy, Request, RequestError
from widgets.parts.fields import Choice, Fields
from widgets.parts.flow import FlowBox, scrolled
from widgets.parts.text import Label

SECRETS: Final = ("proxy_password", "key_password")
TRUSTS: Final = (
    Choice("lab", "System and this lab", "The system's authorities, and those of labs that run now"),
    Choice("system", "System only"),
    Choice("file", "A file (PEM)", "Only the authorities in it"),
    Choice("none", "Check nothing", "Whoever answers is believed: insecure"),
)


def version_choices() -> tuple[Choice, ...]:
    """The versions of HTTP that can be offered."""
    missing = {name: "" if name in features() else "not in this libcurl" for name in ("HTTP2", "HTTP3")}
    return (
        Choice("auto", "Best of both"), Choice("1.0", "HTTP/1.0"), Choice("1.1", "HTTP/1.1"),
        Choice("2", "HTTP/2", "", missing["HTTP2"]), Choice("3", "HTTP/3", "", missing["HTTP3"]),
    )  # fmt: skip


class OptionsPage(QWidget):
    """The fields. `changed`: one is new."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields = Fields(self)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(10)
        for title, fill in (("Answer", self._answer), ("Limits", self._limits), ("TLS", self._tls),
                            ("Proxy", self._proxy), ("Address", self._address)):  # fmt: skip
            column.addWidget(_section(title, fill))
        column.addStretch(1)
        for name in SECRETS:
            editor = self.fields.editor(name)
            assert isinstance(editor, QLineEdit)
            editor.setEchoMode(QLineEdit.EchoMode.PasswordEchoOnEdit)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(body))
        self.fields.changed.connect(self._on_changed)
        self.fill(Request())

    def _answer(self, row: FlowBox) -> None:
        add = self.fields
        row.add(add.choice("version", "Version", version_choices()))
        row.add(add.check("follow", "Follow redirects", tip="Each hop is a request of its own"))
        row.add(add.check("decode", "Compression", tip="Ask for gzip and the like, and undo it"))
        row.add(add.check("http09", "HTTP/0.9", tip="Take an answer without a status line"))

    def _limits(self, row: FlowBox) -> None:
        add = self.fields
        row.add(add.number("timeout_s", "All in all", 60, (0, 86_400), suffix=" s", zero="no limit"))
        row.add(add.number("connect_s", "To connect", 20, (0, 3_600), suffix=" s", zero="no limit"))
        row.add(add.number("redirects", "Redirects", 20, (0, 1_000)))
        row.add(add.line("max_bytes", "Body, bytes", hint="no limit", characters=9))

    def _tls(self, row: FlowBox) -> None:
        add = self.fields
        row.add(add.choice("trust", "Who is believed", TRUSTS))
        row.add(add.line("ca_file", "Authorities (PEM)", hint="Path", characters=18), 1)
        row.add(add.line("certificate", "My certificate (PEM)", hint="Path; none is shown", characters=18), 1)
        row.add(add.line("key", "My key (PEM)", hint="In the same file", characters=14), 1)
        row.add(add.line("key_password", "Key's password", characters=10), 1)

    def _proxy(self, row: FlowBox) -> None:
        add = self.fields
        row.add(add.line("proxy", "Through", hint="http://127.0.0.1:8888, socks5h://\u2026", characters=26), 1)
        row.add(add.line("proxy_user", "User", characters=9), 1)
        row.add(add.line("proxy_password", "Password", characters=9), 1)
        row.add(add.check("proxy_digest", "Digest"))

    def _address(self, row: FlowBox) -> None:
        add = self.fields
        row.add(add.line("resolve", "Resolve", hint="host:port:address", characters=16,
                         tip="Take this address for a name; several with commas"), 1)  # fmt: skip
        row.add(add.line("connect_to", "Connect to", hint="host:port:host:port", characters=18,
                         tip="Go elsewhere, say the same; several with commas"), 1)  # fmt: skip
        row.add(add.line("target", "Request target", hint="From the URL", characters=12,
                         tip="What stands in the request line in place of the path: * for OPTIONS"), 1)  # fmt: skip
        row.add(add.line("without", "Leave out", hint="Accept, User-Agent", characters=16,
                         tip="Headers that libcurl adds of itself and shall not"), 1)  # fmt: skip

    def _on_changed(self, _key: str) -> None:
        self._suit()
        self.changed.emit()

    def _suit(self) -> None:
        self.fields.show("ca_file", self.fields["trust"] == "file")
        for key in ("key", "key_password"):
            self.fields.show(key, bool(self.fields["certificate"].strip()))
        for key in ("proxy_user", "proxy_password", "proxy_digest"):
            self.fields.show(key, bool(self.fields["proxy"].strip()))

    # Values

    def limits(self) -> Limits:
        """The limits as edited. Raises RequestError."""
        text = self.fields["max_bytes"].replace("\u202f", "").replace(" ", "").replace("_", "")
        if text and not (text.isascii() and text.isdecimal() and len(text) < 19):
            raise RequestError(f"{text!r} is no number of bytes")
        return Limits(timeout_s=self.fields["timeout_s"] or None, connect_timeout_s=self.fields["connect_s"] or None,
                      max_bytes=int(text) if text else None, max_redirects=self.fields["redirects"])  # fmt: skip

    def proxy(self) -> Proxy:
        """The proxy as edited."""
        url = self.fields["proxy"].strip()
        if not url:
            return Proxy()
        return Proxy(url, self.fields["proxy_user"], self.fields["proxy_password"], self.fields["proxy_digest"])

    def words(self, key: str) -> tuple[str, ...]:
        """A field of several words with commas between."""
        return tuple(word.strip() for word in self.fields[key].split(",") if word.strip())

    def fill(self, request: Request) -> None:
        """Show a request's options."""
        trust, limits = request.trust, request.limits
        believed = "none" if not trust.verify else "file" if trust.ca_file else "lab"
        self.fields.set_values({
            "version": request.version, "follow": request.follow, "decode": request.decode, "http09": request.http09,
            "timeout_s": ceil(limits.timeout_s or 0), "connect_s": ceil(limits.connect_timeout_s or 0),
            "redirects": limits.max_redirects, "max_bytes": str(limits.max_bytes or ""), "trust": believed,
            "ca_file": trust.ca_file, "certificate": trust.certificate, "key": trust.key,
            "key_password": trust.key_password, "proxy": request.proxy.url, "proxy_user": request.proxy.user,
            "proxy_password": request.proxy.password, "proxy_digest": request.proxy.digest,
            "resolve": ", ".join(request.resolve), "connect_to": ", ".join(request.connect_to),
            "target": request.target, "without": ", ".join(request.without),
        })  # fmt: skip
        self._suit()

    def values(self) -> dict[str, Any]:
        """What the next start finds again: no secret."""
        return {key: value for key, value in self.fields.values().items() if key not in SECRETS}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Take what `values` gave."""
        self.fields.set_values({key: value for key, value in values.items() if key not in SECRETS})
        self._suit()


def _section(title: str, fill: Callable[[FlowBox], None]) -> QWidget:
    box = QWidget()
    lines = QVBoxLayout(box)
    lines.setContentsMargins(0, 0, 0, 0)
    lines.setSpacing(4)
    lines.addWidget(Label(title, "section"))
    flow = FlowBox(spacing=12)
    fill(flow)
    lines.addWidget(flow)
    return box
