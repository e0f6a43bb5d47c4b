"""The script of the server runs, serves ftplib, and ends politely; the window's form gives its values."""

from __future__ import annotations

import ast
import ftplib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from protocols.ftp.client.remote import Fetch
from protocols.ftp.client.sftp import SftpSession
from protocols.ftp.client.site import Site
from protocols.ftp.client.tally import Tally
from protocols.ftp.client.trouble import FtpError
from protocols.record.recorder import Recorder
from protocols.scripts import render
from protocols.tls import lab_ca, server_pem
from tests.peers import require_tool


@pytest.mark.parametrize("style", ["module", "names"])
def test_the_script_serves_and_stops(tmp_path: Path, style: str) -> None:
    (tmp_path / "a.txt").write_bytes(b"hello")
    script = tmp_path / "script.py"
    params = {"root": str(tmp_path), "port": 0, "passive_ports": "", "users": ["ann:secret:rw", "nonsense"]}
    script.write_text(render("ftp-server", params, imports=style))  # type: ignore[arg-type]
    command = [sys.executable, str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as ran:
        assert ran.stdout is not None
        address = ast.literal_eval(ran.stdout.readline().removeprefix("listening on ").strip())
        with ftplib.FTP(timeout=20) as ftp:
            ftp.connect(*address[:2])
            ftp.login("ann", "secret")
            got: list[bytes] = []
            ftp.retrbinary("RETR a.txt", got.append)
        assert got == [b"hello"]
        ran.send_signal(signal.SIGINT)
        out, err = ran.communicate(timeout=20)
    assert (ran.returncode, out, err) == (0, "stopped\n", "")


@pytest.mark.parametrize("kind", ["tls", "implicit"])
def test_the_script_speaks_the_tls_that_it_was_asked_for(tmp_path: Path, kind: str) -> None:
    curl = require_tool("curl")
    (tmp_path / "a.txt").write_bytes(b"hello")
    (tmp_path / "server.pem").write_bytes(server_pem(["127.0.0.1"]))
    (tmp_path / "ca.pem").write_bytes(lab_ca().pem)
    script = tmp_path / "script.py"
    script.write_text(render("ftp-server", {"port": 0, kind: True, "required": True}))
    command = [sys.executable, str(script)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as ran:
        assert ran.stdout is not None
        host, port = ast.literal_eval(ran.stdout.readline().removeprefix("listening on ").strip())

        def got(*words: str) -> str:
            asked = [curl, "-sS", "--max-time", "20", "--cacert", "ca.pem", *words]
            done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
            return done.stdout or f"error {done.returncode}"

        schemes = {"tls": ("ftp", "--ssl-reqd"), "implicit": ("ftps", "--ssl-reqd")}
        scheme, option = schemes.pop(kind)
        assert got(option, f"{scheme}://ann:secret@{host}:{port}/a.txt") == "hello"
        ((scheme, option),) = schemes.values()
        assert got(option, "--max-time", "1", f"{scheme}://ann:secret@{host}:{port}/a.txt").startswith("error")
        ran.send_signal(signal.SIGINT)
        out, _ = ran.communicate(timeout=20)
    assert (ran.returncode, out) == (0, "stopped\n")


def test_the_script_over_ssh_serves_and_keeps_who_may_not_write_from_it(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.txt").write_bytes(b"hello")
    script = tmp_path / "script.py"
    script.write_text(render("sftp-server", {"root": str(tmp_path / "root"), "port": 0,
                                             "users": ["ann:secret:rw", "bob:secret"]}))  # fmt: skip
    command = [sys.executable, "-W", "error", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as ran:
        assert ran.stdout is not None
        address = ast.literal_eval(ran.stdout.readline().removeprefix("listening on ").strip())
        key = ran.stdout.readline().removeprefix("key ").strip()
        for user, may in (("ann", True), ("bob", False)):
            site = Site(*address[:2], user, "secret", scheme="sftp", host_keys=(key,))
            session = SftpSession(site, Recorder())
            try:
                session.get(Fetch("a.txt", tmp_path / user), Tally())
                assert (tmp_path / user).read_bytes() == b"hello"
                for act in (lambda: session.make_folder("new"), lambda: session.rename("a.txt", "b.txt"),  # noqa: B023
                            lambda: session.rename("b.txt", "a.txt")):  # fmt: skip  # noqa: B023
                    if may:
                        act()
                    else:
                        with pytest.raises(FtpError):
                            act()
                with pytest.raises(FtpError):
                    session.get(Fetch("../script.py", tmp_path / f"{user} out"), Tally())
            finally:
                session.close()
        ran.send_signal(signal.SIGINT)
        out, err = ran.communicate(timeout=20)
    assert (ran.returncode, out, err) == (0, "stopped\n", "")


def test_every_part_of_it_is_python() -> None:
    whole = render("ftp-server", {"tls": True, "passive_ports": "50000-50010", "masquerade": "192.0.2.7",
                                  "writable": True, "users": ["a:b"]})  # fmt: skip
    compile(whole, "script", "exec")
    assert "range(50000, 50010 + 1)" in whole
    assert "TLS_FTPHandler" in whole
    assert "adfmw" in whole
