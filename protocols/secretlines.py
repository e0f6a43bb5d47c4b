"""Secret lines: which bytes of a line-based conversation are a password, wherever it is cut into pieces.

`SecretLines` is what the owner of a traced socket hands to its trace (`record.trace.Secrets`): it follows the client's
commands and, where they matter, the server's answers, for SMTP, POP3, IMAP, NNTP and FTP. A message's text is no
command and stays as it is. It must not know sockets, nor how an event is written.
"""

from __future__ import annotations

import copy
import re
from typing import Final, Literal, TypeAlias

from protocols.record.connections import Role
from protocols.record.event import Direction

Language: TypeAlias = Literal["smtp", "pop3", "imap", "nntp", "ftp"]

FTP_VERBS: Final = frozenset(("PASS", "ACCT", "ADAT"))
"""Commands of FTP whose argument is nobody else's business."""
BEFORE_SECRET: Final[dict[str, re.Pattern[bytes]]] = {
    "smtp": re.compile(rb"[ \t]*AUTH[ \t]+\S+[ \t]+", re.IGNORECASE),
    "pop3": re.compile(rb"[ \t]*(?:PASS[ \t]|APOP[ \t]+\S+[ \t]+|AUTH[ \t]+\S+[ \t]+)", re.IGNORECASE),
    "imap": re.compile(
        rb'[ \t]*\S+[ \t]+(?:LOGIN[ \t]+(?:"(?:[^"\\]|\\.)*"|[^\s{"]\S*)[ \t]+|AUTHENTICATE[ \t]+\S+[ \t]+)',
        re.IGNORECASE,
    ),
    "nntp": re.compile(rb"[ \t]*AUTHINFO[ \t]+(?:PASS|SASL[ \t]+\S+)[ \t]+", re.IGNORECASE),
    "ftp": re.compile(rb"[\s\xff\xf4\xf2]*(?:%s)[ \t]" % "|".join(sorted(FTP_VERBS)).encode(), re.IGNORECASE),
}
"""What stands in front of a secret in the client's line; the secret is the rest of the line."""
_FTP_SECRET: Final = BEFORE_SECRET["ftp"]
BEGINS: Final[dict[str, tuple[str, ...]]] = {
    "smtp": ("AUTH",), "pop3": ("AUTH",), "imap": ("LOGIN", "AUTHENTICATE"), "nntp": ("AUTHINFO",), "ftp": (),
}  # fmt: skip
"""After these, the client's next lines are secrets until the server's final answer."""

_HEAD: Final = 2048
"""A secret whose command is longer than this is none that any server takes."""
_TEXTS: Final[dict[str, tuple[bytes, ...]]] = {"smtp": (b"DATA",), "nntp": (b"POST", b"IHAVE")}
_GO_AHEAD: Final = {"smtp": (b"354",), "nntp": (b"335", b"340"), "imap": (b"+",)}
_MORE: Final = {"smtp": (b"334",), "pop3": (b"+ ", b"+\r", b"+\n"), "nntp": (b"383",)}
_LITERAL: Final = re.compile(rb"\{(\d{1,18})([+-]?)\}\r?\n$")
_TEXT_END: Final = re.compile(rb"\n\.\r?\n")


def _open(data: bytes) -> bool:
    """Whether these are whole commands of FTP, as nearly always, and none has a secret."""
    at, last = 0, len(data) - 1
    while (end := data.find(b"\n", at)) >= 0 and not _FTP_SECRET.match(data, at):
        if end == last:
            return True
        at = end + 1
    return False


class SecretLines:
    """One connection's secrets. end: whose socket it is, for what goes "out" is the client's or the server's."""

    def __init__(self, language: Language, end: Role) -> None:
        self._language: Final = language
        self._client: Final[Direction] = "out" if end == "client" else "in"
        self._begun = b""  # the client's line under way, its first bytes
        self._ends = b""  # and its last ones so far
        self._size = 0  # all of its bytes so far
        self._from = -1  # where in it the secret begins
        self._tag = b""
        self._within = False  # between a login's begin and its final answer
        self._awaiting: Literal["", "text", "literal"] = ""  # the server's leave to send it
        self._announced = 0
        self._literal = 0  # bytes of it to come
        self._text = b""  # a text is under way: its last bytes
        self._reply = b""  # the server's line under way, its first bytes

    def ranges(self, direction: Direction, data: bytes | memoryview, moved: bool) -> list[tuple[int, int]]:
        """The secrets in the next bytes of a direction, as (begin, end). moved: False only looks (see `Secrets`)."""
        if direction != self._client:
            if moved and (self._within or self._awaiting):
                self._hear(bytes(data))
            return []
        data = bytes(data)
        if self._language == "ftp" and not self._size and _open(data):
            return []
        return self._follow(data) if moved else copy.copy(self)._follow(data)

    # The client's bytes

    def _follow(self, data: bytes) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        self._awaiting = ""  # it did not wait for leave: what it says is taken for commands
        at = 0
        while at < len(data):
            if self._text:
                at = self._skip_text(data, at)
            elif self._literal:
                end = min(at + self._literal, len(data))
                self._literal -= end - at
                if self._within:
                    found.append((at, end))
                at = end
            else:
                end = data.find(b"\n", at) + 1 or len(data)
                self._piece(data[at:end], at, found)
                at = end
        return found

    def _skip_text(self, data: bytes, at: int) -> int:
        """Where the text's final dot ends, or the end of the data."""
        seam = len(self._text)
        near = self._text + data[at : at + 3]
        end = _TEXT_END.search(near)
        if end is not None:
            self._text = b""
            return at + end.end() - seam
        end = _TEXT_END.search(data, at)
        self._text = (near if len(data) - at < 3 else data)[-3:] if end is None else b""
        return len(data) if end is None else end.end()

    def _piece(self, piece: bytes, at: int, found: list[tuple[int, int]]) -> None:
        """A client's line, or a part of one, that stands at `at`."""
        before = self._size
        if before < _HEAD:
            self._begun += piece[: _HEAD - before]
            if self._within:
                self._from = 0
            elif self._from < 0 and (match := BEFORE_SECRET[self._language].match(self._begun)):
                self._from = match.end()
        self._size = before + len(piece)
        self._ends = (self._ends + piece[-32:])[-32:]
        if self._from >= 0:
            begin, end = max(self._from - before, 0), len(piece.rstrip(b"\r\n"))
            if begin < end:
                found.append((at + begin, at + end))
        if piece.endswith(b"\n"):
            line, tail = self._begun, self._ends
            self._begun, self._ends, self._size, self._from = b"", b"", 0, -1
            self._line(line, tail)

    def _line(self, line: bytes, tail: bytes) -> None:
        """A client's line is whole."""
        self._reply = b""
        words = line.split(None, 2)
        if self._language == "imap" and self._announced:
            self._announced = 0  # it goes on behind a literal: the tag stays
        elif self._language == "imap":
            if not self._within:
                self._tag = words[0] if words else b""
            words = words[1:]
        verb = words[0].upper() if words else b""
        if verb.decode("latin-1") in BEGINS[self._language]:
            self._within = True
        if verb in _TEXTS.get(self._language, ()) and not self._within:
            self._awaiting = "text"
        announced = _LITERAL.search(tail) if self._language == "imap" else None
        if announced is not None:
            self._announced = int(announced[1])
            if announced[2] == b"+":
                self._literal = self._announced
            else:
                self._awaiting = "literal"

    # The server's

    def _hear(self, data: bytes) -> None:
        for piece in data.splitlines(keepends=True):
            self._reply += piece[: _HEAD - len(self._reply)]
            if piece.endswith(b"\n"):
                line, self._reply = self._reply, b""
                self._answer(line)

    def _answer(self, line: bytes) -> None:
        if self._awaiting and line.startswith(_GO_AHEAD[self._language]):
            if self._awaiting == "text":
                self._text = b"\n"
            else:
                self._literal = self._announced
            self._awaiting = ""
        elif self._final(line):
            self._within, self._awaiting, self._announced = False, "", 0

    def _final(self, line: bytes) -> bool:
        """Whether a line of the server ends what the client began."""
        if self._language == "imap":
            return line.split(None, 1)[:1] == [self._tag] or line.upper().startswith(b"* BYE")
        return not line.startswith(_MORE[self._language])
