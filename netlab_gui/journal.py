"""Journal: one text line for each thing the application itself did, in a small file.

For the steps of a shutdown and for errors that nobody saw. It must not know services or
events, and a full disk or a missing directory never stops the caller.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from netlab_gui import places

LIMIT_BYTES = 256 << 10


def write(text: str) -> None:
    """Append one line. Line ends within `text` are made visible."""
    stamp = time.strftime("%Y-%m-%d %H:%M:%S")
    line = f"{stamp} [{os.getpid()}] {text}".replace("\n", "\\n") + "\n"
    try:
        path = places.journal_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        _turn_over(path)
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(line)
    except OSError:
        return


def _turn_over(path: Path) -> None:
    """Keep one older file, so that the journal never grows without end."""
    if path.exists() and path.stat().st_size > LIMIT_BYTES:
        path.replace(path.with_suffix(".log.1"))
