"""FtpSession: one FTP connection as a Remote: its life, and the commands of one line.

It connects when first needed, and once more when the server has ended an idle connection. Files are in `moving`,
folders in `looking`, what is typed in `byhand`. It must not know threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from protocols.ftp.client import byhand, looking, moving, trouble
from protocols.ftp.client.control import Control
from protocols.ftp.client.looking import quoted
from protocols.ftp.client.remote import About, Answer, Fetch, Remote, Store
from protocols.ftp.client.site import Site
from protocols.ftp.client.smallfile import SmallFiles
from protocols.ftp.client.steps import Steps
from protocols.ftp.client.tally import Tally
from protocols.ftp.client.trouble import FtpError
from protocols.ftp.listing.entry import Entry, Listing
from protocols.ftp.listing.facts import time_of
from protocols.record.recorder import Recorder
from protocols.record.trace import address_text

T = TypeVar("T")
FACTS: Final = ("type", "size", "modify", "perm", "unix.mode", "unix.owner", "unix.ownername", "unix.group",
                "unix.groupname", "unix.uid", "unix.gid")  # fmt: skip


class FtpSession(Remote):
    """One FTP connection. home: where the login led to, or a CWD by hand. has_facts: the server knows MLSD."""

    def __init__(
        self, site: Site, recorder: Recorder, name: str = "ftp", stopping: Callable[[], bool] = lambda: False
    ) -> None:
        super().__init__(site, recorder, name, stopping)
        self.control = Control(site, recorder, name, self.waiter)
        self.asks_ahead = 2
        """When the next small file's address is asked for: 2 together with the one before it, 1 when that one's data
        have come, 0 after its verdict. A server that can't have it so early is asked later from then on."""
        self.data_tell = True  # a file that is refused ends its data connection, too
        self.home = ""
        self._system = ""
        self.has_facts = False
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
        self.home = quoted(reply.whole) if reply.code == 257 else ""
        self.has_facts = "MLST" in control.features or "MLSD" in control.features

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
            control.greeting.words if control.greeting else "", self._system, self.home, *ends, control.chain,
            control.protected, tuple(f"{word} {rest}".strip() for word, rest in control.features.items()),
        )  # fmt: skip

    # Folders

    def folder(self, path: str) -> str:
        """The full path of a folder, which becomes the current one for a moment. Raises FtpError when it is none."""
        return self.again(lambda: looking.folder(self, path))

    def listing(self, path: str, tell: Callable[[int], None] | None = None) -> Listing:
        """MLSD where the server has it, else LIST. A listing without end is cut, and says so."""
        return self.again(lambda: looking.listing(self, path, tell))

    def find(self, path: str) -> Entry | None:
        """What is there: by MLST, or else by SIZE (a file) and CWD (a folder)."""
        return self.again(lambda: looking.find(self, path))

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
        if not self.site.passive or self.site.source or self.site.security not in ("none", "auto"):
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
        """See `byhand`."""
        return byhand.answer(self, line)
