"""Show as Python: each script of the mail room runs against a live server and says what it did."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.mail.news.server import NewsServer
from protocols.mail.scripts import TITLES
from protocols.mail.server.service import MailServer
from protocols.mail.server.setup import MailSetup
from protocols.record.recorder import Recorder
from protocols.scripts import render
from protocols.tls import lab_ca


@pytest.fixture
def server() -> Iterator[MailServer]:
    made = MailServer(Recorder(), MailSetup(tls=True))
    made.start()
    yield made
    assert made.stop()
    lab_ca().remove_file()


def run(action: str, folder: Path, **params: Any) -> subprocess.CompletedProcess[str]:
    script = folder / "script.py"
    script.write_text(render(action, params), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-W", "error", str(script)], capture_output=True, text=True, timeout=60, check=False
    )


def _there(server: MailServer, door: str, **more: Any) -> dict[str, Any]:
    host, port = server.ends[door]
    login = {"user": "bob", "password": "bob"} if door[:4] != "smtp" else {}
    return {"host": host, "port": port, **login, **more}


SECURITY = {
    "none": ("", {}), "starttls": ("", {"security": "starttls"}), "tls": ("s", {"security": "tls"}),
}  # fmt: skip


@pytest.mark.parametrize("security", SECURITY)
def test_a_mail_is_sent_and_read_by_all_libraries(server: MailServer, tmp_path: Path, security: str) -> None:
    door, more = SECURITY[security]
    if more:
        more = {**more, "ca_file": str(lab_ca().path()), "host": "localhost"}
    (tmp_path / "data.bin").write_bytes(b"\0\1\2")
    sent = run("mail-send", tmp_path, **{
        **_there(server, f"smtp{door}"), **more, "envelope_to": ("bob@example.org", "nobody@example.org"),
        "subject": f"Grüße {security}", "html": "<p>hi</p>", "files": (str(tmp_path / "data.bin"),),
    })  # fmt: skip
    assert (sent.returncode, sent.stderr) == (0, "")
    assert "bob@example.org: 250 taken" in sent.stdout
    assert "nobody@example.org: 550" in sent.stdout
    for action, name in (("mail-pop3", "pop3"), ("mail-imap", "imap"), ("mail-imap-tools", "imap")):
        done = run(action, tmp_path, **{**_there(server, f"{name}{door}"), **more})
        assert (done.returncode, done.stderr) == (0, ""), action
        assert f"Grüße {security}" in done.stdout
    assert "data.bin" in done.stdout


def test_raw_source_goes_out_and_what_is_marked_is_deleted_unless_the_line_is_cut(
    server: MailServer, tmp_path: Path
) -> None:
    sent = run("mail-send", tmp_path, **_there(server, "smtp"), raw=b"Subject: raw\n\nhi\n", envelope_to=("ann@x.org",))
    assert sent.returncode == 0, sent.stderr
    ann = {**_there(server, "pop3"), "user": "ann", "password": "ann"}
    assert "1 messages" in run("mail-pop3", tmp_path, **ann, delete=True, cut=True).stdout
    assert "1 messages" in run("mail-pop3", tmp_path, **ann, delete=True).stdout
    assert "0 messages" in run("mail-pop3", tmp_path, **ann).stdout


def test_refusals_end_with_a_sentence(server: MailServer, tmp_path: Path) -> None:
    done = run("mail-send", tmp_path, **_there(server, "smtp"), envelope_to=("nobody@example.org",))
    assert (done.returncode, done.stderr[:13]) == (1, "nobody gets i")
    done = run("mail-imap", tmp_path, **{**_there(server, "imap"), "password": "wrong"})
    assert done.stderr.startswith("the server said no")
    done = run("mail-pop3", tmp_path, host="127.0.0.1", port=1)
    assert done.stderr.startswith("ConnectionRefusedError")


def test_news_is_read_and_posted_and_a_session_goes_by_hand(tmp_path: Path) -> None:
    news = NewsServer(Recorder())
    news.start()
    try:
        there = {"host": news.address[0], "port": news.address[1]}
        done = run("mail-news", tmp_path, **there, post=True, text=".dot\nhi\n")
        assert (done.returncode, done.stderr) == (0, "")
        assert "1 articles in netlab.test" in done.stdout
        assert "240 Article received" in done.stdout
        assert news.groups.by_name["netlab.test"].articles[2].body == b".dot\r\nhi\r\n"
        done = run("mail-hand", tmp_path, **there, lines=("DATE", "QUIT"), patience_s=0.3)
        assert "S: 111 " in done.stdout
        assert "S: 205 Bye" in done.stdout
    finally:
        news.stop()


def test_every_script_of_the_room_is_run_here() -> None:
    assert set(TITLES) == {"mail-send", "mail-pop3", "mail-imap", "mail-imap-tools", "mail-news", "mail-hand"}
