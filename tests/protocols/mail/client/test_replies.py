"""When an answer is complete, for each protocol; any lines in any order are borne."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.mail.client.replies import Replies
from protocols.mail.dialogue import Protocol


@pytest.mark.parametrize(
    ("protocol", "dialogue"),
    [
        ("smtp", "<220-hello|<220 there.|>EHLO x|<250-a|<250 b.|>DATA|<354 go.|>text|>.|<250 ok.|>QUIT|<221 bye."),
        ("smtp", "<220 hello.|>AUTH LOGIN|<334 VXNlcg==.|>Ym9i|<334 UGFzcw==.|>c2VjcmV0|<235 in."),
        ("pop3", "<+OK hi.|>LIST|<+OK|<1 100|<.2|<..|>LIST 1|<+OK 1 100.|>RETR 9|<-ERR no.|>TOP 1 0|<+OK|<a: b|<.."),
        ("imap", "<* OK hi.|>a LIST|<* LIST () / x|<a OK done.|>b IDLE|<+ idling.|>DONE|<b OK."),
        ("imap", "<* OK hi.|>c LOGOUT|<* BYE|<c OK."),
        ("imap", "<* OK hi.|>a FETCH 1|<* 1 FETCH (X {3}|<)|<a OK."),
        ("nntp", "<200 hi.|>LIST|<215 list|<a 1 1 y|<..|>GROUP a|<211 1 1 1 a.|>LISTGROUP|<211 1 1 1 a|<1|<.."),
        ("nntp", "<200 hi.|>POST|<340 go.|>x|>.|<240 ok."),
    ],
)  # fmt: skip
def test_the_end_of_each_answer_is_seen(protocol: Protocol, dialogue: str) -> None:
    replies = Replies(protocol)
    for step in dialogue.split("|"):
        side, line, ends = step[0], step[1:].removesuffix("."), step.endswith(".")
        if line == "" or step == ">.":
            line = "."
        if side == ">":
            replies.command(line.encode() + b"\r\n")
            continue
        size = replies.line(line.encode() + b"\r\n")
        assert size == (3 if "{3}" in line else 0)
        assert replies.over is ends, step


@given(
    st.sampled_from(get_args(Protocol)),
    st.lists(st.tuples(st.booleans(), st.binary(max_size=12) | st.sampled_from(
        [b".", b"250-x", b"354 x", b"+OK", b"a OK", b"+", b"* BYE", b"211 x", b"STLS", b"a STARTTLS", b"POST", b"{9}"]
    )), max_size=30),
)  # fmt: skip
def test_any_lines_in_any_order_are_borne(protocol: Protocol, steps: list[tuple[bool, bytes]]) -> None:
    replies = Replies(protocol)
    for theirs, line in steps:
        if theirs:
            assert replies.line(line + b"\r\n") >= 0
        else:
            replies.command(line + b"\r\n")
