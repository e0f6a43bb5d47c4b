"""Bodies without chunks and codings: what can be undone is, what can't is said, nothing grows beyond its limit."""

from __future__ import annotations

import gzip
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.http.exchange import Head
from protocols.http.proxy.plainbody import plain_body


def head(*headers: tuple[str, str]) -> Head:
    return Head("1.1", 200, "OK", list(headers))


def chunked(data: bytes, size: int) -> bytes:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@settings(max_examples=40)
@given(st.binary(max_size=400), st.integers(1, 50), st.sampled_from(["", "gzip", "deflate", "raw deflate"]))
def test_what_was_framed_and_packed_is_read_again(data: bytes, size: int, coding: str) -> None:
    packer = zlib.compressobj(wbits=-15)
    packed = {"": data, "gzip": gzip.compress(data), "deflate": zlib.compress(data),
              "raw deflate": packer.compress(data) + packer.flush()}[coding]  # fmt: skip
    headers = [("Transfer-Encoding", "chunked")]
    if coding:
        headers.append(("Content-Encoding", coding.removeprefix("raw ")))
    read, note = plain_body(head(*headers), chunked(packed, size))
    assert read == data
    assert ("unpacked" in note) == bool(coding)


@settings(max_examples=60)
@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "gzip, br", "identity", ""]), st.booleans())
def test_no_bytes_make_it_raise(data: bytes, coding: str, framed: bool) -> None:
    headers = [("Content-Encoding", coding)] + ([("Transfer-Encoding", "chunked")] if framed else [])
    read, _ = plain_body(head(*headers), data, 1000)
    assert len(read) <= 1000


def test_a_bomb_stops_at_the_limit() -> None:
    read, note = plain_body(head(("Content-Encoding", "gzip")), gzip.compress(bytes(10_000_000)), 5000)
    assert read == bytes(5000)
    assert "first 5000 bytes" in note


def test_an_unknown_coding_and_broken_chunks_are_said() -> None:
    assert plain_body(head(("Content-Encoding", "br")), b"xyz") == (
        b"xyz", "It is compressed with br, which is not undone here.")  # fmt: skip
    read, note = plain_body(head(("Transfer-Encoding", "chunked")), b"zz\r\nhello")
    assert read == b"zz\r\nhello"
    assert "hex digits" in note
