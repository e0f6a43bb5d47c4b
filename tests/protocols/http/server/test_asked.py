"""Requests are read the same wherever their bytes split, and what is ambiguous is refused."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.http.server.asked import HEAD_BYTES, Asked, BadRequest, RequestReader

TWO = (
    b"POST /a?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello\r\n"
    b"PUT /b HTTP/1.1\r\nhost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;e=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n"
    b"GET http://h/%41%2e%2e HTTP/1.0\r\n\r\n"
)


@given(st.lists(st.integers(0, len(TWO)), max_size=12))
def test_requests_are_the_same_wherever_the_bytes_split(cuts: list[int]) -> None:
    reader, found = RequestReader(), list[Asked]()
    for begin, end in pairwise([0, *sorted(cuts), len(TWO)]):
        found += reader.feed(TWO[begin:end])
    assert [(one.method, one.path, one.query, one.body, one.keeps) for one in found] == [
        ("POST", "/a", "x=1", b"hello", True), ("PUT", "/b", "", b"abc0123456789", True),
        ("GET", "/A..", "", b"", False),
    ]  # fmt: skip
    assert reader.idle
    assert (found[0].begin, found[-1].end) == (0, len(TWO))
    assert all(TWO[one.begin :].startswith(one.method.encode()) for one in found)


@given(st.binary(max_size=300))
def test_any_bytes_are_requests_or_refused(data: bytes) -> None:
    head = b" / HTTP/1.1\r\nHost: h\r\n"
    for start in (b"", b"GET" + head, b"POST" + head + b"Transfer-Encoding: chunked\r\n\r\n"):
        try:
            RequestReader().feed(start + data)
        except BadRequest as error:
            refused = error
            assert 400 <= refused.status < 600


@pytest.mark.parametrize(("data", "status"), [
    (b"hello\r\n", 400), (b"GET /\r\n\r\n", 400), (b"GET / HTTP/2.0\r\n\r\n", 505), (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400),
    (b"GET / HTTP/1.1\n", 400), (b"GET / HTTP/1.1\r\nHost: a\n\n", 400),
    (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 300 + b"\r\n", 431),
    (b"GET / HTTP/1.1\r\nX: " + b"y" * (HEAD_BYTES + 1), 431),
])  # fmt: skip
def test_what_is_no_clear_request_is_refused(data: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as refused:
        RequestReader().feed(data)
    assert refused.value.status == status


def test_a_client_that_waits_is_seen_to_wait() -> None:
    reader = RequestReader()
    assert reader.feed(b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n") == []
    assert reader.waiting
    assert len(reader.feed(b"x")) == 1
    assert not reader.waiting
