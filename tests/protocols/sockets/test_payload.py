"""What a person types, as bytes, and bytes as text to read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.sockets.payload import PayloadError, from_hex, from_text, readable, to_hex


@given(st.binary(max_size=200))
def test_hex_reads_back_what_it_wrote(data: bytes) -> None:
    assert from_hex(to_hex(data)) == data


@pytest.mark.parametrize("text", ["48 65", "48:65", "0x48, 0x65", "4865", "48-65", "\\x48\\x65", "48\n65"])
def test_hex_takes_the_usual_separators(text: str) -> None:
    assert from_hex(text) == b"He"


@pytest.mark.parametrize(("text", "says"), [("4", "odd"), ("4g", "'g'"), ("48 6", "odd"), ("é", "'é'")])
def test_hex_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(PayloadError, match=says):
        from_hex(text)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (r"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n"),
        (r"\x00\xff", b"\x00\xff"),
        (r"a\\b", b"a\\b"),
        (r"\u00e9", "é".encode()),
        (r"\0", b"\0"),
        (r"\101", b"A"),
        ("é", "é".encode()),
    ],
)
def test_escapes_are_read_as_python_reads_them(text: str, data: bytes) -> None:
    assert from_text(text, escapes=True) == data


@pytest.mark.parametrize("text", [r"\q", r"\x4", "\\"])
def test_an_unknown_escape_is_named(text: str) -> None:
    with pytest.raises(PayloadError, match="escape"):
        from_text(text, escapes=True)


@pytest.mark.parametrize(("end", "data"), [("LF", b"a\n"), ("CRLF", b"a\r\n"), ("CR", b"a\r"), ("none", b"a")])
def test_a_line_end_is_added(end: str, data: bytes) -> None:
    assert from_text("a", line_end=end) == data


@given(st.binary(max_size=100))
def test_readable_text_has_no_control_characters(data: bytes) -> None:
    text = readable(data)
    assert all(character in "\n\t" or (ord(character) >= 32 and not 127 <= ord(character) < 160) for character in text)


def test_text_from_the_network_cannot_reorder_the_line() -> None:
    assert "\u202e" not in readable("abc\u202edef".encode())
