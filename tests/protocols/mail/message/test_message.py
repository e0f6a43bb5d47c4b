"""A message is read whatever it is: the tree with its byte ranges, texts, attachments, and what was odd."""

from __future__ import annotations

import base64
import email
import email.policy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.mail.message.attachments import safe_name
from protocols.mail.message.message import Message

SMALL = (
    b"From: =?utf-8?q?J=C3=BCrgen?= <ann@example.org>\r\nSubject: two parts\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b1"\r\n\r\npreamble\r\n--b1\r\n'
    b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"caf=E9\r\n--b1\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
    b'Content-Disposition: attachment; filename="../../etc/passwd"\r\n\r\n'
    + base64.encodebytes(bytes(range(256))).replace(b"\n", b"\r\n")
    + b"--b1--\r\nepilogue\r\n"
)


def test_the_tree_says_where_each_part_lies_in_the_source() -> None:
    message = Message(SMALL)
    text, blob = message.root.children
    assert [part.number for part in message.root.walk()] == ["", "1", "2"]
    assert SMALL[text.body : text.end] == b"caf=E9"
    assert SMALL[blob.start :].startswith(b"Content-Type: application/octet-stream")
    assert message.text() == ("café", ())
    assert message.addresses("From") == (("Jürgen", "ann@example.org"),)
    assert message.notices == ()


def test_an_attachment_is_saved_below_its_folder_and_never_over_another(tmp_path: Path) -> None:
    message = Message(SMALL)
    (attachment,) = message.attachments()
    assert (attachment.name, attachment.claimed) == ("passwd", "../../etc/passwd")
    first, second = (message.save(attachment.part, tmp_path) for _ in range(2))
    assert (first.name, second.name) == ("passwd", "passwd (2)")
    assert first.read_bytes() == second.read_bytes() == bytes(range(256))
    assert {first.parent, second.parent} == {tmp_path}


@pytest.mark.parametrize(
    ("claimed", "safe"),
    [
        ("..\\..\\boot.ini", "boot.ini"), ("/etc/shadow", "shadow"), ("", "part-2.bin"), ("..", "part-2.bin"),
        ("CON.txt", "_CON.txt"), ("a\0b\r\n.txt", "a_b.txt"), ("evil\u202etxt.exe", "evil_txt.exe"),
        (".hidden", "hidden"), ("x" * 500 + ".pdf", "x" * 146 + ".pdf"), ("a:b?.doc", "a_b_.doc"),
    ],
)  # fmt: skip
def test_names_of_attachments_are_made_harmless(claimed: str, safe: str) -> None:
    assert safe_name(claimed, "2") == safe


@given(st.text(max_size=400))
def test_any_name_becomes_one_that_stays_in_its_folder(name: str) -> None:
    safe = safe_name(name)
    assert safe == Path(safe).name
    assert safe not in (".", "..", "")
    assert len(safe.encode()) <= 160
    assert all(char.isprintable() for char in safe)


def _nested(depth: int) -> bytes:
    lines = [b"Subject: deep"]
    for level in range(depth):
        lines += [b"Content-Type: multipart/mixed; boundary=b%d" % level, b"", b"--b%d" % level]
    lines += [b"Content-Type: text/plain", b"", b"at the bottom"]
    lines += [b"--b%d--" % level for level in reversed(range(depth))]
    return b"\r\n".join(lines) + b"\r\n"


def test_two_hundred_levels_are_read_and_a_thousand_refused_with_a_notice() -> None:
    deep = Message(_nested(200))
    assert len(list(deep.root.walk())) == 201
    assert deep.text()[0] == "at the bottom"
    assert deep.notices == ()
    deeper = Message(_nested(1000))
    assert any("deep: not looked into any further" in each for each in deeper.notices)
    chain = Message(b"Content-Type: message/rfc822\r\n\r\n" * 3000)
    assert any("deep: not looked into any further" in each for each in chain.notices)


@pytest.mark.parametrize(
    ("raw", "notice"),
    [
        (b"", "The message is empty"),
        (b"no header at all, but a long line\r\n\r\nbody\r\n", "The message has no header"),
        (b"Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\nhi\r\n", "A multipart without a boundary: shown as text"),
        (b"Content-Type: multipart/mixed; boundary=x\r\n\r\nhi\r\n", "No part was found"),
        (b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhi\r\n", "The last delimiter is missing"),
        (b"Subject: x\r\n\r\na\0b\r\n", "There are NUL bytes in it"),
        (b"Subject: " + b"x" * 1_000_000 + b"\r\n\r\nhi\r\n", "Subject is 1000003 bytes long"),
        (b"X: y\r\n" * 6000 + b"\r\nhi\r\n", "More than 5000 header fields"),
        (b"Content-Transfer-Encoding: rot13\r\nA: b\r\n\r\nuryyb\r\n", "'rot13' is not known"),
        (b"Content-Type: text\r\n\r\nhi\r\n", "'text' is no content type"),
        (b"Subject: x\r\nthis is no field\r\n\r\nhi\r\n", "A line in the header is no field"),
    ],
)  # fmt: skip
def test_what_is_broken_is_shown_with_a_notice(raw: bytes, notice: str) -> None:
    message = Message(raw)
    message.text()
    assert any(notice in each for each in message.notices), message.notices


def test_a_body_in_an_unknown_character_set_is_shown_with_a_notice() -> None:
    text, notices = Message(b"Content-Type: text/plain; charset=martian\r\n\r\nhi\r\n").text()
    assert (text, notices) == ("hi\n", ("The character set 'martian' is not known: shown as UTF-8",))


PIECES = st.sampled_from(
    [
        b"\r\n", b"\n", b"--b", b"--b--", b"--", b"Content-Type: multipart/mixed; boundary=b\r\n", b"\r\n\r\n", b"\0",
        b"Content-Type: message/rfc822\r\n", b"Content-Type: text/html\r\n", b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: x-uuencode\r\nbegin 644 a\r\n", b"x: =?utf-8?b?!?=\r\n", b"<img src=http://a>",
        b"From: \"<(,\r\n", b"Received: from a by b; never\r\n", b"Content-Type: multipart/alternative;\r\n boundary=c",
        b"\r\n--c\r\n", b"Content-Disposition: attachment; filename*0*=x'y'%ff\r\n", b"Date: 99 Foo 20255\r\n",
        b"Content-ID: <x>\r\n",
    ]
)  # fmt: skip


@given(st.lists(PIECES | st.binary(max_size=20), max_size=40))
def test_any_bytes_are_a_message(pieces: list[bytes]) -> None:
    message = Message(b"".join(pieces))
    for part in message.root.walk():
        assert 0 <= part.start <= part.body <= part.end <= message.size
        for child in part.children:
            assert part.start <= child.start <= child.end <= part.end
    message.text()
    message.html()
    assert isinstance(message.notices, tuple)
    assert message.date is None or message.date
    assert all(isinstance(hop.by, str) for hop in message.hops)
    message.addresses("From")
    for attachment in message.attachments():
        assert attachment.name


def test_what_a_well_made_mail_says_is_what_the_library_reads() -> None:
    theirs = email.message_from_bytes(SMALL, policy=email.policy.default)
    ours = Message(SMALL)
    assert ours.header("From") == theirs["From"]
    parts = [part for part in theirs.walk() if not part.is_multipart()]
    assert [part.kind for part in ours.leaves()] == [part.get_content_type() for part in parts]


def test_the_hops_are_read_from_received() -> None:
    raw = (
        b"Received: from mx.example.org (mx [192.0.2.1])\r\n\tby netlab.example with ESMTPS for <bob@x.org>;\r\n"
        b"\tSun, 29 Nov 2026 05:00:00 +0000\r\nReceived: by home.example; nonsense\r\n\r\nhi\r\n"
    )
    first, second = Message(raw).hops
    assert (first.by, first.protocol, first.recipient) == ("netlab.example", "ESMTPS", "bob@x.org")
    assert first.sender.startswith("mx.example.org")
    assert first.when is not None
    assert (second.by, second.when) == ("home.example", None)


def test_a_mail_in_a_file_is_mapped_and_given_back(tmp_path: Path) -> None:
    path = tmp_path / "mail.eml"
    path.write_bytes(SMALL)
    message = Message.opened(path)
    assert message.text()[0] == "café"
    message.close()
    path.write_bytes(b"")
    empty = Message.opened(path)
    assert empty.notices == ("The message is empty",)
    empty.close()
