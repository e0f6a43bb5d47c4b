"""IMAP's answers as values: atoms, strings, literals, lists in lists (RFC 9051 section 9).

imaplib gives a line in pieces, cut at each literal; here they are put together. Bounded in depth and
number. It must not know what a value means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

Value: TypeAlias = "bytes | list[Value] | None"
DEPTH_MOST: Final = 100
VALUES_MOST: Final = 200_000
_ATOM: Final = re.compile(rb"[^\s()\"]+(?:\[[^\]]*\](?:<\d+>)?)?")
_LITERAL: Final = re.compile(rb"\{(\d{1,19})[+-]?\}\s*$")
_FLAT: Final = re.compile(rb"[A-Za-z.0-9]+\[[^\]]*\](?:<\d+>)?")


class ValuesError(ValueError):
    """An answer that can't be read; the message says where."""


def read_values(pieces: Sequence[Any]) -> list[Value]:
    """The values of one answer. pieces: what imaplib gives: bytes, or (line up to the literal, literal)."""
    stack: list[list[Value]] = [[]]
    count = 0
    for piece in pieces:
        line, literal = (piece[0], piece[1]) if isinstance(piece, tuple) else (piece, None)
        if not isinstance(line, bytes):
            continue
        if literal is not None:
            line = _LITERAL.sub(b"", line)
        count = _line(line, stack, count)
        if literal is not None:
            stack[-1].append(bytes(literal))
    if len(stack) > 1:
        raise ValuesError("a parenthesis is not closed")
    return stack[0]


def _line(line: bytes, stack: list[list[Value]], count: int) -> int:
    at, end = 0, len(line)
    while at < end:
        char = line[at : at + 1]
        count += 1
        if count > VALUES_MOST:
            raise ValuesError(f"more than {VALUES_MOST} values")
        if char.isspace():
            at += 1
            count -= 1
        elif char == b"(":
            if len(stack) > DEPTH_MOST:
                raise ValuesError(f"nested more than {DEPTH_MOST} deep")
            inner: list[Value] = []
            stack[-1].append(inner)
            stack.append(inner)
            at += 1
        elif char == b")":
            if len(stack) == 1:
                raise ValuesError("a parenthesis closes nothing")
            stack.pop()
            at += 1
        elif char == b'"':
            value, at = _string(line, at + 1)
            stack[-1].append(value)
        else:
            found = _FLAT.match(line, at) or _ATOM.match(line, at)
            if found is None:
                raise ValuesError(f"unexpected {line[at : at + 20]!r}")
            stack[-1].append(None if found[0].upper() == b"NIL" else found[0])
            at = found.end()
    return count


def _string(line: bytes, at: int) -> tuple[bytes, int]:
    """A quoted string from behind its first quote, and where it ends."""
    out = bytearray()
    while True:
        end = line.find(b'"', at)
        slash = line.find(b"\\", at, end if end >= 0 else len(line))
        if end < 0:
            raise ValuesError("a string has no end")
        if slash < 0:
            return bytes(out + line[at:end]), end + 1
        out += line[at:slash] + line[slash + 1 : slash + 2]
        at = slash + 2


def pairs(values: list[Value]) -> dict[str, Value]:
    """The items of a FETCH answer by name in upper case: a list of name, value, name, value."""
    found: dict[str, Value] = {}
    for name, value in zip(values[::2], values[1::2], strict=False):
        if isinstance(name, bytes):
            found[name.decode("latin-1").upper()] = value
    return found
