"""Losses: gaps in the numbers of senders that number their messages.

Of each batch only a sender's first and last message are read: what is missing between them is the
difference of their numbers less the count. So it costs the same at ten a second and at a million.
It must not know sockets.
"""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = re.compile(rb'(?:^|[\s\[{(,])(?:#|"?(?:seq|sequence|n|no)"?\s*[=:]\s*"?)(\d{1,18})(?!\d)')
_SEARCHED: Final = 256
_BACK: Final = 1000
"""A number this much lower than the one before is a sender that began anew, not one that came late."""


def number_in(payload: bytes) -> int | None:
    """The running number of a message: "#17 ..", "seq=17", {"seq": 17}; None where there is none near its start."""
    found = _NUMBER.search(payload[:_SEARCHED])
    return int(found[1]) if found else None


class Losses:
    """Messages missing by their numbers, for each sender."""

    def __init__(self) -> None:
        self._last: dict[object, int] = {}
        self._missing: dict[object, int] = {}

    def saw(self, sender: object, count: int, first: bytes, last: bytes) -> None:
        """`count` messages of a sender arrived together; these are the first and the last of them."""
        low, high = number_in(first), number_in(last)
        if low is None or high is None:
            self._last.pop(sender, None)
            return
        if high < low or high - low > 10_000_000:
            low, high = min(low, high), max(low, high)
        before = self._last.get(sender)
        missing = max(high - low + 1 - count, 0)
        if before is not None and low > before:
            missing += low - before - 1
        elif before is not None and before - low < _BACK:
            missing -= min(count, self._missing.get(sender, 0))  # some came late that were given up before
        self._missing[sender] = max(self._missing.get(sender, 0) + missing, 0)
        self._last[sender] = max(high, before) if before is not None and before - high < _BACK else high

    def of(self, sender: object) -> int | None:
        """How many are missing of a sender; None where it does not number its messages."""
        return self._missing.get(sender)

    @property
    def total(self) -> int:
        """Missing of all senders."""
        return sum(list(self._missing.values()))
