"""MailStore: the users' mailboxes on disk, one Maildir each, with its folders as Maildir++ has them.

Mail comes in by `Delivery`: it is written to `tmp` and moved into `new` in one step, so that a mail is there
as a whole or not at all, whatever happens to the program. It must not know protocols.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from protocols.mail.server.folder import Entry, Folder, unique_name
from protocols.mail.server.setup import FOLDERS

HELD_BYTES: Final = 512 << 10
_SUBSCRIPTIONS: Final = "subscriptions"


class FolderError(ValueError):
    """A folder that can't be made, named so or deleted; the message says why."""


class BadFolderName(FolderError):
    """A name that no folder can have."""


class Mailbox:
    """One user's folders. INBOX is the Maildir itself, the others are `.Name` in it."""

    def __init__(self, path: Path, user: str) -> None:
        self.path: Final = path
        self.user: Final = user
        self.inbox: Final = Folder(path)
        self._lock = threading.RLock()
        self._open: dict[str, Folder] = {}
        self.maildrop = threading.Lock()
        """Held by the one POP3 session that the mailbox may have (RFC 1939 section 4)."""

    def folder(self, name: str) -> Folder:
        """A folder by name, "/" between levels. Raises KeyError."""
        if name.upper() == "INBOX":
            return self.inbox
        with self._lock:
            if name not in self._open:
                place = self._place(name)
                if not (place / "cur").is_dir():
                    raise KeyError(name)
                self._open[name] = Folder(place)
            return self._open[name]

    def folders(self) -> list[str]:
        """The names of all folders but INBOX, sorted."""
        return sorted(
            one.name[1:].replace(".", "/")
            for one in self.path.iterdir()
            if one.name.startswith(".") and len(one.name) > 1 and (one / "cur").is_dir()
        )

    def _place(self, name: str) -> Path:
        if not name or any(one in name for one in "\0.\\") or name.startswith("/") or name.endswith("/"):
            raise BadFolderName(f"{name!r} can't be the name of a folder: dots and backslashes have a meaning there.")
        if "//" in name or len(name.encode()) > 200:
            raise BadFolderName(f"{name[:40]!r} can't be the name of a folder.")
        return self.path / f".{name.replace('/', '.')}"

    def create(self, name: str) -> Folder:
        """Make a folder. Raises FolderError when it exists or can't have that name."""
        with self._lock:
            place = self._place(name)
            if name.upper() == "INBOX" or (place / "cur").is_dir():
                raise FolderError(f"There is a folder {name} already.")
            self._open[name] = Folder(place)
            return self._open[name]

    def delete(self, name: str) -> None:
        """Delete a folder and all in it. Raises KeyError."""
        with self._lock:
            place = self.folder(name).path
            if place == self.path:
                raise FolderError("INBOX can't be deleted.")
            self._open.pop(name, None)
            shutil.rmtree(place, ignore_errors=True)

    def rename(self, before: str, after: str) -> None:
        """Rename a folder and those below it. Raises KeyError, FolderError."""
        with self._lock:
            self.folder(before)
            if (self._place(after) / "cur").is_dir():
                raise FolderError(f"There is a folder {after} already.")
            for name in [one for one in self.folders() if one == before or one.startswith(f"{before}/")]:
                os.rename(self._place(name), self._place(after + name[len(before) :]))
                self._open.pop(name, None)

    def subscribed(self) -> list[str]:
        """The folders that a client wants to see."""
        try:
            return (self.path / _SUBSCRIPTIONS).read_text("utf-8").splitlines()
        except FileNotFoundError:
            return self.folders()

    def subscribe(self, name: str, wanted: bool) -> None:
        """Remember that a client wants to see a folder, or does not."""
        with self._lock:
            names = [one for one in self.subscribed() if one != name]
            if wanted:
                names.append(name)
            (self.path / _SUBSCRIPTIONS).write_text("".join(f"{one}\n" for one in names), "utf-8")


class MailStore:
    """The mailboxes of all users below one folder, made where they are missing. Raises OSError.

    root None: a temporary folder that `close` removes.
    """

    def __init__(self, root: Path | None, users: Iterable[str]) -> None:
        self._temporary = root is None
        self.root: Final = Path(tempfile.mkdtemp(prefix="netlab-mail-")) if root is None else root
        self.root.mkdir(parents=True, exist_ok=True)
        self.boxes: Final[dict[str, Mailbox]] = {}
        for user in users:
            self.add(user)

    def add(self, user: str) -> Mailbox:
        """Make a user's mailbox, with the folders that mail programs expect; or open the one that is there."""
        path = self.root / user
        fresh = not (path / "cur").is_dir()
        box = self.boxes[user] = Mailbox(path, user)
        for name in FOLDERS if fresh else ():
            box.create(name)
        return box

    def close(self) -> None:
        """Let go of it; a temporary store is removed."""
        if self._temporary:
            shutil.rmtree(self.root, ignore_errors=True)


class Delivery:
    """A mail on its way into one folder or several: `write`, then `keep` or `drop`. Used by one thread at a time.

    A small one stays in memory until it is kept: then all of its file's calls are made in one go. sync: `keep`
    waits for the disk, so that the mail outlives the machine's end, too, and not the program's alone.
    Raises OSError from all three when the disk is full and the like; then `drop` it.
    """

    def __init__(self, folder: Folder, *, sync: bool = False) -> None:
        self._folder: Final = folder
        self._sync: Final = sync
        self._path: Path | None = None
        self._file = -1
        self._held: list[bytes] = []
        self.size = 0

    @property
    def quick(self) -> bool:
        """Whether `keep` takes no longer than a few calls."""
        return not self._sync and self.size <= HELD_BYTES

    def write(self, data: bytes) -> None:
        """Add bytes, CRLF between lines."""
        self._held.append(data)
        self.size += len(data)
        if self._file >= 0 or self.size > HELD_BYTES:
            self._spill()

    def _spill(self) -> None:
        if self._path is None:
            self._path = self._folder.path / "tmp" / unique_name()
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        view = memoryview(b"".join(self._held))
        self._held.clear()
        while view:
            view = view[os.write(self._file, view) :]

    def _shut(self) -> None:
        if self._file >= 0:
            file, self._file = self._file, -1
            os.close(file)

    def keep(self, folders: Iterable[Folder], *, flags: str = "", recent: bool = True) -> list[Entry]:
        """Put it into each folder; it is there as a whole when this returns."""
        self._spill()
        assert self._path is not None
        if self._sync:
            os.fsync(self._file)
        self._shut()
        targets = list(folders)
        kept = [one.put(self._path, self.size, flags=flags, recent=recent, keep=True) for one in targets[:-1]]
        kept.append(targets[-1].put(self._path, self.size, flags=flags, recent=recent))
        self._path = None
        return kept

    def drop(self) -> None:
        """It does not come after all, or it is kept already."""
        self._held.clear()
        self._shut()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None
