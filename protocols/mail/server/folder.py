"""Folder: one Maildir folder in memory: which messages it has, their numbers, flags and sizes.

The list is read once and then kept; the folder is read again only when another program changed it, which
the times of `new` and `cur` tell. Messages that come through here are written with CRLF and say so in
their names (S and W alike), so they are served byte for byte. Used by several threads. It must not know
who asks: SMTP delivers, POP3 and IMAP read.
"""

from __future__ import annotations

import os
import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protocols.mail.server.uidlist import UidList, key_of

CHUNK_BYTES: Final = 256 << 10
_UNSURE_NS: Final = 50_000_000
"""A folder changed so shortly before it was read may change again without its time telling."""
_CHANGES: Final = 20_000


class Gone(LookupError):
    """The message is not there any more: somebody deleted it."""


@dataclass(slots=True)
class Entry:
    """One message. sub: "new" or "cur". name: of its file. flags: Maildir letters, sorted ("FS").

    size: bytes with CRLF, -1 while nobody has asked; exact: the file itself has CRLF.
    """

    uid: int
    key: str
    sub: str
    name: str
    flags: str
    size: int = -1
    exact: bool = False


class Folder:
    """The messages of one folder, oldest first. Every method may be called by any thread.

    version: grows with every change. watchers: called after a change, in the thread that made it.
    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._place: Final = str(path)
        self.version = 0
        self.watchers: list[Callable[[], None]] = []
        self._lock = threading.RLock()
        for sub in ("tmp", "new", "cur"):
            (path / sub).mkdir(parents=True, exist_ok=True)
        self._list = UidList.of(path)
        self._entries: dict[int, Entry] = {}
        self._order: list[int] = []
        self._seen: tuple[int, int] = (-1, -1)
        self._changes: deque[tuple[int, int]] = deque(maxlen=_CHANGES)
        self.refresh()

    @property
    def validity(self) -> int:
        """UIDVALIDITY (RFC 9051 section 2.3.1.1)."""
        return self._list.validity

    @property
    def next_uid(self) -> int:
        """The number that the next message gets."""
        return self._list.next_uid

    @property
    def folder_id(self) -> str:
        """32 hexadecimal digits that never change."""
        return self._list.folder_id

    # The list

    def refresh(self, *, force: bool = False) -> None:
        """Look whether another program changed the folder; read it again if so."""
        with self._lock:
            try:
                seen = (os.stat(self.path / "new").st_mtime_ns, os.stat(self.path / "cur").st_mtime_ns)
            except FileNotFoundError:
                seen = (0, 0)
            if force or seen != self._seen:
                now = time.time_ns()
                self._merge(self._listed())
                self._seen = seen if all(now - one > _UNSURE_NS for one in seen) else (-1, -1)

    def _listed(self) -> dict[str, tuple[str, str]]:
        found: dict[str, tuple[str, str]] = {}
        for sub in ("new", "cur"):
            try:
                names = os.listdir(self.path / sub)
            except FileNotFoundError:
                continue
            for name in names:
                if not name.startswith("."):
                    found[key_of(name)] = (sub, name)
        return found

    def _merge(self, found: dict[str, tuple[str, str]]) -> None:
        known = {entry.key: entry for entry in self._entries.values()}
        for key in known.keys() - found.keys():
            self._drop(known[key])
        for key in known.keys() & found.keys():
            entry, (sub, name) = known[key], found[key]
            if (entry.sub, entry.name) != (sub, name):
                entry.sub, entry.name, entry.flags = sub, name, flags_of(name)
                self._changed(entry.uid)
        new = sorted(found.keys() - known.keys())
        fresh = [key for key in new if key not in self._list.uids]
        fresh.sort(key=_age)
        self._list.give(fresh)
        for key in new:
            sub, name = found[key]
            self._insert(_entry(self._list.uids[key], key, sub, name))
        if new or known.keys() - found.keys():
            self._order = sorted(self._entries)

    def _insert(self, entry: Entry) -> None:
        self._entries[entry.uid] = entry
        self._changed(entry.uid)

    def _drop(self, entry: Entry) -> None:
        del self._entries[entry.uid]
        self._list.forget(entry.key)
        self._changed(entry.uid)

    def _changed(self, uid: int) -> None:
        self.version += 1
        self._changes.append((self.version, uid))

    def _tell(self) -> None:
        for watcher in list(self.watchers):
            watcher()

    def entries(self) -> list[Entry]:
        """All messages, oldest first."""
        with self._lock:
            self.refresh()
            return [self._entries[uid] for uid in self._order]

    def entry(self, uid: int) -> Entry:
        """One message. Raises Gone."""
        try:
            return self._entries[uid]
        except KeyError:
            raise Gone(f"Message {uid} is gone") from None

    def changed_since(self, version: int) -> set[int] | None:
        """The numbers of messages that came, went or changed since; None when that is too long ago to be known."""
        with self._lock:
            if version >= self.version:
                return set()
            if not self._changes or self._changes[0][0] > version + 1:
                return None
            first = bisect_left(self._changes, (version + 1, 0))
            return {self._changes[index][1] for index in range(first, len(self._changes))}

    # Messages

    def _opened(self, entry: Entry) -> int:
        for again in (False, True):
            try:
                return os.open(f"{self._place}/{entry.sub}/{entry.name}", os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                if not again:
                    self.refresh(force=True)  # its flags were changed by another program, or it is gone
        raise Gone(f"Message {entry.uid} is gone")

    def size(self, entry: Entry) -> int:
        """Bytes of the message as it is served. Raises Gone."""
        if entry.size < 0:
            size, lines, ends, before = 0, 0, 0, b""
            file = self._opened(entry)
            try:
                while chunk := os.read(file, CHUNK_BYTES):
                    size += len(chunk)
                    lines += chunk.count(b"\n")
                    ends += chunk.count(b"\r\n") + (before == b"\r" and chunk[:1] == b"\n")
                    before = chunk[-1:]
                    if len(chunk) < CHUNK_BYTES:
                        break
            finally:
                os.close(file)
            entry.exact = ends > 0 or lines == 0
            entry.size = size if entry.exact else size + lines
        return entry.size

    def _raw(self, entry: Entry) -> Iterator[bytes]:
        with open(self._opened(entry), "rb", buffering=0) as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def chunks(self, entry: Entry) -> Iterator[bytes]:
        """The message in pieces. A file that has bare line feeds only gets CRLF. Raises Gone."""
        self.size(entry)
        for chunk in self._raw(entry):
            yield chunk if entry.exact else chunk.replace(b"\n", b"\r\n")

    def read(self, entry: Entry) -> bytes:
        """The whole message. Raises Gone."""
        return b"".join(self.chunks(entry))

    def piece(self, entry: Entry, begin: int, end: int) -> bytes:
        """The bytes from `begin` on, before `end`. Raises Gone."""
        self.size(entry)
        if not entry.exact:
            return self.read(entry)[begin:end]
        with open(self._opened(entry), "rb", buffering=0) as file:
            file.seek(begin)
            parts = []
            left = max(end - begin, 0)
            while left and (part := file.read(min(left, CHUNK_BYTES))):
                parts.append(part)
                left -= len(part)
        return b"".join(parts)

    def head(self, entry: Entry, limit: int) -> bytes:
        """The header and the empty line behind it, or the first `limit` bytes where it does not end before. Gone."""
        got = b""
        for chunk in self.chunks(entry):
            got += chunk
            end = 0 if got.startswith(b"\r\n") else got.find(b"\r\n\r\n") + 2
            if end != 1:
                return got[: end + 2]
            if len(got) > limit:
                return got[:limit]
        return got

    def date(self, entry: Entry) -> float:
        """When it came, in seconds since 1970; 0 for one that is gone."""
        try:
            return os.stat(self.path / entry.sub / entry.name).st_mtime
        except FileNotFoundError:
            return 0.0

    # Changes

    def put(self, temporary: Path, size: int, *, flags: str = "", recent: bool = True, keep: bool = False) -> Entry:
        """Take in a whole file from a `tmp` folder: it is there at once, or not at all. Raises OSError.

        size: its bytes; it has CRLF. keep: leave the file, for further folders.
        """
        key = f"{unique_name()},S={size},W={size}"
        sub = "new" if recent and not flags else "cur"
        name = key if sub == "new" else f"{key}:2,{flags}"
        target = self.path / sub / name
        with self._lock:
            self.refresh()
            if keep:
                _link(temporary, target)
            else:
                os.rename(temporary, target)
            [uid] = self._list.give([key])
            entry = _entry(uid, key, sub, name)
            self._insert(entry)
            self._order.append(uid)
            self._resee(sub)
        self._tell()
        return entry

    def _resee(self, sub: str) -> None:
        """What we changed ourselves needs no look: take the folder's new time for seen."""
        if self._seen == (-1, -1):
            return
        place = 0 if sub == "new" else 1
        seen = list(self._seen)
        seen[place] = os.stat(self.path / sub).st_mtime_ns
        self._seen = (seen[0], seen[1])

    def set_flags(self, uid: int, flags: str) -> Entry:
        """Give a message these flags, and no others. Raises Gone."""
        with self._lock:
            entry = self.entry(uid)
            flags = "".join(sorted(set(flags)))
            if entry.flags != flags or entry.sub == "new":
                self._rename(entry, f"{entry.key}:2,{flags}")
                entry.flags = flags
                self._changed(uid)
        self._tell()
        return entry

    def _rename(self, entry: Entry, name: str, *, look: bool = True) -> None:
        for again in (False, True):
            try:
                os.rename(f"{self._place}/{entry.sub}/{entry.name}", f"{self._place}/cur/{name}")
                break
            except FileNotFoundError:
                if again or entry.uid not in self._entries:
                    raise Gone(f"Message {entry.uid} is gone") from None
                self.refresh(force=True)
        before, entry.sub, entry.name = entry.sub, "cur", name
        if look:
            self._resee(before)
            self._resee("cur")

    def claim(self) -> set[int]:
        """Move what is new to what was seen; the numbers of those messages (\\Recent of the session that asks)."""
        claimed = set()
        with self._lock:
            for entry in [one for one in self._entries.values() if one.sub == "new"]:
                try:
                    self._rename(entry, f"{entry.key}:2,{entry.flags}", look=False)
                except Gone:
                    continue
                self._changed(entry.uid)
                claimed.add(entry.uid)
            if claimed:
                self._resee("new")
                self._resee("cur")
        return claimed

    def remove(self, uids: Iterable[int]) -> int:
        """Delete messages; how many were there."""
        count = 0
        with self._lock:
            for uid in uids:
                entry = self._entries.get(uid)
                if entry is None:
                    continue
                try:
                    os.unlink(self.path / entry.sub / entry.name)
                except FileNotFoundError:
                    self.refresh(force=True)
                    if uid in self._entries:
                        os.unlink(self.path / entry.sub / entry.name)
                    continue
                self._drop(entry)
                self._resee(entry.sub)
                count += 1
            self._order = sorted(self._entries)
        if count:
            self._tell()
        return count


_names_lock: Final = threading.Lock()
_names = 0


def unique_name() -> str:
    """A name that no other message of this machine ever has."""
    global _names
    with _names_lock:
        _names += 1
        number = _names
    now = time.time_ns()
    return f"{now // 1_000_000_000}.M{now // 1000 % 1_000_000}P{os.getpid()}Q{number}.netlab"


def flags_of(name: str) -> str:
    """The flags in a file's name, sorted."""
    _, colon, info = name.partition(":2,")
    return "".join(sorted(set(info))) if colon else ""


def _entry(uid: int, key: str, sub: str, name: str) -> Entry:
    entry = Entry(uid, key, sub, name, flags_of(name))
    facts = dict(part.split("=", 1) for part in key.split(",")[1:] if "=" in part)
    size = facts.get("W", "")
    if size.isdigit() and size == facts.get("S"):
        entry.size, entry.exact = int(size), True
    return entry


def _age(key: str) -> tuple[int, str]:
    """Names begin with the second of their birth."""
    second = key.partition(".")[0]
    return (int(second) if second.isdigit() and len(second) < 20 else 0, key)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        copy = source.with_name(unique_name())
        copy.write_bytes(source.read_bytes())
        os.rename(copy, target)
