"""What can be done to a mail of the list: flags, delete, move, copy, append; POP3 marks and takes marks back.

It must not know how the list is filled.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from protocols.mail.client.imaprows import Section
from protocols.mail.client.listing import Listed
from protocols.mail.message.message import Message
from protocols.numbers import size_text
from widgets.parts.buttons import Button
from widgets.parts.paths import ask_file, ask_folder
from widgets.timeline.wording import visible

if TYPE_CHECKING:
    from widgets.mail.mailbox.page import MailboxPage

APPEND_BYTES = 64 << 20
PARTS_OFFERED = 50
PLAIN = "application/octet-stream"


class MailboxDoings:
    """The buttons over the list, and what they do to the chosen mail."""

    def __init__(self, page: MailboxPage) -> None:
        self._page = page
        self.flag_button = Button("Flag", "bookmark", small=True)
        self.unread_button = Button("Unread", "mail", small=True)
        self.delete_button = Button("Delete", "trash-2", small=True)
        self.undo_button = Button("Take marks back", "undo-2", small=True)
        self.move_button = Button("Move to", "folder-open", small=True)
        self.copy_button = Button("Copy to", "copy", small=True)
        self.parts_button = Button("Parts", "layers", small=True)
        self.parts_button.setToolTip("What the mail consists of, as the server tells it; fetch one part alone")
        self.parts_menu = QMenu(self.parts_button)
        self.append_button = Button("Append\u2026", "upload", small=True)
        self.menu, self.copy_menu = QMenu(self.move_button), QMenu(self.copy_button)
        self.move_button.setMenu(self.menu)
        self.copy_button.setMenu(self.copy_menu)
        self.menu.aboutToShow.connect(lambda: self._fill(self.menu, self.move))
        self.copy_menu.aboutToShow.connect(lambda: self._fill(self.copy_menu, self.copy))
        self.flag_button.clicked.connect(lambda: self._toggle("\\Flagged"))
        self.unread_button.clicked.connect(lambda: self._toggle("\\Seen"))
        self.delete_button.clicked.connect(self.delete)
        self.undo_button.clicked.connect(self.take_back)
        self.parts_button.clicked.connect(self.ask_parts)
        self.append_button.clicked.connect(lambda: ask_file(page, "Mail to append", self.append))

    def buttons(self) -> tuple[Button, ...]:
        """All of them, in order."""
        return (self.flag_button, self.unread_button, self.delete_button, self.undo_button, self.move_button,
                self.copy_button, self.parts_button, self.append_button)  # fmt: skip

    def chosen(self) -> Listed | None:
        """The mail of the current row."""
        return self._page.model.listed(self._page.list.currentIndex().row())

    def refresh(self) -> None:
        """Allow what the view allows."""
        page = self._page
        imap, is_open, listed = page.protocol == "imap", page.slot.phase == "open", self.chosen()
        for button in (self.flag_button, self.unread_button, self.move_button, self.copy_button, self.parts_button,
                       self.append_button):  # fmt: skip
            button.setVisible(imap)
        self.undo_button.setVisible(not imap)
        for button in (self.flag_button, self.unread_button, self.delete_button, self.move_button, self.copy_button,
                       self.parts_button):  # fmt: skip
            button.setEnabled(is_open and listed is not None)
        self.append_button.setEnabled(is_open and imap)
        self.undo_button.setEnabled(is_open and any(entry.deleted for entry in page.entries.values()))
        seen = listed is None or listed.seen
        self.unread_button.setText("Unread" if seen else "Read")

    # IMAP

    def _toggle(self, flag: str) -> None:
        listed = self.chosen()
        if listed is not None:
            self.set_flag(listed, flag, on=flag not in listed.flags)

    def set_flag(self, listed: Listed, flag: str, *, on: bool) -> None:
        """Set or clear a flag of a mail."""
        flags = tuple(each for each in listed.flags if each != flag) + ((flag,) if on else ())

        def done(_: object) -> None:
            self._page.model.fill([listed.with_flags(flags)])
            self.refresh()

        self._page.slot.do(lambda session: session.flag(listed.uid, flag, on), done)

    def _fill(self, menu: QMenu, act: Callable[[str], None]) -> None:
        menu.clear()
        for (name,) in self._page.folders.rows():
            menu.addAction(name.replace("&", "&&")).triggered.connect(partial(_to, act, name))

    def copy(self, folder: str) -> None:
        """Copy the chosen mail into a folder."""
        listed, page = self.chosen(), self._page
        if listed is not None:
            page.slot.do(lambda session: session.copy(listed.uid, folder),
                         lambda _: page.desk.toast(f"A copy lies in {folder}"))  # fmt: skip

    def move(self, folder: str) -> None:
        """Move the chosen mail into a folder."""
        listed = self.chosen()
        if listed is not None:
            self._page.slot.do(lambda session: session.move(listed.uid, folder), self._changed)

    def _changed(self, _: object) -> None:
        self._page.message.clear()
        self._page.poll()
        if self._page.model.searched:
            self._page.look_for()

    # One part alone

    def ask_parts(self) -> None:
        """Ask the server what the chosen mail consists of (BODYSTRUCTURE), and offer each part."""
        listed = self.chosen()
        if listed is not None:
            self._page.slot.do(lambda session: session.sections(listed.uid), partial(self._offer, listed))

    def _offer(self, listed: Listed, sections: list[Section]) -> None:
        self.parts_menu.clear()
        for each in sections[:PARTS_OFFERED]:
            words = visible(f"{each.number}  {each.kind}  {each.file_name}".rstrip()).replace("&", "&&")
            action = self.parts_menu.addAction(f"{words}, {size_text(each.size)}")
            action.triggered.connect(partial(self._ask_folder, listed, each))
        if sections:
            below = self.parts_button.mapToGlobal(self.parts_button.rect().bottomLeft())
            self.parts_menu.popup(below)

    def _ask_folder(self, listed: Listed, section: Section, _checked: bool = False) -> None:
        ask_folder(self._page, "Folder for the part", lambda folder: self.save_part(listed, section, folder))

    def save_part(self, listed: Listed, section: Section, folder: Path) -> None:
        """Fetch one part alone, decode it, and save it under a name made safe."""

        def then(data: bytes) -> Path:
            encoding = section.encoding if section.encoding.isprintable() else ""
            message = Message(f"Content-Type: {PLAIN}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + data)
            return message.save(message.root, folder, section.file_name or f"part-{section.number}")

        self._page.slot.do(lambda session: session.section(listed.uid, section.number),
                           lambda path: self._page.desk.toast(f"Saved as {path.name}"), then=then)  # fmt: skip

    def append(self, path: Path) -> None:
        """Put the mail in a file into the folder that is open."""
        page = self._page
        selected = page.slot.session.selected if page.slot.session is not None else None
        if selected is None:
            return

        def work() -> bytes:
            with path.open("rb") as file:
                data = file.read(APPEND_BYTES + 1)
            if len(data) > APPEND_BYTES:
                raise OSError(27, f"has more than {APPEND_BYTES} bytes", str(path))
            return data

        def read(data: bytes) -> None:
            page.slot.do(lambda session: session.append(selected.name, data), lambda _: page.poll())

        def failed(error: BaseException) -> None:
            page.desk.decline(f"{path.name} can't be read: {error}")

        page.desk.bridge.call(work, read, failed, owner=page)

    # Both

    def delete(self) -> None:
        """Delete the chosen mail; by POP3 it is only marked until QUIT."""
        listed, page = self.chosen(), self._page
        if listed is None:
            return
        if page.protocol == "imap":
            page.slot.do(lambda session: session.delete(listed.uid), self._changed)
            return

        def marked(_: object) -> None:
            page.entries[listed.number].deleted = True
            page.model.fill([listed.with_flags(("\\Seen", "\\Deleted"))])
            page.said.setText("Marked as deleted: it goes at Quit, and stays if the line is cut")
            self.refresh()

        page.slot.do(lambda session: session.delete(listed.number), marked)

    def take_back(self) -> None:
        """Take all marks back (RSET)."""
        page = self._page

        def done(_: object) -> None:
            marked = [entry for entry in page.entries.values() if entry.deleted]
            for entry in marked:
                entry.deleted = False
            known = [page.model.listed(page.model.count - entry.number) for entry in marked]
            page.model.fill([each.with_flags(("\\Seen",)) for each in known if each is not None])
            page.said.setText("No mail is marked as deleted any more")
            self.refresh()

        page.slot.do(lambda session: session.reset(), done)


def _to(act: Callable[[str], None], folder: str, _checked: bool = False) -> None:
    act(folder)
