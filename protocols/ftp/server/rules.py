"""Rules that make a server fail on purpose: which command of whom, and what then goes wrong.

A rule is data; `Rules` is the set that runs, exchanged at any time from any thread, and it counts what fired. Rules
are written by a person as TOML, `[[rule]]` tables. It must not know sockets nor who applies them.
"""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from typing import Any, Final, Literal, TypeAlias, get_args

Doing: TypeAlias = Literal["reply", "abort", "cut data", "cut control", "slow", "delay", "silence"]
DOINGS: Final[tuple[Doing, ...]] = get_args(Doing)
DATA_DOINGS: Final = frozenset(("abort", "cut data", "slow"))
"""What happens on the data connection."""
TRANSFERS: Final = frozenset(("RETR", "STOR", "APPE", "STOU", "LIST", "NLST", "MLSD"))
SFTP_TRANSFERS: Final = frozenset(("READ", "WRITE", "OPEN"))
"""The words of SFTP for a file that is got or put."""
CONNECT: Final = "CONNECT"
"""The word in `when` for a new control connection: before the greeting."""
USUAL_CODES: Final = {"reply": 450, "abort": 426}
USUAL_TEXTS: Final = {
    421: "Service not available.", 425: "Can't open data connection.", 426: "Connection closed; transfer aborted.",
    450: "File busy.", 451: "Local error in processing.", 452: "Not enough space.", 530: "Login incorrect.",
    550: "No such file, or no permission.", 552: "More than your space.", 553: "File name not allowed.",
}  # fmt: skip
MOST_SECONDS: Final = 3600.0
_LIMIT_BYTES: Final = 1 << 20


class RuleError(ValueError):
    """A rule that can't be; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that goes wrong.

    when: commands ("RETR", "STOR APPE", "*") or "connect". do: what happens:
      reply        `code` and `text` in place of doing it
      abort        the data connection ends at byte `at_byte`, then comes `code` (426) and `text`
      cut data     the data connection ends at byte `at_byte` as if that were all: the reply is a 226
      cut control  the control connection ends after `at_byte` bytes of the reply
      slow         `bytes_per_second` on the data connection
      delay        the command is obeyed `seconds` later
      silence      no answer, ever
    path: the virtual path, * and ? allowed. user: "" for anybody. skip: this many matching commands pass before.
    times: how often it fires, 0 for always. reset: end by RST in place of FIN.

    In an SFTP server RETR is a file that is got, STOR one that is put, LIST a listing; its own words do, too: READ,
    WRITE, READDIR, REMOVE, RENAME, MKDIR, RMDIR, SETSTAT, LOGIN. A code becomes the status that comes nearest, and a
    cut of the control connection ends the only one there is, at that byte of the file.
    """

    when: str
    do: Doing
    path: str = ""
    user: str = ""
    code: int = 0
    text: str = ""
    at_byte: int = 0
    bytes_per_second: int = 0
    seconds: float = 0.0
    skip: int = 0
    times: int = 0
    reset: bool = False
    name: str = ""

    def checked(self) -> Rule:
        """Itself, with the usual code and text. Raises RuleError."""
        verbs = self.verbs()
        if not verbs:
            raise RuleError("when: names commands, as in \"RETR\" or \"STOR APPE\", \"*\" or \"connect\"")
        if self.do not in DOINGS:
            raise RuleError(f"do: is one of {', '.join(DOINGS)}, not {self.do!r}")
        wrong = sorted(verbs - TRANSFERS - SFTP_TRANSFERS - {"*"})
        if self.do in DATA_DOINGS and wrong:
            raise RuleError(f"do: {self.do!r} is about transfers; {wrong[0]} has no data connection")
        if CONNECT in verbs and self.do not in ("reply", "cut control", "delay", "silence"):
            raise RuleError(f"do: {self.do!r} is not for connect")
        for number in ("at_byte", "skip", "times", "bytes_per_second"):
            if getattr(self, number) < 0:
                raise RuleError(f"{number}: can't be negative")
        if self.do == "slow" and self.bytes_per_second < 1:
            raise RuleError("slow: needs bytes_per_second")
        if self.do == "delay" and not 0 < self.seconds <= MOST_SECONDS:
            raise RuleError(f"delay: needs seconds, more than 0 and at most {MOST_SECONDS:g}")
        code = self.code or USUAL_CODES.get(self.do, 0)
        if code and not 100 <= code <= 659:
            raise RuleError(f"code: {self.code} is no reply code")
        if any(char in self.text for char in "\r\n\0"):
            raise RuleError("text: is one line")
        return replace(self, code=code, text=self.text or USUAL_TEXTS.get(code, "On purpose."))

    def verbs(self) -> frozenset[str]:
        """The commands it is for, in capitals."""
        return frozenset(self.when.upper().replace(",", " ").split())

    def fits(self, verb: str, path: str, user: str) -> bool:
        """Whether it is for such a command. path: "" where the command has none."""
        verbs = self.verbs()
        if verb not in verbs and ("*" not in verbs or verb == CONNECT):
            return False
        if self.do in DATA_DOINGS and verb not in TRANSFERS and verb not in SFTP_TRANSFERS:
            return False
        if self.user and self.user != user:
            return False
        return not self.path or fnmatchcase(path, self.path) or fnmatchcase(path.rpartition("/")[2], self.path)

    def said(self) -> str:
        """The rule in a few words."""
        where = " ".join(filter(None, (self.when, self.path, f"by {self.user}" if self.user else "")))
        how = {
            "reply": f"answers {self.code} {self.text}",
            "abort": f"breaks off at byte {self.at_byte}, then {self.code}",
            "cut data": f"cuts the data at byte {self.at_byte} and says 226",
            "cut control": f"cuts the control connection after {self.at_byte} bytes of the reply",
            "slow": f"moves {self.bytes_per_second} bytes a second",
            "delay": f"waits {self.seconds:g} s",
            "silence": "never answers",
        }[self.do]
        return f"{where}: {how}"


class Rules:
    """The rules that a server has now. Any thread."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self._lock = threading.Lock()
        self._rules: tuple[Rule, ...] = ()
        self._met: list[int] = []
        self._fired: list[int] = []
        self.set(rules)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, in order."""
        return self._rules

    def set(self, rules: Sequence[Rule]) -> None:
        """Exchange all; what is the same as before keeps its counts. Raises RuleError, and then nothing changes."""
        checked = tuple(rule.checked() for rule in rules)
        with self._lock:
            before = {rule: (met, fired) for rule, met, fired in zip(self._rules, self._met, self._fired, strict=True)}
            kept = [before.get(rule, (0, 0)) for rule in checked]
            self._rules = checked
            self._met = [met for met, _ in kept]
            self._fired = [fired for _, fired in kept]

    def find(self, verb: str | Sequence[str], path: str, user: str) -> Rule | None:
        """The first rule for a command that is not used up; it counts as met, and fires by `fire`.

        verb: in capitals, or all words for what the client does.
        """
        verbs = (verb,) if isinstance(verb, str) else verb
        with self._lock:
            for index, rule in enumerate(self._rules):
                if not any(rule.fits(each, path, user) for each in verbs):
                    continue
                if rule.times and self._fired[index] >= rule.times:
                    continue
                self._met[index] += 1
                if self._met[index] > rule.skip:
                    return rule
        return None

    def fire(self, rule: Rule) -> int:
        """It happens now: its number, from 1; 0 where it is gone or was used up meanwhile."""
        with self._lock:
            for index, known in enumerate(self._rules):
                if known == rule and not (rule.times and self._fired[index] >= rule.times):
                    self._fired[index] += 1
                    return index + 1
        return 0

    def counts(self) -> list[int]:
        """How often each rule fired."""
        with self._lock:
            return list(self._fired)


_NAMES: Final = {field.name: field.type for field in fields(Rule)}


def read_rules(text: str) -> tuple[Rule, ...]:
    """Rules from TOML, `[[rule]]` tables with the names of Rule. Raises RuleError that names the rule."""
    if len(text) > _LIMIT_BYTES:
        raise RuleError("The rules are longer than a megabyte")
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"No TOML: {error}") from None
    others = sorted(set(whole) - {"rule"})
    tables = whole.get("rule", [])
    if others or not isinstance(tables, list):
        raise RuleError(f"There are only [[rule]] tables; {others[0] if others else 'rule'} is none")
    return tuple(_rule(number, table) for number, table in enumerate(tables, 1))


def _rule(number: int, table: Any) -> Rule:
    if not isinstance(table, dict):
        raise RuleError(f"Rule {number} is no table: it begins with [[rule]]")
    for key, value in table.items():
        kind = _NAMES.get(key)
        if kind is None:
            raise RuleError(f"Rule {number}: there is no {key!r}; there are {', '.join(_NAMES)}")
        if not _is(value, str(kind)):
            raise RuleError(f"Rule {number}: {key} is {_word(str(kind))}, not {value!r}")
    if "when" not in table or "do" not in table:
        raise RuleError(f"Rule {number} needs at least when and do")
    try:
        return Rule(**table).checked()
    except RuleError as error:
        raise RuleError(f"Rule {number}: {error}") from None


def _is(value: object, kind: str) -> bool:
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 62
    if kind == "float":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, bool) if kind == "bool" else isinstance(value, str)


def _word(kind: str) -> str:
    return {"int": "a whole number", "float": "a number", "bool": "true or false"}.get(kind, "a text")


def write_rules(rules: Sequence[Rule]) -> str:
    """The rules as TOML that `read_rules` reads back; what is as usual is left out."""
    parts = []
    for rule in rules:
        lines = ["[[rule]]"]
        for field in fields(Rule):
            value = getattr(rule, field.name)
            if value != field.default:
                lines.append(f"{field.name} = {_toml(value)}")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    escapes = {"\\": "\\\\", '"': '\\"'}
    plain = (escapes.get(c) or (f"\\u{ord(c):04x}" if ord(c) < 32 or c == "\x7f" else c) for c in value)
    return '"' + "".join(plain) + '"'
