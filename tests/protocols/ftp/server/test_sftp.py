"""SFTP as an extra: asyncssh and OpenSSH as clients, rights, and no way out of the root."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from protocols.ftp.server import sftp
from protocols.ftp.server.setup import FtpSetup, SetupError, User
from protocols.ftp.server.sftp import SftpServer
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from tests.peers import require_tool

DATA = os.urandom(300_000)
USERS = (User("anna", "geheim", "rw"), User("reader", "x", "r"))


@contextmanager
def served(root: Path, **settings: Any) -> Iterator[tuple[SftpServer, Callable[[], list[Event]]]]:
    recorder = Recorder()
    tail = recorder.tail()
    seen: list[Event] = []
    server = SftpServer(recorder, FtpSetup(str(root), users=USERS), **settings)
    server.start()

    def events() -> list[Event]:
        seen.extend(Event.of(raw) for raw in tail.take())
        return seen

    try:
        yield server, events
    finally:
        assert server.stop(10.0)
        assert server.state == "stopped"


def within(server: SftpServer, work: Callable[[Any], Awaitable[Any]], user: str = "anna", password: str = "geheim",
           **more: Any) -> Any:  # fmt: skip
    """Do something over SFTP."""

    async def run() -> Any:
        known = asyncssh.import_known_hosts(f"[127.0.0.1]:{server.address[1]} {server.host_key}\n")
        options = {"username": user, "password": password, "known_hosts": known, "config": None, "client_keys": None}
        async with asyncssh.connect(*server.address, **options | more) as conn, conn.start_sftp_client() as client:
            return await work(client)

    return asyncio.run(asyncio.wait_for(run(), 30))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "data.bin").write_bytes(DATA)
    (tmp_path / "secret.txt").write_text("not for you")
    (folder / "out").symlink_to(tmp_path)
    (folder / "file-out").symlink_to(tmp_path / "secret.txt")
    return folder


def test_files_go_both_ways_and_each_is_a_transfer(root: Path, tmp_path: Path) -> None:
    async def work(client: asyncssh.SFTPClient) -> None:
        await client.get("data.bin", tmp_path / "got")
        await client.put(tmp_path / "got", "up.bin")
        assert "up.bin" in await client.listdir("/")
        await client.mkdir("new")
        await client.rename("up.bin", "new/moved")
        await client.remove("new/moved")
        await client.rmdir("new")

    with served(root) as (server, events):
        within(server, work)
    assert (tmp_path / "got").read_bytes() == DATA
    transfers = [event for event in events() if event.kind == "transfer"]
    assert [event.detail["way"] for event in transfers] == ["get", "put"]
    assert {event.detail["bytes"] for event in transfers} == {len(DATA)}
    assert transfers[0].detail["sha256"] == hashlib.sha256(DATA).hexdigest()
    assert transfers[0].conn is not None
    assert {"session opened", "logged in", "session closed"} <= {event.kind for event in events()}
    assert "geheim" not in repr([event for event in events() if event.layer != "call"])


def test_a_key_logs_in_and_a_wrong_password_does_not(root: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")

    async def look(client: asyncssh.SFTPClient) -> list[Any]:
        return list(await client.listdir("."))

    with served(root, keys=(key.export_public_key().decode(),)) as (server, events):
        assert "data.bin" in within(server, look, password="no", client_keys=[key])
        with pytest.raises(asyncssh.PermissionDenied):
            within(server, look, password="no")
        with pytest.raises(asyncssh.PermissionDenied):
            within(server, look, user="nobody", client_keys=[key])
    assert "login failed" in {event.kind for event in events()}


def test_who_may_read_may_not_write(root: Path, tmp_path: Path) -> None:
    async def work(client: asyncssh.SFTPClient) -> None:
        await client.get("data.bin", tmp_path / "got")
        acts = (client.put(tmp_path / "got", "up"), client.remove("data.bin"), client.mkdir("new"),
                client.rename("data.bin", "x"), client.chmod("data.bin", 0o600), client.symlink("a", "b"))  # fmt: skip
        for act in acts:
            with pytest.raises(asyncssh.SFTPError):
                await act

    with served(root) as (server, _):
        within(server, work, "reader", "x")
    assert sorted(path.name for path in root.iterdir()) == ["data.bin", "file-out", "out"]


PATHS = ["../secret.txt", "/../secret.txt", "out/secret.txt", "file-out", "out/../../secret.txt"]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out(root: Path, path: str) -> None:
    async def work(client: asyncssh.SFTPClient) -> None:
        acts = (client.stat(path), client.readlink(path), client.truncate(path, 0), client.chmod(path, 0o777),
                client.rename("data.bin", "out/stolen"), client.mkdir("out/new"), client.rmdir("out"))  # fmt: skip
        for act in acts:
            with pytest.raises(asyncssh.SFTPError):
                await act
        with pytest.raises(asyncssh.SFTPError):
            await client.open(path, "rb")
        if "out" in path and ".." not in path:
            with pytest.raises(asyncssh.SFTPError):
                await client.open(path, "wb")

    with served(root) as (server, _):
        within(server, work)
    assert (root.parent / "secret.txt").read_text() == "not for you"
    assert {each.name for each in root.parent.iterdir()} == {"root", "secret.txt"}


def test_openssh_s_own_client(root: Path, tmp_path: Path) -> None:
    program = require_tool("sftp")
    key = tmp_path / "key"
    made = asyncssh.generate_private_key("ssh-ed25519")
    made.write_private_key(str(key))
    key.chmod(0o600)
    hosts = tmp_path / "hosts"
    with served(root, keys=(made.export_public_key().decode(),)) as (server, events):
        hosts.write_text(f"[127.0.0.1]:{server.address[1]} {server.host_key}\n")
        done = subprocess.run(
            [program, "-q", "-b", "-", "-F", "/dev/null", "-i", str(key), "-o", f"UserKnownHostsFile={hosts}", "-P",
             str(server.address[1]), "anna@127.0.0.1"],
            input=f"get data.bin {tmp_path}/got\nput {tmp_path}/got up.bin\nls\n", capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert (root / "up.bin").read_bytes() == DATA
    assert len([event for event in events() if event.kind == "transfer"]) == 2


def test_stop_ends_sessions(root: Path) -> None:
    async def work(client: asyncssh.SFTPClient) -> None:
        assert len(server.sessions()) == 1
        server.request_stop()
        for _ in range(3000):
            await client.listdir("/")
            await asyncio.sleep(0.01)

    with served(root) as (server, events), pytest.raises((asyncssh.Error, OSError)):
        within(server, work)
    assert "session closed" in {event.kind for event in events()}


def test_where_the_package_is_missing_it_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sftp.importlib.util, "find_spec", lambda _name: None)
    assert sftp.missing() == sftp.MISSING
    with pytest.raises(SetupError, match="asyncssh"):
        SftpServer(Recorder(), FtpSetup(str(root), users=USERS)).start()
