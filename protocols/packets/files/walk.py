"""What the walks through capture files share: interfaces, batches of records, words about damage.

It must not know any format.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from protocols.packets.files.table import RECORD


@dataclass(slots=True)
class Interface:
    """Where packets were captured. linktype: as in a file (1 is Ethernet). snap: most bytes kept, 0 for all.

    resolution: ticks of its clock in a second. offset_s: what to add to its times. raw: its block in the file.
    """

    linktype: int
    snap: int = 0
    name: str = ""
    description: str = ""
    filter: str = ""
    system: str = ""
    comment: str = ""
    resolution: int = 1_000_000
    offset_s: int = 0
    drops: int | None = None
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records: the columns that table.RECORD names."""

    columns: dict[str, npt.NDArray[Any]]

    def __len__(self) -> int:
        return len(self.columns["at"])

    @classmethod
    def empty(cls) -> Batch:
        """No records, but there may be more behind."""
        columns: dict[str, npt.NDArray[Any]] = {name: np.zeros(0, kind) for name, kind in RECORD.items()}
        return cls(columns)


class Walk(ABC):
    """Goes through a file. at: how far it has come. format: a word for the file's sort.

    why: what is damaged, "" for nothing. skipped: blocks that hold no packet and were passed over.
    comments: packet number (from 0) to text; names: address to name; secrets: decryption secrets as they stand.
    """

    def __init__(self) -> None:
        self.at = 0
        self.format = ""
        self.why = ""
        self.troubles = 0
        self.skipped = 0
        self.packets = 0
        self.interfaces: list[Interface] = []
        self.comments: dict[int, str] = {}
        self.names: dict[str, str] = {}
        self.secrets: list[bytes] = []
        self.sections: list[dict[str, str]] = []

    @abstractmethod
    def take(self, data: Any, array: npt.NDArray[np.uint8], stop: int) -> Batch | None:
        """The packets of the records that begin before `stop`; None where there is no more for now."""

    @abstractmethod
    def pass_end(self, data: Any, array: npt.NDArray[np.uint8]) -> None:
        """The file is whole, and what comes next says that it is longer than the rest: go on behind it, where there
        is something to go on with.
        """

    @abstractmethod
    def finish(self, size: int) -> None:
        """Nothing more will be written: judge what is left over."""

    def tell(self, why: str) -> None:
        """Remember a damage: the first in words, the others as a number."""
        self.troubles += 1
        self.why = self.why or why

    def told(self) -> str:
        """What is damaged, in a sentence or two; "" for nothing."""
        more = f" There are {self.troubles - 1} more such places." if self.troubles > 1 else ""
        return self.why + more


def damaged(at: int, what: str, passed: int) -> str:
    """A sentence about damage at byte `at`."""
    return f"The file is damaged at byte {at}: {what}; {passed} bytes were passed over."


def unaligned(array: npt.NDArray[np.uint8], kind: str) -> npt.NDArray[Any]:
    """The same bytes seen as `kind` at every offset."""
    wanted = np.dtype(kind)
    count = max(len(array) - wanted.itemsize + 1, 0)
    return np.ndarray((count,), wanted, buffer=array.data if count else bytes(wanted.itemsize), strides=(1,))
