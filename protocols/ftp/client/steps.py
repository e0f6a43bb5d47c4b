"""Steps: a connection that gets small files without waiting, so that one thread serves several at once.

Many small files are many short replies: a thread for each connection costs more in turns than the files do. It must
not know a protocol; `smallfile` is FTP's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Final

from protocols.ftp.client.remote import Fetch
from protocols.ftp.client.tally import Tally
from protocols.record.later import Notes

SMALL_BYTES: Final = 256 << 10
"""A file up to here is small."""


class Odd(Exception):
    """Something that takes waiting, or care: `go_on` does the rest of the file in a thread of its own.

    It raises FtpError or Stopped as Remote.get does.
    """

    def __init__(self, go_on: Callable[[], None]) -> None:
        super().__init__("the usual way goes on")
        self.go_on: Final = go_on


class Steps(ABC):
    """One connection, one file at a time.

    watched: the descriptors to wait for, and what for. deadline_ns: when the silence has lasted too long. notes: where
    it notes what happens; set by whoever drives it, who puts them. After Odd and `stop` all are put.
    """

    watched: Mapping[int, int]
    deadline_ns: int
    notes: Notes

    @abstractmethod
    def begin(self, order: Fetch, tally: Tally, fresh: bool, more: bool = False) -> None:
        """Ask for a file. fresh: nothing of its name is here. more: another one will follow at once.

        Raises FtpError where it is not to be had, or Odd.
        """

    @abstractmethod
    def step(self, fd: int, mask: int) -> Callable[[], None] | None:
        """Go on: one of the watched is ready. When all of the file is there: what gives it its name (raises FtpError).

        Raises FtpError when the server has refused the file and the next may be begun, or Odd.
        """

    @abstractmethod
    def look(self) -> None:
        """Nothing may have come for a while, or what has come was left where it was: `watched` may change."""

    @abstractmethod
    def leave(self) -> None:
        """No file follows."""

    @abstractmethod
    def stop(self, late: bool) -> Odd:
        """No more steps for this file. late: it was silent for too long, else somebody has ended it."""
