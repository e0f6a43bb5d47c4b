"""The dialogue of FTP as events: both ends, both connections of a session, in one vocabulary.

`Dialogue` is what a client or server has for each control connection. It writes, all of layer "message":

    command    a line of the control connection. detail: verb, argument (passwords masked)
    reply      a reply, however many lines it has. detail: code, lines, meaning
    transfer   a file that went over a data connection, whole or not. detail: see `Transfer`
    listing    the same for a listing (LIST, NLST, MLSD)

Each has detail.session (the id of the control connection, the same at both ends), detail.role ("control" or "data")
and detail.end ("client" or "server": who of FTP, also where the server opens the data connection). `conn` is the
connection it went over, direction is seen from the service. PORT, EPRT, 227 and 229 carry detail.address with host
(null: the peer's own), port and arithmetic. It must not know sockets, nor which library speaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from protocols.ftp.addresses import OFFERS, address_of_command, address_of_reply
from protocols.ftp.replies import MEANINGS, meaning_of
from protocols.record.connections import Role as Role
from protocols.record.event import Direction, Lazy, Raw, monotonic_ns
from protocols.record.recorder import Recorder
from protocols.secretlines import FTP_VERBS

MASK: Final = "******"
LISTINGS: Final = frozenset(("LIST", "NLST", "MLSD"))
_COMMAND: Final = ("session", "role", "end", "verb", "argument")
_COMMAND_ADDRESS: Final = (*_COMMAND, "address")
_REPLY: Final = ("session", "role", "end", "code", "lines", "meaning")
_REPLY_CUT: Final = (*_REPLY, "lines_in_all")
_REPLY_ADDRESS: Final = (*_REPLY, "address")
_TRANSFER: Final = ("verb", "path", "way", "bytes", "seconds", "resumed", "type", "complete", "sha256", "local", "peer",
                    "connected_by", "tls")  # fmt: skip
_TRANSFER_FACTS: Final = ("session", "role", "end", *_TRANSFER)
_TRANSFER_FAILED: Final = (*_TRANSFER_FACTS, "error")
_ADDRESSED: Final = ("PORT", "EPRT")
LINE_KEPT: Final = 2000
"""Characters of one line that an event keeps."""
LINES_KEPT: Final = 200
"""Lines of one reply that an event keeps."""
Way: TypeAlias = Literal["get", "put"]


class Transfer(NamedTuple):
    """What went over one data connection.

    verb: the command (RETR, STOR, APPE, STOU, LIST ..). path: the server's name of it. way: "get" from the server,
    "put" to it. bytes: that crossed the data connection. seconds: from the command's first reply to the end of the
    data. resumed: the offset that it began at. type: "binary" or "text". complete: whether all of it went.
    sha256: of the whole file as this end has it afterwards, hexadecimal; None where nobody can say. local, peer: the
    data connection's addresses, (host, port), seen from this end. connected_by: who opened the data connection.
    error: why it is not complete.
    """

    verb: str
    path: str
    way: Way
    bytes: int
    seconds: float
    resumed: int = 0
    type: Literal["binary", "text"] = "binary"
    complete: bool = True
    sha256: str | None = None
    local: tuple[str, int] | None = None
    peer: tuple[str, int] | None = None
    connected_by: Role | None = None
    tls: bool = False
    error: str = ""

    @property
    def kind(self) -> str:
        """The event's kind: "listing" or "transfer"."""
        return "listing" if self.verb in LISTINGS else "transfer"

    def text(self) -> str:
        """One line for a person."""
        rate = f", {self.bytes / self.seconds / 1e6:.1f} MB/s" if self.seconds > 0.01 and self.bytes > 100_000 else ""
        resumed = f" from {self.resumed}" if self.resumed else ""
        end = "" if self.complete else f", not complete: {self.error or 'it was ended early'}"
        return f"{self.verb} {self.path}{resumed}: {self.bytes} bytes in {self.seconds:.3f} s{rate}{end}"

    def facts(self) -> tuple[Any, ...]:
        """What an event holds of it, in the order of its fields; the error apart."""
        return (
            self.verb, self.path, self.way, self.bytes, round(self.seconds, 6), self.resumed, self.type, self.complete,
            self.sha256, list(self.local) if self.local else None, list(self.peer) if self.peer else None,
            self.connected_by, self.tls,
        )  # fmt: skip

    def detail(self) -> dict[str, Any]:
        """The facts as an event holds them."""
        return dict(zip(_TRANSFER, self.facts(), strict=True)) | ({"error": self.error} if self.error else {})


def split_command(line: str) -> tuple[str, str]:
    """Verb, in capitals, and argument of a command line without its end."""
    verb, _, argument = line.partition(" ")
    return verb.upper(), argument


def masked(line: str) -> str:
    """A command line without what nobody else should read: the password of PASS, the account of ACCT."""
    verb, argument = split_command(line.lstrip())
    return f"{verb} {MASK}" if verb in FTP_VERBS and argument else line


class Dialogue:
    """Both connections of one session as one end sees them. Any thread.

    conn: the control connection's id, None where it is not known. session: another name for the session than that.
    """

    def __init__(
        self, recorder: Recorder, service: str | None, end: Role, conn: str | None, session: str | None = None
    ) -> None:
        self.recorder: Final = recorder
        self.service = service
        self.end: Final = end
        self.conn = conn
        self.session = session or conn

    def command(self, line: str, *, offset: int | None = None, size: int | None = None, t: int | None = None) -> None:
        """A command line, without its line end. offset, size: its bytes in the control connection's direction."""
        self.recorder.put(command_event(self.service, self.conn, self.session, self.end, line, offset, size,
                                        t or monotonic_ns()))  # fmt: skip

    def reply(
        self, code: int, lines: Sequence[str], *, offset: int | None = None, size: int | None = None,
        t: int | None = None,
    ) -> None:  # fmt: skip
        """A reply: its code and its lines as they came, without line ends."""
        self.recorder.put(reply_event(self.service, self.conn, self.session, self.end, code, lines, offset, size,
                                      t or monotonic_ns()))  # fmt: skip

    def transfer(self, done: Transfer, conn: str | None) -> None:
        """A file or listing that has gone over the data connection `conn`."""
        self.recorder.put(transfer_event(self.service, conn, self.session, self.end, done, monotonic_ns()))

    def note(self, kind: str, text: str, *, conn: str | None = None, **facts: Any) -> None:
        """What happened to the session that is no line of it; `conn` where it is about a data connection."""
        role = "control" if conn is None or conn == self.conn else "data"
        self.recorder.note(kind, text, service=self.service, conn=conn or self.conn, **self._facts(role), **facts)

    def _facts(self, role: str) -> dict[str, Any]:
        return {"session": self.session, "role": role, "end": self.end}


# Events from their parts: a note (see `protocols.record.later`) makes the same ones of the same parts


def command_event(
    service: str | None, conn: str | None, session: str | None, end: Role, line: str, offset: int | None,
    size: int | None, t: int,
) -> Raw:  # fmt: skip
    """See `Dialogue.command`."""
    verb, argument = split_command(line.lstrip())
    if argument and verb in FTP_VERBS:
        line, argument = f"{verb} {MASK}", MASK
    detail: Lazy = (_COMMAND, session, "control", end, verb, argument[:LINE_KEPT])
    if verb in _ADDRESSED and (address := address_of_command(verb, argument)) is not None:
        detail = (_COMMAND_ADDRESS, *detail[1:], address.detail())
    way: Direction = "out" if end == "client" else "in"
    return (t, "message", "command", service, conn, way, offset, size, None, line[:LINE_KEPT], detail)


def reply_event(
    service: str | None, conn: str | None, session: str | None, end: Role, code: int, lines: Sequence[str],
    offset: int | None, size: int | None, t: int,
) -> Raw:  # fmt: skip
    """See `Dialogue.reply`."""
    if len(lines) == 1:
        text = lines[0][:LINE_KEPT]
        kept = [text]
    else:
        kept = [line[:LINE_KEPT] for line in lines[:LINES_KEPT]]
        text = f"{kept[0]} .. {len(lines)} lines" if kept else str(code)
    facts = (session, "control", end, code, kept, MEANINGS.get(code) or meaning_of(code))
    detail: Lazy = (_REPLY, *facts)
    if len(lines) > len(kept):
        detail = (_REPLY_CUT, *facts, len(lines))
    elif code in OFFERS and (address := address_of_reply(code, text if len(kept) == 1 else " ".join(kept))):
        detail = (_REPLY_ADDRESS, *facts, address.detail())
    way: Direction = "in" if end == "client" else "out"
    return (t, "message", "reply", service, conn, way, offset, size, None, text, detail)


def transfer_event(
    service: str | None, conn: str | None, session: str | None, end: Role, done: Transfer, t: int
) -> Raw:
    """See `Dialogue.transfer`."""
    detail: Lazy = (_TRANSFER_FACTS, session, "data", end, *done.facts())
    if done.error:
        detail = (_TRANSFER_FAILED, *detail[1:], done.error)
    way: Direction = "out" if (done.way == "put") == (end == "client") else "in"
    return (t, "message", done.kind, service, conn, way, None, done.bytes, None, done.text(), detail)
