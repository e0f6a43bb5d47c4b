"""`netlab http` as a person and a script use it."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console import netlab
from tests.peers import require_tool
from tests.protocols.http.peers import Pages, answer, pages, read_head, says

NETLAB = [sys.executable, "-m", "netlab_gui", "http"]


@pytest.fixture(scope="module")
def server() -> Iterator[Pages]:
    with pages() as made:
        yield made


def http(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return netlab("http", *arguments)


def test_as_a_process_of_its_own_it_does_the_same(server: Pages) -> None:
    for arguments in (["GET", server.url + "/echo"], ["GET", "gopher://x/"]):
        done = subprocess.run([*NETLAB, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                              check=False)  # fmt: skip
        inside = http(*arguments)
        assert (done.returncode, done.stdout, done.stderr) == (inside.returncode, inside.stdout, inside.stderr)


def events(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    done = http(*arguments, "--json")
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_the_body_goes_to_stdout_and_any_whole_status_is_a_success(server: Pages) -> None:
    done = http("GET", server.url + "/echo")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"hello", b"")
    done = http("GET", server.url + "/status/404")
    assert (done.returncode, done.stdout) == (0, b"so it is")


def test_a_full_disk_is_named_in_one_sentence(server: Pages) -> None:
    done = http("GET", server.url + "/echo", "-o", "/dev/full")
    assert done.returncode == 1
    assert b"/dev/full can't be written: No space left" in done.stderr
    assert b"Traceback" not in done.stderr


def test_json_has_one_request_and_one_response_for_each_hop(server: Pages) -> None:
    status, lines = events("POST", server.url + "/redirect/302/echo", "-d", "a=1", "-d", "b=2", "-H", "X-One: 1")
    assert status == 0
    assert "epoch_ns" in lines[0]["detail"]
    assert all(line["v"] == 1 for line in lines)
    told = [(line["kind"], line["detail"].get("status")) for line in lines if line["layer"] == "message"]
    assert told == [("request", None), ("response", 302), ("request", None), ("response", 200)]
    response = next(line for line in lines if line["kind"] == "response")
    assert ["Location", "/echo"] in response["detail"]["headers"]
    assert {"connect", "wait", "first_byte", "transfer", "total"} <= response["detail"]["phases_ms"].keys()
    assert server.seen[-2].body == b"a=1&b=2"
    assert ("X-One", "1") in server.seen[-2].headers


def test_a_data_url_is_a_hop_like_any_other() -> None:
    status, lines = events("GET", "data:text/plain;base64,aGVsbG8=")
    told = [(line["kind"], line["detail"]) for line in lines if line["layer"] == "message"]
    assert (status, [kind for kind, _ in told]) == (0, ["request", "response"])
    assert (told[1][1]["status"], told[1][1]["headers"][0]) == (200, ["Content-Type", "text/plain"])
    assert "total" in told[1][1]["phases_ms"]


def test_the_version_the_method_and_a_failure_of_the_server_are_as_asked(server: Pages) -> None:
    done = http("LOCK", server.url + "/status/500", "--http", "1.0", "-d", "@/dev/null")
    assert (done.returncode, done.stdout) == (0, b"so it is")
    assert server.seen[-1].line == "LOCK /status/500 HTTP/1.0"


def test_forms_json_and_user(server: Pages, tmp_path: Path) -> None:
    (tmp_path / "up.txt").write_text("content")
    http("POST", server.url + "/echo", "-F", "name=Dave", "-F", f"file=@{tmp_path / 'up.txt'}", "--user",
         "guido:guido456")  # fmt: skip
    seen = server.seen[-1]
    assert b'filename="up.txt"' in seen.body
    assert ("Authorization", "Basic Z3VpZG86Z3VpZG80NTY=") in seen.headers
    http("PUT", server.url + "/echo", "--json-body", '{"a": 1}')
    assert server.seen[-1].body == b'{"a": 1}'
    assert ("Content-Type", "application/json") in server.seen[-1].headers
    assert http("GET", server.url + "/digest", "--user", "guido:guido456", "--digest").stdout == b"welcome"


def test_redirects_can_be_left_alone_and_never_lead_to_files(server: Pages) -> None:
    assert http("GET", server.url + "/redirect/302/echo", "--no-follow").stdout == b"moved"
    done = http("GET", server.url + "/away")
    assert done.returncode == 1
    assert b"not followed" in done.stderr


def test_cookies_are_kept_in_a_file(server: Pages, tmp_path: Path) -> None:
    jar = tmp_path / "jar.txt"
    assert http("GET", server.url + "/cookie", "--cookie-jar", str(jar)).stdout == b"none"
    assert sorted(http("GET", server.url + "/cookie", "--cookie-jar", str(jar)).stdout.split(b"; ")) == [b"a=1", b"b=2"]
    assert jar.stat().st_mode & 0o077 == 0


def test_a_partial_body_stays_in_the_file_and_fails(tmp_path: Path) -> None:
    file = tmp_path / "part"
    with says(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")) as port:
        done = http("GET", f"http://127.0.0.1:{port}/", "-o", str(file))
    assert (done.returncode, file.read_bytes(), b"CUT_SHORT" in done.stderr) == (1, b"short", True)
    with says(answer(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100)) as port:
        done = http("GET", f"http://127.0.0.1:{port}/", "-o", str(file), "--max-bytes", "10")
    assert (done.returncode, file.read_bytes()) == (1, b"x" * 10)
    done = http("GET", "data:,hello", "-o", str(tmp_path / "none" / "x"))
    assert (done.returncode, b"could not be written" in done.stderr) == (1, True)


def test_the_time_out_is_for_the_whole_request() -> None:
    with says(lambda sock: read_head(sock) and sock.recv(1)) as port:
        done = http("GET", f"http://127.0.0.1:{port}/", "--timeout-s", "0.3")
    assert (done.returncode, b"TIMEOUT" in done.stderr) == (1, True)


@pytest.mark.parametrize("arguments", [
    ["GET"], ["GET", "gopher://x/"], ["GET", "http://127.0.0.1/", "-H", "no colon"], ["G T", "http://127.0.0.1/"],
    ["GET", "http://127.0.0.1/", "-H", "X: a\nY: b"], ["GET", "http://127.0.0.1/", "--timeout-s", "0"],
    ["POST", "http://127.0.0.1/", "-d", "a", "--json-body", "{}"], ["GET", "http://127.0.0.1/", "--digest"],
    ["POST", "http://127.0.0.1/", "-d", "@/no/such/file"], ["GET", "http://127.0.0.1/", "--cacert", "/no/such"],
])  # fmt: skip
def test_wrong_arguments_end_with_two(arguments: list[str]) -> None:
    done = http(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")


def test_no_control_character_reaches_a_terminal() -> None:
    body = b"a\x1b[31mred\x07\r\nnext\tline\x9b1m\n"
    main, side = pty.openpty()
    with says(answer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)) as port:
        done = subprocess.run([*NETLAB, "GET", f"http://127.0.0.1:{port}/"], stdout=side, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, timeout=60, check=False)  # fmt: skip
    os.close(side)
    shown = os.read(main, 4096)
    os.close(main)
    assert done.returncode == 0
    assert shown == rb"a\x1b[31mred\x07" + b"\r\nnext\tline" + rb"\x9b1m" + b"\r\n"


def test_a_reader_that_goes_away_ends_it_quietly(server: Pages) -> None:
    command = f"{sys.executable} -m netlab_gui http GET {server.url}/echo | true"
    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, check=False)
    assert b"Traceback" not in done.stderr


@contextlib.contextmanager
def served(*arguments: str) -> Iterator[tuple[dict[str, Any], subprocess.Popen[bytes]]]:
    """`netlab serve ..` with --json: its first line, and the process."""
    command = [sys.executable, "-m", "netlab_gui", "serve", *arguments, "--json"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline()), process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)  # the whole of a full pipe, too
    assert process.returncode == 0


def test_serve_web_answers_curl_and_netlab_over_tls(tmp_path: Path) -> None:
    (tmp_path / "a b.txt").write_bytes(b"content" * 100_000)
    with served("web", "--root", str(tmp_path), "--tls") as (first, _):
        assert (first["kind"], first["detail"]["host"]) == ("listening", "127.0.0.1")
        url = first["detail"]["url"] + "a%20b.txt"
        assert http("GET", url).stdout == b"content" * 100_000
        curl = [require_tool("curl"), "-sS", "--cacert", first["detail"]["authority"], "-r", "7-13", url]
        assert subprocess.run(curl, capture_output=True, check=True, timeout=60).stdout == b"content"


def test_serve_web_refuses_what_is_no_folder() -> None:
    assert netlab("serve", "web", "--root", "/no/such/folder").returncode == 2


def test_serve_web_runs_scripts_only_when_asked(tmp_path: Path) -> None:
    (tmp_path / "cgi-bin").mkdir()
    (tmp_path / "cgi-bin" / "hi.py").write_text("print('Content-Type: text/plain\\n\\nhi')")
    with served("web", "--root", str(tmp_path), "--cgi") as (first, _):
        assert http("GET", first["detail"]["url"] + "cgi-bin/hi.py").stdout == b"hi\n"
    with served("web", "--root", str(tmp_path)) as (first, _):
        assert http("GET", first["detail"]["url"] + "cgi-bin/hi.py").stdout.startswith(b"print(")


def test_serve_wsgi_looks_in_the_current_folder_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_app.py").write_text(
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [('Content-Type', 'text/plain')])\n"
        "    return [environ['wsgi.url_scheme'].encode()]\n")  # fmt: skip
    monkeypatch.setenv("PYTHONPATH", os.getcwd())
    monkeypatch.chdir(tmp_path)
    with served("wsgi", "my_app:app") as (first, _):
        assert http("GET", first["detail"]["url"]).stdout == b"http"
    assert netlab("serve", "wsgi", "my_app:other").returncode == 2
