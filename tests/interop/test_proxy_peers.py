"""The debugging proxy between foreign programs: curl, wget and nginx, in the clear and opened."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.concurrency.contract import HandlerSpec, Listen, ServerTLS
from protocols.concurrency.server import make_server
from protocols.http.client.client import HttpClient
from protocols.http.proxy.core import ProxyOrder
from protocols.http.proxy.rules import Match, Rule
from protocols.http.request import Proxy, Request, Trust
from protocols.record.recorder import Recorder
from protocols.tls import lab_ca, server_pem
from tests.peers import require_tool
from tests.protocols.http.peers import DEADLINE_S, Pages, pages
from tests.protocols.http.proxy.lab import Lab, proxying, until


@pytest.fixture(scope="module")
def server() -> Iterator[Pages]:
    with pages() as made:
        yield made


@pytest.fixture(autouse=True)
def no_authority_left() -> Iterator[None]:
    """The file of the lab's authority lives as long as the process: not so long here."""
    yield
    lab_ca().remove_file()


@contextlib.contextmanager
def tls_folder(folder: Path, flaw: str | None = None) -> Iterator[str]:
    """The lab's own static server over TLS; its URL."""
    folder.mkdir(exist_ok=True)
    (folder / "a.txt").write_text("secret text")
    spec = HandlerSpec("protocols.http.server.folder:make_folder", {"root": str(folder)})
    tls = ServerTLS(pem=server_pem(["127.0.0.1"], flaw=flaw))  # type: ignore[arg-type]
    made = make_server(Recorder(), spec, Listen(), name="web", tls=tls)
    made.start()
    try:
        assert isinstance(made.address, tuple)
        yield f"https://127.0.0.1:{made.address[1]}"
    finally:
        assert made.stop(10)


def curl(lab: Lab, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [require_tool("curl"), "-sS", "--max-time", "30", "-x", lab.proxy.url, *arguments]
    return subprocess.run(command, capture_output=True, timeout=60, check=False)


def test_curl_goes_through_in_the_clear(server: Pages) -> None:
    with proxying() as lab:
        done = curl(lab, "-i", "-d", "a=1", server.url + "/echo", server.url + "/chunked")
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"a=1" in done.stdout
        assert b"hello world" in done.stdout
        first, second = lab.over(2)
        assert (first.method, first.url, first.status) == ("POST", server.url + "/echo", 200)
        assert first.conn == second.conn
        assert first.request.bytes_came().startswith(f"POST {server.url}/echo HTTP/1.1\r\n".encode())
        assert first.request.bytes_sent().startswith(b"POST /echo HTTP/1.1\r\n")


def test_curl_through_a_password(server: Pages) -> None:
    with proxying(ProxyOrder(user="guido", password="guido456")) as lab:
        done = curl(lab, "-U", "guido:guido456", "--proxy-anyauth", server.url + "/echo")
        assert done.stdout == b"hello"
        assert [entry.status for entry in lab.over(2)] == [407, 200]
        assert curl(lab, "-p", server.url + "/echo").returncode != 0


def test_https_goes_through_unseen(tmp_path: Path) -> None:
    with proxying() as lab, tls_folder(tmp_path / "site") as url:
        done = curl(lab, "--cacert", str(lab_ca().path()), url + "/a.txt")
        assert done.stdout == b"secret text"
        entry = lab.over()[0]
        assert (entry.kind, entry.state) == ("tunnel", "done")
        assert entry.response.body.size > 1000
        assert b"secret text" not in entry.response.body.read()


def test_https_is_opened_when_asked(tmp_path: Path) -> None:
    with proxying(ProxyOrder(intercept=True)) as lab, tls_folder(tmp_path / "site") as url:
        ca = str(lab.proxy.ca_path())
        done = curl(lab, "--cacert", ca, "-i", url + "/a.txt", url + "/a.txt")
        assert done.stdout.count(b"secret text") == 2
        opened, first, second = lab.over(3)
        assert (opened.kind, first.url, first.status) == ("tls", url + "/a.txt", 200)
        assert (first.conn, first.tls[:5]) == (second.conn, "TLSv1")
        assert first.certificates[0].names
        assert b"secret text" in first.response.bytes_came()
        lab.proxy.set_rules((Rule("answer", Match(url="*/a.txt"), body=b"not that"),))
        assert curl(lab, "--cacert", ca, url + "/a.txt").stdout == b"not that"
        lab.proxy.set_rules(())
        again = lab.proxy.replay(first.number)
        assert until(lambda: (entry := lab.proxy.entry(again)) and entry.over and entry).status == 200  # type: ignore[union-attr]


def test_an_opened_https_that_fails_is_explained_on_both_sides(tmp_path: Path) -> None:
    with proxying(ProxyOrder(intercept=True)) as lab, tls_folder(tmp_path / "site", "expired") as url:
        done = curl(lab, "--cacert", str(lab.proxy.ca_path()), "-i", url + "/a.txt")
        assert b"502 Bad Gateway" in done.stdout
        assert b"past its last day" in done.stdout
        failed = lab.over(2)[-1]
        assert failed.failure is not None
        assert (failed.failure.symbol, failed.certificates[0].days_left < 0) == ("CERTIFICATE_VERIFY_FAILED", True)
        lab.proxy.set_verify(False)
        assert curl(lab, "--cacert", str(lab.proxy.ca_path()), url + "/a.txt").stdout == b"secret text"


def test_a_client_that_does_not_trust_the_lab_is_explained(tmp_path: Path) -> None:
    with proxying(ProxyOrder(intercept=True)) as lab, tls_folder(tmp_path / "site") as url:
        assert curl(lab, url + "/a.txt").returncode == 60
        entry = lab.over()[0]
        assert entry.failure is not None
        assert entry.failure.symbol == "CLIENT_TLS"
        assert "authority" in entry.failure.mend[0]
        assert f"{entry.client} does not trust the CA" in entry.failure.why


def test_what_is_no_tls_in_a_tunnel_is_let_through(server: Pages) -> None:
    with proxying(ProxyOrder(intercept=True)) as lab:
        assert curl(lab, "-p", server.url + "/echo").stdout == b"hello"
        assert lab.over()[0].kind == "tunnel"


def test_our_own_client_goes_through_opened(tmp_path: Path) -> None:
    with proxying(ProxyOrder(intercept=True)) as lab, tls_folder(tmp_path / "site") as url:
        client = HttpClient(lab.recorder)
        client.start()
        try:
            trusting = Trust(ca=lab.proxy.ca_pem())
            run = client.send(Request(url=url + "/a.txt", proxy=Proxy(lab.proxy.url), trust=trusting))
            assert run.wait(DEADLINE_S)
        finally:
            assert client.stop(10)
        assert (run.state, bytes(run.body.data)) == ("done", b"secret text")
        assert [(hop.method, hop.tunnel, hop.status) for hop in run.exchanges] == [
            ("CONNECT", True, 200), ("GET", False, 200)]  # fmt: skip
        assert lab.over(2)[1].url == url + "/a.txt"


def test_wget_goes_through(server: Pages) -> None:
    with proxying() as lab:
        command = [require_tool("wget"), "-q", "-O", "-", "-e", f"http_proxy={lab.proxy.url}", server.url + "/chunked"]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False, env={"PATH": "/usr/bin:/bin"})
        assert (done.returncode, done.stdout) == (0, b"hello world")
        assert lab.over()[0].status == 200


def test_nginx_behind_the_proxy(tmp_path: Path) -> None:
    with proxying() as lab, nginx(tmp_path) as url:
        (tmp_path / "up.txt").write_text("x" * 200_000)
        assert curl(lab, "-d", f"@{tmp_path / 'up.txt'}", url + "/a.txt").returncode == 0
        done = curl(lab, "-i", "-H", "Range: bytes=0-4", url + "/a.txt", url + "/a.txt")
        assert b"206 Partial Content" in done.stdout
        assert done.stdout.count(b"Via: 1.1 netlab") == 2
        first = lab.over(3)[0]
        assert first.status == 405
        assert 0 < first.request.body.size <= 200_000  # nginx answers before it has the body


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[str]:
    program = require_tool("nginx")
    (folder / "site").mkdir()
    (folder / "site" / "a.txt").write_text("from nginx, a file")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr;\n"
        "events {}\nhttp { access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f;\n"
        f" uwsgi_temp_path u; scgi_temp_path s; server {{ listen 127.0.0.1:{port}; root {folder}/site; }} }}\n"
    )
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def up() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    try:
        until(up)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


# The command


@contextlib.contextmanager
def netlab_proxy(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    command = [sys.executable, "-m", "netlab_gui", "proxy", "--json", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def test_the_command_listens_first_and_tells_each_exchange(server: Pages) -> None:
    with netlab_proxy("--delay-ms", "5") as (process, first):
        assert first["kind"] == "listening"
        assert first["detail"]["url"].startswith("http://127.0.0.1:")
        done = subprocess.run([require_tool("curl"), "-sS", "-x", first["detail"]["url"], server.url + "/echo"],
                              capture_output=True, timeout=60, check=False)  # fmt: skip
        assert done.stdout == b"hello"
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    lines = [json.loads(line) for line in out.splitlines()]
    told = [line for line in lines if line["kind"] in ("request", "response")]
    assert [(line["kind"], line["detail"].get("status")) for line in told] == [("request", None), ("response", 200)]
    assert told[1]["detail"]["faults"] == ["delay"]
    assert told[1]["detail"]["phases_ms"]["total"] > 0


def test_the_command_opens_https_and_says_whom_to_trust(tmp_path: Path) -> None:
    with tls_folder(tmp_path / "site") as url, netlab_proxy("--intercept-tls", "--insecure") as (process, first):
        command = [require_tool("curl"), "-sS", "-x", first["detail"]["url"], "--cacert", first["detail"]["authority"]]
        done = subprocess.run([*command, url + "/a.txt"], capture_output=True, timeout=60, check=False)
        assert done.stdout == b"secret text"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert b"HTTPS is opened" in said


@pytest.mark.parametrize("arguments", [
    ["--port", "70000"], ["--reverse", "nowhere"], ["--throttle", "0"], ["--delay-ms", "-1"], ["--user", "x"],
    ["--reverse", "127.0.0.1:1", "--intercept-tls"],
])  # fmt: skip
def test_wrong_arguments_end_with_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from netlab_gui.cli import main

    with pytest.raises(SystemExit) as caught:
        main(["proxy", *arguments])
    assert caught.value.code == 2
    assert "netlab proxy: error:" in capsys.readouterr().err
