"""Line ends on the way out: CRLF, or wrong on purpose; and what the lab's own server thinks of each."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.mail.client.account import Account
from protocols.mail.client.lineends import WRONG_ENDS, on_the_wire
from protocols.mail.client.smtp import Envelope, Sent, SmtpSession
from protocols.mail.server.setup import MailSetup
from tests.protocols.mail.server.lab import Running, running

TEXT = b"Subject: one\n\nfirst\n.\nMAIL FROM:<x@y>\nRCPT TO:<bob@lab>\nDATA\nSubject: two\n\nsecond\n"
CRLF = TEXT.replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    ("ends", "wire"),
    [
        ("crlf", CRLF.replace(b"\r\n.\r\n", b"\r\n..\r\n")), ("lf", TEXT + b"\r\n"),
        ("cr", TEXT.replace(b"\n", b"\r") + b"\r\n"),
        ("lf.crlf", CRLF.replace(b"\r\n.\r\n", b"\n.\r\n")), ("lf.lf", CRLF.replace(b"\r\n.\r\n", b"\n.\n")),
        ("crlf.lf", CRLF.replace(b"\r\n.\r\n", b"\r\n.\n")),
    ],
)  # fmt: skip
def test_a_text_goes_out_with_these_ends(ends: str, wire: bytes) -> None:
    assert set(WRONG_ENDS) >= {ends}
    for size in (1, 2, 3, 7, 1000):
        pieces = [TEXT[at : at + size] for at in range(0, len(TEXT), size)]
        out = b"".join(on_the_wire(pieces, ends))
        assert out == wire if ends != "cr" else out.rstrip(b"\r\n") == wire.rstrip(b"\r\n")


@given(st.binary(max_size=300), st.sampled_from(sorted(WRONG_ENDS)), st.integers(1, 9))
def test_cut_anywhere_it_is_the_same(text: bytes, ends: str, size: int) -> None:
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert b"".join(on_the_wire(pieces, ends)) == b"".join(on_the_wire([text], ends))


def _sent(lab: Running, ends: str, mails: int = 0) -> Sent:
    """Sent, and so many mails have come before the line is cut."""
    session = SmtpSession(lab.server.recorder, Account(port=lab.server.ends["smtp"][1], timeout_s=20.0), name="smtp")
    session.start()
    try:
        sent = session.send(Envelope("ann@x", ("bob@lab",)), lambda: io.BytesIO(TEXT), ends=ends).result(30)
        lab.wait_for(lambda: len(lab.server.delivered()) >= mails)
        return sent
    finally:
        assert session.stop(10)


def test_the_strict_server_lets_none_in_and_a_lenient_one_two() -> None:
    with running(MailSetup()) as strict:
        for ends in ("lf", "lf.crlf", "lf.lf", "crlf.lf"):
            sent = _sent(strict, ends)
            assert (sent.code, sent.outcome) == (554, "none")
            assert "smuggled" in sent.reply
        assert strict.server.delivered() == []
        assert _sent(strict, "crlf").code == _sent(strict, "cr").code == 250
        assert len(strict.server.delivered()) == 2
    for ends in ("lf.crlf", "lf.lf", "crlf.lf"):
        with running(MailSetup(lenient=True)) as lenient:
            assert _sent(lenient, ends, 2).code == 250
            assert [one.sender for one in lenient.server.delivered()] == ["ann@x", "x@y"]
