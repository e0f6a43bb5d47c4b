"""Text out of mail: character sets, encoded words, what to do with bytes that are none of both.

Nothing here raises for what a message holds: what can't be decoded is shown as well as it goes, and
the caller is told. It must not know headers or parts.
"""

from __future__ import annotations

import binascii
import codecs
import re
from typing import Final

_ENCODED: Final = re.compile(rb"=\?([^?\s]{1,80})\?([BbQq])\?([^?]*)\?=")
_FOLD: Final = re.compile(rb"\r?\n(?=[ \t])")
_HEX: Final = re.compile(rb"=([0-9A-Fa-f]{2})")
_REFUSED: Final = frozenset(
    ("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "mbcs", "oem", "utf-7")
)
"""Python's codecs that are no character sets of mail, or slow on purpose-made input."""
_ALIASES: Final = {"x-unknown": "ascii", "unknown-8bit": "latin-1", "iso-8859-8-i": "iso-8859-8", "default": "ascii"}


def charset_of(name: str) -> str | None:
    """Python's name of a character set, or None where there is none of that name."""
    plain = name.strip().strip("\"'").lower().replace("_", "-")
    try:
        found = codecs.lookup(_ALIASES.get(plain, plain))
    except (LookupError, ValueError, UnicodeError):
        return None
    if found.name in _REFUSED or not getattr(found, "_is_text_encoding", True):
        return None
    return found.name


def text_of(data: bytes, charset: str = "") -> tuple[str, str]:
    """The text of some bytes, and a notice where it is not what the message says (else "").

    Without a character set, or with an unknown one: UTF-8 if it fits, else Latin-1.
    """
    known = charset_of(charset) if charset else None
    if known is None:
        notice = f"The character set {charset[:60]!r} is not known" if charset else ""
        try:
            return data.decode("utf-8"), f"{notice}: shown as UTF-8" if notice else ""
        except UnicodeDecodeError:
            return data.decode("latin-1"), f"{notice}: shown as Latin-1" if notice else ""
    try:
        return data.decode(known), ""
    except (UnicodeError, ValueError):
        pass
    if known == "ascii":
        text, _ = text_of(data)
        return text, "Bytes above 127 in a text that says it is ASCII"
    try:
        return data.decode(known, "replace"), f"Some bytes are no {charset[:60]}: shown as \N{REPLACEMENT CHARACTER}"
    except (UnicodeError, ValueError):
        return data.decode("latin-1"), f"The bytes are no {charset[:60]}: shown as Latin-1"


def unfolded(value: bytes) -> bytes:
    """A header's value on one line (RFC 5322 section 2.2.3)."""
    return _FOLD.sub(b"", value).strip(b" \t\r\n")


def decoded_words(value: bytes) -> tuple[str, str]:
    """A header's value as people read it, with its encoded words decoded (RFC 2047), and a notice or ""."""
    line = unfolded(value)
    if b"=?" not in line:
        return text_of(line)
    out: list[str] = []
    notices: list[str] = []
    pending, pending_charset, at = b"", "", 0

    def flush() -> None:
        nonlocal pending
        if pending:
            text, notice = text_of(pending, pending_charset)
            out.append(text)
            notices.extend([notice] if notice else [])
        pending = b""

    for found in _ENCODED.finditer(line):
        between = line[at : found.start()]
        charset = found[1].decode("latin-1").partition("*")[0]  # "*en" names a language (RFC 2231 section 5)
        if between.strip(b" \t") or not (pending or at):
            flush()
            out.append(text_of(between)[0])
        if charset.lower() != pending_charset.lower():
            flush()
        data, broken = _word_bytes(found[2], found[3])
        notices.extend([broken] if broken else [])
        pending, pending_charset, at = pending + data, charset, found.end()
    flush()
    out.append(text_of(line[at:])[0])
    return "".join(out), notices[0] if notices else ""


def _word_bytes(kind: bytes, data: bytes) -> tuple[bytes, str]:
    """The bytes of one encoded word; characters of a multibyte set may be split between two of them."""
    if kind in b"Qq":
        return _HEX.sub(lambda found: bytes((int(found[1], 16),)), data.replace(b"_", b" ")), ""
    return base64_bytes(data)


def base64_bytes(data: bytes) -> tuple[bytes, str]:
    """What base64 text stands for, as far as it goes, and a notice where it is broken."""
    try:
        return binascii.a2b_base64(data), ""
    except (binascii.Error, ValueError):
        pass
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    kept = kept[:-1] if len(kept) % 4 == 1 else kept
    try:
        whole = binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))
        return whole, "The base64 is cut or broken: decoded as far as it goes"
    except (binascii.Error, ValueError):
        return b"", "The base64 can't be decoded"
