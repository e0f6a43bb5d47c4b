"""`netlab` inside the test's own process: the whole command line but a new interpreter, which takes most time."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from netlab_gui import cli


def netlab(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run it with stdout and stderr in files; the exit status and what was written, as a process would give it."""
    outputs = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]  # noqa: SIM115
    kept, streams = [os.dup(1), os.dup(2)], (sys.stdout, sys.stderr)
    try:
        for number, file in enumerate(outputs, 1):
            os.dup2(file.fileno(), number)
        with open(1, "w", encoding="utf-8", closefd=False) as out, open(2, "w", encoding="utf-8", closefd=False) as bad:
            sys.stdout, sys.stderr = out, bad
            try:
                status = cli.main(arguments)
            except SystemExit as ended:
                status = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdout, sys.stderr = streams
        for number, fd in enumerate(kept, 1):
            os.dup2(fd, number)
            os.close(fd)
    said = []
    for file in outputs:
        file.seek(0)
        said.append(file.read())
        file.close()
    return subprocess.CompletedProcess(["netlab", *arguments], status, *said)
