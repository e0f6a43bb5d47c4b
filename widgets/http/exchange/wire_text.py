"""The bytes of the wire as lines to read: line ends visible, heads, chunk sizes and bodies told apart.

Pure functions over an exchange's bytes. It must not know widgets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from protocols.http.exchange import Exchange

Role: TypeAlias = Literal["sent", "received", "chunk", "note"]
LIMIT_BYTES: Final = 64 << 10
LINE_LIMIT: Final = 1000
MOST_LINES: Final = 3000
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")


@dataclass(frozen=True, slots=True)
class WireLine:
    """One line. role: who said it, or that it is framing, or the lab's own remark. end: its line end, written out.

    at: where it begins in its direction of the exchange, None for what is no line of it.
    """

    role: Role
    text: str
    end: str = ""
    at: int | None = None


def wire_lines(exchange: Exchange, limit: int = LIMIT_BYTES) -> list[WireLine]:
    """What went out and what came back, as lines."""
    lines: list[WireLine] = []
    if exchange.rendering:
        lines.append(WireLine("note", "HTTP/2 and HTTP/3 have no such text on the wire: this is libcurl's rendering."))
    sent = bytes(exchange.sent.data[:limit])
    lines += lines_of("sent", sent)
    lines += _cut(len(sent), exchange.sent.size, "sent")
    received = bytes(exchange.received.data[:limit])
    head = min(exchange.head_received, len(received))
    lines += lines_of("received", received[:head])
    lines += _chunks(received, head) if exchange.chunked else lines_of("received", received[head:], head)
    lines += _cut(len(received), exchange.received.size, "received")
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [WireLine("note", f"{len(lines) - MOST_LINES} more lines.")]
    return lines


def _cut(shown: int, size: int, what: str) -> list[WireLine]:
    return [WireLine("note", f"{size - shown} more bytes were {what}.")] if size > shown else []


def lines_of(role: Role, data: bytes, base: int = 0) -> list[WireLine]:
    """Bytes cut behind each LF, its sign and CR's shown; long lines in pieces. base: where `data` begins."""
    lines = []
    for found in re.finditer(rb"[^\n]*\n|[^\n]+", data):
        text, end = _ended(found.group())
        lines += [WireLine(role, readable(text[at : at + LINE_LIMIT]), end if at + LINE_LIMIT >= len(text) else "",
                           base + found.start() + at) for at in range(0, max(1, len(text)), LINE_LIMIT)]  # fmt: skip
    return lines


def _ended(line: bytes) -> tuple[bytes, str]:
    """A line without its end, and the end as it is written in code."""
    if line.endswith(b"\r\n"):
        return line[:-2], "\\r\\n"
    return (line[:-1], "\\n") if line.endswith(b"\n") else (line, "")


def _chunks(data: bytes, place: int) -> list[WireLine]:
    """A chunked body from `place` on: the size lines are framing, and say what they mean."""
    lines: list[WireLine] = []
    while place < len(data):
        found = _CHUNK.match(data, place)
        if found is None:
            return lines + lines_of("received", data[place:], place)
        size = int(found.group(1), 16)
        words = f"chunk of {size} bytes" if size else "last chunk"
        text, end = _ended(found.group())
        lines.append(WireLine("chunk", readable(text), f"{end}   {words}", place))
        place = found.end()
        if not size:
            return lines + lines_of("received", data[place:], place)
        lines += lines_of("received", data[place : place + size], place)
        place += size
        closing = re.compile(rb"\r?\n").match(data, place)
        if closing is not None:
            lines.append(WireLine("chunk", "", f"{_ended(closing.group())[1]}   end of the chunk", place))
            place = closing.end()
    return lines


def readable(data: bytes) -> str:
    """Bytes as plain text: UTF-8 where it is, control characters as their pictures, all else that is unseen escaped."""
    made = []
    for char in data.decode("utf-8", "backslashreplace"):
        code = ord(char)
        if char.isprintable() or char == "\t":
            made.append(char)
        elif code < 0x20 or code == 0x7F:
            made.append("\u2421" if code == 0x7F else chr(0x2400 + code))
        else:
            made.append(f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}")
    return "".join(made)
