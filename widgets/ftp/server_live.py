"""A running FTP server: where it is, who is connected, what moves, what goes wrong on purpose.

Shows a ServerSlot. It must not know services.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets.ftp.server_rules import RulesPage
from widgets.ftp.server_slot import ServerSlot
from widgets.ftp.server_words import SESSION_TITLES, TRANSFER_TITLES, session_row
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button
from widgets.parts.empty import EmptyState
from widgets.parts.fact import Fact
from widgets.parts.flow import FlowBox, Pages
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.tab_pages import TabPages

MOST_ROWS: Final = 5000
SESSION_WIDTHS: Final = (138, 72, 64, 110, 76, 110, 150, 50)
SESSION_NEEDS: Final = ((4, 456), (6, 606), (2, 670), (5, 780))
TRANSFER_WIDTHS: Final = (56, 150, 84, 66, 56, 120, 78)
TRANSFER_NEEDS: Final = ((4, 440), (3, 506), (6, 590))
"""Columns and how wide the table must be for them: what there is no room for is not half shown."""
WALL_TEXT: Final = "Firewall before it"
WALL_TIP: Final = ("Clients then connect through a firewall that lets their connections out and lets none in: "
                   "passive mode works, active mode ends in 425, and the time line says why")  # fmt: skip


class ServerLive(QWidget):
    """The pages. `end_requested(number)`: throw out that session."""

    end_requested = Signal(int)

    def __init__(self, slot: ServerSlot, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slot = slot
        self.warning = Banner("warning")
        self.facts = {
            "where": Fact("Listens on", mono=True), "users": Fact("Users"), "folder": Fact("Folder", mono=True),
            "tls": Fact("TLS"), "key": Fact("Host key", mono=True), "wall": Fact("Through the firewall", mono=True),
        }  # fmt: skip
        self.wall_button = Button(WALL_TEXT, "shield", small=True)
        self.wall_button.setCheckable(True)
        self.wall_button.setToolTip(WALL_TIP)
        self.sessions = RowsModel(SESSION_TITLES, self, numbers=(6, 7))
        self.transfers = RowsModel(TRANSFER_TITLES, self, numbers=(2, 3, 4))
        self.session_table = PlainTable(self.sessions, "Sessions", mono=(0, 2, 3), middle=(0, 2),
                                        widths=SESSION_WIDTHS, needs=SESSION_NEEDS, stretch=3)  # fmt: skip
        self.transfer_table = PlainTable(self.transfers, "Transfers", mono=(0, 1, 6), middle=(1, 6),
                                         widths=TRANSFER_WIDTHS, needs=TRANSFER_NEEDS, stretch=1)  # fmt: skip
        self.rules = RulesPage(slot)
        self.tabs = TabPages("What the server does")
        self._numbers: list[int] = []
        self._lay_out()
        self.wall_button.clicked.connect(slot.switch_wall)
        slot.changed.connect(self.refresh)
        slot.wall_changed.connect(self.refresh)
        slot.transferred.connect(self._on_transferred)
        slot.started.connect(lambda: self.transfers.set_rows(()))
        self.refresh()

    def _lay_out(self) -> None:
        row = FlowBox(spacing=20, line_spacing=6)
        for fact in self.facts.values():
            row.add(fact)
        row.add(self.wall_button)
        row.setContentsMargins(12, 8, 12, 8)
        self._session_pages = Pages(EmptyState("users", "Nobody is connected."), self.session_table)
        self._transfer_pages = Pages(EmptyState("arrow-left-right", "Nothing was transferred yet."),
                                     self.transfer_table)  # fmt: skip
        self.tabs.add("sessions", "Sessions", self._session_pages)
        self.tabs.add("transfers", "Transfers", self._transfer_pages)
        self.tabs.add("rules", "Faults", self.rules)
        strips = QVBoxLayout()
        strips.setContentsMargins(12, 0, 12, 0)
        strips.addWidget(self.warning)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(strips)
        column.addWidget(row)
        column.addWidget(self.tabs, 1)

    def refresh(self) -> None:
        """Show the slot as it is now."""
        slot, server = self.slot, self.slot.server
        self.wall_button.setChecked(slot.wall is not None)
        self.facts["wall"].setVisible(slot.wall is not None)
        if server is None:
            return
        setup = server.setup
        self.facts["where"].set_value(server.where)
        names = [user.name for user in setup.users] + (["anonymous"] if setup.anonymous and not slot.is_sftp else [])
        self.facts["users"].set_value(", ".join(names))
        self.facts["folder"].set_value(setup.root)
        sftp = slot.is_sftp
        self.facts["key"].setVisible(sftp)
        self.facts["tls"].setVisible(not sftp)
        self.wall_button.setVisible(not sftp)
        self.facts["key"].set_value(getattr(server, "fingerprint", ""))
        self.facts["tls"].set_value({"off": "none", "explicit": "explicit", "implicit": "implicit"}[setup.tls]
                                    + (", demanded" if setup.tls_required else ""))  # fmt: skip
        if slot.wall is not None:
            self.facts["wall"].set_value(slot.wall.where)
        if slot.exposed:
            anybody = " Anybody can log in." if setup.anonymous else ""
            self.warning.say("Exposed.", f"{server.where} can be reached from other machines.{anybody}")
        else:
            self.warning.clear()

    def poll(self) -> None:
        """Who is connected, what moves, what fired."""
        facts = self.slot.sessions()
        rows = [session_row(each) for each in facts]
        if rows != self.sessions.rows():
            at = self.session_table.currentIndex().row()
            chosen = self._numbers[at] if 0 <= at < len(self._numbers) else None
            self.sessions.set_rows(rows)
            self._numbers = [each.number for each in facts]
            if chosen in self._numbers:
                self.session_table.selectRow(self._numbers.index(chosen))
        self._session_pages.setCurrentIndex(1 if rows else 0)
        self._transfer_pages.setCurrentIndex(1 if self.transfers.rowCount() else 0)
        self.tabs.set_count("sessions", len(rows))
        self.tabs.set_count("transfers", self.transfers.rowCount())
        self.tabs.set_count("rules", sum(self.slot.counts()))
        self.rules.refresh()

    def chosen_session(self) -> int | None:
        """The number of the session chosen in the table."""
        at = self.session_table.currentIndex().row()
        return self._numbers[at] if 0 <= at < len(self._numbers) else None

    def _on_transferred(self, rows: list[tuple[str, ...]]) -> None:
        bar = self.transfer_table.verticalScrollBar()
        follows = bar.value() >= bar.maximum()
        if self.transfers.rowCount() + len(rows) > MOST_ROWS:
            self.transfers.set_rows([*self.transfers.rows()[-MOST_ROWS // 2:], *rows])
        else:
            self.transfers.append(rows)
        self._transfer_pages.setCurrentIndex(1)
        if follows:
            self.transfer_table.scrollToBottom()
