"""The envelope beside the header: a sender who lies, and blind copies, are named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocols.mail.message.envelope import Envelope, compared, in_words, of_header
from protocols.mail.message.message import Message
from protocols.mail.message.shown import read

MAIL = (
    b"Return-Path: <real@x.example>\r\nDelivered-To: bob@lab\r\nDelivered-To: bob@lab\r\nX-Original-To: all@lab\r\n"
    b'From: "The boss" <boss@x.example>\r\nSender: Typist@x.example\r\nTo: Bob <bob@lab>, carl@lab\r\n'
    b"Cc: dora@lab\r\nSubject: x\r\n\r\n"
)
LINES = read(Message(MAIL)).lines


def test_what_the_header_hides_is_odd() -> None:
    told = compared(Envelope("real@x.example", ("BOB@lab", "dora@lab", "eve@lab"), "server"), LINES)
    assert [(each.command, each.address, each.remark, each.odd) for each in told] == [
        ("MAIL FROM", "real@x.example", "From says boss@x.example", True),
        ("RCPT TO", "BOB@lab", "as in To", False),
        ("RCPT TO", "dora@lab", "as in Cc", False),
        ("RCPT TO", "eve@lab", "in no header: a blind copy", True),
    ]
    words = "MAIL FROM is real@x.example, From says boss@x.example; eve@lab: in no header, a blind copy"
    assert in_words(told) == words


def test_what_is_as_it_should_be_is_not() -> None:
    for sender in ("boss@x.example", "typist@x.example", ""):
        assert not in_words(compared(Envelope(sender, ("carl@lab",), "client"), LINES))


def test_a_header_that_a_server_wrote_tells_the_envelope() -> None:
    assert of_header(LINES) == Envelope("real@x.example", ("bob@lab", "all@lab"), "header")
    assert of_header(read(Message(b"From: a@b\r\n\r\n")).lines) is None
    told = of_header(read(Message(b"Delivered-To: bob@lab\r\n\r\n")).lines)
    assert told is not None
    assert [each.command for each in compared(told, ())] == ["RCPT TO"]


@given(st.binary(max_size=200), st.text(max_size=20), st.lists(st.text(max_size=20), max_size=3))
def test_any_header_and_any_envelope_can_be_compared(data: bytes, sender: str, recipients: list[str]) -> None:
    lines = read(Message(b"From: " + data + b"\r\nTo: " + data + b"\r\n\r\n")).lines
    of_header(lines)
    assert len(compared(Envelope(sender, tuple(recipients), "server"), lines)) == 1 + len(recipients)
