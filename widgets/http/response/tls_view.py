"""The TLS tab: version, cipher, and the peer's chain in plain words.

Certificates are read on a lab thread. It must not know how the connection was made.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.http.exchange import Exchange, TLSFacts
from widgets.desk import Desk
from widgets.parts.fact import Fact
from widgets.parts.flow import FlowBox
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.text import Label

ROLES = ("The server's own", "Signed by", "Signed by")


class TLSView(QWidget):
    """The facts of one connection."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.version, self.cipher = Fact("Version"), Fact("Cipher", mono=True)
        self.alpn, self.verified = Fact("Agreed protocol (ALPN)"), Fact("Certificate")
        self.said = Label("", "body", "text2", wrap=True)
        self.model = RowsModel(("", ""), self)
        self.table = PlainTable(self.model, "Certificates of the server", widths=(130,))
        self.table.horizontalHeader().hide()
        facts = FlowBox(spacing=20, line_spacing=6)
        facts.flow.setContentsMargins(12, 10, 12, 6)
        for fact in (self.version, self.cipher, self.alpn, self.verified):
            facts.add(fact)
        self.said.setContentsMargins(12, 0, 12, 8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(facts)
        column.addWidget(self.said)
        column.addWidget(self.table, 1)
        self._shown: TLSFacts | None = None

    def show_exchange(self, exchange: Exchange) -> None:
        """Show what the connection of a hop agreed on."""
        facts = exchange.tls
        if facts is None or facts == self._shown:
            return
        self._shown = facts
        self.version.set_value(facts.version or "unknown")
        self.cipher.set_value(facts.cipher or "unknown")
        self.alpn.set_value(facts.alpn or "none")
        words = {True: ("Verified", "running"), False: ("Not verified", "warning"), None: ("Under way", "")}
        self.verified.set_value(*words[facts.verified])
        self.said.setText(_sentence(facts))
        self.model.set_rows([])
        self.desk.bridge.call(lambda: chain_rows(facts), self._on_rows, self._on_failed, owner=self)

    def _on_rows(self, rows: list[tuple[str, str]]) -> None:
        self.model.set_rows(rows)

    def _on_failed(self, error: BaseException) -> None:
        self.said.setText(f"The chain can't be read: {error}")


def _sentence(facts: TLSFacts) -> str:
    if facts.verified is False:
        return "Whoever answered was believed without a look: anybody on the way could have."
    count = len(facts.chain)
    if not count:
        return "The server showed no certificate."
    also = "" if count == 1 else f" with {count - 1} that vouch{'es' if count == 2 else ''} for it"
    return f"The server showed a certificate{also}, and its name and dates fit."


def chain_rows(facts: TLSFacts) -> list[tuple[str, Any]]:
    """Label and text of each fact of each certificate, the server's own first."""
    rows: list[tuple[str, Any]] = []
    for at, certificate in enumerate(facts.certificates()):
        if at:
            rows.append(("", ""))
        rows.append((f"Certificate {at + 1}", ROLES[min(at, len(ROLES) - 1)] if at else ROLES[0]))
        rows += certificate.rows()
    return rows
