"""Sending: what became of each recipient, by an aiosmtpd that says no; TLS, logins, and commands held at the gate."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from aiosmtpd.smtp import Envelope as TheirEnvelope

from protocols.mail.client.account import Account
from protocols.mail.client.gate import Gate
from protocols.mail.client.smtp import Envelope, SmtpSession
from protocols.record.recorder import Recorder
from protocols.tls import server_context
from tests.protocols.mail.client.liars import Talk, liar

WAIT_S = 30.0
MAIL = b"From: a@x.org\nSubject: hi\n\n.\n..two\nlast"


@dataclass
class Inbox:
    """What the server got."""

    port: int = 0
    mails: list[TheirEnvelope] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("bad"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if b"Subject: spam" in envelope.content:
            return "554 5.7.1 no spam"
        self.mails.append(envelope)
        return "250 taken"


def _authenticator(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"bob", b"secret")
    return AuthResult(success=good, handled=False)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    yield from _serving()


@pytest.fixture
def secure() -> Iterator[Inbox]:
    yield from _serving(tls_context=server_context(), require_starttls=True, authenticator=_authenticator,
                        auth_required=True)  # fmt: skip


def _serving(**settings: Any) -> Iterator[Inbox]:
    box = Inbox()
    controller = Controller(box, hostname="127.0.0.1", port=_free_port(), enable_SMTPUTF8=True, **settings)
    controller.start()
    box.port = controller.port
    yield box
    controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def session(inbox: Inbox) -> Iterator[SmtpSession]:
    made = SmtpSession(Recorder(), Account(port=inbox.port, timeout_s=WAIT_S), name="smtp 1")
    made.start()
    yield made
    assert made.stop()


def _send(session: SmtpSession, *recipients: str, mail: bytes = MAIL, **envelope: Any) -> Any:
    order = Envelope("spy@evil.example", recipients, **envelope)
    return session.send(order, lambda: io.BytesIO(mail), len(mail)).result(WAIT_S)


def test_all_some_and_none_refused_are_three_outcomes(session: SmtpSession, inbox: Inbox) -> None:
    sent = _send(session, "ann@x.org", "bob@x.org")
    assert (sent.outcome, sent.refused, sent.raised) == ("all", {}, "")
    sent = _send(session, "ann@x.org", "bad@x.org")
    assert (sent.outcome, sent.refused) == ("some", {"bad@x.org": (550, "5.1.1 no such user")})
    sent = _send(session, "bad@x.org", "bad@y.org")
    assert (sent.outcome, sent.raised, len(sent.refused)) == ("none", "SMTPRecipientsRefused", 2)
    sent = _send(session, "ann@x.org", mail=b"Subject: spam\n\nx\n")
    assert (sent.outcome, sent.code, sent.raised) == ("none", 554, "SMTPDataError")
    assert [mail.rcpt_tos for mail in inbox.mails] == [["ann@x.org", "bob@x.org"], ["ann@x.org"]]


def test_the_envelope_lies_and_the_dots_come_through(session: SmtpSession, inbox: Inbox) -> None:
    _send(session, "ann@x.org")
    (mail,) = inbox.mails
    assert mail.mail_from == "spy@evil.example"
    assert mail.content == MAIL.replace(b"\n", b"\r\n") + b"\r\n"


def test_addresses_in_unicode_go_out_as_smtputf8(session: SmtpSession, inbox: Inbox) -> None:
    assert _send(session, "bücher@x.org", utf8=True).outcome == "all"
    assert inbox.mails[0].rcpt_tos == ["bücher@x.org"]


def test_dsn_is_asked_for_where_it_is_offered_and_missed_with_a_remark(session: SmtpSession) -> None:
    sent = _send(session, "ann@x.org", notify=("SUCCESS",), ret="HDRS")
    assert sent.outcome == "all"
    assert "DSN" in sent.remarks[0]


@pytest.mark.parametrize("mechanism", ["auto", "PLAIN", "LOGIN"])
def test_starttls_and_a_login_with_the_password_masked(secure: Inbox, mechanism: str) -> None:
    recorder = Recorder()
    tail = recorder.tail()
    account = Account("localhost", secure.port, "bob", "secret", "starttls", mechanism, WAIT_S)
    session = SmtpSession(recorder, account, name="smtp 1")
    session.start()
    assert _send(session, "ann@x.org").outcome == "all"
    session.leave()
    assert session.join(WAIT_S)
    lines = [raw for raw in tail.take() if raw[1] == "message"]
    assert any("********" in raw[9] for raw in lines)
    assert not any(secret in (raw[8] or b"") for raw in lines for secret in (b"secret", b"c2VjcmV0", b"Ym9iAHNl"))


def test_a_wrong_password_is_explained(secure: Inbox) -> None:
    account = Account("localhost", secure.port, "bob", "wrong", "starttls", timeout_s=WAIT_S)
    session = SmtpSession(Recorder(), account, name="smtp 1")
    with pytest.raises(Exception) as caught:
        session.start()
    assert session.explained(caught.value).errno == "AUTH"


def test_a_certificate_of_nobody_known_is_refused() -> None:
    context = server_context(flaw="self-signed")
    for box in _serving(tls_context=context, require_starttls=True):
        session = SmtpSession(Recorder(), Account("localhost", box.port, security="starttls"), name="smtp 1")
        with pytest.raises(OSError) as caught:
            session.start()
        assert session.explained(caught.value).errno == "CERTIFICATE_VERIFY_FAILED"


def test_a_held_command_can_be_changed_and_another_one_put_in_front(inbox: Inbox) -> None:
    gate = Gate()
    session = SmtpSession(Recorder(), Account(port=inbox.port, timeout_s=WAIT_S), name="smtp 1", gate=gate)
    session.start()
    gate.hold(True)
    task = session.send(Envelope("a@x.org", ("bob@x.org",)), lambda: io.BytesIO(MAIL), len(MAIL))
    held = _next_held(gate, 0)
    assert held.shown.startswith("mail FROM:<a@x.org>")
    gate.decide("send", b"MAIL FROM:<changed@x.org>\r\n")
    held = _next_held(gate, held.number)
    gate.decide("insert", b"RCPT TO:<carl@x.org>\r\n")
    gate.decide("send", held.line)
    gate.hold(False)
    assert task.result(WAIT_S).outcome == "all"
    assert (inbox.mails[0].mail_from, inbox.mails[0].rcpt_tos) == ("changed@x.org", ["carl@x.org", "bob@x.org"])
    session.stop()


def test_cut_at_the_gate_closes_the_line_without_a_word(inbox: Inbox) -> None:
    gate = Gate()
    session = SmtpSession(Recorder(), Account(port=inbox.port, timeout_s=WAIT_S), name="smtp 1", gate=gate)
    session.start()
    gate.hold(True)
    task = session.send(Envelope("a@x.org", ("bob@x.org",)), lambda: io.BytesIO(MAIL), len(MAIL))
    _next_held(gate, 0)
    gate.decide("cut")
    with pytest.raises(Exception) as caught:
        task.result(WAIT_S)
    assert session.explained(caught.value).errno == "CANCELLED"
    assert session.join(WAIT_S)
    assert inbox.mails == []


def _next_held(gate: Gate, after: int) -> Any:
    import time

    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        held = gate.held
        if held is not None and held.number > after:
            return held
        time.sleep(0.01)
    raise AssertionError("nothing was held")


def test_a_drop_after_data_is_told_and_nothing_hangs() -> None:
    def play(talk: Talk) -> None:
        talk.say(b"220 hi")
        for answer in (b"250 hi", b"250 ok", b"250 ok", b"354 go"):
            talk.hear()
            talk.say(answer)
        talk.hear()

    with liar(play) as port:
        session = SmtpSession(Recorder(), Account(port=port, timeout_s=WAIT_S), name="smtp 1")
        session.start()
        task = session.send(Envelope("a@x.org", ("bob@x.org",)), lambda: io.BytesIO(MAIL), len(MAIL))
        with pytest.raises(Exception) as caught:
            task.result(WAIT_S)
        assert session.explained(caught.value).errno in ("HANGUP", "ECONNRESET", "EPIPE")
        assert session.join(WAIT_S)


def test_a_421_to_the_sender_is_the_answer_and_nothing_is_said_after_it() -> None:
    heard: list[bytes] = []

    def play(talk: Talk) -> None:
        talk.say(b"220 hi")
        for answer in (b"250 hi", b"421 4.7.0 too many"):
            heard.append(talk.hear())
            talk.say(answer)
        talk.sock.close()

    with liar(play) as port:
        session = SmtpSession(Recorder(), Account(port=port, timeout_s=WAIT_S), name="smtp 1")
        session.start()
        sent = _send(session, "a@x.org", "b@x.org")
        assert (sent.code, sent.reply, sent.outcome) == (421, "4.7.0 too many", "none")
        assert b"rset" not in b"".join(heard).lower()
        session.stop()


def test_a_421_in_the_middle_ends_the_recipients() -> None:
    def play(talk: Talk) -> None:
        talk.say(b"220 hi")
        for answer in (b"250 hi", b"250 ok", b"250 ok", b"421 4.7.0 too many", b"554 bye"):
            talk.hear()
            talk.say(answer)

    with liar(play) as port:
        session = SmtpSession(Recorder(), Account(port=port, timeout_s=WAIT_S), name="smtp 1")
        session.start()
        sent = _send(session, "a@x.org", "b@x.org", "c@x.org")
        assert [each.code for each in sent.recipients] == [250, 421]
        assert sent.outcome == "none"
        session.stop()
