"""Our mail clients with foreign servers, foreign clients with our news server: Dovecot, exim, curl."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.mail.client.account import Account, Security
from protocols.mail.client.failure import Refused
from protocols.mail.client.imap import ImapSession
from protocols.mail.client.imaprows import Change
from protocols.mail.client.pop3 import Pop3Session
from protocols.mail.client.smtp import Envelope, SmtpSession
from protocols.mail.news.server import NewsServer
from protocols.record.recorder import Recorder
from protocols.tls import server_pem
from tests.peers import require_tool
from tests.protocols.mail.dovecot import PASSWORD, Dovecot, running

WAIT_S = 60.0
WILD = [
    b"Subject: plain\r\n\r\nhello\r\n.\r\n..\r\n",
    b"no header at all\r\n",
    b"Subject: nul\r\n\r\na\0b\r\n",
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nnever ended\r\n",
    b"Subject: long\r\n\r\n" + b"x" * 5000 + b"\r\n",
    b"Subject: " + b"y" * 100_000 + b"\r\n\r\nhi\r\n",
    b"Subject: 8bit\r\n\r\n\xff\xfe\x80\r\n",
]


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with (
        tempfile.TemporaryDirectory(prefix="dv-", dir="/tmp") as folder,
        running(Path(folder), pem=server_pem()) as made,
    ):
        yield made


def _until(true: Callable[[], object]) -> None:
    until = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def _pop3(dovecot: Dovecot, user: str, security: Security = "none") -> Pop3Session:
    port = dovecot.ports["pop3s" if security == "tls" else "pop3"]
    session = Pop3Session(
        Recorder(), Account("localhost", port, user, PASSWORD, security, timeout_s=WAIT_S), name="pop3 1"
    )
    session.start()
    return session


def _imap(dovecot: Dovecot, user: str, security: Security = "none", **settings: Any) -> ImapSession:
    port = dovecot.ports["imaps" if security == "tls" else "imap"]
    account = Account("localhost", port, user, PASSWORD, security, timeout_s=WAIT_S)
    session = ImapSession(Recorder(), account, name="imap 1", **settings)
    session.start()
    return session


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_wild_messages_come_back_byte_for_byte_by_both_protocols(dovecot: Dovecot, security: Security) -> None:
    user = f"wild-{security}"
    dovecot.put(user, *WILD)
    pop3 = _pop3(dovecot, user, security)
    entries = pop3.entries().result(WAIT_S)
    got = [pop3.retrieve(entry.number, entry.size).result(WAIT_S).read_bytes() for entry in entries]
    assert sorted(got) == sorted(WILD)
    assert all(entry.uid for entry in entries)
    pop3.leave()
    assert pop3.join(WAIT_S)
    imap = _imap(dovecot, user, security)
    selected = imap.select("INBOX").result(WAIT_S)
    rows = imap.rows(1, selected.exists).result(WAIT_S)
    got = [imap.source(row.uid, row.size).result(WAIT_S).read_bytes() for row in rows]
    assert [data.replace(b"\x80", b"\0") for data in sorted(got)] == [
        data.replace(b"\x80", b"\0") for data in sorted(WILD)
    ]  # IMAP has no NUL in a literal: Dovecot sends 0x80 in its place
    assert imap.stop()


def test_a_cut_line_deletes_nothing_and_quit_does(dovecot: Dovecot) -> None:
    dovecot.put("holden", *WILD[:3])
    for politely, left in ((False, 3), (True, 2)):
        session = _pop3(dovecot, "holden")
        session.delete(1).result(WAIT_S)
        session.leave(politely=politely)
        assert session.join(WAIT_S)
        again = _pop3(dovecot, "holden")
        assert again.count().result(WAIT_S)[0] == left
        again.stop()


def test_pop3_shows_heads_takes_marks_back_and_names_a_wrong_number(dovecot: Dovecot) -> None:
    dovecot.put("heads", *WILD[:2])
    session = _pop3(dovecot, "heads")
    alone = session.page((1, 2, 9)).result(WAIT_S)
    entries = session.entries().result(WAIT_S)
    assert [entry for entry, _ in alone] == entries
    assert [entry for entry, _ in session.page((1, 2)).result(WAIT_S)] == entries
    assert any(head.startswith(b"Subject: plain") for _, head in alone)
    session.delete(1).result(WAIT_S)
    session.reset().result(WAIT_S)
    assert session.count().result(WAIT_S)[0] == 2
    with pytest.raises(Exception) as caught:
        session.retrieve(9).result(WAIT_S)
    assert session.explained(caught.value).errno == "REFUSED"
    assert "TOP" in session.offers().result(WAIT_S)
    session.stop()


def test_imap_flags_searches_moves_appends_and_fetches_parts(dovecot: Dovecot) -> None:
    dovecot.put(
        "busy",
        WILD[0],
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\none\r\n--x\r\n\r\ntwo\r\n--x--\r\n",
    )
    session = _imap(dovecot, "busy", watch=False)
    assert {folder.name for folder in session.folders().result(WAIT_S)} == {"INBOX", "Archive"}
    session.select("INBOX").result(WAIT_S)
    rows = session.rows(1, 2).result(WAIT_S)
    plain = next(row for row in rows if b"plain" in row.header)
    parts = next(row for row in rows if row is not plain)
    session.flag(plain.uid, "\\Flagged", True).result(WAIT_S)
    assert session.search("FLAGGED").result(WAIT_S) == [plain.uid]
    session.flag(plain.uid, "\\Flagged", False).result(WAIT_S)
    assert session.search("FLAGGED").result(WAIT_S) == []
    assert session.search('SUBJECT "plain"').result(WAIT_S) == [plain.uid]
    assert session.search('TEXT "Grüße"').result(WAIT_S) == []
    sections = session.sections(parts.uid).result(WAIT_S)
    assert [section.number for section in sections] == ["1", "2"]
    assert session.section(parts.uid, "2").result(WAIT_S) == b"two"
    session.create("Grüße").result(WAIT_S)
    session.move(plain.uid, "Grüße").result(WAIT_S)
    session.append("Grüße", b"Subject: appended\n\nhi\n", ("\\Seen",)).result(WAIT_S)
    assert session.select("Grüße").result(WAIT_S).exists == 2
    session.delete(session.search("SEEN").result(WAIT_S)[0]).result(WAIT_S)
    assert len(session.search("ALL").result(WAIT_S)) == 1
    with pytest.raises(Refused):
        session.select("no such folder").result(WAIT_S)
    session.leave()
    assert session.join(WAIT_S)


def test_new_mail_appears_by_itself_by_idle(dovecot: Dovecot) -> None:
    dovecot.put("idler", WILD[0])
    session = _imap(dovecot, "idler")
    session.select("INBOX").result(WAIT_S)
    _until(lambda: session.idling)
    dovecot.put("idler", WILD[1])
    changes: list[Change] = []
    _until(lambda: changes.extend(session.take_changes()) or Change("exists", 2) in changes)
    assert len(session.rows(1, 2).result(WAIT_S)) == 2
    session.leave()
    assert session.join(WAIT_S)


def test_a_wrong_password_is_explained_by_both(dovecot: Dovecot) -> None:
    for kind, port in ((Pop3Session, "pop3"), (ImapSession, "imap")):
        session: Any = kind(Recorder(), Account("localhost", dovecot.ports[port], "x", "wrong"), name="x")
        with pytest.raises(Exception) as caught:
            session.start()
        assert session.explained(caught.value).errno == "AUTH"


@pytest.fixture
def exim(tmp_path: Path) -> Iterator[int]:
    """An exim that takes mail for the domain lab.example and delivers it into files of a folder.

    It was unpacked, not installed: the user that it was built for is there in a mount namespace of its own.
    """
    program = require_tool("exim4")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    folder = Path(tempfile.mkdtemp(prefix="ex-", dir="/tmp"))
    me = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    (folder / "conf").write_text(f"""
exim_path = {program}
exim_user = {me}
exim_group = {os.getegid()}
never_users =
keep_environment =
primary_hostname = mx.lab.example
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
tls_advertise_hosts =
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  deny local_parts = nobody
       message = no such person
  accept domains = lab.example
  deny message = relay not permitted
begin routers
all:
  driver = accept
  transport = file
begin transports
file:
  driver = appendfile
  user = {me}
  directory = {folder}/box
  create_directory
""")
    uid = os.geteuid() or pwd.getpwnam("mail").pw_uid
    alone = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"])
    (folder / "passwd").write_text(f"Debian-exim:x:{uid}:0::/nowhere:/bin/false\n" + Path("/etc/passwd").read_text())
    (folder / "group").write_text(f"Debian-exim:x:{os.getegid()}:\n" + Path("/etc/group").read_text())
    with (folder / "err").open("wb") as log:
        inside = 'mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/group && exec "$3" -bdf -C "$4"'
        files = [str(folder / "passwd"), str(folder / "group"), program, str(folder / "conf")]
        process = subprocess.Popen([*alone, "sh", "-c", inside, "exim", *files], stderr=log, stdin=subprocess.DEVNULL)
    try:
        _until(lambda: process.poll() is not None or _listens(port))
        if process.poll() is not None:
            pytest.skip(f"this exim does not run with a configuration of one's own: {(folder / 'err').read_text()}")
        yield port
    finally:
        process.terminate()
        process.wait(20)
        subprocess.run(["rm", "-rf", str(folder)], check=False)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def test_exim_takes_our_mail_with_dsn_and_refuses_whom_it_does_not_know(exim: int) -> None:
    import io

    session = SmtpSession(Recorder(), Account(port=exim, timeout_s=WAIT_S), name="smtp 1")
    session.start()
    assert {"dsn", "size"} <= session.offers.keys()
    envelope = Envelope("ann@x.org", ("bob@lab.example", "nobody@lab.example", "eve@elsewhere.example"),
                        notify=("SUCCESS", "FAILURE"), ret="HDRS", envelope_id="id+1")  # fmt: skip
    sent = session.send(envelope, lambda: io.BytesIO(WILD[0]), len(WILD[0])).result(WAIT_S)
    assert sent.outcome == "some"
    assert {address: code for address, (code, _) in sent.refused.items()} == {
        "nobody@lab.example": 550, "eve@elsewhere.example": 550,
    }  # fmt: skip
    assert sent.remarks == ()
    session.leave()
    assert session.join(WAIT_S)


def test_lmtp_is_spoken_by_hand_with_dovecot(dovecot: Dovecot) -> None:
    from protocols.mail.client.hand import HandSession

    session = HandSession(Recorder(), "smtp", Account(port=dovecot.ports["lmtp"], timeout_s=WAIT_S), name="by hand")
    session.start()
    for line in ("LHLO me", "MAIL FROM:<a@x.org>", "RCPT TO:<lmtp>", "DATA"):
        before = len(session.since(0))
        session.type(line).result(WAIT_S)
        _until(lambda before=before: session.turn == "yours" and len(session.since(0)) > before + 1)  # type: ignore[misc]
    for line in ("Subject: lmtp", "", "hi", "."):
        session.type(line).result(WAIT_S)
    _until(lambda: any(said.text.startswith("250 2.0.0") and "Saved" in said.text for said in session.since(0)))
    session.stop()
    imap = _imap(dovecot, "lmtp")
    assert imap.select("INBOX").result(WAIT_S).exists == 1
    imap.stop()


def test_our_news_server_is_read_by_telnet_like_clients() -> None:
    curl = require_tool("curl")
    server = NewsServer(Recorder())
    server.start()
    try:
        done = subprocess.run(
            [curl, "-sS", "-m", "20", f"telnet://127.0.0.1:{server.address[1]}"], capture_output=True, check=False,
            input=b"MODE READER\r\nGROUP netlab.test\r\nQUIT\r\n",
        )  # fmt: skip
        assert b"211 1 1 1 netlab.test" in done.stdout
    finally:
        server.stop()
