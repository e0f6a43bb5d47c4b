"""What `netlab ftp` promises whoever calls it from a script: events, exit statuses, nothing written over unasked."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.ftp.client import command
from protocols.ftp.client.commands import add_commands
from protocols.ftp.server.service import FtpServer
from protocols.ftp.server.setup import FtpSetup, User
from protocols.record.recorder import Recorder
from tests.protocols.ftp.scripted import Script, scripted

CONTENT = os.urandom(50_000)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def netlab(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a folder of its own: (exit status, stdout, stderr)."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)

    def run(*words: str) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser()
        add_commands(parser.add_subparsers())
        try:
            chosen = parser.parse_args(["ftp", *words])
            status = chosen.run(chosen)
        except SystemExit as ended:
            status = ended.code
        out, err = capfd.readouterr()
        return status, out, err

    return run


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server with a file, a folder and a link that leads out."""
    root = tmp_path / "root"
    (root / "in").mkdir(parents=True)
    (root / "a.bin").write_bytes(CONTENT)
    (root / "out").symlink_to("/etc/hostname")
    server = FtpServer(Recorder(), FtpSetup(str(root), users=(User("ann", "secret", "rw"),)))
    server.start()
    try:
        yield f"ftp://ann:secret@127.0.0.1:{server.address[1]}"
    finally:
        server.stop()


def details(out: str, kind: str) -> list[dict[str, Any]]:
    """The details of the events of a kind."""
    told = [json.loads(line) for line in out.splitlines()]
    return [event["detail"] for event in told if event["kind"] == kind]


def test_a_get_is_one_transfer_event_also_where_nothing_is_missing_any_more(netlab: Run, url: str) -> None:
    wanted = hashlib.sha256(CONTENT).hexdigest()
    for resumed, count in ((0, len(CONTENT)), (len(CONTENT), 0)):
        status, out, _ = netlab("get", f"{url}/a.bin", "--resume", "--json")
        (told,) = details(out, "transfer")
        assert status == 0
        assert (told["bytes"], told["resumed"], told["sha256"], told["complete"]) == (count, resumed, wanted, True)
    assert Path("a.bin").read_bytes() == CONTENT
    status, _, err = netlab("get", f"{url}/a.bin")
    assert (status, "EXISTS" in err) == (1, True)
    assert netlab("get", f"{url}/a.bin", "--force")[0] == 0


def test_entries_say_what_they_are(netlab: Run, url: str) -> None:
    status, out, _ = netlab("ls", url, "--json")
    entries = {entry["name"]: entry for entry in details(out, "entry")}
    assert status == 0
    assert {name: (entry["type"], entry["size"]) for name, entry in entries.items()} == {
        "a.bin": ("file", len(CONTENT)), "in": ("dir", None), "out": ("link", entries["out"]["size"]),
    }  # fmt: skip
    assert all(entry["raw"] and entry["modified"].endswith("Z") for entry in entries.values())


@pytest.mark.parametrize("word", ["get", "rm"])
def test_a_folder_is_told_from_a_file(netlab: Run, url: str, word: str) -> None:
    status, _, err = netlab(word, f"{url}/in/")
    assert status == 1
    assert "is a folder" in err
    assert "-r" in err


def test_a_rename_writes_nothing_over_unasked(netlab: Run, url: str, tmp_path: Path) -> None:
    (tmp_path / "root" / "b.bin").write_bytes(b"b")
    status, _, err = netlab("mv", f"{url}/b.bin", "a.bin")
    assert (status, "EXISTS_THERE" in err) == (1, True)
    assert (tmp_path / "root" / "a.bin").read_bytes() == CONTENT
    assert netlab("mv", f"{url}/b.bin", "a.bin", "--force")[0] == 0
    assert (tmp_path / "root" / "a.bin").read_bytes() == b"b"


@pytest.mark.parametrize("words", [["get"], ["rm", "-r"], ["rm"], ["mkdir"]])
def test_a_url_that_names_nothing_is_a_wrong_argument(netlab: Run, words: list[str]) -> None:
    status, _, err = netlab(words[0], "ftp://ann:secret@127.0.0.1:1/", *words[1:])
    assert status == 2
    assert "names no" in err
    assert "secret" not in err.splitlines()[-2]


def test_who_stops_reading_is_told_nothing_about_servers(
    netlab: Run, url: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "reader_gone", lambda: True)
    with pytest.raises(BrokenPipeError):
        netlab("ls", url, "--json")
    assert capfd.readouterr().err == ""


def test_a_folder_that_is_not_there_is_no_empty_folder(netlab: Run) -> None:
    script = Script(replies={"CWD": b"550 no such folder\r\n"})
    with scripted(script):
        status, out, err = netlab("ls", f"ftp://127.0.0.1:{script.port}/nowhere")
    assert (status, out) == (1, "")
    assert "550" in err


@pytest.mark.parametrize("code", [530, 550])
def test_a_server_that_wants_tls_is_not_missing_a_file(netlab: Run, code: int) -> None:
    script = Script(replies={"USER": f"{code} SSL/TLS required on the control channel\r\n".encode()})
    with scripted(script):
        status, _, err = netlab("ls", f"ftp://127.0.0.1:{script.port}/")
    assert status == 1
    assert "What helps: Ask for explicit TLS with --tls.\n" in err
    assert "file" not in err


def test_a_listing_that_is_cut_is_not_called_a_file(netlab: Run) -> None:
    script = Script(replies={"LIST": b"150 wait\r\n", "ABOR": b"426 cut\r\n226 ended\r\n"})
    with scripted(script):
        status, _, err = netlab("ls", f"ftp://127.0.0.1:{script.port}/", "--timeout-s", "0.2")
    assert status == 1
    assert "is not shown" in err
    assert "kept" not in err
    assert "Resume" not in err


def test_a_greeting_that_drips_and_a_dead_data_port_are_told_in_clean_sentences(netlab: Run) -> None:
    for script in (Script(greeting=b"22"), Script(pasv="127,0,0,1", replies={"PASV": b"227 go (127,0,0,1,0,1)\r\n"})):
        with scripted(script):
            status, _, err = netlab("ls", f"ftp://127.0.0.1:{script.port}/", "--timeout-s", "0.2")
        assert status == 1
        assert ".." not in err
        assert "b'" not in err
