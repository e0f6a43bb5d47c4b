"""`netlab mail send`, `netlab mail fetch` and `netlab serve news` as a person and a script use them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from netlab_gui import cli
from tests.protocols.mail.client.liars import Talk, liar
from tests.protocols.mail.client.test_smtp import Inbox, inbox  # noqa: F401
from tests.protocols.mail.dovecot import Dovecot, running

NETLAB = [sys.executable, "-m", "netlab_gui"]


Mail: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def mail(capfd: pytest.CaptureFixture[str]) -> Mail:
    """`netlab mail` in this process: one of its own takes seconds where the machine is busy."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        capfd.readouterr()
        status = cli.main(["mail", *arguments])
        said = capfd.readouterr()
        return subprocess.CompletedProcess(arguments, status, said.out, said.err)

    return run


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The same as a process."""
    return subprocess.run([*NETLAB, "mail", *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=80,
                          check=False, text=True)  # fmt: skip


def _lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_mail_is_sent_with_its_attachment_and_a_blind_copy(inbox: Inbox, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "a.bin").write_bytes(bytes(range(256)))
    (tmp_path / "body.txt").write_text("Hällo\n")
    done = process("send", "--server", f"127.0.0.1:{inbox.port}", "--from", "Ann <ann@x.org>", "--to", "bob@x.org",
                "--bcc", "eve@x.org", "--subject", "Grüße", "--body", f"@{tmp_path / 'body.txt'}",
                "--attach", str(tmp_path / "a.bin"))  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "sent to bob@x.org, eve@x.org: 250 taken" in done.stdout
    (got,) = inbox.mails
    assert (got.mail_from, got.rcpt_tos) == ("ann@x.org", ["bob@x.org", "eve@x.org"])
    assert isinstance(got.content, bytes)
    assert b"eve@" not in got.content
    assert b'filename="a.bin"' in got.content


def test_refused_recipients_are_named_and_counted_in_json(inbox: Inbox, tmp_path: Path, mail: Mail) -> None:  # noqa: F811
    raw = tmp_path / "raw.eml"
    raw.write_bytes(b"Subject: raw\n\n.\nnot ended")
    done = mail("send", "--server", f"127.0.0.1:{inbox.port}", "--from", "ann@x.org", "--to", "bob@x.org",
                "--to", "bad@x.org", "--raw", str(raw), "--json")  # fmt: skip
    assert done.returncode == 1
    assert "bad@x.org was refused: 550" in done.stderr
    told = [line["detail"] for line in _lines(done) if line["kind"] == "mail"]
    assert (told[-1]["outcome"], list(told[-1]["refused"])) == ("some", ["bad@x.org"])
    assert inbox.mails[0].content == b"Subject: raw\r\n\r\n.\r\nnot ended\r\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--server", "nowhere", "--from", "a", "--to", "b"), "not HOST:PORT"),
        (("--server", "h:1", "--from", "a"), "missing: --to"),
        (("--server", "h:1", "--from", "a", "--to", " , "), "nobody is named"),
        (("--server", "h:1", "--from", "a@x\r\nRCPT TO:<b@x>", "--to", "c"), "one sender"),
        (("--server", "h:1", "--from", "a", "--to", "b", "--raw", "/none"), "is no file"),
        (("--server", "h:1", "--from", "a", "--to", "b", "--subject", "x\r\ny"), "can't be written"),
        (("--server", "h:1", "--from", "a", "--to", "b", "--timeout-s", "0"), "time-out"),
        (("--server", "h:1", "--from", "a", "--to", "b", "--line-ends", "lf"), "--raw"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told_in_a_sentence(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:  # a process for each would cost seconds
        cli.main(["mail", "send", *arguments])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_silence_ends_a_fetch_by_its_time_out_and_nobody_there_is_told(mail: Mail) -> None:
    with liar(Talk.until_gone) as port:
        done = mail(
            "fetch", "--protocol", "pop3", "--server", f"127.0.0.1:{port}", "--user", "a:b", "--timeout-s", "0.3"
        )
        assert done.returncode == 1
        assert "did not finish its answer" in done.stderr
    done = mail("fetch", "--protocol", "imap", "--server", f"127.0.0.1:{port}", "--user", "a:b", "--json")
    assert done.returncode == 1
    assert "ECONNREFUSED" in done.stderr
    assert ".." not in done.stderr  # one full stop a sentence
    assert _lines(done)[0]["detail"]["epoch_ns"]


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with tempfile.TemporaryDirectory(prefix="dv-", dir="/tmp") as folder, running(Path(folder)) as made:
        yield made


@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_a_mailbox_is_fetched_into_files_and_deleted(
    dovecot: Dovecot, tmp_path: Path, protocol: str, mail: Mail
) -> None:
    mails = [
        b"Subject: one \x1b[31m\r\nFrom: a@b.c\r\n\r\nhi\r\n.\r\n",
        b"Subject: =?utf-8?q?zw=C3=B6lf?=\r\n\r\nx\r\n",
    ]
    dovecot.put(f"cli-{protocol}", *mails)
    common = ("fetch", "--protocol", protocol, "--server", f"127.0.0.1:{dovecot.ports[protocol]}",
              "--user", f"cli-{protocol}:secret")  # fmt: skip
    out = tmp_path / "mails"
    done = mail(*common, "--out", str(out), "--delete")
    assert (done.returncode, done.stderr) == (0, "")
    assert "zwölf" in done.stdout
    assert "\x1b" not in done.stdout
    assert sorted(path.read_bytes() for path in out.iterdir()) == sorted(mails)
    assert all(path.suffix == ".eml" for path in out.iterdir())
    again = mail(*common, "--json")
    assert again.returncode == 0
    assert [line for line in _lines(again) if line["kind"] == "mail"] == []


def test_serve_news_says_where_it_listens_and_ends_by_a_signal() -> None:
    process = subprocess.Popen([*NETLAB, "serve", "news", "--json"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    with process.stdout:
        first = json.loads(process.stdout.readline())
        assert (first["kind"], first["detail"]["protocol"]) == ("listening", "nntp")
        assert first["detail"]["port"] > 0
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
    assert process.wait(30) == 0
