"""Replies: whole ones from any pieces, multi-line ones to their end, what is none refused, all of it bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.ftp.client.replyreader import REPLY_LINES, Reply, ReplyError, ReplyReader


def all_of(data: bytes, step: int = 1 << 20) -> list[Reply]:
    reader, found = ReplyReader(), []
    for start in range(0, len(data), step):
        reader.feed(data[start : start + step])
        while (reply := reader.next()) is not None:
            found.append(reply)
    return found


def test_single_and_multiple_lines() -> None:
    data = b"220 ready\r\n211-Features:\r\n MDTM\r\n211-more\r\n211x\r\n212 not the end\r\n211 End\r\n200\r\n"
    first, many, bare = all_of(data)
    assert (first.code, first.text, first.size) == (220, "ready", 11)
    assert many.lines[1] == " MDTM"
    assert many.words.splitlines() == ["Features:", " MDTM", "more", "211x", "212 not the end", "End"]
    assert bare.code == 200
    assert sum(reply.size for reply in (first, many, bare)) == len(data)


def test_line_feeds_alone_end_lines_and_odd_bytes_stay() -> None:
    reply = all_of(b'257 "caf\xe9"\n')[0]
    assert reply.whole.encode("utf-8", "surrogateescape") == b'257 "caf\xe9"'


@pytest.mark.parametrize("data", [b"226 done\r\n227 go (1,2,3,4,5,6).\r\n", b"200 \n", b"331 who\r\n"])
def test_what_is_nothing_but_whole_replies_is_taken_at_once(data: bytes) -> None:
    reader = ReplyReader()
    assert reader.whole(data) == all_of(data)
    assert reader.pending == b""


@pytest.mark.parametrize("data", [b"226 done\r\n22", b"211-has\r\n211 end\r\n", b"200\r\n", b"", b"\n", b"no\r\n"])
def test_what_is_anything_else_is_not(data: bytes) -> None:
    assert ReplyReader().whole(data) == []


@pytest.mark.parametrize("data", [b"hello\r\n", b"99 x\r\n", b"2200 x\r\n", b"\r\n", b"700 x\r\n", b"22x\r\n"])
def test_what_is_no_reply_is_refused(data: bytes) -> None:
    with pytest.raises(ReplyError, match="no reply"):
        all_of(data)


def test_replies_without_end_are_refused() -> None:
    with pytest.raises(ReplyError, match="too long"):
        all_of(b"220 " + b"x" * 10_000)
    with pytest.raises(ReplyError, match="too many lines"):
        all_of(b"220-begin\r\n" + b"and\r\n" * REPLY_LINES)


_WORDS = st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=("Cs",)), max_size=30)
_REPLIES = st.lists(st.tuples(st.integers(100, 659), st.lists(_WORDS, min_size=1, max_size=5)), max_size=5)


@given(_REPLIES, st.integers(1, 40))
def test_replies_come_back_whole_from_any_pieces(replies: list[tuple[int, list[str]]], step: int) -> None:
    data = b""
    for code, lines in replies:
        if len(lines) == 1:
            data += f"{code} {lines[0]}\r\n".encode()
        else:
            data += f"{code}-{lines[0]}\r\n".encode()
            data += b"".join(f" {line}\r\n".encode() for line in lines[1:-1]) + f"{code} {lines[-1]}\r\n".encode()
    found = all_of(data, step)
    assert [reply.code for reply in found] == [code for code, _ in replies]
    assert sum(reply.size for reply in found) == len(data)


@given(st.binary(max_size=300), st.integers(1, 20))
def test_anything_is_a_reply_or_an_error(data: bytes, step: int) -> None:
    try:
        found = all_of(data, step)
    except ReplyError:
        return
    assert all(100 <= reply.code < 700 for reply in found)
