"""What goes wrong on purpose goes wrong exactly: the code, the byte, the time, and a note for each."""

from __future__ import annotations

import ftplib
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from protocols.ftp.server.rules import Rule
from tests.protocols.ftp.server.ground import Raw, Running, got, serving

DATA = os.urandom(200_000)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data.bin").write_bytes(DATA)
    return tmp_path


def injected(running: Running, count: int = 1) -> list[str]:
    return [event.summary for event in running.awaited("fault injected", count=count)]


def refused(ftp: ftplib.FTP, act: Callable[[], object]) -> str:
    """The reply that a transfer fails with; where its data connection breaks, ftplib has not read it yet."""
    with pytest.raises((ftplib.Error, OSError)) as caught:
        act()
    if isinstance(caught.value, OSError):
        with pytest.raises(ftplib.Error) as caught:
            ftp.voidresp()
    return str(caught.value)


def read_out(raw: Raw) -> None:
    while raw.line():
        pass
    raw.sock.recv(1)


@pytest.mark.parametrize(("command", "code"), [("RETR data.bin", 425), ("RETR data.bin", 450), ("STOR up.bin", 552),
                                               ("DELE data.bin", 450), ("CWD /", 550)])  # fmt: skip
def test_a_reply_in_place_of_doing_it(root: Path, command: str, code: int) -> None:
    rule = Rule(command.split()[0], "reply", code=code, times=1)
    with serving(root, rules=(rule,)) as running, running.raw() as raw:
        raw.ask("TYPE I")
        with raw.data():
            assert raw.ask(command).startswith(f"{code} ")
        assert injected(running) == [f"rule 1, {rule.checked().said()}: {command.split()[0]} answered by {code}"]
        with raw.data():
            assert raw.ask(command)[:1] in "12"  # once only
    assert (root / "data.bin").exists() or command.startswith("DELE")


def test_a_login_that_fails(root: Path) -> None:
    with serving(root, rules=(Rule("PASS", "reply", code=530),)) as running, running.client(login=False) as ftp:
        assert refused(ftp, lambda: ftp.login("anna", "geheim")) == "530 Login incorrect."


@pytest.mark.parametrize("passive", [True, False])
@pytest.mark.parametrize("at_byte", [0, 1, 65_536, 100_001])
@pytest.mark.parametrize("reset", [False, True])
def test_a_get_that_breaks_off_at_byte_n(root: Path, at_byte: int, passive: bool, reset: bool) -> None:
    rule = Rule("RETR", "abort", at_byte=at_byte, reset=reset)
    with serving(root, rules=(rule,)) as running, running.client(passive=passive) as ftp:
        pieces: list[bytes] = []
        assert refused(ftp, lambda: ftp.retrbinary("RETR data.bin", pieces.append)).startswith("426")
        if not reset:
            assert b"".join(pieces) == DATA[:at_byte]
        (transfer,) = running.awaited("transfer")
        assert (transfer.detail["bytes"], transfer.detail["complete"]) == (at_byte, False)
        assert 426 in running.replies()
        assert f"ends at byte {at_byte}" in injected(running)[0]


@pytest.mark.parametrize("at_byte", [0, 1, 70_000])
def test_a_put_that_runs_out_of_space_at_byte_n_keeps_what_came(root: Path, at_byte: int) -> None:
    rule = Rule("STOR", "abort", code=552, at_byte=at_byte)
    with serving(root, rules=(rule,)) as running, running.client() as ftp:
        assert refused(ftp, lambda: ftp.storbinary("STOR up.bin", io.BytesIO(DATA))).startswith("552")
        (transfer,) = running.awaited("transfer")
        assert transfer.detail["bytes"] == at_byte
        assert 552 in running.replies()
    assert (root / "up.bin").read_bytes() == DATA[:at_byte]


def test_data_cut_as_if_that_were_all(root: Path) -> None:
    with serving(root, rules=(Rule("RETR", "cut data", at_byte=1234),)) as running, running.client() as ftp:
        assert got(ftp, "RETR data.bin") == DATA[:1234]  # and ftplib believes the 226
        (transfer,) = running.awaited("transfer")
        assert transfer.detail["complete"] is False
        assert transfer.detail["error"] == "cut on purpose at byte 1234"
        assert 226 in running.replies()


def test_text_and_listings_are_cut_exactly_too(root: Path) -> None:
    (root / "lines.txt").write_bytes(b"one\ntwo\n")
    with serving(root, rules=(Rule("*", "cut data", at_byte=6),)) as running, running.client() as ftp:
        lines: list[str] = []
        ftp.retrlines("RETR lines.txt", lines.append)
        assert lines == ["one", "t"]
        assert ftp.nlst() == ["data.b"]


@pytest.mark.parametrize("at_byte", [0, 1, 10])
def test_the_control_connection_is_cut_in_a_reply(root: Path, at_byte: int) -> None:
    with serving(root, rules=(Rule("PWD", "cut control", at_byte=at_byte),)) as running, running.raw() as raw:
        raw.send(b"PWD\r\n")
        assert raw.line() == '257 "/" is the current directory.'[:at_byte]
        assert raw.sock.recv(1) == b""
        assert injected(running)
        running.awaited("session closed")


def test_the_control_connection_is_cut_after_the_first_reply_of_a_transfer(root: Path) -> None:
    with serving(root, rules=(Rule("RETR", "cut control", at_byte=60, reset=True),)) as running, running.raw() as raw:
        raw.ask("TYPE I")
        with raw.data() as data:
            raw.send(b"RETR data.bin\r\n")
            with pytest.raises(ConnectionResetError):
                read_out(raw)
            while data.recv(65536):
                pass
        running.awaited("session closed")


def test_a_greeting_refused_delayed_or_missing(root: Path) -> None:
    import socket

    with serving(root, rules=(Rule("connect", "reply", code=421),)) as running, \
            socket.create_connection(running.server.address) as sock:  # fmt: skip
        assert sock.recv(100) == b"421 Service not available.\r\n"
        assert sock.recv(1) == b""
    with serving(root, rules=(Rule("connect", "delay", seconds=0.05),)) as running, running.client() as ftp:
        assert ftp.pwd() == "/"
        assert injected(running)


def test_a_delayed_answer_keeps_the_order_of_what_was_sent_ahead(root: Path) -> None:
    with serving(root, rules=(Rule("PWD", "delay", seconds=0.1),)) as running, running.raw() as raw:
        raw.send(b"PWD\r\nSYST\r\nPWD\r\nNOOP\r\nTYPE I\r\n")
        replies = [raw.reply()[:3] for _ in range(5)]
    assert sorted(replies) == ["200", "200", "215", "257", "257"]
    assert replies.index("215") > replies.index("257")


def test_silence_is_no_answer_and_the_next_command_gets_its_own(root: Path) -> None:
    with serving(root, rules=(Rule("SYST", "silence"),)) as running, running.raw() as raw:
        raw.send(b"SYST\r\n")
        assert raw.ask("PWD").startswith("257")
        assert injected(running)


@pytest.mark.parametrize("command", ["RETR data.bin", "STOR up.bin"])
def test_slow_is_as_slow_as_it_says(root: Path, command: str) -> None:
    small = DATA[:6000]
    (root / "data.bin").write_bytes(small)
    rule = Rule("RETR STOR", "slow", bytes_per_second=10_000)
    with serving(root, rules=(rule,)) as running, running.client() as ftp:
        if command.startswith("RETR"):
            assert got(ftp, command) == small
        else:
            ftp.storbinary(command, io.BytesIO(small))
            assert (root / "up.bin").read_bytes() == small
        (transfer,) = running.awaited("transfer")
    assert transfer.detail["seconds"] > 0.4


def test_rules_are_exchanged_while_it_runs(root: Path) -> None:
    with serving(root) as running, running.client() as ftp:
        assert got(ftp, "RETR data.bin") == DATA
        running.server.set_rules([Rule("RETR", "reply", code=450)])
        with pytest.raises(ftplib.error_temp, match="450"):
            got(ftp, "RETR data.bin")
        assert running.server.rule_counts() == [1]
        running.server.set_rules([])
        assert got(ftp, "RETR data.bin") == DATA
