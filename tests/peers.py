"""Foreign programs that tests talk to: found, or the test is skipped with the reason in sight.

It must not know a test. With CI set a skip is a failure (see conftest). What no distribution ships any more is
`rare`: a test that needs it is left out where it is not there, and each run ends with saying so.
"""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from setup import unpacked
from setup.machine import PEERS, PERL, apt_line, find_program, missing_modules


def require_module(name: str) -> None:
    """Skip the calling test where a Perl module is missing, such as "Net/SSLeay.pm"."""
    if missing := missing_modules({name: PERL[name]}):
        pytest.skip(f"{name} is not installed here; {apt_line(missing)}")


def require_tool(name: str) -> str:
    """The path of a foreign program; skips the calling test where this machine has none."""
    path = unpacked.find(name) or find_program(name)
    if path is None and name in (Path(file).name for file in unpacked.SERVERS):
        pytest.skip(f"{name} is not unpacked here; ./test does it, with apt-get")
    if path is None:
        package = PEERS.get(name)
        mend = f"; {apt_line([package])}" if package else ""
        pytest.skip(f"{name} is not installed here{mend}")
    return path


def answered(words: list[str], text: bytes, size: int) -> bytes:
    """The first `size` bytes that a program prints for `text`; its stdin stays open, and then it is killed.

    For what has no end that it could wait for, such as datagrams: to let it wait some time is slow, or too short.
    """
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        try:
            assert program.stdin is not None
            assert program.stdout is not None
            program.stdin.write(text)
            program.stdin.flush()
            return program.stdout.read(size)
        finally:
            program.kill()


@cache
def rare(name: str) -> str | None:
    """The path of a program that hardly any machine has, if it is there and runs; see the marker `rare`."""
    for each in RARE[name]:
        path = shutil.which(each)
        if path and subprocess.run([path, "-c", "print(1)"], capture_output=True, check=False).returncode == 0:
            return path
    return None


RARE = {"python2": ("python2.7", "python2")}
