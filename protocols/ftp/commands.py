"""The command lines of FTP.

Only the arguments live here; what they start is imported when it starts, so that `--help` is quick.
It must not know pyftpdlib.
"""

from __future__ import annotations

from typing import Any


def add_commands(subparsers: Any) -> None:
    """Add the room's commands to the subparsers of `netlab`; each sets `run(arguments) -> int`."""
