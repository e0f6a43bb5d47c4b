"""Pop3Session: a mailbox by POP3 (RFC 1939), with poplib over the lab's wire.

Messages are read piece by piece into a file. What is marked as deleted goes at QUIT and not before:
a cut line deletes nothing. It must not know what a message says.
"""

from __future__ import annotations

import poplib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from protocols.mail.client.account import Account
from protocols.mail.client.failure import Refused
from protocols.mail.client.gate import Gate
from protocols.mail.client.session import MailSession, Task
from protocols.mail.client.spool import Spool
from protocols.mail.client.wire import Limit, Upgrade, Wire
from protocols.mail.dialogue import readable
from protocols.record.recorder import Recorder

TOP_BYTES: Final = 4 << 20
LIST_MOST: Final = 1_000_000


@dataclass(slots=True)
class Entry:
    """A message of the mailbox. number: for this session. size: as the server says, in bytes. uid: "" if unknown."""

    number: int
    size: int
    uid: str = ""
    deleted: bool = False


class _Library(poplib.POP3):
    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        super().__init__("", timeout=wire.timeout_s)

    def _create_socket(self, timeout: float) -> Any:
        return self._wire


class Pop3Session(MailSession):
    """A POP3 session: greeted, inside TLS if asked for, logged in. welcome: the greeting."""

    protocol = "pop3"

    def __init__(self, recorder: Recorder, account: Account, *, name: str, gate: Gate | None = None) -> None:
        super().__init__(recorder, account, name=name, gate=gate)
        self.spool: Final = Spool()
        self.welcome = ""
        self._known: dict[int, Entry] = {}
        self._has_uidl = True
        self._library: _Library

    def _begin(self) -> None:
        account = self.account
        self._library = library = _Library(self.wire)
        library.host = account.host
        self.welcome = readable(library.getwelcome())
        if account.security == "starttls":
            upgrade: Any = Upgrade(account.context())
            try:
                library.stls(context=upgrade)
            except poplib.error_proto as error:
                raise Refused("STARTTLS", readable(bytes(str(error), "utf-8"))) from None
        if account.user:
            try:
                library.user(account.user)
                library.pass_(account.password)
            except poplib.error_proto as error:
                raise Refused("AUTH", _words(error)) from None
        self.wire.lines_most = LIST_MOST

    def _end_politely(self) -> None:
        self._library.quit()

    def _close(self) -> None:
        super()._close()
        self.spool.close()

    # What others ask for

    def count(self) -> Task[tuple[int, int]]:
        """STAT: how many messages, and their size in bytes."""
        return self.ask("STAT", lambda _: self._library.stat())

    def entries(self) -> Task[list[Entry]]:
        """LIST and UIDL: every message."""
        return self.ask("LIST", lambda _: self._entries())

    def _entries(self) -> list[Entry]:
        found: dict[int, Entry] = {}
        for line in self._library.list()[1]:
            parts = line.split()
            if len(parts) < 2 or not parts[0].isdigit() or not parts[1].isdigit() or len(line) > 100:
                raise poplib.error_proto(f"unexpected line in the answer to LIST: {readable(line[:80])}")
            if len(found) >= LIST_MOST:
                raise Limit("ENDLESS", f"LIST names more than {LIST_MOST} messages")
            found[int(parts[0])] = Entry(int(parts[0]), int(parts[1]))
        try:
            lines = self._library.uidl()[1]
        except poplib.error_proto:  # an optional command
            lines = []
        for line in lines:
            number, _, uid = line.partition(b" ")
            entry = found.get(int(number)) if number.isdigit() and len(number) < 12 else None
            if entry is not None:
                entry.uid = readable(uid[:200])
        self._known = found
        return list(found.values())

    def page(self, numbers: tuple[int, ...]) -> Task[list[tuple[Entry, bytes]]]:
        """Some messages with their headers, whether or not `entries` was asked for; one that is refused is left out.

        A mailbox of 100,000 shows its newest ones so: LIST and UIDL of all take a while, and of one none.
        """

        def go(task: Task[list[tuple[Entry, bytes]]]) -> list[tuple[Entry, bytes]]:
            found: list[tuple[Entry, bytes]] = []
            for number in numbers:
                if task.cancelled:
                    break
                try:
                    head = self._head(number, 0)
                    found.append((self._known.get(number) or self._entry(number), head))
                except poplib.error_proto:
                    if self.wire.closed:
                        raise
            return found

        return self.ask("TOP", go)

    def _entry(self, number: int) -> Entry:
        """LIST and UIDL of one message."""
        library: Any = self._library
        words = library.list(number).split()
        size = int(words[2]) if len(words) > 2 and words[2].isdigit() and len(words[2]) < 20 else 0
        entry = self._known[number] = Entry(number, size)
        if self._has_uidl:
            try:
                entry.uid = readable(library.uidl(number).split(b" ", 2)[-1][:200])
            except poplib.error_proto:  # an optional command
                self._has_uidl = False
                if self.wire.closed:
                    raise
        return entry

    def head(self, number: int, lines: int = 0) -> Task[bytes]:
        """TOP: the header and the first `lines` lines of the body."""
        return self.ask(f"TOP {number}", lambda _: self._head(number, lines))

    def _head(self, number: int, lines: int) -> bytes:
        self._library._shortcmd(f"TOP {number} {lines}")  # type: ignore[attr-defined]
        pieces: list[bytes] = []
        self.wire.read_text(pieces.append, TOP_BYTES)
        return b"".join(pieces)

    def retrieve(self, number: int, size: int = 0) -> Task[Path]:
        """RETR: the message in a file of the spool. size: as LIST said, for the progress."""

        def go(task: Task[Path]) -> Path:
            task.total = size
            self._library._shortcmd(f"RETR {number}")  # type: ignore[attr-defined]
            with self.spool.new() as (path, file):
                self.wire.read_text(file.write, self.account.message_bytes, task.progress)
            return path

        return self.ask(f"RETR {number}", go)

    def delete(self, number: int) -> Task[str]:
        """DELE: mark a message; the server's answer."""
        return self.ask(f"DELE {number}", lambda _: readable(self._library.dele(number)))

    def reset(self) -> Task[str]:
        """RSET: take all marks back."""
        return self.ask("RSET", lambda _: readable(self._library.rset()))

    def offers(self) -> Task[dict[str, list[str]]]:
        """CAPA (RFC 2449): what the server can do; {} where it does not say."""

        def go(_: Task[dict[str, list[str]]]) -> dict[str, list[str]]:
            try:
                return dict(self._library.capa())
            except poplib.error_proto:
                return {}

        return self.ask("CAPA", go)


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else b""
    return readable(said) if isinstance(said, bytes) else str(said)
