"""The two sides of the panes: this machine, and the server of a client slot. All work runs on lab threads.

It must not know widgets.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject

from protocols.ftp.client import localtree, trouble
from protocols.ftp.client.remote import Remote, join, parent
from protocols.ftp.client.removing import remove_all
from protocols.ftp.listing.entry import Listing
from protocols.record.explain import Explained
from widgets.bridge import Bridge
from widgets.ftp.client_slot import ClientSlot

Done = Callable[[Any], object]
Failed = Callable[[Explained], object]


class Here(QObject):
    """This machine. start: the folder to begin with."""

    side = "here"

    def __init__(self, bridge: Bridge, start: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge, self._start = bridge, start

    def ready(self) -> bool:
        """Always."""
        return True

    def full(self, typed: str, folder: str) -> str:
        """What a person typed as a path: from the folder shown on, "~" is home, without dots."""
        return os.path.normpath(os.path.join(folder or self._start, os.path.expanduser(typed)))

    def _do(self, path: str, work: Callable[[], Any], done: Done, failed: Failed) -> None:
        self._bridge.call(work, done, lambda error: failed(localtree.told_here(error, path).told), owner=self)

    def look(self, path: str, done: Callable[[Listing], object], failed: Failed) -> None:
        """List a folder."""
        place = Path(path) if path else self._start
        self._do(str(place), lambda: localtree.list_here(place), done, failed)

    def make_folder(self, path: str, done: Done, failed: Failed) -> None:
        """mkdir."""
        self._do(path, lambda: localtree.make_here(Path(path)), done, failed)

    def rename(self, path: str, name: str, done: Done, failed: Failed) -> None:
        """Rename within the folder."""
        self._do(path, lambda: localtree.rename_here(Path(path), name), done, failed)

    def remove(self, nodes: Sequence[tuple[str, bool]], done: Done, failed: Failed) -> None:
        """Delete."""
        def work() -> None:
            for path, _ in nodes:
                localtree.remove_here(Path(path))

        self._do(nodes[0][0] if nodes else "", work, done, failed)

    def change_mode(self, path: str, mode: int, done: Done, failed: Failed) -> None:
        """chmod."""
        self._do(path, lambda: os.chmod(path, mode), done, failed)

    def cancel(self) -> None:
        """Nothing here takes long."""


class There(QObject):
    """The server that the slot's client is connected to."""

    side = "there"

    def __init__(self, slot: ClientSlot, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._slot = slot

    def ready(self) -> bool:
        """While it is connected."""
        return self._slot.client is not None and self._slot.phase == "connected"

    def full(self, typed: str, folder: str) -> str:
        """What a person typed as a path: from the folder shown on. Other systems' paths are the server's to read."""
        if not folder.startswith("/") or not typed:
            return typed
        return posixpath.normpath(posixpath.join(folder, typed))

    def _do(self, act: Callable[[Remote], Any], done: Done, failed: Failed) -> None:
        self._slot.order(act, done, failed, self, asked=True)

    def look(self, path: str, done: Callable[[Listing], object], failed: Failed) -> None:
        """List a folder by its full path."""

        def act(remote: Remote) -> Listing:
            full = path if path.startswith("/") else remote.folder(path)
            return remote.listing(full)._replace(path=full or "/")

        self._slot.order(act, done, failed, self)

    def make_folder(self, path: str, done: Done, failed: Failed) -> None:
        """mkdir."""
        self._do(lambda remote: remote.make_folder(path), done, failed)

    def rename(self, path: str, name: str, done: Done, failed: Failed) -> None:
        """Rename within the folder, or to a path."""
        to = name if name.startswith("/") else join(parent(path), name)

        def act(remote: Remote) -> None:
            if to.casefold() != path.casefold() and remote.find(to) is not None:
                raise trouble.trouble("name taken", path=to)  # most servers would write over it
            remote.rename(path, to)

        self._do(act, done, failed)

    def remove(self, nodes: Sequence[tuple[str, bool]], done: Done, failed: Failed) -> None:
        """Delete, folders with all that is in them."""

        def act(remote: Remote) -> None:
            for path, folder in nodes:
                if folder:
                    remove_all(remote, path)
                else:
                    remote.remove(path)

        self._do(act, done, failed)

    def change_mode(self, path: str, mode: int, done: Done, failed: Failed) -> None:
        """chmod."""
        self._do(lambda remote: remote.change_mode(path, mode), done, failed)

    def cancel(self) -> None:
        """End what is under way."""
        self._slot.cancel()
