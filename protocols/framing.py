"""Framing: how messages are told apart in a stream that has no borders of its own.

None, lines, a length before each message, or a fixed size; and reassembly, which also says from
which chunks a message came. Bytes in, messages out: it must not know sockets.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from protocols.numbers import grouped

LIMIT_BYTES: Final = 16 << 20
"""No message may be longer: a peer must not be able to make us keep bytes without end."""


class FramingError(ValueError):
    """A message that can't be framed, or a stream that breaks the framing's rule; says which."""


class Framing(ABC):
    """One direction's framing: `frame` makes what goes out, `feed` takes what came in, in any pieces.

    title: its name for people. limit_bytes: the longest message. After a FramingError the stream
    is of no more use.
    """

    title: str = ""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self.limit_bytes: Final = limit_bytes
        self._buffer = bytearray()
        self._error: FramingError | None = None

    @abstractmethod
    def frame(self, message: bytes) -> bytes:
        """A message as it goes on the wire. Raises FramingError where this framing can't carry it."""

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete now. Raises FramingError."""
        return [message for message, _ in self.feed_sized(data)]

    def feed_sized(self, data: bytes) -> list[tuple[bytes, int]]:
        """The messages that are complete now, each with the bytes it took on the wire. Raises FramingError.

        Messages before the one that breaks the rule are given first; then every call raises.
        """
        if self._error is not None:
            raise self._error
        self._buffer += data
        complete: list[tuple[bytes, int]] = []
        try:
            complete.extend(self._complete())
        except FramingError as error:
            self._error = error
            if not complete:
                raise
        return complete

    @abstractmethod
    def _complete(self) -> Iterator[tuple[bytes, int]]:
        """Take the complete messages from the front of the buffer."""

    @property
    def pending(self) -> int:
        """Bytes that wait for the rest of their message."""
        return len(self._buffer)

    @property
    def wanted(self) -> int | None:
        """Bytes still missing of the message under way; None where only its end will tell."""
        return None

    def end(self) -> bytes:
        """The peer's EOF: gives what had come of an unfinished message, and begins anew. Raises FramingError."""
        if self._error is not None:
            raise self._error
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest

    def _too_long(self, size: int) -> FramingError:
        return FramingError(f"A message of {grouped(size)} bytes or more, the limit is {grouped(self.limit_bytes)}")


class NoFraming(Framing):
    """Whatever one receive gives is taken as a message: chunks, not messages."""

    title = "none"

    def frame(self, message: bytes) -> bytes:
        """The message as it is: its border will be lost."""
        return message

    def _complete(self) -> Iterator[tuple[bytes, int]]:
        if self._buffer:
            chunk = self.end()
            yield chunk, len(chunk)


class LineFraming(Framing):
    """Each message ends with a delimiter, which can't occur in it.

    delimiter: b"\\n" (LF), b"\\r\\n" (CR LF) or any other bytes. strip_cr: take a CR before LF for a
    part of the line end, as polite readers do.
    """

    title = "line"

    def __init__(self, delimiter: bytes = b"\n", *, strip_cr: bool = False, limit_bytes: int = LIMIT_BYTES) -> None:
        super().__init__(limit_bytes)
        if not delimiter:
            raise FramingError("The delimiter must have at least one byte")
        self.delimiter: Final = delimiter
        self._strip_cr = strip_cr
        self._searched = 0

    def frame(self, message: bytes) -> bytes:
        """The message and the delimiter."""
        if len(message) > self.limit_bytes:
            raise self._too_long(len(message))
        line = message + self.delimiter
        if line.find(self.delimiter) != len(message):
            raise FramingError(f"The message holds the line end {self.delimiter!r}: the reader would see two messages")
        return line

    def _complete(self) -> Iterator[tuple[bytes, int]]:
        size = len(self.delimiter)
        start = 0
        try:
            while (found := self._buffer.find(self.delimiter, max(start, self._searched))) >= 0:
                if found - start > self.limit_bytes:
                    raise self._too_long(found - start)
                line = bytes(self._buffer[start:found])
                used, start = found + size - start, found + size
                yield line[:-1] if self._strip_cr and line.endswith(b"\r") else line, used
        finally:
            del self._buffer[:start]
            self._searched = max(0, len(self._buffer) - size + 1)
        if len(self._buffer) > self.limit_bytes + size - 1:
            raise self._too_long(len(self._buffer))

    def end(self) -> bytes:
        """What had come of an unfinished line."""
        self._searched = 0
        return super().end()


class LengthFraming(Framing):
    """Each message is preceded by its length: 1, 2, 4 or 8 bytes, the length itself not counted."""

    title = "length prefix"

    def __init__(
        self, size: int = 4, byteorder: Literal["big", "little"] = "big", *, limit_bytes: int = LIMIT_BYTES
    ) -> None:
        super().__init__(min(limit_bytes, (1 << 8 * size) - 1))
        if size not in (1, 2, 4, 8):
            raise FramingError(f"A length has 1, 2, 4 or 8 bytes, not {size}")
        self.size: Final = size
        self.byteorder: Final = byteorder

    def frame(self, message: bytes) -> bytes:
        """The length and the message."""
        if len(message) > self.limit_bytes:
            raise self._too_long(len(message))
        return len(message).to_bytes(self.size, self.byteorder) + message

    def _complete(self) -> Iterator[tuple[bytes, int]]:
        start = 0
        try:
            while (length := self._length(start)) is not None and len(self._buffer) - start >= self.size + length:
                start += self.size + length
                yield bytes(self._buffer[start - length : start]), self.size + length
        finally:
            del self._buffer[:start]

    def _length(self, start: int) -> int | None:
        if len(self._buffer) - start < self.size:
            return None
        length = int.from_bytes(self._buffer[start : start + self.size], self.byteorder)
        if length > self.limit_bytes:
            limit = grouped(self.limit_bytes)
            raise FramingError(f"A length of {grouped(length)} bytes, the limit is {limit}: another byte order?")
        return length

    @property
    def wanted(self) -> int | None:
        """Bytes missing of the length, or of the message that it announces."""
        length = self._length(0)
        return (self.size if length is None else self.size + length) - len(self._buffer)


class FixedFraming(Framing):
    """Every message has the same size. pad: one byte that fills up shorter ones; b"" refuses them."""

    title = "fixed size"

    def __init__(self, size: int, *, pad: bytes = b"", limit_bytes: int = LIMIT_BYTES) -> None:
        super().__init__(limit_bytes)
        if not 0 < size <= limit_bytes:
            raise FramingError(f"The size must be from 1 to {grouped(limit_bytes)} bytes")
        self.size: Final = size
        self._pad = pad[:1]

    def frame(self, message: bytes) -> bytes:
        """The message, filled up to the size."""
        if len(message) > self.size or (len(message) < self.size and not self._pad):
            size = grouped(self.size)
            raise FramingError(f"The message has {grouped(len(message))} bytes, every message must have {size}")
        return message.ljust(self.size, self._pad or b"\0")

    def _complete(self) -> Iterator[tuple[bytes, int]]:
        whole = len(self._buffer) // self.size * self.size
        for start in range(0, whole, self.size):
            yield bytes(self._buffer[start : start + self.size]), self.size
        del self._buffer[:whole]

    @property
    def wanted(self) -> int | None:
        """Bytes missing of the message under way."""
        return self.size - len(self._buffer)


def make_framing(
    kind: str,
    *,
    delimiter: bytes = b"\n",
    size: int = 4,
    byteorder: Literal["big", "little"] = "big",
    limit_bytes: int = LIMIT_BYTES,
) -> Framing:
    """A framing by name: "none", "line", "length" or "fixed". Raises FramingError."""
    match kind:
        case "none":
            return NoFraming(limit_bytes)
        case "line":
            return LineFraming(delimiter, limit_bytes=limit_bytes)
        case "length":
            return LengthFraming(size, byteorder, limit_bytes=limit_bytes)
        case "fixed":
            return FixedFraming(size, limit_bytes=limit_bytes)
        case _:
            raise FramingError(f"There is no framing {kind!r}: none, line, length, fixed")


@dataclass(frozen=True, slots=True)
class Frame:
    """A message put together again.

    start, stop: its bytes on the wire, length or line end included, counted from the stream's
    beginning. first_chunk, last_chunk: the receives that brought it, counted from 0.
    """

    message: bytes
    start: int
    stop: int
    first_chunk: int
    last_chunk: int


class Reassembly:
    """Puts messages together from chunks and remembers which chunks each came from."""

    def __init__(self, framing: Framing) -> None:
        self._framing = framing
        self._ends: list[int] = []
        self._first = 0
        self._position = 0
        self.received = 0

    @property
    def chunks(self) -> int:
        """How many chunks came so far."""
        return self._first + len(self._ends)

    def feed(self, chunk: bytes) -> list[Frame]:
        """The messages that this chunk completes. Raises FramingError."""
        if not chunk:
            return []
        self.received += len(chunk)
        self._ends.append(self.received)
        frames = []
        for message, size in self._framing.feed_sized(chunk):
            start, stop = self._position, self._position + size
            self._position = stop
            frames.append(Frame(message, start, stop, self._chunk_of(start), self._chunk_of(stop - 1)))
        self._forget()
        return frames

    def _chunk_of(self, position: int) -> int:
        return self._first + bisect_right(self._ends, position)

    def _forget(self) -> None:
        """Chunks that are wholly behind us are of no more use."""
        gone = bisect_right(self._ends, self._position)
        del self._ends[:gone]
        self._first += gone
