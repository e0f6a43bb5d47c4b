"""pymap's mailboxes on our store: what changed is asked of the folder, so nothing is read or compared twice.

Used in the IMAP loop's thread; mail that SMTP delivers in another thread wakes an IDLE at once. It must
not know connections.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from pymap.backend.mailbox import MailboxDataInterface, MailboxSetInterface
from pymap.concurrent import Event
from pymap.context import subsystem
from pymap.exceptions import NotSupportedError
from pymap.flags import FlagOp
from pymap.interfaces.message import CachedMessage
from pymap.listtree import ListTree
from pymap.mailbox import MailboxSnapshot
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import ObjectId
from pymap.parsing.specials.flag import Flag, Seen
from pymap.selected import SelectedMailbox, SelectedSet

from protocols.mail.server.folder import Folder, Gone
from protocols.mail.server.imap_message import Message, letters_of
from protocols.mail.server.store import BadFolderName, Delivery, FolderError, Mailbox

LOOK_S: Final = 1.0
"""How often an IDLE looks whether another program changed the folder: two stat() calls."""


class BoxData(MailboxDataInterface[Message]):
    """One folder, for all sessions that have it open."""

    def __init__(self, folder: Folder) -> None:
        self.folder: Final = folder
        self._loop: Final = asyncio.get_running_loop()
        self._woken: Final = subsystem.get().new_event()
        self._set: Final = SelectedSet()
        self._messages: dict[int, Message] = {}
        self._version = -1
        folder.watchers.append(self._on_change)

    def close(self) -> None:
        """The server stops: watch no more."""
        self.folder.watchers.remove(self._on_change)

    def _on_change(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._woken.set)
        except RuntimeError:
            pass  # the loop is closed

    def _sync(self) -> dict[int, Message]:
        """The messages as they are now."""
        folder = self.folder
        folder.refresh()
        version = folder.version
        changed = folder.changed_since(self._version) if self._version >= 0 else None
        if changed is None:
            self._messages = {entry.uid: Message(folder, entry) for entry in folder.entries()}
        for uid in sorted(changed or ()):
            try:
                self._messages[uid] = Message(folder, folder.entry(uid))
            except Gone:
                self._messages.pop(uid, None)
        self._version = version
        return self._messages

    # pymap's interface

    @property
    def mailbox_id(self) -> ObjectId:
        """See MailboxDataInterface."""
        return ObjectId(b"F" + self.folder.folder_id.encode("ascii"))

    @property
    def readonly(self) -> bool:
        """See MailboxDataInterface."""
        return False

    @property
    def uid_validity(self) -> int:
        """See MailboxDataInterface."""
        return self.folder.validity

    @property
    def selected_set(self) -> SelectedSet:
        """See MailboxDataInterface."""
        return self._set

    async def update_selected(self, selected: SelectedMailbox, *, wait_on: Event | None = None) -> SelectedMailbox:
        """Tell the session what is new; with `wait_on` wait until something may be."""
        if wait_on is not None:
            either = wait_on.or_event(self._woken)
            self._woken.clear()
            if self.folder.version == (selected.mod_sequence or 0):
                await either.wait(timeout=LOOK_S)
        messages, since = self._sync(), selected.mod_sequence
        changed = self.folder.changed_since(since) if since is not None else None
        selected.mod_sequence = self._version
        if changed is None:
            selected.set_messages([messages[uid] for uid in sorted(messages)])
        elif changed:
            there = [messages[uid] for uid in sorted(changed) if uid in messages]
            gone = [uid for uid in changed if uid not in messages and selected.messages.get(uid) is not None]
            selected.add_updates(there, gone)
        return selected

    async def append(self, append_msg: AppendMessage, *, recent: bool = False) -> Message:
        """Take a message of APPEND."""
        delivery = Delivery(self.folder)
        try:
            delivery.write(append_msg.literal)
            [entry] = delivery.keep([self.folder], flags=letters_of(append_msg.flag_set), recent=recent)
        finally:
            delivery.drop()
        if append_msg.when is not None:
            self._date(entry.sub, entry.name, append_msg.when)
        return Message(self.folder, entry)

    def _date(self, sub: str, name: str, when: datetime) -> None:
        try:
            os.utime(self.folder.path / sub / name, (when.timestamp(), when.timestamp()))
        except (OSError, OverflowError, ValueError):
            pass  # a year that no file system has

    async def copy(self, uid: int, destination: BoxData, *, recent: bool = False) -> int | None:
        """Copy a message into another folder."""
        delivery = Delivery(destination.folder)
        try:
            source = self.folder.entry(uid)
            when = self.folder.date(source)
            for chunk in self.folder.chunks(source):
                delivery.write(chunk)
            [entry] = delivery.keep([destination.folder], flags=source.flags, recent=recent)
        except Gone:
            return None
        finally:
            delivery.drop()
        destination._date(entry.sub, entry.name, datetime.fromtimestamp(when))
        return entry.uid

    async def move(self, uid: int, destination: BoxData, *, recent: bool = False) -> int | None:
        """Move a message into another folder: it is there before it is no more here."""
        moved = await self.copy(uid, destination, recent=recent)
        if moved is not None:
            self.folder.remove([uid])
        return moved

    async def get(self, uid: int, cached_msg: CachedMessage) -> Message:
        """One message, as it is or as it was."""
        return self._messages.get(uid) or Message.of_expunged(cached_msg)

    async def update(self, uid: int, cached_msg: CachedMessage, flag_set: frozenset[Flag], mode: FlagOp) -> Message:
        """Change flags."""
        try:
            entry = self.folder.entry(uid)
            flags = mode.apply(Message(self.folder, entry).permanent_flags, flag_set)
            letters = letters_of(flags, entry.flags)
            if letters != entry.flags:
                entry = self.folder.set_flags(uid, letters)
            return Message(self.folder, entry)
        except Gone:
            return Message.of_expunged(cached_msg)

    async def delete(self, uids: Iterable[int]) -> None:
        """Expunge."""
        self.folder.remove(uids)

    async def claim_recent(self, selected: SelectedMailbox) -> None:
        """What is in `new` is recent for this session alone."""
        self.folder.refresh()
        for uid in self.folder.claim():
            selected.session_flags.add_recent(uid)

    async def cleanup(self) -> None:
        """CHECK has nothing to do."""

    async def snapshot(self) -> MailboxSnapshot:
        """The numbers for SELECT and STATUS."""
        messages = self._sync()
        unseen, first, recent = 0, None, 0
        for number, uid in enumerate(sorted(messages), 1):
            if Seen not in messages[uid].permanent_flags:
                unseen += 1
                first = first or number
        recent = sum(1 for entry in self.folder.entries() if entry.sub == "new")
        return MailboxSnapshot(
            self.mailbox_id, False, self.uid_validity, self.permanent_flags, self.session_flags, len(messages), recent,
            unseen, first, self.folder.next_uid,
        )  # fmt: skip


class BoxSet(MailboxSetInterface[BoxData]):
    """One user's folders, for all of their sessions."""

    def __init__(self, box: Mailbox) -> None:
        self.box: Final = box
        self._open: dict[str, BoxData] = {}

    def close(self) -> None:
        """The server stops."""
        for data in self._open.values():
            data.close()
        self._open.clear()

    @property
    def delimiter(self) -> str:
        """Between the levels of a name."""
        return "/"

    async def set_subscribed(self, name: str, subscribed: bool) -> None:
        """SUBSCRIBE and UNSUBSCRIBE."""
        self.box.subscribe(name, subscribed)

    async def list_subscribed(self) -> ListTree:
        """LSUB."""
        wanted = set(self.box.subscribed())
        return ListTree("/").update("INBOX", *(name for name in self.box.folders() if name in wanted))

    async def list_mailboxes(self) -> ListTree:
        """LIST."""
        return ListTree("/").update("INBOX", *self.box.folders())

    async def get_mailbox(self, name: str) -> BoxData:
        """A folder. Raises KeyError."""
        try:
            folder = self.box.folder(name)
        except FolderError:
            raise KeyError(name) from None
        known = self._open.get(name)
        if known is None or known.folder is not folder:
            known = self._open[name] = BoxData(folder)
        return known

    async def add_mailbox(self, name: str) -> ObjectId:
        """CREATE. Raises ValueError for a folder that is there, NotSupportedError for a name that can't be."""
        try:
            return BoxData(self.box.create(name)).mailbox_id
        except BadFolderName as error:
            raise NotSupportedError(str(error)) from error

    async def delete_mailbox(self, name: str) -> None:
        """DELETE. Raises KeyError."""
        self.box.delete(name)
        self._forget(name)

    async def rename_mailbox(self, before: str, after: str) -> None:
        """RENAME. Raises KeyError, ValueError."""
        try:
            self.box.rename(before, after)
        except BadFolderName as error:
            raise NotSupportedError(str(error)) from error
        for name in [one for one in self._open if one == before or one.startswith(f"{before}/")]:
            self._forget(name)

    def _forget(self, name: str) -> None:
        if name in self._open:
            self._open.pop(name).close()


def special_use(name: str) -> list[Any]:
    """The attribute of RFC 6154 for a folder with such a name."""
    return [name.encode()] if name in ("Sent", "Drafts", "Trash", "Junk") else []
