"""Bodies that are kept in memory, on disk, in part, or not at all: always with the truth about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.http.proxy.spool import Spool, SpoolFolder


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=30), max_size=10), st.integers(0, 200), st.integers(0, 200), st.integers(0, 50))
def test_what_is_kept_are_the_first_bytes_and_the_rest_is_counted(
    pieces: list[bytes], limit: int, disk: int, offset: int
) -> None:
    folder = SpoolFolder(disk)
    try:
        spool = Spool(folder, memory_bytes=20, limit_bytes=limit)
        whole = b"".join(pieces)
        for piece in pieces:
            spool.add(piece)
        assert spool.size == len(whole)
        assert spool.kept <= max(20, limit)
        assert spool.cut == len(whole) - spool.kept
        assert spool.read() == whole[: spool.kept]
        assert spool.read(offset, 7) == whole[: spool.kept][offset : offset + 7]
        assert bool(spool.cut) == bool(spool.why)
        spool.done()
        assert spool.read() == whole[: spool.kept]
    finally:
        folder.close()


def test_a_body_that_is_forgotten_gives_its_room_back() -> None:
    folder = SpoolFolder(100)
    first, second = Spool(folder, 10, 200), Spool(folder, 10, 200)
    first.add(b"x" * 110)
    second.add(b"y" * 20)
    assert (first.cut, second.cut) == (0, 10)
    first.discard()
    assert first.read() == b""
    third = Spool(folder, 10, 200)
    third.add(b"z" * 50)
    for spool in (second, third):
        spool.done()
    assert third.read() == b"z" * 50
    folder.close()


def test_the_folder_goes_with_everything_in_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = SpoolFolder()
    spool = Spool(folder, 10)
    spool.add(b"x" * 100)
    assert [path.stat().st_mode & 0o077 for path in tmp_path.iterdir()] == [0]
    folder.close()
    assert list(tmp_path.iterdir()) == []
    spool.add(b"more")
    assert spool.cut > 0
    spool.done()
