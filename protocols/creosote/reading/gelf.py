"""GELF, Graylog's format: JSON, plain or compressed, whole or in chunks. Sizes are capped.

A few hundred bytes can unpack to gigabytes: unpacking stops at UNPACKED_BYTES and says so. Chunks
of one message arrive in any order; `Assembler` holds what is not complete, within bounds.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from typing import Any, Final

import msgspec

from protocols.creosote.reading.jsonline import flat
from protocols.creosote.reading.reading import Reading, kept_fields, level_of

UNPACKED_BYTES: Final = 1 << 20
CHUNKS: Final = 128
PENDING_MESSAGES: Final = 256
PENDING_BYTES: Final = 8 << 20
PATIENCE_NS: Final = 5_000_000_000
_MAGIC: Final = b"\x1e\x0f"
_GZIP: Final = b"\x1f\x8b"
_decode: Final = msgspec.json.Decoder().decode


def read(data: bytes) -> Reading | None:
    """The reading of a GELF datagram; of a chunk, that it is one. None for anything else."""
    if data[:2] == _MAGIC and len(data) >= 12:
        return _chunk_reading(data)
    if data[:2] == _GZIP or _zlib_head(data):
        unpacked, cut = unpack(data)
        if unpacked is None:
            return None
        if cut:
            return Reading(
                "gelf", f"{len(data)} bytes that unpack to more than {UNPACKED_BYTES}", "WARN",
                warning=f"Unpacking was stopped at {UNPACKED_BYTES} bytes: this may be a decompression bomb.",
            )  # fmt: skip
        found = _message(unpacked)
        return found or Reading("bytes", repr(unpacked[:4096])[2:-1], fields={"packed": f"{len(data)} bytes"})
    return _message(data) if b'"short_message"' in data and data[:1] == b"{" else None


def _zlib_head(data: bytes) -> bool:
    return len(data) > 6 and data[0] == 0x78 and (data[0] << 8 | data[1]) % 31 == 0


def unpack(data: bytes) -> tuple[bytes | None, bool]:
    """What gzip (RFC 1952) or zlib (RFC 1950) data unpacks to, at most UNPACKED_BYTES, and whether it was cut there."""
    engine = zlib.decompressobj(wbits=47)
    try:
        found = engine.decompress(data, UNPACKED_BYTES)
    except zlib.error:
        return None, False
    return found, bool(engine.unconsumed_tail)


def _message(data: bytes) -> Reading | None:
    try:
        found: Any = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(found, dict) or "short_message" not in found:
        return None
    text = flat(found.get("full_message") or found["short_message"])
    fields = kept_fields([(str(name).removeprefix("_"), flat(value)) for name, value in found.items()])
    return Reading(
        "gelf", text, level_of(found.get("level", 1)), flat(found.get("host")), flat(found.get("timestamp")), fields
    )


def _chunk_reading(data: bytes) -> Reading:
    number, count = data[10], data[11]
    fields = {"message id": data[2:10].hex(), "chunk": f"{number + 1} of {count}"}
    bad = not 0 < count <= CHUNKS or number >= count
    warning = f"A GELF message has at most {CHUNKS} chunks, numbered below their count." if bad else ""
    return Reading("gelf", f"chunk {number + 1} of {count}, {len(data) - 12} bytes", fields=fields, warning=warning)


class Assembler:
    """Joins the chunks of GELF messages. Bounded: the oldest message not complete gives way, and is counted."""

    def __init__(self) -> None:
        self._pending: OrderedDict[tuple[object, bytes], dict[int, bytes]] = OrderedDict()
        self._since: dict[tuple[object, bytes], int] = {}
        self._bytes = 0
        self.given_up = 0

    def add(self, data: bytes, sender: object, now_ns: int) -> Reading | None:
        """Take a datagram; gives the whole message's reading with its last chunk, else None."""
        if data[:2] != _MAGIC or len(data) < 12 or not data[10] < data[11] <= CHUNKS:
            return None
        self._forget(now_ns)
        key, number, count = (sender, data[2:10]), data[10], data[11]
        parts = self._pending.setdefault(key, {})
        self._since.setdefault(key, now_ns)
        if number not in parts:
            parts[number] = data[12:]
            self._bytes += len(data) - 12
        if len(parts) < count:
            return None
        whole = b"".join(parts[at] for at in sorted(parts))
        self._drop(key)
        found = read(whole)
        return None if found is None else msgspec.structs.replace(found, fields={**found.fields, "chunks": str(count)})

    def _forget(self, now_ns: int) -> None:
        while self._pending:
            key = next(iter(self._pending))
            full = len(self._pending) > PENDING_MESSAGES or self._bytes > PENDING_BYTES
            if not full and now_ns - self._since[key] < PATIENCE_NS:
                return
            self.given_up += 1
            self._drop(key)

    def _drop(self, key: tuple[object, bytes]) -> None:
        parts = self._pending.pop(key)
        del self._since[key]
        self._bytes -= sum(map(len, parts.values()))
