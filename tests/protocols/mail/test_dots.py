"""Dots: a text comes back as it was, however its bytes were split, and only CRLF.CRLF ends it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.mail.dots import DotReader, LenientDotReader, stuffed

_TEXTS = st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"a", b"..", b"\0"]), max_size=30).map(b"".join)


def _split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[begin:end] for begin, end in pairwise(places)]


@given(_TEXTS, st.lists(st.integers(0, 60), max_size=8), st.lists(st.integers(0, 90), max_size=8), _TEXTS)
def test_a_text_comes_back_as_it_was(text: bytes, cuts: list[int], more: list[int], rest: bytes) -> None:
    wire = b"".join(stuffed(_split(text, cuts))) + b".\r\n"
    reader = DotReader()
    got = b""
    behind = b""
    for part in _split(wire + rest, more):
        if reader.done:
            behind += part
        else:
            got += reader.feed(part)
    assert reader.done
    assert reader.wire == len(wire)
    assert reader.rest + behind == rest
    ended = text if not text or text.endswith(b"\r\n") else text + b"\r\n"
    assert got == ended
    assert reader.bare == ended.count(b"\n") - ended.count(b"\r\n")


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r", b"\r\n\0.\r\n", b"\n.\r\r\n"])
def test_nothing_else_ends_a_text(end: bytes) -> None:
    for size in (1, 2, 100):
        reader = DotReader()
        wire = b"hello" + end + b"MAIL FROM:<evil@example.org>\r\n"
        for begin in range(0, len(wire), size):
            reader.feed(wire[begin : begin + size])
        assert not reader.done


@given(st.lists(st.sampled_from([b"a\n", b"b\r\n", b"\n", b"..c\n", b"d"]), max_size=12).map(b"".join),
       st.lists(st.integers(0, 40), max_size=6))  # fmt: skip
def test_a_lenient_reader_takes_bare_line_feeds_for_line_ends(text: bytes, cuts: list[int]) -> None:
    text += b"e\n"
    reader = LenientDotReader()
    got = b"".join(reader.feed(part) for part in _split(text + b".\n", cuts))
    lines = text.replace(b"\r\n", b"\n").split(b"\n")
    assert reader.done
    assert got == b"\r\n".join(line.removeprefix(b".") for line in lines)
