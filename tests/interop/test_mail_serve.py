"""`netlab serve mail` as a process: what it prints, how it ends, and that kill -9 leaves a mail whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netlab_gui import cli
from tests.protocols.mail.server.lab import PLAIN

ENDS_S = 60.0
"""How long a command may take to end: a deadline for what never comes."""


@contextlib.contextmanager
def _serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, int], Any]]:
    """The process, the port of each protocol, and the lines that follow."""
    command = [sys.executable, "-m", "netlab_gui", "serve", "mail", "--json", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        lines = (json.loads(line) for line in process.stdout)
        try:
            listening = [next(lines) for _ in range(6 if "--tls" in arguments else 3)]
            assert {one["kind"] for one in listening} == {"listening"}
            yield process, {one["detail"]["protocol"]: one["detail"]["port"] for one in listening}, lines
        finally:
            process.terminate()
            try:
                process.communicate(timeout=ENDS_S)  # and reads what is left: a full pipe would keep it
            finally:
                process.kill()


def test_it_tells_where_it_listens_and_each_mail(tmp_path: Path) -> None:
    store, rules = tmp_path / "new" / "store", tmp_path / "rules.toml"
    rules.write_text("[[rule]]\nfault = 'refuse recipient'\nmatch = 'ann@*'\n")
    arguments = ("--store", str(store), "--user", "ann:pw", "--domain", "lab.example", "--tls", "--rules", str(rules))
    with _serving(*arguments) as (process, ports, lines):
        assert set(ports) == {"smtp", "pop3", "imap", "smtps", "pop3s", "imaps"}
        with smtplib.SMTP("127.0.0.1", ports["smtp"]) as client:
            _take_away(rules, client, "ann@lab.example")
            refused = client.sendmail("a@b", ["ann@lab.example", "ann@other"], PLAIN)
            assert {address: code for address, (code, _) in refused.items()} == {"ann@other": 550}
        mail = next(line for line in lines if line["kind"] == "mail")
        assert mail["detail"]["envelope"]["to"] == ["ann@lab.example"]
        assert mail["detail"]["size"] == len(PLAIN)
        process.send_signal(signal.SIGTERM)
        assert "stopped" in {line["kind"] for line in lines}
        assert process.wait(ENDS_S) == 0
    [kept] = (store / "ann" / "new").iterdir()
    assert kept.read_bytes() == PLAIN


def _take_away(rules: Path, client: smtplib.SMTP, refused: str) -> None:
    """Change the file of the one rule, and wait until the server has read it. A file that is no rules does nothing."""
    client.ehlo()
    client.mail("a@b")
    assert client.rcpt(refused)[0] == 550
    rules.write_text("nonsense")
    assert client.rcpt(refused)[0] == 550
    rules.write_text("")
    until = time.monotonic() + ENDS_S
    while client.rcpt(refused)[0] != 250:
        assert time.monotonic() < until, "the rules were not read again"
        time.sleep(0.05)
    client.rset()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_ends_while_nobody_reads_what_it_tells(number: int, tmp_path: Path) -> None:
    rules, temporary, told = tmp_path / "rules.toml", tmp_path / "temporary", tmp_path / "told"
    rules.write_text("[[rule]]\nfault = 'refuse recipient'\nmatch = 'bob@*'\n")
    temporary.mkdir()
    command = [sys.executable, "-m", "netlab_gui", "serve", "mail", "--json", "--without=imap", "--without=pop3",
               "--rules", str(rules)]  # fmt: skip
    place = os.environ | {"TMPDIR": str(temporary)}
    with (
        told.open("wb") as stderr,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, pipesize=4096, env=place) as process,
    ):
        assert process.stdout is not None
        try:
            port = json.loads(process.stdout.readline())["detail"]["port"]
            with smtplib.SMTP("127.0.0.1", port) as client:
                for _ in range(100):
                    client.noop()  # some hundred bytes of lines each
                _take_away(rules, client, "bob@x")
                assert [one.name.startswith("netlab-mail-") for one in temporary.iterdir()] == [True]
                process.send_signal(number)
                assert process.wait(ENDS_S) == 1
        finally:
            process.kill()
    assert told.read_text().count("takes nothing") == 1
    assert list(temporary.iterdir()) == []


def test_wrong_arguments_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("[[rule]]\nfault = 'explode'\n")
    for arguments, told in (
        (["--user", "ann"], "NAME:PASSWORD"), (["--rules", str(rules)], "no failure 'explode'"),
        (["--smtp-port", "x"], "port"),
        (["--login-needs-tls"], "nobody could log in"), (["--user", "a/b:c"], "no user's name"),
        (["--timeout-s", "0"], "seconds above 0"),
        ([f"--without={one}" for one in ("smtp", "pop3", "imap")], "nothing is to be served"),
    ):  # fmt: skip
        with pytest.raises(SystemExit) as ended:  # a process for each would cost seconds
            cli.main(["serve", "mail", *arguments])
        assert ended.value.code == 2
        assert told in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([sys.executable, "-m", "netlab_gui", "serve", "mail", "--imap-port", port],
                              capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
        assert (done.returncode, "EADDRINUSE" in done.stderr) == (1, True)


def _send(port: int, wire: bytes, *, wait: bool) -> None:
    with socket.create_connection(("127.0.0.1", port), 30) as sock, sock.makefile("rb") as file:
        sock.sendall(b"HELO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<ann@x>\r\nDATA\r\n")
        answers = iter(file.readline, b"")
        assert any(answer.startswith(b"354") for answer in answers), "the connection ended"
        sock.sendall(wire)
        if wait:
            assert file.readline().startswith(b"250")  # and then it must be there


def test_kill_9_leaves_a_mail_whole_or_not_at_all(tmp_path: Path) -> None:
    sent = b"Subject: whole\r\n\r\n" + b"x" * 70_000 + b"\r\n"
    wires = [sent[: len(sent) // 2], sent, sent + b".", sent + b".\r\n"]
    found = []
    for number, wire in enumerate([*wires, wires[-1]]):  # the last but one is awaited, the last is not
        store = tmp_path / str(number)
        with _serving("--store", str(store), "--user", "ann:pw") as (process, ports, _):
            _send(ports["smtp"], wire, wait=number == len(wires) - 1)
            os.kill(process.pid, signal.SIGKILL)
            process.wait(ENDS_S)
        kept = [one.read_bytes() for sub in ("new", "cur") for one in (store / "ann" / sub).iterdir()]
        assert kept in ([], [sent])
        found.append(len(kept))
    assert found[len(wires) - 1] == 1
    assert found[0] == 0
