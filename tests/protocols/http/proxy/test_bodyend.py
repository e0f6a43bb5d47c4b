"""Where a body ends, however its bytes are split."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.http.exchange import read_head
from protocols.http.proxy.bodyend import BadBody, BodyEnd, answer_end


def fed(end: BodyEnd, data: bytes, sizes: list[int]) -> tuple[int, bytes]:
    """Feed in pieces; how many bytes belonged to the body, and what they said."""
    place, used, said = 0, 0, b""
    for size in [*sizes, len(data)]:
        piece = data[place : place + size]
        count, words = end.take(piece)
        used, said = used + count, said + words
        place += len(piece)
        if end.done:
            break
    return used, said


@settings(max_examples=60)
@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.lists(st.integers(1, 9), max_size=30), st.binary())
def test_chunks_are_followed_however_they_are_split(pieces: list[bytes], sizes: list[int], after: bytes) -> None:
    framed = b"".join(b"%x;x=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nX-Sum: 1\r\n\r\n"
    end = BodyEnd("chunked")
    assert fed(end, framed + after, sizes) == (len(framed), b"".join(pieces))
    assert end.done


@settings(max_examples=60)
@given(st.binary(max_size=80), st.lists(st.integers(1, 9), max_size=30))
def test_any_bytes_as_chunks_end_in_words_or_not_at_all(data: bytes, sizes: list[int]) -> None:
    end = BodyEnd("chunked")
    with contextlib.suppress(BadBody):
        used, said = fed(end, data, sizes)
        assert len(said) <= used <= len(data)


@pytest.mark.parametrize("data", [
    b"zz\r\n", b"5\r\nhelloX", b"-1\r\n", b"0x5\r\n", b"1" * 20_000, b"0\r\n" + b"X: y\r\n" * 20_000,
])  # fmt: skip
def test_framing_that_can_not_be_followed_is_told(data: bytes) -> None:
    with pytest.raises(BadBody, match=r"\.$"):
        fed(BodyEnd("chunked"), data, [])


def test_a_length_and_the_end_of_the_connection() -> None:
    end = BodyEnd("length", 5)
    assert (fed(end, b"hello world", []), end.done) == ((5, b"hello"), True)
    end = BodyEnd("close")
    assert (end.take(b"all"), end.done, end.ended()) == ((3, b"all"), False, True)
    assert not BodyEnd("length", 5).ended()


@pytest.mark.parametrize(("head", "method", "how"), [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "GET", "length"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", "none"),
    (b"HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n", "GET", "none"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "GET", "chunked"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "GET", "chunked"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "GET", "close"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", "GET", "length"),
    (b"HTTP/1.0 200 OK\r\n\r\n", "GET", "close"),
])  # fmt: skip
def test_the_head_says_how_the_body_ends(head: bytes, method: str, how: str) -> None:
    assert answer_end(read_head(head), method).how == how


@pytest.mark.parametrize("lines", [
    b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Content-Length: 5\r\nContent-Length: 6",
    b"Content-Length: -1", b"Content-Length: \xb2", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
])  # fmt: skip
def test_an_answer_that_two_readers_would_end_differently_is_refused(lines: bytes) -> None:
    with pytest.raises(BadBody):
        answer_end(read_head(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n\r\n"), "GET")
