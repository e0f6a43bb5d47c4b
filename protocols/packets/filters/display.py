"""The display filter: a small language over columns, fields and text.

    tcp.port == 8000 and not tcp.flags.syn
    ip.addr == 10.9.0.0/24 || dns
    info contains "GET /index" and length > 200
    port in {80, 443, 8000}
    frame contains "password"

    or    := and { ("or" | "||") and }
    and   := not { ("and" | "&&") not }
    not   := ("not" | "!") not | "(" or ")" | test
    test  := FIELD [ SIGN value | "in" "{" value { [","] value } "}" ] | STRING

A field alone asks whether a packet has it (a flag: whether it is set); a string alone whether the row's text holds
it. `!=` is true where no value is equal. It must not know where packets come from, nor evaluate Python.
"""

from __future__ import annotations

import difflib
import ipaddress
import operator
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from protocols.packets.filters.fields import FIELDS, Field, Mask, Rows, Values, View
from protocols.packets.filters.words import DisplayFilterError, Word, split

DEPTH: Final = 50
MATCH_CHARS: Final = 400
_SIGNS: Final = {
    "==": "==", "=": "==", "eq": "==", "!=": "!=", "ne": "!=", ">": ">", "gt": ">", ">=": ">=", "ge": ">=", "<": "<",
    "lt": "<", "<=": "<=", "le": "<=", "contains": "contains", "matches": "matches", "~": "matches", "&": "&",
}  # fmt: skip
_COMPARE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
    "&": lambda left, right: (left.astype(np.int64) & int(right)) != 0,
}  # fmt: skip
PART: Final = 1 << 15
"""Rows looked at in one go, so that texts of a million packets are never there at the same time."""


class Node(ABC):
    """A part of a filter."""

    @abstractmethod
    def found(self, view: View, rows: Rows) -> Mask:
        """Which of the rows it takes."""


@dataclass(frozen=True, slots=True)
class _Both(Node):
    left: Node
    right: Node

    def found(self, view: View, rows: Rows) -> Mask:
        made = self.left.found(view, rows)
        made[made] = self.right.found(view, rows[made])
        return made


@dataclass(frozen=True, slots=True)
class _Either(Node):
    left: Node
    right: Node

    def found(self, view: View, rows: Rows) -> Mask:
        made = self.left.found(view, rows)
        made[~made] = self.right.found(view, rows[~made])
        return made


@dataclass(frozen=True, slots=True)
class _Not(Node):
    inner: Node

    def found(self, view: View, rows: Rows) -> Mask:
        return ~self.inner.found(view, rows)


@dataclass(frozen=True, slots=True)
class _Has(Node):
    field: Field

    def found(self, view: View, rows: Rows) -> Mask:
        made = np.zeros(len(rows), bool)
        for read in self.field.read:
            values, there = read(view, rows)
            made |= there & (values != 0) if self.field.kind == "flag" else there
        return made


@dataclass(frozen=True, slots=True)
class _Test(Node):
    """Some value of the field fits; with no_value, none does."""

    field: Field
    fits: Callable[[Values], Any]
    no_value: bool = False

    def found(self, view: View, rows: Rows) -> Mask:
        any_there, fitting = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
        for read in self.field.read:
            values, there = read(view, rows)
            any_there |= there
            if there.any():
                fitting |= there & np.asarray(self.fits(values), bool)
        return any_there & ~fitting if self.no_value else fitting


@dataclass(frozen=True, slots=True)
class _InText(Node):
    """The text of the row holds a string, upper or lower case."""

    text: str

    def found(self, view: View, rows: Rows) -> Mask:
        wanted, texts = self.text.lower(), view.texts
        parts = zip(texts.sources(rows), texts.destinations(rows), texts.protocols(rows), texts.infos(rows),
                    strict=True)  # fmt: skip
        return np.array([wanted in " ".join(part).lower() for part in parts], bool)


class DisplayFilter:
    """A parsed filter. Raises DisplayFilterError. text: as it was written; empty text takes everything."""

    def __init__(self, text: str) -> None:
        self.text: Final = text.strip()
        self._root = _Parser(text).root() if self.text else None

    def takes(self, view: View, rows: Rows) -> Mask:
        """Which of these packets it takes."""
        return self._root.found(view, rows) if self._root is not None else np.ones(len(rows), bool)

    def matches(self, view: View, start: int = 0, stop: int | None = None) -> Mask:
        """Which of the packets from row `start` to before `stop` it takes."""
        stop = len(view.capture) if stop is None else stop
        if self._root is None:
            return np.ones(max(stop - start, 0), bool)
        made = np.zeros(max(stop - start, 0), bool)
        for begin in range(start, stop, PART):
            rows = np.arange(begin, min(begin + PART, stop))
            made[begin - start : begin - start + len(rows)] = self._root.found(view, rows)
        return made


class _Parser:
    """One filter on its way from words to nodes."""

    def __init__(self, text: str) -> None:
        self._words = split(text)
        self._at = 0
        self._depth = 0

    def root(self) -> Node:
        """The whole filter."""
        made = self._either()
        word = self._word
        if word.kind != "end":
            raise word.wrong(f"The filter could end before {word.text!r}: an “and” or “or” is missing.")
        return made

    @property
    def _word(self) -> Word:
        return self._words[self._at]

    def _take(self) -> Word:
        word = self._words[self._at]
        self._at = min(self._at + 1, len(self._words) - 1)
        return word

    def _is(self, *texts: str) -> bool:
        return self._word.kind in ("word", "sign") and self._word.text.lower() in texts

    def _either(self) -> Node:
        made = self._both()
        while self._is("or", "||"):
            self._take()
            made = _Either(made, self._both())
        return made

    def _both(self) -> Node:
        made = self._not()
        while self._is("and", "&&"):
            self._take()
            made = _Both(made, self._not())
        return made

    def _not(self) -> Node:
        self._depth += 1
        if self._depth > DEPTH:
            raise self._word.wrong(f"More than {DEPTH} parentheses or “not” lie in each other.")
        try:
            if self._is("not", "!"):
                self._take()
                return _Not(self._not())
            if self._is("("):
                opened = self._take()
                made = self._either()
                if not self._is(")"):
                    raise opened.wrong("This parenthesis is never closed.")
                self._take()
                return made
            return self._test()
        finally:
            self._depth -= 1

    def _test(self) -> Node:
        word = self._take()
        if word.kind == "string":
            return _InText(word.text)
        if word.kind != "word" or word.text.lower() in ("and", "or", "in"):
            what = "The filter ends" if word.kind == "end" else f"{word.text!r} stands"
            raise word.wrong(f"{what} where a field or a test is expected, for example tcp.port == 80.")
        field = FIELDS.get(word.text.lower())
        if field is None:
            raise word.wrong(_unknown(word.text))
        if self._is("in"):
            self._take()
            return self._one_of(field)
        if self._word.kind in ("word", "sign") and self._word.text.lower() in _SIGNS:
            sign = self._take()
            return _test(field, _SIGNS[sign.text.lower()], sign, self._take())
        return _Has(field)

    def _one_of(self, field: Field) -> Node:
        opened = self._take()
        if opened.text != "{":
            raise opened.wrong("Behind “in” stands a list in braces: port in {80, 443}.")
        made: Node | None = None
        while not self._is("}"):
            if self._word.kind == "end":
                raise opened.wrong("This brace is never closed.")
            value = self._take()
            if value.text == "," and value.kind == "sign":
                continue
            one = _test(field, "==", opened, value)
            made = one if made is None else _Either(made, one)
        closing = self._take()
        if made is None:
            raise closing.wrong("The list is empty.")
        return made


def _unknown(word: str) -> str:
    near = difflib.get_close_matches(word.lower(), FIELDS, 1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"There is no field {word!r}.{hint} Text to look for stands in quotation marks."


def _test(field: Field, sign: str, at: Word, value: Word) -> Node:
    if value.kind in ("end", "sign"):
        raise value.wrong(f"Behind {at.text!r} a value is missing.")
    if sign in ("contains", "matches"):
        return _Test(field, _holding(field, sign, at, value))
    if field.kind == "address":
        if sign not in ("==", "!="):
            raise at.wrong("Addresses can be equal (==) or not (!=).")
        return _Test(field, _address(value), sign == "!=")
    if field.kind in ("number", "flag"):
        number = _number(field, value)
        if sign == "!=":
            return _Test(field, lambda values: values == number, True)
        return _Test(field, lambda values: _COMPARE[sign](values, number))
    if sign not in ("==", "!="):
        raise at.wrong(f"{field.name} is text: it can be equal, and it can contain or match something.")
    wanted = value.text.lower()
    return _Test(field, lambda values: [_as_text(one).lower() == wanted for one in values], sign == "!=")


def _as_text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _number(field: Field, value: Word) -> float:
    text = value.text.lower()
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text, 0) if re.fullmatch(r"0x[0-9a-f]+|[0-9]+", text) and len(text) < 20 else float(text)
    except ValueError:
        raise value.wrong(f"{field.name} is a number, and {value.text!r} is none.") from None


def _address(value: Word) -> Callable[[Values], Any]:
    try:
        network = ipaddress.ip_network(value.text, strict=False)
    except ValueError:
        raise value.wrong(f"{value.text!r} is no address and no network such as 10.9.0.0/24.") from None
    wanted, bits = network.network_address.packed, network.prefixlen
    if network.version == 4:
        wanted, bits = bytes(10) + b"\xff\xff" + wanted, bits + 96
    mask = np.frombuffer(((1 << 128) - (1 << (128 - bits))).to_bytes(16, "big"), np.uint64)
    goal = np.frombuffer(wanted, np.uint64) & mask

    def within(values: Values) -> Any:
        halves = np.ascontiguousarray(values).view(np.uint64)  # two comparisons an address in place of sixteen
        return ((halves[:, 0] & mask[0]) == goal[0]) & ((halves[:, 1] & mask[1]) == goal[1])

    return within


def _holding(field: Field, sign: str, at: Word, value: Word) -> Callable[[Values], Any]:
    if field.kind not in ("text", "bytes"):
        raise at.wrong(f"{field.name} is a {field.kind}: {at.text!r} asks of text or bytes.")
    if sign == "matches":
        if len(value.text) > MATCH_CHARS:
            raise value.wrong(f"A pattern may have {MATCH_CHARS} characters.")
        try:
            pattern = re.compile(value.text, re.IGNORECASE)
        except (re.error, RecursionError) as error:
            raise value.wrong(f"This is no regular expression: {error}.") from None
        return lambda values: [pattern.search(_as_text(one)[:65536]) is not None for one in values]
    if field.kind == "bytes":
        raw = _raw(value)
        return lambda values: [raw in one for one in values]
    wanted = value.text.lower()
    return lambda values: [wanted in one.lower() for one in values]


def _raw(value: Word) -> bytes:
    """Bytes as text, or as hex with colons: 47:45:54."""
    if value.kind == "word" and re.fullmatch(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2})+", value.text):
        return bytes.fromhex(value.text.replace(":", ""))
    try:
        return value.text.encode("latin-1")
    except UnicodeEncodeError:
        return value.text.encode()


__all__ = ["DisplayFilter", "DisplayFilterError"]
