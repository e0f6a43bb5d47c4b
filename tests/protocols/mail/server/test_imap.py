"""IMAP: pymap on our store: what other programs do shows at once, nothing upsets it, and messages come as they are."""

from __future__ import annotations

import imaplib
import mailbox
import time
from pathlib import Path
from typing import Any

import pytest

from tests.protocols.mail.server.lab import Raw7, Running, running
from tests.protocols.mail.server.test_pop3 import MAILS, put


def _login(lab: Running) -> imaplib.IMAP4:
    client = imaplib.IMAP4(*lab.server.ends["imap"])
    client.login("ann", "ann")
    client.select()
    return client


def _whole(client: imaplib.IMAP4, number: int) -> Any:
    return next(one[1] for one in client.fetch(str(number), "(BODY.PEEK[])")[1] if isinstance(one, tuple))


def test_flags_folders_append_copy_move_and_search() -> None:
    with running() as lab:
        put(lab.server.store.boxes["ann"], *MAILS)
        with _login(lab) as client:
            assert client.search(None, "UNSEEN")[1] == [b"1 2 3 4 5"]
            client.store("2", "+FLAGS", r"(\Seen \Flagged)")
            assert client.search(None, "SEEN")[1] == client.search(None, "FLAGGED")[1] == [b"2"]
            assert client.search(None, "SUBJECT", "four")[1] == [b"5"]
            assert client.search(None, "FROM", "x")[1] == client.search(None, "SENTSINCE", "1-Jan-2000")[1] == [b""]
            assert client.search(None, "TEXT", "only")[1] == [b"4"]
            assert client.append("Sent", r"(\Seen)", imaplib.Time2Internaldate(1e9), MAILS[0])[0] == "OK"
            assert client.create("Work/2026")[0] == "OK"
            assert b"ALREADYEXISTS" in client.create("Work/2026")[1][0]
            assert b"[CANNOT] '../x' can't be the name" in client.create("../x")[1][0]
            assert client.copy("1", "Work/2026")[0] == "OK"
            assert client._simple_command("MOVE", "2", "Trash")[0] == "OK"
            client.store("1", "+FLAGS", r"(\Deleted)")
            client.expunge()
            names = {line.split(b' "/" ')[1] for line in client.list()[1] if isinstance(line, bytes)}
            assert names == {b"INBOX", b"Sent", b"Drafts", b"Trash", b"Junk", b"Work", b"Work/2026"}
            assert any(rb"\Sent" in line for line in client.list()[1] if isinstance(line, bytes))
            client.select("Sent")
            assert b"09-Sep-2001" in client.fetch("1", "(INTERNALDATE FLAGS)")[1][0]
            assert client.rename("Work/2026", "Old")[0] == client.delete("Old")[0] == "OK"
            assert client.select("Old")[0] == "NO"
        counts = lab.server.counts()["ann"]
        assert (counts["INBOX"], counts["Sent"], counts["Trash"]) == (3, 1, 1)


def test_flags_are_there_for_the_next_server_and_uids_stay(tmp_path: Path) -> None:
    with running(store=tmp_path, users={"ann": "ann"}) as lab:
        put(lab.server.store.boxes["ann"], *MAILS)
        with _login(lab) as client:
            client.store("3", "+FLAGS", r"(\Answered)")
            client.store("1", "+FLAGS", r"(\Deleted)")
            client.expunge()
            before = client.fetch("1:*", "(UID)")[1], client.response("UIDVALIDITY")[1]
    with running(store=tmp_path, users={"ann": "ann"}) as lab, _login(lab) as client:
        assert (client.fetch("1:*", "(UID)")[1], client.response("UIDVALIDITY")[1]) == before
        assert client.search(None, "ANSWERED")[1] == [b"2"]


def test_what_another_program_does_in_the_maildir_shows_at_the_next_noop() -> None:
    with running() as lab, _login(lab) as client:
        other = mailbox.Maildir(lab.server.store.boxes["ann"].path)
        key = other.add(b"Subject: from outside\n\nhello\n")
        client.noop()
        assert client.response("EXISTS")[1][-1] == b"1"
        assert _whole(client, 1) == b"Subject: from outside\r\n\r\nhello\r\n"
        assert client.fetch("1", "(RFC822.SIZE)")[1] == [b"1 (RFC822.SIZE 32)"]
        other.remove(key)
        client.noop()
        assert client.response("EXPUNGE")[1] == [b"1"]


def test_new_mail_appears_by_itself_in_an_idle() -> None:
    with running() as lab, Raw7(lab.server.ends["imap"]) as client:
        client.send(b"a LOGIN ann ann\r\nb SELECT INBOX\r\nc IDLE\r\n")
        assert any(line.startswith(b"+ ") for line in iter(client.line, b"")), "the connection ended"
        began = time.monotonic()
        put(lab.server.store.boxes["ann"], MAILS[0])
        assert client.line() == b"* 1 EXISTS\r\n"
        assert time.monotonic() - began < 20
        client.send(b"DONE\r\nd LOGOUT\r\n")
        assert b"c OK" in client.rest()


def test_an_envelope_has_the_words_of_the_header_as_they_stand() -> None:
    head = (
        b'From: =?utf-8?q?J=C3=BCrgen?= <j@x.org>, "B, \\"b" <b@y.org>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n'
        b" =?utf-8?q?_folded?=\r\nDate: today\r\nMessage-ID: <1@x>\r\nTo: ann@lab\r\n\r\n"
    )
    with running() as lab:
        put(lab.server.store.boxes["ann"], head)
        with _login(lab) as client:
            people = rb'(("=?utf-8?q?J=C3=BCrgen?=" NIL "j" "x.org")("B, \"b" NIL "b" "y.org"))'
            shown = client.fetch("1", "(ENVELOPE)")[1][0]
            assert shown == (
                rb'1 (ENVELOPE ("today" "=?utf-8?q?Gr=C3=BC=C3=9Fe?= =?utf-8?q?_folded?=" '
                + b" ".join([people] * 3) + rb' ((NIL NIL "ann" "lab")) NIL NIL NIL "<1@x>"))'
            )  # fmt: skip


def test_structure_and_sections_count_bodies_as_dovecot_does() -> None:
    message = (
        b'Content-Type: multipart/mixed; boundary="B"\r\n\r\npre\r\n'
        b"--B\r\nContent-Type: text/plain\r\n\r\nhello\r\nline two\r\n"
        b"--B\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner body\r\n"
        b"--B\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="x.pdf"\r\n\r\neHl6\r\n--B--\r\n'
    )
    with running() as lab:
        put(lab.server.store.boxes["ann"], message)
        with _login(lab) as client:
            text = b'"text" "plain" ("charset" "us-ascii") NIL NIL "7bit"'
            assert client.fetch("1", "(BODYSTRUCTURE)")[1] == [
                b"1 (BODYSTRUCTURE ((" + text + b" 15 1 NIL NIL NIL NIL)"
                b'("message" "rfc822" NIL NIL NIL "7bit" 28 (NIL "inner" NIL NIL NIL NIL NIL NIL NIL NIL) ('
                + text + b" 10 0 NIL NIL NIL NIL) 2 NIL NIL NIL NIL)"
                b'("application" "pdf" NIL NIL NIL "base64" 4 NIL ("attachment" ("filename" "x.pdf")) NIL NIL)'
                b' "mixed" ("boundary" "B") NIL NIL NIL))'
            ]  # fmt: skip
            for section, content in (("1", b"hello\r\nline two"), ("1.MIME", b"Content-Type: text/plain\r\n\r\n"),
                                     ("2", b"Subject: inner\r\n\r\ninner body"), ("2.1", b"inner body"),
                                     ("2.HEADER", b"Subject: inner\r\n\r\n"), ("2.TEXT", b"inner body"),
                                     ("3", b"eHl6"), ("4", b""), ("3.TEXT", b"")):  # fmt: skip
                assert client.fetch("1", f"(BODY.PEEK[{section}])")[1][0][1] == content, section
            assert client.fetch("1", "(BINARY.PEEK[3])")[1][0][1] == b"xyz"


@pytest.mark.parametrize(
    "message",
    [
        b"", b"\r\n", b"no header", b"Subject: \xff\xfe\r\n\r\n\xff\0\r\n", b"To: <<<>>>,,,\r\nFrom: @@\r\n\r\nx\r\n",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary\r\n", b"Content-Type: a/b/c; charset=\"nonsense\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nnever ended",
        b"Subject: " + b"x" * 200_000 + b"\r\n\r\nbody\r\n", b"X: y\r\n" * 5000 + b"\r\nbody\r\n",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(200)),
        b"Content-Type: message/rfc822\r\n\r\n" * 300, b"Date: not a date\r\nMessage-ID: <\r\n\r\n.\r\n..\r\n",
        b"Content-Disposition: attachment; filename=\"../../etc/passwd\"\r\n\r\nx\r\n",
    ],
    ids=range(14),
)  # fmt: skip
def test_every_message_is_served_byte_for_byte(message: bytes) -> None:
    with running() as lab:
        put(lab.server.store.boxes["ann"], message)
        with _login(lab) as client:
            for what in ("(UID FLAGS RFC822.SIZE ENVELOPE BODYSTRUCTURE)", "(BODY.PEEK[HEADER.FIELDS (SUBJECT FROM)])",
                         "(BODY.PEEK[1])", "(BODY.PEEK[TEXT])", "(BODY.PEEK[HEADER])"):  # fmt: skip
                assert client.fetch("1", what)[0] == "OK"
            assert client.search(None, "TEXT", "body")[0] == "OK"
            if message:
                assert _whole(client, 1) == message
                parts = [
                    client.fetch("1", f"(BODY.PEEK[]<{at}.1000>)")[1][0][1]
                    for at in range(0, min(len(message), 5000), 1000)
                ]
                assert b"".join(parts) == message[:5000]


def test_literals_have_limits() -> None:
    with running(size_limit=100_000) as lab:
        for said in (b"a LOGIN {99999999999}\r\n", b"a APPEND INBOX {99999999999}\r\n"):
            with Raw7(lab.server.ends["imap"]) as client:
                client.send(said + b"b LOGOUT\r\n")
                assert client.rest().splitlines()[-1].startswith((b"b OK", b"b BYE", b"* BYE"))
        with Raw7(lab.server.ends["imap"]) as client:
            client.send(b"a LOGIN {99999999999+}\r\nxxx")
            assert b"* BYE" in client.rest()
        with _login(lab) as client, pytest.raises(imaplib.IMAP4.error):
            client.append("INBOX", None, None, b"x" * 200_000)
        with Raw7(lab.server.ends["imap"]) as client:
            client.send(b"x" * 300_000)
            assert b"* BYE" in client.rest()


def test_no_password_is_taken_in_plain_where_that_is_forbidden() -> None:
    with running(tls=True, login_needs_tls=True) as lab:
        client = imaplib.IMAP4(*lab.server.ends["imap"])
        assert "LOGINDISABLED" in client.capabilities
        with pytest.raises(imaplib.IMAP4.error):
            client.login("ann", "ann")
        client.logout()


def test_what_is_put_behind_starttls_in_plain_is_thrown_away() -> None:
    from protocols.tls import client_context

    with running(tls=True) as lab, Raw7(lab.server.ends["imap"]) as plain:
        plain.line()
        plain.send(b"a STARTTLS\r\nb LOGIN ann ann\r\n")
        assert plain.line().startswith(b"a OK")
        with client_context().wrap_socket(plain.sock, server_hostname="127.0.0.1") as tls:
            tls.sendall(b"c SELECT INBOX\r\n")
            assert tls.recv(1000).startswith(b"c BAD")
