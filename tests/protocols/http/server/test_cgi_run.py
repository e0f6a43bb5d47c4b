"""Scripts are run as RFC 3875 says, and end by a limit where they don't end by themselves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.concurrency.contract import HandlerSpec, Listen
from protocols.concurrency.server import Server, make_server
from protocols.http.client.client import HttpClient
from protocols.http.client.run import Run
from protocols.http.request import Body, Limits, Request
from protocols.http.server.cgi_run import Ran, run_script, script_answer
from protocols.record.event import Event
from protocols.record.recorder import Recorder, Tail
from tests.protocols.http.peers import DEADLINE_S

ECHO = """import os, sys
print("Content-Type: text/plain")
print("Status: 201 Made")
print()
for name in sorted(os.environ):
    print(name + "=" + os.environ[name])
print(sys.stdin.read(int(os.environ.get("CONTENT_LENGTH") or 0)), end="")
print("to the log", file=sys.stderr)
"""
SCRIPTS = {
    "echo.py": ECHO, "silent.py": "raise SystemExit(3)", "plain.py": "print('no header here')",
    "away.py": "print('Location: /page.html\\n')", "slow.py": "import time; time.sleep(60)",
    "late.py": "import sys; print('Content-Type: a/b\\n\\nhello'); sys.stdout.close(); import time; time.sleep(60)",
}  # fmt: skip


class Site:
    """A server with scripts, and a client."""

    def __init__(self, root: Path) -> None:
        self.recorder = Recorder()
        self.tail: Tail = self.recorder.tail()
        spec = HandlerSpec("protocols.http.server.cgi_run:make_scripts", {"root": str(root), "timeout_s": 1.0})
        self.server: Server = make_server(self.recorder, spec, Listen(), name="cgi")
        self.client = HttpClient(self.recorder)

    def ask(self, path: str, body: Body | None = None, **headers: str) -> Run:
        assert isinstance(self.server.address, tuple)
        request = Request("POST" if body else "GET", f"http://127.0.0.1:{self.server.address[1]}{path}",
                          body=body or Body(), headers=tuple(headers.items()), limits=Limits(timeout_s=DEADLINE_S),
                          follow=False)  # fmt: skip
        run = self.client.send(request)
        assert run.wait(DEADLINE_S)
        return run


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    for folder in ("cgi-bin", "htbin"):
        (tmp_path / folder).mkdir()
        for name, text in SCRIPTS.items():
            (tmp_path / folder / name).write_text(text)
    (tmp_path / "cgi-bin" / "data.txt").write_text("no script")
    (tmp_path / "page.html").write_text("page")
    made = Site(tmp_path)
    made.server.start()
    made.client.start()
    yield made
    assert made.client.stop(20)
    assert made.server.stop(20)


@pytest.mark.parametrize("folder", ["/cgi-bin", "/htbin"])
def test_a_script_finds_its_request_in_environment_and_stdin(site: Site, folder: str) -> None:
    os.environ["LAB_SECRET"] = "stays here"
    run = site.ask(folder + "/echo.py/more/%41?name=D+B", Body("text", "the body"), Cookie="a=1", Proxy="http://evil")
    del os.environ["LAB_SECRET"]
    lines = bytes(run.body.data).decode().split("\n")
    found = dict(line.partition("=")[::2] for line in lines[:-1])
    assert (run.status, lines[-1]) == (201, "the body")
    assert {name: found.get(name) for name in (
        "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_METHOD", "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_COOKIE",
        "REMOTE_ADDR", "GATEWAY_INTERFACE")} == {
        "SCRIPT_NAME": folder + "/echo.py", "PATH_INFO": "/more/A", "QUERY_STRING": "name=D+B",
        "REQUEST_METHOD": "POST", "CONTENT_TYPE": "text/plain; charset=utf-8", "CONTENT_LENGTH": "8",
        "HTTP_COOKIE": "a=1", "REMOTE_ADDR": "127.0.0.1", "GATEWAY_INTERFACE": "CGI/1.1"}  # fmt: skip
    assert "HTTP_PROXY" not in found
    assert "LAB_SECRET" not in found
    ran = next(event for event in map(Event.of, site.tail.take()) if event.kind == "script ran")
    assert (ran.detail["code"], ran.detail["errors"], ran.detail["pid"] != os.getpid()) == (0, "to the log\n", True)


@pytest.mark.parametrize(("name", "status"), [
    ("silent.py", 500), ("plain.py", 502), ("away.py", 302), ("slow.py", 504), ("late.py", 504), ("nope.py", 404),
    ("data.txt", 403), ("../page.html", 404), ("", 404),
])  # fmt: skip
def test_how_a_script_can_go_wrong(site: Site, name: str, status: int) -> None:
    assert site.ask("/cgi-bin/" + name).status == status


def test_the_rest_of_the_folder_is_files(site: Site) -> None:
    assert bytes(site.ask("/page.html").body.data) == b"page"


def test_a_script_that_says_too_much_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "much"
    script.write_text("#!/bin/sh\nwhile :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done\n")
    script.chmod(0o755)
    ran = run_script([str(script)], {"PATH": os.defpath}, b"x" * 200_000, lambda: False, DEADLINE_S, 1000)
    assert (ran.ended, script_answer(ran).status) == ("too much", 502)
    assert run_script([str(script)], {}, b"", lambda: True, DEADLINE_S, 1000).ended == "stopped"


@given(st.binary(max_size=200))
def test_any_output_is_an_answer(output: bytes) -> None:
    assert 200 <= script_answer(Ran(1, 0, output, b"", 0.1, "well")).status <= 599
