"""The real curl, told what an export says, sends the same bytes as the lab."""

from __future__ import annotations

import re
import socket
import subprocess
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from protocols.http.client.client import HttpClient
from protocols.http.formats.curl_options import ALONE, LETTERS, QUIET, QUIET_VALUES, WITH_VALUE
from protocols.http.formats.curl_read import _SWITCHES, _TAKES, from_curl
from protocols.http.formats.curl_write import to_curl
from protocols.http.request import Auth, Body, Limits, Part, Request
from protocols.record.recorder import Recorder
from tests.peers import require_tool
from tests.protocols.http.peers import DEADLINE_S, read_head, says

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Listener:
    """A server that keeps what it is sent and answers once the length is reached."""

    def __init__(self) -> None:
        self.data = b""

    def play(self, sock: socket.socket) -> None:
        data = read_head(sock)
        length = re.search(rb"(?i)content-length: (\d+)", data)
        whole = data.index(b"\r\n\r\n") + 4 + (int(length.group(1)) if length else 0)
        while len(data) < whole and (piece := sock.recv(65536)):
            data += piece
        self.data = data
        sock.sendall(ANSWER)


REQUESTS = [
    Request(url="/plain?a=1&b=%20"),
    Request(url="/../up/./here"),
    Request("PUT", "/json", body=Body("json", '{"a": "ü \'quoted\' $HOME `x`"}'),
            headers=(("X-b", "1"), ("x-B", ""), ("X", "$x"))),
    Request("POST", "/form", body=Body("form", fields=(("name", "Dave"), ("mail", "d@x.com"), ("t", "a b&c=ü")))),
    Request("DELETE", "/item/[1]{2}"),
    Request("HEAD", "/head"),
    Request("POST", "/empty"),
    Request("POST", "/xml", body=Body("xml", "<a>\n</a>\n"), without=("Accept", "User-Agent")),
    Request(url="/who", auth=Auth("basic", "guido", "gui do:456")),
    Request(url="/token", auth=Auth("bearer", token="abc.def")),
    Request(url="/cookies", cookies=(("a", "1"), ("b", "x y")), decode=False),
    Request("OPTIONS", "/target", target="*"),
    Request("POST", "/multi", body=Body("multipart", parts=(
        Part("name", "a;b \"q\"\\"), Part("file", path="FILE", filename="ü.txt"),
        Part("typed", "{}", content_type="application/json")))),
    Request("PATCH", "/file", body=Body("file", path="FILE")),
    Request("LOCK", "/old", version="1.0", body=Body("text", "old")),
    Request("POST", "/binary", body=Body("hex", bytes(range(256)).hex())),
    Request("POST", "/no-nul", body=Body("text", raw=b"\xff\xfe\x01'\\\"%s$HOME!\r\n\t", content_type="a/b")),
    Request("POST", "/nul-first", body=Body("text", raw=b"-\0%'\\x41", content_type="a/b")),
    Request("PUT", "/at", body=Body("text", "@/etc/hostname")),
    Request("POST", "/lines", body=Body("json", "{\n  \"a\": 'b',\n  \"c\": \"`d` $(e) !f\"\n}\n")),
    Request("POST", "/untyped", body=Body("json", "{}"), without=("Content-Type",)),
    Request("POST", "/typed", body=Body("json", "[]"), headers=(("content-type", "a/b; c=\"d e\""), ("Empty", ""))),
    Request("POST", "/grüße?q=ü&b={1,2}[3-4]", headers=(("X-Uni", "grüße 🙂"), ("X-Tab", "a\tb"), ("X-Semi", "a;"))),
    Request("GET", "/get-with-body", body=Body("text", "body")),
    Request("POST", "/names", body=Body("multipart", parts=(
        Part("na\"me;x", "<not a file"), Part("ü", "@no file", filename="q\"u;o.txt"), Part("n", "",
        content_type="a/b"),
        Part("l", "line\nline\r\n\ttab ")))),
    Request("POST", "/file-in-part", body=Body("multipart", parts=(
        Part("f", path="FILE", filename="a b,c.txt", content_type="text/x; charset=\"utf-8\""),))),
    Request(url="/agent", headers=(("User-Agent", "mine"), ("Accept", "x/y"), ("Referer", "http://h/")), decode=False),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(REQUESTS)))
@pytest.mark.parametrize("back", [False, True], ids=["exported", "imported again"])
def test_curl_sends_the_same_bytes(number: int, back: bool, tmp_path: Path) -> None:
    require_tool("curl")
    file = tmp_path / "up.txt"
    file.write_bytes(b"file content\n")
    ours, theirs = Listener(), Listener()
    recorder = Recorder()
    client = HttpClient(recorder)
    client.start()
    with says(ours.play) as port:
        request = placed(REQUESTS[number], port, file)
        if back:
            request = replace(from_curl(to_curl(request)).request, limits=request.limits)
        run = client.send(request)
        assert run.wait(DEADLINE_S)
    assert client.stop(20)
    assert run.state == "done"
    with says(theirs.play) as other:
        command = to_curl(placed(request, other, file), wrap=number % 2 == 0).encode("utf-8", "surrogateescape")
        done = subprocess.run([require_tool("bash"), "-c", command], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert plain(ours.data, port) == plain(theirs.data, other)


def placed(request: Request, port: int, file: Path) -> Request:
    parts = tuple(replace(part, path=str(file)) if part.path else part for part in request.body.parts)
    body = replace(request.body, parts=parts, path=str(file) if request.body.path else "")
    path = request.url if request.url.startswith("/") else request.url.partition(urlsplit(request.url).netloc)[2]
    return replace(request, url=f"http://127.0.0.1:{port}{path}", body=body, limits=Limits(timeout_s=20))


def plain(data: bytes, port: int) -> bytes:
    """The bytes without what differs from run to run: the port, and a boundary made by chance, of chance length."""
    data = data.replace(b":%d\r\n" % port, b":PORT\r\n")
    found = re.search(rb"boundary=(-+[0-9A-Za-z]+)", data)
    if found is None:
        return data
    data = data.replace(found.group(1), b"BOUNDARY")
    return re.sub(rb"Content-Length: \d+", b"Content-Length: N", data)


def test_every_option_of_the_real_curl_is_known_with_or_without_its_value() -> None:
    done = subprocess.run([require_tool("curl"), "--help", "all"], capture_output=True, text=True, timeout=60,
    check=True)
    options = re.findall(r"(?m)^ *(?:-(\S), )?--([a-z0-9.-]+)( [<\[])?", done.stdout)
    assert len(options) > 100
    takes = set(_TAKES) | WITH_VALUE | QUIET_VALUES
    known = takes | set(_SWITCHES) | QUIET | ALONE
    assert len([name for _, name, _ in options if name not in known]) < len(options) / 20, "a much newer curl"
    for letter, name, value in options:
        assert bool(value) == (name in takes) or name not in known, name
        assert not letter or LETTERS.get(letter) == name, letter
