"""The mail room's command lines: a server of one's own, and what a client does.

Only argparse here: what does the work is loaded when a command runs.
"""

from __future__ import annotations

from typing import Any

from protocols.mail.client import words as client
from protocols.mail.server import commands as server
from protocols.words import WordParser


def add_commands(subparsers: Any) -> None:
    """Add the room's commands to the subparsers of `netlab`; each sets `run(arguments) -> int`."""
    client.add_commands(subparsers)
    serve = subparsers.choices.get("serve")
    if isinstance(serve, WordParser):
        server.add_words(serve)
