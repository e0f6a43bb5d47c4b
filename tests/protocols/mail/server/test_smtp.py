"""SMTP: strict about order, line ends and who may receive, and not to be upset."""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import hmac
import smtplib
import socket
import ssl
import struct

import pytest

from protocols.mail.server.setup import MailSetup
from protocols.record.event import detail_of
from protocols.tls import client_context
from tests.protocols.mail.server.lab import PLAIN, Raw7, Running, running

HELLO = [(b"EHLO me", 250)]
MAIL = [*HELLO, (b"MAIL FROM:<a@b>", 250)]
RCPT = [*MAIL, (b"RCPT TO:<ann@x>", 250)]


def _talk(lab: Running, dialogue: list[tuple[bytes, int]]) -> None:
    with Raw7(lab.server.ends["smtp"]) as client:
        assert client.answer().startswith(b"220 ")
        for said, code in dialogue:
            answer = client.ask(said)
            assert answer[:3] == b"%d" % code, (said, answer)


@pytest.mark.parametrize(
    "dialogue",
    [
        [(b"MAIL FROM:<a@b>", 503)],
        [*HELLO, (b"RCPT TO:<ann@x>", 503), (b"DATA", 503)],
        [*MAIL, (b"MAIL FROM:<c@d>", 503), (b"RCPT TO:<ann@x>", 250)],
        [*MAIL, (b"DATA", 503), (b"RSET", 250), (b"RCPT TO:<ann@x>", 503)],
        [*RCPT, (b"RSET", 250), (b"DATA", 503)],
        [*RCPT, (b"EHLO again", 250), (b"DATA", 503)],
        [*RCPT, (b"DATA now", 501), (b"DATA", 354), (b".", 250)],
        [*RCPT, (b"DATA", 354), (b"Subject: x\r\n\r\nhi\r\n.", 250), (b"DATA", 503)],
        [(b"NOOP", 250), (b"HELP", 214), (b"VRFY ann", 252), (b"EXPN ann", 502), (b"XYZZY", 500), (b"", 500)],
        [*HELLO, (b"mail from:<A@b> size=100 BODY=8bitmime RET=HDRS ENVID=abc", 250),
         (b"rcpt to:<ANN@x> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;ann@x", 250)],
        [*HELLO, (b"MAIL FROM: <a@b>", 250)],
        [*HELLO, (b"MAIL FROM:<>", 250), (b"RCPT TO:<>", 501), (b"RCPT TO:<ann>", 250)],
        [*HELLO, (b"MAIL FROM:a@b", 501), (b"MAIL <a@b>", 501), (b"MAIL FROM:<a b@c>", 501), (b"MAIL", 501)],
        [*HELLO, (b"MAIL FROM:<a@b> SIZE=x", 501), (b"MAIL FROM:<a@b> SIZE=999999999999", 552)],
        [*HELLO, (b"MAIL FROM:<a@b> COLOUR=red", 555), (b"MAIL FROM:<a@b> BODY=9BIT", 501)],
        [*MAIL, (b"RCPT TO:<ann@x> NOTIFY=NEVER,DELAY", 501), (b"RCPT TO:<ann@x> SIZE=3", 555)],
        [*MAIL, (b"RCPT TO:<zed@x>", 550), (b"RCPT TO:<ann@x>", 250), (b"RCPT TO:<@relay.example:bob@x>", 250)],
        [*HELLO, ("MAIL FROM:<jürgen@b>".encode(), 553), ("MAIL FROM:<jürgen@b> SMTPUTF8".encode(), 250)],
        [*HELLO, (b'MAIL FROM:<"odd \\" name"@b>', 250), (b"RCPT TO:<ann@[127.0.0.1]>", 250)],
        [(b"HELO me", 250), (b"AUTH PLAIN", 503), (b"MAIL FROM:<a@b>", 250)],
        [*HELLO, (b"AUTH NTLM", 504), (b"AUTH PLAIN !!", 501), (b"AUTH LOGIN", 334), (b"*", 501)],
        [*HELLO, (b"AUTH PLAIN " + base64.b64encode(b"\0ann\0wrong"), 535)],
        [*HELLO, (b"auth plain " + base64.b64encode(b"\0ann\0ann"), 235), (b"AUTH PLAIN x", 503)],
        [*HELLO, (b"STARTTLS", 454), (b"EHLO " + b"x" * 600, 500)],
        [*HELLO, (b"NOOP \0", 500), (b"QUIT", 221)],
    ],
)  # fmt: skip
def test_a_dialogue_goes_by_the_standard(dialogue: list[tuple[bytes, int]]) -> None:
    with running() as lab:
        _talk(lab, dialogue)


def test_a_lenient_server_lets_pass_what_a_strict_one_refuses() -> None:
    with running(lenient=True) as lab:
        _talk(lab, [(b"MAIL FROM:a@b", 250), (b"MAIL FROM:<c@d>", 250), (b"RCPT TO:ann@x", 250)])
        with Raw7(lab.server.ends["smtp"]) as client:
            client.send(b"HELO me\nMAIL FROM:<a@b>\nRCPT TO:<ann@x>\nDATA\nSubject: x\n\n..dot\n.\nQUIT\n")
            assert [line[:3] for line in client.rest().splitlines()] == [b"220", *[b"250"] * 3, b"354", b"250", b"221"]
        box = lab.server.store.boxes["ann"].inbox
        assert box.read(box.entries()[0]) == b"Subject: x\r\n\r\n.dot\r\n"


def test_a_bare_line_feed_is_refused_and_nothing_is_smuggled() -> None:
    with running() as lab, Raw7(lab.server.ends["smtp"]) as client:
        client.answer()
        for said, _ in RCPT:
            client.ask(said)
        assert client.ask(b"DATA").startswith(b"354")
        hidden = b"\n.\nMAIL FROM:<evil@x>\r\nRCPT TO:<bob@x>\r\nDATA\r\nSubject: smuggled\r\n\r\nhi\n.\r\n"
        answer = client.ask(b"Subject: x\r\n\r\nhello" + hidden + b"\r\n.")
        assert answer.startswith(b"554 5.6.0")
        client.send(b"NOOP\nNOOP\r\n")
        assert client.answer().startswith(b"500 5.5.2 A line ends with CRLF")
        assert client.answer().startswith(b"250")
        assert lab.server.counts()["ann"]["INBOX"] == lab.server.counts()["bob"]["INBOX"] == 0


def test_a_domain_narrows_who_receives() -> None:
    with running(domain="lab.example") as lab:
        _talk(
            lab,
            [
                *MAIL,
                (b"RCPT TO:<ann@x>", 550),
                (b"RCPT TO:<ann@LAB.example>", 250),
                (b"RCPT TO:<zed@lab.example>", 550),
            ],
        )


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_who_knows_the_password_may_send(mechanism: str) -> None:
    with running(auth_needed=True, users={"ann": "top secret", "bob": "b"}) as lab:
        with smtplib.SMTP(*lab.server.ends["smtp"]) as client:
            client.ehlo()
            assert client.mail("a@b")[0] == 530
            client.user, client.password = "ann", "top secret"
            client.auth(mechanism, getattr(client, f"auth_{mechanism.lower().replace('-', '_')}"))
            assert client.sendmail("a@b", ["bob@x"], PLAIN) == {}
        assert lab.facts("mail")[0]["user"] == "ann"
        said = b"".join(raw[8] or b"" for raw in lab.events("command"))
        proofs = (b"top secret", hmac.new(b"top secret", b"", hashlib.md5).hexdigest().encode())
        assert not any(proof in said or base64.b64encode(proof) in said for proof in proofs)


def test_no_password_is_taken_in_plain_where_that_is_forbidden() -> None:
    with running(tls=True, login_needs_tls=True) as lab:
        with smtplib.SMTP(*lab.server.ends["smtp"]) as client:
            client.ehlo()
            assert "auth" not in client.esmtp_features
            assert client.docmd("AUTH", "PLAIN")[0] == 538
            client.starttls(context=client_context())
            client.login("ann", "ann")
        with smtplib.SMTP_SSL(*lab.server.ends["smtps"], context=client_context()) as client:
            client.login("ann", "ann")
            assert not client.has_extn("starttls")


def test_what_is_put_behind_starttls_in_plain_is_thrown_away() -> None:
    with running(tls=True) as lab, socket.create_connection(lab.server.ends["smtp"], timeout=30) as plain:
        plain.recv(1000)
        plain.sendall(b"EHLO me\r\n")
        plain.recv(1000)
        plain.sendall(b"STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@x>\r\n")
        assert plain.recv(1000).startswith(b"220")
        with client_context().wrap_socket(plain, server_hostname="127.0.0.1") as tls:
            tls.sendall(b"RCPT TO:<ann@x>\r\n")
            assert tls.recv(1000).startswith(b"503")
        thrown = [raw for raw in lab.events("data") if detail_of(raw).get("discarded")]
        assert [raw[8] for raw in thrown] == [b"EHLO evil\r\nMAIL FROM:<evil@x>\r\n"]


def test_who_speaks_plain_to_a_tls_port_is_told_off_and_the_server_lives() -> None:
    with running(tls=True) as lab:
        with Raw7(lab.server.ends["smtps"]) as client:
            client.send(b"EHLO me\r\n")
            client.rest()
        with pytest.raises(ssl.SSLError), smtplib.SMTP(*lab.server.ends["smtp"]) as client:
            client.starttls(context=ssl.create_default_context())
        _talk(lab, MAIL)
        lab.wait_for(lambda: len(lab.events("handshake", "call")) == 2)
        assert all(one.get("errno") for one in lab.facts("handshake", "call"))


def test_a_mail_over_the_limit_is_refused_after_it_was_read() -> None:
    with running(size_limit=1000) as lab:
        _talk(lab, [*HELLO, (b"MAIL FROM:<a@b> SIZE=1001", 552), (b"MAIL FROM:<a@b>", 250), (b"RCPT TO:<ann@x>", 250),
                    (b"DATA", 354), (b"x" * 1200 + b"\r\n.", 552), (b"NOOP", 250)])  # fmt: skip
        assert lab.server.counts()["ann"]["INBOX"] == 0
        assert not list((lab.server.store.boxes["ann"].path / "tmp").iterdir())


def test_ten_thousand_recipients_and_no_more() -> None:
    with running() as lab, Raw7(lab.server.ends["smtp"]) as client:
        client.answer()
        for said, _ in MAIL:
            client.ask(said)
        for _ in range(10):
            client.send(b"RCPT TO:<ann@x>\r\n" * 1000)
            assert {client.answer()[:3] for _ in range(1000)} == {b"250"}
        assert client.ask(b"RCPT TO:<bob@x>").startswith(b"452")
        client.ask(b"DATA")
        assert client.ask(b"Subject: many\r\n\r\nhi\r\n.").startswith(b"250")
        assert lab.server.counts()["ann"]["INBOX"] == 1
        assert len(lab.server.delivered()[0].recipients) == 10_000


def test_a_line_without_an_end_ends_the_connection() -> None:
    with running() as lab:
        with Raw7(lab.server.ends["smtp"]) as client:
            client.answer()
            client.send(b"x" * 300_000)
            assert client.answer().startswith(b"500")
            client.rest()
        _talk(lab, MAIL)


def test_twenty_bad_commands_end_the_connection() -> None:
    with running() as lab, Raw7(lab.server.ends["smtp"]) as client:
        client.answer()
        client.send(b"WHAT\r\n" * 30)
        answers = client.rest().splitlines()
        assert [one[:3] for one in answers] == [b"500"] * 19 + [b"421"]


def test_what_was_sent_before_the_end_of_the_stream_is_answered() -> None:
    with running() as lab, Raw7(lab.server.ends["smtp"]) as client:
        client.send(b"EHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<ann@x>\r\nDATA\r\n" + PLAIN + b".\r\nQUIT\r\n")
        client.sock.shutdown(socket.SHUT_WR)
        assert client.rest().splitlines()[-1].startswith(b"221")
        assert lab.server.counts()["ann"]["INBOX"] == 1


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_mail_that_was_cut_is_not_there(how: str) -> None:
    with running() as lab:
        with Raw7(lab.server.ends["smtp"]) as client:
            client.answer()
            for said, _ in RCPT:
                client.ask(said)
            client.ask(b"DATA")
            client.send(b"Subject: half\r\n\r\nhel")
            if how == "reset":
                client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        lab.wait_for(lambda: not lab.server.sessions())
        assert lab.server.counts()["ann"]["INBOX"] == 0
        assert not list((lab.server.store.boxes["ann"].path / "tmp").iterdir())


def test_silence_ends_by_time_out() -> None:
    with running(timeout_s=0.3) as lab:
        for door in ("smtp", "pop3", "imap"):
            with Raw7(lab.server.ends[door]) as client:
                said = client.rest()
                assert said.count(b"\n") == (1 if door == "pop3" else 2)
        lab.wait_for(lambda: not lab.server.sessions())


def test_a_stop_in_the_middle_of_a_mail_keeps_none_of_it() -> None:
    with running() as lab, Raw7(lab.server.ends["smtp"]) as client:
        client.answer()
        for said, _ in RCPT:
            client.ask(said)
        client.ask(b"DATA")
        client.send(b"Subject: half\r\n")
        assert lab.server.stop(30.0)


def test_the_trace_stands_in_front_where_it_is_asked_for_and_the_rest_is_byte_for_byte() -> None:
    for setup in (MailSetup(received=True), MailSetup()):
        with running(setup) as lab, Raw7(lab.server.ends["smtp"]) as client:
            client.answer()
            for line in (b"EHLO odd(name)", b"MAIL FROM:<a@example.org>", b"RCPT TO:<ann@lab>", b"DATA"):
                client.ask(line)
            assert client.ask(PLAIN + b".").startswith(b"250")
            folder = lab.server.store.boxes["ann"].inbox
            (entry,) = folder.entries()
            kept = b"".join(folder.chunks(entry))
            assert kept.endswith(PLAIN)
            trace = kept.removesuffix(PLAIN).decode()
            assert bool(trace) == setup.received
            if trace:
                assert trace.startswith("Return-Path: <a@example.org>\r\nReceived: from odd?name? ([127.0.0.1])\r\n")
                assert "with ESMTP\r\n\tfor <ann@lab>;\r\n" in trace
            assert lab.server.delivered_as("ann", entry.uid) == lab.server.delivered()[0]
            assert lab.server.delivered_as("ann", 99) is None


def test_a_notice_of_delivery_comes_to_the_sender_who_asked_for_it() -> None:
    with running(users={"ann": "pw", "bob": "pw"}) as lab, smtplib.SMTP(*lab.server.ends["smtp"]) as client:
        client.sendmail("ann@example.org", ["bob@example.org"], b"Subject: spam\r\n\r\nnot in it\r\n",
                        ["RET=FULL", "ENVID=a+2Bb"], ["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;robert+40example.org"])
        for sender, wish in (("ann@example.org", "NEVER"), ("ann@example.org", "FAILURE"), ("", "SUCCESS"),
                             ("liar@elsewhere.example", "SUCCESS")):  # fmt: skip
            client.sendmail(sender, ["bob@example.org"], b"Subject: other\r\n\r\n", [], [f"NOTIFY={wish}"])
        (entry,) = lab.server.store.boxes["ann"].inbox.entries()
        notice = email.message_from_bytes(lab.server.store.boxes["ann"].inbox.read(entry), policy=email.policy.default)
        assert (notice.get_content_type(), notice.get_param("report-type")) == ("multipart/report", "delivery-status")
    assert notice["To"] == "ann@example.org"
    said, status, head = notice.iter_parts()
    assert "bob@example.org" in said.get_content()
    message, recipient = status.get_payload()
    assert (message["Reporting-MTA"], message["Original-Envelope-Id"]) == ("dns; netlab", "a+b")
    assert recipient["Original-Recipient"] == "rfc822;robert@example.org"
    assert (recipient["Final-Recipient"], recipient["Action"]) == ("rfc822; bob@example.org", "delivered")
    assert head.get_content_type() == "text/rfc822-headers"
    assert head.get_payload().strip() == "Subject: spam"
