"""POP3: a small server of our own (RFC 1939, with UIDL, TOP, CAPA of RFC 2449, STLS of RFC 2595, AUTH of RFC 5034).

`Pop3` is an engine for bytes: feed it what came, split anywhere, and do what it gives back. Nothing is
deleted before QUIT. It must not know sockets, nor threads.
"""

from __future__ import annotations

import binascii
import hashlib
import os
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from protocols.mail.dialogue import BODY_BYTES, Dialogue
from protocols.mail.dots import stuffed
from protocols.mail.server.folder import Entry, Folder, Gone
from protocols.mail.server.house import House
from protocols.mail.server.link import Link
from protocols.mail.server.smtp import cram_md5
from protocols.mail.server.store import Mailbox

LINE_BYTES: Final = 1024
AUTH_BYTES: Final = 12 << 10
BAD_LOGINS: Final = 3
HEAD_BYTES: Final = 4 << 20
CAPABILITIES: Final = ("TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE NEVER", "USER")
MECHANISMS: Final = "SASL PLAIN LOGIN CRAM-MD5"


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for so many seconds, then go on."""

    seconds: float


Act: TypeAlias = bytes | Wait | Literal["hold", "tls", "close"]
"""Bytes to send; a pause; read no more and throw away what was not read; shake hands now; close the connection."""
_Answers: TypeAlias = Iterator[Act]


@dataclass
class _Drop:
    """The maildrop of a session: a snapshot, numbered from 1. gone: what is marked as deleted."""

    box: Mailbox
    entries: list[Entry]
    gone: set[int] = field(default_factory=set)

    @property
    def folder(self) -> Folder:
        return self.box.inbox

    def left(self) -> list[tuple[int, Entry]]:
        return [(number, one) for number, one in enumerate(self.entries, 1) if number not in self.gone]


class _Refused(Exception):
    """-ERR, with this text."""


class Pop3:
    """One session. tls: the client may ask for STLS. Call `over` at the end, whatever ended it."""

    def __init__(self, house: House, link: Link, *, tls: bool = False) -> None:
        self._house: Final = house
        self._link: Final = link
        self._tls: Final = tls
        self._dialogue: Final[Dialogue] = link.dialogue
        self._stamp: Final = f"<{os.getpid()}.{time.time_ns()}.{link.number}@netlab>"
        self._held = b""
        self._name: str | None = None
        self._drop: _Drop | None = None
        self._bad = 0
        self._asking: Callable[[bytes], _Answers] | None = None
        self._closed = False

    # Bytes in, acts out

    def begin(self) -> _Answers:
        """The greeting."""
        yield from self._by_rules("CONNECT", lambda: self._say(f"+OK NetLab POP3 ready {self._stamp}"))

    def feed(self, data: bytes) -> _Answers:
        """Take the next bytes. Each act must be done before the next is asked for."""
        self._held += data
        while not self._closed:
            end = self._held.find(b"\n")
            if end < 0 or end > AUTH_BYTES:
                break
            line, self._held = self._held[: end + 1], self._held[end + 1 :]
            self._dialogue.command(line)
            yield from self._line(line)
        if len(self._held) > AUTH_BYTES and not self._closed:
            self._dialogue.skip("client", self._held)
            self._held = b""
            yield from self._say("-ERR The line is too long")
            yield from self._close()

    def _close(self) -> _Answers:
        self._closed = True
        yield "close"

    def discard(self) -> bytes:
        """Throw away what was heard behind STLS, in plain."""
        held, self._held = self._held, b""
        return held

    def over(self) -> None:
        """The connection is gone; nothing is deleted, and the mailbox is free for the next."""
        if self._drop is not None:
            drop, self._drop = self._drop, None
            drop.box.maildrop.release()

    def _line(self, line: bytes) -> _Answers:
        if self._asking is not None:
            ask, self._asking = self._asking, None
            yield from ask(line.strip())
            return
        if not line.endswith(b"\r\n") and not self._house.setup.lenient:
            yield from self._err("A line ends with CRLF, and this one with a line feed alone")
            return
        if len(line) > LINE_BYTES:
            yield from self._err("The line is too long")
            return
        verb, _, argument = line.rstrip(b"\r\n").partition(b" ")
        word = verb.decode("ascii", "replace").upper()
        method = (self._TRANSACTION if self._drop is not None else self._AUTHORIZATION).get(word)
        if method is None:
            known = word in self._TRANSACTION or word in self._AUTHORIZATION
            why = "not now" if known else "unknown"
            yield from self._err(f"The command is {why}: {_plain(word)}")
            return
        yield from self._by_rules(word, lambda: method(self, argument.decode("utf-8", "surrogateescape")))

    def _by_rules(self, word: str, go_on: Callable[[], _Answers]) -> _Answers:
        occasion, rules = self._house.occasion(self._link, word), self._house.rules
        if seconds := rules.wait_s(occasion):
            yield Wait(seconds)
        if rules.drops(occasion):
            yield from self._close()
            return
        refusal = rules.refusal(occasion)
        if refusal is not None:
            yield from self._say(f"-ERR {refusal[1]}")
            if word == "CONNECT":
                yield from self._close()
            return
        try:
            yield from go_on()
        except _Refused as refused:
            yield from self._err(str(refused))
        except Gone:
            yield from self._err("[SYS/TEMP] The message was deleted meanwhile by another program")
        except OSError as error:
            yield from self._err(f"[SYS/TEMP] The mailbox can't be read: {error.strerror}")

    def _say(self, text: str) -> _Answers:
        line = text.encode("utf-8", "surrogateescape") + b"\r\n"
        self._dialogue.reply(line)
        yield line

    def _err(self, text: str) -> _Answers:
        yield from self._say(f"-ERR {text}")

    def _lines(self, first: str, lines: list[str]) -> _Answers:
        yield from self._say(first)
        for line in lines:
            yield from self._say(line)
        yield from self._say(".")

    # Before the login (RFC 1939 section 4)

    def _capa(self, argument: str) -> _Answers:
        words = list(CAPABILITIES)
        sealed = self._link.inside_tls or not self._house.setup.login_needs_tls
        if sealed:
            words.append(MECHANISMS)
        else:
            words.remove("USER")
        if self._tls and not self._link.inside_tls:
            words.append("STLS")
        offered = self._house.rules.capability(self._house.occasion(self._link, "CAPA"), words)
        yield from self._lines("+OK That is what I can do", offered)

    def _stls(self, argument: str) -> _Answers:
        if not self._tls or self._link.inside_tls:
            raise _Refused("TLS stands already" if self._link.inside_tls else "TLS is not available")
        yield "hold"
        yield from self._say("+OK Begin TLS now")
        self._name = None
        yield "tls"

    def _user(self, argument: str) -> _Answers:
        self._may_log_in()
        if not argument:
            raise _Refused("Syntax: USER name")
        self._name = argument
        yield from self._say("+OK Now the password")

    def _pass(self, argument: str) -> _Answers:
        name, self._name = self._name, None
        if name is None:
            raise _Refused("USER first")
        yield from self._entered(name, self._house.login(name, argument) is not None)

    def _apop(self, argument: str) -> _Answers:
        name, _, digest = argument.rpartition(" ")
        right = self._house.login_digest(name, digest, self._stamp.encode(), _apop_digest)
        yield from self._entered(name, right)

    def _may_log_in(self) -> None:
        if self._house.setup.login_needs_tls and not self._link.inside_tls:
            raise _Refused("[AUTH] Encryption is required for logins here: STLS first")

    def _entered(self, name: str, right: bool) -> _Answers:
        if not right:
            self._bad += 1
            yield from self._err("[AUTH] Name or password is wrong")
            if self._bad >= BAD_LOGINS:
                yield from self._close()
            return
        box = self._house.store.boxes[name]
        if not box.maildrop.acquire(blocking=False):
            raise _Refused("[IN-USE] Another session has the mailbox open")
        try:
            self._drop = _Drop(box, box.inbox.entries())
        except BaseException:
            box.maildrop.release()
            raise
        self._link.user = name
        yield from self._say(f"+OK {len(self._drop.entries)} messages")

    # AUTH (RFC 5034)

    def _auth(self, argument: str) -> _Answers:
        words = argument.split()
        if not words:
            yield from self._lines("+OK The mechanisms", MECHANISMS.split()[1:])
            return
        self._may_log_in()
        name = words[0].upper()
        if name not in MECHANISMS.split()[1:]:
            raise _Refused("There are PLAIN, LOGIN and CRAM-MD5")
        challenge = b"" if name == "PLAIN" else b"Username:" if name == "LOGIN" else self._stamp.encode()
        proof = {"PLAIN": self._plain_auth, "LOGIN": self._login_name, "CRAM-MD5": self._cram_auth}[name]
        if len(words) > 1 and name != "CRAM-MD5":
            yield from self._decoded(proof)(b"" if words[1] == "=" else words[1].encode("utf-8", "surrogateescape"))
            return
        yield from self._ask(challenge, proof)

    def _ask(self, challenge: bytes, proof: Callable[[bytes], _Answers]) -> _Answers:
        self._asking = self._decoded(proof)
        yield from self._say(f"+ {b64encode(challenge).decode()}")

    def _decoded(self, proof: Callable[[bytes], _Answers]) -> Callable[[bytes], _Answers]:
        def take(line: bytes) -> _Answers:
            if line == b"*":
                yield from self._err("Cancelled")
                return
            try:
                given = b64decode(line, validate=True)
            except (binascii.Error, ValueError):
                yield from self._err("That is no base64")
                return
            try:
                yield from proof(given)
            except _Refused as refused:
                yield from self._err(str(refused))

        return take

    def _plain_auth(self, given: bytes) -> _Answers:
        parts = given.decode("utf-8", "surrogateescape").split("\0")
        if len(parts) != 3:
            raise _Refused("PLAIN is: nothing or who to act for, the name, the password, with NUL between")
        yield from self._entered(parts[1], self._house.login(parts[1], parts[2]) is not None)

    def _login_name(self, given: bytes) -> _Answers:
        name = given.decode("utf-8", "surrogateescape")

        def proof(secret: bytes) -> _Answers:
            password = secret.decode("utf-8", "surrogateescape")
            yield from self._entered(name, self._house.login(name, password) is not None)

        yield from self._ask(b"Password:", proof)

    def _cram_auth(self, given: bytes) -> _Answers:
        name, _, digest = given.decode("utf-8", "surrogateescape").rpartition(" ")
        right = self._house.login_digest(name, digest, self._stamp.encode(), cram_md5)
        yield from self._entered(name, right)

    # With the mailbox (RFC 1939 sections 5 and 7)

    def _opened(self) -> _Drop:
        assert self._drop is not None
        return self._drop

    def _message(self, argument: str) -> tuple[int, Entry]:
        drop = self._opened()
        if not argument.isascii() or not argument.isdigit() or len(argument) > 9:
            raise _Refused("Which message? Its number, please")
        number = int(argument)
        if not 1 <= number <= len(drop.entries):
            raise _Refused(f"There is no message {number}, only 1 to {len(drop.entries)}")
        if number in drop.gone:
            raise _Refused(f"Message {number} is marked as deleted")
        return number, drop.entries[number - 1]

    def _claimed(self, verb: str, count: int) -> int:
        return self._house.rules.count(self._house.occasion(self._link, verb), count)

    def _stat(self, argument: str) -> _Answers:
        drop = self._opened()
        left = drop.left()
        total = sum(drop.folder.size(one) for _, one in left)
        yield from self._say(f"+OK {self._claimed('STAT', len(left))} {total}")

    def _list(self, argument: str) -> _Answers:
        drop = self._opened()
        if argument:
            number, entry = self._message(argument)
            yield from self._say(f"+OK {number} {drop.folder.size(entry)}")
            return
        lines = [f"{number} {drop.folder.size(one)}" for number, one in drop.left()]
        yield from self._lines(f"+OK {self._claimed('LIST', len(lines))} messages", lines)

    def _uidl(self, argument: str) -> _Answers:
        drop = self._opened()
        if argument:
            number, entry = self._message(argument)
            yield from self._say(f"+OK {number} {_unique_id(drop.folder, entry)}")
            return
        yield from self._lines("+OK", [f"{number} {_unique_id(drop.folder, one)}" for number, one in drop.left()])

    def _retr(self, argument: str) -> _Answers:
        folder = self._opened().folder
        _, entry = self._message(argument)
        size, chunks = folder.size(entry), folder.chunks(entry)
        yield from self._text(f"+OK {size} bytes", chunks)
        self._link.mails += 1

    def _top(self, argument: str) -> _Answers:
        words = argument.split()
        if len(words) != 2 or not words[1].isdigit() or len(words[1]) > 9:
            raise _Refused("Syntax: TOP message lines")
        _, entry = self._message(words[0])
        yield from self._text("+OK", _top_of(self._opened().folder, entry, int(words[1])))

    def _text(self, first: str, chunks: Iterator[bytes]) -> _Answers:
        """A multi-line answer of any size; what is read first decides whether there is one at all."""
        begin = next(chunks, b"")
        yield from self._say(first)
        size, head = 0, bytearray()
        for part in stuffed(_with(begin, chunks)):
            size += len(part)
            if len(head) < BODY_BYTES:
                head += part[: BODY_BYTES - len(head)]
            yield part
        self._dialogue.body("server", size, bytes(head), what="a message")
        yield from self._say(".")

    def _dele(self, argument: str) -> _Answers:
        number, _ = self._message(argument)
        self._opened().gone.add(number)
        yield from self._say(f"+OK Message {number} goes at QUIT")

    def _rset(self, argument: str) -> _Answers:
        self._opened().gone.clear()
        yield from self._say("+OK Nothing is marked as deleted any more")

    def _noop(self, argument: str) -> _Answers:
        yield from self._say("+OK")

    def _quit(self, argument: str) -> _Answers:
        drop, said = self._drop, "+OK Bye"
        if drop is not None:
            uids = [drop.entries[number - 1].uid for number in sorted(drop.gone)]
            count = drop.folder.remove(uids)
            said = f"+OK Bye, {count} messages deleted"
        yield from self._say(said)
        yield from self._close()

    _AUTHORIZATION: Final[dict[str, Callable[[Pop3, str], _Answers]]] = {
        "CAPA": _capa, "STLS": _stls, "USER": _user, "PASS": _pass, "APOP": _apop, "AUTH": _auth, "QUIT": _quit,
    }  # fmt: skip
    _TRANSACTION: Final[dict[str, Callable[[Pop3, str], _Answers]]] = {
        "STAT": _stat, "LIST": _list, "UIDL": _uidl, "RETR": _retr, "TOP": _top, "DELE": _dele, "RSET": _rset,
        "NOOP": _noop, "CAPA": _capa, "QUIT": _quit,
    }  # fmt: skip


def _unique_id(folder: Folder, entry: Entry) -> str:
    return f"{folder.validity:08x}{entry.uid:08x}"


def _with(first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from chunks


def _top_of(folder: Folder, entry: Entry, lines: int) -> Iterator[bytes]:
    """The header, the empty line and so many lines of the body."""
    head = folder.head(entry, HEAD_BYTES)
    yield head
    left, skip = lines, len(head)
    for chunk in folder.chunks(entry) if lines else ():
        part = chunk[skip:] if skip else chunk
        skip = max(0, skip - len(chunk))
        end = 0
        while left and (found := part.find(b"\n", end)) >= 0:
            left -= 1
            end = found + 1
        yield part if left else part[:end]
        if not left:
            return


def _apop_digest(password: bytes, stamp: bytes) -> str:
    return hashlib.md5(stamp + password).hexdigest()


def _plain(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text)[:40]
