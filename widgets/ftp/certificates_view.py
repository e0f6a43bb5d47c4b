"""The certificates that a server showed, in plain words. Read on a lab thread. It must not know connections."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.certificates import describe_certificate
from widgets.desk import Desk
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel

ROLES = ("The server's own", "Signed by")
LEAST_ROWS: Final = 6
"""Whose it is, who signed it and until when: what one looks for stands above the fold."""


class CertificatesView(QWidget):
    """A table of facts of each certificate of a chain."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.model = RowsModel(("", ""), self)
        self.table = PlainTable(self.model, "Certificates of the server", widths=(130,), least_rows=LEAST_ROWS,
                                parent=self)  # fmt: skip
        self.table.horizontalHeader().hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        self._shown: tuple[bytes, ...] = ()

    def show_chain(self, chain: tuple[bytes, ...], extra: tuple[tuple[str, str], ...] = ()) -> None:
        """Show a chain (DER), below some facts that are no certificate."""
        self._shown = chain
        self.model.set_rows([list(row) for row in extra])
        if chain:
            self.desk.bridge.call(lambda: chain_rows(chain), lambda rows: self._on_rows(chain, extra, rows),
                                  lambda error: self.model.set_rows([("Certificate", f"can't be read: {error}")]),
                                  owner=self)  # fmt: skip

    def _on_rows(self, chain: tuple[bytes, ...], extra: tuple[tuple[str, str], ...],
                 rows: list[tuple[str, str]]) -> None:  # fmt: skip
        if chain is self._shown:
            self.model.set_rows([*extra, *rows])


def chain_rows(chain: tuple[bytes, ...]) -> list[tuple[str, str]]:
    """Label and text of each fact of each certificate. Raises TLSError."""
    rows: list[tuple[str, str]] = []
    for at, der in enumerate(chain):
        if at:
            rows.append(("", ""))
        rows.append((f"Certificate {at + 1}", ROLES[min(at, 1)]))
        rows += describe_certificate(der).rows()
    return rows
