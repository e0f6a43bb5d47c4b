"""What reading a foreign format gives: requests by name, their variables, and what was left out.

The values of foreign JSON are taken here as far as they are of the wanted kind. It must not know
any one format.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from protocols.http.request import Request, RequestError

LIMIT_BYTES: Final = 64 << 20
LIMIT_REQUESTS: Final = 10_000
DEEPEST: Final = 64
"""Folders within folders, or objects within objects, that are followed."""
_HALVES: Final = re.compile(r"[\ud800-\udfff]")


class FormatError(RequestError):
    """A text that can't be read as what it should be; the message is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class Named:
    """A request and how it is called. folder: from the outermost. note: what its author wrote about it."""

    request: Request
    name: str = ""
    folder: tuple[str, ...] = ()
    note: str = ""


@dataclass
class Imported:
    """What was read.

    kind: "curl", "har", "postman", "http" or "openapi". title: of the whole, "" where it has none. variables: of the
    whole. environments: by name. secrets: names of variables whose values are not for everybody. keys: values that
    stand in the requests themselves and are not for everybody either, by the names that they should have.
    notes: what could not be taken over, sentences for the person.
    """

    kind: str
    requests: list[Named] = field(default_factory=list)
    title: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def request(self) -> Request:
        """The first request. Raises FormatError where there is none."""
        if not self.requests:
            raise FormatError("There is no request in it")
        return self.requests[0].request

    def add(self, named: Named) -> bool:
        """Take one more; False, and a note, once there are too many."""
        if len(self.requests) >= LIMIT_REQUESTS:
            self.say(f"Only the first {LIMIT_REQUESTS} requests were taken.")
            return False
        self.requests.append(named)
        return True

    def hide(self, name: str, value: str) -> None:
        """A value of the requests that identifies somebody, under this name or this name with a number."""
        number, full = 1, name
        while self.keys.get(full, value) != value or full in self.variables:
            number += 1
            full = f"{name}{number}"
        self.keys[full] = value

    def say(self, note: str) -> None:
        """A note, once."""
        if note not in self.notes:
            self.notes.append(note)


def parsed_json(text: str, what: str) -> Any:
    """A JSON text's value. Raises FormatError that says where it is broken."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise FormatError(f"The {what} is no JSON: {error.msg} in line {error.lineno}") from None
    except RecursionError:
        raise FormatError(f"The {what} is nested too deep to be one") from None
    except ValueError as error:
        raise FormatError(f"The {what} is no JSON: {error}") from None


def table(value: object) -> dict[str, Any]:
    """The value if it is an object of JSON, else an empty one."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def tables(value: object) -> list[dict[str, Any]]:
    """The objects of a list; what is none is passed over."""
    return [one for one in rows(value) if isinstance(one, dict)]


def word(value: object, default: str = "") -> str:
    """The value as text: texts and numbers are; halves of surrogate pairs become the replacement character."""
    if isinstance(value, str):
        return _HALVES.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**100 else default
    return repr(value) if isinstance(value, float) else default


def line(value: object, default: str = "") -> str:
    """The value as a text of one line."""
    return " ".join(word(value, default).split())


def dumped(value: object) -> str:
    """A value as JSON for a body, two blanks a level."""
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False, default=str, skipkeys=True)
        return _HALVES.sub("\N{REPLACEMENT CHARACTER}", text)
    except (RecursionError, ValueError):
        raise FormatError("A value is nested too deep to be written") from None
