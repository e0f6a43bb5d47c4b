"""Text transfers (TYPE A): line ends of this system inside, CR LF on the wire. RFC 959 section 3.1.1.1.

A CR LF may fall into two pieces; nothing is lost at the end. It must not know connections.
"""

from __future__ import annotations

import os
from typing import IO, Final

SIZE: Final = 64 << 10
HERE: Final = os.linesep.encode()


class FromText:
    """What comes over the wire becomes lines of this system."""

    def __init__(self, here: bytes = HERE) -> None:
        self._here = here
        self._held = False

    def feed(self, data: bytes) -> bytes:
        """What to write for `data`; a CR at its end waits for what follows."""
        if self._here == b"\r\n":
            return data
        if self._held:
            data = b"\r" + data
        self._held = data.endswith(b"\r")
        if self._held:
            data = data[:-1]
        return data.replace(b"\r\n", self._here)

    def flush(self) -> bytes:
        """What is left at the end."""
        held, self._held = self._held, False
        return b"\r" if held else b""


class ToText:
    """Reads a file and gives its lines with CR LF; a CR LF that is there already stays as it is.

    It is one of pyftpdlib's producers: `more()` until it gives nothing.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self._after_cr = False

    def more(self) -> bytes:
        """The next piece, b"" at the end. Raises OSError."""
        return self.convert(self.file.read(SIZE))

    def convert(self, data: bytes) -> bytes:
        """The piece as it goes over the wire."""
        if not data:
            return b""
        lead = b""
        if self._after_cr and data.startswith(b"\n"):
            lead, data = b"\n", data[1:]
        self._after_cr = data.endswith(b"\r") if data else False
        return lead + data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
