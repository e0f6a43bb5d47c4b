"""What was recorded becomes a HAR that holds all that the specification asks for, and no secret unless asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from protocols.http.client.client import HttpClient
from protocols.http.client.run import Run
from protocols.http.formats.har_read import read_har
from protocols.http.formats.har_write import write_har
from protocols.http.request import Auth, Body, Limits, Request
from protocols.record.recorder import Recorder
from tests.protocols.http.peers import DEADLINE_S, Pages, pages

REQUESTS = [
    Request("POST", "/echo?a=1&b=x%20y", headers=(("X-a", "1"), ("x-A", "2")), body=Body("json", '{"ü": 1}')),
    Request(url="/redirect/302/cookie", auth=Auth("basic", "guido", "guido456"), cookies=(("sid", "s3cret"),)),
    Request("PUT", "/echo", body=Body("hex", "ff 00 fe")),
    Request(url="/chunked"),
    Request("POST", "/echo", body=Body("form", fields=(("a", "b c"),))),
    Request(url="/status/404"),
]


@pytest.fixture(scope="module")
def served() -> Iterator[Pages]:
    with pages() as made:
        yield made


@pytest.fixture(scope="module")
def runs(served: Pages) -> list[Run]:
    client = HttpClient(Recorder())
    client.start()
    done = []
    for request in REQUESTS:
        named = Request(request.method, served.url + request.url, request.headers, request.body, request.auth,
                        cookies=request.cookies, limits=Limits(timeout_s=DEADLINE_S))  # fmt: skip
        done.append(client.send(named))
        assert done[-1].wait(DEADLINE_S)
        assert done[-1].state == "done"
    assert client.stop(30)
    return done


NEEDED: dict[str, set[str]] = {
    "entry": {"startedDateTime", "time", "request", "response", "cache", "timings"},
    "request": {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"},
    "response": {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize",
                 "bodySize"},
    "content": {"size", "mimeType"}, "timings": {"send", "wait", "receive"}, "postData": {"mimeType", "params", "text"},
}  # fmt: skip


def entries(text: str) -> list[dict[str, Any]]:
    log = json.loads(text)["log"]
    assert log["version"] == "1.2"
    assert {"name", "version"} <= set(log["creator"])
    found: list[dict[str, Any]] = log["entries"]
    return found


def test_it_holds_what_the_specification_asks_for(runs: list[Run]) -> None:
    found = entries(write_har(runs))
    assert len(found) == len(REQUESTS) + 1
    for one in found:
        assert set(one) >= NEEDED["entry"]
        assert datetime.fromisoformat(one["startedDateTime"].replace("Z", "+00:00")).tzinfo is not None
        for name in ("request", "response", "timings"):
            assert set(one[name]) >= NEEDED[name]
        assert set(one["response"]["content"]) >= NEEDED["content"]
        if "postData" in one["request"]:
            assert set(one["request"]["postData"]) >= NEEDED["postData"]
        for pair in (*one["request"]["headers"], *one["response"]["headers"], *one["request"]["queryString"]):
            assert set(pair) == {"name", "value"}
        timings = one["timings"]
        assert all(value >= 0 or (value == -1 and name not in NEEDED["timings"]) for name, value in timings.items())
        parts = sum(value for name, value in timings.items() if value > 0 and name != "ssl")
        assert one["time"] == pytest.approx(parts, abs=0.01)
    assert [one["startedDateTime"] for one in found] == sorted(one["startedDateTime"] for one in found)


def test_requests_and_answers_are_in_it_hop_by_hop(runs: list[Run]) -> None:
    first, hop, last, binary, chunked, form, missing = entries(write_har(runs))
    headers = [(one["name"], one["value"]) for one in first["request"]["headers"]]
    assert headers.index(("X-a", "1")) + 1 == headers.index(("x-A", "2"))
    assert first["request"]["queryString"] == [{"name": "a", "value": "1"}, {"name": "b", "value": "x y"}]
    assert first["request"]["postData"]["text"] == '{"ü": 1}'
    assert first["response"]["content"]["text"] == '{"ü": 1}'
    assert (hop["response"]["status"], hop["response"]["redirectURL"]) == (302, "/cookie")
    assert hop["response"]["content"]["text"] == "moved"
    assert last["response"]["status"] == 200
    assert binary["request"]["postData"] == {"mimeType": "application/octet-stream", "params": [], "text": "/wD+",
                                             "_encoding": "base64"}  # fmt: skip
    assert (binary["response"]["content"]["text"], binary["response"]["content"]["encoding"]) == ("/wD+", "base64")
    assert chunked["response"]["content"]["text"] == "hello world"
    assert form["request"]["postData"]["params"] == [{"name": "a", "value": "b c"}]
    assert missing["response"]["status"] == 404


def test_secrets_are_in_it_only_when_asked_for(runs: list[Run]) -> None:
    text = write_har(runs)
    assert "s3cret" not in text
    assert "Z3VpZG8" not in text
    cookies = [pair for one in entries(text) for side in ("request", "response") for pair in one[side]["cookies"]]
    assert {pair["name"] for pair in cookies} >= {"sid", "hop", "a"}
    assert {pair["value"] for pair in cookies} == {"hidden"}
    assert "s3cret" in write_har(runs, secrets=True)


def test_it_is_read_again(runs: list[Run], served: Pages) -> None:
    read = read_har(write_har(runs, secrets=True))
    assert [one.request.url.removeprefix(served.url) for one in read.requests] == [
        "/echo?a=1&b=x%20y", "/redirect/302/cookie", "/cookie", "/echo", "/chunked", "/echo",
        "/status/404"]  # fmt: skip
    first = read.requests[0].request
    assert first.headers.index(("X-a", "1")) + 1 == first.headers.index(("x-A", "2"))
    assert first.body == Body("json", '{"ü": 1}')
    assert read.requests[3].request.body.raw == b"\xff\0\xfe"
    assert read.notes == []


def test_nothing_recorded_is_an_empty_log() -> None:
    assert entries(write_har([])) == []
