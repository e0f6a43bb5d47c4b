"""Files are hashed after the transfer: small ones at once, large ones by a worker, changed ones not at all."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest

from protocols.ftp.server.hashing import AT_ONCE_BYTES, Hashing


def opened(path: Path) -> int:
    return os.open(path, os.O_RDONLY)


def test_small_files_are_hashed_at_once_and_large_ones_by_the_worker(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"x")
    large.write_bytes(os.urandom(AT_ONCE_BYTES + 1))
    hashing, told = Hashing(), []
    hashing.hash(opened(small), told.append)
    assert told == [hashlib.sha256(b"x").hexdigest()]
    hashing.hash(opened(large), told.append)
    assert len(told) == 1
    worker = threading.Thread(target=hashing.work)
    worker.start()
    hashing.end()
    worker.join(20)
    hashing.drain()
    assert told[1:] == [hashlib.sha256(large.read_bytes()).hexdigest()]  # the end waits a moment for it


def test_what_waits_at_the_end_is_told_without_a_hash(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(AT_ONCE_BYTES + 1))
    hashing, told = Hashing(), []
    hashing.hash(opened(large), told.append)
    hashing.end()
    hashing.drain()
    hashing.hash(opened(large), told.append)
    assert told == [None, None]


def test_the_end_waits_no_longer_than_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protocols.ftp.server.hashing.END_S", -1.0)
    large = tmp_path / "large"
    large.write_bytes(bytes(AT_ONCE_BYTES + 1))
    hashing, told = Hashing(), []
    hashing.hash(opened(large), told.append)
    hashing.end()
    hashing.work()
    assert told == [None]


def test_what_was_hashed_is_known_until_it_changes(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(AT_ONCE_BYTES + 1))
    os.utime(large, (1, 1))
    hashing, told = Hashing(), []
    worker = threading.Thread(target=hashing.work)
    worker.start()
    done = threading.Event()

    def first(digest: str | None) -> None:
        told.append(digest)
        done.set()

    hashing.hash(opened(large), first)
    assert done.wait(20)
    hashing.hash(opened(large), told.append)
    assert told == [hashlib.sha256(bytes(AT_ONCE_BYTES + 1)).hexdigest()] * 2
    hashing.end()
    worker.join(20)
