"""A session by hand: the same engine for every protocol, with TLS where it is agreed to."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from protocols.mail.client.account import Account
from protocols.mail.client.hand import HandSession
from protocols.mail.news.server import NewsServer
from protocols.record.recorder import Recorder
from tests.protocols.mail.client.liars import Talk, liar
from tests.protocols.mail.client.test_smtp import Inbox, inbox, secure  # noqa: F401

WAIT_S = 30.0


def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def _hand(protocol: str, port: int) -> HandSession:
    session = HandSession(Recorder(), protocol, Account("localhost", port, timeout_s=WAIT_S), name="by hand")  # type: ignore[arg-type]
    session.start()
    _until(lambda: session.turn == "yours")
    return session


def _say(session: HandSession, *lines: str) -> None:
    for line in lines:
        before = len(session.since(0))
        session.type(line).result(WAIT_S)
        if not session.typing_text:
            _until(lambda before=before: session.turn != "server" and len(session.since(0)) > before + 1)  # type: ignore[misc]


def test_a_mail_is_sent_by_hand(inbox: Inbox) -> None:  # noqa: F811
    session = _hand("smtp", inbox.port)
    _say(session, "EHLO me", "MAIL FROM:<a@x.org>", "RCPT TO:<bob@x.org>", "DATA")
    assert session.typing_text
    session.type("Subject: by hand").result(WAIT_S)
    session.type("").result(WAIT_S)
    session.type("hello").result(WAIT_S)
    _say(session, ".", "QUIT")
    assert session.join(WAIT_S)
    assert inbox.mails[0].content == b"Subject: by hand\r\n\r\nhello\r\n"
    said = [line for line in session.since(0) if line.by == "server"]
    assert said[-1].text.startswith("221")
    assert session.turn == "over"
    assert session.error is None


def test_starttls_by_hand_begins_tls_and_secrets_are_masked(secure: Inbox) -> None:  # noqa: F811
    session = _hand("smtp", secure.port)
    _say(session, "EHLO me", "STARTTLS")
    _until(lambda: any(line.by == "lab" for line in session.since(0)))
    _say(session, "EHLO me", "AUTH PLAIN AGJvYgBzZWNyZXQ=")
    texts = [line.text for line in session.since(0)]
    assert any(text.startswith("235") for text in texts)
    assert "AUTH PLAIN ********" in texts
    session.stop()


def test_news_is_read_by_hand() -> None:
    server = NewsServer(Recorder())
    server.start()
    session = _hand("nntp", server.address[1])
    _say(session, "LIST", "GROUP netlab.test", "QUIT")
    assert session.join(WAIT_S)
    assert session.error is None
    assert any(line.text.startswith("netlab.sockets") for line in session.since(0))
    server.stop()


def test_lines_said_unasked_and_literals_are_shown() -> None:
    def play(talk: Talk) -> None:
        talk.say(b"* OK hi")
        tag = talk.hear().split()[0]
        talk.say(b"* 1 FETCH (BODY[] {5}", b"abcde)", tag + b" OK done")
        talk.say(b"* 2 EXISTS")
        talk.hear()

    with liar(play) as port:
        session = _hand("imap", port)
        session.type("a FETCH 1 BODY[]").result(WAIT_S)
        _until(lambda: any("2 EXISTS" in line.text for line in session.since(0)))
        assert session.turn == "yours"
        session.stop()


def test_what_is_typed_after_the_end_is_refused() -> None:
    with liar(lambda talk: talk.say(b"220 hi", b"421 bye")) as port:
        session = HandSession(Recorder(), "smtp", Account(port=port), name="by hand")
        session.start()
        assert session.join(WAIT_S)
        with pytest.raises(RuntimeError, match="connect again"):
            session.type("EHLO x")
