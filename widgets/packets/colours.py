"""Colour rules: which packets get which colour, always with a sign beside it, told by display filters.

The first rule that takes a packet holds. It must not know how rows are painted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from protocols.packets.filters.display import DisplayFilter, DisplayFilterError
from protocols.packets.filters.fields import View

if TYPE_CHECKING:
    from widgets.packets.document import Document

MOST: Final = 40
SERIES: Final = 8
KEPT: Final = 4000
"""Packets whose rule is remembered."""


@dataclass(frozen=True, slots=True)
class Rule:
    """name: for people. filter: which packets. series: colour and letter, 0 to 7. icon: in place of the letter."""

    name: str
    filter: str
    series: int
    icon: str = ""


STANDARD: Final = (
    Rule("Trouble of TCP", "tcp.analysis.retransmission or tcp.analysis.duplicate_ack or tcp.analysis.zero_window "
         "or tcp.analysis.lost_segment or tcp.analysis.out_of_order", 6, "triangle-alert"),
    Rule("Broken off", "tcp.flags.reset", 6, "octagon-x"), Rule("Malformed", "malformed", 6, "circle-x"),
    Rule("ICMP", "icmp or icmpv6", 1), Rule("ARP", "arp", 4), Rule("Names", "dns or mdns or llmnr", 5),
    Rule("Web", "http", 0), Rule("Encrypted", "tls", 3), Rule("Creosote", "creosote", 2),
    Rule("Connection opens", "tcp.flags.syn", 7), Rule("TCP", "tcp", 7), Rule("UDP", "udp", 2),
)  # fmt: skip
"""What a new list begins with."""


class Colours:
    """The rules in force, and which of them takes a packet; looked at for rows in sight only."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.own: list[Rule] = []
        self.enabled = True
        self._parsed: list[tuple[Rule, DisplayFilter]] = []
        self._found: dict[int, Rule | None] = {}
        self._view: View | None = None
        self.set_own(())

    def set_own(self, rules: Sequence[Rule]) -> None:
        """Rules that stand before the standard ones. Raises DisplayFilterError."""
        parsed = [(rule, DisplayFilter(rule.filter)) for rule in (*rules, *STANDARD)]
        self.own, self._parsed = list(rules)[:MOST], parsed
        self.forget()

    def forget(self) -> None:
        """Rows or notes are other ones now."""
        self._found.clear()
        self._view = None

    def rule(self, row: int) -> Rule | None:
        """The rule that takes a packet."""
        if not self.enabled:
            return None
        if row not in self._found:
            self.look((row,))
        return self._found.get(row)

    def look(self, rows: Sequence[int]) -> None:
        """Find the rules of these packets at once: the rows in sight are asked for together."""
        document = self._document
        capture, told = document.capture, document.told
        if capture is None or not self.enabled:
            return
        if len(self._found) > KEPT:
            self._found.clear()
        left = np.array([row for row in rows if row not in self._found], np.int64)
        if not len(left):
            return
        if self._view is None:
            whole = told is not None and len(told.notes) >= len(capture)
            self._view = View(capture, told.notes, told.streams.number) if whole and told is not None else View(capture)
        self._found.update(dict.fromkeys(left.tolist()))
        for rule, parsed in self._parsed:
            taken = parsed.takes(self._view, left)
            self._found.update(dict.fromkeys(left[taken].tolist(), rule))
            left = left[~taken]
            if not len(left):
                return

    def state(self) -> dict[str, Any]:
        """For the next start."""
        return {"enabled": self.enabled, "own": [[rule.name, rule.filter, rule.series] for rule in self.own]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take what `state` gave; what is strange is ignored."""
        self.enabled = state.get("enabled") is not False
        own = state.get("own")
        rules = []
        for one in own if isinstance(own, list) else ():
            match one:
                case [str(name), str(text), int(series)]:
                    rules.append(Rule(name, text, series % SERIES))
        try:
            self.set_own(rules)
        except DisplayFilterError:
            self.set_own(())
