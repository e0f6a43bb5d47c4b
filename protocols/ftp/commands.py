"""The command lines of FTP: those of the server are in `server/commands`.

Only the arguments live here; what they start is imported when it starts, so that `--help` is quick.
It must not know pyftpdlib.
"""

from __future__ import annotations

from typing import Any

from protocols.ftp.client import commands as client
from protocols.ftp.server import commands as server
from protocols.words import WordParser


def add_commands(subparsers: Any) -> None:
    """Add the room's commands to the subparsers of `netlab`; each sets `run(arguments) -> int`."""
    client.add_commands(subparsers)
    serve = subparsers.choices.get("serve")
    if isinstance(serve, WordParser):
        server.add_words(serve)
