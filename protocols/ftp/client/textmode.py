"""Text mode: line ends as they travel (CR LF, RFC 959 section 3.1.1.1) and as they lie here. A machine for bytes.

It must not know sockets.
"""

from __future__ import annotations

import os
from typing import Final

HERE: Final = os.linesep.encode("ascii")


class TextIn:
    """From the wire to this machine. changed: the line ends that became others."""

    def __init__(self, here: bytes = HERE) -> None:
        self.changed = 0
        self._here = here
        self._held = b""

    def feed(self, data: bytes | memoryview) -> bytes:
        """The next bytes; a CR at the end is held back until it is known what follows."""
        whole = self._held + bytes(data)
        self._held = b"\r" if whole.endswith(b"\r") else b""
        if self._held:
            whole = whole[:-1]
        if self._here == b"\r\n":
            return whole
        self.changed += whole.count(b"\r\n")
        return whole.replace(b"\r\n", self._here)

    def end(self) -> bytes:
        """What was held back."""
        held, self._held = self._held, b""
        return held


class TextOut:
    """From this machine to the wire. changed: the line ends that became CR LF; those that were are left alone."""

    def __init__(self) -> None:
        self.changed = 0
        self._after_cr = False

    def feed(self, data: bytes | memoryview) -> bytes:
        """The next bytes."""
        whole = bytes(data)
        if not whole:
            return b""
        first = whole[:1] == b"\n" and self._after_cr
        self._after_cr = whole.endswith(b"\r")
        rest = whole[1:] if first else whole
        had = rest.count(b"\r\n")
        ends = rest.count(b"\n")
        self.changed += ends - had
        if had:
            rest = rest.replace(b"\r\n", b"\n")
        rest = rest.replace(b"\n", b"\r\n")
        return b"\n" + rest if first else rest
