"""The client and its queue against the lab's own server: folders both ways, cancel, retry, nothing left behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path

import pytest

from protocols.connecting import Stopped
from protocols.ftp.client.jobs import Job, Order
from protocols.ftp.client.service import FtpClient
from protocols.ftp.client.site import Site
from protocols.ftp.client.trouble import FtpError
from protocols.ftp.server.service import FtpServer
from protocols.ftp.server.setup import FtpSetup, User
from protocols.ftp.server.sftp import SftpServer
from protocols.record.recorder import Recorder
from tests.protocols.ftp.scripted import Script, scripted

DEADLINE_S = 30.0


def until(true: Callable[[], bool]) -> None:
    """Wait for a condition, generously."""
    deadline = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.005)


@contextmanager
def lab(root: Path, *, parallel: int = 3, **settings: object) -> Iterator[tuple[FtpClient, Recorder]]:
    """A server over `root` and a client of it."""
    recorder = Recorder()
    server = FtpServer(recorder, FtpSetup(str(root), users=(User("ann", "secret", "rw"),), **settings))  # type: ignore[arg-type]
    server.start()
    site = Site("127.0.0.1", server.address[1], "ann", "secret", security="explicit" if "tls" in settings else "none")
    client = FtpClient(recorder, site, parallel=parallel)
    try:
        client.start()
        yield client, recorder
    finally:
        client.stop()
        server.stop()


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def planted(folder: Path) -> Path:
    """Files in folders, an empty folder among them."""
    for number in range(40):
        place = folder / f"d{number % 3}" / "deep"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"\u6587 {number}.txt").write_bytes(b"x" * (number * 1000))
    (folder / "empty").mkdir()
    return folder


def ended(client: FtpClient) -> None:
    until(lambda: client.queue.jobs.counts().open == 0)


@pytest.mark.parametrize("tls", [False, True])
def test_folders_go_both_ways(tmp_path: Path, tls: bool) -> None:
    root = planted(tmp_path / "root" / "here").parent
    with lab(root, **({"tls": "explicit"} if tls else {})) as (client, _):
        client.transfer(Order("get", "here", tmp_path / "got", folder=True))
        ended(client)
        assert tree(tmp_path / "got") == tree(root / "here")
        assert (tmp_path / "got" / "empty").is_dir()
        client.transfer(Order("put", "back", tmp_path / "got", folder=True))
        ended(client)
        assert tree(root / "back") == tree(root / "here")
        counts = client.queue.jobs.counts()
        assert (counts.failed, counts.cancelled) == (0, 0)
        assert client.remote.about().protected is tls
        assert bool(client.remote.about().chain) is tls


def test_what_is_there_already_fails_one_by_one_and_resume_completes_it(tmp_path: Path) -> None:
    root = planted(tmp_path / "root" / "here").parent
    got = tmp_path / "got"
    (got / "d0" / "deep").mkdir(parents=True)
    (got / "d0" / "deep" / "\u6587 3.txt").write_bytes(b"x" * 1000)
    with lab(root) as (client, _):
        client.transfer(Order("get", "here", got, folder=True))
        ended(client)
        failed = [job for job in client.queue.jobs.since(0) if job.state == "failed"]
        assert [job.error.errno for job in failed if job.error] == ["EXISTS"]
        assert client.queue.retry(failed[0])
        ended(client)
        assert failed[0].state == "failed"
        assert client.queue.retry(failed[0], resume=True)
        ended(client)
        assert tree(got) == tree(root / "here")
        assert failed[0].tally.offset == 1000


def test_acts_come_one_after_the_other_and_errors_come_back(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with lab(tmp_path) as (client, _):
        made = client.submit(lambda remote: remote.make_folder("new"))
        listed = client.submit(lambda remote: [entry.name for entry in remote.listing("").entries])
        missing = client.submit(lambda remote: remote.remove("nothing"))
        assert made.result(DEADLINE_S) is None
        assert sorted(listed.result(DEADLINE_S)) == ["a", "new"]
        with pytest.raises(FtpError, match="nothing"):
            missing.result(DEADLINE_S)


def test_a_stop_ends_everything_at_once(tmp_path: Path) -> None:
    script = Script({"a": b"x" * 1000}, cut=10, how="silence", replies={"NOOP": None})
    with scripted(script):
        client = FtpClient(Recorder(), Site("127.0.0.1", script.port, "a", "b", timeout_s=60))
        client.start()
        hangs = client.submit(lambda remote: remote.by_hand("NOOP"))
        job = client.transfer(Order("get", "a", tmp_path / "a"))
        waits = client.transfer(Order("get", "a", tmp_path / "b"))
        until(lambda: job.tally.moved == 10 and waits.tally.moved == 10)
        assert client.stop()
        with pytest.raises(Stopped):
            hangs.result(0)
        assert (job.state, waits.state) == ("cancelled", "cancelled")
        assert (tmp_path / "a.part").read_bytes() == b"x" * 10
        with pytest.raises((Stopped, CancelledError)):
            client.submit(lambda remote: remote.folder("")).result(0)


def test_one_transfer_is_cancelled_and_retried_and_the_others_go_on(tmp_path: Path) -> None:
    script = Script({"a": b"0123456789" * 100}, cut=10, how="silence")
    with scripted(script):
        client = FtpClient(Recorder(), Site("127.0.0.1", script.port, "a", "b", timeout_s=60), parallel=1)
        client.start()
        try:
            job: Job = client.transfer(Order("get", "a", tmp_path / "a"))
            other = client.transfer(Order("get", "a", tmp_path / "b"))
            until(lambda: job.tally.moved == 10)
            assert other.state == "waiting"
            client.queue.cancel(job)
            assert job.over.wait(DEADLINE_S)
            assert job.state == "cancelled"
            script.cut = None
            assert other.over.wait(DEADLINE_S)
            assert client.queue.retry(job)
            assert job.over.wait(DEADLINE_S)
            assert (job.state, job.tally.offset) == ("done", 10)
            assert (tmp_path / "a").read_bytes() == script.files["a"]
        finally:
            client.stop()


def test_a_transfer_that_breaks_is_tried_again_from_where_it_stopped(tmp_path: Path) -> None:
    script = Script({"a": b"0123456789" * 100}, cut=400, how="close")
    with scripted(script):
        client = FtpClient(Recorder(), Site("127.0.0.1", script.port, "a", "b"))
        client.start()
        try:
            job = client.transfer(Order("get", "a", tmp_path / "a"))
            assert job.over.wait(DEADLINE_S)
            assert job.state == "done"  # three tries of 400 bytes each
            assert job.tries == 3
            assert (tmp_path / "a").read_bytes() == script.files["a"]
        finally:
            client.stop()


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "a/b", ".."])
def test_a_name_of_the_server_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    line = f"type=file;size=4; {name}\r\ntype=file;size=4; good\r\n".encode()
    script = Script({f"d/{name}": b"evil", "d/good": b"good"}, listing=line, features="MLST type*;size*;")
    with scripted(script):
        client = FtpClient(Recorder(), Site("127.0.0.1", script.port, "a", "b"))
        client.start()
        try:
            client.transfer(Order("get", "d", tmp_path / "inner" / "d", folder=True))
            ended(client)
        finally:
            client.stop()
    assert tree(tmp_path) == {"inner/d/good": b"good"}
    errors = [job.error.errno for job in client.queue.jobs.since(0) if job.error is not None]
    assert errors in (["UNSAFE_NAME"], [])


def test_a_link_in_the_chosen_folder_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "sub").symlink_to(tmp_path / "outside")
    root = tmp_path / "root" / "sub"
    root.mkdir(parents=True)
    (root / "a").write_text("x")
    with lab(tmp_path / "root") as (client, _):
        client.transfer(Order("get", "", tmp_path / "in", folder=True))
        ended(client)
        assert [job.error.errno for job in client.queue.jobs.since(0) if job.error] == ["UNSAFE_NAME"]
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.parametrize("kind", ["ftp", "sftp"])
def test_an_idle_client_notices_at_once_that_the_server_has_gone(tmp_path: Path, kind: str) -> None:
    recorder = Recorder()
    tail = recorder.tail()
    setup = FtpSetup(str(tmp_path), users=(User("ann", "secret", "rw"),))
    server = FtpServer(recorder, setup) if kind == "ftp" else SftpServer(recorder, setup)
    server.start()
    where = ("127.0.0.1", server.address[1], "ann", "secret")
    client = FtpClient(recorder, Site(*where, scheme="sftp", host_keys=("*",)) if kind == "sftp" else Site(*where))
    try:
        client.start()
        assert client.submit(lambda remote: remote.listing("")).result(DEADLINE_S).entries == []
        assert client.remote.alive
        server.stop()
        until(lambda: not client.remote.alive)
        until(lambda: any(raw[2] == "server gone" for raw in tail.take()))
        with pytest.raises(FtpError) as failed:
            client.submit(lambda remote: remote.listing("")).result(DEADLINE_S)
        assert failed.value.told.errno == "ECONNREFUSED"
    finally:
        client.stop()
        server.stop()


def test_sftp_says_why_it_has_no_text_mode_and_shows_blocks(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a").write_bytes(b"x" * 10_000)
    recorder = Recorder()
    server = SftpServer(recorder, FtpSetup(str(tmp_path / "root"), users=(User("ann", "secret", "rw"),)))
    server.start()
    site = Site("127.0.0.1", server.address[1], "ann", "secret", scheme="sftp", host_keys=("*",))
    client = FtpClient(recorder, site)
    try:
        client.start()
        for way, local in (("get", tmp_path / "a"), ("put", tmp_path / "root" / "a")):
            job = client.transfer(Order(way, "a", local, mode="text", force=True))  # type: ignore[arg-type]
            assert job.over.wait(DEADLINE_S)
            assert job.error is not None
            assert job.error.title == "SFTP has no text mode"
        job = client.transfer(Order("get", "a", tmp_path / "a", caller="method", block_bytes=4096))
        assert job.over.wait(DEADLINE_S)
        assert job.tally.sizes == [4096, 4096, 1808]
    finally:
        client.stop()
        server.stop()
