"""http.client step by step: the right order on the wire, and what the library says to a wrong one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from protocols.http.by_hand.step_table import AFTER, LEGAL, STEPS, Given, Stage
from protocols.http.by_hand.steps import HttpSteps, StepResult
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.service.base import ServiceError
from tests.protocols.http.peers import DEADLINE_S, Pages, answer, pages, read_head, says
from tests.protocols.http.proxy.lab import until


@pytest.fixture(scope="module")
def server() -> Iterator[Pages]:
    with pages() as made:
        yield made


class Lab:
    def __init__(self, port: int) -> None:
        self.recorder = Recorder()
        self.tail = self.recorder.tail()
        self.steps = HttpSteps(self.recorder, "127.0.0.1", port, timeout_s=DEADLINE_S)
        self.steps.start()

    def do(self, step: str, **given: object) -> StepResult:
        return self.steps.do(step, Given(**given)).result(DEADLINE_S)  # type: ignore[arg-type]


@pytest.fixture
def lab(server: Pages) -> Iterator[Lab]:
    made = Lab(server.port)
    yield made
    assert made.steps.stop(10)


def test_the_right_order_is_a_request_with_its_own_header(lab: Lab, server: Pages) -> None:
    assert lab.do("connect").after == "connected"
    started = lab.do("putrequest", method="POST", target="/echo", accept_encoding=False)
    assert (started.after, started.code) == (
        "request started", "conn.putrequest('POST', '/echo', skip_accept_encoding=True)")  # fmt: skip
    before = len(server.seen)
    assert lab.do("putheader", name="X-Custom", value="seen").ok
    assert lab.do("putheader", name="Content-Length", value="5").ok
    assert len(server.seen) == before  # nothing went out yet
    assert lab.do("endheaders").after == "request sent"
    assert lab.do("send", data=b"hello").ok
    got = lab.do("getresponse")
    assert (got.after, got.result[:6]) == ("response", "200 OK")
    assert (lab.do("read", size=2).data, lab.do("read").data) == (b"he", b"llo")
    host = ("Host", f"127.0.0.1:{server.port}")
    assert server.seen[-1].headers == [host, ("X-Custom", "seen"), ("Content-Length", "5")]
    assert lab.do("putrequest", target="/echo").after == "request started"  # the connection serves again
    assert lab.do("close").after == "closed"
    calls = [event for event in map(Event.of, lab.tail.take()) if event.layer == "call"]
    assert {"connect", "sendall", "close"} <= {event.kind for event in calls}
    sent = b"".join(event.data or b"" for event in calls if event.direction == "out")
    assert sent.startswith(b"POST /echo HTTP/1.1\r\nHost: ")


@pytest.mark.parametrize(("way", "wrong", "error"), [
    ((), "putrequest", ""), ((), "send", "NotConnected"), ((), "getresponse", "ResponseNotReady"),
    ((), "read", "ResponseNotReady"), ((), "putheader", "CannotSendHeader"),
    (("connect",), "putheader", "CannotSendHeader"), (("connect",), "endheaders", "CannotSendHeader"),
    (("connect",), "connect", "ValueError"), (("connect",), "getresponse", "ResponseNotReady"),
    (("connect", "putrequest"), "putrequest", "CannotSendRequest"),
    (("connect", "putrequest"), "getresponse", "ResponseNotReady"),
    (("connect", "putrequest", "endheaders"), "putheader", "CannotSendHeader"),
    (("connect", "putrequest", "endheaders"), "putrequest", "CannotSendRequest"),
    (("connect", "putrequest", "endheaders", "getresponse"), "getresponse", "ResponseNotReady"),
])  # fmt: skip
def test_a_wrong_order_gets_the_librarys_own_words_explained(
    lab: Lab, way: tuple[str, ...], wrong: str, error: str
) -> None:
    for step in way:
        assert lab.do(step).ok
    stage = lab.steps.stage
    result = lab.do(wrong)
    if not error:  # http.client lets a request begin without a connection; it fails when it is to be sent
        assert result.ok
        result = lab.do("endheaders")
        error = "NotConnected"
    assert not result.ok
    assert result.error == error
    assert "would be right" in result.why
    assert wrong not in LEGAL[stage]


def test_a_blank_in_the_target_is_refused_by_the_library(lab: Lab) -> None:
    lab.do("connect")
    result = lab.do("putrequest", target="/a b")
    assert (result.error, "request line" in result.why) == ("InvalidURL", True)


def test_servers_that_fail_are_explained() -> None:
    for said, error in ((b"", "ECONNRESET"), (b"SSH-2.0\r\n", "BadStatusLine")):
        with says(answer(said)) as port:
            lab = Lab(port)
            for step in ("connect", "putrequest", "endheaders"):
                lab.do(step)
            result = lab.do("getresponse")
            assert not result.ok
            assert result.error in (error, "RemoteDisconnected")
            assert result.why.endswith(".")
            assert lab.steps.stop(10)
    lab = Lab(1)
    result = lab.do("connect")
    assert (result.error, lab.steps.stage) == ("ECONNREFUSED", "idle")
    assert lab.steps.stop(10)


def test_a_stop_ends_a_wait_for_an_answer_that_never_comes() -> None:
    with says(lambda sock: read_head(sock) and sock.recv(1)) as port:
        lab = Lab(port)
        for step in ("connect", "putrequest", "endheaders"):
            lab.do(step)
        waiting = lab.steps.do("getresponse")
        until(waiting.running)
        assert lab.steps.stop(10)
        assert not waiting.result(DEADLINE_S).ok
        with pytest.raises(ServiceError):
            lab.steps.do("close")


def test_every_step_that_is_right_has_a_way_on() -> None:
    stages: set[Stage] = set(LEGAL)
    ids = {step.id for step in STEPS}
    for stage in stages:
        assert set(LEGAL[stage]) <= ids
    assert set(AFTER.values()) | {"idle"} == stages
