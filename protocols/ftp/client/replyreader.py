"""Replies of an FTP server: bytes in, whole replies out (RFC 959 section 4.2).

A machine for bytes: no socket, no clock. What a server sends is bounded here: a line, the lines of
one reply, and all its bytes. It must not know which command was asked.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

LINE_BYTES: Final = 8 << 10
REPLY_BYTES: Final = 256 << 10
REPLY_LINES: Final = 4096
KNOWN: Final = 16
"""So many replies that end a transfer are remembered: mostly it is the same line each time."""
_SINGLE: Final = re.compile(rb"[1-6][0-9][0-9] ")
_FIRST: Final = re.compile(rb"[1-6][0-9][0-9](?:[ -]|$)")


class ReplyError(ValueError):
    """What came is no reply. kind: "no reply", "line too long", "too many lines"; said: its beginning, for people."""

    def __init__(self, kind: str, said: bytes) -> None:
        super().__init__(f"{kind}: {said[:80]!r}")
        self.kind: Final = kind
        self.said: Final = said[:200].decode("utf-8", "backslashreplace")


class Reply(NamedTuple):
    """One reply. lines: without line ends, the first and the last with the code in front. size: bytes on the wire."""

    code: int
    lines: tuple[str, ...]
    size: int = 0

    @property
    def text(self) -> str:
        """The words of the last line, without the code."""
        return self.lines[-1][4:].strip()

    @property
    def words(self) -> str:
        """All lines' words, one line each, the codes taken off."""
        mark = f"{self.code:03d}"
        return "\n".join(line[4:] if line[:3] == mark and line[3:4] in ("-", " ", "") else line for line in self.lines)

    @property
    def whole(self) -> str:
        """The reply as it came, lines joined by a line feed, as ftplib gives it."""
        return "\n".join(self.lines)

    @property
    def good(self) -> bool:
        """2xx: done."""
        return 200 <= self.code < 300


class ReplyReader:
    """Feed it what a control connection brings; `next()` gives each reply once it is whole.

    encoding: of the text; other bytes become lone surrogates, so that a name comes back as it went.
    """

    def __init__(self, encoding: str = "utf-8") -> None:
        self.encoding = encoding
        self._buffer = bytearray()
        self._looked = 0
        self._lines: list[bytes] = []
        self._size = 0
        self._known: dict[bytes, Reply] = {}

    def feed(self, data: bytes) -> None:
        """Take what came. Raises ReplyError when the line that it goes on with is longer than allowed."""
        self._buffer += data
        if len(self._buffer) > LINE_BYTES and self._buffer.find(b"\n", 0, LINE_BYTES + 1) < 0:
            raise ReplyError("line too long", bytes(self._buffer[:200]))

    def whole(self, data: bytes) -> list[Reply]:
        """Take what came, where it is nothing but whole replies of one line, as nearly always; []: feed it instead."""
        if self._buffer or self._lines or len(data) > LINE_BYTES or data[-1:] != b"\n":
            return []
        found, known = [], self._known
        for line in data[:-1].split(b"\n"):
            reply = known.get(line)
            if reply is None:
                if not _SINGLE.match(line):
                    return []
                text = (line[:-1] if line[-1] == 13 else line).decode(self.encoding, "surrogateescape")
                reply = Reply(int(line[:3]), (text,), len(line) + 1)
                if reply.code == 226 and len(known) < KNOWN:
                    known[line] = reply
            found.append(reply)
        return found

    @property
    def waiting(self) -> bool:
        """Whether `next()` may have something."""
        return len(self._buffer) > self._looked

    @property
    def pending(self) -> bytes:
        """What came and is no whole line yet, and the lines of a reply that has not ended."""
        return b"\n".join([*self._lines, bytes(self._buffer)])

    def next(self) -> Reply | None:
        """The next whole reply, None when more must come. Raises ReplyError for what is none."""
        while (line := self._line()) is not None:
            reply = self._take(line)
            if reply is not None:
                return reply
        return None

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._looked)
        if end < 0:
            self._looked = len(self._buffer)
            return None
        line = bytes(self._buffer[:end])
        if end + 1 == len(self._buffer):
            self._buffer = bytearray()
        else:
            del self._buffer[: end + 1]
        self._looked = 0
        self._size += end + 1
        if len(line) > LINE_BYTES:
            raise ReplyError("line too long", line)
        return line.removesuffix(b"\r")

    def _take(self, line: bytes) -> Reply | None:
        if not self._lines and not _FIRST.match(line):
            self._size = 0
            raise ReplyError("no reply", line)
        self._lines.append(line)
        first = self._lines[0]
        if first[3:4] == b"-" and (len(self._lines) == 1 or line[:3] != first[:3] or line[3:4] not in (b" ", b"")):
            if len(self._lines) >= REPLY_LINES or self._size > REPLY_BYTES:
                raise ReplyError("too many lines", first)
            return None
        lines = tuple([each.decode(self.encoding, "surrogateescape") for each in self._lines])
        reply = Reply(int(first[:3]), lines, self._size)
        self._lines.clear()
        self._size = 0
        return reply
