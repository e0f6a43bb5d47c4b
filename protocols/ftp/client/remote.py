"""Remote: one connection to a server's files, whatever protocol it speaks. The orders for it, and what it gives.

FTP and SFTP fill it in; the queue, the command line and the panes know this alone. It must not know a
protocol.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from protocols.ftp.client.pump import BUFFER_BYTES
from protocols.ftp.client.replyreader import Reply
from protocols.ftp.client.site import Site
from protocols.ftp.client.tally import Caller, Mode, Tally
from protocols.ftp.client.waiter import Waiter
from protocols.ftp.listing.entry import Entry, Listing
from protocols.record.recorder import Recorder

if TYPE_CHECKING:
    from protocols.ftp.client.steps import Steps


class Fetch(NamedTuple):
    """Get a file. entry: what a listing said of it, saves questions. Replace or resume only when asked.

    block_bytes and caller: how the blocks reach the file, as the courses show it; caller "" is the fast way.
    """

    path: str
    to: Path
    mode: Mode = "binary"
    force: bool = False
    resume: bool = False
    block_bytes: int = BUFFER_BYTES
    caller: Caller | None = None
    entry: Entry | None = None


class Store(NamedTuple):
    """Put a file. Replace or resume only when asked."""

    path: str
    source: Path
    mode: Mode = "binary"
    force: bool = False
    resume: bool = False
    block_bytes: int = BUFFER_BYTES
    caller: Caller | None = None
    known_new: bool = False
    """Somebody has looked: nothing of that name is there."""


@dataclass(frozen=True)
class Answer:
    """What came of a command typed by hand. data: the first bytes of a data connection, if it had one."""

    reply: Reply
    data: bytes = b""
    more_data: bool = False
    replies: tuple[Reply, ...] = ()


@dataclass(frozen=True)
class About:
    """What a connection has found out. chain: certificates (DER). facts: label and text, for a table."""

    welcome: str = ""
    system: str = ""
    folder: str = ""
    local: str = ""
    peer: str = ""
    chain: tuple[bytes, ...] = ()
    protected: bool = False
    features: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = field(default=())


class Remote(ABC):
    """One connection. Its methods are called by one thread; `cancel` by any. All raise FtpError or Stopped.

    Connects when first needed, and again when the server has ended an idle connection.
    """

    def __init__(self, site: Site, recorder: Recorder, name: str, stopping: Callable[[], bool]) -> None:
        self.site: Final = site
        self.recorder: Final = recorder
        self.name = name
        self.waiter: Final = Waiter(stopping)

    def cancel(self) -> None:
        """End what is under way, at once."""
        self.waiter.cancel()

    def nudge(self) -> None:
        """End a `rest`: something is to be done. Any thread."""
        self.waiter.nudge()

    @abstractmethod
    def rest(self) -> None:
        """Nothing is to be done: wait for a nudge, and notice it when the server ends the connection meanwhile."""

    @property
    @abstractmethod
    def alive(self) -> bool:
        """Whether the connection stands, as far as anybody knows."""

    @abstractmethod
    def open(self) -> None:
        """Connect and log in, where that is not done."""

    @abstractmethod
    def close(self) -> None:
        """Say goodbye and close; nothing is left."""

    @abstractmethod
    def about(self) -> About:
        """What is known of the server."""

    @abstractmethod
    def listing(self, path: str, tell: Callable[[int], None] | None = None) -> Listing:
        """The entries of a folder ("" is the current one); `tell` gets the number that has come so far."""

    @abstractmethod
    def folder(self, path: str) -> str:
        """The full path of a folder. Raises FtpError when it is none."""

    @abstractmethod
    def find(self, path: str) -> Entry | None:
        """What is there under that name; None for nothing, or where the server can't say."""

    @abstractmethod
    def get(self, order: Fetch, tally: Tally) -> None:
        """Get a file; fills the tally."""

    def in_steps(self) -> Steps | None:
        """This connection, ready to get small files without waiting; None where it can't."""
        return None

    @abstractmethod
    def put(self, order: Store, tally: Tally) -> None:
        """Put a file; fills the tally."""

    @abstractmethod
    def make_folder(self, path: str) -> None:
        """mkdir."""

    @abstractmethod
    def remove_folder(self, path: str) -> None:
        """Remove an empty folder."""

    @abstractmethod
    def remove(self, path: str) -> None:
        """Remove a file."""

    @abstractmethod
    def rename(self, path: str, to: str) -> None:
        """Rename or move."""

    @abstractmethod
    def change_mode(self, path: str, mode: int) -> None:
        """chmod, where the server supports it."""

    @abstractmethod
    def by_hand(self, line: str) -> Answer:
        """Any command line, with its reply."""


def join(folder: str, name: str) -> str:
    """A name in a folder of the server."""
    return f"{folder.rstrip('/')}/{name}" if folder and folder != "/" else f"{folder}{name}"


def parent(path: str) -> str:
    """The folder that a server's path is in; "" for a plain name."""
    head, slash, _ = path.rstrip("/").rpartition("/")
    return head or slash


def last(path: str) -> str:
    """The last part of a server's path."""
    return path.rstrip("/").rpartition("/")[2]
