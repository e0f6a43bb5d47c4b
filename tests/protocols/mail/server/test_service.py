"""MailServer: one store behind three protocols, with and without TLS, told line by line."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
import ssl
import threading
from pathlib import Path

import pytest

from protocols.mail.server.service import MailServer
from protocols.mail.server.setup import MailSetup, SetupError
from protocols.record.event import detail_of
from protocols.record.recorder import Recorder
from protocols.tls import client_context
from tests.protocols.mail.server.lab import PLAIN, running


def _send(end: tuple[str, int], message: bytes, how: str, context: ssl.SSLContext) -> None:
    client = smtplib.SMTP_SSL(*end, context=context) if how == "tls" else smtplib.SMTP(*end)
    with client:
        if how == "starttls":
            client.starttls(context=context)
        assert client.sendmail("a@example.org", ["ann@lab"], message) == {}


def _by_pop3(end: tuple[str, int], how: str, context: ssl.SSLContext) -> list[bytes]:
    client = poplib.POP3_SSL(*end, context=context) if how == "tls" else poplib.POP3(*end)
    if how == "starttls":
        client.stls(context)
    client.user("ann")
    client.pass_("ann")
    found = [b"".join(line + b"\r\n" for line in client.retr(number + 1)[1]) for number in range(client.stat()[0])]
    client.quit()
    return found


def _by_imap(end: tuple[str, int], how: str, context: ssl.SSLContext) -> list[bytes]:
    client = imaplib.IMAP4_SSL(*end, ssl_context=context) if how == "tls" else imaplib.IMAP4(*end)
    with client:
        if how == "starttls":
            client.starttls(context)
        client.login("ann", "ann")
        count = int(client.select()[1][0] or b"0")
        return [client.fetch(str(number + 1), "(BODY.PEEK[])")[1][0][1] for number in range(count)]


@pytest.mark.parametrize("how", ["plain", "starttls", "tls"])
def test_a_mail_sent_by_smtp_is_at_once_in_pop3_and_imap(how: str) -> None:
    odd = b"Subject: odd\r\n\r\n.\r\n..two\r\n\xff\0" + b"x" * 1500 + b"\r\nlast\r\n"
    with running(tls=how != "plain") as lab:
        ends, letter = lab.server.ends, "s" if how == "tls" else ""
        context = client_context()
        for message in (PLAIN, odd):
            _send(ends[f"smtp{letter}"], message, how, context)
            assert _by_imap(ends[f"imap{letter}"], how, context)[-1] == message
            assert _by_pop3(ends[f"pop3{letter}"], how, context)[-1] == message
        told = lab.facts("mail")
        assert [one["size"] for one in told] == [len(PLAIN), len(odd)]
        assert told[0]["envelope"] == {"from": "a@example.org", "to": ["ann@lab"], "options": [f"SIZE={len(PLAIN)}"]}
        assert {bool(one.get("tls")) for one in told} == {how != "plain"}
        assert (lab.server.store.boxes["ann"].path / "new").is_dir()


@pytest.mark.parametrize("how", ["plain", "starttls", "tls"])
def test_every_byte_of_a_connection_is_a_line_of_its_dialogue(how: str) -> None:
    with running(tls=how != "plain") as lab:
        letter = "s" if how == "tls" else ""
        context = client_context()
        _send(lab.server.ends[f"smtp{letter}"], PLAIN, how, context)
        _by_pop3(lab.server.ends[f"pop3{letter}"], how, context)
        _by_imap(lab.server.ends[f"imap{letter}"], how, context)
        lab.wait_for(lambda: not lab.server.sessions())
        lab.events()
    for conn in ("1", "2", "3"):
        for direction in ("in", "out"):
            told = [raw for raw in lab.raws if raw[4] == conn and raw[5] == direction]
            lines = [(raw[6], raw[7]) for raw in told if raw[1] == "message" and raw[2] != "mail"]
            calls = [(raw[6], raw[7]) for raw in told if raw[1] == "call" and raw[7]]
            for ranges in (lines, calls):
                at = 0
                for offset, size in ranges:
                    assert offset == at
                    at += size or 0
            assert sum(size or 0 for _, size in lines) == sum(size or 0 for _, size in calls) > 30
    if how != "plain":
        assert {bool(detail_of(raw).get("tls")) for raw in lab.events("reply")} == {True} | (
            {False} if how == "starttls" else set()
        )


def test_a_store_is_made_and_kept(tmp_path: Path) -> None:
    place = tmp_path / "not there" / "store"
    for count in (1, 2):
        with running(store=place, users={"ann": "ann"}) as lab:
            _send(lab.server.ends["smtp"], PLAIN, "plain", client_context())
            assert lab.server.counts() == {"ann": {"INBOX": count, "Drafts": 0, "Junk": 0, "Sent": 0, "Trash": 0}}
    assert len(list((place / "ann" / "new").iterdir())) == 2


def test_a_store_that_nobody_named_goes_with_the_server() -> None:
    with running() as lab:
        root = lab.server.store.root
        assert root.is_dir()
    assert not root.exists()


def test_stopping_does_not_wait_for_clients() -> None:
    with running(tls=True) as lab:
        ends = lab.server.ends
        smtp, pop3, imap = smtplib.SMTP(*ends["smtp"]), poplib.POP3(*ends["pop3"]), imaplib.IMAP4(*ends["imap"])
        smtp.starttls(context=client_context())
        imap.login("ann", "ann")
        imap.select()
        imap.send(b"a IDLE\r\n")
        lab.wait_for(lambda: len(lab.server.sessions()) == 3)
        assert lab.server.facts().connections == 3
        assert lab.server.stop(30.0)
        for client in (smtp, pop3, imap):
            client.sock.close() if client.sock else None
            client.file.close() if client.file else None


def test_a_port_that_is_taken_is_told_where_the_server_was_started() -> None:
    with running() as lab:
        second = MailServer(Recorder(), MailSetup(smtp_port=lab.server.ends["smtp"][1]))
        with pytest.raises(OSError, match="in use"):
            second.start()
        assert second.state == "failed"


@pytest.mark.parametrize(
    "order",
    [{"users": {}}, {"users": {"a/b": "x"}}, {"users": {".": "x"}}, {"login_needs_tls": True}, {"size_limit": 0},
     {"smtp_port": None, "pop3_port": None, "imap_port": None}],
)  # fmt: skip
def test_what_can_not_be_is_refused_in_a_sentence(order: dict[str, object]) -> None:
    with pytest.raises(SetupError, match=r"^[^a-z].*[.]$|^'"):
        MailServer(Recorder(), MailSetup(**order))  # type: ignore[arg-type]


def test_a_protocol_can_be_left_out() -> None:
    with running(pop3_port=None, imap_port=None) as lab:
        assert set(lab.server.ends) == {"smtp"}
    assert not [one for one in threading.enumerate() if "mail" in one.name]
