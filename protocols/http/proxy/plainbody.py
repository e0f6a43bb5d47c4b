"""A body that the proxy kept, without its chunks and codings, for reading.

What can't be undone is said and left as it is. It must not know entries, nor widgets.
"""

from __future__ import annotations

import zlib
from typing import Final

from protocols.http.exchange import Head
from protocols.http.proxy.bodyend import BadBody, BodyEnd

LIMIT_BYTES: Final = 16 << 20
_WINDOWS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def plain_body(head: Head, raw: bytes, limit: int = LIMIT_BYTES) -> tuple[bytes, str]:
    """What a body says, at most `limit` bytes of it, and what was done or could not be done ("" for nothing).

    head: the one that came before `raw`.
    """
    data, words = raw, []
    if ",".join(head.all("Transfer-Encoding")).lower().replace(" ", "").endswith("chunked"):
        try:
            data = BodyEnd("chunked").take(raw)[1]
        except BadBody as error:
            return raw[:limit], f"Its chunks can't be read: {error}"
    codings = [one.strip().lower() for value in head.all("Content-Encoding") for one in value.split(",")]
    for coding in reversed([one for one in codings if one and one != "identity"]):
        if coding not in _WINDOWS:
            words.append(f"It is compressed with {coding[:20]}, which is not undone here.")
            break
        data, broken = _inflated(data, coding, limit)
        words.append(f"The {coding} stream is broken: this is what could be read." if broken
                     else f"It came compressed ({coding}) and is shown unpacked.")  # fmt: skip
        if broken:
            break
    if len(data) > limit:
        words.append(f"The first {limit} bytes are shown.")
    return data[:limit], " ".join(words)


def _inflated(data: bytes, coding: str, limit: int) -> tuple[bytes, bool]:
    """The unpacked bytes, one more than the limit at most, and whether the stream is broken."""
    for bits in (_WINDOWS[coding], -15) if coding == "deflate" else (_WINDOWS[coding],):
        made = bytearray()
        machine = zlib.decompressobj(bits)
        try:
            made += machine.decompress(data, limit + 1)
        except zlib.error:
            continue  # some send deflate without zlib's head (RFC 9110 section 8.4.1.2)
        return bytes(made), False
    return b"", True
