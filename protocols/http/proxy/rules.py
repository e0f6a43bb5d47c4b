"""Rules: which exchanges the proxy holds, answers, drops or leaves out of its list.

Plain values; patterns are globs with * and ?. It must not know connections, nor what a rule's
action does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache
from typing import Final, Literal, TypeAlias, get_args

from protocols.http.request import Header

Action: TypeAlias = Literal["hold", "map", "drop", "answer", "ignore"]
At: TypeAlias = Literal["request", "response", "both"]
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)
_STATUS: Final = re.compile(r"[1-5](?:\d\d|xx)")


class RuleError(ValueError):
    """A rule that can't work; the message says why."""


@dataclass(frozen=True, slots=True)
class Match:
    """Which exchanges. Empty fields match all.

    method: one or more with blanks or commas between. host, url: globs, without regard to case; a pattern without
    * or ? is looked for anywhere. status: "404" or "5xx", of answers.
    """

    method: str = ""
    host: str = ""
    url: str = ""
    status: str = ""

    def fits(self, method: str, host: str, url: str, status: int = 0) -> bool:
        """Whether an exchange matches; a status of 0 is not known yet, and matches no wish for one."""
        methods = self.method.replace(",", " ").upper().split()
        if methods and method.upper() not in methods:
            return False
        if self.status and not (status and _fits_status(self.status, status)):
            return False
        return _fits(self.host, host) and _fits(self.url, url)


def _fits_status(wanted: str, status: int) -> bool:
    return any(str(status).startswith(one.rstrip("x")) for one in wanted.replace(",", " ").lower().split())


def _fits(pattern: str, text: str) -> bool:
    return not pattern or _pattern(pattern).fullmatch(text.lower()) is not None


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> re.Pattern[str]:
    plain = not any(sign in pattern for sign in "*?")
    return re.compile(f"(?s:.*{re.escape(pattern.lower())}.*)" if plain else translate(pattern.lower()))


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do with what matches.

    at: where a hold waits. path: the file of a "map". status, headers, body: of an "answer". on: switched on.
    """

    action: Action
    match: Match = Match()
    at: At = "request"
    path: str = ""
    status: int = 200
    headers: tuple[Header, ...] = ()
    body: bytes = field(default=b"", repr=False)
    on: bool = True

    def title(self) -> str:
        """A few words for a note."""
        wanted = [text for text in (self.match.method, self.match.host, self.match.url, self.match.status) if text]
        return f"{self.action} {' '.join(wanted) or 'everything'}"


def checked_rules(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules if they can work. Raises RuleError."""
    made = tuple(rules)
    for rule in made:
        if rule.action not in ACTIONS:
            raise RuleError(f"There is no action {rule.action!r}; there are {', '.join(ACTIONS)}")
        if rule.action == "map" and not rule.path:
            raise RuleError("A map needs the path of a file")
        if rule.action == "answer" and not 200 <= rule.status <= 599:
            raise RuleError(f"{rule.status} is no status of an answer: 200 to 599")
        for status in rule.match.status.replace(",", " ").lower().split():
            if not _STATUS.fullmatch(status):
                raise RuleError(f"{status!r} is no status: write 404 or 5xx")
        if rule.match.status and (rule.action != "hold" or rule.at == "request"):
            raise RuleError("A status is known when the answer has come: it fits a hold of responses only")
        if any(sign in name + value for name, value in rule.headers for sign in "\r\n\0"):
            raise RuleError("A header has a line end in it")
    return made


def first_rule(
    rules: Iterable[Rule], at: Literal["request", "response"], method: str, host: str, url: str, status: int = 0
) -> Rule | None:
    """The first rule that acts here; a hold counts only where it waits, and all else only on requests."""
    for rule in rules:
        here = rule.at in (at, "both") if rule.action == "hold" else at == "request"
        if rule.on and here and rule.match.fits(method, host, url, status):
            return rule
    return None
