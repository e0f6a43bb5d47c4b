"""The file that gives the messages of a Maildir folder their numbers, in the form that Dovecot has it.

`dovecot-uidlist`, version 3: a header with validity, next number and folder id, then a line a message.
New messages are appended; the whole is written anew only when it holds much that is gone. It must not
know what a message is beyond its file's name.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

NAME: Final = "dovecot-uidlist"


@dataclass
class UidList:
    """What the file says. uids: number by key, a key being the part of a file's name before ":" ."""

    place: Path
    validity: int
    next_uid: int
    folder_id: str
    uids: dict[str, int] = field(default_factory=dict)
    stale: int = 0

    @classmethod
    def of(cls, folder: Path) -> UidList:
        """Read a folder's file, or begin a new one where there is none or it can't be understood."""
        place = folder / NAME
        try:
            found = cls._read(place, place.read_text("utf-8", "surrogateescape"))
        except (OSError, ValueError, IndexError):
            found = None
        if found is None:
            found = cls(place, int(time.time()), 1, secrets.token_hex(16))
            found.write_all()
        return found

    @classmethod
    def _read(cls, place: Path, text: str) -> UidList | None:
        lines = text.splitlines()
        head = lines[0].split()
        facts = {one[0]: one[1:] for one in head[1:]}
        if head[0] != "3" or not facts.get("G", "").isalnum():
            return None
        known = cls(place, int(facts["V"]), int(facts["N"]), facts["G"])
        for line in lines[1:]:
            before, colon, name = line.partition(" :")
            number = before.split(" ", 1)[0]
            if not colon or not number.isdigit():
                continue  # cut off in the middle of a write
            uid = int(number)
            known.uids[key_of(name)] = uid
            known.next_uid = max(known.next_uid, uid + 1)
        return known

    def give(self, keys: Iterable[str]) -> list[int]:
        """Number new messages, in order; written before anybody hears of them."""
        given, lines = [], []
        for key in keys:
            uid = self.next_uid
            self.next_uid += 1
            self.uids[key] = uid
            given.append(uid)
            lines.append(f"{uid} :{key}\r\n")
        if lines:
            self._append("".join(lines))
        return given

    def forget(self, key: str) -> None:
        """The message is gone. Its line stays until the file is written anew."""
        if self.uids.pop(key, None) is not None:
            self.stale += 1
        if self.stale > 1000 and self.stale > len(self.uids):
            self.write_all()

    def _append(self, text: str) -> None:
        file = os.open(self.place, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, text.encode("utf-8", "surrogateescape"))
        finally:
            os.close(file)

    def write_all(self) -> None:
        """Write the file anew, at once for every reader."""
        new = self.place.with_name(f"{NAME}.{os.getpid()}.new")
        head = f"3 V{self.validity} N{self.next_uid} G{self.folder_id}\r\n"
        body = "".join(f"{uid} :{key}\r\n" for key, uid in sorted(self.uids.items(), key=lambda item: item[1]))
        with new.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(head + body)
        os.replace(new, self.place)
        self.stale = 0


def key_of(name: str) -> str:
    """What of a message file's name stays the same when its flags change."""
    return name.split(":", 1)[0]
