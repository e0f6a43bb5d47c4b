"""Line ends on the way out: whatever a text has, the wire gets CRLF (RFC 5322 section 2.2); or, on purpose, not.

A text with other ends shows what a server thinks of it: a careless one ends the mail at a dot that stands
between bare line feeds, and takes what follows for commands (SMTP smuggling). No sockets here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from protocols.mail.dots import stuffed

_ENDS: Final = re.compile(rb"\r\n|\r|\n")
_LONE_DOT: Final = b"\r\n..\r\n"

_REFUSED: Final = (
    "The lab's strict server answers 554 at the end: only CRLF ends a line, and only CRLF.CRLF a mail "
    "(RFC 5321 sections 2.3.8, 4.1.1.4)."
)
_SMUGGLES: Final = "A lenient one ends the mail at the lone dot: what follows counts as commands, a smuggled mail."
WRONG_ENDS: Final[dict[str, tuple[str, str]]] = {
    "crlf": ("CRLF, as the standard wants", "Every line ends with CRLF, and a dot that begins one is doubled."),
    "lf": ("LF alone", f"{_REFUSED} A lenient one takes each LF for the end of a line."),
    "cr": ("CR alone", "A CR alone ends no line: the whole text is a single one. The lab's server keeps it as it is."),
    "lf.crlf": ("LF before a lone dot", f"A lone dot travels as LF.CRLF. {_REFUSED} {_SMUGGLES}"),
    "lf.lf": ("LF on both sides of a lone dot", f"A lone dot travels as LF.LF. {_REFUSED} {_SMUGGLES}"),
    "crlf.lf": ("LF behind a lone dot", f"A lone dot travels as CRLF.LF. {_REFUSED} {_SMUGGLES}"),
}
"""Line ends by key: what they are called, and what the lab's own server thinks of them."""
_AT_DOT: Final = {"lf.crlf": b"\n.\r\n", "lf.lf": b"\n.\n", "crlf.lf": b"\r\n.\n"}


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


def on_the_wire(chunks: Iterable[bytes], ends: str = "crlf") -> Iterator[bytes]:
    """A text as it goes out after DATA, without the final dot. ends: a key of WRONG_ENDS."""
    clean = with_crlf(chunks)
    if ends in ("lf", "cr"):
        end = b"\n" if ends == "lf" else b"\r"
        return stuffed(chunk.replace(b"\r\n", end) for chunk in clean)
    return _with_dots(stuffed(clean), _AT_DOT[ends]) if ends in _AT_DOT else stuffed(clean)


def _with_dots(chunks: Iterable[bytes], dot: bytes) -> Iterator[bytes]:
    """The text with each lone dot, doubled before, in other clothes."""
    held = b""
    for chunk in chunks:
        data = (held + chunk).replace(_LONE_DOT, dot)
        keep = next((size for size in range(len(_LONE_DOT) - 1, 0, -1) if data.endswith(_LONE_DOT[:size])), 0)
        held = data[len(data) - keep :] if keep else b""
        if ready := data[: len(data) - keep]:
            yield ready
    if held:
        yield held
