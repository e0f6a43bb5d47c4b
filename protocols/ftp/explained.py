"""Commands and replies of FTP in plain words, with the section of the RFC that has them. The words stand in assets/ftp.

It must not know who said them.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from protocols.assets import asset
from protocols.ftp.replies import FIRST, SECOND, meaning_of


@dataclass(frozen=True, slots=True)
class Command:
    """A command: how it is written, what it asks for, and where it stands."""

    verb: str
    syntax: str
    what: str
    rfc: str


@dataclass(frozen=True, slots=True)
class Code:
    """A reply's code: what it means, what its first and second digit say, and where it stands."""

    code: int
    meaning: str
    first: str
    second: str
    rfc: str


@cache
def commands() -> dict[str, Command]:
    """All commands that are explained, by verb."""
    read = _read("commands.toml")
    return {verb: Command(verb, entry["syntax"], entry["what"], entry["rfc"]) for verb, entry in read.items()}


def command(verb: str) -> Command | None:
    """A command by its verb; None for one that is not explained."""
    return commands().get(verb.upper())


def code(number: int) -> Code:
    """A reply's code; an unknown one is read by its digits (RFC 959 section 4.2.1)."""
    read = _read("replies.toml")
    rfc = read["codes"].get(str(number), read["sections"]["200" if number >= 200 else "100"])
    return Code(number, meaning_of(number), FIRST.get(number // 100, ""), SECOND.get(number // 10 % 10, ""), rfc)


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(asset("ftp", name).read_text("utf-8"))
