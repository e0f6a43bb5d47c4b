"""BodySource: what the body view shows, whoever it comes from: the request's answer, or one of the proxy's sides.

It must not know either.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from protocols.http.exchange import Exchange, Kept
from protocols.http.failure import Failure


class BodySource(Protocol):
    """A body with its message. over: nothing more comes. file: where the whole of it is. state: "cancelled", .."""

    @property
    def body(self) -> Kept:
        """The body, decoded, as far as it is kept."""

    @property
    def final(self) -> Exchange | None:
        """Whose body it is: its answer's Content-Type counts."""

    @property
    def over(self) -> bool:
        """Whether all has come."""

    @property
    def file(self) -> Path | None:
        """Where the whole body was written."""

    @property
    def state(self) -> str:
        """How it goes or went."""

    @property
    def failure(self) -> Failure | None:
        """Why it did not end well."""
