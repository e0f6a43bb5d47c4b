"""Every FTP script of Show as Python runs in a fresh interpreter against a live server, in each of its variants."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from protocols.ftp.scripts import TITLES
from protocols.ftp.server.service import FtpServer
from protocols.ftp.server.setup import FtpSetup, User
from protocols.record.recorder import Recorder
from protocols.scripts import render
from protocols.tls import lab_ca
from tests.interop.test_ftp_client import sftp_server

DEADLINE_S = 30


@contextmanager
def serving(root: Path, tls: str = "off") -> Iterator[dict[str, Any]]:
    """A server of a folder; the parameters that lead there."""
    setup = FtpSetup(str(root), users=(User("ann", "secret", "rw"),), anonymous=True, tls=tls)  # type: ignore[arg-type]
    server = FtpServer(Recorder(), setup)
    server.start()
    try:
        yield {"port": server.address[1], "user": "ann", "password": "secret"}
    finally:
        server.stop()


def run(action: str, folder: Path, **params: Any) -> str:
    """What the script says."""
    script = folder / "script.py"
    script.write_text(render(action, params, imports="module"), encoding="utf-8")
    done = subprocess.run([sys.executable, "-W", "error", str(script)], cwd=folder, capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder to serve, and one to work in."""
    (tmp_path / "root").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "root" / "a.txt").write_bytes(b"one\ntwo\n" * 5000)
    (tmp_path / "here" / "notes.txt").write_bytes(b"one\ntwo\n")
    return tmp_path / "root"


def test_listing_putting_folders_and_commands(root: Path) -> None:
    here = root.parent / "here"
    with serving(root) as there:
        assert "file 40000" in run("ftp-list", here, **there)
        assert "file 40000" in run("ftp-list", here, port=there["port"], passive=False)
        assert "notes.txt: 8 bytes" in run("ftp-put", here, **there)
        assert "226" in run("ftp-put", here, **there, text=True, path="text.txt")
        assert (root / "notes.txt").read_bytes() == b"one\ntwo\n"
        assert "made" in run("ftp-folder", here, **there)
        assert "215" in run("ftp-command", here, **there)
        assert "refused: 550" in run("ftp-command", here, **there, command="CWD nowhere")


@pytest.mark.parametrize("callback", ["function", "method", "object"])
def test_all_callbacks_give_the_same_file(root: Path, callback: str) -> None:
    here = root.parent / "here"
    with serving(root) as there:
        said = run("ftp-get", here, **there, path="a.txt", local="a.txt", callback=callback, block_size=1000)
        assert "a.txt: 40000 bytes" in said
        assert int(said.split(" blocks")[0].split()[-1]) >= 40
        assert (here / "a.txt").read_bytes() == (root / "a.txt").read_bytes()


def test_text_resume_and_tls(root: Path) -> None:
    here = root.parent / "here"
    ca = here / "ca.pem"
    ca.write_bytes(lab_ca().pem)
    with serving(root, "explicit") as there:
        assert "10000 lines" in run("ftp-get", here, **there, path="a.txt", local="text.txt", text=True)
        (here / "r.txt.part").write_bytes((root / "a.txt").read_bytes()[:30_000])
        said = run("ftp-get", here, **there, path="a.txt", local="r.txt", resume=True, tls=True, ca_file=str(ca))
        assert "from byte 30000 on" in said
        assert (here / "r.txt").read_bytes() == (root / "a.txt").read_bytes()
    with serving(root, "implicit") as there:
        assert "file 40000" in run("ftp-list", here, **there, implicit=True, verify=False)


def test_sftp(root: Path) -> None:
    here = root.parent / "here"
    with sftp_server(root) as (port, fingerprint):
        said = run("sftp", here, port=port, host_keys=(fingerprint,))
        assert "notes.txt: 8 bytes" in said
        assert "['a.txt', 'notes.txt']" in said


@pytest.mark.parametrize("action", TITLES)
def test_the_other_style_is_python_too(action: str) -> None:
    compile(render(action, {}, imports="names", handle_errors=False), action, "exec")
