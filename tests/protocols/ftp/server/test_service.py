"""The FTP server as a service: its life, its events, its transfers, with Python's ftplib as the peer."""

from __future__ import annotations

import ftplib
import hashlib
import io
import os
import socket
import warnings
from pathlib import Path

import pytest

from protocols.ftp.server.service import FtpServer
from protocols.ftp.server.setup import FtpSetup, Limits, SetupError, User
from protocols.record.recorder import Recorder
from tests.protocols.ftp.server.ground import await_true, got, serving

DATA = os.urandom(300_000)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data.bin").write_bytes(DATA)
    (tmp_path / "lines.txt").write_bytes(b"one\ntwo\n")
    (tmp_path / "sub").mkdir()
    return tmp_path


@pytest.mark.parametrize("passive", [True, False])
def test_files_go_both_ways_and_each_is_one_transfer_event(root: Path, passive: bool) -> None:
    with serving(root) as running, running.client(passive=passive) as ftp:
        assert got(ftp, "RETR data.bin") == DATA
        ftp.storbinary("STOR up.bin", io.BytesIO(DATA[:200_000]))
        assert (root / "up.bin").read_bytes() == DATA[:200_000]
        transfers = running.awaited("transfer", count=2)
    down, up = sorted(transfers, key=lambda event: event.detail["verb"])
    session = running.kinds("session opened")[0]
    for event, path, data in ((down, "/data.bin", DATA), (up, "/up.bin", DATA[:200_000])):
        assert event.detail["path"] == path
        assert event.detail["bytes"] == len(data)
        assert event.detail["sha256"] == hashlib.sha256(data).hexdigest()
        assert event.detail["session"] == session.conn
        assert event.detail["role"] == "data"
        assert event.detail["complete"] is True
        assert event.detail["connected_by"] == ("client" if passive else "server")
        assert event.conn not in (None, session.conn)
    assert (down.direction, up.direction) == ("out", "in")


def test_both_connections_of_a_session_are_joined_and_their_calls_recorded(root: Path) -> None:
    with serving(root) as running, running.client() as ftp:
        got(ftp, "RETR data.bin")
        (transfer,) = running.awaited("transfer")
    moved = [event for event in running.all() if event.conn == transfer.conn and event.kind == "sendfile"]
    assert sum(event.size or 0 for event in moved) == len(DATA)
    control = [event for event in running.all() if event.conn == transfer.detail["session"]]
    assert {"recv", "send", "command", "reply"} <= {event.kind for event in control}
    for direction in ("in", "out"):
        told = [event for event in control if event.layer == "message" and event.direction == direction]
        place = 0
        for event in told:
            assert event.offset == place
            place += event.size or 0


def test_the_password_is_in_no_event(root: Path) -> None:
    with serving(root) as running, running.client() as ftp:
        ftp.pwd()
    assert not [event for event in running.all() if "geheim" in repr(event)]
    assert [event.summary for event in running.kinds("command") if event.detail["verb"] == "PASS"] == ["PASS ******"]


def test_resume_begins_at_the_offset_and_is_hashed_whole(root: Path) -> None:
    with serving(root) as running, running.client() as ftp:
        assert got(ftp, "RETR data.bin", rest=100_000) == DATA[100_000:]
        (down,) = running.awaited("transfer")
        (root / "part").write_bytes(DATA[:1000])
        ftp.storbinary("STOR part", io.BytesIO(DATA[1000:2000]), rest=1000)
        assert (root / "part").read_bytes() == DATA[:2000]
        up = running.awaited("transfer", count=2)[1]
        ftp.storbinary("APPE part", io.BytesIO(DATA[2000:3000]))
        assert (root / "part").read_bytes() == DATA[:3000]
        more = running.awaited("transfer", count=3)[2]
    assert (down.detail["resumed"], down.detail["bytes"]) == (100_000, 200_000)
    assert down.detail["sha256"] == hashlib.sha256(DATA).hexdigest()
    assert (up.detail["resumed"], up.detail["bytes"]) == (1000, 1000)
    assert (more.detail["resumed"], more.detail["bytes"]) == (2000, 1000)
    assert more.detail["sha256"] == hashlib.sha256(DATA[:3000]).hexdigest()


def test_text_has_crlf_on_the_wire_and_lf_on_the_disk(root: Path) -> None:
    with serving(root) as running, running.client() as ftp:
        lines: list[str] = []
        ftp.retrlines("RETR lines.txt", lines.append)
        assert lines == ["one", "two"]
        ftp.storlines("STOR up.txt", io.BytesIO(b"a\nb\n"))
        assert (root / "up.txt").read_bytes() == b"a\nb\n"
        transfers = running.awaited("transfer", count=2)
    assert [event.detail["type"] for event in transfers] == ["text", "text"]
    assert sorted(event.detail["bytes"] for event in transfers) == [6, 10]


def test_listings_facts_names_and_changes(root: Path) -> None:
    with serving(root) as running, running.client() as ftp:
        facts = dict(ftp.mlsd())
        assert set(facts) == {"data.bin", "lines.txt", "sub"}
        assert facts["data.bin"]["size"] == str(len(DATA))
        assert facts["sub"]["type"] == "dir"
        assert ftp.nlst() == ["data.bin", "lines.txt", "sub"]
        lines: list[str] = []
        ftp.retrlines("LIST -la", lines.append)
        assert len(lines) == 3
        ftp.voidcmd("TYPE I")
        assert ftp.size("data.bin") == len(DATA)
        assert ftp.sendcmd("MDTM data.bin").startswith("213 2")
        assert ftp.sendcmd("MLST data.bin").startswith("250")
        assert ftp.mkd("new") == "/new"
        assert ftp.rename("lines.txt", "new/höhe ☃.txt").startswith("250")
        assert ftp.nlst("new") == ["höhe ☃.txt"]
        assert ftp.sendcmd("SITE CHMOD 600 data.bin").startswith("200")
        assert (root / "data.bin").stat().st_mode & 0o777 == 0o600
        assert "UTF8" in ftp.sendcmd("FEAT")
        assert ftp.sendcmd("OPTS UTF8 ON").startswith("200")
        ftp.delete("new/höhe ☃.txt")
        ftp.rmd("new")
        running.awaited("listing", count=4)
    assert running.kinds("transfer") == []


def test_stou_takes_a_name_of_its_own(root: Path) -> None:
    with serving(root) as running, running.client() as ftp:
        ftp.storbinary("STOU", io.BytesIO(b"x"))
        (transfer,) = running.awaited("transfer")
    assert (root / transfer.detail["path"].lstrip("/")).read_bytes() == b"x"


def test_names_that_are_no_utf8_come_through_byte_for_byte(root: Path) -> None:
    name = b"caf\xe9"
    (root / os.fsdecode(name)).write_bytes(b"x")
    with serving(root) as running, running.raw() as raw:
        raw.ask("TYPE I")
        raw.send(b"SIZE " + name + b"\r\n")
        assert raw.reply() == "213 1"
        with raw.data() as data, data.makefile("rb") as file:
            assert raw.ask("NLST")[:3] in ("125", "150")
            assert name + b"\r\n" in file.read()
        running.awaited("listing")


def test_rights_say_what_a_user_may(root: Path) -> None:
    users = (User("reader", "x"), User("drop", "x", "elw"), User("home", "x", "rw", "sub"))
    with serving(root, users=users, anonymous=True) as running:
        for name, may in (("reader", False), ("anonymous", False), ("drop", True), ("home", True)):
            with running.client(login=False) as ftp:
                ftp.login(name, "x")
                if may:
                    ftp.storbinary("STOR new.bin", io.BytesIO(b"x"))
                else:
                    with pytest.raises(ftplib.error_perm, match="550"):
                        ftp.storbinary("STOR new.bin", io.BytesIO(b"x"))
                if name == "drop":
                    with pytest.raises(ftplib.error_perm, match="550"):
                        got(ftp, "RETR data.bin")
        assert (root / "sub" / "new.bin").exists()
        with running.client(login=False) as ftp, pytest.raises(ftplib.error_perm, match="530"):
            ftp.login("reader", "wrong")
        assert running.awaited("login failed")


def test_what_runs_is_told_live(root: Path) -> None:
    with serving(root) as running, running.raw() as raw:
        raw.ask("TYPE I")
        with raw.data() as data:
            raw.send(b"STOR live.bin\r\n")
            raw.reply()
            data.sendall(b"x" * 5000)
            await_true(lambda: any(s.transfer and s.transfer.bytes == 5000 for s in running.server.sessions()), "bytes")
            (session,) = running.server.sessions()
            assert (session.user, session.doing, session.data) == ("anna", "STOR live.bin", "passive")
            assert session.transfer is not None
            assert (session.transfer.way, session.transfer.path) == ("put", "/live.bin")
            assert running.server.facts().connections == 1
        assert raw.reply().startswith("226")
        running.server.end_session(session.number)
        assert raw.reply().startswith("421")
        await_true(lambda: not running.server.sessions(), "the session's end")


def test_limits_hold(root: Path) -> None:
    with serving(root, limits=Limits(sessions=2)) as running, running.raw(), running.raw(), \
            socket.create_connection(running.server.address) as third:  # fmt: skip
        assert third.recv(100).startswith(b"421")
    with serving(root, limits=Limits(sessions_per_address=1)) as running, running.raw(), \
            socket.create_connection(running.server.address) as second:  # fmt: skip
        assert second.recv(100).startswith(b"421")


def test_stop_ends_sessions_and_transfers_and_gives_the_port_back(root: Path) -> None:
    with serving(root) as running, running.raw() as raw:
        raw.ask("TYPE I")
        with raw.data() as data:
            raw.send(b"STOR live.bin\r\n")
            raw.reply()
            data.sendall(b"x" * 5000)
            running.awaited("recv_into")
            assert running.server.stop(10.0)
            assert data.recv(10) == b""
        (transfer,) = running.kinds("transfer")
        assert transfer.detail["complete"] is False
        with socket.create_server(running.server.address):
            pass


def test_a_bad_setup_is_refused_with_a_sentence(root: Path) -> None:
    bad = [
        FtpSetup(str(root / "nowhere"), anonymous=True), FtpSetup(str(root)),
        FtpSetup(str(root), users=(User("a", "b", "xyz"),)), FtpSetup(str(root), users=(User("a", "b", "", ".."),)),
        FtpSetup(str(root), users=(User("a", "b"), User("a", "c"))),
        FtpSetup(str(root), anonymous=True, passive_ports=(9, 5)),
        FtpSetup(str(root), anonymous=True, masquerade="::1"),
    ]  # fmt: skip
    for setup in bad:
        with pytest.raises(SetupError):
            FtpServer(Recorder(), setup).start()


def test_a_port_in_use_is_raised_where_it_was_asked_for(root: Path) -> None:
    with serving(root) as running:
        second = FtpServer(Recorder(), FtpSetup(str(root), port=running.port, anonymous=True))
        with pytest.raises(OSError):
            second.start()
        assert second.state == "failed"


def test_nothing_of_the_library_warns_or_logs(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with serving(root) as running, running.client() as ftp:
            ftp.nlst()
    assert capfd.readouterr() == ("", "")
