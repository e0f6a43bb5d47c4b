"""The identity tab: what was asked for, what was answered with, and each hash on the way, one line after the other.

It must not know how they are computed.
"""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.http.exchange import Exchange
from protocols.http.identity import Told, identity_steps
from protocols.http.request import Auth, Proxy, Request
from widgets.http.exchange.sent import Sent
from widgets.parts.plain_table import SIGN_ROLE, TONE_ROLE, PlainTable
from widgets.parts.rows_model import RowsModel

_TONES: Final = {"done": "running", "error": "error"}


class ToldModel(RowsModel):
    """The lines. A check has a sign."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(("", "How it reads"), parent)
        self._told: list[Told] = []

    def show_told(self, told: list[Told]) -> None:
        """Show other lines."""
        if told != self._told:
            self._told = told
            self.set_rows([(one.name, one.text) for one in told])

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if index.isValid() and (sign := self._told[index.row()].sign):
            if role == SIGN_ROLE and index.column() == 0:
                return sign
            if role == TONE_ROLE:
                return _TONES[sign]
        return super().data(index, role)


class IdentityView(QWidget):
    """The lines of an exchange. `has(sent, exchange)`: whether anybody spoke of an identity."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ToldModel(self)
        self.table = PlainTable(self.model, "Identity, step by step", mono=(1,), widths=(190,), stretch=1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)

    def show_exchange(self, sent: Sent, exchange: Exchange) -> None:
        """Show who asked, and how it was proved."""
        self.model.show_told(told_of(sent, exchange))


def told_of(sent: Sent, exchange: Exchange) -> list[Told]:
    """The lines of an exchange; none where nobody spoke of an identity."""
    among = sent.exchanges
    before = among[: among.index(exchange)] if exchange in among else []
    request = sent.request
    if not isinstance(request, Request):
        return identity_steps(exchange, before, Auth(), Proxy())
    return identity_steps(exchange, before, request.auth, request.proxy)
