"""A Python traceback as a message: its exception is the message, its last frame the source."""

from __future__ import annotations

import re
from typing import Final

from protocols.creosote.reading.reading import Reading

HEAD: Final = "Traceback (most recent call last):"
_FRAME: Final = re.compile(r'^ {2}File "([^"\n]{1,4096})", line (\d+), in (\S+)', re.MULTILINE)


def read(text: str) -> Reading | None:
    """The reading of a text that holds a traceback, or None."""
    at = text.find(HEAD)
    if at < 0:
        return None
    body = text[at:].rstrip()
    frames = _FRAME.findall(body)
    last = body.rsplit("\n", 1)[-1].strip()
    fields = {"exception": last.split(":", 1)[0], "frames": str(len(frames))}
    source = ""
    if frames:
        path, line, function = frames[-1]
        fields |= {"file": path, "line": line, "function": function}
        source = path.replace("\\", "/").rsplit("/", 1)[-1]
    before = text[:at].strip()
    message = f"{before} \u2026 {last}" if before else last
    return Reading("trace", message, "ERROR", source, fields=fields)
