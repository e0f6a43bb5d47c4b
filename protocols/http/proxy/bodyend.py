"""BodyEnd: where a message's body ends, while it goes by (RFC 9112 sections 6.3 and 7.1).

A machine for bytes: it counts and looks at the framing, and keeps nothing. It must not know
sockets, nor what the bytes are for.
"""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from protocols.http.exchange import Head

How: TypeAlias = Literal["none", "length", "chunked", "close"]
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n\0]*)?")
_LINE_BYTES: Final = 16 << 10
_TRAILER_BYTES: Final = 64 << 10


class BadBody(ValueError):
    """Framing that can't be followed; the message says why."""


class BodyEnd:
    """Feed it what comes. how: what ends the body. left: of a length, or of the chunk under way."""

    def __init__(self, how: How, length: int = 0) -> None:
        self.how: Final = how
        self.left = length
        self.done = how == "none" or (how == "length" and length == 0)
        self._line = bytearray()
        self._part: Literal["size", "data", "end", "trailer"] = "size"
        self._trailers = 0

    def take(self, data: bytes) -> tuple[int, bytes]:
        """How many of these bytes belong to the body, and what they say without the framing. Raises BadBody."""
        if self.done or not data:
            return 0, b""
        if self.how == "close":
            return len(data), data
        if self.how == "length":
            count = min(self.left, len(data))
            self.left -= count
            self.done = self.left == 0
            return count, data[:count]
        return self._chunks(data)

    def ended(self) -> bool:
        """The sender has ended its direction: whether the body is whole."""
        if self.how == "close":
            self.done = True
        return self.done

    def _chunks(self, data: bytes) -> tuple[int, bytes]:
        place, said = 0, []
        while place < len(data) and not self.done:
            if self._part == "data":
                piece = data[place : place + self.left]
                said.append(piece)
                place += len(piece)
                self.left -= len(piece)
                if not self.left:
                    self._part = "end"
                continue
            end = data.find(b"\n", place)
            line = data[place : end + 1] if end >= 0 else data[place:]
            place += len(line)
            self._line += line
            if self._part == "end" and bytes(self._line[:2]) not in (b"\r", b"\r\n", b"\n"):
                raise BadBody("A chunk is longer than it said.")
            if len(self._line) > _LINE_BYTES:
                raise BadBody(f"A line of the chunk framing is longer than {_LINE_BYTES} bytes.")
            if end >= 0:
                self._turn(bytes(self._line).removesuffix(b"\n").removesuffix(b"\r"))
                self._line.clear()
        return place, said[0] if len(said) == 1 else b"".join(said)

    def _turn(self, line: bytes) -> None:
        """A line of the framing is whole."""
        if self._part == "end":
            self._part = "size"
        elif self._part == "trailer":
            self._trailers += len(line)
            if self._trailers > _TRAILER_BYTES:
                raise BadBody(f"The trailers are longer than {_TRAILER_BYTES} bytes.")
            self.done = not line
        else:
            found = _SIZE.fullmatch(line)
            if found is None:
                raise BadBody("A chunk does not begin with its size in hex digits.")
            self.left = int(found.group(1), 16)
            self._part = "data" if self.left else "trailer"


def answer_end(head: Head, method: str) -> BodyEnd:
    """The end of an answer's body. Raises BadBody where two readers might see different ends."""
    if method == "HEAD" or head.status in (204, 304) or 100 <= head.status < 200:
        return BodyEnd("none")
    codings = ",".join(head.all("Transfer-Encoding")).lower().replace(" ", "")
    lengths = {part.strip() for value in head.all("Content-Length") for part in value.split(",")}
    if codings and lengths:
        raise BadBody("The answer has both Content-Length and Transfer-Encoding: two readers would see two answers.")
    if codings:
        if codings.split(",")[-1] != "chunked":
            return BodyEnd("close")
        if codings.count("chunked") > 1:
            raise BadBody("The answer says twice that it is chunked.")
        return BodyEnd("chunked")
    if not lengths:
        return BodyEnd("close")
    if len(lengths) > 1 or not all(one.isascii() and one.isdecimal() and len(one) < 19 for one in lengths):
        raise BadBody("The answer's Content-Length is no number, or there are several that differ.")
    return BodyEnd("length", int(next(iter(lengths))))
