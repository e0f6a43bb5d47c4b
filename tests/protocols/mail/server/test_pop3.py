"""POP3: the engine by its dialogue, bytes split anywhere; deletes at QUIT only; one session a mailbox."""

from __future__ import annotations

import base64
import hashlib
import hmac
import poplib
import re
import socket
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.mail.dialogue import Dialogue
from protocols.mail.server.house import House
from protocols.mail.server.link import Link
from protocols.mail.server.pop3 import Pop3
from protocols.mail.server.setup import MailSetup
from protocols.mail.server.store import Delivery, Mailbox, MailStore
from protocols.record.recorder import Recorder
from tests.protocols.mail.server.lab import Raw7, running

MAILS = [
    b"Subject: one\r\n\r\nfirst\r\n.dot\r\n..two\r\n",
    b"Subject: two\r\n\r\n" + b"line\r\n" * 30,
    b"no header at all",
    b"\r\nonly a body\r\n",
    b"Subject: four\r\n",
]


def put(box: Mailbox, *mails: bytes) -> None:
    """Deliver mails into an INBOX."""
    for mail in mails:
        delivery = Delivery(box.inbox)
        delivery.write(mail)
        delivery.keep([box.inbox])


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house without doors."""
    setup = MailSetup(store=tmp_path / "store", users={"ann": "secret"})
    made = House(Recorder(), "mail:0", setup, MailStore(setup.store, setup.users))
    put(made.store.boxes["ann"], *MAILS)
    yield made
    made.disk.shutdown()


def _engine(house: House) -> Pop3:
    dialogue = Dialogue(house.recorder, "pop3", "server", conn="1")
    link: Any = SimpleNamespace(spec=Link, number=1, protocol="pop3", peer="127.0.0.1:1", conn="1", user="", mails=0,
                                dialogue=dialogue, inside_tls=False)  # fmt: skip
    return Pop3(house, link)


def _said(engine: Pop3, data: bytes) -> bytes:
    return b"".join(act if isinstance(act, bytes) else f"<{act}>".encode() for act in engine.feed(data))


def _all(house: House, wire: bytes, cuts: list[int]) -> bytes:
    engine = _engine(house)
    b"".join(act for act in engine.begin() if isinstance(act, bytes))
    places = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    try:
        return b"".join(_said(engine, wire[begin:end]) for begin, end in pairwise(places))
    finally:
        engine.over()


WORDS = st.sampled_from([
    b"USER ann", b"PASS secret", b"STAT", b"LIST", b"LIST 2", b"LIST 9", b"UIDL", b"UIDL 1", b"RETR 1", b"RETR 2",
    b"RETR x", b"TOP 1 0", b"TOP 2 3", b"TOP 1", b"DELE 1", b"DELE 2", b"RSET", b"NOOP", b"CAPA", b"AUTH",
    b"AUTH PLAIN",    b"*", b"", b"AUTH PLAIN AGFubgBzZWNyZXQ=", b"STLS", b"XYZZY", b"\0\xff",
    b"APOP ann 0", b"x" * 2000, b"PASS wrong",
])  # fmt: skip


@given(st.lists(WORDS, max_size=12), st.lists(st.integers(0, 400), max_size=10))
def test_what_it_says_does_not_depend_on_where_the_bytes_split(
    house: House, words: list[bytes], cuts: list[int]
) -> None:
    wire = b"".join(word + b"\r\n" for word in words)
    assert _all(house, wire, []) == _all(house, wire, cuts)


@given(st.binary(max_size=400))
def test_no_bytes_upset_it(house: House, data: bytes) -> None:
    said = _all(house, b"USER ann\r\nPASS secret\r\n" + data, [])
    assert b"+OK 5 messages" in said


def test_a_dialogue_goes_by_the_standard(house: House) -> None:
    engine = _engine(house)
    size = len(MAILS[0])
    list(engine.begin())
    for said, answer in (
        (b"STAT", rb"-ERR The command is not now"), (b"PASS x", rb"-ERR USER first"), (b"USER ann", rb"\+OK"),
        (b"PASS wrong", rb"-ERR \[AUTH\]"), (b"PASS secret", rb"-ERR USER first"), (b"USER ann", rb"\+OK"),
        (b"PASS secret", rb"\+OK 5 messages"), (b"USER ann", rb"-ERR The command is not now"),
        (b"stat", rb"\+OK 5 %d\r\n" % sum(map(len, MAILS))), (b"LIST 1", rb"\+OK 1 %d\r\n" % size),
        (b"UIDL 1", rb"\+OK 1 [0-9a-f]{16}\r\n$"),
        (b"RETR 1", rb"\+OK %d bytes\r\nSubject: one\r\n\r\nfirst\r\n\.\.dot\r\n\.\.\.two\r\n\.\r\n$" % size),
        (b"TOP 1 0", rb"\+OK\r\nSubject: one\r\n\r\n\.\r\n$"),
        (b"TOP 2 2", rb"\+OK\r\nSubject: two\r\n\r\nline\r\nline\r\n\.\r\n$"),
        (b"RETR 3", rb"\+OK 16 bytes\r\nno header at all\r\n\.\r\n$"),
        (b"TOP 4 1", rb"\+OK\r\n\r\nonly a body\r\n\.\r\n$"),
        (b"TOP 5 9", rb"\+OK\r\nSubject: four\r\n\.\r\n$"), (b"RETR 6", rb"-ERR There is no message 6"),
        (b"RETR 0", rb"-ERR"), (b"RETR -1", rb"-ERR"), (b"DELE 1", rb"\+OK"),
        (b"DELE 1", rb"-ERR Message 1 is marked"),
        (b"RETR 1", rb"-ERR"), (b"LIST", rb"\+OK 4 messages\r\n2 "), (b"RSET", rb"\+OK"),
        (b"LIST", rb"\+OK 5 messages\r\n1 "),
        (b"DELE 2", rb"\+OK"), (b"QUIT", rb"\+OK Bye, 1 messages deleted\r\n<close>$"),
    ):  # fmt: skip
        got = _said(engine, said + b"\r\n")
        assert re.match(answer, got), (said, got)
    engine.over()
    assert [house.store.boxes["ann"].inbox.read(one) for one in house.store.boxes["ann"].inbox.entries()] == [
        mail for mail in MAILS if b"two\r\n\r\n" not in mail
    ]


@pytest.mark.parametrize("mechanism", ["PLAIN", "PLAIN now", "LOGIN", "CRAM-MD5", "APOP"])
def test_each_way_to_prove_a_password(house: House, mechanism: str) -> None:
    for password, answer in ((b"secret", b"+OK 5 messages"), (b"wrong", b"-ERR [AUTH]")):
        engine = _engine(house)
        stamp = re.search(rb"<.*>", b"".join(act for act in engine.begin() if isinstance(act, bytes)))
        assert stamp
        if mechanism == "APOP":
            got = _said(engine, b"APOP ann " + hashlib.md5(stamp[0] + password).hexdigest().encode() + b"\r\n")
        elif mechanism == "PLAIN now":
            got = _said(engine, b"AUTH PLAIN " + base64.b64encode(b"\0ann\0" + password) + b"\r\n")
        else:
            asked = _said(engine, b"AUTH %b\r\n" % mechanism.encode())
            proofs = {
                "PLAIN": [b"\0ann\0" + password], "LOGIN": [b"ann", password],
                "CRAM-MD5": [b"ann " + hmac.new(password, base64.b64decode(asked[2:]), "md5").hexdigest().encode()],
            }  # fmt: skip
            for proof in proofs[mechanism]:
                assert asked.startswith(b"+ ")
                asked = _said(engine, base64.b64encode(proof) + b"\r\n")
            got = asked
        assert got.startswith(answer)
        engine.over()


def test_cutting_the_line_in_place_of_quit_deletes_nothing() -> None:
    with running() as lab:
        put(lab.server.store.boxes["ann"], *MAILS)
        for how in ("cut", "quit"):
            client = poplib.POP3(*lab.server.ends["pop3"])
            client.user("ann")
            client.pass_("ann")
            client.dele(1)
            if how == "quit":
                client.quit()
            else:
                client.close()
                lab.wait_for(lambda: not lab.server.sessions())
            assert lab.server.counts()["ann"]["INBOX"] == (5 if how == "cut" else 4)


def test_a_mailbox_has_one_session_and_is_free_again() -> None:
    with running() as lab:
        first, second = poplib.POP3(*lab.server.ends["pop3"]), poplib.POP3(*lab.server.ends["pop3"])
        first.user("ann")
        first.pass_("ann")
        second.user("ann")
        with pytest.raises(poplib.error_proto, match=r"\[IN-USE\]"):
            second.pass_("ann")
        first.quit()
        second.user("ann")
        second.pass_("ann")
        second.quit()


def test_three_wrong_passwords_end_the_connection_and_so_does_an_endless_line() -> None:
    with running() as lab:
        with Raw7(lab.server.ends["pop3"]) as client:
            client.send(b"USER ann\r\nPASS x\r\n" * 5)
            assert client.rest().count(b"-ERR [AUTH]") == 3
        with Raw7(lab.server.ends["pop3"]) as client:
            client.send(b"x" * 100_000)
            assert b"-ERR The line is too long" in client.rest()


def test_what_was_sent_before_the_end_of_the_stream_is_answered() -> None:
    with running() as lab:
        put(lab.server.store.boxes["ann"], *MAILS)
        with Raw7(lab.server.ends["pop3"]) as client:
            client.send(b"USER ann\r\nPASS ann\r\nDELE 1\r\nQUIT\r\n")
            client.sock.shutdown(socket.SHUT_WR)
            assert client.rest().endswith(b"+OK Bye, 1 messages deleted\r\n")


def test_no_password_is_taken_in_plain_where_that_is_forbidden() -> None:
    with running(tls=True, login_needs_tls=True) as lab:
        client = poplib.POP3(*lab.server.ends["pop3"])
        assert "USER" not in client.capa()
        assert "SASL" not in client.capa()
        with pytest.raises(poplib.error_proto, match="STLS first"):
            client.user("ann")
        client.quit()
