"""Clients that mean harm, or were cut off: no hang, no way out, and the server serves on."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.ftp.server.rules import Rule
from protocols.ftp.server.session import AHEAD, ENDLESS_BYTES, LINE_BYTES
from protocols.ftp.server.setup import Limits
from tests.protocols.ftp.server.ground import Running, await_true, serving

RST = struct.pack("ii", 1, 0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "sub").mkdir(parents=True)
    (folder / "data.bin").write_bytes(b"d" * 100_000)
    (tmp_path / "secret.txt").write_bytes(b"not for you")
    (folder / "out").symlink_to(tmp_path)
    (folder / "file-out").symlink_to(tmp_path / "secret.txt")
    (folder / "in").symlink_to(folder / "sub")
    return folder


def still_serves(running: Running) -> None:
    with running.client() as ftp:
        assert ftp.pwd() == "/"


PATHS = ["..", "../secret.txt", "/../secret.txt", "sub/../../secret.txt", "out", "out/secret.txt", "file-out", "//..//",
         "in/../../secret.txt", "....//secret.txt", "..\\secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt",
         "sub/./../.././secret.txt", "\udcc0\udcae\udcc0\udcae/secret.txt", "~/x", "~root"]  # fmt: skip


def test_no_path_leads_out_of_the_root(root: Path) -> None:
    with serving(root) as running, running.raw() as raw:
        raw.ask("TYPE I")
        for path in PATHS:
            for verb in ("RETR", "STOR", "APPE", "DELE", "MKD", "RMD", "RNFR", "MLST", "SIZE", "MDTM", "SITE CHMOD 777",
                         "STAT", "STOU", "MFMT 20200101000000"):  # fmt: skip
                with raw.data() as data:
                    reply = raw.ask(f"{verb} {path}")
                    data.close()
                    if reply[:1] == "1":
                        reply = raw.reply()
                assert b"not for you" not in reply.encode("utf-8", "replace")
                assert "secret" not in reply or reply[0] == "5" or path not in ("out", "file-out")
            raw.ask("RNFR data.bin")
            raw.ask(f"RNTO {path}/data.bin")
            assert raw.ask("CWD /") == '250 "/" is the current directory.'
    outside = {path.name for path in root.parent.iterdir()}
    assert outside == {"root", "secret.txt"}
    assert (root.parent / "secret.txt").read_bytes() == b"not for you"


def test_links_that_lead_out_are_shown_and_tell_nothing(root: Path) -> None:
    with serving(root) as running, running.client() as ftp:
        lines: list[str] = []
        ftp.retrlines("LIST", lines.append)
        assert not any(str(root.parent) in line for line in lines)
        facts = dict(ftp.mlsd())
        assert facts["out"]["type"] == "OS.unix=slink"
        assert facts["file-out"]["size"] != str(len("not for you"))
        assert facts["in"]["type"] == "dir"
        assert ftp.cwd("in").startswith("250")


NAMES = st.sampled_from(["..", ".", "", "sub", "out", "in", "file-out", "x", "\\", "...", "é"])


@given(parts=st.lists(NAMES, max_size=8), lead=st.sampled_from(["", "/", "//", "./"]))
def test_whatever_the_path_what_is_opened_is_inside(parts: list[str], lead: str, root: Path) -> None:
    from protocols.ftp.server.root import VirtualRoot

    fs = VirtualRoot(str(root), None)
    real = fs.ftp2fs(lead + "/".join(parts))
    if fs.validpath(real):
        assert os.path.realpath(real).startswith(os.path.realpath(root))
    else:
        with pytest.raises(PermissionError):
            fs.open(real, "rb")


def test_an_endless_line_is_refused_and_no_part_of_it_is_obeyed(root: Path) -> None:
    with serving(root) as running, running.raw() as raw:
        raw.send(b"A" * (LINE_BYTES + 10) + b"\r")
        raw.send(b"DELE data.bin\r\n")
        assert raw.reply().startswith("500 A command line has at most")
        assert raw.ask("NOOP").startswith("200")
        assert (root / "data.bin").exists()
        raw.send(b"B" * (ENDLESS_BYTES + LINE_BYTES))
        assert raw.reply().startswith("421")
        still_serves(running)


@settings(max_examples=15)
@given(cuts=st.lists(st.integers(1, 70), max_size=6), ends=st.sampled_from([b"\r\n", b"\n"]))
def test_lines_may_be_split_anywhere_and_end_as_they_like(cuts: list[int], ends: bytes, shared: Running) -> None:
    lines = ends.join([b"USER anna", b"PASS geheim", b"CWD sub", b"PWD", b"TYPE I", b"QUIT", b""])
    with socket.create_connection(shared.server.address, 20) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        places = sorted({0, *(cut for cut in cuts if cut < len(lines)), len(lines)})
        for begin, end in pairwise(places):
            sock.sendall(lines[begin:end])
        with sock.makefile("rb") as file:
            codes = [line[:3] for line in file]
    assert codes == [b"220", b"331", b"230", b"250", b"257", b"200", b"221"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("shared")
    (folder / "sub").mkdir()
    with serving(folder) as running:
        yield running


@settings(max_examples=25)
@given(junk=st.binary(min_size=1, max_size=400))
def test_any_bytes_are_answered_or_the_session_ends(junk: bytes, shared: Running) -> None:
    with socket.create_connection(shared.server.address, 20) as sock:
        sock.sendall(b"USER anna\r\nPASS geheim\r\n" + junk.replace(b"STOR", b"") + b"\r\nQUIT\r\n")
        with sock.makefile("rb") as file:
            replies = file.readlines()
    assert replies[-1][:3] in (b"221", b"421")
    assert not shared.kinds("server error")


def test_what_waits_for_a_transfer_is_bounded(root: Path) -> None:
    with serving(root) as running, running.raw() as raw:
        raw.ask("TYPE I")
        with raw.data():
            raw.send(b"STOR up.bin\r\n" + b"SYST\r\n" * (AHEAD + 5))
            raw.reply()
            assert raw.reply().startswith("421 Too many")
        still_serves(running)


def test_commands_sent_ahead_of_a_transfers_end_are_obeyed_behind_it(root: Path) -> None:
    (root / "data.bin").write_bytes(b"d" * 30_000_000)  # more than the kernel holds
    with serving(root) as running, running.raw() as raw:
        raw.ask("TYPE I")
        with raw.data() as data:
            raw.send(b"RETR data.bin\r\nPWD\r\nNOOP\r\nSYST\r\n")
            assert raw.reply()[0] == "1"
            assert raw.reply().startswith("200")  # NOOP is obeyed at once
            while data.recv(65536):
                pass
        assert [raw.reply()[:3] for _ in range(3)] == ["226", "257", "215"]
        sent = [event.data for event in running.kinds("send") if event.data]
    assert [data[:3] for data in sent if b"226 " in data and b"\r\n257 " in data] == [b"226"]  # one packet, not two


@pytest.mark.parametrize("last", ["QUIT", "SITE HELP", "NOSUCH"])
def test_the_end_of_a_transfer_is_said_whatever_was_sent_ahead(root: Path, last: str) -> None:
    with serving(root) as running, running.raw() as raw:
        raw.ask("TYPE I")
        with raw.data() as data:
            raw.send(f"RETR data.bin\r\n{last}\r\n".encode())
            assert raw.reply()[0] == "1"
            while data.recv(65536):
                pass
        assert raw.reply().startswith("226")
        assert raw.reply()[0] in "25"


def test_abor_ends_a_transfer_and_the_session_goes_on(root: Path) -> None:
    with serving(root) as running, running.raw() as raw:
        raw.ask("TYPE I")
        with raw.data() as data:
            assert raw.ask("STOR up.bin")[0] == "1"
            data.sendall(b"x" * 1000)
            await_true(lambda: any(s.transfer and s.transfer.bytes == 1000 for s in running.server.sessions()), "bytes")
            raw.send(b"\xff\xf4\xff")
            raw.sock.send(b"\xf2", socket.MSG_OOB)
            assert raw.ask("ABOR").startswith("426")
            assert raw.reply().startswith("226")
        assert (root / "up.bin").read_bytes() == b"x" * 1000
        assert raw.ask("ABOR").startswith("225")
        raw.pasv()
        assert raw.ask("RETR data.bin")[0] == "1"
        assert raw.ask("ABOR").startswith("425")
        assert raw.reply().startswith("226")
        (first, second) = running.awaited("transfer", count=2)
        assert (first.detail["bytes"], first.detail["complete"]) == (1000, False)
        assert second.detail["error"] == "Transfer aborted by ABOR."


@pytest.mark.parametrize("where", ["control", "data"])
@pytest.mark.parametrize("verb", ["RETR data.bin", "STOR up.bin"])
def test_a_reset_in_the_middle_is_told_and_nothing_hangs(root: Path, where: str, verb: str) -> None:
    (root / "data.bin").write_bytes(b"d" * 20_000_000)
    with serving(root) as running, running.raw() as raw:
        raw.ask("TYPE I")
        data = raw.data()
        with data:
            assert raw.ask(verb)[0] == "1"
            if verb.startswith("STOR"):
                data.sendall(b"x" * 1000)
                await_true(lambda: any(s.transfer and s.transfer.bytes for s in running.server.sessions()), "bytes")
            cut = raw.sock if where == "control" else data
            cut.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
            if where == "control":
                raw.close()
            cut.close()
            (transfer,) = running.awaited("transfer")
            assert transfer.detail["complete"] is False
        if where == "data":
            assert raw.reply().startswith("426")
            assert raw.ask("NOOP").startswith("200")
        still_serves(running)


def test_a_client_that_never_comes_or_says_nothing_is_given_up(root: Path) -> None:
    limits = Limits(data_wait_s=0.2, silence_s=0.5)
    with serving(root, limits=limits) as running, running.raw() as raw:
        raw.ask("TYPE I")
        raw.pasv()
        assert raw.ask("RETR data.bin").startswith("150")
        assert raw.reply() == "425 Nobody connected to the passive port in time."
        assert raw.reply().startswith("421")
        assert raw.sock.recv(1) == b""
        with running.raw() as second:
            second.ask("TYPE I")
            with second.data() as data:
                second.ask("STOR silent.bin")
                assert second.reply().startswith("426 The data connection was silent")
                assert data.recv(1) == b""


def test_a_transfer_without_a_data_connection_is_refused_at_once(root: Path) -> None:
    with serving(root) as running, running.raw() as raw:
        for command in ("RETR data.bin", "STOR x", "LIST", "MLSD", "STOU"):
            assert raw.ask(command).startswith("425")
        assert raw.ask("NOOP").startswith("200")
    assert not (root / "x").exists()


@pytest.mark.parametrize(("command", "code"), [
    ("PORT 127,0,0,2,195,80", "501"), ("PORT 10,0,0,1,195,80", "501"), ("EPRT |1|192.0.2.1|50000|", "501"),
    ("PORT 127,0,0,1,0,25", "501"), ("EPRT |1|127.0.0.1|1023|", "501"), ("EPRT |2|::1|50000|", "522"),
    ("PORT 1,2,3", "501"), ("PORT 999,0,0,1,1,1", "501"), ("EPRT nonsense", "501"), ("EPRT |1|localhost|50000|", "501"),
])  # fmt: skip
def test_bounces_and_privileged_ports_are_refused(root: Path, command: str, code: str) -> None:
    with serving(root) as running, running.raw() as raw:
        assert raw.ask(command).startswith(code)
        if code == "501" and "nonsense" not in command and command.count(",") != 2 and "999" not in command \
                and "localhost" not in command:  # fmt: skip
            assert running.awaited("data connection refused")[0].detail["why"].startswith("Refused: ")


def test_only_the_client_itself_may_come_to_its_passive_port(root: Path) -> None:
    with serving(root) as running, running.raw() as raw:
        raw.ask("TYPE I")
        where = raw.pasv()
        with socket.create_connection(where, 20, ("127.0.0.2", 0)) as thief:
            assert thief.recv(1) == b""
        running.awaited("data connection refused")
        with socket.create_connection(where, 20) as data:
            assert raw.ask("RETR data.bin")[0] == "1"
            assert data.recv(10)


def test_the_passive_range_is_kept_and_its_end_is_a_reply(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with serving(root, passive_ports=(port, port), masquerade="192.0.2.7") as running, running.raw() as raw:
            assert raw.ask("PASV") == f"425 No passive port: No free port in {port}-{port}."
            taken.close()
            assert raw.ask("PASV").startswith("227 Entering passive mode (192,0,2,7,")
            assert raw.ask("EPSV").startswith("229")


def test_a_thousand_sessions_at_once(root: Path) -> None:
    with serving(root) as running:
        socks: list[socket.socket] = []
        try:
            for _ in range(1000):
                socks.append(socket.create_connection(running.server.address, 20))
            for sock in socks:
                with sock.makefile("rb") as file:
                    assert file.readline().startswith(b"220")
                    sock.sendall(b"USER anna\r\nPASS geheim\r\n")
                    assert file.readline().startswith(b"331")
                    assert file.readline().startswith(b"230")
            assert len(running.server.sessions()) == 1000
            still_serves(running)
        finally:
            for sock in socks:
                sock.close()
        await_true(lambda: len(running.server.sessions()) == 0, "the end of all")


def test_a_fifo_in_the_root_does_not_block_the_server(root: Path) -> None:
    os.mkfifo(root / "pipe")
    with serving(root) as running, running.raw() as raw:
        raw.ask("TYPE I")
        for verb in ("RETR", "STOR"):
            with raw.data():
                assert raw.ask(f"{verb} pipe").startswith("550")
        still_serves(running)


@pytest.mark.parametrize("rule", [True, False])
def test_a_refused_transfer_leaves_no_second_reply_behind(root: Path, rule: bool) -> None:
    rules = (Rule("RETR", "abort", at_byte=10),) if rule else ()
    with serving(root, rules=rules) as running, running.raw() as raw:
        raw.ask("TYPE I")
        with raw.data():
            running.awaited("accept", count=2)
            assert raw.ask("RETR nothing").startswith("550")
            assert raw.ask("PWD").startswith("257")
        assert raw.ask("SYST").startswith("215")
        assert raw.ask("NOOP").startswith("200")
    assert not running.kinds("transfer", "fault injected")


def test_a_fast_upload_that_stops_is_taken_to_its_last_byte_and_given_up_at_last(root: Path) -> None:
    data = os.urandom(3 << 20)
    with serving(root, limits=Limits(silence_s=0.4)) as running:
        with running.client() as ftp:
            ftp.voidcmd("TYPE I")
            sock = ftp.transfercmd("STOR whole.bin")
            sock.sendall(data)
            sock.close()
            assert ftp.voidresp().startswith("226")
            assert (root / "whole.bin").read_bytes() == data
            with ftp.transfercmd("STOR stopped.bin") as sock:
                sock.sendall(data[:-1000])
                assert ftp.getmultiline().startswith("426")
        assert (root / "stopped.bin").read_bytes() == data[:-1000]
