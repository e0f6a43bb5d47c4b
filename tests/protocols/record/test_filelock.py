"""A lock is one owner's, and gone with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from protocols.record.filelock import CLOEXEC, claim, hold, let_go


def test_a_claimed_file_is_nobody_elses_until_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    one = os.open(path, os.O_CREAT | os.O_RDWR | CLOEXEC)
    claim(one)
    two = os.open(path, os.O_RDWR | CLOEXEC)
    with pytest.raises(BlockingIOError):
        claim(two)
    os.close(one)
    claim(two)
    os.close(two)


def test_held_and_let_go(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR | CLOEXEC)
    hold(fd)
    let_go(fd)
    os.close(fd)
