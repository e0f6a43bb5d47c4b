"""The mail server and programs that were written by others: curl, swaks, exim, mutt."""

from __future__ import annotations

import base64
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from protocols.tls import lab_ca
from tests.peers import require_module, require_tool
from tests.protocols.mail.server.lab import PLAIN, Running, running


def _run(command: list[str], data: bytes = b"", **more: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, input=data, capture_output=True, timeout=60, env={**os.environ, **more}, check=False)


def _inbox(lab: Running, user: str = "ann") -> list[bytes]:
    folder = lab.server.store.boxes[user].inbox
    return [folder.read(one) for one in folder.entries()]


@pytest.mark.parametrize("how", ["plain", "starttls", "tls"])
def test_curl_sends_and_fetches(how: str, tmp_path: Path) -> None:
    curl = [require_tool("curl"), "-sS", "--max-time", "30", "--cacert", str(tmp_path / "ca.pem")]
    (tmp_path / "ca.pem").write_bytes(lab_ca().pem)
    letter, more = ("s" if how == "tls" else ""), (["--ssl-reqd"] if how == "starttls" else [])
    message = tmp_path / "mail"
    message.write_bytes(PLAIN)
    with running(tls=how != "plain") as lab:
        urls = {door: f"{door}://127.0.0.1:{port}/" for door, (_, port) in lab.server.ends.items()}
        sent = _run([*curl, *more, urls[f"smtp{letter}"], "--mail-from", "a@b.example", "--mail-rcpt",
                     "ann@lab.example", "--user", "bob:bob", "--upload-file", str(message)])  # fmt: skip
        assert sent.returncode == 0, sent.stderr
        for door, path in (("pop3", "1"), ("imap", "INBOX;MAILINDEX=1")):
            got = _run([*curl, *more, f"{urls[f'{door}{letter}']}{path}", "--user", "ann:ann"])
            assert (got.returncode, got.stdout) == (0, PLAIN), got.stderr
        refused = _run(
            [*curl, *more, urls[f"smtp{letter}"], "--mail-from", "a@b", "--mail-rcpt", "zed@x", "-T", str(message)]
        )
        assert refused.returncode == 55


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_swaks_with_each_login(mechanism: str) -> None:
    swaks = require_tool("swaks")
    with running(auth_needed=True) as lab:
        host, port = lab.server.ends["smtp"]
        command = [swaks, "--server", host, "--port", str(port), "--from", "a@b.example", "--to", "ann@lab.example",
                   "--auth", mechanism, "--auth-user", "ann", "--pipeline", "--h-Subject", "by swaks"]  # fmt: skip
        done = _run([*command, "--auth-password", "ann"])
        assert done.returncode == 0, done.stdout + done.stderr
        assert b"Subject: by swaks" in _inbox(lab)[0]
        assert _run([*command, "--auth-password", "no"]).returncode == 28


@pytest.mark.parametrize("how", ["starttls", "tls"])
def test_swaks_inside_tls_verifies_us(how: str, tmp_path: Path) -> None:
    swaks = require_tool("swaks")
    require_module("Net/SSLeay.pm")
    (tmp_path / "ca.pem").write_bytes(lab_ca().pem)
    with running(tls=True, login_needs_tls=True) as lab:
        host, port = lab.server.ends["smtps" if how == "tls" else "smtp"]
        command = [swaks, "--server", host, "--port", str(port), "--from", "a@b.example", "--to", "ann@lab.example",
                   "--tls-on-connect" if how == "tls" else "--tls", "--tls-verify", "--tls-ca-path",
                   str(tmp_path / "ca.pem"), "--auth", "PLAIN", "--auth-user", "ann", "--auth-password", "ann",
                   "--h-Subject", "by swaks"]  # fmt: skip
        done = _run(command)
        assert done.returncode == 0, done.stdout + done.stderr
        assert b"Subject: by swaks" in _inbox(lab)[0]
        (mail,) = lab.facts("mail")
        assert (mail["tls"], mail["user"]) == (True, "ann")


def test_exim_delivers_through_us() -> None:
    exim, unshare = require_tool("exim4"), require_tool("unshare")
    nobody = 65534
    with running() as lab, tempfile.TemporaryDirectory(prefix="nl-", dir="/tmp") as name:
        host, port = lab.server.ends["smtp"]
        place = Path(name)
        place.chmod(0o777)  # exim gives its rights up
        # it insists on the account that it was built for, so it sees lists of accounts that have it
        (place / "passwd").write_text(f"root:x:0:0::/root:/bin/sh\nDebian-exim:x:{nobody}:{nobody}::/:/bin/sh\n")
        (place / "group").write_text(f"root:x:0:\nDebian-exim:x:{nobody}:\n")
        (place / "conf").write_text(
            f"exim_path = {exim}\nspool_directory = {place}/spool\nlog_file_path = {place}/log_%slog\n"
            f"keep_environment =\nprimary_hostname = exim.example\nexim_user = {nobody}\nexim_group = {nobody}\n"
            f"never_users =\nbegin routers\nall:\n driver = manualroute\n transport = out\n"
            f" route_list = * {host}\n self = send\n"
            f"begin transports\nout:\n driver = smtp\n port = {port}\n allow_localhost\n hosts_try_fastopen =\n"
            "begin retry\n* * F,1s,1s\n"
        )
        inner = (
            f"mount --bind {place}/passwd /etc/passwd && mount --bind {place}/group /etc/group && "
            f"exec {exim} -C {place}/conf -odf -f a@exim.example ann@lab.example"
        )
        command = [unshare, "-m" if os.geteuid() == 0 else "-rm", "sh", "-c", inner]
        done = _run(command, b"Subject: by exim\nTo: ann@lab.example\n\n.dot\nhello\n")
        logs = "".join(one.read_text() for one in place.glob("log_*"))
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(_inbox(lab)) == 1, logs
        assert _inbox(lab)[0].endswith(b"\r\n\r\n.dot\r\nhello\r\n")


def test_mutt_reads_by_imap(tmp_path: Path) -> None:
    mutt = require_tool("mutt")
    with running() as lab:
        _, port = lab.server.ends["imap"]
        from tests.protocols.mail.server.test_pop3 import put

        put(lab.server.store.boxes["ann"], PLAIN)
        rc = tmp_path / "muttrc"
        rc.write_text(
            f"set folder=imap://ann:ann@127.0.0.1:{port}/\nset spoolfile=imap://ann:ann@127.0.0.1:{port}/INBOX\n"
            "set ssl_starttls=no\nset ssl_force_tls=no\nset mail_check=0\nset timeout=5\nset sleep_time=0\n"
            f"push '<pipe-message>cat > {tmp_path}/seen<enter><quit>'\n"
        )
        script = _run(["script", "-qec", f"{mutt} -n -F {rc}", "/dev/null"], TERM="xterm", HOME=str(tmp_path))
        seen = tmp_path / "seen"
        assert seen.exists(), script.stdout[-400:]
        assert b"One line." in seen.read_bytes()


def test_base64_of_a_password_is_nowhere_in_the_dialogue() -> None:
    curl = require_tool("curl")
    with running(users={"ann": "very secret"}) as lab:
        for door in ("pop3", "imap"):
            _run([curl, "-sS", f"{door}://127.0.0.1:{lab.server.ends[door][1]}/", "--user", "ann:very secret"])
        said = b"".join(raw[8] or b"" for raw in lab.events("command"))
        assert b"very secret" not in said
        assert base64.b64encode(b"\0ann\0very secret") not in said
        assert b"********" in said
