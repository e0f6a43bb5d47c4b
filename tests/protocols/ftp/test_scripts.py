"""Every FTP script of Show as Python runs in a fresh interpreter against a live server, in each of its variants."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from protocols.ftp.scripts import TITLES
from protocols.ftp.server.service import FtpServer
from protocols.ftp.server.setup import FtpSetup, User
from protocols.record.recorder import Recorder
from protocols.script_text import ScriptError
from protocols.scripts import render
from protocols.tls import lab_ca
from tests.interop.test_ftp_client import sftp_server

DEADLINE_S = 30
_EACH = "import runpy, sys\nfor name in sys.argv[1:]: runpy.run_path(name, run_name='__main__')"


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
    return run_all(action, folder, [params])


def run_all(action: str, folder: Path, many: Sequence[Mapping[str, Any]]) -> str:
    """What the script says with these values, one after the other, in one interpreter."""
    scripts = [folder / f"script{number}.py" for number in range(len(many))]
    for script, params in zip(scripts, many, strict=True):
        script.write_text(render(action, params, imports="module"), encoding="utf-8")
    done = subprocess.run([sys.executable, "-W", "error", "-c", _EACH, *map(str, scripts)], cwd=folder,
                          capture_output=True, text=True, timeout=DEADLINE_S, check=False)  # fmt: skip
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
    (here / "deep" / "er").mkdir(parents=True)
    (here / "deep" / "er" / "a.txt").write_bytes(b"a")
    with serving(root) as there:
        said = run_all("ftp-list", here, [there, {"port": there["port"], "passive": False}])
        assert said.count("file 40000") == 2
        said = run_all("ftp-put", here, [there, {**there, "text": True, "path": "text.txt"}])
        assert "notes.txt: 8 bytes" in said
        assert "226" in said
        assert (root / "notes.txt").read_bytes() == b"one\ntwo\n"
        assert "1 files" in run("ftp-put-folder", here, **there, path="deep", local="deep")
        acts = [{}, {"act": "make", "path": "made"}, {"act": "rename", "path": "deep", "to": "made/deep"},
                {"act": "rights", "path": "made/deep/er/a.txt", "rights": "600"}]  # fmt: skip
        assert "made" in run_all("ftp-folder", here, [{**there, **act} for act in acts])
        assert (root / "made" / "deep" / "er" / "a.txt").stat().st_mode & 0o777 == 0o600
        said = run_all("ftp-get-folder", here, [{**there, "path": "made", "local": "made"}] * 2)
        assert "1 files" in said
        assert "nothing is written over" in said
        assert (here / "made" / "deep" / "er" / "a.txt").read_bytes() == b"a"
        run("ftp-folder", here, **there, act="remove", path="made")
        assert sorted(each.name for each in root.iterdir()) == ["a.txt", "notes.txt", "text.txt"]
        lines = ("SYST", "CWD nowhere", "NLST")
        said = run_all("ftp-command", here, [{**there, "command": line} for line in lines])
        assert all(words in said for words in ("215", "refused: 550", "notes.txt"))


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
        (root / "deep" / "er").mkdir(parents=True)
        acts: list[dict[str, str]] = [
            {}, {"act": "make", "path": "new"}, {"act": "put", "path": "new/b.txt", "local": "notes.txt"},
            {"act": "get-folder", "path": "new", "local": "new"}, {"act": "put-folder", "path": "back", "local": "new"},
            {"act": "rename", "path": "back/b.txt", "to": "c.txt"}, {"act": "rights", "path": "c.txt", "rights": "600"},
            {"act": "remove", "path": "deep"}, {"act": "list"},
        ]  # fmt: skip
        said = run_all("sftp", here, [{"port": port, "host_keys": (fingerprint,), **act} for act in acts])
    assert "notes.txt: 8 bytes" in said
    assert "['a.txt', 'deep', 'notes.txt']" in said
    assert "new: 1 entries" in said
    assert (here / "new" / "b.txt").read_bytes() == (root / "c.txt").read_bytes()
    assert (root / "c.txt").stat().st_mode & 0o777 == 0o600
    assert "['a.txt', 'back', 'c.txt', 'new', 'notes.txt']" in said


def test_a_server_that_nobody_has_vouched_for_is_looked_up_in_known_hosts() -> None:
    assert ".ssh/known_hosts" in render("sftp", {"host_keys": ()})
    with pytest.raises(ScriptError):
        render("sftp", {"act": "explode"})


@pytest.mark.parametrize("action", TITLES)
def test_the_other_style_is_python_too(action: str) -> None:
    compile(render(action, {}, imports="names", handle_errors=False), action, "exec")
