"""Environments: named sets of variables, in two plain files beside the requests.

`http-client.env.json` holds what everybody may see; `http-client.private.env.json` holds the
secrets, is readable by its owner alone and ignored by git. These are the names and the form that
other programs with `.http` files use, so that a folder serves them and the lab alike. "$shared"
is the environment whose values all others have. It must not know requests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from protocols.http.kept.plainfile import OWNER_ONLY, write_whole
from protocols.http.kept.variables import Scope, is_name
from protocols.http.request import RequestError

PUBLIC: Final = "http-client.env.json"
PRIVATE: Final = "http-client.private.env.json"
SHARED: Final = "$shared"
LIMIT_BYTES: Final = 4 << 20


class EnvironmentFileError(RequestError):
    """A file of environments that can't be read or written; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of an environment. shared: it is $shared's. secret: it lies in the private file."""

    name: str
    value: str
    secret: bool = False
    shared: bool = False

    @property
    def shown(self) -> str:
        """Its value as it may be shown."""
        return MASK if self.secret else self.value


MASK: Final = "\N{BULLET}" * 6


class Environments:
    """The environments of a folder, in memory until `save()`. What they hold besides texts is kept as it is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._public: dict[str, Any] = {}
        self._private: dict[str, Any] = {}

    def load(self) -> None:
        """Read the files anew; missing ones are empty. Raises EnvironmentFileError; what was in memory stays then."""
        self._public, self._private = _read(self._folder / PUBLIC), _read(self._folder / PRIVATE)

    def save(self) -> None:
        """Write both files, whole or not at all. Raises EnvironmentFileError."""
        try:
            if self._private:
                ignore(self._folder, PRIVATE)
                write_whole(self._folder / PRIVATE, _text(self._private), mode=OWNER_ONLY)
            else:
                (self._folder / PRIVATE).unlink(missing_ok=True)
            if self._public or (self._folder / PUBLIC).exists():
                write_whole(self._folder / PUBLIC, _text(self._public))
        except OSError as error:
            raise EnvironmentFileError(f"The environments can't be written: {error.strerror or error}") from None

    def names(self) -> list[str]:
        """The environments but $shared, in the order of the file."""
        return [name for name in dict.fromkeys((*self._public, *self._private)) if name != SHARED]

    def variables(self, environment: str) -> list[Variable]:
        """What an environment holds, its own variables before those of $shared that it does not have itself."""
        found: dict[str, Variable] = {}
        for name in dict.fromkeys((environment, SHARED)):
            for where, secret in ((self._private, True), (self._public, False)):
                for key, value in _values(where.get(name)).items():
                    found.setdefault(key, Variable(key, value, secret, name == SHARED and environment != SHARED))
        return list(found.values())

    def held(self) -> dict[str, dict[str, str]]:
        """The values that each environment has itself, by name; "" for $shared."""
        return {name: {one.name: one.value for one in self.variables(name or SHARED) if not one.shared}
                for name in ("", *self.names())}  # fmt: skip

    def scope(self, environment: str = "", variables: Mapping[str, str] | None = None) -> Scope:
        """What a request is filled in with; `variables` of its own file come first."""
        held = self.variables(environment or SHARED)
        own = dict(variables or {})
        values = {one.name: one.value for one in held} | own
        where = f"the environment {environment}" if environment else "any place: no environment is chosen"
        return Scope(values, frozenset(one.name for one in held if one.secret and one.name not in own), where)

    def add(self, environment: str) -> None:
        """An environment without variables. Raises EnvironmentFileError for a name that can't be one."""
        self._check_new(environment)
        self._public[environment] = {}

    def remove(self, environment: str) -> None:
        """Take an environment out with all that it holds."""
        self._public.pop(environment, None)
        self._private.pop(environment, None)

    def rename(self, environment: str, name: str) -> None:
        """Give it another name; its place stays. Raises EnvironmentFileError."""
        if name == environment:
            return
        self._check_new(name)
        for held in ("_public", "_private"):
            old = getattr(self, held)
            setattr(self, held, {name if key == environment else key: value for key, value in old.items()})

    def _check_new(self, name: str) -> None:
        if not name.strip() or not name.isprintable():
            raise EnvironmentFileError("An environment needs a name")
        if name in self._public or name in self._private:
            raise EnvironmentFileError(f"There is an environment {name} already")

    def set(self, environment: str, name: str, value: str, *, secret: bool = False) -> None:
        """Give a variable a value; `secret` moves it into the private file. Raises EnvironmentFileError."""
        if not is_name(name):
            raise EnvironmentFileError(f"{name!r} is no name of a variable: letters, digits and . _ - only")
        here, there = (self._private, self._public) if secret else (self._public, self._private)
        held = here.setdefault(environment, {})
        if not isinstance(held, dict):
            raise EnvironmentFileError(f"{environment} is no set of variables in its file")
        if isinstance(there.get(environment), dict):
            there[environment].pop(name, None)
            if not there[environment] and there is self._private:
                del there[environment]
        if _values({name: held.get(name)}).get(name) != value:  # a number that was not changed stays one
            held[name] = value
        if secret:
            self._public.setdefault(environment, {})

    def unset(self, environment: str, name: str) -> None:
        """Take a variable out of an environment."""
        for held in (self._public, self._private):
            if isinstance(held.get(environment), dict):
                held[environment].pop(name, None)
        if self._private.get(environment) == {}:
            del self._private[environment]


def ignore(folder: Path, name: str) -> None:
    """Have git ignore a file: a line in the folder's .gitignore, once. Raises OSError."""
    path = folder / ".gitignore"
    old = path.read_bytes() if path.exists() else b""
    line = name.encode("utf-8")
    if line in (one.strip() for one in old.splitlines()) or b"/" + line in (one.strip() for one in old.splitlines()):
        return
    write_whole(path, old + (b"\n" if old and not old.endswith(b"\n") else b"") + line + b"\n")


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT_BYTES + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise EnvironmentFileError(f"{path.name} can't be read: {error.strerror or error}") from None
    if len(data) > LIMIT_BYTES:
        raise EnvironmentFileError(f"{path.name} is larger than {LIMIT_BYTES >> 20} MB")
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise EnvironmentFileError(f"{path.name} is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise EnvironmentFileError(f"{path.name} does not hold environments: it must be an object of objects")
    return value


def _values(held: object) -> dict[str, str]:
    """The variables among what an environment holds: texts, numbers, true and false."""
    found = {}
    for name, value in held.items() if isinstance(held, dict) else ():
        if isinstance(value, str):
            found[name] = value
        elif isinstance(value, (bool, int, float)):
            found[name] = json.dumps(value)
        elif isinstance(value, dict) and isinstance(value.get("value"), str):
            found[name] = value["value"]
    return found


def _text(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")
