"""What is made of texts and bytes: parameters both ways, typed bytes, wire lines, JSON's structure, indented XML."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from protocols.http.exchange import Exchange, Kept, read_head
from widgets.http.exchange.wire_text import wire_lines
from widgets.http.pairing import other_url, server_for
from widgets.http.request.pairs import Pair
from widgets.http.request.typed_bytes import typed_bytes
from widgets.http.request.urls import merged, pairs_of, with_pairs
from widgets.http.response import json_index
from widgets.http.response.find_text import find_text
from widgets.http.response.json_index import JsonError, JsonIndex, Node, read_json
from widgets.http.response.prepared import indented, plain

WORDS = st.text(st.characters(codec="utf-8"), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS
    | st.sampled_from(['\\"', "\\\\", "{}[],:", '"', "\\"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=20,
)  # fmt: skip


@limits(max_examples=80)
@given(st.lists(st.tuples(WORDS, WORDS), max_size=6))
def test_parameters_come_back_as_they_were_typed(rows: list[tuple[str, str]]) -> None:
    pairs = [Pair(*row) for row in rows if any(row)]
    url = with_pairs("http://h/p#frag", pairs)
    assert pairs_of(url) == pairs
    assert url.startswith("http://h/p")
    assert url.endswith("#frag")


@limits(max_examples=80)
@given(st.text("ab=&%20+?#{}ü", max_size=30))
def test_what_nobody_touched_keeps_its_spelling(query: str) -> None:
    url = "http://h/p?" + query.replace("#", "")
    if all(not pair.blank for pair in pairs_of(url)) and pairs_of(url):
        assert with_pairs(url, pairs_of(url)) == url


def test_a_parameter_left_out_stays_at_its_place() -> None:
    pairs = [Pair("a", "1"), Pair("b", "2", on=False), Pair("c", "{{x}}")]
    url = with_pairs("http://h/", pairs)
    assert url == "http://h/?a=1&c={{x}}"
    assert merged(pairs, url) == pairs


def test_typed_text_becomes_exactly_these_bytes() -> None:
    assert typed_bytes("GET /\n\n") == b"GET /\r\n\r\n"
    assert typed_bytes("a\\x00\\r\\n\\\\n\\q\nü", "lf", escapes=True) == b"a\x00\r\n\\n\\q\n\xc3\xbc"
    assert typed_bytes("a\nb", "none") == b"ab"
    assert typed_bytes("\\x41", escapes=False) == b"\\x41"


def rebuilt(index: JsonIndex, node: Node) -> Any:
    """The value that an index finds."""
    if node.kind == "object":
        return {child.key: rebuilt(index, child) for child in index.children(node)}
    if node.kind == "array":
        return [rebuilt(index, child) for child in index.children(node)]
    return json.loads(index.data[node.start : node.stop])


@limits(max_examples=60)
@given(VALUES, st.sampled_from([None, 1]), st.booleans(), st.integers(3, 40))
def test_the_structure_of_any_json_is_found_whatever_the_pieces(
    value: Any, indent: int | None, ascii_only: bool, piece: int
) -> None:
    data = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    before, json_index.PIECE_BYTES = json_index.PIECE_BYTES, piece  # type: ignore[misc]
    try:
        index = read_json(data)
    finally:
        json_index.PIECE_BYTES = before  # type: ignore[misc]
    assert rebuilt(index, index.root) == value


@limits(max_examples=80)
@given(st.binary(max_size=60) | st.text('{}[]",:\\ 1a', max_size=40).map(str.encode))
def test_what_is_no_json_is_refused_and_nothing_else_happens(data: bytes) -> None:
    try:
        expected: Any = (json.loads(data),)
    except (ValueError, RecursionError):
        expected = None
    try:
        index = read_json(data)
    except JsonError:
        assert expected is None or data.startswith(b"\xef\xbb\xbf") or b"\0" in data
        return
    assert expected is not None
    assert index.root.start <= index.root.stop


def test_a_search_goes_round_once_and_finds_across_pieces() -> None:
    data = b"x" * (1 << 20) + b"Needle" + b"y" * 10
    assert find_text(data, "nEEDLE", 0) == 1 << 20
    assert find_text(data, "needle", (1 << 20) + 3) == 1 << 20
    assert find_text(data, "absent", 5) == -1
    assert find_text(data, "", 0) == -1


def exchange(sent: bytes, received: bytes, head: int) -> Exchange:
    """An exchange of these bytes."""
    made = Exchange(1, "GET", "http://h/", Kept(1 << 20), Kept(1 << 20))
    made.sent.add(sent)
    made.received.add(received)
    made.head_received = head
    made.answer = read_head(received[:head]) if head else None
    return made


@limits(max_examples=80)
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_become_lines_without_control_characters(sent: bytes, received: bytes) -> None:
    for line in wire_lines(exchange(sent, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + received, 47)):
        assert line.text.replace("\t", "").isprintable() or not line.text


def test_chunks_are_told_from_what_they_carry() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    lines = wire_lines(exchange(b"GET / HTTP/1.1\r\n\r\n", head + b"3;x=1\r\nabc\r\n0\r\nX-T: 1\r\n\r\n", len(head)))
    shown = [(line.role, line.text, line.end) for line in lines]
    assert ("sent", "GET / HTTP/1.1", "\\r\\n") in shown
    assert ("chunk", "3;x=1", "\\r\\n   chunk of 3 bytes") in shown
    assert ("received", "abc", "") in shown
    assert ("chunk", "", "\\r\\n   end of the chunk") in shown
    assert ("received", "X-T: 1", "\\r\\n") in shown


@pytest.mark.parametrize(("text", "made"), [
    ("<a><b>1</b><c/></a>", "<a>\n  <b>1</b>\n  <c/>\n</a>"), ("no xml", "no xml"), ("<a", "<a"), ("", ""),
    ("<!-- <x> --><a>&lt;</a>", "<!-- <x> -->\n<a>&lt;</a>"),
])  # fmt: skip
def test_xml_is_indented_by_its_marks_alone(text: str, made: str) -> None:
    assert indented(text) == made


@limits(max_examples=60)
@given(st.text(max_size=300))
def test_indenting_loses_nothing_but_blanks(text: str) -> None:
    assert "".join(indented(text).split()) == "".join(text.split())
    assert all(len(line) <= 2001 for line in plain(text * 20).split("\n"))


@pytest.mark.parametrize(("url", "port", "tls"), [
    ("http://127.0.0.1:8123/x", 8123, ""), ("https://localhost:9443/", 9443, "good"), ("", 8080, ""),
    ("http://example.com/x", 8080, ""), ("ftp://h/", 8080, ""), ("http://127.0.0.1:80/", 8080, ""),
    ("http://[", 8080, ""),
])  # fmt: skip
def test_the_other_end_fits_the_url(url: str, port: int, tls: str) -> None:
    values = server_for(url)
    assert (values["port"], values["tls"]) == (port, tls)


def test_the_path_that_was_typed_goes_to_the_server_that_was_started() -> None:
    assert other_url("http://127.0.0.1:1/a/b?x=1", "http://127.0.0.1:8080/") == "http://127.0.0.1:8080/a/b?x=1"
    assert other_url("", "http://127.0.0.1:8080/") == "http://127.0.0.1:8080/"
