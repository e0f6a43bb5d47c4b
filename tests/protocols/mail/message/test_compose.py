"""What is composed is what a foreign parser reads, and the envelope's secrets are in no header."""

from __future__ import annotations

import contextlib
import email
import email.policy
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.mail.client.lineends import with_crlf
from protocols.mail.message.compose import Draft, DraftError, bare, needs_utf8, split_addresses, write


def _read(draft: Draft, *, utf8: bool = False) -> email.message.EmailMessage:
    file = io.BytesIO()
    assert write(draft, file, utf8=utf8) == len(file.getvalue())
    assert b"\n" not in file.getvalue().replace(b"\r\n", b"")
    return email.message_from_bytes(file.getvalue(), policy=email.policy.default)


def test_text_html_and_attachments_come_out_whole(tmp_path: Path) -> None:
    blob = tmp_path / "blöb.bin"
    blob.write_bytes(bytes(range(256)) * 4000)
    draft = Draft("Jürgen <j@example.org>", ("bob@example.org",), subject="Grüße ☃", text="Hällo\n.\nFrom me\n",
                  html="<p>Hällo</p>", attachments=(str(blob),))  # fmt: skip
    read = _read(draft)
    assert (read["Subject"], read["From"].addresses[0].display_name) == ("Grüße ☃", "Jürgen")
    plain, html = read.get_body(("plain",)), read.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n").strip() == "Hällo\n.\nFrom me"
    assert html.get_content().strip() == "<p>Hällo</p>"
    (attachment,) = read.iter_attachments()
    assert attachment.get_filename() == "blöb.bin"
    assert attachment.get_content() == blob.read_bytes()


def test_blind_copies_and_a_lying_sender_are_in_the_envelope_alone() -> None:
    draft = Draft("boss@example.org", ("Bob <bob@x.org>",), ("carl@x.org",), ("eve@x.org",), "s", "t",
                  envelope_from="spy@evil.example")  # fmt: skip
    assert draft.mail_from() == "spy@evil.example"
    assert draft.rcpt_to() == ("bob@x.org", "carl@x.org", "eve@x.org")
    assert draft.lies()
    text = _read(draft).as_string()
    assert "eve@" not in text
    assert _read(draft)["From"] == "boss@example.org"


def test_addresses_in_unicode_need_smtputf8_and_headers_follow() -> None:
    draft = Draft("ä@example.org", ("bob@example.org",), subject="Grüße", text="x")
    assert needs_utf8(draft)
    assert not needs_utf8(Draft("a@example.org", ("Jürgen <j@example.org>",)))
    file = io.BytesIO()
    write(draft, file, utf8=True)
    assert "From: ä@example.org".encode() in file.getvalue()
    assert "Subject: Grüße".encode() in file.getvalue()


def test_a_line_end_in_a_header_is_refused_with_a_sentence() -> None:
    with pytest.raises(DraftError, match=r"can.t be written|can.t stand"):
        write(Draft("a@b.c", ("d@e.f",), subject="x\r\nBcc: g@h.i"), io.BytesIO())


def test_addresses_are_split_outside_of_quotes_and_brackets() -> None:
    assert split_addresses('"Doe, J" <j@x.org>, b@x.org; c@x.org') == ('"Doe, J" <j@x.org>', "b@x.org", "c@x.org")
    assert bare('"Doe, J" <j@x.org>') == "j@x.org"


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"."]) | st.binary(max_size=4), max_size=30))
def test_line_ends_become_crlf_wherever_the_bytes_are_cut(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    expected = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    assert b"".join(with_crlf(pieces)) == expected


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=200), st.text(max_size=60))
def test_any_draft_is_written_or_refused_with_a_sentence(sender: str, to: str, text: str, subject: str) -> None:
    draft = Draft(sender, split_addresses(to), subject=subject, text=text)
    with contextlib.suppress(DraftError):
        _read(draft)
