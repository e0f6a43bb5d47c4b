"""Line ends on the way out: whatever a text has, the wire gets CRLF (RFC 5322 section 2.2). No sockets here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

_ENDS: Final = re.compile(rb"\r\n|\r|\n")


def with_crlf(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same text with CRLF for every CRLF, CR and LF; the chunks may be cut anywhere."""
    held = b""
    for chunk in chunks:
        data = held + chunk
        held = b"\r" if data.endswith(b"\r") else b""
        if ready := data[: len(data) - len(held)]:
            yield _ENDS.sub(b"\r\n", ready)
    if held:
        yield b"\r\n"
