"""BODYSTRUCTURE, and the sections of FETCH (RFC 3501 sections 6.4.5 and 7.4.2), out of a message's parts.

Sizes are those of bodies, the line end before a delimiter belongs to it, words stand as they are: pymap's own
counts and cuts otherwise, and tells a disposition as one string. It must not know the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pymap.bytes import Writeable
from pymap.parsing.response.fetch import BodyStructure

from protocols.mail.message.content import pieces
from protocols.mail.message.parameters import raw_value
from protocols.mail.message.structure import Part, read_structure
from protocols.mail.server.imap_envelope import Envelope, fields_of, folded, string

_NOTHING: Final = b'"text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0'
_MESSAGES: Final = ("message/rfc822", "message/global")


class Parts:
    """The parts of a message. raw: all of it."""

    def __init__(self, raw: bytes) -> None:
        self.raw: Final = raw
        self.root: Final = read_structure(raw)

    def _part(self, section: Sequence[int]) -> Part:
        part = self.root
        for depth, number in enumerate(section):
            holder = part.children[0] if depth and _is_message(part) else part
            if _is_multipart(holder) and number > 0:
                part = holder.children[number - 1]
            elif number == 1:
                part = holder
            else:
                raise IndexError(number)
        return part

    def _message(self, section: Sequence[int]) -> Part:
        part = self._part(section)
        if not _is_message(part):
            raise IndexError(part.kind)
        return part.children[0]

    # Each raises IndexError for a part that is not there

    def header(self, section: Sequence[int]) -> bytes:
        """A part's own header, with its blank line (MIME)."""
        return _header(self.raw, self._part(section))

    def body(self, section: Sequence[int]) -> bytes:
        """A part's body as it stands."""
        return _body(self.raw, self._part(section))

    def content(self, section: Sequence[int]) -> bytes:
        """A part's body, decoded (RFC 3516); of the message itself with its header."""
        part = self._part(section)
        return (b"" if section else _header(self.raw, part)) + b"".join(pieces(self.raw, part))

    def message_header(self, section: Sequence[int]) -> bytes:
        """The header of the message within a part (HEADER)."""
        return _header(self.raw, self._message(section))

    def message_text(self, section: Sequence[int]) -> bytes:
        """The body of the message within a part (TEXT)."""
        return _body(self.raw, self._message(section))


def _header(raw: bytes, part: Part) -> bytes:
    return raw[part.start : part.body]


def _body(raw: bytes, part: Part) -> bytes:
    return raw[part.body : part.end]


class Structure(BodyStructure):
    """The structure of a message, written out at once: what can't be written fails here."""

    def __init__(self, parts: Parts) -> None:
        super().__init__("", "", None, None, None, None)
        self._short: Final = _rendered(parts, parts.root, extended=False)
        self._long: Final = _rendered(parts, parts.root, extended=True)

    def __bytes__(self) -> bytes:
        return self._short

    def write(self, writer: Any) -> None:
        """BODY."""
        writer.write(self._short)

    @property
    def extended(self) -> Any:
        """BODYSTRUCTURE."""
        return Writeable.wrap(self._long)


def _is_multipart(part: Part) -> bool:
    return part.kind.startswith("multipart/")


def _is_message(part: Part) -> bool:
    return bool(part.children) and not _is_multipart(part)


def _rendered(parts: Parts, part: Part, *, extended: bool) -> bytes:
    found = folded(fields_of(_header(parts.raw, part)))
    main, _, sub = part.kind.partition("/")
    parameters = _parameters(found.get(b"content-type"))
    if _is_multipart(part):
        inner = b"".join(_rendered(parts, each, extended=extended) for each in part.children)
        more = b" " + b" ".join((parameters, *_further(found))) if extended else b""
        inner = inner or b"(%b%b)" % (_NOTHING, b" NIL" * 4 if extended else b"")
        return b"(%b %b%b)" % (inner, string(sub.encode("latin-1")), more)
    if part.kind == "text/plain" and parameters == b"NIL":
        parameters = b'("charset" "us-ascii")'
    words = [string(main.encode("latin-1")), string(sub.encode("latin-1")), parameters,
             string(found.get(b"content-id")), string(found.get(b"content-description")),
             string(found.get(b"content-transfer-encoding") or b"7bit"), b"%d" % part.size]  # fmt: skip
    lines = b"%d" % parts.raw.count(b"\n", part.body, part.end)
    if part.kind in _MESSAGES:
        words += [*_within(parts, part, extended), lines]
    elif main == "text":
        words.append(lines)
    if extended:
        words += [string(found.get(b"content-md5")), *_further(found)]
    return b"(" + b" ".join(words) + b")"


def _within(parts: Parts, part: Part, extended: bool) -> tuple[bytes, bytes]:
    """Envelope and structure of the message in a part; of an empty one where it can't be looked into."""
    if not part.children:
        return bytes(Envelope(())), b"(%b%b)" % (_NOTHING, b" NIL" * 4 if extended else b"")
    inner = part.children[0]
    return bytes(Envelope(fields_of(_header(parts.raw, inner)))), _rendered(parts, inner, extended=extended)


def _further(found: dict[bytes, bytes]) -> tuple[bytes, bytes, bytes]:
    """Disposition, languages and location."""
    line = found.get(b"content-disposition")
    value = raw_value(line)[0] if line else b""
    disposition = b"(%b %b)" % (string(value), _parameters(line)) if value else b"NIL"
    languages = [string(each.strip()) for each in found.get(b"content-language", b"").split(b",") if each.strip()]
    spoken = b"(" + b" ".join(languages) + b")" if languages else b"NIL"
    return disposition, spoken, string(found.get(b"content-location"))


def _parameters(line: bytes | None) -> bytes:
    found = raw_value(line)[1] if line else []
    return b"(" + b" ".join(string(each) for pair in found for each in pair) + b")" if found else b"NIL"
