"""`{{name}}` in a request: which value goes where, however deep it refers to others.

A variable that nobody has defined, or that refers to itself, is named in a sentence. It must not
know files, nor send anything.
"""

from __future__ import annotations

import random
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Final, TypeVar

from protocols.http.request import Request, RequestError

_T = TypeVar("_T")
_USE: Final = re.compile(r"\{\{[ \t]*(\$?[\w][\w.$-]*)((?:[ \t]+-?[\w.]+){0,3})[ \t]*\}\}")
_NAME: Final = re.compile(r"\w[\w.$-]*")
LIMIT_CHARS: Final = 16 << 20
BRACES: Final = "{{$braces}}"
"""Stands for two opening braces that are meant as such."""
MADE: Final[Mapping[str, str]] = {
    "$uuid": "a new UUID", "$guid": "a new UUID", "$random.uuid": "a new UUID",
    "$timestamp": "seconds since 1970", "$isoTimestamp": "the time in ISO 8601",
    "$randomInt": "a number by chance, from 0 to 1000 or as {{$randomInt 1 6}}", "$braces": "two opening braces",
}  # fmt: skip
"""Variables that are made anew at each use, and what they hold."""


class VariableError(RequestError):
    """A variable that has no value; the message is a sentence that names it."""


@dataclass(frozen=True, slots=True)
class Use:
    """A variable that is used somewhere. value: what it holds with all others filled in, None where `problem` says why
    it holds nothing."""

    name: str
    value: str | None
    secret: bool
    problem: str = ""


def is_name(text: str) -> bool:
    """Whether a variable can be called so."""
    return _NAME.fullmatch(text) is not None


def names_in(text: str) -> list[str]:
    """The variables that a text uses, each once, in order."""
    return list(dict.fromkeys(found.group(1) for found in _USE.finditer(text)))


def has_variables(text: str) -> bool:
    """Whether a text uses any variable."""
    return _USE.search(text) is not None


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """A text in pieces: each with whether it is the use of a variable."""
    place = 0
    for found in _USE.finditer(text):
        if found.start() > place:
            yield text[place : found.start()], False
        yield found.group(), True
        place = found.end()
    if place < len(text):
        yield text[place:], False


def literal(text: str) -> str:
    """A text that stays as it is when variables are filled in."""
    return "".join(BRACES + piece[2:] if used else piece for piece, used in pieces(text))


def literally(value: _T) -> _T:
    """The same request, or part of one, with each text in it made `literal`."""
    made: _T = _each_text(value, literal)
    return made


def renamed(value: _T, names: Mapping[str, str]) -> _T:
    """The same request, or text, with variables under other names. names: the new ones by the old."""

    def other(text: str) -> str:
        return _USE.sub(lambda use: "{{" + names[use[1]] + "}}" if use[1] in names else use[0], text)

    made: _T = _each_text(value, other)
    return made


@dataclass(frozen=True)
class Scope:
    """Values by name. secrets: names whose values are not shown. where: for the sentence, "the environment dev"."""

    values: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    where: str = ""

    def text(self, text: str, *, secrets: bool = True) -> str:
        """The text with its variables filled in; without `secrets` those stay as they are. Raises VariableError."""
        return self._filled(text, (), {}, secrets)

    def fill(self, request: Request, *, secrets: bool = True) -> Request:
        """The request with its variables filled in, as it can be sent; without `secrets` those stay as {{name}}.

        Raises VariableError for one that is not defined or refers to itself.
        """
        known: dict[str, str] = {}
        filled: Request = _each_text(request, lambda text: self._filled(text, (), known, secrets))
        return filled

    def uses(self, request: Request) -> list[Use]:
        """The variables that a request uses, for a person to see; the values of secrets are in it."""
        names: list[str] = []

        def look(text: str) -> str:
            names.extend(names_in(text))
            return text

        _each_text(request, look)
        return [self.look_up(name) for name in dict.fromkeys(names)]

    def look_up(self, name: str) -> Use:
        """What one variable holds."""
        if name in MADE:
            return Use(name, MADE[name], False)
        try:
            return Use(name, self._value(name, "", (), {}, True), name in self.secrets)
        except VariableError as error:
            return Use(name, None, name in self.secrets, str(error))

    def secret_values(self) -> tuple[str, ...]:
        """What must not be shown: the values of the secrets, filled in where they refer to others."""
        found = (self.look_up(name).value or self.values.get(name, "") for name in sorted(self.secrets))
        return tuple(value for value in found if value)

    def _filled(self, text: str, stack: tuple[str, ...], known: dict[str, str], secrets: bool) -> str:
        if "{{" not in text:
            return text
        made: list[str] = []
        place = size = 0
        for found in _USE.finditer(text):
            value = found.group()
            if secrets or found.group(1) not in self.secrets:
                value = self._value(found.group(1), found.group(2), stack, known, secrets)
            made += (text[place : found.start()], value)
            place = found.end()
            size += len(value)
            if size > LIMIT_CHARS:
                raise VariableError(f"With {found.group(1)} filled in, a text grows past {LIMIT_CHARS} characters")
        return "".join((*made, text[place:]))

    def _value(self, name: str, given: str, stack: tuple[str, ...], known: dict[str, str], secrets: bool) -> str:
        if name in known:
            return known[name]
        if name in stack:
            way = " -> ".join((*stack[stack.index(name) :], name))
            raise VariableError(f"The variable {name} refers to itself: {way}")
        if name in MADE:
            return _made(name, given.split())
        if name not in self.values:
            place = f" in {self.where}" if self.where else ""
            user = f" (used by {stack[-1]})" if stack else ""
            raise VariableError(f"The variable {name} is not defined{place}{user}")
        if len(stack) > 100:
            raise VariableError(f"More than 100 variables refer to each other, from {stack[0]} to {name}")
        known[name] = self._filled(self.values[name], (*stack, name), known, secrets)
        return known[name]


def _made(name: str, given: list[str]) -> str:
    if name == "$braces":
        return "{{"
    if name == "$timestamp":
        return str(int(time.time()))
    if name == "$isoTimestamp":
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    if name != "$randomInt":
        return str(uuid.uuid4())
    try:
        low, high = (int(given[0][:18]), int(given[1][:18])) if len(given) > 1 else (0, 1000)
        return str(random.randint(low, high))
    except ValueError:
        raise VariableError("{{$randomInt}} takes two whole numbers, the smaller one first") from None


def _each_text(value: Any, change: Any) -> Any:
    """A value of the request's classes with each text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple):
        made = tuple(_each_text(one, change) for one in value)
        return value if made == value else made
    if is_dataclass(value) and not isinstance(value, type):
        changed = {}
        for one in fields(value):
            old = getattr(value, one.name)
            new = _each_text(old, change)
            if new is not old:
                changed[one.name] = new
        return replace(value, **changed) if changed else value
    return value
