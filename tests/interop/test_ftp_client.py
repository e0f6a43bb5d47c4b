"""The FTP client against vsftpd and proftpd (MLSD, TLS), SFTP against asyncssh, and the command line."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from netlab_gui import cli
from protocols.ftp.client.jobs import Order
from protocols.ftp.client.remote import Fetch, Remote, Store
from protocols.ftp.client.service import FtpClient
from protocols.ftp.client.session import FtpSession
from protocols.ftp.client.site import Site
from protocols.ftp.client.tally import Tally
from protocols.ftp.client.trouble import FtpError
from protocols.ftp.server.service import FtpServer
from protocols.ftp.server.setup import FtpSetup, User
from protocols.record.event import detail_of
from protocols.record.recorder import Recorder
from tests.protocols.ftp.daemons import Daemon, proftpd, vsftpd

DEADLINE_S = 60
CONTENT = os.urandom(1_500_000)
SERVERS = {"vsftpd": vsftpd, "proftpd": proftpd}


def fill(root: Path) -> None:
    """What a login finds: a file, a folder that takes files, a name of two alphabets."""
    (root / "a.bin").write_bytes(CONTENT)
    (root / "caf\u00e9 \u0436.txt").write_text("x\n")
    (root / "in").mkdir()
    (root / "in").chmod(0o777)
    root.chmod(0o755)


def everything(remote: Remote, tmp_path: Path, uploads: str) -> None:
    """One round of all that a client does."""
    names = {entry.name: entry for entry in remote.listing("").entries}
    assert names.keys() >= {"a.bin", "caf\u00e9 \u0436.txt", "in"}
    assert (names["a.bin"].size, names["in"].kind) == (len(CONTENT), "dir")
    assert names["a.bin"].modified is not None
    (tmp_path / "a.part").write_bytes(CONTENT[:700_001])
    got = Tally()
    remote.get(Fetch("a.bin", tmp_path / "a", resume=True), got)
    assert got.offset == 700_001
    assert (tmp_path / "a").read_bytes() == CONTENT
    remote.get(Fetch("caf\u00e9 \u0436.txt", tmp_path / "name"), Tally())
    put = Tally()
    remote.put(Store(f"{uploads}/b", tmp_path / "a"), put)
    assert put.sha256 == got.sha256 == hashlib.sha256(CONTENT).hexdigest()
    with pytest.raises(FtpError, match="exists"):
        remote.put(Store(f"{uploads}/b", tmp_path / "a"), Tally())
    remote.make_folder(f"{uploads}/new")
    remote.rename(f"{uploads}/b", f"{uploads}/new/c")
    assert [entry.name for entry in remote.listing(f"{uploads}/new").entries] == ["c"]
    assert remote.find(f"{uploads}/nothing") is None
    found = remote.find(f"{uploads}/new/c")
    assert found is not None
    assert found.size == len(CONTENT)
    remote.remove(f"{uploads}/new/c")
    remote.remove_folder(f"{uploads}/new")
    assert remote.folder("in").endswith("/in")
    with pytest.raises(FtpError, match="nothing"):
        remote.get(Fetch("nothing", tmp_path / "nothing"), Tally())


@pytest.mark.parametrize("passive", [True, False], ids=["passive", "active"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("name", SERVERS)
def test_a_foreign_server(tmp_path: Path, name: str, tls: bool, passive: bool) -> None:
    with SERVERS[name](tmp_path, tls_on=tls) as server:
        fill(server.root)
        session = FtpSession(site_of(server, tls, passive), Recorder())
        try:
            session.open()
            assert session.about().protected is tls
            assert bool(session.about().chain) is tls
            everything(session, tmp_path, "in")
        finally:
            session.close()


def site_of(server: Daemon, tls: bool, passive: bool) -> Site:
    security = "explicit" if tls else "none"
    return Site("127.0.0.1", server.port, server.user, server.password, security=security, passive=passive)  # type: ignore[arg-type]


def test_an_upload_is_resumed_on_vsftpd_and_a_transfer_cancelled_goes_on(tmp_path: Path) -> None:
    with vsftpd(tmp_path) as server:
        fill(server.root)
        (tmp_path / "a").write_bytes(CONTENT)
        (server.root / "in" / "half").write_bytes(CONTENT[:1000])
        session = FtpSession(site_of(server, False, True), Recorder())
        try:
            tally = Tally()
            session.put(Store("in/half", tmp_path / "a", resume=True), tally)
            assert tally.offset == 1000
            assert (server.root / "in" / "half").read_bytes() == CONTENT
            with (server.root / "large").open("wb") as file:
                file.truncate(1 << 30)
            large, failed = Tally(), []

            def get() -> None:
                try:
                    session.get(Fetch("large", tmp_path / "large"), large)
                except OSError as error:
                    failed.append(error)

            thread = threading.Thread(target=get)
            thread.start()
            while not large.moved:
                thread.join(0.005)
            session.cancel()
            thread.join(DEADLINE_S)
            assert len(failed) == 1
            assert (tmp_path / "large.part").stat().st_size == large.moved
            session.waiter.begin()
            session.get(Fetch("a.bin", tmp_path / "again"), Tally())  # the connection goes on, or is made anew
        finally:
            session.close()


@pytest.mark.parametrize("security", ["implicit", "auto"])
def test_implicit_tls_and_a_server_that_says_which(tmp_path: Path, security: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    fill(root)
    for kind in ("implicit", "explicit") if security == "auto" else ("implicit",):
        server = FtpServer(Recorder(), FtpSetup(str(root), users=(User("ann", "s", "rw"),), tls=kind))  # type: ignore[arg-type]
        server.start()
        session = FtpSession(Site("127.0.0.1", server.address[1], "ann", "s", security=security), Recorder())  # type: ignore[arg-type]
        try:
            everything(session, (tmp_path / kind / "x").parent if (tmp_path / kind).mkdir() is None else tmp_path, "in")
        finally:
            session.close()
            server.stop()


def test_ipv6_uses_epsv_and_eprt(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    fill(root)
    recorder = Recorder()
    tail = recorder.tail()
    server = FtpServer(recorder, FtpSetup(str(root), host="::1", users=(User("ann", "s", "rw"),)))
    server.start()
    try:
        for passive in (True, False):
            session = FtpSession(Site("::1", server.address[1], "ann", "s", passive=passive), recorder)
            session.listing("")
            session.close()
    finally:
        server.stop()
    verbs = {detail_of(raw)["verb"] for raw in tail.take() if raw[2] == "command"}
    assert verbs >= {"EPSV", "EPRT"}


# SFTP


@contextmanager
def sftp_server(root: Path) -> Iterator[tuple[int, str]]:
    """asyncssh's own server over a folder; its port and the fingerprint of its key."""
    asyncssh = pytest.importorskip("asyncssh")
    key = asyncssh.generate_private_key("ssh-ed25519")

    class Server(asyncssh.SSHServer):  # type: ignore[misc,name-defined]
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("ann", "secret")

    def factory(channel: Any) -> Any:
        return asyncssh.SFTPServer(channel, chroot=str(root))

    loop = asyncio.new_event_loop()
    ready: list[Any] = []
    started = threading.Event()

    async def serve() -> None:
        ready.append(await asyncssh.create_server(Server, "127.0.0.1", 0, server_host_keys=[key], sftp_factory=factory))
        started.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        loop.run_forever()
        ready[0].close()
        loop.run_until_complete(ready[0].wait_closed())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert started.wait(DEADLINE_S)
    try:
        yield ready[0].sockets[0].getsockname()[1], key.get_fingerprint()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(DEADLINE_S)


def test_the_same_over_sftp_and_an_unknown_key_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    fill(root)
    with sftp_server(root) as (port, fingerprint):
        site = Site("127.0.0.1", port, "ann", "secret", scheme="sftp", host_keys=())
        recorder = Recorder()
        with pytest.raises(FtpError, match="SHA256") as refused:
            FtpClient(recorder, site).start()
        assert fingerprint in refused.value.told.why
        client = FtpClient(recorder, Site("127.0.0.1", port, "ann", "secret", scheme="sftp", host_keys=(fingerprint,)))
        client.start()
        try:
            client.submit(lambda remote: everything(remote, tmp_path, "in")).result(DEADLINE_S)
            client.submit(lambda remote: remote.change_mode("a.bin", 0o600)).result(DEADLINE_S)
            assert (root / "a.bin").stat().st_mode & 0o777 == 0o600
            job = client.transfer(Order("get", "", tmp_path / "all", folder=True))
            while client.queue.jobs.counts().open:
                job.over.wait(0.01)
            assert (tmp_path / "all" / "a.bin").read_bytes() == CONTENT
        finally:
            client.stop()


# The command line


def netlab(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run it as a person does."""
    command = [sys.executable, "-m", "netlab_gui", "ftp", *arguments]
    return subprocess.run(command, cwd=cwd, text=True, timeout=DEADLINE_S,
                          capture_output=True, check=False)  # fmt: skip


def test_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    root, here = tmp_path / "root", tmp_path / "here"
    root.mkdir()
    here.mkdir()
    fill(root)
    server = FtpServer(Recorder(), FtpSetup(str(root), users=(User("ann", "secret", "rw"),), tls="explicit"))
    server.start()
    url = f"ftp://ann:secret@127.0.0.1:{server.address[1]}"
    monkeypatch.chdir(here)

    def ftp(*words: str) -> int:  # in this process: a new interpreter for each costs a second
        return cli.main(["ftp", *words])

    try:
        listed = [json.loads(line) for line in netlab("ls", url, "--json", cwd=here).stdout.splitlines()]
        entries = {event["detail"]["name"]: event["detail"] for event in listed if event["kind"] == "entry"}
        assert entries.keys() == {"a.bin", "caf\u00e9 \u0436.txt", "in"}
        assert (entries["a.bin"]["size"], entries["a.bin"]["type"]) == (len(CONTENT), "file")
        assert (entries["in"]["size"], entries["in"]["type"]) == (None, "dir")
        assert entries["a.bin"]["raw"]
        (here / "a.bin.part").write_bytes(CONTENT[:9])
        assert ftp("get", f"{url}/a.bin", "--resume", "--json") == 0
        told = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
        transfers = [event["detail"] for event in told if event["kind"] == "transfer"]
        assert len(transfers) == 1
        assert transfers[0]["resumed"] == 9
        assert transfers[0]["bytes"] == len(CONTENT) - 9
        assert transfers[0]["sha256"] == hashlib.sha256(CONTENT).hexdigest()
        assert (here / "a.bin").read_bytes() == CONTENT
        assert ftp("get", f"{url}/a.bin") == 1
        assert "--force" in capfd.readouterr().err
        assert ftp("put", f"{url}/in/", "a.bin", "--tls", "--insecure") == 0
        assert ftp("mv", f"{url}/in/a.bin", "b.bin", "--active") == 0
        assert (root / "in" / "b.bin").read_bytes() == CONTENT
        assert ftp("mkdir", f"{url}/in/new") == 0
        assert ftp("get", "-r", url, "all") == 0
        assert (here / "all" / "in" / "b.bin").read_bytes() == CONTENT
        assert ftp("rm", "-r", f"{url}/in") == 0
        assert not (root / "in").exists()
        with pytest.raises(SystemExit) as ended:
            ftp("ls", "http://127.0.0.1/")
        assert ended.value.code == 2
        assert ftp("ls", f"ftp://ann:wrong@127.0.0.1:{server.address[1]}") == 1
        assert "let ann in" in capfd.readouterr().err
    finally:
        server.stop()
