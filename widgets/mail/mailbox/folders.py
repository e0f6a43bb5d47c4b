"""The folders of an IMAP mailbox: choose one, make, rename and delete them. It must not know mails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.mail.client.imaprows import Folder
from widgets.parts.ask_strip import AskStrip
from widgets.parts.buttons import IconButton
from widgets.parts.flow import FlowBox
from widgets.parts.plain_table import PlainTable

if TYPE_CHECKING:
    from widgets.mail.mailbox.page import MailboxPage

INBOX: Final = "INBOX"


class MailboxFolders(QWidget):
    """The list and its buttons. The page has the rows, `folders`, and the question's place, `ask`."""

    def __init__(self, page: MailboxPage) -> None:
        super().__init__()
        self._page = page
        self.ask = AskStrip()
        self.table = PlainTable(page.folders, "Folders", stretch=0)
        self.new_button = IconButton("plus", "New folder")
        self.rename_button = IconButton("pencil", "Rename the folder")
        self.delete_button = IconButton("trash-2", "Delete the folder")
        row = FlowBox(self.new_button, self.rename_button, self.delete_button, spacing=4)
        row.flow.setContentsMargins(8, 8, 8, 8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(row)
        column.addWidget(self.table, 1)
        self.table.picked.connect(self._on_picked)
        self.new_button.clicked.connect(lambda: self.ask.ask("Name of the new folder", "", "Make it", self.make))
        self.rename_button.clicked.connect(self._ask_name)
        self.delete_button.clicked.connect(self._ask_delete)

    def chosen(self) -> str:
        """The folder of the current row, "" for none."""
        at = self.table.currentIndex().row()
        return str(self._page.folders.row(at)[0]) if 0 <= at < len(self._page.folders.rows()) else ""

    def refresh(self) -> None:
        """Allow what can be done."""
        is_open, own = self._page.slot.phase == "open", self.chosen().upper() not in ("", INBOX)
        self.new_button.setEnabled(is_open)
        for button in (self.rename_button, self.delete_button):
            button.setEnabled(is_open and own)
        if not is_open:
            self.ask.put_away()

    def ask_for_all(self, current: str) -> None:
        """Ask the server which folders there are; `current` is the one that is shown."""
        self._page.slot.do(lambda session: session.folders(), lambda folders: self._on_folders(folders, current))

    def _on_folders(self, folders: list[Folder], current: str) -> None:
        names = sorted((each.name for each in folders if each.selectable), key=lambda name: (name != INBOX, name))
        self._page.folders.set_rows([(name,) for name in names])
        if names:
            self.table.selectRow(names.index(current) if current in names else 0)
        self.refresh()

    def _on_picked(self, row: int) -> None:
        self._page.select(self._page.folders.row(row)[0])
        self.refresh()

    # What is asked for

    def make(self, name: str) -> None:
        """Make a folder."""
        name = name.strip()
        if name:
            current = self.chosen()
            self._page.slot.do(lambda session: session.create(name), lambda _: self.ask_for_all(current))

    def _ask_name(self) -> None:
        before = self.chosen()
        self.ask.ask(f"Another name for {before}", before, "Rename", lambda after: self.rename(before, after))

    def rename(self, before: str, after: str) -> None:
        """Give a folder another name, and open it."""
        after = after.strip()

        def done(_: object) -> None:
            self.ask_for_all(after)
            self._page.select(after)

        if after and after != before:
            self._page.slot.do(lambda session: session.rename(before, after), done)

    def _ask_delete(self) -> None:
        name = self.chosen()
        self.ask.confirm(f"Delete {name} and the mails in it? That can't be undone.", "Delete", "trash-2",
                         lambda: self.delete(name))  # fmt: skip

    def delete(self, name: str) -> None:
        """Delete a folder, and go to INBOX."""

        def done(_: object) -> None:
            self.ask_for_all(INBOX)
            self._page.select(INBOX)

        self._page.slot.do(lambda session: session.delete_folder(name), done)
