"""A custom handler answers what its rules say, and new rules count at the next request, in every model."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.http.server.kinds import HandlerServer, handler_server
from protocols.http.server.rules import FixedAnswer, Rules, RulesError, checked
from tests.protocols.http.peers import DEADLINE_S
from tests.protocols.http.server.sites import Site


@pytest.mark.parametrize("model", ["threads", "epoll", "asyncio", "fork"])
def test_what_is_not_ticked_is_501_and_a_new_rule_counts_at_once(model: str) -> None:
    """BEAZLEY-133, 134."""
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


@pytest.mark.parametrize(("rules", "why"), [
    (Rules(methods=("GE T",)), "no method"), (Rules(fixed=FixedAnswer(99)), "status"),
    (Rules(fixed=FixedAnswer(delay_ms=-1)), "delay"),
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
