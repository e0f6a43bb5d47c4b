"""What a line of a mail or news conversation means: a few words, where it stands in which RFC, a sentence.

The texts are in assets/mail. It must not know who shows them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from protocols.assets import asset

_UNTAGGED: Final = {
    "EXISTS": "EXISTS", "RECENT": "RECENT", "EXPUNGE": "EXPUNGED", "FETCH": "FETCHED", "LIST": "LISTED",
    "LSUB": "LISTED", "SEARCH": "SEARCHED", "CAPABILITY": "CAPABLE", "FLAGS": "FLAGGED",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """title: a few words. rfc: "RFC 5321, section 4.2.3". text: a sentence or two, or ""."""

    title: str
    rfc: str
    text: str


NOTHING: Final = Meaning("", "", "")


def meaning_of(protocol: str, kind: str, detail: Mapping[str, Any], line: bytes = b"") -> Meaning:
    """The meaning of an event of a dialogue; empty where there is none to tell.

    kind, detail: of the event ("command", "reply", "data"). line: its bytes, for answers of IMAP without a code.
    """
    words = _words(protocol)
    if kind == "command":
        return _command(words, detail, line)
    if kind == "data":
        return _made(words.get("data", {}).get(_what(str(detail.get("what", "message")))))
    code = detail.get("code")
    if code is None and protocol == "imap":
        return _untagged(words, line)
    replies = words.get("reply", {})
    found = replies.get(str(code)) if code is not None else None
    if code == 250 and (parts := line[4:60].split()):  # a line of the answer to EHLO
        found = words.get("extension", {}).get(parts[0].decode("latin-1").upper(), found)
    if found is None and isinstance(code, int):
        found = words.get("family", {}).get(str(code)[:1])
    if found is None and line.strip() == b".":
        found = words["command"].get(".")
    return _made(found)


def _what(words: str) -> str:
    return "literal" if "literal" in words else "text" if "text" in words else "message"


def _command(words: Mapping[str, Any], detail: Mapping[str, Any], line: bytes) -> Meaning:
    verb = str(detail.get("verb") or "").upper()
    if detail.get("masked") and not verb:
        return Meaning("A secret", "", "The answer to what the server asked for; what it says is not shown.")
    commands = words["command"]
    if verb in commands:
        return _made(commands[verb])
    if verb.startswith("UID "):
        found, uid = _made(commands.get(verb[4:])), _made(commands["UID"])
        return Meaning(f"{found.title or verb}, by UID", found.rfc or uid.rfc, found.text or uid.text)
    return _made(commands.get("." if line.strip() == b"." else verb))


def _untagged(words: Mapping[str, Any], line: bytes) -> Meaning:
    parts = line[:80].upper().split()
    for part in parts[1:3]:
        key = _UNTAGGED.get(part.decode("latin-1"))
        if key is not None:
            return _made(words["reply"][key])
    return _made(words["reply"]["UNTAGGED"]) if parts[:1] == [b"*"] else NOTHING


def _made(entry: list[str] | None) -> Meaning:
    return Meaning(*entry) if entry else NOTHING


@cache
def _words(protocol: str) -> Mapping[str, Any]:
    if protocol not in ("smtp", "pop3", "imap", "nntp"):
        return {"command": {}}
    return tomllib.loads(asset("mail", f"{protocol}.toml").read_text("utf-8"))
