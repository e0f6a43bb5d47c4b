"""Options that clients of several rooms share on the command line: whom to trust, and how long to wait.

It must not know any room, nor what comes of the options.
"""

from __future__ import annotations

import argparse
from typing import Final

MOST_SECONDS: Final = 86_400


def add_trust(parser: argparse.ArgumentParser, also: str = "") -> None:
    """`--cacert` and `--insecure`. also: what else the latter leaves unverified."""
    add = parser.add_argument
    add("--cacert", default="", metavar="FILE", help="trust these authorities in place of the system's (PEM)")
    add("--insecure", action="store_true", help=f"do not verify the certificate{also}")


def seconds(text: str) -> float:
    """The value of `--timeout-s`: more than 0 and at most a day. Raises ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from None
    if not 0 < value <= MOST_SECONDS:
        raise argparse.ArgumentTypeError(
            f"a time-out must be more than 0 and at most {MOST_SECONDS} seconds, not {text}"
        )
    return value
