"""FtpSession: one FTP connection as a Remote: login, listings, folders, commands by hand.

It connects when first needed, and once more when the server has ended an idle connection. Transfers are
`moving`. It must not know threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from protocols.connecting import Stopped
from protocols.ftp.client import moving, trouble
from protocols.ftp.client.control import ABORT_S, HURRY_S, Control
from protocols.ftp.client.data import DataLink, open_data
from protocols.ftp.client.pump import Cut, Pump, why_cut
from protocols.ftp.client.remote import About, Answer, Fetch, Remote, Store, last
from protocols.ftp.client.replyreader import Reply
from protocols.ftp.client.site import Site
from protocols.ftp.client.smallfile import SmallFiles
from protocols.ftp.client.steps import Steps
from protocols.ftp.client.tally import Tally
from protocols.ftp.client.told import Told
from protocols.ftp.client.trouble import FtpError
from protocols.ftp.dialogue import split_command
from protocols.ftp.listing.entry import Entry, Listing
from protocols.ftp.listing.facts import read_facts, time_of
from protocols.ftp.listing.reader import ListingReader
from protocols.record import polling
from protocols.record.event import monotonic_ns
from protocols.record.recorder import Recorder
from protocols.record.trace import address_text

T = TypeVar("T")
HAND_BYTES: Final = 64 << 10
_BRING: Final = frozenset(("LIST", "NLST", "MLSD", "RETR"))
_TAKE: Final = frozenset(("STOR", "APPE", "STOU"))
FACTS: Final = ("type", "size", "modify", "perm", "unix.mode", "unix.owner", "unix.ownername", "unix.group",
                "unix.groupname", "unix.uid", "unix.gid")  # fmt: skip
_MISSING: Final = (500, 502, 504)


class FtpSession(Remote):
    """One FTP connection."""

    def __init__(
        self, site: Site, recorder: Recorder, name: str = "ftp", stopping: Callable[[], bool] = lambda: False
    ) -> None:
        super().__init__(site, recorder, name, stopping)
        self.control = Control(site, recorder, name, self.waiter)
        self.asks_ahead = True  # for the next small file's address before the last one's verdict has come
        self._home = ""
        self._system = ""
        self._has_facts = False
        self._closed = False
        self._lost = False

    @property
    def alive(self) -> bool:
        """Whether the control connection stands."""
        return self.control.alive

    # Life

    def open(self) -> None:
        """Connect and log in. Raises FtpError, or Stopped."""
        if self.control.alive:
            return
        self.control = Control(self.site, self.recorder, self.name, self.waiter)
        try:
            self.control.connect()
            self._log_in()
            self._learn()
        except BaseException:
            self.control.drop()
            raise

    def _log_in(self) -> None:
        site, control = self.site, self.control
        reply = control.command(f"USER {site.user}")
        if reply.code == 331:
            reply = control.command(f"PASS {site.password}")
        if reply.code == 332:
            reply = control.command(f"ACCT {site.account}")
        if not reply.good:
            raise trouble.refused(reply, f"USER {site.user}", site.where, site.user)

    def _learn(self) -> None:
        """What the server can, and where the login leads."""
        control = self.control
        reply = control.command("FEAT")
        if reply.code == 211:
            for line in reply.lines[1:-1]:
                word, _, rest = line.strip().partition(" ")
                control.features[word.upper()] = rest
        if "UTF8" in control.features:
            control.command("OPTS UTF8 ON")
        self._ask_for_facts(control.features.get("MLST", ""))
        if control.context is not None:
            control.protect_data()
        reply = control.command("PWD")
        self._home = _quoted(reply.whole) if reply.code == 257 else ""
        self._has_facts = "MLST" in control.features or "MLSD" in control.features

    def _ask_for_facts(self, offered: str) -> None:
        """Have MLSD say rights and owners, too, where the server can and does not by itself (RFC 3659 section 7.9)."""
        known = {name.rstrip("*").lower(): name for name in offered.split(";") if name.strip()}
        wanted = [name for name in FACTS if name in known]
        if any(not known[name].endswith("*") for name in wanted):
            self.control.command("OPTS MLST " + "".join(f"{known[name].rstrip('*')};" for name in wanted))

    def close(self) -> None:
        """Say goodbye and close."""
        if not self._closed:
            self.waiter.begin()
            self.control.say_goodbye()
            self._closed = True
            self.waiter.close()

    def rest(self) -> None:
        """See Remote. What the server says unasked is read: 421, as a rule, or the end."""
        control = self.control
        if not self.waiter.rest(control.fileno()):
            return
        try:
            control.drain()
        except (FtpError, OSError):
            pass
        if not control.alive:
            self._lost = True
            control.tell("server gone", "The server has ended the idle connection; the next command makes a new one")

    def again(self, act: Callable[[], T]) -> T:
        """Do something that may be done twice: a connection that ended while it was idle is made anew, once."""
        fresh = not self.control.alive
        if fresh and self._lost:
            self._tell_reconnecting()
        self.open()
        try:
            return act()
        except FtpError as error:
            if error.name == "goodbye":
                self.control.drop()  # 421: the server closes, if it has not yet (RFC 959 section 5.4)
            if fresh or error.name not in ("closed", "goodbye", "os") or self.control.alive:
                raise
        self._tell_reconnecting()
        self.open()
        return act()

    def _tell_reconnecting(self) -> None:
        self._lost = False
        self.control.tell("reconnecting", "The server has ended the idle connection; it is made anew")

    def about(self) -> About:
        """What is known of the server."""
        control = self.control
        ends = ("", "")
        try:
            if control.sock is not None:
                ends = (address_text(control.sock.getsockname()), address_text(control.sock.getpeername()))
        except OSError:
            pass
        return About(
            control.greeting.words if control.greeting else "", self._system, self._home, *ends, control.chain,
            control.protected, tuple(f"{word} {rest}".strip() for word, rest in control.features.items()),
        )  # fmt: skip

    # Folders

    def folder(self, path: str) -> str:
        """The full path of a folder, which becomes the current one for a moment. Raises FtpError when it is none."""
        return self.again(lambda: self._folder(path))

    def _folder(self, path: str) -> str:
        if not path:
            return self._home
        self.control.expect(f"CWD {path}")
        reply = self.control.command("PWD")
        there = _quoted(reply.whole) if reply.code == 257 else path
        if self._home:
            self.control.expect(f"CWD {self._home}")
        return there

    def listing(self, path: str, tell: Callable[[int], None] | None = None) -> Listing:
        """MLSD where the server has it, else LIST. A listing without end is cut, and says so."""
        return self.again(lambda: self._listing(path, tell))

    def _listing(self, path: str, tell: Callable[[int], None] | None) -> Listing:
        if self._has_facts:
            try:
                return self._list_by("MLSD", path, tell)
            except FtpError as error:
                if error.code not in _MISSING:
                    raise
                self._has_facts = False
        found = self._list_by("LIST", path, tell)
        if not found.entries and not found.cut and path not in ("", "/"):
            self._folder(path)  # many servers list nothing for what is not there, and call that done
        return found

    def _list_by(self, verb: str, path: str, tell: Callable[[int], None] | None) -> Listing:
        if verb == "LIST" and path.startswith("-"):
            path = f"./{path}"  # most servers hand it to something like ls, options and all
        command = f"{verb} {path}" if path else verb
        self.use_type("A" if verb == "LIST" else self.control.transfer_type or "I")
        reader = ListingReader(facts=verb == "MLSD", encoding=self.site.encoding)
        link = open_data(self.control, command)
        failed = self._read_listing(link, command, reader, tell)
        if failed is not None:
            raise failed
        where = path or self._home
        return Listing(where, reader.entries, verb, reader.cut, reader.dialect, reader.bytes, tuple(reader.remarks))

    def _read_listing(
        self, link: DataLink, command: str, reader: ListingReader, tell: Callable[[int], None] | None
    ) -> FtpError | None:
        pump = Pump(self.control, link)
        told = Told(self.control, link, command)

        def take(data: memoryview) -> None:
            reader.feed(data)
            if reader.cut:
                raise _Enough
            if tell is not None:
                tell(len(reader.entries))

        error = ""
        try:
            pump.receive(take)
            reader.end()
            reply = pump.verdict(command)
            error = "" if reply.good else trouble.said_by(reply)
        except _Enough:
            self.abort(link)
            error = reader.cut
            reply = None
        except Cut as cut:
            reply = self.after_cut(link, command, cut)
            error = why_cut(cut, reply)
        except BaseException as why:
            self.after_failure(link, why)
            told.transfer("get", reader.bytes, error=type(why).__name__)
            raise
        told.transfer("get", reader.bytes, error=error)
        if error and not reader.cut:
            return trouble.trouble("listing cut", reply, path=command, done=reader.bytes, said=error)
        return None

    def find(self, path: str) -> Entry | None:
        """What is there: by MLST, or else by SIZE (a file) and CWD (a folder)."""
        return self.again(lambda: self._find(path))

    def _find(self, path: str) -> Entry | None:
        if "MLST" in self.control.features:
            reply = self.control.command(f"MLST {path}")
            if reply.code == 250 and len(reply.lines) > 2:
                entry = read_facts(reply.lines[1].strip())
                return entry._replace(name=last(path)) if entry is not None else None
            if reply.code == 550:
                return None
        size = self.size(path)
        if size is not None:
            return Entry(last(path), "file", size)
        reply = self.control.command(f"CWD {path}")
        if reply.good:
            self.control.expect(f"CWD {self._home}")
            return Entry(last(path), "dir")
        return None

    def size(self, path: str) -> int | None:
        """SIZE in binary mode (RFC 3659 section 4); None where the server does not say."""
        self.use_type("I")
        reply = self.control.command(f"SIZE {path}")
        words = reply.text.split()
        number = words[-1] if reply.code == 213 and words else ""
        return int(number) if number.isascii() and number.isdecimal() and len(number) < 20 else None

    def modified_ns(self, path: str) -> int | None:
        """MDTM as nanoseconds since 1970; None where the server does not say."""
        if self.control.features and "MDTM" not in self.control.features:
            return None
        reply = self.control.command(f"MDTM {path}")
        return moving.stamp_ns(time_of(reply.text)) if reply.code == 213 else None

    def use_type(self, letter: str) -> None:
        """TYPE A or I, when it is not in force already."""
        if self.control.transfer_type != letter:
            self.control.expect(f"TYPE {letter}")
            self.control.transfer_type = letter

    # Files

    def get(self, order: Fetch, tally: Tally) -> None:
        """RETR to a file. See `moving`."""
        self.again(lambda: moving.get(self, order, tally))

    def in_steps(self) -> Steps | None:
        """See Remote: in passive mode without TLS, which takes waiting."""
        if not self.site.passive or self.site.security not in ("none", "auto"):
            return None
        self.again(lambda: self.use_type("I"))
        return None if self.control.context is not None else SmallFiles(self)

    def put(self, order: Store, tally: Tally) -> None:
        """STOR from a file. See `moving`."""
        self.again(lambda: moving.put(self, order, tally))

    def make_folder(self, path: str) -> None:
        """MKD."""
        self.again(lambda: self.control.expect(f"MKD {path}"))

    def remove_folder(self, path: str) -> None:
        """RMD."""
        self.again(lambda: self.control.expect(f"RMD {path}"))

    def remove(self, path: str) -> None:
        """DELE."""
        self.again(lambda: self.control.expect(f"DELE {path}"))

    def rename(self, path: str, to: str) -> None:
        """RNFR and RNTO."""

        def both() -> None:
            reply = self.control.command(f"RNFR {path}")
            if reply.code != 350:
                raise trouble.refused(reply, f"RNFR {path}", self.site.where, self.site.user)
            self.control.expect(f"RNTO {to}")

        self.again(both)

    def change_mode(self, path: str, mode: int) -> None:
        """SITE CHMOD, which no RFC knows and most servers on Unix have."""
        self.again(lambda: self.control.expect(f"SITE CHMOD {mode:03o} {path}"))

    # By hand

    def by_hand(self, line: str) -> Answer:
        """Any command; one that brings data gets its data connection, one that sends a file is refused."""
        line = line.strip()
        verb, _ = split_command(line)
        if not verb or any(mark in line for mark in "\r\n\0"):
            raise trouble.trouble("not a command", said=repr(line[:80]))
        if verb in _TAKE:
            raise trouble.trouble("needs data", command=verb)
        return self._bring(line) if verb in _BRING else self.again(lambda: self._say(line, verb))

    def _say(self, line: str, verb: str) -> Answer:
        reply = self.control.command(line)
        if verb == "QUIT" and reply.good:
            self.control.drop()
        elif verb == "TYPE":
            self.control.transfer_type = ""
        elif verb in ("CWD", "CDUP", "XCWD", "REIN") and reply.good:
            there = self.control.command("PWD")
            self._home = _quoted(there.whole) if there.code == 257 else self._home
        return Answer(reply, replies=(reply,))

    def _bring(self, line: str) -> Answer:
        self.open()
        try:
            link = open_data(self.control, line)
        except FtpError as error:
            if error.reply is None or not self.control.alive:
                raise
            return Answer(error.reply, replies=(error.reply,))
        data, told = bytearray(), Told(self.control, link, line)

        def take(block: memoryview) -> None:
            data.extend(block[: max(0, HAND_BYTES - len(data))])

        pump = Pump(self.control, link)
        try:
            total = pump.receive(take)
            reply = pump.verdict(line)
        except Cut as cut:
            found = self.after_cut(link, line, cut)
            if found is None:
                raise trouble.trouble("listing cut", path=line, done=len(data), said=str(cut)) from cut
            total, reply = len(data), found
        except BaseException as why:
            self.after_failure(link, why)
            raise
        told.transfer("get", total, error="" if reply.good else trouble.said_by(reply))
        return Answer(reply, bytes(data), total > len(data), (link.began, reply))

    # When a transfer does not end well

    def after_cut(self, link: DataLink, command: str, cut: Cut) -> Reply | None:
        """What the server says of a broken data connection; None when it says nothing."""
        if cut.silent:
            self.abort(link)
            return None
        self.waiter.forget()
        link.close()
        try:
            return self.control.read_reply(command)
        except FtpError:
            return None
        finally:
            self.control.settled_ns = 0

    def after_failure(self, link: DataLink, why: BaseException) -> None:
        """A cancel, or an error on this side: the server is told, the connection goes on when it answers quickly."""
        if isinstance(why, Stopped | FtpError | OSError) and self.control.alive:
            self.abort(link, HURRY_S if isinstance(why, Stopped) else ABORT_S)
        else:
            self.waiter.forget()
            link.close()
            self.control.drop()

    def abort(self, link: DataLink, patience_s: float = ABORT_S) -> None:
        """ABOR (RFC 959 section 4.1.3): close the data connection and hear both replies, or give the connection up."""
        self.waiter.forget()
        link.close()
        self.waiter.begin()
        deadline = monotonic_ns() + int(patience_s * 1e9)
        control = self.control
        try:
            heard = 1 if control.early_reply() is not None else 0
            control.send_urgent("ABOR")
            while monotonic_ns() < deadline:
                while control.look() is not None:
                    control.read_reply()
                    heard += 1
                if heard >= 2:
                    control.settled_ns = 0  # some servers have a third
                    return
                rest = max(0.0, (deadline - monotonic_ns()) / 1e9)
                control.waiter.wait(control.fileno(), polling.POLLIN, rest)
        except (FtpError, OSError):
            pass
        control.drop()


class _Enough(Exception):
    """A listing is longer than anybody can look at."""


def _quoted(line: str) -> str:
    """The path in a 257 reply: between quotes, a quote in it doubled (RFC 959 appendix II)."""
    start = line.find('"')
    if start < 0:
        return ""
    path, position = "", start + 1
    while position < len(line):
        letter = line[position]
        if letter == '"':
            if line[position + 1 : position + 2] != '"':
                return path
            position += 1
        path += letter
        position += 1
    return path
