"""A value with parameters, as Content-Type and Content-Disposition have them (RFC 2045 section 5.1, RFC 2231).

Written for what arrives, not for what the RFC allows: missing quotes, blanks, 8-bit names. It must not
know which field it reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Final
from urllib.parse import unquote_to_bytes

from protocols.mail.message.words import decoded_words, text_of

PARAMETERS_MOST: Final = 100
_PARAMETER: Final = re.compile(rb';\s*([^=;\s"]{1,100})\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))', re.DOTALL)
_QUOTED: Final = re.compile(rb"\\(.)", re.DOTALL)
_CONTINUED: Final = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?$")


def read_value(line: bytes) -> tuple[str, Mapping[str, str]]:
    """The plain value in lower case, and its parameters by name in lower case, decoded."""
    value, parameters = raw_value(line)
    found: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, bytes]]] = {}
    for raw_name, data in parameters:
        name = raw_name.decode("latin-1").lower()
        split = _CONTINUED.match(name)
        if split is not None and (split[2] is not None or split[3]):
            pieces.setdefault(split[1], []).append((int(split[2] or 0), bool(split[3]), data))
        else:
            found.setdefault(name, decoded_words(data)[0])
    for name, parts in pieces.items():
        found[name] = _joined(sorted(parts))
    return value.decode("latin-1").lower(), found


def raw_value(line: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """The plain value and its parameters in order, as they stand but for their quotes; at most PARAMETERS_MOST."""
    found = []
    for each in islice(_PARAMETER.finditer(line), PARAMETERS_MOST):
        found.append((each[1], _QUOTED.sub(rb"\1", each[2]) if each[2] is not None else each[3].strip()))
    return line.partition(b";")[0].strip(), found


def _joined(parts: list[tuple[int, bool, bytes]]) -> str:
    """The pieces of one long or encoded parameter (RFC 2231 sections 3 and 4)."""
    charset, data = "", b""
    for number, encoded, piece in parts:
        text = piece
        if encoded and number == 0 and piece.count(b"'") >= 2:
            name, _, rest = piece.partition(b"'")
            charset, text = name.decode("latin-1"), rest.partition(b"'")[2]
        data += unquote_to_bytes(text) if encoded else text
    return text_of(data, charset)[0]
