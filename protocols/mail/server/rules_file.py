"""Rules as a file: TOML, a [[rule]] table each, in words that a person can read and write.

It must not know servers.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from protocols.mail.server.rules import FAULTS, Rule, RuleError, facts_of

FILE_BYTES: Final = 1 << 20
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "fault": (str,), "name": (str,), "protocol": (str,), "at": (str,), "match": (str,), "text": (str,), "code": (int,),
    "count": (int,), "first": (int,), "times": (int,), "seconds": (int, float), "words": (list,), "on": (bool,),
}  # fmt: skip


def load(path: Path) -> tuple[Rule, ...]:
    """The rules of a file. Raises RuleError with a sentence that says where and what, OSError."""
    with path.open("rb") as file:
        data = file.read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES:
        raise RuleError(f"{path.name} has more than {FILE_BYTES} bytes: that is no file of rules.")
    try:
        return parse(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise RuleError(f"{path.name} is not UTF-8 text.") from None


def parse(text: str) -> tuple[Rule, ...]:
    """The rules of a text. Raises RuleError."""
    try:
        read = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RuleError(f"That is no TOML: {error}.") from None
    extra = [name for name in read if name != "rule"]
    tables = read.get("rule", [])
    if extra or not isinstance(tables, list):
        raise RuleError(f"A file of rules has [[rule]] tables only{f', and no {extra[0]!r}' if extra else ''}.")
    return tuple(_rule(number, table) for number, table in enumerate(tables, 1))


def _rule(number: int, table: Any) -> Rule:
    if not isinstance(table, dict):
        raise RuleError(f"Rule {number} is no table.")
    for key, value in table.items():
        if key not in _TYPES:
            raise RuleError(f"Rule {number}: there is no {key!r}; there are {', '.join(_TYPES)}.")
        if not isinstance(value, _TYPES[key]) or (isinstance(value, bool) and key != "on"):
            wanted = {str: "a text in quotes", int: "a whole number", list: "a list of texts", bool: "true or false"}
            raise RuleError(f"Rule {number}: {key} is {wanted.get(_TYPES[key][0], 'a number')}.")
    words = table.get("words", [])
    if not all(isinstance(one, str) for one in words):
        raise RuleError(f"Rule {number}: words is a list of texts.")
    if "fault" not in table:
        raise RuleError(f"Rule {number} has no fault; there are {', '.join(FAULTS)}.")
    try:
        return Rule(**{**table, "words": tuple(words)}).check()
    except RuleError as error:
        raise RuleError(f"Rule {number}: {error}") from None


def dump(rules: Iterable[Rule]) -> str:
    """The text of a file with these rules; `parse` gives them back."""
    return "\n".join("[[rule]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in facts_of(rule).items())
                     for rule in rules)  # fmt: skip


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(one) for one in value)}]"
    if isinstance(value, str):  # what JSON escapes, TOML escapes alike, but for one character
        return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
    return repr(value)
