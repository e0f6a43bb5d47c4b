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
    from widgets.packets.listing.document import Document

MOST: Final = 40
SERIES: Final = 8
KEPT: Final = 4000
"""Packets whose rule is remembered."""


@dataclass(frozen=True, slots=True)
class Rule:
    """name: for people. filter: which packets. series: colour and letter, 0 to 7. icon: in place of the letter.

    on: it is in force.
    """

    name: str
    filter: str
    series: int
    icon: str = ""
    on: bool = True


STANDARD: Final = (
    Rule("Trouble of TCP", "tcp.analysis.retransmission or tcp.analysis.duplicate_ack or tcp.analysis.zero_window "
         "or tcp.analysis.lost_segment or tcp.analysis.out_of_order", 6, "triangle-alert"),
    Rule("Broken off", "tcp.flags.reset", 6, "octagon-x"), Rule("Malformed", "malformed", 6, "circle-x"),
    Rule("ICMP", "icmp or icmpv6", 1), Rule("ARP", "arp", 4), Rule("Names", "dns or mdns or llmnr", 5),
    Rule("Web", "http", 0), Rule("Encrypted", "tls", 3), Rule("Creosote", "creosote", 2),
    Rule("Connection opens", "tcp.flags.syn", 7), Rule("TCP", "tcp", 7), Rule("UDP", "udp", 2),
)  # fmt: skip
"""What a new list begins with."""
_ICONS: Final = frozenset(rule.icon for rule in STANDARD if rule.icon)


class Colours:
    """The rules in force, and which of them takes a packet; looked at for rows in sight only."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.rules: list[Rule] = []
        self.enabled = True
        self._parsed: list[tuple[Rule, DisplayFilter]] = []
        self._found: dict[int, Rule | None] = {}
        self._view: View | None = None
        self.set_rules(STANDARD)

    @property
    def own(self) -> list[Rule]:
        """The rules that are not among the standard ones."""
        return [rule for rule in self.rules if rule not in STANDARD]

    def changed(self) -> bool:
        """Whether they are other ones than the standard rules."""
        return tuple(self.rules) != STANDARD

    def set_rules(self, rules: Sequence[Rule]) -> None:
        """All rules, in their order. Raises DisplayFilterError and changes nothing."""
        rules = rules[:MOST]
        self._parsed = [(rule, DisplayFilter(rule.filter)) for rule in rules if rule.filter.strip() and rule.on]
        self.rules = list(rules)
        self.forget()

    def put_first(self, rule: Rule) -> None:
        """A rule that holds before all others. Raises DisplayFilterError."""
        self.set_rules([rule, *self.rules])

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
        if document.capture is None or not self.enabled:
            return
        if len(self._found) > KEPT:
            self._found.clear()
        left = np.array([row for row in rows if row not in self._found], np.int64)
        if not len(left):
            return
        if self._view is None:
            self._view = document.view()
        self._found.update(dict.fromkeys(left.tolist()))
        for rule, parsed in self._parsed:
            taken = parsed.takes(self._view, left)
            self._found.update(dict.fromkeys(left[taken].tolist(), rule))
            left = left[~taken]
            if not len(left):
                return

    def state(self) -> dict[str, Any]:
        """For the next start."""
        rules = [[rule.name, rule.filter, rule.series, rule.icon, rule.on] for rule in self.rules]
        return {"enabled": self.enabled, "rules": rules if self.changed() else None}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take what `state` gave; what is strange is ignored."""
        self.enabled = state.get("enabled") is not False
        kept = state.get("rules")
        rules: list[Rule] = []
        for one in kept if isinstance(kept, list) else ():
            match one:
                case [str(name), str(text), int(series), str(icon), bool(on)]:
                    rules.append(Rule(name, text, series % SERIES, icon if icon in _ICONS else "", on))
        try:
            self.set_rules(rules if isinstance(kept, list) else STANDARD)
        except DisplayFilterError:
            self.set_rules(STANDARD)
