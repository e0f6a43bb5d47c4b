"""Dialogue: every byte belongs to one line at each end, and no secret is among them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.mail.cutting import ImapCutter, LineCutter
from protocols.mail.dialogue import Dialogue, Protocol, place_of, readable
from protocols.record.event import Raw, detail_of
from protocols.record.recorder import Recorder


def _told(protocol: Protocol, lines: list[tuple[str, bytes]]) -> list[Raw]:
    recorder = Recorder()
    tail = recorder.tail()
    dialogue = Dialogue(recorder, protocol, "server", service="mail", conn="1", local=["a", 1], peer=["b", 2])
    for who, line in lines:
        (dialogue.command if who == "C" else dialogue.reply)(line)
    return tail.take()


@pytest.mark.parametrize(
    ("protocol", "lines", "shown"),
    [
        ("smtp", [("C", b"AUTH PLAIN AGEAcGFzcw==\r\n")], [b"AUTH PLAIN ********\r\n"]),
        (
            "smtp",
            [("C", b"auth login\r\n"), ("S", b"334 VXNlcg==\r\n"), ("C", b"YW5u\r\n"), ("S", b"334 UGFzcw==\r\n"),
             ("C", b"cGFzcw==\r\n"), ("S", b"235 yes\r\n"), ("C", b"MAIL FROM:<a@b>\r\n")],
            [b"auth login\r\n", b"********\r\n", b"********\r\n", b"MAIL FROM:<a@b>\r\n"],
        ),
        ("smtp", [("C", b"AUTH LOGIN\r\n"), ("C", b"*\r\n")], [b"AUTH LOGIN\r\n", b"*\r\n"]),
        ("pop3", [("C", b"USER ann\r\n"), ("C", b"PASS top secret\r\n")], [b"USER ann\r\n", b"PASS ********\r\n"]),
        ("pop3", [("C", b"APOP ann 0123\r\n")], [b"APOP ann ********\r\n"]),
        ("imap", [("C", b'a1 LOGIN ann "top secret"\r\n'), ("S", b"a1 OK\r\n"), ("C", b"a2 NOOP\r\n")],
         [b"a1 LOGIN ann ********\r\n", b"a2 NOOP\r\n"]),
        ("imap", [("C", b"a1 LOGIN {3}\r\n"), ("S", b"+ go\r\n"), ("C", b"ann {4}\r\n"), ("S", b"+ go\r\n"),
                  ("C", b"pass\r\n"), ("S", b"a1 OK\r\n"), ("C", b"a2 NOOP\r\n")],
         [b"a1 LOGIN {3}\r\n", b"********\r\n", b"********\r\n", b"a2 NOOP\r\n"]),
        ("imap", [("C", b"a1 AUTHENTICATE PLAIN AGEA\r\n")], [b"a1 AUTHENTICATE PLAIN ********\r\n"]),
        ("nntp", [("C", b"AUTHINFO PASS pw\r\n")], [b"AUTHINFO PASS ********\r\n"]),
    ],
)  # fmt: skip
def test_secrets_are_masked(protocol: Protocol, lines: list[tuple[str, bytes]], shown: list[bytes]) -> None:
    raws = [raw for raw in _told(protocol, lines) if raw[2] == "command"]
    assert [raw[8] for raw in raws] == shown
    assert sum(raw[7] or 0 for raw in raws) == sum(len(line) for who, line in lines if who == "C")


def test_a_line_has_the_same_place_at_both_ends() -> None:
    recorder = Recorder()
    tail = recorder.tail()
    server = Dialogue(recorder, "smtp", "server", conn="7")
    client = Dialogue(recorder, "smtp", "client", conn="7")
    for one in (server, client):
        one.reply(b"220 hello\r\n")
        one.command(b"EHLO me\r\n")
        one.reply(b"250-first\r\n")
        one.reply(b"250 last\r\n")
        one.body("client", 1000, b"x" * 10)
    raws = tail.take()
    assert [place_of(raw) for raw in raws[:5]] == [place_of(raw) for raw in raws[5:]]
    assert [raw[5] for raw in raws[:5]] == ["out", "in", "out", "out", "in"]
    assert [raw[5] for raw in raws[5:]] == ["in", "out", "in", "in", "out"]
    details = [detail_of(raw) for raw in raws]
    assert [detail.get("code") for detail in details[:5]] == [220, None, 250, 250, None]
    assert details[2]["more"] is True
    assert details[4]["kept"] == 10


def test_unprintable_bytes_stay_visible() -> None:
    assert readable("Grüße\x1b[2J\0\r\n".encode()) == "Grüße\\x1b[2J\\x00"
    assert readable(b"\xff\xfe\r\n") == "\\xff\\xfe"


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_lines_are_cut_at_the_same_places_however_the_bytes_are_split(data: bytes, cuts: list[int]) -> None:
    whole: list[bytes] = []
    split: list[bytes] = []
    one, other = LineCutter(whole.append), LineCutter(split.append)
    one.feed(data)
    begin = 0
    for end in [*sorted(min(cut, len(data)) for cut in cuts), len(data)]:
        other.feed(data[begin:end])
        begin = end
    for each in (one, other):
        each.flush()
    assert whole == split
    assert b"".join(whole) == data


@given(st.lists(st.one_of(st.binary(max_size=40), st.integers(0, 60)), max_size=6), st.integers(1, 7))
def test_a_line_feed_inside_a_literal_ends_nothing(parts: list[bytes | int], step: int) -> None:
    stream, literals = b"", []
    for part in parts:
        if isinstance(part, int):
            stream += b"* FETCH {%d}\r\n" % part + b"a\n" * (part // 2) + b"b" * (part % 2)
            literals.append(part)
        else:
            stream += part.replace(b"{", b"") + b"\r\n"
    seen: list[bytes] = []
    sizes: list[int] = []
    cutter = ImapCutter(seen.append, lambda size, head: (sizes.append(size), seen.append(head))[0])
    for begin in range(0, len(stream), step):
        cutter.feed(stream[begin : begin + step])
    cutter.flush()
    assert sizes == [one for one in literals if one]
    assert b"".join(seen) == stream
