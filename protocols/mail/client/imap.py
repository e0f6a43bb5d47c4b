"""ImapSession: a mailbox by IMAP (RFC 9051), with imap-tools and imaplib over the lab's wire.

Between tasks it waits in IDLE (RFC 2177), so that what changes at the server is known at once; a big
message is fetched piece by piece into a file. It must not know what a message says.
"""

from __future__ import annotations

import imaplib
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from imap_tools.errors import UnexpectedCommandStatusError
from imap_tools.mailbox import BaseMailBox
from imap_tools.utils import encode_folder

from protocols.mail.client.account import Account
from protocols.mail.client.failure import Refused, said_by
from protocols.mail.client.gate import Gate
from protocols.mail.client.imaprows import (
    ROW_ITEMS,
    Change,
    Folder,
    Row,
    Section,
    Selected,
    answers,
    number_of,
    rows_of,
    sections_of,
)
from protocols.mail.client.imapvalues import ValuesError, pairs, read_values
from protocols.mail.client.session import MailSession, Task
from protocols.mail.client.spool import Spool
from protocols.mail.client.wire import Upgrade, Wire
from protocols.record.recorder import Recorder

PIECE_BYTES: Final = 1 << 20
QUIET_S: Final = 0.3
"""So long nothing must be asked for before IDLE begins: a row of clicks needs no row of IDLEs."""
IDLE_S: Final = 25 * 60
"""Servers may log out who is silent for 30 minutes (RFC 2177)."""
NOOP_S: Final = 10.0
CHANGES_MOST: Final = 10_000


class _Library(imaplib.IMAP4):
    """imaplib's client on a wire that stands already."""

    def __init__(self, wire: Wire, host: str) -> None:
        self._wire = wire
        self._host = host
        super().__init__()

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        self.host, self.port = self._host, 0
        wire: Any = self._wire
        self.sock = wire

    def read(self, size: int) -> bytes:
        return self._wire.read(size)

    def readline(self) -> bytes:
        return self._wire.readline()

    def send(self, data: Any) -> None:
        self._wire.sendall(data)

    def shutdown(self) -> None:
        """The wire is cut by the session."""


class _Box(BaseMailBox):
    def __init__(self, wire: Wire, host: str) -> None:
        self._wire, self._host = wire, host
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        return _Library(self._wire, self._host)


class ImapSession(MailSession):
    """An IMAP session: greeted, inside TLS if asked for, logged in.

    selected: the folder that is open. idling: it waits in IDLE now. changes: what the server told unasked.
    """

    protocol = "imap"

    def __init__(
        self, recorder: Recorder, account: Account, *, name: str, gate: Gate | None = None, watch: bool = True
    ) -> None:
        super().__init__(recorder, account, name=name, gate=gate)
        self.spool: Final = Spool()
        self.selected: Selected | None = None
        self.idling = False
        self.watch = watch
        self._box: Any = None
        self._changes: deque[Change] = deque(maxlen=CHANGES_MOST)
        self._noop_at = 0.0

    def _begin(self) -> None:
        account = self.account
        self._box = _Box(self.wire, account.host)
        client = self._box.client
        if account.security == "starttls":
            if "STARTTLS" not in client.capabilities:
                raise Refused("STARTTLS", "its capabilities do not list STARTTLS")
            upgrade: Any = Upgrade(account.context())
            client.starttls(ssl_context=upgrade)
        if account.user:
            self._log_in()

    def _log_in(self) -> None:
        account, box = self.account, self._box
        try:
            if (account.user + account.password).isascii():
                box.login(account.user, account.password, initial_folder=None)
            else:
                box.login_utf8(account.user, account.password, initial_folder=None)
        except (UnexpectedCommandStatusError, imaplib.IMAP4.error) as error:
            if self.wire.broken is not None or isinstance(error, imaplib.IMAP4.abort):
                raise
            raise Refused("AUTH", _status_words(error)) from None
        box.client._get_capabilities()

    def _end_politely(self) -> None:
        self._box.client.logout()

    def _close(self) -> None:
        super()._close()
        self.spool.close()

    @property
    def offers(self) -> tuple[str, ...]:
        """The server's capabilities."""
        return tuple(self._box.client.capabilities) if self._box is not None else ()

    # IDLE

    def _idle(self) -> None:
        if self._wake_wait(QUIET_S):
            self._hear()
            return
        if self._tasks or self._stops() or self._ending:
            return
        if self.selected is None or not self.watch or self.gate.holding:
            if self._wake_wait(None):
                self._hear()
        elif "IDLE" in self.offers:
            self._idle_by_idle()
        else:
            self._idle_by_noop()

    def _idle_by_idle(self) -> None:
        box = self._box
        box.idle.start()
        self.idling = True
        until = time.monotonic() + IDLE_S
        try:
            while not (self._tasks or self._stops() or self._ending) and time.monotonic() < until:
                if self._wake_wait(until - time.monotonic()):
                    self._hear()
        finally:
            self.idling = False
        if not self.stopping.is_set():
            box.idle.stop()
            self._collect()

    def _idle_by_noop(self) -> None:
        if self._wake_wait(NOOP_S):
            self._hear()
        elif not (self._tasks or self._stops()):
            self._box.client.noop()
            self._collect()

    def _hear(self) -> None:
        """One answer that nobody asked for."""
        self.wire.begin_answer()
        self._box.client._get_response()
        self._collect()
        self._box.client._check_bye()

    def _collect(self) -> None:
        """Take what the server told unasked out of imaplib's drawer."""
        told = self._box.client.untagged_responses
        for data in told.pop("EXPUNGE", []):
            self._changes.append(Change("expunge", number_of(data)))
        for data in told.pop("EXISTS", [])[-1:]:
            self._changes.append(Change("exists", number_of(data)))
        for answer in answers(told.pop("FETCH", [])):
            try:
                values = read_values(answer)
            except ValuesError:
                continue
            items = pairs(values[1]) if len(values) > 1 and isinstance(values[1], list) else {}
            flags = items.get("FLAGS")
            if isinstance(flags, list):
                words = tuple(each.decode("latin-1") for each in flags if isinstance(each, bytes))
                self._changes.append(Change("flags", number_of(values[0]), words))
        told.pop("RECENT", None)

    def take_changes(self) -> list[Change]:
        """What the server told unasked since the last call, in order. Any thread."""
        found = []
        while self._changes:
            found.append(self._changes.popleft())
        return found

    # What others ask for

    def folders(self) -> Task[list[Folder]]:
        """Every folder, as LIST names them."""

        def go(_: Task[list[Folder]]) -> list[Folder]:
            return [Folder(each.name, each.delim, tuple(each.flags)) for each in self._box.folder.list()]

        return self.ask("LIST", go)

    def select(self, folder: str, *, read_only: bool = False) -> Task[Selected]:
        """Open a folder."""
        return self.ask(f"SELECT {folder}", lambda _: self._select(folder, read_only))

    def _select(self, folder: str, read_only: bool) -> Selected:
        client = self._box.client
        self.selected = None
        status, data = client.select(encode_folder(folder), read_only)
        if status != "OK":
            raise Refused("REFUSED", said_by(imaplib.IMAP4.error(data[-1] if data else b"")))
        self._changes.clear()
        exists = number_of(data[-1]) if data else 0
        told = client.untagged_responses
        validity = number_of((told.get("UIDVALIDITY") or [b""])[-1])
        flags = tuple((told.get("FLAGS") or [b""])[-1].decode("latin-1").strip("()").split())
        self._collect()
        self._changes.clear()
        self._box.folder._current_folder = folder
        self.selected = Selected(folder, exists, validity, bool(client.is_readonly), flags)
        return self.selected

    def _check(self, answer: tuple[str, Any]) -> Any:
        status, data = answer
        if status != "OK":
            raise Refused("REFUSED", said_by(imaplib.IMAP4.error(data[-1] if data else b"no reason given")))
        return data

    def rows(self, first: int, last: int) -> Task[list[Row]]:
        """The messages from place `first` to `last`, with a few header fields each."""

        def go(_: Task[list[Row]]) -> list[Row]:
            data = self._check(self._box.client.fetch(f"{first}:{last}", ROW_ITEMS))
            return rows_of(data)

        return self.ask(f"FETCH {first}:{last}", go)

    def rows_of_uids(self, uids: tuple[int, ...]) -> Task[list[Row]]:
        """The same for messages by their UIDs."""

        def go(_: Task[list[Row]]) -> list[Row]:
            if not uids:
                return []
            return rows_of(self._check(self._box.client.uid("FETCH", ",".join(map(str, uids)), ROW_ITEMS)))

        return self.ask("UID FETCH", go)

    def search(self, criteria: str) -> Task[list[int]]:
        """The UIDs that fit, smallest first. criteria: SEARCH's own words, such as 'UNSEEN FROM "bob"'."""

        def go(_: Task[list[int]]) -> list[int]:
            if any(char in criteria for char in "\r\n\0"):
                raise ValueError("A line end or a NUL stands in what is searched for")
            charset = None if criteria.isascii() else "UTF-8"
            return [int(uid) for uid in self._box.uids(criteria.encode("utf-8"), charset=charset) if uid.isdigit()]

        return self.ask("SEARCH", go)

    def source(self, uid: int, size: int = 0) -> Task[Path]:
        """The whole message in a file of the spool, fetched in pieces; \\\\Seen is left as it is."""

        def go(task: Task[Path]) -> Path:
            task.total = size
            with self.spool.new() as (path, file):
                at = 0
                while piece := self._piece(uid, at):
                    file.write(piece)
                    at += len(piece)
                    if at > self.account.message_bytes:
                        raise Refused("BIG_MESSAGE", f"It has more than {self.account.message_bytes} bytes")
                    task.progress(at)
                    if len(piece) < PIECE_BYTES:
                        break
            return path

        return self.ask("FETCH", go)

    def _piece(self, uid: int, at: int) -> bytes:
        data = self._check(self._box.client.uid("FETCH", str(uid), f"(BODY.PEEK[]<{at}.{PIECE_BYTES}>)"))
        return self._content(data, uid)

    def _content(self, data: Iterable[Any], uid: int) -> bytes:
        for answer in answers(data):
            values = read_values(answer)
            items = pairs(values[1]) if len(values) > 1 and isinstance(values[1], list) else {}
            for name, value in items.items():
                if name.startswith("BODY["):
                    return value if isinstance(value, bytes) else b""
        raise Refused("REFUSED", f"there is no message with the UID {uid} any more")

    def sections(self, uid: int) -> Task[list[Section]]:
        """The parts of a message as the server tells them, without fetching one (BODYSTRUCTURE)."""

        def go(_: Task[list[Section]]) -> list[Section]:
            for answer in answers(self._check(self._box.client.uid("FETCH", str(uid), "(BODYSTRUCTURE)"))):
                values = read_values(answer)
                items = pairs(values[1]) if len(values) > 1 and isinstance(values[1], list) else {}
                if "BODYSTRUCTURE" in items:
                    return sections_of(items["BODYSTRUCTURE"])
            return []

        return self.ask("BODYSTRUCTURE", go)

    def section(self, uid: int, number: str) -> Task[bytes]:
        """One part as it lies at the server, still encoded."""

        def go(_: Task[bytes]) -> bytes:
            data = self._check(self._box.client.uid("FETCH", str(uid), f"(BODY.PEEK[{number}])"))
            return self._content(data, uid)

        return self.ask(f"FETCH {number}", go)

    def flag(self, uid: int, flag: str, on: bool) -> Task[None]:
        """Set or clear a flag, such as "\\\\Seen"."""

        def go(_: Task[None]) -> None:
            self._check(self._box.client.uid("STORE", str(uid), "+FLAGS" if on else "-FLAGS", f"({flag})"))
            self._collect()

        return self.ask("STORE", go)

    def move(self, uid: int, folder: str) -> Task[None]:
        """Move a message (RFC 6851), or copy and delete where the server can't move."""

        def go(_: Task[None]) -> None:
            if "MOVE" in self.offers:
                self._check(self._box.client.uid("MOVE", str(uid), encode_folder(folder).decode("ascii")))
                self._collect()
            else:
                self._box.copy(str(uid), folder)
                self._delete(uid)

        return self.ask("MOVE", go)

    def copy(self, uid: int, folder: str) -> Task[None]:
        """Copy a message into another folder."""
        return self.ask("COPY", lambda _: self._moved(self._box.copy(str(uid), folder)))

    def delete(self, uid: int) -> Task[None]:
        """Mark a message as deleted, and expunge."""
        return self.ask("DELETE", lambda _: self._delete(uid))

    def _delete(self, uid: int) -> None:
        client = self._box.client
        self._check(client.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)"))
        if "UIDPLUS" in self.offers:  # this one only, and none that somebody else has marked (RFC 4315)
            self._check(client.uid("EXPUNGE", str(uid)))
        else:
            for number in self._check(client.expunge()):  # imaplib takes them out of its drawer itself
                self._changes.append(Change("expunge", number_of(number)))
        self._collect()

    def _moved(self, _: object) -> None:
        self._collect()

    def append(self, folder: str, message: bytes, flags: tuple[str, ...] = ()) -> Task[None]:
        """Put a message into a folder. Line ends become CRLF."""

        def go(_: Task[None]) -> None:
            client = self._box.client
            text = f"({' '.join(flags)})" if flags else None
            self._check(client.append(encode_folder(folder).decode("ascii"), text, None, message))
            self._collect()

        return self.ask(f"APPEND {folder}", go)

    def create(self, folder: str) -> Task[None]:
        """Make a folder."""
        return self.ask(f"CREATE {folder}", lambda _: self._moved(self._box.folder.create(folder)))

    def delete_folder(self, folder: str) -> Task[None]:
        """Delete a folder and all in it; INBOX is open afterwards where it was that one."""

        def go(_: Task[None]) -> None:
            self._leave_folder(folder)
            self._moved(self._box.folder.delete(folder))

        return self.ask(f"DELETE {folder}", go)

    def rename(self, before: str, after: str) -> Task[None]:
        """Give a folder another name; INBOX is open afterwards where it was that one."""

        def go(_: Task[None]) -> None:
            self._leave_folder(before)
            self._moved(self._box.folder.rename(before, after))

        return self.ask(f"RENAME {before}", go)

    def _leave_folder(self, folder: str) -> None:
        """Servers hang up on who has a folder open that goes. CLOSE would expunge it, UNSELECT not all have."""
        if self.selected is not None and self.selected.name == folder:
            self._select("INBOX", False)


def _status_words(error: BaseException) -> str:
    result = getattr(error, "command_result", None)
    if isinstance(result, tuple) and len(result) == 2:
        status, data = result
        words = data[-1] if isinstance(data, list) and data else b""
        return f"{status} {said_by(imaplib.IMAP4.error(words))}"
    return said_by(error)
