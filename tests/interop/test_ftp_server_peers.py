"""The FTP server with the clients that people have: curl, lftp, wget; plain, TLS, passive, active, IPv4, IPv6."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.console import netlab
from tests.drained import Drained
from tests.peers import require_tool

DATA = os.urandom(1_500_000)
ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def served(*arguments: str, kind: str = "ftp") -> Iterator[tuple[dict[str, object], list[dict[str, object]]]]:
    """`netlab serve KIND .. --json` in a process: the listening line's detail, and at the end all events."""
    command = [sys.executable, "-m", "netlab_gui", "serve", kind, *arguments, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        assert first, process.stderr.read()
        line = json.loads(first)
        assert line["kind"] == "listening"
        assert "epoch_ns" in line["detail"]
        events: list[dict[str, object]] = []
        told, said = Drained(process.stdout), Drained(process.stderr)
        try:
            yield line["detail"], events
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        finally:
            process.kill()
            out, err = told.rest(), said.rest()
        events += [json.loads(text) for text in out.splitlines()]
        assert process.returncode == 0, err
        assert "Traceback" not in err


def ran(*command: str, **env: str) -> str:
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, env=os.environ | env,
                          stdin=subprocess.DEVNULL)  # fmt: skip
    assert done.returncode == 0, (command, done.stdout[-500:], done.stderr[-2000:])
    return done.stdout.decode("utf-8", "surrogateescape")


def transfers(events: list[dict[str, object]]) -> list[dict[str, object]]:
    return [event["detail"] for event in events if event["kind"] == "transfer"]  # type: ignore[misc]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "data.bin").write_bytes(DATA)
    (folder / "deep" / "höhe ☃.txt").write_text("tief\n")
    (folder / "deep" / "deeper" / "x").write_bytes(b"x")
    return folder


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("active", [False, True])
def test_curl_gets_and_puts(root: Path, tmp_path: Path, host: str, active: bool) -> None:
    curl = require_tool("curl")
    mode = ["--ftp-port", "-"] if active else []
    with served("--root", str(root), "--user", "anna:geheim:rw", "--host", host) as (told, events):
        url = str(told["url"]).replace("ftp://", "ftp://anna:geheim@")
        there = tmp_path / "got"
        ran(curl, "-sS", *mode, "-o", str(there), url + "data.bin")
        assert there.read_bytes() == DATA
        ran(curl, "-sS", *mode, "-T", str(there), url + "up.bin")
        assert (root / "up.bin").read_bytes() == DATA
        there.write_bytes(DATA[:1000])
        ran(curl, "-sS", *mode, "-C", "-", "-o", str(there), url + "data.bin")
        assert there.read_bytes() == DATA
        assert "data.bin" in ran(curl, "-sS", *mode, url)
        ran(curl, "-sS", "-Q", "DELE up.bin", url)
        assert not (root / "up.bin").exists()
    down, up, rest = transfers(events)
    for told_of in (down, up, rest):
        assert told_of["sha256"] == hashlib.sha256(DATA).hexdigest()
        assert told_of["connected_by"] == ("server" if active else "client")
    assert (down["bytes"], rest["bytes"], rest["resumed"]) == (len(DATA), len(DATA) - 1000, 1000)
    verbs = {event["detail"]["verb"] for event in events if event["kind"] == "command"}  # type: ignore[index]
    assert verbs & ({"PORT", "EPRT"} if active else {"PASV", "EPSV"})
    assert not any("geheim" in str(event["detail"]) + str(event["summary"]) for event in events
                   if event["layer"] == "message")  # fmt: skip


@pytest.mark.parametrize("implicit", [False, True])
def test_curl_over_tls(root: Path, tmp_path: Path, implicit: bool) -> None:
    curl = require_tool("curl")
    tls = ["--tls-implicit"] if implicit else ["--tls"]
    with served("--root", str(root), "--user", "anna:geheim", *tls, "--tls-required") as (told, events):
        assert str(told["url"]).startswith("ftps://" if implicit else "ftp://")
        url = str(told["url"]).replace("://", "://anna:geheim@")
        there = tmp_path / "got"
        ran(curl, "-sS", "--ssl-reqd", "--cacert", str(told["authority"]), "-o", str(there), url + "data.bin")
        assert there.read_bytes() == DATA
        refused = subprocess.run([curl, "-sS", "--ssl-reqd", url], capture_output=True, timeout=60, check=False)
        assert refused.returncode == 60
    (transfer,) = transfers(events)
    assert transfer["tls"] is True


@pytest.mark.parametrize("tls", [False, True])
def test_lftp_mirrors_both_ways(root: Path, tmp_path: Path, tls: bool) -> None:
    lftp = require_tool("lftp")
    demanded = ["--tls", "--tls-required"] if tls else []
    arguments = ["--root", str(root), "--user", "anna:geheim", "--writable", *demanded]
    with served(*arguments) as (told, events):
        there = tmp_path / "there"
        secure = "set ftp:ssl-allow false; "
        if tls:
            secure = f"set ssl:ca-file {told['authority']}; set ftp:ssl-force true; set ftp:ssl-protect-data true; "
        script = (
            "set net:max-retries 1; set net:timeout 20; set cmd:fail-exit true; " + secure +
            f"open -u anna,geheim -p {told['port']} 127.0.0.1; mirror --parallel=3 . {there}; "
            f"mirror -R {there}/deep copy; mkdir new; mv copy new/moved; rm data.bin; cls -1 new/moved"
        )  # fmt: skip
        assert "deeper" in ran(lftp, "--norc", "-c", script, LANG="C.UTF-8", HOME=str(tmp_path))
    assert (there / "data.bin").read_bytes() == DATA
    assert (there / "deep" / "höhe ☃.txt").read_text() == "tief\n"
    assert (root / "new" / "moved" / "höhe ☃.txt").read_text() == "tief\n"
    assert not (root / "data.bin").exists()
    assert sum(1 for each in transfers(events) if each["way"] == "get") == 3


@pytest.mark.parametrize("active", [False, True])
def test_wget_gets_a_tree(root: Path, tmp_path: Path, active: bool) -> None:
    wget = require_tool("wget")
    with served("--root", str(root), "--anonymous") as (told, events):
        mode = ["--no-passive-ftp"] if active else []
        ran(wget, "-q", "-r", "-nH", "-P", str(tmp_path / "got"), *mode, str(told["url"]), LANG="C.UTF-8")
    assert (tmp_path / "got" / "data.bin").read_bytes() == DATA
    assert (tmp_path / "got" / "deep" / "deeper" / "x").read_bytes() == b"x"
    assert len(transfers(events)) == 3


def test_rules_from_a_file_and_what_is_wrong_with_one(root: Path, tmp_path: Path) -> None:
    curl = require_tool("curl")
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nwhen = "RETR"\ndo = "abort"\nat_byte = 1000\n')
    with served("--root", str(root), "--rules", str(rules)) as (told, events):
        done = subprocess.run([curl, "-sS", f"{told['url']}data.bin", "-o", str(tmp_path / "got")], capture_output=True,
                              timeout=60, check=False)  # fmt: skip
        assert done.returncode == 18
        assert (tmp_path / "got").read_bytes() == DATA[:1000]
    assert [event["summary"] for event in events if event["kind"] == "fault injected"] == [
        "rule 1, RETR: breaks off at byte 1000, then 426: RETR /data.bin ends at byte 1000"]
    rules.write_text('[[rule]]\nwhen = "RETR"\ndo = "explode"\n')
    command = [sys.executable, "-m", "netlab_gui", "serve", "ftp", "--root", str(root), "--rules", str(rules)]
    wrong = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, check=False)
    assert wrong.returncode == 2
    assert "Rule 1: do: is one of reply, abort" in wrong.stderr


@pytest.mark.parametrize(("arguments", "says"), [
    (["--root", "/srv/nowhere"], "is no folder"), (["--root", ".", "--user", "anna"], "NAME:PASSWORD"),
    (["--root", ".", "--user", "a:b:xyz"], "are no rights"), (["--root", ".", "--passive-ports", "9-5"], "range"),
    (["--root", ".", "--masquerade", "here"], "no IPv4 address"), ([], "missing: --root"),
])  # fmt: skip
def test_wrong_arguments_are_a_sentence(arguments: list[str], says: str) -> None:
    done = netlab("serve", "ftp", *arguments)
    assert done.returncode == 2
    assert says in done.stderr.decode()


def test_serve_sftp_is_got_from_by_netlab_ftp_and_by_openssh(root: Path, tmp_path: Path) -> None:
    program = require_tool("sftp")
    key, hosts = tmp_path / "key", tmp_path / "hosts"
    ran(require_tool("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    arguments = ("--root", str(root), "--user", "anna:geheim:rw", "--keys", f"{key}.pub")
    with served(*arguments, kind="sftp") as (told, events):
        hosts.write_text(f"[127.0.0.1]:{told['port']} {told['host_key']}\n")
        url = f"sftp://anna:geheim@127.0.0.1:{told['port']}/data.bin"
        ran(sys.executable, "-m", "netlab_gui", "ftp", "get", url, str(tmp_path / "got"), "--insecure")
        assert (tmp_path / "got").read_bytes() == DATA
        batch = tmp_path / "batch"
        batch.write_text(f"put {tmp_path}/got up.bin\n")
        ran(program, "-q", "-b", str(batch), "-F", "/dev/null", "-i", str(key), "-o", f"UserKnownHostsFile={hosts}",
            "-P", str(told["port"]), "anna@127.0.0.1")  # fmt: skip
        assert (root / "up.bin").read_bytes() == DATA
    digest = hashlib.sha256(DATA).hexdigest()
    assert [(each["way"], each["sha256"]) for each in transfers(events)] == [("get", digest), ("put", digest)]


@pytest.mark.parametrize(("arguments", "says"), [
    ([], "SSH knows no anonymous login"), (["--user", "a:b", "--keys", str(ROOT / "pyproject.toml")], "no public key"),
])  # fmt: skip
def test_wrong_arguments_of_sftp_are_a_sentence(arguments: list[str], says: str) -> None:
    done = netlab("serve", "sftp", "--root", ".", *arguments)
    assert done.returncode == 2
    assert says in done.stderr.decode()
