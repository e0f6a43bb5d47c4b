"""Line ends are changed the same way however the text is cut into pieces."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from protocols.ftp.server.lines import FromText, ToText

PIECES = st.lists(st.lists(st.sampled_from([b"\r", b"\n", b"a", b"\r\n"]), max_size=6).map(b"".join), max_size=6)


@given(PIECES)
def test_what_comes_is_the_same_in_one_piece_or_many(pieces: list[bytes]) -> None:
    whole, cut = FromText(b"\n"), FromText(b"\n")
    expected = whole.feed(b"".join(pieces)) + whole.flush()
    assert b"".join(cut.feed(piece) for piece in pieces) + cut.flush() == expected
    assert expected == b"".join(pieces).replace(b"\r\n", b"\n")


@given(PIECES)
def test_what_goes_is_the_same_in_one_piece_or_many(pieces: list[bytes]) -> None:
    whole, cut = ToText(io.BytesIO()), ToText(io.BytesIO())
    expected = whole.convert(b"".join(pieces))
    assert b"".join(cut.convert(piece) for piece in pieces) == expected
    assert expected == b"".join(pieces).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def test_a_file_is_read_to_its_end() -> None:
    producer = ToText(io.BytesIO(b"a\n" * 100_000))
    got = b""
    while piece := producer.more():
        got += piece
    assert got == b"a\r\n" * 100_000
