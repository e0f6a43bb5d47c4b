"""Event: the one vocabulary in which the lab says what happened.

This module owns the event, its hot-path tuple and its JSON form (version 1), and
nothing else. It must not know who emits, keeps or shows an event.

JSON form, one object a line, the same on `--json`, a child's pipe and in an
exported session:

    {"v":1,"t":ns,"layer":..,"kind":..,"service":..,"conn":..,"dir":"in"|"out"|null,
     "offset":..,"size":..,"summary":..,"data":base64|null,"detail":{..}}

`t` is monotonic (nanoseconds, `time.monotonic_ns`); the first line of every stream
carries `detail.epoch_ns`, so that `t + epoch_ns` is wall-clock time since 1970.
An active call (connect, send, shutdown ..) is stamped when it starts, a passive one
(accept, recv ..) when it returns: so a send always sorts before the recv it feeds.
`offset` and `size` are the byte range in that direction of the connection; they stay
exact where `data` was not kept whole (`detail.kept` then says how many bytes are).
A secret in `data`, such as a password, is as many stars (`detail.masked` then says how many bytes are, or is true).
Errors carry `detail.errno` (a symbol such as "ECONNREFUSED") and `detail.why`, a sentence.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, cast, get_args

import msgspec

Layer: TypeAlias = Literal["call", "state", "message", "packet", "note"]
Direction: TypeAlias = Literal["in", "out"]
Lazy: TypeAlias = tuple[Any, ...]
"""A detail not yet made into a dict: (names, value, value, ..), names a tuple of str."""
Raw: TypeAlias = tuple[
    int,
    Layer,
    str,
    str | None,
    str | None,
    Direction | None,
    int | None,
    int | None,
    bytes | None,
    str,
    Mapping[str, Any] | Lazy | None,
]
"""An Event's fields in order, as the hot path makes them: a plain tuple costs a third of an Event."""

VERSION: Final = 1
LAYERS: Final[tuple[Layer, ...]] = get_args(Layer)
_DIRECTIONS: Final = frozenset(("in", "out", None))

monotonic_ns = time.monotonic_ns


class EventError(ValueError):
    """A line that is not the JSON form of an event; the message says which part is wrong."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    t: nanoseconds of the monotonic clock. layer: who tells it. kind: the call's own name, or
    noun and past participle. service: the running server or client that did it ("echo:7",
    "client 1"). conn: the connection's id, the same for both ends and both directions.
    direction: seen from `service`. offset, size: byte range in that direction, in bytes.
    data: the payload bytes kept. summary: one line of text. detail: JSON-able facts.
    """

    t: int
    layer: Layer
    kind: str
    service: str | None = None
    conn: str | None = None
    direction: Direction | None = None
    offset: int | None = None
    size: int | None = None
    data: bytes | None = None
    summary: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, raw: Raw) -> Event:
        """Make the event of a hot-path tuple."""
        return cls(*raw[:10], detail_of(raw))

    def raw(self) -> Raw:
        """The event's fields as a tuple."""
        return (
            self.t, self.layer, self.kind, self.service, self.conn, self.direction,
            self.offset, self.size, self.data, self.summary, self.detail,
        )  # fmt: skip

    @property
    def errno(self) -> str | None:
        """The symbol of the error that this event tells, or None."""
        return cast("str | None", self.detail.get("errno"))


def detail_of(raw: Raw) -> Mapping[str, Any]:
    """The detail of a hot-path tuple as a mapping; empty values (None) of a lazy one are left out."""
    detail = raw[10]
    if detail is None:
        return {}
    if isinstance(detail, tuple):
        return {name: value for name, value in zip(detail[0], detail[1:], strict=True) if value is not None}
    return detail


class _Line(msgspec.Struct):
    """The JSON form, decoded strictly; keys that a later minor version adds are ignored."""

    v: int
    t: int
    layer: str
    kind: str
    summary: str
    service: str | None = None
    conn: str | None = None
    dir: str | None = None
    offset: int | None = None
    size: int | None = None
    data: bytes | None = None
    detail: dict[str, Any] = {}  # msgspec copies a default per object


_decoder: Final = msgspec.json.Decoder(_Line)


def _fallback(value: object) -> object:
    """What JSON cannot say is said as text, never an exception on the way out."""
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    if isinstance(value, (memoryview, bytearray)):
        return bytes(value)
    return repr(value)


_encoder: Final = msgspec.json.Encoder(enc_hook=_fallback)


def raw_to_json(raw: Raw) -> bytes:
    """The JSON line of a hot-path tuple, without a line end.

    Text that is not valid Unicode (a lone surrogate from a file name) is escaped, not refused.
    """
    t, layer, kind, service, conn, direction, offset, size, data, summary, _ = raw
    line = {
        "v": VERSION, "t": t, "layer": layer, "kind": kind, "service": service, "conn": conn,
        "dir": direction, "offset": offset, "size": size, "summary": summary, "data": data,
        "detail": detail_of(raw),
    }  # fmt: skip
    try:
        return _encoder.encode(line)
    except UnicodeEncodeError:
        return _encoder.encode(_scrubbed(line))


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_scrubbed(str(key)): _scrubbed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_scrubbed(item) for item in value]
    return value


def to_json(event: Event) -> bytes:
    """The JSON line of an event, without a line end."""
    return raw_to_json(event.raw())


def from_json(line: bytes | str) -> Event:
    """The event of a JSON line. Raises EventError that says which part is wrong."""
    try:
        read = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EventError(f"Not an event line: {error}") from None
    if read.v != VERSION:
        raise EventError(f"Event version {read.v}, this lab reads version {VERSION}")
    if read.layer not in LAYERS:
        raise EventError(f"Unknown layer {read.layer!r}")
    if read.dir not in _DIRECTIONS:
        raise EventError(f"Unknown direction {read.dir!r}")
    return Event(
        read.t, read.layer, read.kind, read.service, read.conn,
        cast("Direction | None", read.dir), read.offset, read.size, read.data, read.summary, read.detail,
    )  # fmt: skip
