"""When an answer is complete: for each protocol, from the command and the lines that come.

A machine for lines, without a socket: a session by hand must know whose turn it is, and a command put
in between must have its answer read before the next one goes out.
"""

from __future__ import annotations

import re
from typing import Final

from protocols.mail.dialogue import Protocol

_LITERAL: Final = re.compile(rb"\{(\d{1,19})[+-]?\}\r?\n?$")
_LONG_POP3: Final = ("RETR", "TOP", "CAPA")
_LONG_NNTP: Final = (b"100", b"101", b"215", b"220", b"221", b"222", b"224", b"225", b"230", b"231", b"282")


class Replies:
    """Tell it the commands and the lines of the answers, line ends included.

    over: nothing more is to come before the next command. begins: lines of a text follow ("go ahead").
    upgrade: the answer just given agrees to begin TLS. literal: bytes that come next and are no line.
    """

    def __init__(self, protocol: Protocol) -> None:
        self.protocol: Final[Protocol] = protocol
        self.over = False
        self.go_ahead = False
        self.upgrade = False
        self.ended = False
        """The server has said that it hangs up."""
        self._verb = "GREETING"
        self._words = 0
        self._tag = b"*"
        self._text = False
        self._open = False
        self._sending_text = False

    def command(self, line: bytes) -> None:
        """A line of the client goes out."""
        if self._sending_text:
            if line.rstrip(b"\r\n") == b".":
                self._sending_text = self.go_ahead = False
                self.over = False
            return
        parts = line.split()
        if self.protocol == "imap" and not parts and not self.go_ahead:
            return  # the line end behind a literal
        if self.go_ahead:  # it goes on with what the server asked for
            self.over = self.go_ahead = False
            return
        self.over = self.upgrade = self._text = False
        self._tag = parts[0] if parts and self.protocol == "imap" else b"*"
        words = parts[1:] if self.protocol == "imap" else parts
        self._verb = words[0].decode("latin-1").upper() if words else ""
        self._words = len(words)

    @property
    def sending_text(self) -> bool:
        """The client's lines are a text now, until a lone dot."""
        return self._sending_text

    def line(self, line: bytes) -> int:
        """A line of the server came; how many bytes of a literal follow it (IMAP), else 0."""
        if self._text:
            self.over = line.rstrip(b"\r\n") == b"."
            self._text = not self.over
            return 0
        return {"smtp": self._smtp, "pop3": self._pop3, "imap": self._imap, "nntp": self._nntp}[self.protocol](line)

    def _smtp(self, line: bytes) -> int:
        self.over = line[3:4] != b"-" or not line[:3].isdigit()
        if self.over:
            self.go_ahead = line.startswith((b"354", b"334"))
            self._sending_text = line.startswith(b"354")
            self.upgrade = self._verb == "STARTTLS" and line.startswith(b"220")
            self.ended = line.startswith((b"221", b"421"))
        return 0

    def _pop3(self, line: bytes) -> int:
        if line.startswith(b"+ ") or line.rstrip() == b"+":
            self.over = self.go_ahead = True
            return 0
        good = line.startswith(b"+OK")
        long = self._verb in _LONG_POP3 or (self._verb in ("LIST", "UIDL") and self._words == 1)
        self._text = good and long
        self.over = not self._text
        self.upgrade = good and self._verb == "STLS"
        self.ended = self._verb == "QUIT"
        return 0

    def _nntp(self, line: bytes) -> int:
        code = line[:3]
        self._text = code in _LONG_NNTP or (code == b"211" and self._verb == "LISTGROUP")
        self.over = not self._text
        self.go_ahead = code in (b"335", b"340", b"383")
        self._sending_text = code in (b"335", b"340")
        self.upgrade = self._verb == "STARTTLS" and code == b"382"
        self.ended = code in (b"205", b"400")
        return 0

    def _imap(self, line: bytes) -> int:
        found = _LITERAL.search(line[-32:])
        if found is not None:
            self._open = True
            return int(found[1])
        if self._open:  # the rest of a line that a literal stood in
            self._open = False
            if not line.startswith((b"+", self._tag + b" ")):
                return 0
        word = line.split(None, 1)[0] if line.strip() else b""
        if word == b"+":
            self.over = self.go_ahead = True
        elif self._verb == "GREETING" or (word == self._tag and word != b"*"):
            self.over, self.go_ahead = True, False
            self.upgrade = self._verb == "STARTTLS" and line[len(word) :].lstrip().upper().startswith(b"OK")
        elif word == b"*" and line[1:].lstrip().upper().startswith(b"BYE"):
            self.ended = True
        return 0
