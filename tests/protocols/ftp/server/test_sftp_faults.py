"""SFTP that fails on purpose: a status, delays, and files that break off at an exact byte."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from protocols.ftp.server.rules import Rule
from protocols.ftp.server.sftp import SftpServer
from protocols.ftp.server.sftp_faults import status_of
from protocols.record.event import Event
from tests.protocols.ftp.server.test_sftp import DATA, served, within

ANNA: dict[str, Any] = {"username": "anna", "password": "geheim", "known_hosts": None, "config": None}
Lab = tuple[SftpServer, Any]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "data.bin").write_bytes(DATA)
    return folder


@pytest.fixture
def lab(root: Path) -> Iterator[Lab]:
    with served(root) as running:
        yield running


async def got(client: asyncssh.SFTPClient, size: int = 10_000) -> bytes:
    """What can be read, one block after the other."""
    found = b""
    async with client.open("data.bin", "rb") as file:
        while data := await file.read(size, len(found)):
            found += bytes(data)
    return found


async def put(client: asyncssh.SFTPClient, data: bytes = b"x" * 50_000) -> None:
    async with client.open("up.bin", "wb") as file:
        for start in range(0, len(data), 10_000):
            await file.write(data[start : start + 10_000], start)


def told(events: Any) -> list[Event]:
    return [event for event in events() if event.kind == "fault injected"]


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [(450, asyncssh.SFTPFailure, "File busy"), (550, asyncssh.SFTPNoSuchFile, "No such file"),
     (552, asyncssh.SFTPFailure, "More than your space"), (553, asyncssh.SFTPPermissionDenied, "name not allowed"),
     (502, asyncssh.SFTPOpUnsupported, "On purpose")],
)  # fmt: skip
def test_a_file_is_refused_with_the_status_that_is_nearest(
    lab: Lab, code: int, kind: type[Exception], text: str
) -> None:
    server, events = lab
    server.set_rules([Rule("RETR", "reply", path="*.bin", code=code, times=1)])

    async def work(client: asyncssh.SFTPClient) -> None:
        with pytest.raises(kind, match=text):
            await got(client)
        assert await got(client, 100_000) == DATA  # it is used up

    within(server, work)
    assert server.rule_counts() == [1]
    (note,) = told(events)
    assert note.detail["rule"] == 1


def test_what_the_status_cannot_say_the_text_says() -> None:
    said = {code: str(status_of(Rule("STOR", "reply", code=code, text="No."))) for code in (552, 452, 553)}
    assert said == {552: "No (More than your space)", 452: "No (Not enough space)", 553: "No."}


@pytest.mark.parametrize("do", ["abort", "cut data", "cut control"])
def test_a_get_ends_at_its_byte(lab: Lab, do: str) -> None:
    server, events = lab
    server.set_rules([Rule("READ", do, at_byte=25_001)])  # type: ignore[arg-type]
    found = b""

    async def work(client: asyncssh.SFTPClient) -> None:
        nonlocal found
        async with client.open("data.bin", "rb") as file:
            while data := await file.read(10_000, len(found)):
                found += bytes(data)

    if do == "cut data":
        within(server, work)
    else:
        with pytest.raises((asyncssh.SFTPError, asyncssh.ConnectionLost, ConnectionError)):
            within(server, work)
    assert found == DATA[: 25_001 if do == "cut data" else 20_000]  # the client gives no part of a read that failed
    assert len(told(events)) == 1
    done = next(event for event in wait_for(events, "transfer"))
    assert (done.detail["bytes"], done.detail["complete"]) == (25_001, False)
    assert "25001" in done.detail["error"]


def wait_for(events: Any, kind: str) -> list[Event]:
    deadline = time.monotonic() + 20
    while not (found := [event for event in events() if event.kind == kind]):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return found


@pytest.mark.parametrize(("do", "code"), [("abort", 552), ("cut data", 0), ("cut control", 0)])
def test_a_put_ends_at_its_byte(lab: Lab, root: Path, do: str, code: int) -> None:
    server, events = lab
    server.set_rules([Rule("STOR", do, code=code, at_byte=12_345)])  # type: ignore[arg-type]
    if do == "cut data":
        within(server, put)
    else:
        with pytest.raises((asyncssh.SFTPError, asyncssh.ConnectionLost, ConnectionError)) as failed:
            within(server, put)
        assert do != "abort" or "More than your space" in str(failed.value)
    wait_for(events, "transfer")
    assert (root / "up.bin").read_bytes() == b"x" * 12_345


def test_a_rule_that_is_used_up_lets_all_bytes_through(lab: Lab, root: Path) -> None:
    server, _ = lab
    server.set_rules([Rule("STOR", "abort", at_byte=15_000, times=1, skip=0)])

    async def work(client: asyncssh.SFTPClient) -> None:
        async with client.open("one", "wb") as one, client.open("two", "wb") as two:
            with pytest.raises(asyncssh.SFTPFailure):
                await one.write(b"1" * 20_000, 0)
            await two.write(b"2" * 20_000, 0)

    within(server, work)
    assert ((root / "one").stat().st_size, (root / "two").stat().st_size) == (15_000, 20_000)
    assert server.rule_counts() == [1]


def test_slow_is_slow_and_a_delay_comes_later(lab: Lab) -> None:
    server, _ = lab
    server.set_rules([Rule("RETR", "slow", bytes_per_second=100_000), Rule("LIST", "delay", seconds=0.05)])

    async def work(client: asyncssh.SFTPClient) -> None:
        began = time.monotonic()
        async with client.open("data.bin", "rb") as file:
            assert await file.read(10_000, 0) == DATA[:10_000]
        assert time.monotonic() - began >= 0.1
        began = time.monotonic()
        assert "data.bin" in await client.listdir(".")
        assert time.monotonic() - began >= 0.05

    within(server, work)
    assert server.rule_counts() == [1, 1]


def test_silence_lasts_until_the_client_goes(lab: Lab) -> None:
    server, _ = lab
    server.set_rules([Rule("MKD", "silence")])

    async def work() -> None:
        conn = await asyncssh.connect(*server.address, **ANNA)
        client = await conn.start_sftp_client()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.mkdir("new"), 0.1)
        conn.abort()
        await conn.wait_closed()

    asyncio.run(work())
    assert within(server, got) == DATA
    assert server.rule_counts() == [1]


def test_a_server_that_is_silent_ends_at_once(root: Path) -> None:
    async def work(server: SftpServer) -> None:
        conn = await asyncssh.connect(*server.address, **ANNA)
        client = await conn.start_sftp_client()
        asked = asyncio.ensure_future(client.mkdir("new"))
        await asyncio.wait({asked}, timeout=0.1)
        await asyncio.get_running_loop().run_in_executor(None, server.stop)
        with pytest.raises((asyncssh.SFTPError, asyncssh.ConnectionLost, ConnectionError)):
            await asked
        await conn.wait_closed()

    with served(root) as (server, _):
        server.set_rules([Rule("MKDIR", "silence")])
        asyncio.run(work(server))


@pytest.mark.parametrize("verb", ["remove", "rmdir", "mkdir", "listdir", "rename"])
def test_every_command_can_be_refused(lab: Lab, verb: str) -> None:
    server, _ = lab
    server.set_rules([Rule("DELE RMD MKD LIST RNFR", "reply", code=550, path="data.*")])

    async def work(client: asyncssh.SFTPClient) -> None:
        arguments = ("data.bin", "other") if verb == "rename" else ("data.bin",)
        with pytest.raises(asyncssh.SFTPNoSuchFile, match="No such file, or no permission"):
            await getattr(client, verb)(*arguments)

    within(server, work)


@pytest.mark.parametrize(
    ("rule", "kind"),
    [(Rule("PASS", "reply", user="anna", code=530), asyncssh.PermissionDenied),
     (Rule("connect", "reply", code=421, text="Not now"), asyncssh.DisconnectError),
     (Rule("connect", "cut control", reset=True), (OSError, asyncssh.DisconnectError))],
)  # fmt: skip
def test_a_login_fails(lab: Lab, rule: Rule, kind: Any) -> None:
    server, _ = lab
    server.set_rules([rule])

    async def work(_client: asyncssh.SFTPClient) -> None:
        raise AssertionError("it was let in")

    with pytest.raises(kind) as failed:
        within(server, work)
    assert rule.text != "Not now" or "Not now" in str(failed.value)
    server.set_rules([])
    assert within(server, got) == DATA
