"""`netlab serve sandbox` and its like, as a user runs them, with curl and wget at the other end."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from protocols.http.server.barker import step_of
from tests.console import netlab
from tests.interop.test_http_command_line import served
from tests.peers import require_tool


def run(*command: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with served("sandbox", "--model", "epoll") as (first, _):
        assert first["detail"]["model"] == "epoll"
        yield first["detail"]["url"]


def curl(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return run(require_tool("curl"), "-sS", *arguments)


def test_curl_finds_its_way_through_the_sandbox(sandbox: str) -> None:
    out = ("-o", "/dev/null", "-w", "%{http_code} %{num_redirects}")
    assert curl(*out, "-L", f"{sandbox}redirect/4").stdout == b"200 4"
    assert curl(*out, "-L", "--max-redirs", "7", f"{sandbox}loop").returncode == 47
    assert curl(*out, "--anyauth", "-u", "guido:guido456", f"{sandbox}digest").stdout.startswith(b"200 ")
    assert curl(*out, "-b", "", "-L", "-d", "user=guido&password=guido456", f"{sandbox}login").stdout == b"200 1"
    assert curl(*out, "-m", "0.3", f"{sandbox}endless").returncode == 28
    assert curl("-o", "/dev/null", f"{sandbox}broken/too-long").returncode == 18
    assert curl(f"{sandbox}broken/no-status-line").returncode == 1
    assert curl("--http0.9", f"{sandbox}broken/no-status-line").stdout.startswith(b"<p>No head")
    assert curl("--compressed", f"{sandbox}gzip").stdout.startswith(b"line 0 of a text")


def test_wget_mirrors_what_the_index_links_to(sandbox: str, tmp_path: Any) -> None:
    wget = require_tool("wget")
    done = run(wget, "-q", "-P", str(tmp_path), "--user", "guido", "--password", "guido456", f"{sandbox}basic",
               f"{sandbox}digest/md5", f"{sandbox}chunked?n=3")  # fmt: skip
    assert done.returncode == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["basic", "chunked?n=3", "md5"]


@pytest.mark.parametrize(("flaw", "words"), [("wrong-host", b"no alternative certificate"), ("expired", b"expired")])
def test_a_broken_certificate_is_refused_for_what_is_wrong_with_it(flaw: str, words: bytes) -> None:
    with served("sandbox", "--tls-broken", flaw) as (first, _):
        authority, url = first["detail"]["authority"], first["detail"]["url"]
        refused = curl("--cacert", authority, url)
        assert refused.returncode == 60
        assert words in refused.stderr
        assert curl("-k", f"{url}status/204").returncode == 0


def test_a_certificate_of_nobody_is_refused_by_our_own_client_unless_told_otherwise() -> None:
    with served("sandbox", "--tls-broken", "self-signed", "--host", "127.0.0.1", "--port", "0") as (first, _):
        url = first["detail"]["url"]
        for extra in ((), ("--cacert", first["detail"]["authority"])):
            refused = netlab("http", "GET", url, *extra)
            assert (refused.returncode, refused.stdout) == (1, b"")
            assert b"CERTIFICATE_VERIFY_FAILED" in refused.stderr
        let_in = netlab("http", "GET", f"{url}gzip", "--insecure", "--http", "2")
        assert (let_in.returncode, let_in.stdout[:6]) == (0, b"line 0")


def test_a_step_is_served_shown_and_compared() -> None:
    with served("barker", "--step", "9") as (first, process):
        assert b"<h1>Home</h1>" in curl(first["detail"]["url"] + "home_page.py").stdout
        assert process.stdout is not None
        kinds = set()
        while "answered" not in kinds:
            kinds.add(json.loads(process.stdout.readline())["kind"])
    assert netlab("serve", "barker", "--step", "3", "--code").stdout.decode() == step_of(3).code
    assert netlab("serve", "barker", "--step", "3", "--diff").stdout.startswith(b"--- step2.py\n+++ step3.py\n")


@pytest.mark.parametrize("arguments", [
    ["barker"], ["barker", "--step", "10"], ["barker", "--step", "1", "--root", "/no/such"],
    ["sandbox", "--model", "twisted"], ["sandbox", "--model", "kqueue"],
    ["sandbox", "--tls", "--tls-broken", "expired"], ["wsgi", "json:loads", "--deploy", "gunicorn"],
])  # fmt: skip
def test_wrong_arguments_end_with_two(arguments: list[str]) -> None:
    done = netlab("serve", *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Traceback" not in done.stderr


def test_the_type_of_a_file_is_what_the_command_line_says(tmp_path: Any) -> None:
    (tmp_path / "read.md").write_text("# hello")
    with served("web", "--root", str(tmp_path), "--mime", "md=text/markdown") as (first, _):
        url = first["detail"]["url"]
        assert curl("-o", "/dev/null", "-w", "%{content_type}", f"{url}read.md").stdout == b"text/markdown"
    refused = netlab("serve", "web", "--root", str(tmp_path), "--mime", "md")
    assert refused.returncode == 2
    assert b"ENDING=TYPE" in refused.stderr
