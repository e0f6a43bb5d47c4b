"""A pickled log record, as `logging.handlers.DatagramHandler` sends it: recognised by its shape, and refused.

Unpickling runs code that the sender chose. Not one opcode is executed or interpreted here.
"""

from __future__ import annotations

import struct
from typing import Final

from protocols.creosote.reading.reading import Reading

WHY: Final = (
    "This is a pickle, and it stays closed: unpickling runs whatever code the sender put in, and a datagram's "
    "sender proves nothing. Send text instead: CreosoteHandler, or a DatagramHandler whose makePickle returns text."
)
_STOP: Final = b"."


def read(data: bytes) -> Reading | None:
    """The refusal of a pickle, with or without the length that the logging module puts in front; else None."""
    body, framed = data, False
    if len(data) > 5 and struct.unpack_from(">L", data)[0] == len(data) - 4:
        body, framed = data[4:], True
    if not _looks_pickled(body, framed):
        return None
    fields = {"size": f"{len(body)} bytes", "protocol": str(body[1]) if body[:1] == b"\x80" else "0 or 1"}
    what = "a pickled log record" if framed else "a pickle"
    return Reading("pickle", f"{what}, {len(body)} bytes, refused", "WARN", fields=fields, warning=WHY)


def _looks_pickled(body: bytes, framed: bool) -> bool:
    if not body.endswith(_STOP):
        return False
    if body[:1] == b"\x80" and 2 <= body[1] <= 5:
        return True
    # Protocols 0 and 1 have no mark of their own: only the framed kind is told from text with certainty.
    return framed and body[:1] in (b"}", b"(", b"]", b"c")
