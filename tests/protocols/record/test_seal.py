"""What is sealed opens with the same key and the same rows, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.record.seal import KEY_BYTES, Seal


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seal") / "below" / "session.key"


@given(st.binary(max_size=60), st.binary(max_size=60), st.data())
def test_a_note_comes_back_with_its_rows_and_not_with_others(
    place: Path, note: bytes, rows: bytes, data: st.DataObject
) -> None:
    closed = Seal(place).close(note, rows)
    assert closed is not None
    seal = Seal(place)
    assert seal.open(closed, rows) == note
    assert seal.open(closed, rows + b".") is None
    spoiled = bytearray(closed)
    spoiled[data.draw(st.integers(0, len(closed) - 1))] ^= data.draw(st.integers(1, 255))
    assert seal.open(bytes(spoiled), rows) is None
    assert seal.open(closed[: data.draw(st.integers(0, len(closed) - 1))], rows) is None


@given(st.binary(max_size=80))
def test_bytes_from_elsewhere_never_open(place: Path, closed: bytes) -> None:
    assert Seal(place).open(closed, b"rows") is None


def test_the_key_is_its_owners_alone_and_another_one_opens_nothing(tmp_path: Path) -> None:
    one, other = Seal(tmp_path / "one.key"), Seal(tmp_path / "other.key")
    closed = one.close(b"note", b"rows")
    assert closed is not None
    assert other.open(closed, b"rows") is None
    assert not other.path.exists()  # to look makes no key
    assert one.path.stat().st_mode & 0o077 == 0
    assert len(one.path.read_bytes()) == KEY_BYTES
    assert [path.name for path in tmp_path.iterdir()] == ["one.key"]


def test_a_key_that_cannot_be_one_is_made_anew_and_where_none_can_be_nothing_is_sealed(tmp_path: Path) -> None:
    short = tmp_path / "short.key"
    short.write_bytes(b"cut")
    closed = Seal(short).close(b"note", b"rows")
    assert closed is not None
    assert Seal(short).open(closed, b"rows") == b"note"
    below_a_file = Seal(short / "session.key")
    assert below_a_file.close(b"note", b"rows") is None
    assert below_a_file.open(closed, b"rows") is None
