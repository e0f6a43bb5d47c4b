"""Rules: failures of a mail server on purpose, exact and never by chance, changeable while it runs.

A rule says which failure, at which command, for whom, and how often. The servers ask at each point of a
conversation; what fires is a note "fault injected" and is counted. It must not know sockets.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from protocols.record.recorder import Recorder

FAULTS: Final[dict[str, str]] = {
    "refuse": "answer this command with a refusal",
    "refuse recipient": "this recipient does not exist: 550",
    "mailbox full": "this recipient's mailbox is full: 452 at RCPT, or 552 after the content",
    "too many mails": "more than `count` mails in `seconds`: 421, and the line is closed",
    "greylist": "450 when this sender is first seen, taken after `seconds`",
    "drop the line": "close the connection, at a command or after the content, without an answer",
    "slow down": "answer after `seconds`",
    "wrong capability": "offer the `words`, or hide those that begin with a minus",
    "wrong count": "claim `count` messages more than there are",
}
"""Each failure, and what it does."""
AFTER_DATA: Final = "after the content"
PROTOCOLS: Final = ("smtp", "pop3", "imap")
_GREYS: Final = 10_000
_DEFAULT_TEXT: Final = {
    550: "5.1.1 No such user here", 552: "5.2.2 The mailbox is full", 452: "4.2.2 The mailbox is full, try later",
    421: "4.7.0 Too many mails, closing", 450: "4.2.0 Greylisted, try again later",
}  # fmt: skip
_AT_ONCE: Final = frozenset(range(1000)) - {552}
_CODES: Final = {"refuse": 554, "refuse recipient": 550, "mailbox full": 452, "too many mails": 421, "greylist": 450}


class RuleError(ValueError):
    """A rule that can't be; the message is a sentence."""


@dataclass(frozen=True)
class Rule:
    """One failure on purpose.

    fault: a word of FAULTS. name: for people; "" makes one. protocol: "smtp", "pop3", "imap" or "" for all. at: the
    command's verb, "" for any, or AFTER_DATA. match: a pattern with * for the address (SMTP) or the user. code: of a
    refusal, 0 for the usual one. text: behind it. seconds, count, words: see FAULTS. first: it fires from the so many
    th occasion on. times: and so often, 0 for ever. on: it counts at all.
    """

    fault: str
    name: str = ""
    protocol: str = ""
    at: str = ""
    match: str = "*"
    code: int = 0
    text: str = ""
    seconds: float = 1.0
    count: int = 5
    words: tuple[str, ...] = ()
    first: int = 1
    times: int = 0
    on: bool = True

    @property
    def title(self) -> str:
        """Its name, or what it does in a few words."""
        return self.name or " ".join(one for one in (self.fault, self.at, self.match.strip("*") and self.match) if one)

    @property
    def answer(self) -> tuple[int, str]:
        """Code and text of its refusal, for SMTP."""
        code = self.code or _CODES.get(self.fault, 554)
        return code, self.text or _DEFAULT_TEXT.get(code, "Refused on purpose")

    @property
    def says(self) -> str:
        """What it does, with its own numbers in it."""
        text = FAULTS[self.fault].replace("`count`", str(self.count)).replace("`seconds`", f"{self.seconds:g} seconds")
        text = text.replace("`words`", " ".join(self.words) or "words")
        return text.replace(str(_CODES.get(self.fault, 0)), str(self.answer[0]), 1)

    def check(self) -> Rule:
        """The rule itself. Raises RuleError."""
        if self.fault not in FAULTS:
            raise RuleError(f"There is no failure {self.fault!r}; there are {', '.join(FAULTS)}.")
        if self.protocol and self.protocol not in PROTOCOLS:
            raise RuleError(f"There is no protocol {self.protocol!r} here; there are {', '.join(PROTOCOLS)}.")
        if self.code and not 400 <= self.code <= 599:
            raise RuleError(f"A refusal's code is a number from 400 to 599, not {self.code}.")
        if not 0 <= self.seconds <= 3600:
            raise RuleError(f"Seconds are a number from 0 to 3600, not {self.seconds}.")
        if self.count < 0 and self.fault != "wrong count":
            raise RuleError("A count is 0 or more.")
        if self.first < 1 or self.times < 0:
            raise RuleError("`first` is 1 or more, `times` 0 or more.")
        if any("\r" in one or "\n" in one for one in (self.text, *self.words)):
            raise RuleError("The text of an answer is one line.")
        return self


@dataclass(frozen=True)
class Occasion:
    """A point of a conversation at which rules may fire. whom: the address, or the user. sender: of SMTP."""

    protocol: str
    verb: str
    whom: str = ""
    sender: str = ""
    peer: str = ""
    conn: str | None = None


class Rules:
    """The rules of one server, asked and changed by any thread. fired: how often each has, by its place."""

    def __init__(self, recorder: Recorder, service: str, rules: Iterable[Rule] = ()) -> None:
        self._recorder = recorder
        self.service = service
        self._lock = threading.Lock()
        self._rules: tuple[Rule, ...] = ()
        self._met: Counter[int] = Counter()
        self._fired: Counter[int] = Counter()
        self._mails: deque[float] = deque(maxlen=100_000)
        self._greys: dict[tuple[str, str, str], float] = {}
        self.replace(rules)

    def replace(self, rules: Iterable[Rule]) -> None:
        """Take these rules from now on; the counts begin anew. Raises RuleError, and then nothing has changed."""
        new = tuple(rule.check() for rule in rules)
        with self._lock:
            self._rules = new
            self._met.clear()
            self._fired.clear()
            self._greys.clear()
            self._mails.clear()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What counts now."""
        return self._rules

    def fired(self) -> list[int]:
        """How often each rule has fired, in their order."""
        with self._lock:
            return [self._fired[index] for index in range(len(self._rules))]

    def _firing(self, occasion: Occasion, fault: str, *, codes: Container[int] = range(1000)) -> list[Rule]:
        """The rules of this fault, and of one of these codes, that fire now; each is counted and told."""
        if not self._rules:
            return []
        fires = []
        with self._lock:
            for index, rule in enumerate(self._rules):
                wanted = rule.on and rule.fault == fault and rule.answer[0] in codes
                if wanted and self._meant(rule, occasion) and self._due(index, rule, occasion):
                    self._fired[index] += 1
                    fires.append(rule)
        for rule in fires:
            self._tell(rule, occasion)
        return fires

    @staticmethod
    def _meant(rule: Rule, occasion: Occasion) -> bool:
        if rule.protocol not in ("", occasion.protocol):
            return False
        if rule.at and rule.at.upper() != occasion.verb.upper():
            return False
        return rule.match in ("", "*") or fnmatchcase(occasion.whom.lower(), rule.match.lower())

    def _due(self, index: int, rule: Rule, occasion: Occasion) -> bool:
        if rule.fault == "too many mails" and not self._too_many(rule):
            return False
        if rule.fault == "greylist" and not self._grey(rule, occasion):
            return False
        self._met[index] += 1
        return self._met[index] >= rule.first and (not rule.times or self._fired[index] < rule.times)

    def _too_many(self, rule: Rule) -> bool:
        now = time.monotonic()
        return sum(1 for one in self._mails if now - one < rule.seconds) >= rule.count

    def _grey(self, rule: Rule, occasion: Occasion) -> bool:
        key, now = (occasion.peer, occasion.sender.lower(), occasion.whom.lower()), time.monotonic()
        if len(self._greys) >= _GREYS:
            self._greys.pop(next(iter(self._greys)))
        return now - self._greys.setdefault(key, now) < rule.seconds or not rule.seconds

    def _tell(self, rule: Rule, occasion: Occasion) -> None:
        whom = f" for {occasion.whom}" if occasion.whom else ""
        self._recorder.note(
            "fault injected", f"{rule.title}: at {occasion.verb or 'the greeting'}{whom}", service=self.service,
            conn=occasion.conn, rule=rule.title, fault=rule.fault, protocol=occasion.protocol, verb=occasion.verb,
            whom=occasion.whom or None, why=f"A rule of this server says: {rule.says}.",
        )  # fmt: skip

    # What the servers ask

    def wait_s(self, occasion: Occasion) -> float:
        """How long to wait before the answer."""
        return sum(rule.seconds for rule in self._firing(occasion, "slow down"))

    def drops(self, occasion: Occasion) -> bool:
        """Whether to close the connection instead of an answer."""
        return bool(self._firing(occasion, "drop the line"))

    def refusal(self, occasion: Occasion) -> tuple[int, str] | None:
        """Code and text, where the command is to be refused."""
        fires = self._firing(occasion, "refuse")
        return fires[0].answer if fires else None

    def recipient(self, occasion: Occasion) -> tuple[int, str] | None:
        """Code and text, where a recipient is to be refused at RCPT."""
        fires = (
            self._firing(occasion, "refuse recipient")
            or self._firing(occasion, "mailbox full", codes=_AT_ONCE)
            or self._firing(occasion, "greylist")
        )
        return fires[0].answer if fires else None

    def full(self, occasion: Occasion) -> tuple[int, str] | None:
        """Code and text, where the content is to be refused for a full mailbox (552)."""
        fires = self._firing(occasion, "mailbox full", codes=(552,))
        return fires[0].answer if fires else None

    def mail(self, occasion: Occasion) -> tuple[int, str] | None:
        """A mail begins: code and text, where there were too many; else it is counted."""
        fires = self._firing(occasion, "too many mails")
        if fires:
            return fires[0].answer
        if self._rules:
            self._mails.append(time.monotonic())
        return None

    def capability(self, occasion: Occasion, words: Sequence[str]) -> list[str]:
        """The capabilities to offer in place of `words`."""
        offered = list(words)
        for rule in self._firing(occasion, "wrong capability"):
            hidden = [one[1:].upper() for one in rule.words if one.startswith("-")]
            offered = [one for one in offered if not any(one.upper().split()[0] == word for word in hidden if one)]
            offered += [one for one in rule.words if not one.startswith("-")]
        return offered

    def count(self, occasion: Occasion, number: int) -> int:
        """The number of messages to claim."""
        return max(number + sum(rule.count for rule in self._firing(occasion, "wrong count")), 0)


def facts_of(rule: Rule) -> dict[str, Any]:
    """What of a rule is not as usual, for a file."""
    plain = Rule(rule.fault)
    return {
        name: value
        for name in ("name", "fault", "protocol", "at", "match", "code", "text", "seconds", "count", "words", "first",
                     "times", "on")
        if (value := getattr(rule, name)) != getattr(plain, name) or name == "fault"
    }  # fmt: skip
