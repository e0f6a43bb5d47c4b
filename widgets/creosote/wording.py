"""What arrived, as a person reads it: control and direction-changing characters visible, times of day.

Pure functions. It must not know widgets, colours or where bytes came from.
"""

from __future__ import annotations

import time
from typing import Final

from protocols.creosote.reading.ansi import plain, visible
from protocols.creosote.wire import PORT
from protocols.numbers import grouped

SHOWN_CHARACTERS: Final = 1000
"""No row is as wide as this: longer text is not looked at to paint it."""
_SECOND: Final = 1_000_000_000
_clock: dict[int, str] = {}


def nothing_yet(port: int = PORT, *, ipv6: bool = False) -> str:
    """What an empty log says to do: the line that reaches this bucket, and no other."""
    line = f"spew('here I am'{'' if port == PORT else f', port={port}'})"
    how = "," if ipv6 else f" or with\nfrom protocols.creosote import spew; {line}"
    lead = "Nothing has arrived yet. Any program can write here, with one of the snippets"
    return f"{lead}{how}\nand so can three made-up programs of the lab."


def shown(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    """Text from the network on one line, nothing in it acting on what stands beside it."""
    more = "\u2026" if len(text) > limit else ""
    return _printable(visible(text[:limit])) + more


def _printable(text: str) -> str:
    """What visible() leaves that still can't be printed: unpaired surrogates, tags, private formats."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    if "\u2400" <= char <= "\u2421":
        return char
    return char.encode("unicode_escape", "backslashreplace").decode("ascii")


def without_colours(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    """The same with ANSI escape sequences taken out."""
    return shown(plain(text[: limit * 2]), limit)


def short_number(number: float) -> str:
    """A number for an axis: 940, 12 k, 1.2 M."""
    if number < 1000:
        return f"{number:.0f}"
    if number < 1_000_000:
        return f"{number / 1000:.1f}".removesuffix(".0") + " k"
    return f"{number / 1_000_000:.1f}".removesuffix(".0") + " M"


def clock(wall_ns: int) -> str:
    """Time of day with four digits after the point: 10:58:14.4017."""
    second, rest = divmod(wall_ns, _SECOND)
    text = _clock.get(second)
    if text is None:
        if len(_clock) > 4096:
            _clock.clear()
        text = _clock[second] = time.strftime("%H:%M:%S", time.localtime(second))
    return f"{text}.{rest // 100_000:04d}"


def date_and_clock(wall_ns: int) -> str:
    """Date and time of day to the microsecond."""
    second, rest = divmod(wall_ns, _SECOND)
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(second))}.{rest // 1000:06d}"


def address_text(address: tuple[str, int]) -> str:
    """host:port, IPv6 in brackets."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def many(count: int, noun: str) -> str:
    """"1 datagram", "2 datagrams"."""
    return f"{grouped(count)} {noun}{'' if count == 1 else 's'}"
