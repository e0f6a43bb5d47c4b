"""A folder as a site, in each concurrency model, asked by Python's client and by the lab's."""

from __future__ import annotations

import http.client
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.concurrency.contract import HandlerSpec, Listen
from protocols.concurrency.server import Server, make_server
from protocols.http.client.client import HttpClient
from protocols.http.page import read_page
from protocols.http.request import Request
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from tests.protocols.http.peers import DEADLINE_S

BIG = bytes(range(256)) * 2000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    (site / "images").mkdir(parents=True)
    (site / "sample.txt").write_text("a sample\n")
    (site / "page.html").write_text("<p>page</p>")
    (site / "images" / "sample 1&.png").write_bytes(b"\x89PNG")
    (site / "big.bin").write_bytes(BIG)
    (site / "empty").write_bytes(b"")
    (tmp_path / "secret.txt").write_text("secret")
    (site / "way-out").symlink_to(tmp_path)
    (site / "inside").symlink_to(site / "sample.txt")
    os.mkfifo(site / "pipe")
    return site


def serve(root: Path, model: str = "threads", recorder: Recorder | None = None) -> Server:
    params = {"root": str(root), "types": {".txt": "text/x-sample"}}
    spec = HandlerSpec("protocols.http.server.folder:make_folder", params)
    server = make_server(recorder or Recorder(), spec, Listen(), name="web", model=model)
    server.start()
    return server


@pytest.fixture
def port(root: Path) -> Iterator[int]:
    server = serve(root)
    assert isinstance(server.address, tuple)
    yield server.address[1]
    assert server.stop(20)


class Got:
    """What Python's client got."""

    def __init__(self, port: int, path: str, method: str = "GET", **headers: str) -> None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
        client.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            client.putheader(name.replace("_", "-"), value)
        client.endheaders()
        answer = client.getresponse()
        self.status, self.headers, self.body = answer.status, answer.headers, answer.read()
        client.close()


def test_files_have_their_type_and_bytes(port: int) -> None:
    got = Got(port, "/sample.txt")
    assert (got.status, got.body, got.headers["Content-Type"]) == (200, b"a sample\n", "text/x-sample")
    assert Got(port, "/page.html").headers["Content-Type"] == "text/html; charset=utf-8"
    assert Got(port, "/images/sample%201&.png").headers["Content-Type"] == "image/png"
    assert Got(port, "/big.bin").body == BIG
    assert Got(port, "/empty").body == b""
    assert Got(port, "/inside").body == b"a sample\n"


def test_head_says_the_same_without_a_body(port: int) -> None:
    got, head = Got(port, "/big.bin"), Got(port, "/big.bin", "HEAD")
    assert head.body == b""
    assert {name: value for name, value in head.headers.items() if name != "Date"} == {
        name: value for name, value in got.headers.items() if name != "Date"}  # fmt: skip


@pytest.mark.parametrize("path", [
    "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/images/../../secret.txt", "/%2e%2e%2fsecret.txt",
    "/way-out/secret.txt", "/way-out/", "/way-out", "/..%5csecret.txt", "/a%00b", "/nope", "/sample.txt/", "/pipe",
    "//etc/passwd", "/%252e%252e/secret.txt", "/.%2e/secret.txt",
])  # fmt: skip
def test_nothing_leads_out_of_the_folder(port: int, path: str) -> None:
    got = Got(port, path)
    assert got.status == 404
    assert b"secret" not in got.body.replace(b"secret.txt", b"")


def test_a_listing_names_everything_and_every_link_works(port: int) -> None:
    assert Got(port, "/images").headers["Location"] == "/images/"
    assert Got(port, "//images").headers["Location"] == "/images/"
    page = read_page(Got(port, "/images/").body.decode(), f"http://127.0.0.1:{port}/images/")
    assert [link.text for link in page.links] == ["../", "sample 1&.png"]
    assert [Got(port, link.url.partition(str(port))[2]).status for link in page.links] == [200, 200]


@pytest.mark.parametrize(("asked", "status", "begin", "end"), [
    ("bytes=0-9", 206, 0, 10), ("bytes=10-", 206, 10, len(BIG)), ("bytes=-7", 206, len(BIG) - 7, len(BIG)),
    ("bytes=5-999999999", 206, 5, len(BIG)), ("bytes=0-1,5-6", 200, 0, len(BIG)), ("bytes=9-5", 200, 0, len(BIG)),
    ("lines=1-2", 200, 0, len(BIG)),
])  # fmt: skip
def test_ranges(port: int, asked: str, status: int, begin: int, end: int) -> None:
    got = Got(port, "/big.bin", Range=asked)
    assert (got.status, got.body) == (status, BIG[begin:end])
    assert got.headers.get("Content-Range") == (f"bytes {begin}-{end - 1}/{len(BIG)}" if status == 206 else None)


def test_a_range_beyond_the_end_is_refused(port: int) -> None:
    got = Got(port, "/big.bin", Range=f"bytes={len(BIG)}-")
    assert (got.status, got.headers["Content-Range"]) == (416, f"bytes */{len(BIG)}")


def test_conditions(port: int) -> None:
    first = Got(port, "/sample.txt")
    tag, changed = first.headers["ETag"], first.headers["Last-Modified"]
    assert Got(port, "/sample.txt", If_None_Match=f'"x", W/{tag}').status == 304
    assert Got(port, "/sample.txt", If_None_Match='"x"', If_Modified_Since=changed).status == 200
    assert Got(port, "/sample.txt", If_Modified_Since=changed).status == 304
    assert Got(port, "/sample.txt", If_Modified_Since="nonsense").status == 200
    assert Got(port, "/sample.txt", If_Match='"x"').status == 412
    assert Got(port, "/sample.txt", If_Unmodified_Since="Sat, 01 Jan 2000 00:00:00 GMT").status == 412
    assert Got(port, "/big.bin", Range="bytes=0-1", If_Range='"old"').status == 200
    assert Got(port, "/sample.txt", Range="bytes=0-1", If_Range=tag).body == b"a "


def test_other_methods_are_named_in_allow(port: int) -> None:
    got = Got(port, "/sample.txt", "DELETE")
    assert (got.status, got.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("model", ["iterative", "threads", "pool", "fork", "select", "poll", "epoll", "selectors",
                                   "asyncio", "socketserver-threading"])  # fmt: skip
def test_every_model_serves_it_and_keeps_the_connection(root: Path, model: str) -> None:
    server = serve(root, model)
    try:
        assert isinstance(server.address, tuple)
        client = http.client.HTTPConnection("127.0.0.1", server.address[1], timeout=DEADLINE_S)
        for _ in range(3):
            client.request("GET", "/big.bin")
            assert client.getresponse().read() == BIG
        client.close()
    finally:
        assert server.stop(20)


def test_nonsense_is_answered_with_a_reason_and_the_connection_closed(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as sock:
        sock.sendall(b"hello there\r\n\r\n")
        data = b""
        while piece := sock.recv(4096):
            data += piece
    assert data.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"no request line" in data


def test_both_ends_of_a_request_are_one_connection(root: Path) -> None:
    recorder = Recorder()
    tail = recorder.tail()
    server, client = serve(root, recorder=recorder), HttpClient(recorder)
    client.start()
    assert isinstance(server.address, tuple)
    run = client.send(Request(url=f"http://127.0.0.1:{server.address[1]}/sample.txt"))
    assert run.wait(DEADLINE_S)
    assert client.stop(20)
    assert server.stop(20)
    events = [Event.of(raw) for raw in tail.take()]
    assert run.final is not None
    answered = next(event for event in events if event.kind == "answered")
    assert answered.conn == run.final.conn
    assert (answered.detail["status"], answered.detail["thread"].startswith("web-conn:")) == (200, True)
    sides = {event.detail["end"] for event in events if event.conn == run.final.conn and "end" in event.detail
             and event.layer == "call"}  # fmt: skip
    assert sides == {"client", "server"}
    assert answered.detail["end"] - answered.detail["begin"] == run.final.sent.size
