"""Block: some thousand events packed into columns, about a quarter of what their tuples take.

Each row can be read alone without unpacking its neighbours, and the lower-case text of all rows
is one run of bytes, so that a search is a few passes of C code. It must not know who asks.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from protocols.record.event import Raw, from_json, raw_to_json

HEAD_BYTES: Final = 64
"""How much of each payload a text search sees."""
SOFT_ERRORS: Final = frozenset(
    ("EAGAIN", "EWOULDBLOCK", "EINPROGRESS", "EALREADY", "SSL_ERROR_WANT_READ", "SSL_ERROR_WANT_WRITE")
)
"""What a non-blocking socket says when it would have to wait: told by errno, but no failure."""
Codes: TypeAlias = "bytes | array[int]"

_PRINTABLE: Final = bytes(code if 32 <= code < 127 else 46 for code in range(256)).lower()
_DIRECTIONS: Final = {None: 0, "in": 1, "out": 2}
DIRECTION_NAMES: Final = (None, "in", "out")
_HAS_DATA: Final = 4
_MOST: Final = (1 << 64) - 1


class Table(dict[Any, int]):
    """Gives each value a small number, in order of first sight; `names` has them by number."""

    def __init__(self, *first: Any) -> None:
        super().__init__()
        self.names: list[Any] = []
        for value in first:
            self[value]

    def __missing__(self, value: Any) -> int:
        code = self[value] = len(self.names)
        self.names.append(value)
        return code


class Tables:
    """The numbers that all blocks of one log share; number 0 of a service, conn or errno is None."""

    def __init__(self) -> None:
        self.layers: Final = Table("call", "state", "message", "packet", "note")
        self.kinds: Final = Table()
        self.services: Final = Table(None)
        self.conns: Final = Table(None)
        self.errnos: Final = Table(None)
        self.names: Final = Table(None)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else repr(value)


_encode: Final = msgspec.msgpack.Encoder(enc_hook=_plain).encode
_decode: Final = msgspec.msgpack.Decoder().decode


class Block:
    """Packed rows. `base` is the first one's number in the log, `count` how many there are."""

    __slots__ = (
        "_data", "_data_ends", "_details", "_details_ends", "_flags", "_names", "_offsets", "_sizes", "_summaries",
        "_summary_ends", "_t", "_t0", "_tables", "base", "conns", "count", "errnos", "kinds", "layers", "nbytes",
        "services", "text",
    )  # fmt: skip

    def __init__(self, base: int, raws: Sequence[Raw], tables: Tables) -> None:
        self.base = base
        self.count = len(raws)
        self._tables = tables
        t, layers, kinds, services, conns, directions, offsets, sizes, data, summaries, details = zip(
            *raws, strict=True
        )
        self._t0 = min(t)
        self._t = _narrow([stamp - self._t0 for stamp in t])
        self.layers = _codes(layers, tables.layers)
        self.kinds = _codes(kinds, tables.kinds)
        self.services = _codes(services, tables.services)
        self.conns = _codes(conns, tables.conns)
        self._flags = bytes(
            [_DIRECTIONS[way] + (0 if kept is None else _HAS_DATA) for way, kept in zip(directions, data, strict=True)]
        )
        self._offsets = _narrow([0 if value is None else value + 1 for value in offsets])
        self._sizes = _narrow([0 if value is None else value + 1 for value in sizes])
        self._data, self._data_ends = _joined([kept or b"" for kept in data])
        self._summaries, self._summary_ends = _joined_text(summaries)
        names, values, errors = _taken_apart(details, tables.names)
        self._names = _narrow(names)
        self._details, self._details_ends = _joined(_packed(raws, values))
        self.errnos: Codes | None = None
        if errors:
            self.errnos = _codes([errors.get(at) for at in range(self.count)], tables.errnos)
        self.text = _text(kinds, summaries, data, errors)
        self.nbytes = self._size()

    @property
    def payload_bytes(self) -> int:
        """Bytes of all payloads kept."""
        return len(self._data)

    def adopted(self, base: int, tables: Tables) -> Block:
        """These rows in another log, whose numbers for names are other ones. The packed bytes are shared."""
        twin = Block.__new__(Block)
        for slot in Block.__slots__:
            setattr(twin, slot, getattr(self, slot))
        old = self._tables
        twin.base, twin._tables = base, tables
        twin.kinds = _recoded(self.kinds, old.kinds, tables.kinds)
        twin.services = _recoded(self.services, old.services, tables.services)
        twin.conns = _recoded(self.conns, old.conns, tables.conns)
        twin._names = _recoded(self._names, old.names, tables.names)
        if self.errnos is not None:
            twin.errnos = _recoded(self.errnos, old.errnos, tables.errnos)
        return twin

    def _size(self) -> int:
        ends = (self._data_ends, self._summary_ends, self._details_ends)
        codes = (self._t, self.layers, self.kinds, self.services, self.conns, self._flags, self._offsets, self._sizes)
        blobs = (self._data, self._summaries, self._details, self.text, self._names, self.errnos or b"")
        return sum(memoryview(part).nbytes for part in (*ends, *codes, *blobs))

    def raw(self, at: int) -> Raw:
        """Row `at` of this block, as it was put in; tuples within its detail have become lists."""
        tables = self._tables
        flags, offset, size = self._flags[at], self._offsets[at], self._sizes[at]
        return (
            self._t0 + self._t[at],
            tables.layers.names[self.layers[at]],
            tables.kinds.names[self.kinds[at]],
            tables.services.names[self.services[at]],
            tables.conns.names[self.conns[at]],
            DIRECTION_NAMES[flags & 3],
            offset - 1 if offset else None,
            size - 1 if size else None,
            _part(self._data, self._data_ends, at) if flags & _HAS_DATA else None,
            _part(self._summaries, self._summary_ends, at).decode("utf-8", "surrogatepass"),
            self._detail(at),
        )

    def _detail(self, at: int) -> Any:
        detail = _decode(_part(self._details, self._details_ends, at))
        names = self._tables.names.names[self._names[at]]
        return detail if names is None or type(detail) is dict else (names, *detail)

    def mask_of(self, codes: Codes, wanted: Collection[int]) -> bytes:
        """For each row 1 where its number in a column is one of `wanted`, else 0."""
        return codes_mask(codes, wanted)

    def mask_direction(self, direction: str) -> bytes:
        """For each row 1 where it went this way."""
        code = _DIRECTIONS[direction]
        return self._flags.translate(bytes(flags & 3 == code for flags in range(256)))

    def mask_text(self, needle: bytes) -> bytes:
        """For each row 1 where its text holds `needle` (lower case)."""
        text, few = self.text, self.count >> 4
        mask = bytearray(self.count)
        row = last = hits = 0
        found = text.find(needle)
        while found >= 0:
            row += text.count(b"\n", last, found)
            mask[row] = 1
            hits += 1
            if hits > few:  # a common text: one pass over all lines is faster from here on
                return bytes([needle in line for line in text.split(b"\n")])
            last = text.find(b"\n", found)
            if last < 0:
                break
            found = text.find(needle, last)
        return bytes(mask)

    def mask_lines(self, accepts: Callable[[bytes], object]) -> bytes:
        """For each row 1 where `accepts` finds something in its text."""
        return bytes([1 if accepts(line) else 0 for line in self.text.split(b"\n")])


class Rows(Protocol):
    """What a log, a filter and a search need of a block, whatever it is made of. See Block."""

    base: int
    count: int
    nbytes: int
    errnos: Codes | None

    @property
    def layers(self) -> Codes: ...
    @property
    def kinds(self) -> Codes: ...
    @property
    def services(self) -> Codes: ...
    @property
    def conns(self) -> Codes: ...
    def raw(self, at: int) -> Raw: ...
    def mask_of(self, codes: Codes, wanted: Collection[int]) -> bytes: ...
    def mask_direction(self, direction: str) -> bytes: ...
    def mask_text(self, needle: bytes) -> bytes: ...
    def mask_lines(self, accepts: Callable[[bytes], object]) -> bytes: ...


def codes_mask(codes: Codes, wanted: Collection[int]) -> bytes:
    """For each number 1 where it is one of `wanted`, else 0."""
    if isinstance(codes, bytes):
        return codes.translate(bytes(code in wanted for code in range(256)))
    return bytes(map(wanted.__contains__, codes))


def _codes(values: Iterable[Any], table: Table) -> Codes:
    return _narrow(list(map(table.__getitem__, values)))


def _recoded(codes: Codes, old: Table, new: Table) -> Codes:
    """The same names by the numbers of another table."""
    mapped = [new[name] for name in old.names]
    if mapped == list(range(len(mapped))):
        return codes
    if isinstance(codes, bytes) and max(mapped) < 256:
        return codes.translate(bytes(mapped) + bytes(256 - len(mapped)))
    return _narrow([mapped[code] for code in codes])


def _narrow(values: list[int]) -> Codes:
    """The numbers in as few bytes each as the largest needs; beyond 64 bits they are cut to the most."""
    most = max(values)
    if most < 256:
        return bytes(values)
    if most > _MOST:
        values = [min(value, _MOST) for value in values]
    return array("H" if most < 65536 else "I" if most < 1 << 32 else "Q", values)


def _joined(parts: Sequence[bytes]) -> tuple[bytes, array[int]]:
    return b"".join(parts), array("I", accumulate(map(len, parts)))


def _part(blob: bytes, ends: array[int], at: int) -> bytes:
    return blob[ends[at - 1] if at else 0 : ends[at]]


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _joined_text(parts: Sequence[str]) -> tuple[bytes, array[int]]:
    text = "".join(parts)
    if text.isascii():
        return text.encode("ascii"), array("I", accumulate(map(len, parts)))
    return _joined([_utf8(part) for part in parts])


def _taken_apart(details: Sequence[Any], table: Table) -> tuple[list[int], list[Any], dict[int, str]]:
    """Of each detail: the number of its lazy names (0: it has none), what is to be packed, and its errno by row."""
    names = details[0][0] if type(details[0]) is tuple else ("errno",)
    same = "errno" not in names and {type(detail) is tuple and id(detail[0]) for detail in details} == {id(names)}
    if same:
        # A busy connection: nothing but sends and receives.
        return [table[names]] * len(details), [detail[1:] for detail in details], {}
    codes, values, errors = [], [], {}
    last, code, errno_at = None, 0, 0
    for row, detail in enumerate(details):
        if type(detail) is tuple:
            names = detail[0]
            if names is not last:
                last, code = names, table[names]
                errno_at = names.index("errno") + 1 if "errno" in names else 0
            codes.append(code)
            values.append(detail[1:])
            if errno_at and detail[errno_at]:
                errors[row] = str(detail[errno_at])
            continue
        codes.append(0)
        values.append(detail)
        if detail and detail.get("errno"):
            errors[row] = str(detail["errno"])
    return codes, values, errors


_CANNOT: Final = (TypeError, ValueError, OverflowError, RecursionError)


def _packed(raws: Sequence[Raw], values: Sequence[Any]) -> list[bytes]:
    try:
        return list(map(_encode, values))
    except _CANNOT:
        return [_packed_slowly(raw, value) for raw, value in zip(raws, values, strict=True)]


def _packed_slowly(raw: Raw, value: Any) -> bytes:
    """What msgpack cannot say is said as JSON says it, and what that cannot either, as text."""
    try:
        return _encode(value)
    except _CANNOT:
        pass
    try:
        return _encode(from_json(raw_to_json(raw)).detail)
    except _CANNOT:
        return _encode({"unreadable": ascii(raw[10])[:1000]})


def _text(
    kinds: Sequence[str], summaries: Sequence[str], data: Sequence[bytes | None], errors: dict[int, str]
) -> bytes:
    """One line a row, in lower case: kind, summary, errno and the head of the payload."""
    parts = [kept[:HEAD_BYTES] if kept else b"" for kept in data]
    whole = b"".join(parts).translate(_PRINTABLE).decode("ascii")
    heads = [whole[start:stop] for start, stop in pairwise(accumulate(map(len, parts), initial=0))]
    for row, error in errors.items():
        heads[row] = f"{error} {heads[row]}"
    lines = list(map(" ".join, zip(kinds, summaries, heads, strict=True)))
    text = "\n".join(lines)
    if text.count("\n") != len(lines) - 1:
        text = "\n".join([line.replace("\n", " ") for line in lines])
    return _utf8(text.lower())


def block_at(bases: Sequence[int], row: int) -> int:
    """Which block holds `row`, given the blocks' first rows in order."""
    return bisect_right(bases, row) - 1
