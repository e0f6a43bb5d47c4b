"""A custom handler answers what its rules say, and new rules count at the next request, in every model."""

from __future__ import annotations

import http.client
import os
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.http.server.kinds import HandlerServer, handler_server
from protocols.http.server.rules import FRAMINGS, FixedAnswer, Rules, RulesError, checked
from tests.protocols.http.peers import DEADLINE_S
from tests.protocols.http.server.sites import Site


@pytest.mark.parametrize("model", ["threads", "epoll", "asyncio", "fork"])
def test_what_is_not_ticked_is_501_and_a_new_rule_counts_at_once(model: str) -> None:
    made: list[HandlerServer] = []

    def make(recorder, **common):
        made.append(handler_server(recorder, Rules(methods=("GET", "HEAD", "POST"), refuse=("POST",)), **common))
        return made[0].server

    site = Site(make, model=model)
    handler = made[0]
    site.server.start()
    try:
        with site.dial() as kept:
            kept.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert b"Hello from a custom handler" in kept.recv(4096)
            refused = site.get("/", "POST", b"x")
            assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")
            assert site.get("/", "PUT", b"x").status == 501
            assert site.get("/", "BREW").status == 501
            teapot = FixedAnswer(418, (("X-Lab", "1"),), b"short and stout", delay_ms=10)
            handler.set_rules(Rules(methods=("GET", "PUT"), by_method={"PUT": teapot}))
            kept.sendall(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
            got = kept.recv(4096)
            assert got.startswith(b"HTTP/1.1 418 ")
            assert b"X-Lab: 1\r\n" in got
            assert site.get("/", "POST", b"x").status == 501
            assert site.get("/").status == 200
    finally:
        assert site.server.stop(DEADLINE_S)
        handler.close()


def _ended(server, data: bytes) -> bytes:
    """What a plain socket gets of one request, to its end."""
    with socket.create_connection(server.address, DEADLINE_S) as sock:
        sock.sendall(data)
        return b"".join(iter(lambda: sock.recv(65536), b""))


@pytest.mark.parametrize("model", ["threads", "asyncio"])
def test_where_an_answer_ends_is_said_right_and_wrong_on_purpose(model: str) -> None:
    made: list[HandlerServer] = []

    def make(recorder, **common):
        made.append(handler_server(recorder, Rules(), **common))
        return made[0].server

    site = Site(make, model=model)
    site.server.start()
    try:
        got: dict[str, bytes] = {}
        for framing in FRAMINGS:
            made[0].set_rules(Rules(fixed=FixedAnswer(body=b"0123456789", framing=framing)))
            got[framing] = _ended(site.server, b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            head = _ended(site.server, b"HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            assert head.endswith(b"\r\n\r\n"), framing
        assert b"Content-Length: 10\r\n" in got[""]
        assert b"Content-Length" not in got["none"]
        assert got["none"].endswith(b"\r\n\r\n0123456789")
        assert b"Content-Length: 5\r\n" in got["short"]
        made[0].set_rules(Rules(fixed=FixedAnswer(body=b"0123456789", framing="long")))
        client = http.client.HTTPConnection(*site.server.address, timeout=DEADLINE_S)
        client.request("GET", "/")
        with pytest.raises(http.client.IncompleteRead):
            client.getresponse().read()
        client.close()
        assert got["chunked"].endswith(b"3\r\n012\r\n3\r\n345\r\n3\r\n678\r\n1\r\n9\r\n0\r\n\r\n")
        assert b"\r\n\r\n" not in got["no-blank-line"]
        assert got["no-blank-line"].endswith(b"\r\n0123456789")
        assert b"\r" not in got["lf-only"]
        assert got["lf-only"].endswith(b"\n\n0123456789")
    finally:
        folder = made[0]._folder.name
        assert site.server.stop(DEADLINE_S)
        assert not os.path.exists(folder), "its file goes with the server, whoever stops it"


@pytest.mark.parametrize(("rules", "why"), [
    (Rules(methods=("GE T",)), "no method"), (Rules(fixed=FixedAnswer(99)), "status"),
    (Rules(fixed=FixedAnswer(delay_ms=-1)), "delay"), (Rules(fixed=FixedAnswer(framing="none of them")), "framing"),
    (Rules(fixed=FixedAnswer(headers=(("A", "b\r\nC: d"),))), "line end"),
    (Rules(fixed=FixedAnswer(headers=(("A b", "c"),))), "name"),
])  # fmt: skip
def test_rules_that_can_not_go_on_the_wire_are_refused(rules: Rules, why: str) -> None:
    with pytest.raises(RulesError, match=why):
        checked(rules)


@settings(max_examples=50)
@given(st.text(max_size=20), st.text(max_size=20))
def test_no_header_of_the_rules_begins_another_line(name: str, value: str) -> None:
    rules = Rules(fixed=FixedAnswer(headers=((name, value),)))
    try:
        checked(rules)
    except RulesError:
        return
    assert not {"\r", "\n", "\0"} & set(name + value)
    assert name.isascii()
