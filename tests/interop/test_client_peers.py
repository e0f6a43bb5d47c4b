"""Our clients against foreign servers: socat, ncat, openssl s_server."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.record.recorder import Recorder
from protocols.sockets.client import ClientTLS, StreamClient
from protocols.sockets.datagram import DatagramClient
from protocols.sockets.telnet import TelnetClient
from protocols.tls import client_context, server_pem
from tests.peers import require_tool
from tests.protocols.sockets.ends import DEADLINE_S, Log, dead_port, received, started, wait_received


class Peer:
    """A foreign program; what it says on stderr is read until it says that it listens."""

    def __init__(self, command: list[str], says: str) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._ready = threading.Event()
        self._lines: list[str] = []
        self._says = says
        self._thread = threading.Thread(target=self._read, name="peer-stderr:0")
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.append(line.decode("utf-8", "replace"))
            if self._says in self._lines[-1]:
                self._ready.set()

    def wait(self) -> None:
        assert self._ready.wait(DEADLINE_S), f"it never listened: {self._lines}"

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._thread.join(DEADLINE_S)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


@contextlib.contextmanager
def peer(command: list[str], says: str = "listening on") -> Iterator[Peer]:
    """A foreign server that listens."""
    one = Peer(command, says)
    try:
        one.wait()
        yield one
    finally:
        one.close()


def socat(address: str, then: str = "EXEC:cat") -> list[str]:
    return [require_tool("socat"), "-d", "-d", "-d", address, then]


@pytest.mark.parametrize(("host", "kind"), [("127.0.0.1", "TCP4-LISTEN"), ("::1", "TCP6-LISTEN")])
def test_tcp_to_socat(host: str, kind: str) -> None:
    recorder = Recorder()
    log = Log(recorder)
    _, port = dead_port()
    bind = f"[{host}]" if ":" in host else host
    with peer(socat(f"{kind}:{port},bind={bind},reuseaddr")):
        client = StreamClient(recorder, host=host, port=port, timeout_s=DEADLINE_S)
        with started(client):
            client.send(b"hello socat").result(DEADLINE_S)
            assert wait_received(log, client, 11) == b"hello socat"


def test_a_megabyte_through_socat_and_back_with_half_close() -> None:
    data = os.urandom(1_000_000)
    _, port = dead_port()
    with peer(socat(f"TCP4-LISTEN:{port},bind=127.0.0.1,reuseaddr")):
        client = StreamClient(Recorder(), port=port, timeout_s=DEADLINE_S, recv_size=65536)
        client.start()
        client.send(data).result(DEADLINE_S)
        client.half_close().result(DEADLINE_S)
        assert client.join(DEADLINE_S)
    assert received(client) == data
    assert client.error is None


def test_a_unix_socket_of_socat(tmp_path: Path) -> None:
    recorder = Recorder()
    log = Log(recorder)
    path = tmp_path / "socat.sock"
    with peer(socat(f"UNIX-LISTEN:{path}")):
        client = StreamClient(recorder, transport="unix", path=str(path))
        with started(client):
            client.send(b"hello").result(DEADLINE_S)
            assert wait_received(log, client, 5) == b"hello"


def test_udp_to_socat() -> None:
    _, port = dead_port()
    with peer(socat(f"UDP4-LISTEN:{port},bind=127.0.0.1"), "listening on UDP"):
        client = DatagramClient(Recorder(), port=port, timeout_s=1.0, attempts=5)
        with started(client):
            assert client.ask(b"hello").result(DEADLINE_S) == b"hello"


def test_tcp_to_ncat() -> None:
    recorder = Recorder()
    log = Log(recorder)
    _, port = dead_port()
    command = [require_tool("ncat"), "-v", "-l", "127.0.0.1", str(port), "--exec", "/bin/cat"]
    with peer(command, "Listening on"):
        client = StreamClient(recorder, port=port, timeout_s=DEADLINE_S)
        with started(client):
            client.send(b"hello ncat").result(DEADLINE_S)
            assert wait_received(log, client, 10) == b"hello ncat"


def test_the_server_of_ncat_speaks_first_and_both_directions_work() -> None:
    recorder = Recorder()
    log = Log(recorder)
    _, port = dead_port()
    with peer([require_tool("ncat"), "-v", "-l", "127.0.0.1", str(port)], "Listening on") as ncat:
        client = StreamClient(recorder, port=port, timeout_s=DEADLINE_S)
        client.start()
        assert ncat.process.stdin is not None
        assert ncat.process.stdout is not None
        ncat.process.stdin.write(b"from ncat")
        ncat.process.stdin.flush()
        assert wait_received(log, client, 9) == b"from ncat"
        client.send(b"from us").result(DEADLINE_S)
        assert ncat.process.stdout.read(7) == b"from us"
        ncat.process.stdin.close()
        assert client.stop(20)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of the lab's authority, with its key, for a foreign server."""
    path = tmp_path / "server.pem"
    path.write_bytes(server_pem(["127.0.0.1"]))
    return path


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_tls_to_openssl_s_server(certificate: Path, version: str) -> None:
    recorder = Recorder()
    log = Log(recorder)
    _, port = dead_port()
    command = [require_tool("openssl"), "s_server", "-accept", f"127.0.0.1:{port}", "-cert", str(certificate),
               "-key", str(certificate), "-rev", version]  # fmt: skip
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        assert process.stdout is not None
        assert any(b"ACCEPT" in line for line in iter(process.stdout.readline, b""))
        client = StreamClient(recorder, port=port, timeout_s=DEADLINE_S, tls=ClientTLS(client_context(), "localhost"))
        with started(client):
            client.send(b"hello\n").result(DEADLINE_S)
            assert wait_received(log, client, 6) == b"olleh\n"
            handshake = log.calls("handshake")[0]
            assert handshake.detail["version"] == {"-tls1_2": "TLSv1.2", "-tls1_3": "TLSv1.3"}[version]
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_tls_to_socat_with_half_close(certificate: Path) -> None:
    data = os.urandom(200_000)
    _, port = dead_port()
    listen = f"OPENSSL-LISTEN:{port},bind=127.0.0.1,reuseaddr,cert={certificate},verify=0"
    with peer(socat(listen)):
        tls = ClientTLS(client_context(), "localhost")
        client = StreamClient(Recorder(), port=port, timeout_s=DEADLINE_S, tls=tls, recv_size=65536)
        client.start()
        client.send(data).result(DEADLINE_S)
        client.half_close().result(DEADLINE_S)
        assert client.join(DEADLINE_S)
    assert received(client) == data


def test_tls_to_a_server_that_speaks_none_is_explained() -> None:
    _, port = dead_port()
    with peer(socat(f"TCP4-LISTEN:{port},bind=127.0.0.1,reuseaddr", "SYSTEM:echo this is no TLS")):
        client = StreamClient(Recorder(), port=port, timeout_s=DEADLINE_S, tls=ClientTLS(client_context(), "localhost"))
        with pytest.raises(OSError, match=r"WRONG_VERSION_NUMBER|RECORD_LAYER|EOF|SSL"):
            client.start()
    assert client.error is not None
    assert client.error.errno


def test_our_telnet_client_talks_to_a_plain_ncat() -> None:
    _, port = dead_port()
    command = [require_tool("ncat"), "-v", "-l", "127.0.0.1", str(port), "--exec", "/bin/cat"]
    with peer(command, "Listening on"):
        client = TelnetClient(Recorder(), port=port)
        client.start()
        client.send_line("hello").result(DEADLINE_S)
        assert client.read_until(b"hello\r\n").result(DEADLINE_S) == b"hello\r\n"
        assert client.stop(20)
