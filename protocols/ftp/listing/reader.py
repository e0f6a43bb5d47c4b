"""ListingReader: bytes of a listing in, entries out, line by line, bounded. A machine for bytes.

Which dialect a server speaks is found by trying; the one that read the last line is tried first. A line
that none reads is kept whole, as an entry that is not known. It must not know sockets.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from protocols.ftp.listing import others
from protocols.ftp.listing.entry import Entry
from protocols.ftp.listing.facts import ITSELF, read_facts
from protocols.ftp.listing.unix import read_unix

ENTRIES: Final = 400_000
BYTES: Final = 96 << 20
LINE_BYTES: Final = 16 << 10
Dialect = Callable[[str, datetime], "Entry | None"]
DIALECTS: Final[dict[str, Dialect]] = {
    "unix": read_unix, "windows": others.read_dos, "eplf": others.read_eplf, "vms": others.read_vms,
    "os/2": others.read_os2, "mvs": others.read_mvs, "as/400": others.read_as400, "nonstop": others.read_nonstop,
    "cms": others.read_cms,
}  # fmt: skip
_REMARK: Final = re.compile(
    r"total:? \d+|total of \d+ files.*|directory .*:\[.*|volume +unit +referred.*|name +vv\.mm.*|file +code +eof.*|"
    r"(?:insgesamt|gesamt|totaal|totale|razem|\u5408\u8ba1|\u7dcf\u8a08) +\d+",
    re.IGNORECASE,
)
_VMS_NAME: Final = re.compile(r"[^\s;]+;\d+\s*")


class ListingReader:
    """Feed it a listing's bytes; `end()` when no more come. facts: the lines are MLSD's. now: the server's time.

    entries: so far. remarks: lines about the listing as a whole. cut: why the rest was not read, "" so far.
    encoding: of names; other bytes become lone surrogates.
    """

    def __init__(self, *, facts: bool, now: datetime | None = None, encoding: str = "utf-8",
                 most: int = ENTRIES, most_bytes: int = BYTES) -> None:  # fmt: skip
        self.entries: Final[list[Entry]] = []
        self.remarks: Final[list[str]] = []
        self.dialect = "facts" if facts else ""
        self.cut = ""
        self.bytes = 0
        self._facts = facts
        self._now = now or datetime.now()
        self._encoding = encoding
        self._most, self._most_bytes = most, most_bytes
        self._rest = b""
        self._skipping = False
        self._pending = ""
        self._read: Dialect | None = None

    def feed(self, data: bytes | memoryview) -> None:
        """Take what came."""
        if self.cut:
            return
        self.bytes += len(data)
        lines = (self._rest + bytes(data)).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            if not self._line(line):
                return
        if len(self._rest) > LINE_BYTES:
            self._line(self._rest)
            self._rest, self._skipping = b"", True
        if self.bytes > self._most_bytes:
            self.cut = f"it is longer than {self._most_bytes >> 20} MB"

    def end(self) -> None:
        """Nothing more comes: what is left without a line end is a line, too."""
        if self._rest and not self.cut:
            self._line(self._rest)
        self._rest = b""
        if self._pending:
            self._unknown(self._pending)
            self._pending = ""

    def _line(self, raw: bytes) -> bool:
        """Take a line; False when no more can be taken."""
        if self._skipping:
            self._skipping = False
            return True
        text = raw[:LINE_BYTES].removesuffix(b"\r").decode(self._encoding, "surrogateescape")
        if not text.strip():
            return True
        if len(self.entries) >= self._most:
            self.cut = f"it has more than {self._most} entries"
            return False
        entry = self._entry(text)
        if entry is not None and entry.name not in (".", "..") and not (self._facts and entry.mode in ITSELF):
            self.entries.append(entry)
        return True

    def _entry(self, text: str) -> Entry | None:
        """The entry of a line; None for a line that is taken otherwise."""
        if self._facts:
            return read_facts(text) or self._unknown_entry(text)
        if self._pending:
            name, self._pending = self._pending, ""
            joined = others.read_vms(f"{name.strip()} {text.strip()}", self._now)
            if joined is not None:
                return joined._replace(raw=f"{name}\n{text}")
            self._unknown(name)
        if self._read is not None and (entry := self._read(text, self._now)) is not None:
            return entry
        for name, read in DIALECTS.items():
            entry = read(text, self._now)
            if entry is not None:
                self._read, self.dialect = read, name
                return entry
        if _REMARK.fullmatch(text.strip()):
            self.remarks.append(text)
            return None
        if _VMS_NAME.fullmatch(text) and self.dialect in ("", "vms"):
            self._pending = text
            return None
        return self._unknown_entry(text)

    def _unknown(self, text: str) -> None:
        self.entries.append(self._unknown_entry(text))

    @staticmethod
    def _unknown_entry(text: str) -> Entry:
        return Entry(text, "other", raw=text, known=False)
