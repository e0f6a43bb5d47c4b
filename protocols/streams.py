"""The standard streams of a command: there when the caller closed them, quiet when their reader went away.

Loads nothing, so that `netlab --help` stays quick. It must not know what is written.
"""

from __future__ import annotations

import os
import sys


class NotRead(KeyboardInterrupt):
    """A signal came, and whoever reads the output takes nothing: the rest is not written."""


def open_closed() -> None:
    """Put the null device where 0, 1 or 2 is closed: the next socket would get that number, and what is printed."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is not None:
            continue
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
        stream = open(number, mode, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)


def abandon_stdout() -> None:
    """The reader went away: leave nothing for the interpreter to flush, or it complains at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
