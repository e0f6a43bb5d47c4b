"""How an exchange ends: well, or by one of a few exceptions.

It must not know what happened in between.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocols.http.failure import Failure


class Broken(Exception):
    """The exchange failed. status: what to answer, if nothing was answered yet."""

    def __init__(self, failure: Failure, status: int = 502) -> None:
        super().__init__(failure.why)
        self.failure = failure
        self.status = status


class ClientLeft(Exception):
    """The client is gone; nobody can be answered."""


class Again(Exception):
    """The kept connection was closed by the origin before it read anything: try a fresh one."""


class Dropped(Exception):
    """The exchange is to end without a word."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended: which of the connections may be used again. upgraded: both speak another protocol now."""

    client_keeps: bool
    upstream_keeps: bool
    upgraded: bool = False
