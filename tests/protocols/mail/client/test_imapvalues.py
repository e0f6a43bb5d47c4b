"""IMAP's answers as values: what servers say is read, and what nobody should say is refused with a reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.mail.client.imaprows import Section, rows_of, sections_of
from protocols.mail.client.imapvalues import ValuesError, pairs, read_values


def test_atoms_strings_literals_and_lists_are_read() -> None:
    pieces = [(b'1 (UID 7 FLAGS (\\Seen $x) BODY[HEADER.FIELDS (SUBJECT FROM)]<0> {5}', b"hello"),
              b' X "a \\"b\\" c" Y NIL)']  # fmt: skip
    assert read_values(pieces) == [
        b"1", [b"UID", b"7", b"FLAGS", [b"\\Seen", b"$x"], b"BODY[HEADER.FIELDS (SUBJECT FROM)]<0>", b"hello",
               b"X", b'a "b" c', b"Y", None],
    ]  # fmt: skip


def test_rows_are_made_of_fetch_and_flags_told_unasked_are_left_out() -> None:
    rows = rows_of([b"3 (FLAGS (\\Seen))", b"4 (UID 9 FLAGS () RFC822.SIZE 12)", None])
    assert [(row.number, row.uid, row.size) for row in rows] == [(4, 9, 12)]


def test_the_parts_of_bodystructure_are_numbered_as_fetch_wants_them() -> None:
    line = (
        b'((("text" "plain" NIL NIL NIL "7bit" 5 1)("text" "html" NIL NIL NIL "base64" 9 2) "alternative")'
        b'("image" "png" ("name" "a.png") NIL NIL "base64" 99 NIL ("attachment" ("filename" "b.png"))) "mixed")'
    )
    assert sections_of(read_values([line])[0]) == [
        Section("1.1", "text/plain", "7bit", 5), Section("1.2", "text/html", "base64", 9),
        Section("2", "image/png", "base64", 99, "b.png"),
    ]  # fmt: skip


@pytest.mark.parametrize("line", [b"(", b")", b'"abc', b"(" * 200, b'"' * 3])
def test_what_can_t_be_read_is_refused_with_a_reason(line: bytes) -> None:
    with pytest.raises(ValuesError):
        read_values([line])


@given(
    st.lists(st.sampled_from([b"(", b")", b'"', b"\\", b" ", b"NIL", b"BODY[", b"]", b"{3}"]) | st.binary(max_size=5))
)
def test_any_line_is_read_or_refused(pieces: list[bytes]) -> None:
    try:
        values = read_values([b"".join(pieces)])
    except ValuesError:
        return
    pairs(values)
    for value in values:
        sections_of(value)
