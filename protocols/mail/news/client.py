"""NewsSession: reads and posts news over NNTP (RFC 3977); Python's own nntplib is gone since 3.13.

It must not know who shows an article.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

from protocols.mail.client.account import Account
from protocols.mail.client.failure import Refused
from protocols.mail.client.gate import Gate
from protocols.mail.client.session import MailSession, Task
from protocols.mail.client.wire import Limit
from protocols.mail.dialogue import readable
from protocols.mail.message.words import decoded_words
from protocols.record.recorder import Recorder

LIST_BYTES: Final = 64 << 20
LINES_MOST: Final = 500_000


@dataclass(frozen=True, slots=True)
class GroupInfo:
    """A group as LIST tells it. low, high: numbers of its articles. status: "y" takes posts."""

    name: str
    low: int = 0
    high: int = 0
    status: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Entered:
    """The group that is open, as GROUP tells it."""

    name: str
    count: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Overview:
    """One article in a group's list (OVER). Texts are decoded."""

    number: int
    subject: str
    sender: str
    date: str
    id: str
    references: str
    size: int
    lines: int


class NewsSession(MailSession):
    """A reader's session: greeted, inside TLS if asked for, logged in. entered: the group that is open."""

    protocol = "nntp"

    def __init__(self, recorder: Recorder, account: Account, *, name: str, gate: Gate | None = None) -> None:
        super().__init__(recorder, account, name=name, gate=gate)
        self.entered: Entered | None = None
        self.posting = False
        self.welcome = ""

    def _begin(self) -> None:
        code, said = self._answer()
        if code not in (200, 201):
            raise Refused("UNFRIENDLY", said)
        self.welcome = said
        if self.account.security == "starttls":
            self._start_tls()
        if self.account.user:
            self._log_in()
        code, said = self._say("MODE READER")
        if code in (200, 201):
            self.posting = code == 200

    def _start_tls(self) -> None:
        code, said = self._say("STARTTLS")
        if code != 382:
            raise Refused("STARTTLS", said)
        self.wire.wrap_socket(self.account.context(), self.account.host)

    def _log_in(self) -> None:
        code, said = self._say(f"AUTHINFO USER {self.account.user}")
        if code == 381:
            code, said = self._say(f"AUTHINFO PASS {self.account.password}")
        if code != 281:
            raise Refused("AUTH", said)

    def _end_politely(self) -> None:
        self._say("QUIT")

    def _answer(self) -> tuple[int, str]:
        line = self.wire.readline()
        if not line[:3].isdigit():
            raise Refused("NONSENSE", readable(line[:200]))
        return int(line[:3]), readable(line)

    def _say(self, command: str) -> tuple[int, str]:
        if any(char in command for char in "\r\n\0"):
            raise ValueError("A command is one line, without NUL")
        self.wire.sendall(command.encode("utf-8", "surrogateescape") + b"\r\n")
        return self._answer()

    def _text(self, command: str, good: int) -> tuple[str, bytes]:
        """A command whose answer has a text behind it: the answer's line and the text, dots undone."""
        code, said = self._say(command)
        if code != good:
            raise Refused("REFUSED", said)
        pieces: list[bytes] = []
        self.wire.read_text(pieces.append, LIST_BYTES)
        return said, b"".join(pieces)

    def _lines(self, command: str, good: int) -> list[bytes]:
        lines = self._text(command, good)[1].split(b"\r\n")[:-1]
        if len(lines) > LINES_MOST:
            raise Limit("ENDLESS", f"The answer has more than {LINES_MOST} lines")
        return lines

    # What others ask for

    def groups(self) -> Task[list[GroupInfo]]:
        """LIST ACTIVE and LIST NEWSGROUPS: every group, with what it is about."""

        def go(task: Task[list[GroupInfo]]) -> list[GroupInfo]:
            about: dict[str, str] = {}
            try:
                for line in self._lines("LIST NEWSGROUPS", 215):
                    name, _, words = line.replace(b"\t", b" ").partition(b" ")
                    about[readable(name)] = readable(words.strip())
            except Refused:
                pass  # an optional list
            found = []
            for line in self._lines("LIST ACTIVE", 215):
                parts = readable(line).split()
                if len(parts) >= 4 and parts[1].isdecimal() and parts[2].isdecimal():
                    found.append(GroupInfo(parts[0], int(parts[2][:18]), int(parts[1][:18]), parts[3],
                                           about.get(parts[0], "")))  # fmt: skip
            return found

        return self.ask("LIST", go)

    def enter(self, name: str) -> Task[Entered]:
        """GROUP: open a group."""

        def go(_: Task[Entered]) -> Entered:
            code, said = self._say(f"GROUP {name}")
            parts = said.split()
            if code != 211:
                raise Refused("REFUSED", said)
            if len(parts) < 5 or not all(each.isdecimal() and len(each) < 19 for each in parts[1:4]):
                raise Refused("NONSENSE", said)
            self.entered = Entered(parts[4], int(parts[1]), int(parts[2]), int(parts[3]))
            return self.entered

        return self.ask(f"GROUP {name}", go)

    def overview(self, low: int, high: int) -> Task[list[Overview]]:
        """OVER (or XOVER): the articles from number `low` to `high` of the open group."""

        def go(_: Task[list[Overview]]) -> list[Overview]:
            try:
                lines = self._lines(f"OVER {low}-{high}", 224)
            except Refused as error:
                if error.reply.startswith(("423", "420")):
                    return []
                if not error.reply.startswith("500"):
                    raise
                lines = self._lines(f"XOVER {low}-{high}", 224)
            return [found for line in lines if (found := _overview(line)) is not None]

        return self.ask("OVER", go)

    def article(self, which: int | str) -> Task[bytes]:
        """ARTICLE: a whole article by number or Message-ID."""
        return self.ask(f"ARTICLE {which}", lambda _: self._text(f"ARTICLE {which}", 220)[1])

    def head(self, which: int | str) -> Task[bytes]:
        """HEAD: an article's header."""
        return self.ask(f"HEAD {which}", lambda _: self._text(f"HEAD {which}", 221)[1])

    def body(self, which: int | str) -> Task[bytes]:
        """BODY: an article's body."""
        return self.ask(f"BODY {which}", lambda _: self._text(f"BODY {which}", 222)[1])

    def move(self, command: str) -> Task[str]:
        """NEXT, LAST or STAT: the answer's line."""

        def go(_: Task[str]) -> str:
            code, said = self._say(command)
            if code != 223:
                raise Refused("REFUSED", said)
            return said

        return self.ask(command, go)

    def post(self, article: bytes) -> Task[str]:
        """POST: the server's last word. Raises Refused where it does not take it."""

        def go(task: Task[str]) -> str:
            code, said = self._say("POST")
            if code != 340:
                raise Refused("REFUSED", said)
            self.wire.send_text(io.BytesIO(article), task.progress)
            code, said = self._answer()
            if code != 240:
                raise Refused("REFUSED", said)
            return said

        return self.ask("POST", go)

    def offers(self) -> Task[list[str]]:
        """CAPABILITIES: what the server can do."""
        return self.ask("CAPABILITIES", lambda _: [readable(line) for line in self._lines("CAPABILITIES", 101)])


def _overview(line: bytes) -> Overview | None:
    parts = line.split(b"\t")
    if len(parts) < 8 or not parts[0].isdigit() or len(parts[0]) > 18:
        return None
    subject, sender, date, number, references = (decoded_words(each)[0] for each in parts[1:6])
    size, lines = (int(each) if each.isdigit() and len(each) < 19 else 0 for each in parts[6:8])
    return Overview(int(parts[0]), subject, sender, date, number, references, size, lines)
