"""A transfer that was asked for, from its command to the end of the data. It must not know sockets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocols.ftp.dialogue import Way
from protocols.ftp.server.rules import Rule

GETS: Final = frozenset(("RETR", "LIST", "NLST", "MLSD"))
FILES: Final = frozenset(("RETR", "STOR", "APPE", "STOU"))


@dataclass
class Order:
    """One transfer. path: as the client sees it, real: on the disk. began: of time.monotonic. size: of a file sent."""

    verb: str
    path: str
    real: str
    began: float
    resumed: int = 0
    size: int | None = None
    text: bool = False
    rule: Rule | None = None

    @property
    def way(self) -> Way:
        """From the server or to it."""
        return "get" if self.verb in GETS else "put"
