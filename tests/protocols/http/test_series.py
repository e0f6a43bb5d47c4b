"""Requests in a series are driven by the client's own thread; a handle that serves again knows nothing of before."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from protocols.http.client.client import HttpClient
from protocols.http.client.run import Run
from protocols.http.request import Auth, Body, Limits, Request
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.service.base import ServiceError
from tests.protocols.http.peers import DEADLINE_S, Pages, pages, says
from tests.protocols.http.proxy.lab import until


@pytest.fixture(scope="module")
def server() -> Iterator[Pages]:
    with pages() as made:
        yield made


@pytest.fixture
def client() -> Iterator[HttpClient]:
    made = HttpClient(Recorder())
    made.start()
    yield made
    assert made.stop(20)


def test_a_series_is_sent_in_order_over_one_connection_and_each_run_is_told(server: Pages, client: HttpClient) -> None:
    tail = client.recorder.tail()
    runs: list[Run] = []
    before = len(server.seen)
    wanted = [Request(url=f"{server.url}/{'redirect/302/echo' if number == 3 else f'echo?{number}'}")
              for number in range(20)]  # fmt: skip
    series = client.send_series(iter(wanted), runs.append)
    assert series.wait(DEADLINE_S)
    assert (series.count, series.error, series.over) == (20, None, True)
    assert [run.status for run in runs] == [200] * 20
    assert [run.asked.url for run in runs] == [request.url for request in wanted]
    assert len({hop.conn for run in runs for hop in run.exchanges}) == 1
    assert len(server.seen) - before == 21
    told = [event for event in map(Event.of, tail.take()) if event.layer == "message"]
    assert [event.kind for event in told] == ["request", "response"] * 21


def test_a_series_is_cancelled_in_the_middle(client: HttpClient) -> None:
    runs: list[Run] = []
    with says(lambda sock: sock.recv(65536) and sock.recv(1)) as port:
        series = client.send_series([Request(url=f"http://127.0.0.1:{port}/")] * 5, runs.append)
        until(lambda: series.current is not None and series.current.state == "running")
        series.cancel()
        assert series.wait(DEADLINE_S)
    assert ([run.state for run in runs], series.error) == (["cancelled"], None)


def test_a_request_that_can_not_be_sent_ends_the_series_with_its_reason(server: Pages, client: HttpClient) -> None:
    runs: list[Run] = []
    series = client.send_series([Request(url=f"{server.url}/echo"), Request(url="no url")], runs.append)
    assert series.wait(DEADLINE_S)
    assert (len(runs), type(series.error).__name__) == (1, "RequestError")

    def broken() -> Iterator[Request]:
        raise KeyError("mine")
        yield

    series = client.send_series(broken(), runs.append)
    assert series.wait(DEADLINE_S)
    assert isinstance(series.error, KeyError)
    assert client.send(Request(url=f"{server.url}/echo")).wait(DEADLINE_S)  # the client goes on


def test_a_failing_one_is_over_and_the_next_one_goes(server: Pages, client: HttpClient) -> None:
    runs: list[Run] = []
    wanted = [Request(url="http://127.0.0.1:1/"), Request(url=f"{server.url}/echo")]
    assert client.send_series(wanted, runs.append).wait(DEADLINE_S)
    assert [run.state for run in runs] == ["failed", "done"]


def test_a_stop_ends_a_series(server: Pages) -> None:
    client = HttpClient(Recorder())
    client.start()
    series = client.send_series((Request(url=f"{server.url}/echo") for _ in range(1_000_000)), lambda _: None)
    until(lambda: series.count > 3)
    assert client.stop(20)
    assert series.wait(DEADLINE_S)
    with pytest.raises(ServiceError):
        client.send_series([], lambda _: None)


def test_a_handle_that_serves_again_keeps_nothing_of_the_request_before(server: Pages, client: HttpClient) -> None:
    def wire(client: HttpClient, request: Request) -> bytes:
        run = client.send(request)
        assert run.wait(DEADLINE_S)
        assert run.final is not None
        return bytes(run.final.sent.data)

    plain = Request(url=f"{server.url}/echo")
    fresh = wire(client, plain)
    loud = (
        Request("POST", f"{server.url}/echo", headers=(("X-One", "1"),), body=Body("text", "body"),
                auth=Auth("basic", "guido", "guido456"), cookies=(("a", "1"),)),
        Request("HEAD", f"{server.url}/echo"), Request("LOCK", f"{server.url}/echo", target="*"),
        Request(url=f"{server.url}/echo", without=("User-Agent", "Accept"), decode=False,
                limits=Limits(timeout_s=5, max_bytes=1)),
    )  # fmt: skip
    for request in loud:
        wire(client, request)
        assert wire(client, plain) == fresh


def silent(sock: socket.socket) -> None:
    """Reads until the other side has had enough."""
    while sock.recv(4096):
        pass


def test_a_handle_that_keeps_its_options_takes_what_is_new_all_the_same(server: Pages, client: HttpClient) -> None:
    def asked(url: str, **fields: Any) -> Run:
        run = client.send(Request(url=url, **fields))
        assert run.wait(DEADLINE_S)
        assert run.final is not None
        return run

    def cookie_sent(run: Run) -> list[str]:
        assert run.final is not None
        return [value for name, value in run.final.request if name == "Cookie"]

    assert [cookie_sent(asked(f"{server.url}/echo?{number}")) for number in range(2)] == [[], []]
    asked(f"{server.url}/cookie")
    first, second = (cookie_sent(asked(f"{server.url}/echo")) for _ in range(2))
    assert first == second
    assert {"a=1", "b=2"} == set(first[0].split("; "))
    client.jar.clear()  # by hand, between two requests
    assert cookie_sent(asked(f"{server.url}/echo")) == []
    with says(silent) as port:  # the same options but for the time
        cut = asked(f"http://127.0.0.1:{port}/", limits=Limits(timeout_s=0.1))
        assert cut.failure is not None
        assert cut.failure.symbol == "TIMEOUT"
    again = asked(f"{server.url}/echo", limits=Limits(timeout_s=None))
    assert (again.state, bytes(again.body.data)) == ("done", b"hello")
    bodies = [Body("text", "one"), Body("text", "one"), Body("text", "other")]
    answers = [asked(f"{server.url}/echo", method="POST", body=body) for body in bodies]
    assert [bytes(run.body.data) for run in answers] == [b"one", b"one", b"other"]
