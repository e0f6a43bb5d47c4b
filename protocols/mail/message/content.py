"""A part's content: its transfer encoding undone (RFC 2045 section 6), its text decoded.

Decoding is in pieces where a part is saved, so that an attachment of any size takes little memory.
Broken encodings give what can be had, and a notice. It must not know the tree.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import Final

from protocols.mail.message.headers import Raw
from protocols.mail.message.structure import Part
from protocols.mail.message.words import base64_bytes, text_of

PIECE_BYTES: Final = 1 << 20
TEXT_MOST: Final = 1 << 20
"""Bytes of a text part that are decoded to be shown; saving has no such limit."""
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/=]")
_UU_NAMES: Final = ("x-uuencode", "uuencode", "x-uue", "uue")
_KNOWN: Final = ("", "7bit", "8bit", "binary", "base64", "quoted-printable", *_UU_NAMES)


def encoding_notice(part: Part) -> str:
    """What to say about a transfer encoding that nobody knows; "" for the known ones."""
    if part.encoding in _KNOWN:
        return ""
    return f"The transfer encoding {part.encoding[:40]!r} is not known: the content is as it came"


def pieces(raw: Raw, part: Part) -> Iterator[bytes]:
    """The part's decoded bytes, about 1 MB at a time."""
    if part.encoding == "base64":
        yield from _base64_pieces(raw, part)
    elif part.encoding == "quoted-printable":
        yield from _quoted_pieces(raw, part)
    elif part.encoding in _UU_NAMES:
        yield _uu_bytes(raw[part.body : part.end])
    else:
        for at in range(part.body, part.end, PIECE_BYTES):
            yield raw[at : min(at + PIECE_BYTES, part.end)]


def _base64_pieces(raw: Raw, part: Part) -> Iterator[bytes]:
    kept = b""
    for at in range(part.body, part.end, PIECE_BYTES):
        kept += _NOT_BASE64.sub(b"", raw[at : min(at + PIECE_BYTES, part.end)])
        whole = len(kept) - len(kept) % 4
        if b"=" in kept[:whole]:  # padding amid the text ends it, or somebody joined two encodings
            yield from _padded(kept[:whole])
        else:
            yield binascii.a2b_base64(kept[:whole])
        kept = kept[whole:]
    if kept:
        yield base64_bytes(kept)[0]


def _padded(data: bytes) -> Iterator[bytes]:
    for each in re.findall(rb"[^=]+=*", data):
        yield base64_bytes(each)[0]


def _quoted_pieces(raw: Raw, part: Part) -> Iterator[bytes]:
    at = part.body
    while at < part.end:
        stop = min(at + PIECE_BYTES, part.end)
        if stop < part.end:
            line = raw.rfind(b"\n", at, stop)
            stop = line + 1 if line >= 0 else stop
        yield binascii.a2b_qp(raw[at:stop])
        at = stop


def _uu_bytes(data: bytes) -> bytes:
    out = []
    for line in data.splitlines():
        if line.startswith((b"begin ", b"end")) or not line:
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:  # a line with blanks cut off, or too long: what its length says
            count = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out.append(binascii.a2b_uu(line[:count]))
            except binascii.Error:
                continue
    return b"".join(out)


def content(raw: Raw, part: Part, most: int = TEXT_MOST) -> tuple[bytes, str]:
    """The part's decoded bytes up to `most`, and a notice where there are more or the encoding is odd."""
    got, size = [], 0
    for piece in pieces(raw, part):
        got.append(piece)
        size += len(piece)
        if size > most:
            return b"".join(got)[:most], f"Only the first {most} bytes are shown; Save has all of them"
    data = b"".join(got)
    notice = encoding_notice(part)
    if part.encoding == "base64" and not notice and part.size and not data:
        notice = "The base64 can't be decoded"
    return data, notice


def text(raw: Raw, part: Part) -> tuple[str, tuple[str, ...]]:
    """The part as text, and notices."""
    data, notice = content(raw, part)
    shown, odd = text_of(data, part.parameters.get("charset", ""))
    return shown.replace("\r\n", "\n"), tuple(each for each in (notice, odd) if each)
