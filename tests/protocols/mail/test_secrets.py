"""No event of either end holds a password: not the lines, not the calls that carried them, in plain and inside TLS."""

from __future__ import annotations

import base64
import re

import pytest

from protocols.mail.client.account import Account, Security
from protocols.mail.client.hand import HandSession
from protocols.mail.client.imap import ImapSession
from protocols.mail.client.pop3 import Pop3Session
from protocols.mail.client.session import MailSession
from protocols.mail.client.smtp import SmtpSession
from protocols.mail.server.setup import MailSetup
from protocols.record.event import raw_to_json
from tests.protocols.mail.server.lab import Running, running

PASSWORD = "correct horse 7"
SETUP = MailSetup(users={"ann": PASSWORD}, tls=True)
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{8,}={0,2}")


def _unread(lab: Running) -> int:
    """How many bytes were masked; no event says the password in any clothes."""
    masked = 0
    lab.events()
    for raw in lab.raws:
        text = (raw[8] or b"") + b"\n" + raw_to_json(raw)
        assert PASSWORD.encode() not in text
        assert not any(PASSWORD.encode() in base64.b64decode(one + b"=" * (-len(one) % 4)) for one in
                       _BASE64.findall(text) if len(one.rstrip(b"=")) % 4 != 1)  # fmt: skip
        masked += (raw[1] == "call" and b"***" in (raw[8] or b""))
    return masked


def _account(lab: Running, door: str, security: Security, mechanism: str = "auto") -> Account:
    return Account("127.0.0.1", lab.server.ends[door][1], "ann", PASSWORD, security, mechanism)


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_no_end_s_events_hold_the_password(security: Security) -> None:
    with running(SETUP) as lab:
        recorder, sealed = lab.server.recorder, "s" if security == "tls" else ""
        sessions: list[MailSession] = [
            SmtpSession(recorder, _account(lab, "smtp" + sealed, security, mechanism), name=mechanism)
            for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5")
        ]
        sessions.append(Pop3Session(recorder, _account(lab, "pop3" + sealed, security), name="pop3"))
        sessions.append(ImapSession(recorder, _account(lab, "imap" + sealed, security), name="imap"))
        for session in sessions:
            session.start()
            session.leave()
            session.join(30)
            assert session.stop(10)
        assert _unread(lab) >= 2 * len(sessions)  # the client's call and the server's


def test_nor_what_is_typed_by_hand() -> None:
    with running(SETUP) as lab:
        for protocol, lines in {
            "imap": [f'a LOGIN ann "{PASSWORD}"'], "pop3": ["USER ann", f"PASS {PASSWORD}"],
            "smtp": ["EHLO me", "AUTH LOGIN", *(base64.b64encode(one.encode()).decode() for one in ("ann", PASSWORD))],
            "nntp": [],
        }.items():  # fmt: skip
            if not lines:
                continue
            hand = HandSession(lab.server.recorder, protocol, Account(port=lab.server.ends[protocol][1]), name="hand")  # type: ignore[arg-type]
            hand.start()
            for line in lines:
                lab.wait_for(lambda hand=hand: hand.turn == "yours")  # type: ignore[misc]
                hand.type(line).result(30)
            lab.wait_for(lambda hand=hand: hand.turn == "yours")  # type: ignore[misc]
            assert hand.stop(10)
        assert _unread(lab) >= 6
