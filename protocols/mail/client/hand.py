"""HandSession: a session by hand: what is typed goes out, line by line, and what the server says is kept.

The same engine for SMTP, POP3, IMAP and NNTP: it knows whose turn it is and begins TLS where the server
agreed to. Text after DATA or POST is typed like anything else, its dots doubled by nobody.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from protocols.mail.client.account import Account
from protocols.mail.client.session import MailSession, Task
from protocols.mail.dialogue import Protocol, readable
from protocols.record.recorder import Recorder

Turn: TypeAlias = Literal["yours", "server", "over"]
GOODBYES: Final = (b"QUIT", b"LOGOUT")
LINES_MOST: Final = 20_000
PORTS: Final[dict[Protocol, int]] = {"smtp": 25, "pop3": 110, "imap": 143, "nntp": 119}


@dataclass(frozen=True, slots=True)
class Said:
    """One line of the session. by: "client", "server", or "lab" for what the lab remarks. text: secrets masked."""

    number: int
    by: Literal["client", "server", "lab"]
    text: str


class HandSession(MailSession):
    """A connection whose commands a person types. protocol: which one is spoken."""

    def __init__(self, recorder: Recorder, protocol: Protocol, account: Account, *, name: str) -> None:
        super().__init__(recorder, account, name=name)
        self.protocol = protocol
        self._said: deque[Said] = deque(maxlen=LINES_MOST)
        self._count = 0
        self._leaving: Literal["", "asked", "answered"] = ""

    def type(self, text: str, *, end: bytes = b"\r\n") -> Task[None]:
        """Send a line, as typed. end: the line end; b"\\n" shows what a strict server thinks of it."""
        return self.ask("type", lambda _: self._type(text.encode("utf-8", "surrogateescape") + end))

    def _type(self, line: bytes) -> None:
        wire = self.wire
        self._note("client", readable(wire.dialogue.shown(line)))
        if not self.typing_text:
            words = line.upper().split()[: 2 if self.protocol == "imap" else 1]
            self._leaving = "asked" if words and words[-1] in GOODBYES else ""
        wire.say(line)

    @property
    def turn(self) -> Turn:
        """Whose turn it is: an answer is awaited, or a line of yours."""
        if self._wire is None or self._wire.closed or self.state != "running":
            return "over"
        replies = self._wire.replies
        return "yours" if replies.over or replies.sending_text else "server"

    @property
    def typing_text(self) -> bool:
        """Whether lines are a text now, until a lone dot."""
        return self._wire is not None and self._wire.replies.sending_text

    def since(self, number: int) -> list[Said]:
        """The lines from `number` on; the oldest are dropped beyond LINES_MOST."""
        first = self._said[0].number if self._said else 0
        return list(self._said)[max(0, number - first) :]

    def _note(self, by: Literal["client", "server", "lab"], text: str) -> None:
        self._said.append(Said(self._count, by, text))
        self._count += 1

    # Worker

    def _begin(self) -> None:
        self._hear()

    def _idle(self) -> None:
        if self._wake_wait(None):
            self.wire.begin_answer()
            self._hear()

    def _hear(self) -> None:
        wire = self.wire
        while True:
            line, literal = wire.reply_line()
            self._note("server", readable(line))
            if literal:
                data = wire.read(literal)
                self._note("server", readable(data[:2000]))
            if wire.replies.over and wire.replies.upgrade:
                wire.replies.upgrade = False
                wire.wrap_socket(self.account.context(), self.account.host)
                self._note("lab", "TLS stands: from here on everything is encrypted")
            if self._leaving and wire.replies.over:
                self._leaving = "answered"
            if not wire.has_line or wire.replies.over:
                return

    def _tell(self, error: BaseException) -> None:
        """That the line ends after a goodbye that was typed and answered is no failure."""
        if self._leaving != "answered":
            super()._tell(error)

    def _end_politely(self) -> None:
        """What is typed is all that is said: no QUIT of the lab's own."""
