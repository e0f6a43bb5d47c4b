from __future__ import annotations

import string
import tomllib
from importlib.resources import files
from typing import Any

import pytest

from protocols.record.event import Event
from protocols.record.tcpstate import TCP_STATES
from tests.gallery import scenes
from widgets.inspector.reasons import explain_failure, reason_of


def words(name: str) -> dict[str, dict[str, str]]:
    return tomllib.loads(files("assets").joinpath(f"explain/{name}.toml").read_text("utf-8"))


def test_every_tcp_state_of_the_kernel_is_explained() -> None:
    known = words("states")
    assert {name for name in TCP_STATES.values() if name != "NEW_SYN_RECV"} <= set(known)
    for entry in known.values():
        assert entry["title"]
        assert entry["text"].endswith(".")
        assert entry["next"].endswith(".")
        assert "RFC 9293" in entry["more"]


def test_placeholders_are_those_that_can_be_filled() -> None:
    allowed = {"size", "asked", "offset", "peer", "local", "blocked", "fd", "how", "backlog", "option", "result"}
    for entry in words("calls").values():
        for text in entry.values():
            assert {name for _, name, _, _ in string.Formatter().parse(text) if name} <= allowed


def test_each_call_of_a_conversation_has_a_reason_without_a_hole() -> None:
    for raw in scenes.conversation() + scenes.datagrams():
        event = Event.of(raw)
        if event.layer in ("call", "state", "message"):
            reason = reason_of(event)
            assert reason is not None, event.kind
            assert "{" not in reason.text
            assert "\u2026" not in reason.text, (event.kind, reason.text)


def call(kind: str, direction: Any = None, size: int | None = None, **detail: Any) -> Event:
    return Event(0, "call", kind, "client 1", "1", direction, 0, size, None, "", detail)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (call("recv", "in", 0, asked=4096), "End of the stream"),
        (call("recv", "in", 5, asked=4096), "5 bytes were waiting"),
        (call("recv", "in", 5, asked=4096, blocked_ns=2_000_000_000), "5 bytes, after waiting 2.00 s"),
        (call("recvfrom", "in", 0, asked=4096), "One datagram of 0 bytes"),
        (call("sendall", "out", 5), "The kernel took 5 bytes"),
        (call("send", "out", 5, asked=9), "The kernel took 5 of 9 bytes"),
        (call("connect", peer=["127.0.0.1", 7]), "The three-way handshake is done"),
        (call("connect", peer="/srv/echo.sock"), "Connected inside the kernel"),
    ],
)
def test_cases_are_told_apart(event: Event, expected: str) -> None:
    reason = reason_of(event)
    assert reason is not None
    assert reason.title == expected


def test_an_unknown_call_has_no_invented_reason() -> None:
    assert reason_of(call("ioctl")) is None


def test_a_failure_keeps_the_sentence_of_its_time() -> None:
    event = call("connect", peer=["127.0.0.1", 2346], errno="ECONNREFUSED", why="It was so then.")
    told = explain_failure(event)
    assert told is not None
    assert (told.title, told.why) == ("Connection refused", "It was so then.")
    assert any("2346" in line for line in told.mend)


@pytest.mark.parametrize("errno", ["EAI_NONAME", "CERTIFICATE_VERIFY_FAILED", "EOF", "NO_SUCH_THING", "errorcode"])
def test_every_symbol_is_explained_somehow(errno: str) -> None:
    told = explain_failure(call("connect", errno=errno))
    assert told is not None
    assert told.title
    assert told.why
