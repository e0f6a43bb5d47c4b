"""Dots: how a text of any length travels until a line with a single dot (RFC 5321 section 4.5.2, RFC 1939
section 3, RFC 3977 section 3.1.1).

`DotReader` takes the bytes as they come, split anywhere, and gives the text back; `stuffed` makes a text
ready to be sent. Only CRLF "." CRLF ends a text. They must not know connections.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

_DOT: Final = b"\r\n."
LINE_BYTES: Final = 64 << 10


class DotReader:
    """A text on its way in. done: the final dot came; `rest` is what came behind it. wire: bytes up to there.

    bare: line feeds of the text without a carriage return in front of them, so far. end: the line that ended it.
    """

    def __init__(self) -> None:
        self.done = False
        self.rest = b""
        self.wire = 0
        self.bare = 0
        self.end = b""
        self._held = b"\r\n"  # the text begins at the begin of a line
        self._spare = 2  # these two are none of it
        self._last = b""

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; the text that is certain now."""
        text = self._cut(self._held + data)
        self.wire += len(data) - len(self.rest)
        if self._spare and text:
            text, self._spare = text[self._spare :], 0
        if text:
            glued = self._last == b"\r" and text.startswith(b"\n")
            self.bare += text.count(b"\n") - text.count(b"\r\n") - glued
            self._last = text[-1:]
        return text

    def _cut(self, data: bytes) -> bytes:
        parts: list[bytes] = []
        begin, look = 0, 0
        while (found := data.find(_DOT, look)) >= 0:
            behind = data[found + 3 : found + 5]
            if behind == b"\r\n":
                self.done, self.end = True, b".\r\n"
                self.rest, self._held = data[found + 5 :], b""
                parts.append(data[begin : found + 2])
                return b"".join(parts)
            if b"\r\n".startswith(behind):  # one or two bytes more decide
                parts.append(data[begin:found])
                self._held = data[found:]
                return b"".join(parts)
            parts.append(data[begin : found + 2])
            begin = look = found + 3
        keep = 2 if data.endswith(b"\r\n") else 1 if data.endswith(b"\r") else 0
        keep = min(keep, len(data) - begin)
        parts.append(data[begin : len(data) - keep])
        self._held = data[len(data) - keep :]
        return b"".join(parts)


class LenientDotReader(DotReader):
    """As a careless server reads: every line feed ends a line, and becomes CRLF in the text."""

    def __init__(self) -> None:
        super().__init__()
        self._held = b""
        self._begun = False

    def feed(self, data: bytes) -> bytes:
        """See DotReader."""
        whole, begin = self._held + data, 0
        parts: list[bytes] = []
        self.wire += len(data)
        while (end := whole.find(b"\n", begin)) >= 0:
            full = whole[begin : end + 1]
            line = full[:-1].removesuffix(b"\r")
            begin = end + 1
            if not self._begun:
                if line == b".":
                    self.done, self.end, self.rest, self._held = True, full, whole[begin:], b""
                    self.wire -= len(self.rest)
                    return b"".join(parts)
                line = line.removeprefix(b".")
            self._begun = False
            parts.append(line + b"\r\n")
        self._held = whole[begin:]
        if len(self._held) > LINE_BYTES:
            parts.append(self._held[:-1] if self._begun else self._held[:-1].removeprefix(b"."))
            self._begun, self._held = True, self._held[-1:]
        return b"".join(parts)


def stuffed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The text with each dot at the begin of a line doubled, its last line ended; the final dot is not there."""
    held, start = b"", True
    for chunk in chunks:
        data = held + chunk
        if start and data:
            start = False
            if data.startswith(b"."):
                data = b"." + data
        keep = 2 if data.endswith(b"\r\n") else 1 if data.endswith(b"\r") else 0
        held = data[len(data) - keep :] if keep else b""
        if ready := data[: len(data) - keep].replace(_DOT, b"\r\n.."):
            yield ready
    if held == b"\r":
        held = b"\r\r\n"
    elif not held and not start:
        held = b"\r\n"
    if held:
        yield held
