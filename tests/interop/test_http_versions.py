"""HTTP/2 and HTTP/3 with a foreign server: what goes over the wire, and what libcurl only writes for reading."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.http.client.client import HttpClient
from protocols.http.client.handle import features
from protocols.http.client.run import Run
from protocols.http.request import Body, Limits, Request, RequestError, Trust
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.tls import lab_ca
from tests.protocols.http.peers import DEADLINE_S
from tests.protocols.http.proxy.lab import until

APP = '''
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    said = f"{scope['http_version']} {scope['method']} {scope['path']} ".encode() + body
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-one", b"1"), (b"x-one", b"2")]})
    await send({"type": "http.response.body", "body": said})
'''


def _free(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture(scope="module")
def hypercorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """The ports of HTTP/1.1 and 2 over TCP, and of HTTP/3 over UDP."""
    pytest.importorskip("hypercorn")
    pytest.importorskip("aioquic")
    folder: Path = tmp_path_factory.mktemp("hypercorn")
    (folder / "app.py").write_text(APP)
    (folder / "pem.pem").write_bytes(lab_ca().issue())
    tcp, udp = _free(socket.SOCK_STREAM), _free(socket.SOCK_DGRAM)
    command = [sys.executable, "-m", "hypercorn", "app:app", "--certfile", "pem.pem", "--keyfile", "pem.pem",
               "--bind", f"127.0.0.1:{tcp}", "--quic-bind", f"127.0.0.1:{udp}", "--workers", "0"]  # fmt: skip
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def up() -> bool:
        assert process.poll() is None
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", tcp), 1):
            return True
        return False

    try:
        until(up)
        yield tcp, udp
    finally:
        process.kill()
        process.wait(20)


def sent(client: HttpClient, url: str, **fields: object) -> Run:
    limits = Limits(timeout_s=15)
    run = client.send(Request(url=url, trust=Trust(ca=lab_ca().pem), limits=limits, **fields))  # type: ignore[arg-type]
    assert run.wait(DEADLINE_S)
    return run


@pytest.mark.parametrize(("version", "told"), [("1.1", "1.1"), ("2", "2"), ("auto", "2")])
def test_versions_over_tcp(hypercorn: tuple[int, int], version: str, told: str) -> None:
    recorder = Recorder()
    tail = recorder.tail()
    client = HttpClient(recorder)
    client.start()
    try:
        run = sent(client, f"https://127.0.0.1:{hypercorn[0]}/a", method="POST", version=version,
                   body=Body("text", "hello"))  # fmt: skip
    finally:
        assert client.stop(10)
    assert run.failure is None, run.failure
    assert bytes(run.body.data) == f"{told} POST /a hello".encode()
    final = run.final
    assert final is not None
    assert final.answer is not None
    assert (final.answer.version, final.rendering) == (told, told == "2")
    assert final.answer.all("x-one") == ["1", "2"]
    assert final.tls is not None
    assert final.tls.alpn == ("h2" if told == "2" else "http/1.1")
    response = next(event for event in map(Event.of, tail.take()) if event.kind == "response")
    assert response.detail.get("rendering", False) is (told == "2")
    assert (response.offset is None) is (told == "2")


def test_two_streams_share_one_connection(hypercorn: tuple[int, int]) -> None:
    client = HttpClient(Recorder())
    client.start()
    try:
        first = sent(client, f"https://127.0.0.1:{hypercorn[0]}/1", version="2")
        second = sent(client, f"https://127.0.0.1:{hypercorn[0]}/2", version="2")
    finally:
        assert client.stop(10)
    assert first.final is not None
    assert second.final is not None
    assert first.final.conn == second.final.conn
    assert second.final.phases.connect is None
    assert bytes(second.body.data) == b"2 GET /2 "


def test_http_3_over_udp_or_why_not(hypercorn: tuple[int, int]) -> None:
    client = HttpClient(Recorder())
    client.start()
    url = f"https://127.0.0.1:{hypercorn[1]}/q"
    try:
        if "HTTP3" not in features():
            with pytest.raises(RequestError, match="HTTP/3"):
                client.send(Request(url=url, version="3"))
            return
        run = sent(client, url, method="POST", version="3", body=Body("text", "quick"))
    finally:
        assert client.stop(10)
    assert run.failure is None, run.failure
    assert bytes(run.body.data) == b"3 POST /q quick"
    assert run.final is not None
    assert run.final.rendering
    assert run.final.answer is not None
    assert run.final.answer.version == "3"


@pytest.mark.parametrize("version", ["1.1", "2", "3"])
def test_the_command_line_speaks_each_version(hypercorn: tuple[int, int], tmp_path: Path, version: str) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_bytes(lab_ca().pem)
    port = hypercorn[1] if version == "3" else hypercorn[0]
    done = subprocess.run(
        [sys.executable, "-m", "netlab_gui", "http", "POST", f"https://127.0.0.1:{port}/cli", "-d", "a=1", "--http",
         version, "--cacert", str(authority), "--timeout-s", "20"],
        capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False,
    )  # fmt: skip
    if version == "3" and "HTTP3" not in features():
        assert b"HTTP/3" in done.stderr
        return
    assert (done.returncode, done.stdout) == (0, f"{version} POST /cli a=1".encode()), done.stderr
