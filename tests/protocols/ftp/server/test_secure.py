"""FTPS with Python's FTP_TLS: both ways of it, demanded or not, and nothing smuggled in ahead of the handshake."""

from __future__ import annotations

import ftplib
import io
import os
import socket
import ssl
from pathlib import Path

import pytest

from protocols.tls import client_context
from tests.protocols.ftp.server.ground import PATIENCE_S, Running, got, serving

DATA = os.urandom(700_000)


class Implicit(ftplib.FTP_TLS):
    """ftplib with TLS from the first byte, which it does not have of itself."""

    @property
    def sock(self) -> socket.socket | None:
        return self._sock

    @sock.setter
    def sock(self, value: socket.socket | None) -> None:
        if value is not None and not isinstance(value, ssl.SSLSocket):
            value = self.context.wrap_socket(value, server_hostname="localhost")
        self._sock = value


def secure(running: Running, kind: type[ftplib.FTP_TLS] = ftplib.FTP_TLS) -> ftplib.FTP_TLS:
    ftp = kind(timeout=PATIENCE_S, context=client_context())
    ftp.connect("localhost", running.port)
    return ftp


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data.bin").write_bytes(DATA)
    return tmp_path


@pytest.mark.parametrize("passive", [True, False])
@pytest.mark.parametrize("kind", ["explicit", "implicit"])
def test_files_go_protected_both_ways_and_the_plain_text_is_recorded(root: Path, kind: str, passive: bool) -> None:
    with serving(root, tls=kind) as running, \
            secure(running, Implicit if kind == "implicit" else ftplib.FTP_TLS) as ftp:  # fmt: skip
        ftp.login("anna", "geheim", secure=kind == "explicit")
        ftp.prot_p()
        ftp.set_pasv(passive)
        assert got(ftp, "RETR data.bin") == DATA
        ftp.storbinary("STOR up.bin", io.BytesIO(DATA))
        assert (root / "up.bin").read_bytes() == DATA
        assert ftp.nlst() == ["data.bin", "up.bin"]
        (session,) = running.server.sessions()
        assert (session.tls, session.protected) == (True, True)
        down, up = running.awaited("transfer", count=2)
        assert not [event for event in running.all() if "geheim" in repr(event)]
    assert down.detail["tls"] is True
    assert up.detail["tls"] is True
    shakes = running.kinds("handshake")
    assert {event.conn for event in shakes} >= {session.conn, down.conn, up.conn}
    sent = [event for event in running.all() if event.conn == down.conn and event.kind == "send"]
    assert sum(event.size or 0 for event in sent) == len(DATA)
    assert DATA.startswith(sent[0].data or b"-")
    assert all(event.detail.get("tls") for event in sent)


def test_tls_can_be_demanded(root: Path) -> None:
    with serving(root, tls="explicit", tls_required=True, data_protection=True) as running:
        with running.client(login=False) as plain, pytest.raises(ftplib.error_perm, match="550 SSL/TLS required"):
            plain.login("anna", "geheim")
        with secure(running) as ftp:
            ftp.login("anna", "geheim")
            with pytest.raises(ftplib.error_perm, match="550 SSL/TLS required on the data"):
                ftp.nlst()
            ftp.prot_p()
            assert ftp.nlst() == ["data.bin"]


def test_a_rule_works_on_protected_data_too(root: Path) -> None:
    from protocols.ftp.server.rules import Rule

    rules = (Rule("RETR", "cut data", at_byte=100_001), Rule("STOR", "abort", at_byte=5))
    with serving(root, tls="explicit", rules=rules) as running, secure(running) as ftp:
        ftp.login("anna", "geheim")
        ftp.prot_p()
        pieces: list[bytes] = []
        try:
            ftp.retrbinary("RETR data.bin", pieces.append)
        except (ssl.SSLError, OSError):  # TLS notices what FTP does not: the end came without a farewell
            ftp.voidresp()
        assert b"".join(pieces) == DATA[: len(b"".join(pieces))]
        (transfer,) = running.awaited("transfer")
        assert transfer.detail["bytes"] == 100_001


@pytest.mark.parametrize("flaw", ["expired", "self-signed"])
def test_a_certificate_broken_on_purpose_is_refused_and_told(root: Path, flaw: str) -> None:
    with serving(root, tls="explicit", flaw=flaw) as running:
        ftp = secure(running)
        with pytest.raises(ssl.SSLCertVerificationError):
            ftp.login("anna", "geheim")
        ftp.close()
        running.awaited("handshake failed", "session closed")


def test_commands_sent_ahead_of_the_handshake_are_thrown_away(root: Path) -> None:
    with serving(root, tls="explicit") as running, running.raw(login=False) as raw:
        raw.send(b"AUTH TLS\r\nUSER anna\r\nPASS geheim\r\nDELE data.bin\r\n")
        assert raw.line().startswith("234")
        tls = client_context().wrap_socket(raw.sock.dup(), server_hostname="localhost")
        with tls:
            tls.sendall(b"PWD\r\n")
            assert tls.recv(100).startswith(b"530")
        running.awaited("commands thrown away")
    assert (root / "data.bin").exists()


def test_no_tls_where_tls_is_expected_ends_the_session(root: Path) -> None:
    with serving(root, tls="implicit") as running:
        with socket.create_connection(running.server.address, PATIENCE_S) as sock:
            sock.sendall(b"USER anna\r\n\r\n\r\n")
            while True:
                try:
                    if not sock.recv(100):
                        break
                except ConnectionResetError:
                    break
        running.awaited("handshake failed")


def test_session_keys_can_be_logged(root: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys.log"
    with serving(root, tls="explicit", key_log=str(keys)) as running, secure(running) as ftp:
        ftp.login("anna", "geheim")
    assert "CLIENT_HANDSHAKE_TRAFFIC_SECRET" in keys.read_text()
