"""JsonIndex: where the structure of a JSON text is, without reading its values: for a tree opened bit by bit.

Fifty megabytes are read in pieces whose work is done outside the interpreter's lock, so that a
window lives meanwhile. Values are read when they are shown. It must not know Qt.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from protocols.record import precedence

Kind: TypeAlias = Literal["object", "array", "string", "number", "word", "wrong"]
PIECE_BYTES: Final = 1 << 20
MOST_DEPTH: Final = 1000
CHECK_BYTES: Final = 2 << 20
"""A text up to this size is checked by json, which holds the interpreter's lock while it reads."""
SHOWN_CHARACTERS: Final = 500
_QUOTE, _BACKSLASH, _COMMA, _COLON = 0x22, 0x5C, 0x2C, 0x3A
_BLANKS: Final = b" \t\r\n"
_STEP: Final = np.zeros(256, np.int8)
_STEP[[0x7B, 0x5B]] = 1
_STEP[[0x7D, 0x5D]] = -1
_MARK: Final = np.zeros(256, np.bool_)
_MARK[[0x7B, 0x5B, 0x7D, 0x5D, _COMMA, _COLON]] = True


class JsonError(ValueError):
    """A text that is no JSON, or none that can be shown as a tree; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it is: bytes start to before stop. at: of a container, the number of its opening mark.

    key: its name in an object, None in an array.
    """

    kind: Kind
    start: int
    stop: int
    at: int = -1
    key: str | None = None


class JsonIndex:
    """The structure of `data`. Build it with `read_json`, on another thread."""

    def __init__(self, data: bytes, places: NDArray[np.int64], signs: NDArray[np.uint8], depths: NDArray[np.int32]):
        self.data: Final = data
        self._places = places
        self._signs = signs
        self._depths = depths
        self._known: dict[int, tuple[int, NDArray[np.intp]]] = {}

    @property
    def root(self) -> Node:
        """The whole."""
        start, stop = _trimmed(self.data, 0, len(self.data))
        return self._node(start, stop, 0, None)

    def count(self, node: Node) -> int:
        """How many values a container holds."""
        if node.at < 0:
            return 0
        close, commas = self._children_of(node.at)
        if len(commas):
            return len(commas) + 1
        start, stop = _trimmed(self.data, node.start + 1, int(self._places[close]))
        return int(start < stop)

    def _children_of(self, at: int) -> tuple[int, NDArray[np.intp]]:
        """The closing mark of a container, and the commas between its values, as numbers of marks."""
        known = self._known.get(at)
        if known is None:
            depth = int(self._depths[at])
            close = self._close_of(at, depth)
            inside = slice(at + 1, close)
            here = (self._signs[inside] == _COMMA) & (self._depths[inside] == depth)
            known = self._known[at] = close, np.flatnonzero(here) + at + 1
        return known

    def _close_of(self, at: int, depth: int) -> int:
        """The first mark behind `at` where the depth falls below that of what it opens; looked for in pieces."""
        begin, step = at + 1, 1024
        while begin < len(self._depths):
            found = np.flatnonzero(self._depths[begin : begin + step] < depth)
            if len(found):
                return begin + int(found[0])
            begin, step = begin + step, min(step * 4, 1 << 22)
        return len(self._depths) - 1

    def child(self, node: Node, row: int) -> Node:
        """One value of a container."""
        close, commas = self._children_of(node.at)
        first = node.at if row == 0 else int(commas[row - 1])
        last = int(commas[row]) if row < len(commas) else close
        start, stop = _trimmed(self.data, int(self._places[first]) + 1, int(self._places[last]))
        if node.kind != "object":
            return self._node(start, stop, first + 1, None)
        colon = first + 1
        if colon >= last or self._signs[colon] != _COLON:
            return Node("wrong", start, stop)
        key_stop = int(self._places[colon])
        begin, end = _trimmed(self.data, start, key_stop)
        value_start, value_stop = _trimmed(self.data, key_stop + 1, stop)
        return self._node(value_start, value_stop, colon + 1, _string(self.data[begin:end]))

    def children(self, node: Node) -> Iterator[Node]:
        """All values of a container, one after the other."""
        return (self.child(node, row) for row in range(self.count(node)))

    def _node(self, start: int, stop: int, at: int, key: str | None) -> Node:
        first = self.data[start : start + 1]
        if first in (b"{", b"["):
            return Node("object" if first == b"{" else "array", start, stop, at, key)
        kind: Kind = "string" if first == b'"' else "number" if first in _DIGITS and first else "word"
        if not first or (kind == "word" and self.data[start:stop] not in (b"true", b"false", b"null")):
            kind = "wrong"
        return Node(kind, start, stop, key=key)

    def text(self, node: Node, limit: int = SHOWN_CHARACTERS) -> str:
        """A value as it is shown: containers by their size, strings without their escapes, at most `limit`."""
        if node.kind in ("object", "array"):
            count = self.count(node)
            what = ("member" if node.kind == "object" else "item") + ("s" if count != 1 else "")
            return f"{{{count} {what}}}" if node.kind == "object" else f"[{count} {what}]"
        raw = self.data[node.start : min(node.stop, node.start + 6 * limit)]
        if node.kind == "string":
            return _string(raw if len(raw) == node.stop - node.start else _whole_escapes(raw) + b'"')[:limit]
        return raw.decode("utf-8", "replace")[:limit]

    def rows_to(self, place: int) -> list[int]:
        """The rows that lead from the root to the value in which the byte `place` is."""
        rows: list[int] = []
        node = self.root
        while node.at >= 0 and self.count(node):
            _, commas = self._children_of(node.at)
            row = int(np.searchsorted(self._places[commas], place, side="left"))
            child = self.child(node, row)
            rows.append(row)
            if not child.start <= place < child.stop:
                return rows
            node = child
        return rows


_DIGITS: Final = b"-0123456789"


def read_json(data: bytes, *, stopped: Callable[[], bool] = lambda: False) -> JsonIndex:
    """Find the structure of a text. Raises JsonError. stopped: asked now and then whether to give up."""
    body = data.removeprefix(b"\xef\xbb\xbf")
    parts: list[tuple[NDArray[np.int64], NDArray[np.uint8]]] = []
    inside, escaped = False, False
    for start in range(0, len(body), PIECE_BYTES):
        if stopped():
            raise JsonError("Reading it was given up.")
        precedence.give_way()
        places, signs, inside, escaped = _marks(body, start, inside, escaped)
        parts.append((places, signs))
    if inside:
        raise JsonError("This is no JSON: a string has no end.")
    places = np.concatenate([part[0] for part in parts]) if parts else np.zeros(0, np.int64)
    signs = np.concatenate([part[1] for part in parts]) if parts else np.zeros(0, np.uint8)
    depths = _depths(signs)
    if len(body) <= CHECK_BYTES:
        _check(body)
    found = JsonIndex(body, places, signs, depths)
    found.count(found.root)  # the first level is looked for here, not where it is shown
    return found


def _marks(
    body: bytes, start: int, inside: bool, escaped: bool
) -> tuple[NDArray[np.int64], NDArray[np.uint8], bool, bool]:
    """The marks of structure in one piece, and how it ends. inside: within a string; escaped: behind a backslash."""
    piece = np.frombuffer(body, np.uint8, min(PIECE_BYTES, len(body) - start), start)
    quotes = np.flatnonzero(piece == _QUOTE)
    slashes = np.flatnonzero(piece == _BACKSLASH)
    ends_escaped = False
    if len(slashes) or escaped:
        quotes, ends_escaped = _unescaped(quotes, slashes, escaped, len(piece))
    flips = np.zeros(len(piece), np.uint8)
    flips[quotes] = 1
    within = np.bitwise_xor.accumulate(flips) ^ np.uint8(inside)
    marks = np.flatnonzero(_MARK[piece] & (within == 0))
    return marks.astype(np.int64) + start, piece[marks], bool(inside) ^ bool(len(quotes) & 1), ends_escaped


def _unescaped(
    quotes: NDArray[np.intp], slashes: NDArray[np.intp], escaped: bool, size: int
) -> tuple[NDArray[np.intp], bool]:
    """The quotes without an odd run of backslashes before them; whether the piece ends within such a run."""
    if escaped and len(quotes) and quotes[0] == 0:
        quotes = quotes[1:]
    if not len(slashes):
        return quotes, False
    starts = slashes[np.flatnonzero(np.diff(slashes, prepend=-2) != 1)]
    ends = slashes[np.flatnonzero(np.diff(slashes, append=size + 2) != 1)]
    lengths = ends - starts + 1
    if escaped and starts[0] == 0:
        lengths[0] -= 1
    odd = ends[lengths % 2 == 1] + 1
    return quotes[~np.isin(quotes, odd)], bool(ends[-1] == size - 1 and lengths[-1] % 2 == 1)


def _depths(signs: NDArray[np.uint8]) -> NDArray[np.int32]:
    """How deep each mark is: an opening one counts as inside, a closing one as outside."""
    depths = np.empty(len(signs), np.int32)
    before = 0
    for start in range(0, len(signs), PIECE_BYTES):  # one call over all of it keeps every other thread waiting
        piece = depths[start : start + PIECE_BYTES]
        np.cumsum(_STEP[signs[start : start + PIECE_BYTES]], dtype=np.int32, out=piece)
        piece += before
        before = int(piece[-1])
        precedence.give_way()
    if len(depths):
        deepest, last = int(depths.max()), int(depths[-1])
        if int(depths.min()) < 0:
            raise JsonError("This is no JSON: more brackets are closed than opened.")
        if last:
            raise JsonError(f"This is no JSON: {last} bracket{'s are' if last > 1 else ' is'} never closed.")
        if deepest > MOST_DEPTH:
            raise JsonError(f"It is nested {deepest:,} deep, more than the {MOST_DEPTH:,} that a tree shows."
                            " Raw and Hex show it.")  # fmt: skip
    return depths


def _check(body: bytes) -> None:
    try:
        json.loads(body)
    except RecursionError:
        raise JsonError("It is nested too deep to be read.") from None
    except ValueError as error:
        raise JsonError(f"This is no JSON: {error}.") from None


def _trimmed(data: bytes, start: int, stop: int) -> tuple[int, int]:
    """A range without the blanks at its ends."""
    while start < stop and data[start] in _BLANKS:
        start += 1
    while stop > start and data[stop - 1] in _BLANKS:
        stop -= 1
    return start, stop


def _whole_escapes(raw: bytes) -> bytes:
    """The beginning of a string, cut so that no escape is halved."""
    cut = raw.rfind(b"\\", len(raw) - 6)
    return raw[:cut] if cut > 0 else raw


def _string(raw: bytes) -> str:
    """What a JSON string says; one that can't be read is shown as it stands."""
    try:
        value: Any = json.loads(raw.decode("utf-8", "replace"), strict=False)
    except ValueError:
        return raw.decode("utf-8", "replace")
    return value if isinstance(value, str) else str(value)
