"""Behind the lab's firewall passive mode works and active mode does not, and it says why."""

from __future__ import annotations

import ftplib
import io
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from protocols.ftp.firewall import FtpFirewall
from protocols.record.event import Event
from protocols.tls import client_context
from tests.protocols.ftp.server.ground import Running, await_true, got, serving

DATA = os.urandom(1_000_000)


@contextmanager
def walled(root: Path, host: str = "127.0.0.1", **settings: object) -> Iterator[tuple[Running, FtpFirewall]]:
    with serving(root, host=host) as running:
        wall = FtpFirewall(running.recorder, running.server.address, host=host, **settings)  # type: ignore[arg-type]
        wall.start()
        try:
            yield running, wall
        finally:
            assert wall.stop(10.0)
            assert wall.state == "stopped"


def client(wall: FtpFirewall, passive: bool) -> ftplib.FTP:
    ftp = ftplib.FTP(timeout=20)
    ftp.connect(*wall.address)
    ftp.login("anna", "geheim")
    ftp.set_pasv(passive)
    return ftp


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data.bin").write_bytes(DATA)
    return tmp_path


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_passive_goes_through_and_active_is_refused_with_the_reason(root: Path, host: str) -> None:
    with walled(root, host) as (running, wall):
        with client(wall, passive=True) as ftp:
            assert got(ftp, "RETR data.bin") == DATA
            ftp.storbinary("STOR up.bin", io.BytesIO(DATA))
            assert (root / "up.bin").read_bytes() == DATA
            assert ftp.nlst() == ["data.bin", "up.bin"]
        with client(wall, passive=False) as ftp, pytest.raises(ftplib.error_temp, match="425 Can't connect"):
            got(ftp, "RETR data.bin")
        passed = running.awaited("outgoing connection let through", count=3)
        (refused,) = running.awaited("incoming connection refused")
        joined = {event.detail["onward"]: event.conn for event in running.awaited("session passed on", count=2)}
    assert refused.detail["why"].startswith("The server connected to where")
    assert joined[refused.detail["onward"]] == refused.conn
    assert {event.detail["session"] for event in passed} == {passed[0].conn}
    at_server = running.kinds("active connection refused")
    assert [event.detail["errno"] for event in at_server] == ["ECONNREFUSED"]
    assert at_server[0].conn == refused.detail["onward"]


def test_a_firewall_that_lets_in_what_was_announced(root: Path) -> None:
    with walled(root, lets_in=True) as (running, wall), client(wall, passive=False) as ftp:
        assert got(ftp, "RETR data.bin") == DATA
        (transfer,) = running.awaited("transfer")
        assert transfer.detail["connected_by"] == "server"


def test_a_server_that_is_gone_ends_the_client(root: Path) -> None:
    with walled(root) as (running, wall):
        ftp = client(wall, passive=True)
        assert running.server.stop(10.0)
        with pytest.raises((EOFError, OSError, ftplib.error_temp)):
            ftp.pwd()  # either the server's farewell or the end
        ftp.close()
        with socket.create_connection(wall.address, 20) as sock:
            assert sock.recv(1) == b""
        await_true(lambda: wall.facts().connections == 0, "the end of the links")


def test_tls_from_the_first_byte_goes_through_unread(root: Path) -> None:
    with serving(root, tls="implicit") as running:
        wall = FtpFirewall(running.recorder, running.server.address)
        wall.start()
        try:
            with (
                socket.create_connection(wall.address, 20) as plain,
                client_context(verify=False).wrap_socket(plain, server_hostname="127.0.0.1") as sock,
                sock.makefile("rb") as lines,
            ):
                assert lines.readline().startswith(b"220")
                sock.sendall(b"QUIT\r\n")
                assert lines.readline().startswith(b"221")
            assert running.awaited("wire can't be read")
        finally:
            assert wall.stop(10.0)


def test_stop_ends_what_goes_through(root: Path) -> None:
    with walled(root) as (running, wall):
        ftp = client(wall, passive=True)
        assert wall.stop(10.0)
        with pytest.raises((EOFError, OSError)):
            ftp.pwd()
        ftp.close()
        running.awaited("session closed")


def test_notes_are_events_of_the_firewall(root: Path) -> None:
    with walled(root) as (running, wall), client(wall, passive=False) as ftp:
        with pytest.raises(ftplib.error_temp):
            ftp.nlst()
        (translated,) = running.awaited("address translated")
        assert isinstance(translated, Event)
        assert translated.service == wall.name
        assert translated.detail["inside"][0] == "127.0.0.1"
