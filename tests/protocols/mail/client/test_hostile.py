"""Servers that lie, flood, drip or say nothing: each ends by a limit, the time-out or Stop, with its reason told."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from protocols.mail.client.account import Account
from protocols.mail.client.imap import ImapSession
from protocols.mail.client.pop3 import Pop3Session
from protocols.mail.client.session import MailSession
from protocols.mail.client.smtp import SmtpSession
from protocols.mail.news.client import NewsSession
from protocols.record.recorder import Recorder
from tests.protocols.mail.client.liars import Play, Talk, liar

SESSIONS: dict[str, Any] = {"smtp": SmtpSession, "pop3": Pop3Session, "imap": ImapSession, "nntp": NewsSession}
GREETINGS = {"smtp": b"220 hi", "pop3": b"+OK hi", "imap": b"* OK hi", "nntp": b"200 hi"}
WAIT_S = 30.0


@contextlib.contextmanager
def session_with(protocol: str, port: int, **settings: Any) -> Iterator[Any]:
    """A session, not started, that is stopped at the end."""
    session: MailSession = SESSIONS[protocol](Recorder(), Account(port=port, **settings), name=f"{protocol} 1")
    try:
        yield session
    finally:
        assert session.stop()


def _symbol(protocol: str, play: Play, **settings: Any) -> str:
    with liar(play) as port, session_with(protocol, port, **settings) as session:
        with pytest.raises(Exception) as caught:
            session.start()
        return str(session.explained(caught.value).errno)


@pytest.mark.parametrize("protocol", SESSIONS)
def test_silence_ends_by_the_time_out(protocol: str) -> None:
    assert _symbol(protocol, Talk.until_gone, timeout_s=0.2) == "SILENCE"


@pytest.mark.parametrize("protocol", SESSIONS)
def test_an_answer_that_drips_ends_by_the_time_out(protocol: str) -> None:
    def drip(talk: Talk) -> None:
        stop = threading.Event()
        with contextlib.suppress(OSError):
            while not stop.wait(0.05):
                talk.sock.sendall(b"2")

    assert _symbol(protocol, drip, timeout_s=0.4) == "SILENCE"


@pytest.mark.parametrize(("protocol", "greeting"), [("smtp", b"220 "), ("pop3", b"+OK ")])
def test_a_long_greeting_is_no_refusal_of_the_server(protocol: str, greeting: bytes) -> None:
    def play(talk: Talk) -> None:
        talk.say(greeting + b"a" * 40_000)
        talk.until_gone()

    assert _symbol(protocol, play, timeout_s=5.0) == "LONG_LINE"


@pytest.mark.parametrize("protocol", SESSIONS)
def test_a_banner_without_an_end_ends_by_the_limit(protocol: str) -> None:
    lines = {"smtp": b"220-more\r\n", "imap": b"* OK more\r\n"}
    symbol = _symbol(protocol, lambda talk: talk.flood(lines.get(protocol, b"x" * 1000)), timeout_s=WAIT_S)
    assert symbol in ("ENDLESS", "LONG_LINE", "NONSENSE")


@pytest.mark.parametrize("protocol", SESSIONS)
def test_a_server_that_hangs_up_at_once_is_told_so(protocol: str) -> None:
    assert _symbol(protocol, lambda talk: None, timeout_s=WAIT_S) == "HANGUP"


@pytest.mark.parametrize("protocol", ["smtp", "pop3", "imap"])
@pytest.mark.parametrize("account", [{"user": "ann", "password": "a\r\nDELE 1"}, {"user": "ann\nx", "password": "a"}])
def test_no_command_hides_behind_a_name_or_a_password(protocol: str, account: dict[str, str]) -> None:
    heard: list[bytes] = []

    def play(talk: Talk) -> None:
        talk.say(GREETINGS[protocol])
        heard.append(talk.hear())

    assert _symbol(protocol, play, timeout_s=5.0, **account) == "CANT_SAY"
    assert b"".join(heard) == b""


@pytest.mark.parametrize("protocol", SESSIONS)
def test_nonsense_is_called_that_or_refused(protocol: str) -> None:
    symbol = _symbol(protocol, lambda talk: talk.say(b"HTTP/1.1 400 Bad Request", b""), timeout_s=WAIT_S)
    assert symbol in ("NONSENSE", "UNFRIENDLY", "REFUSED", "HANGUP")


@pytest.mark.parametrize("protocol", SESSIONS)
def test_stop_ends_a_connect_that_waits_for_a_greeting_at_once(protocol: str) -> None:
    reached = threading.Event()

    def play(talk: Talk) -> None:
        reached.set()
        talk.until_gone()

    with liar(play) as port, session_with(protocol, port, timeout_s=600) as session:
        failed: list[BaseException] = []

        def start() -> None:
            try:
                session.start()
            except BaseException as error:  # noqa: BLE001
                failed.append(error)

        thread = threading.Thread(target=start)
        thread.start()
        assert reached.wait(WAIT_S)
        session.request_stop()
        thread.join(WAIT_S)
        assert not thread.is_alive()
        assert session.explained(failed[0]).errno == "CANCELLED"


STARTTLS: dict[str, tuple[tuple[bytes, ...], bytes]] = {
    "smtp": ((b"250-hi", b"250 STARTTLS"), b"220 go"),
    "pop3": ((b"+OK", b"STLS", b"."), b"+OK go"),
    "imap": ((b"* CAPABILITY IMAP4rev1 STARTTLS", b"%s OK done"), b"%s OK go"),
    "nntp": ((), b"382 go"),
}  # fmt: skip


@pytest.mark.parametrize("protocol", SESSIONS)
def test_what_is_injected_before_tls_ends_the_connection(protocol: str) -> None:
    offer, agreement = STARTTLS[protocol]

    def play(talk: Talk) -> None:
        talk.say(GREETINGS[protocol])
        if offer:
            tag = talk.hear().split(b" ")[0]
            talk.say(*(line.replace(b"%s", tag) for line in offer))
        tag = talk.hear().split(b" ")[0]
        talk.say(agreement.replace(b"%s", tag), b"250 injected")
        talk.until_gone()

    assert _symbol(protocol, play, security="starttls", timeout_s=WAIT_S) == "INJECTED"


@pytest.mark.parametrize("protocol", ["smtp", "pop3", "imap", "nntp"])
def test_no_starttls_there_means_nothing_is_said_in_plain(protocol: str) -> None:
    heard: list[bytes] = []

    def play(talk: Talk) -> None:
        talk.say(GREETINGS[protocol])
        while line := talk.hear():
            tag = line.split(b" ")[0]
            heard.append(line)
            no: dict[str, list[bytes]] = {
                "smtp": [b"250 hi"], "pop3": [b"-ERR no"], "nntp": [b"500 no"],
                "imap": [b"* CAPABILITY IMAP4rev1", tag + b" OK done"],
            }  # fmt: skip
            talk.say(*no[protocol])

    symbol = _symbol(protocol, play, security="starttls", user="bob", password="geheim", timeout_s=WAIT_S)
    assert symbol == "STARTTLS"
    assert not any(b"geheim" in line or b"bob" in line for line in heard)


def _imap(talk: Talk, fetch: list[bytes]) -> None:
    """An IMAP server that answers FETCH in its own way."""
    talk.say(b"* PREAUTH hi")
    while line := talk.hear():
        tag, verb = line.split(b" ")[:2]
        if verb == b"CAPABILITY":
            talk.say(b"* CAPABILITY IMAP4rev1", tag + b" OK done")
        elif verb == b"SELECT":
            talk.say(b"* 5 EXISTS", b"* OK [UIDVALIDITY 1] x", tag + b" OK done")
        elif fetch:
            talk.sock.sendall(b"".join(fetch).replace(b"%s", tag))
        else:
            talk.say(tag + b" OK done")


@pytest.mark.parametrize(
    ("answer", "symbol"),
    [
        (b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n", "BIG_LITERAL"),
        (b"* 1 FETCH (UID 1 BODY[] {20}\r\nshort", "SILENCE"),
        (b"* 1 FETCH ((((\r\n%s OK done\r\n", "CANT_SAY"),
        (b"%s OK nothing\r\n", "REFUSED"),
        (b"* BYE gone\r\n", "BYE"),
        (b"* 1 FETCH (UID 1 BODY[] NIL)\r\n%s NO no\r\n", "REFUSED"),
    ],
)
def test_imap_answers_that_lie_end_with_a_reason(answer: bytes, symbol: str) -> None:
    with (
        liar(lambda talk: _imap(talk, [answer])) as port,
        session_with("imap", port, timeout_s=0.5 if symbol == "SILENCE" else WAIT_S) as session,
    ):
        session.start()
        assert session.select("INBOX").result(WAIT_S).exists == 5
        with pytest.raises(Exception) as caught:
            session.source(1).result(WAIT_S)
        assert session.explained(caught.value).errno == symbol


def _pop3(talk: Talk, answers: dict[bytes, list[bytes]]) -> None:
    talk.say(b"+OK hi")
    while line := talk.hear():
        talk.say(*answers.get(line.split(b" ")[0], [b"+OK"]))


@pytest.mark.parametrize(
    ("lines", "symbol"),
    [([b"+OK", b"one two", b"."], "NONSENSE"), ([b"+OK", b"1", b"."], "NONSENSE"), ([b"what?"], "REFUSED"),
     ([b"+OK", b"1 99999999999999999999999", b"."], "")],
)  # fmt: skip
def test_pop3_counts_that_are_wrong_are_told(lines: list[bytes], symbol: str) -> None:
    play = lambda talk: _pop3(talk, {b"LIST": lines, b"UIDL": [b"-ERR no"]})  # noqa: E731
    with liar(play) as port, session_with("pop3", port, timeout_s=WAIT_S) as session:
        session.start()
        task = session.entries()
        if not symbol:
            assert task.result(WAIT_S)[0].size == 99999999999999999999999
            return
        with pytest.raises(Exception) as caught:
            task.result(WAIT_S)
        assert session.explained(caught.value).errno == symbol


def test_a_page_of_pop3_takes_odd_sizes_and_does_without_unique_ids() -> None:
    answers = {b"LIST": [b"+OK 1 -7"], b"UIDL": [b"-ERR no"], b"TOP": [b"+OK", b"Subject: x", b"", b"."]}
    with liar(lambda talk: _pop3(talk, answers)) as port, session_with("pop3", port, timeout_s=WAIT_S) as session:
        session.start()
        found = session.page((1, 2)).result(WAIT_S)
        assert [(entry.number, entry.size, entry.uid, head) for entry, head in found] == [
            (1, 0, "", b"Subject: x\r\n\r\n"), (2, 0, "", b"Subject: x\r\n\r\n"),
        ]  # fmt: skip


def test_a_pop3_message_without_an_end_stops_at_the_limit_and_cancel_at_once() -> None:
    def play(talk: Talk) -> None:
        talk.say(b"+OK hi")
        talk.hear()
        talk.say(b"+OK")
        talk.flood(b"x" * 998 + b"\r\n")

    with liar(play) as port, session_with("pop3", port, timeout_s=WAIT_S, message_bytes=1 << 20) as session:
        session.start()
        with pytest.raises(OSError, match="more than 1048576 bytes"):
            session.retrieve(1).result(WAIT_S)
    with liar(play) as port, session_with("pop3", port, timeout_s=WAIT_S) as session:
        session.start()
        task = session.retrieve(1)
        ends = time.monotonic() + WAIT_S
        while not task.done:
            assert time.monotonic() < ends, "nothing came"
            time.sleep(0.002)
        task.cancel()
        with pytest.raises(OSError, match="stopped"):
            task.result(WAIT_S)


def test_a_wrong_password_is_told_without_it() -> None:
    def play(talk: Talk) -> None:
        _pop3(talk, {b"PASS": [b"-ERR wrong"]})

    with liar(play) as port, session_with("pop3", port, user="bob", password="geheim") as session:
        tail = session.recorder.tail()
        with pytest.raises(Exception, match="wrong"):
            session.start()
        told = [raw for raw in tail.take() if raw[1] == "message"]
        assert any("PASS ********" in raw[9] for raw in told)
        assert not any(b"geheim" in (raw[8] or b"") for raw in told)
