"""The proxy between a client by hand and real servers: what it passes on, holds, changes and refuses."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.http.client.client import HttpClient
from protocols.http.proxy.core import ProxyOrder
from protocols.http.proxy.holding import At, ProxyError
from protocols.http.proxy.rules import Match, Rule
from protocols.http.request import Body, Proxy, Request
from protocols.record.event import Event
from tests.protocols.http.peers import DEADLINE_S, Pages, pages, read_head, says
from tests.protocols.http.proxy.lab import Lab, get, proxying, rest, until


@pytest.fixture(scope="module")
def server() -> Iterator[Pages]:
    with pages() as made:
        yield made


@pytest.fixture
def lab() -> Iterator[Lab]:
    with proxying() as made:
        yield made


def of(events: list[Event], *kinds: str) -> list[Event]:
    return [event for event in events if event.kind in kinds]


# What is passed on


def test_chunks_trailers_and_early_hints_pass_byte_for_byte(lab: Lab, server: Pages) -> None:
    got = lab.say(get(server.url + "/chunked"))
    hints, final, body = got.split(b"\r\n\r\n", 2)
    assert hints.startswith(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n")
    assert b"Trailer: X-Sum" in final
    assert body == b"5;note=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 11\r\n\r\n"
    entry = lab.over()[0]
    assert entry.response.bytes_came().endswith(body)
    assert entry.response.bytes_sent() == got
    assert not entry.response.sent_changed


def test_an_old_client_gets_the_body_without_chunks(lab: Lab, server: Pages) -> None:
    got = lab.say(f"GET {server.url}/chunked HTTP/1.0\r\n\r\n".encode())
    assert got.partition(b"\r\n\r\n")[2] == b"hello world"
    assert b"chunked" not in got
    assert b"103" not in got
    entry = lab.over()[0]
    assert entry.response.sent_changed
    assert entry.response.bytes_sent() == got


def test_one_connection_carries_many_requests_each_with_its_byte_range(lab: Lab, server: Pages) -> None:
    with lab.client() as sock:
        wanted = get(server.url + "/echo").replace(b"Connection: close\r\n", b"")
        sock.sendall(wanted * 2 + get(server.url + "/echo"))  # pipelined
        got = rest(sock)
    assert got.count(b"hello") == 3
    entries = lab.over(3)
    assert len({entry.conn for entry in entries}) == len({entry.upstream_conn for entry in entries}) == 1
    events = lab.events()
    for kind, direction, conn in (
        ("request", "in", entries[0].conn), ("response", "out", entries[0].conn),
        ("request forwarded", "out", entries[0].upstream_conn), ("response received", "in", entries[0].upstream_conn),
    ):  # fmt: skip
        told = of(events, kind)
        assert [(event.conn, event.direction) for event in told] == [(conn, direction)] * 3
        calls = [event for event in events if event.layer == "call" and event.conn == conn
                 and event.direction == direction]  # fmt: skip
        place = 0
        for event in told:
            assert event.offset == place
            place += event.size or 0
        assert b"".join(event.data or b"" for event in calls) == b"".join(event.data or b"" for event in told)
    assert [event.detail["status"] for event in of(events, "response")] == [200] * 3


def test_a_large_body_streams_both_ways_and_is_kept_on_disk(lab: Lab, server: Pages) -> None:
    body = bytes(range(256)) * 8192
    client = HttpClient(lab.recorder)
    client.start()
    try:
        via = Proxy(lab.proxy.url)
        run = client.send(Request("POST", server.url + "/echo", body=Body("text", raw=body), proxy=via))
        assert run.wait(DEADLINE_S)
    finally:
        client.stop(20)
    assert (run.state, bytes(run.body.data) == body) == ("done", True)
    entry = lab.over()[0]
    assert (entry.request.body.size, entry.request.body.cut) == (len(body), 0)
    assert entry.response.body.read() == body
    assert entry.request.body.read(len(body) - 4, 10) == body[-4:]
    assert {"send", "wait", "transfer", "total"} <= entry.phases_ms().keys()


def test_a_continue_is_the_origins_own(lab: Lab) -> None:
    def play(sock: socket.socket) -> None:
        head = read_head(sock)
        assert b"Expect: 100-continue" in head
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert sock.recv(5) == b"hello"
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with says(play) as port, lab.client() as sock:
        sock.sendall(f"POST http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
                     "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n".encode())  # fmt: skip
        assert read_head(sock).startswith(b"HTTP/1.1 100 Continue\r\n")
        sock.sendall(b"hello")
        assert rest(sock).endswith(b"ok")


def test_an_upgrade_becomes_a_tunnel(lab: Lab) -> None:
    def play(sock: socket.socket) -> None:
        assert b"Upgrade: echo\r\n" in read_head(sock)
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nfirst")
        while data := sock.recv(100):
            sock.sendall(data.upper())

    with says(play) as port, lab.client() as sock:
        sock.sendall(get(f"http://127.0.0.1:{port}/").replace(b"close", b"Upgrade\r\nUpgrade: echo"))
        said = read_head(sock)
        assert b"Upgrade: echo\r\n" in said
        sock.sendall(b"ping")
        sock.shutdown(socket.SHUT_WR)  # half-closed: the answer still comes
        assert (said.partition(b"\r\n\r\n")[2] + rest(sock)) == b"firstPING"
    entry = lab.over()[0]
    assert (entry.kind, entry.state, entry.request.body.read(), entry.response.body.read()) == (
        "upgraded", "done", b"ping", b"firstPING")  # fmt: skip


def test_connect_is_a_tunnel_for_any_bytes(lab: Lab) -> None:
    def play(sock: socket.socket) -> None:
        sock.sendall(b"220 hello\r\n")  # the server speaks first
        sock.sendall(sock.recv(100)[::-1])

    with says(play) as port, lab.client() as sock:
        sock.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        said = read_head(sock)
        assert said.startswith(b"HTTP/1.1 200 ")
        sock.sendall(b"abc")
        assert (said.partition(b"\r\n\r\n")[2] + rest(sock)) == b"220 hello\r\ncba"
    entry = lab.over()[0]
    assert (entry.method, entry.kind, entry.request.body.read()) == ("CONNECT", "tunnel", b"abc")


def test_a_kept_connection_that_the_origin_closed_is_replaced_unseen(lab: Lab) -> None:
    def play(sock: socket.socket) -> None:
        read_head(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE_S)

        def serve() -> None:
            for _ in range(2):
                sock, _ = listener.accept()
                with sock:
                    play(sock)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with lab.client() as sock:
            for _ in range(2):
                sock.sendall(get(url).replace(b"Connection: close\r\n", b""))
                got = b""
                while not got.endswith(b"ok"):
                    got += sock.recv(100)
        thread.join(DEADLINE_S)
    assert [entry.state for entry in lab.over(2)] == ["done", "done"]


def test_reverse_mode_passes_plain_tcp_and_a_reset(server: Pages) -> None:
    def play(sock: socket.socket) -> None:
        sock.sendall(sock.recv(100).upper())
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with says(play) as port, proxying(ProxyOrder(reverse=("127.0.0.1", port))) as lab, lab.client() as sock:
        sock.sendall(b"\x00hello")
        assert sock.recv(6) == b"\x00HELLO"
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
        entry = lab.over()[0]
        assert (entry.kind, entry.state, entry.failure and entry.failure.symbol) == ("tcp", "failed", "ECONNRESET")
        assert (entry.request.body.read(), entry.response.body.read()) == (b"\x00hello", b"\x00HELLO")


# What is held


def hold(lab: Lab, at: str = "request", **match: str) -> None:
    lab.proxy.set_rules((Rule("hold", Match(**match), at=at),))  # type: ignore[arg-type]


def test_a_held_request_waits_and_nobody_else_does(lab: Lab, server: Pages) -> None:
    hold(lab, url="/held")
    with lab.client() as sock:
        sock.sendall(get(server.url + "/echo/held"))
        entry = lab.held()
        assert entry.state == "held request"
        assert lab.say(get(server.url + "/echo")).endswith(b"hello")
        seen = len(server.seen)
        lab.proxy.release(entry.number)
        assert rest(sock).endswith(b"hello")
    assert server.seen[seen].line == "GET /echo/held HTTP/1.1"
    with pytest.raises(ProxyError, match="not held"):
        lab.proxy.release(entry.number)
    lab.over(2)
    assert "held_request" in entry.phases_ms()
    told = [(event.kind, event.detail.get("what")) for event in of(lab.events(), "held", "released")]
    assert told == [("held", None), ("released", "release")]


def test_an_edited_request_reaches_the_origin_with_its_new_length(lab: Lab, server: Pages) -> None:
    hold(lab, method="POST")
    with lab.client() as sock:
        sock.sendall(f"POST {server.url}/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n"
                     "Content-Length: 3\r\n\r\n".encode())  # fmt: skip
        assert read_head(sock).startswith(b"HTTP/1.1 100")  # the body is wanted, for whoever edits it
        sock.sendall(b"old")
        entry = lab.held()
        until(lambda: entry.request.body.size == 3)
        head = entry.request.sent_head.replace(b"POST /echo", b"PUT /echo/new")[:-2] + b"X-New: 1\r\n\r\n"
        lab.proxy.edit(entry.number, head, b"longer")
        assert rest(sock).endswith(b"longer")
    seen = server.seen[-1]
    assert (seen.line, seen.body) == ("PUT /echo/new HTTP/1.1", b"longer")
    assert {("X-New", "1"), ("Content-Length", "6")} <= set(seen.headers)
    assert "Expect" not in dict(seen.headers)
    assert lab.over()[0].request.bytes_came().endswith(b"\r\n\r\nold")
    assert lab.over()[0].request.bytes_sent().endswith(b"\r\n\r\nlonger")
    assert [event.detail["fault"] for event in of(lab.events(), "fault injected")] == ["edit"]


def test_an_edited_request_may_go_elsewhere_or_be_wrong_on_purpose(lab: Lab, server: Pages) -> None:
    hold(lab)
    with lab.client() as sock:
        sock.sendall(get("http://127.0.0.1:1/nowhere"))
        entry = lab.held()
        with pytest.raises(ProxyError, match="blank line"):
            lab.proxy.edit(entry.number, b"GET / HTTP/1.1\r\n")
        with pytest.raises(ProxyError):
            lab.proxy.edit(entry.number, b"no request\r\n\r\n")
        line = f"GET {server.url}/echo HTTP/1.1\r\n".encode()
        lab.proxy.edit(entry.number, line + b"Host: y\r\nContent-Length: 2\r\n\r\n", b"ab", fix_length=False)
        assert rest(sock).endswith(b"ab")
    assert server.seen[-1].headers == [("Host", "y"), ("Content-Length", "2")]


def test_a_held_request_is_dropped_or_answered_here(lab: Lab, server: Pages) -> None:
    hold(lab)
    seen = len(server.seen)
    with lab.client() as sock:
        sock.sendall(get(server.url + "/echo"))
        lab.proxy.drop(lab.held().number)
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
    with lab.client() as sock:
        sock.sendall(get(server.url + "/echo"))
        head = b"HTTP/1.1 418 Teapot\r\nX-Mine: 1\r\nContent-Length: 999\r\n\r\n"
        lab.proxy.answer(until(lab.proxy.held)[0].number, head, b"short and stout")
        got = rest(sock)
    assert got.startswith(b"HTTP/1.1 418 Teapot\r\nX-Mine: 1\r\nContent-Length: 15\r\n")
    assert got.endswith(b"\r\n\r\nshort and stout")
    assert len(server.seen) == seen
    dropped, answered = lab.over(2)
    assert (dropped.state, dropped.faults, answered.state, answered.status, answered.faults) == (
        "dropped", ["drop"], "done", 418, ["answer"])  # fmt: skip


def test_a_held_response_is_edited_released_and_dropped(lab: Lab, server: Pages) -> None:
    hold(lab, "response", status="2xx")
    with lab.client() as sock:
        sock.sendall(get(server.url + "/chunked"))
        entry = lab.held()
        assert (entry.state, entry.status) == ("held response", 200)
        until(lambda: entry.response.body.size > 20)
        head = entry.response.sent_head or entry.response.head
        assert b"200 OK" in entry.response.head
        lab.proxy.edit(entry.number, b"HTTP/1.1 201 Made\r\nX-New: 1\r\n\r\n", b"other")
        got = rest(sock)
    assert head
    assert got.endswith(b"HTTP/1.1 201 Made\r\nX-New: 1\r\nContent-Length: 5\r\n\r\nother")
    for act in (lab.proxy.release, lab.proxy.drop):
        with lab.client() as sock:
            sock.sendall(get(server.url + "/echo"))
            number = lab.held().number
            act(number)
            got = rest(sock)
            assert got.endswith(b"hello") is (act == lab.proxy.release)
    assert lab.say(get(server.url + "/status/404")).endswith(b"so it is")  # another status is not held


def test_a_stop_lets_go_of_what_is_held(server: Pages) -> None:
    with proxying() as lab, lab.client() as sock:
        hold(lab)
        sock.sendall(get(server.url + "/echo"))
        entry = lab.held()
        assert lab.proxy.stop(10)
        assert entry.failure is not None
        assert entry.failure.symbol == "ABORTED"
        assert rest(sock) == b""


def test_a_client_that_leaves_ends_what_is_held_for_it(lab: Lab, server: Pages) -> None:
    hold(lab)
    with lab.client() as sock:
        sock.sendall(get(server.url + "/echo"))
        entry = lab.held()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    until(lambda: entry.over)
    assert entry.failure is not None
    assert entry.failure.symbol == "CLIENT_LEFT"
    assert lab.proxy.held() == []


@pytest.mark.parametrize("at", ["request", "response"])
def test_a_client_that_ends_its_side_while_it_is_held_is_told_and_still_answered(
    lab: Lab, server: Pages, at: At
) -> None:
    lab.proxy.set_rules((Rule("hold", at=at),))
    with lab.client() as sock:
        sock.sendall(get(server.url + "/echo"))
        entry = lab.held()
        sock.shutdown(socket.SHUT_WR)
        until(lambda: entry.client_ended)
        assert entry.held
        lab.proxy.release_all()
        assert b"200 OK" in rest(sock)


def test_an_exchange_under_way_can_be_ended(lab: Lab) -> None:
    with says(lambda sock: read_head(sock) and sock.recv(1)) as port, lab.client() as sock:
        sock.sendall(get(f"http://127.0.0.1:{port}/"))
        entry = until(lambda: lab.proxy.entries() and lab.proxy.entries()[0])
        until(lambda: entry.state == "waiting")
        lab.proxy.abort(entry.number)
        assert rest(sock) == b""
        until(lambda: entry.over)


# Rules that act alone, replay


def test_rules_map_to_a_file_answer_drop_and_hide(lab: Lab, server: Pages, tmp_path: Path) -> None:
    (tmp_path / "app.js").write_text("alert(1)")
    lab.proxy.set_rules((
        Rule("map", Match(url="*/app.js"), path=str(tmp_path / "app.js")),
        Rule("map", Match(url="*/gone.js"), path=str(tmp_path / "gone.js")),
        Rule("answer", Match(url="*/down"), status=503, headers=(("Retry-After", "9"),), body=b"later"),
        Rule("drop", Match(url="*/ads/*")), Rule("ignore", Match(url="*/echo/quiet")),
    ))  # fmt: skip
    got = lab.say(get(server.url + "/app.js"))
    assert got.endswith(b"\r\n\r\nalert(1)")
    assert b"javascript" in got
    assert b" 404 " in lab.say(get(server.url + "/gone.js"))
    assert b"Retry-After: 9\r\n" in lab.say(get(server.url + "/down"))
    assert lab.say(get(server.url + "/ads/1")) == b""
    assert lab.say(get(server.url + "/echo/quiet")).endswith(b"hello")
    assert [entry.faults for entry in lab.over(4)] == [["map"], ["map"], ["answer"], ["drop"]]
    assert [entry.status for entry in lab.proxy.entries(Match(status="503"))] == [503]


def test_a_request_is_sent_again_as_it_was_or_changed(lab: Lab, server: Pages) -> None:
    lab.say(f"POST {server.url}/echo HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nConnection: close\r\n"
            "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".encode())  # fmt: skip
    first = lab.over()[0]
    assert first.status == 200
    again = lab.proxy.replay(first.number)
    changed = lab.proxy.replay(first.number, body=b"other")
    entries = {entry.number: entry for entry in lab.over(3)}
    assert (entries[again].replay_of, entries[again].client) == (first.number, "replay")
    assert entries[again].request.body.read() == b"3\r\nabc\r\n0\r\n\r\n"
    assert entries[changed].response.body.read() == b"other"
    assert ("X-One", "1") in server.seen[-1].headers
    with pytest.raises(ProxyError):
        lab.proxy.replay(999)


def test_the_list_tells_what_changed_and_forgets_when_told(lab: Lab, server: Pages) -> None:
    stamp, entries = lab.proxy.changed(0)
    assert entries == []
    lab.say(get(server.url + "/echo"))
    lab.over()
    later, entries = lab.proxy.changed(stamp)
    assert [entry.url for entry in entries] == [server.url + "/echo"]
    assert lab.proxy.changed(later) == (later, [])
    lab.proxy.clear()
    assert lab.proxy.entries() == []


# Slow lines


def test_a_throttled_line_paces_its_sends(lab: Lab, server: Pages) -> None:
    lab.proxy.set_line("down", bytes_per_s=20_000)
    began = time.monotonic()
    body = b"x" * 6_000
    head = f"POST {server.url}/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 6000\r\n\r\n"
    got = lab.say(head.encode() + body)
    took = time.monotonic() - began
    assert got.endswith(body)
    assert took >= 6_000 / 20_000 * 0.8  # a slow line is never quicker than its speed, however slow the machine
    assert lab.over()[0].faults == ["throttle"]
    conn = lab.over()[0].conn
    sends = [event for event in lab.events() if event.kind == "send" and event.conn == conn]
    assert len(sends) >= 3
    assert all((event.size or 0) <= 2_001 for event in sends)


def test_a_delay_holds_each_piece_back(lab: Lab, server: Pages) -> None:
    lab.proxy.set_line("up", delay_ms=80)
    lab.say(get(server.url + "/echo"))
    assert lab.over()[0].faults == ["delay"]
    events = lab.events()
    came = of(events, "request")[0]
    went = next(event for event in events if event.kind == "send" and event.conn == lab.over()[0].upstream_conn)
    assert went.t - came.t >= 75e6
    with pytest.raises(ProxyError):
        lab.proxy.set_line("up", bytes_per_s=0)


# The hostile

BAD = {
    "both lengths": (b"POST {u} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "two lengths": (b"POST {u} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
    "chunks in 1.0": (b"POST {u} HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "blank before the colon": (b"GET {u} HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    "obs-fold": (b"GET {u} HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400),
    "bare LF": (b"GET {u} HTTP/1.1\nHost: x\n\n", 400),
    "two hosts": (b"GET {u} HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
    "10,000 headers": (b"GET {u} HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 10_000 + b"\r\n", 431),
    "an endless line": (b"GET {u}" + b"a" * 300_000, 431),
    "no HTTP": (b"EHLO mail\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00", 400),
    "SOCKS 5": (b"\x05\x02\x00\x02", 400),
    "SOCKS 4": (b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00", 400),
    "ftp": (b"GET ftp://127.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n", 501),
    "connect to no port": (b"CONNECT 127.0.0.1:0 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "connect to a url": (b"CONNECT {u} HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a huge chunk line": (b"POST {u} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 50_000, 400),
}


@pytest.mark.parametrize("name", BAD)
def test_a_hostile_client_is_told_why_and_let_go(lab: Lab, server: Pages, name: str) -> None:
    said, status = BAD[name]
    data = said.replace(b"{u}", (server.url + "/echo").encode())
    with lab.client() as sock:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            sock.sendall(data)
        got = rest(sock)
    assert f"HTTP/1.1 {status} ".encode() in got[:20] or not got  # a RST may overtake the answer
    entry = lab.over()[0]
    assert (entry.state, entry.status) == ("failed", status)
    assert entry.failure is not None
    assert entry.failure.why.endswith(".")


def test_half_a_request_ends_without_a_trace_in_the_list(lab: Lab) -> None:
    with lab.client() as sock:
        sock.sendall(b"GET http://127.0.0.1/ HT")
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == b""
    assert lab.proxy.entries() == []


def test_a_half_closed_client_still_gets_its_answer(lab: Lab, server: Pages) -> None:
    with lab.client() as sock:
        sock.sendall(get(server.url + "/echo"))
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock).endswith(b"hello")


ODD_ANSWERS = {
    "nothing": (b"", 502, "NOTHING"),
    "no HTTP": (b"SSH-2.0-lab\r\n", 502, "NO_HTTP"),
    "both lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 502, "BAD_ANSWER"),
    "endless head": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, 502, "BAD_ANSWER"),
    "cut body": (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", 200, "CUT_SHORT"),
    "bad chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 200, "BAD_ANSWER"),
    "unasked upgrade": (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", 502, "BAD_ANSWER"),
}


@pytest.mark.parametrize("name", ODD_ANSWERS)
def test_a_hostile_origin_is_explained_and_what_came_is_kept(lab: Lab, name: str) -> None:
    data, status, symbol = ODD_ANSWERS[name]

    def play(sock: socket.socket) -> None:
        read_head(sock)
        with contextlib.suppress(OSError):
            sock.sendall(data)

    with says(play) as port:
        got = lab.say(get(f"http://127.0.0.1:{port}/"))
    entry = lab.over()[0]
    assert entry.failure is not None
    assert (entry.failure.symbol, entry.status) == (symbol, status)
    assert got.startswith(f"HTTP/1.1 {status} ".encode()) or not got
    assert data.startswith(entry.response.bytes_came(40)[:40])


def test_origins_that_are_not_there_are_explained(lab: Lab) -> None:
    got = lab.say(get("http://127.0.0.1:1/"))
    assert got.startswith(b"HTTP/1.1 502 ")
    assert b"Nothing listens on 127.0.0.1:1" in got
    assert lab.say(get("http://no-such-name.invalid/")).startswith(b"HTTP/1.1 502 ")
    first, second = lab.over(2)
    assert (first.failure and first.failure.symbol, second.failure and second.failure.symbol) == (
        "ECONNREFUSED", "EAI_NONAME")  # fmt: skip


def test_a_circle_is_seen(lab: Lab, server: Pages) -> None:
    via = dict(lab.say(get(server.url + "/echo")) and server.seen[-1].headers)["Via"].split()[1]
    assert lab.say(get(server.url + "/echo", b"Via: 1.1 " + via.encode())).startswith(b"HTTP/1.1 508 ")
    port = lab.proxy.address[1]
    assert lab.say(f"CONNECT localhost:{port} HTTP/1.1\r\nHost: x\r\n\r\n".encode()).startswith(b"HTTP/1.1 508 ")


def test_the_proxys_own_page_gives_its_authority(lab: Lab) -> None:
    assert lab.say(get("http://netlab.proxy/netlab-ca.pem")).endswith(lab.proxy.ca_pem())
    assert b"debugging proxy" in lab.say(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b" 404 " in lab.say(b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")


def test_a_proxy_that_wants_a_password_says_so_and_passes_none_on(server: Pages) -> None:
    with proxying(ProxyOrder(user="guido", password="guido456")) as lab:
        wrong = lab.say(get(server.url + "/echo", b"Proxy-Authorization: Basic bm86"))
        assert wrong.startswith(b"HTTP/1.1 407 ")
        assert b"Proxy-Authenticate: Basic" in wrong
        right = lab.say(get(server.url + "/echo", b"Proxy-Authorization: Basic Z3VpZG86Z3VpZG80NTY="))
        assert right.endswith(b"hello")
        assert "Proxy-Authorization" not in dict(server.seen[-1].headers)


def test_warnings_stand_as_long_as_they_are_true() -> None:
    with proxying() as lab:
        assert lab.proxy.warnings() == ()
        lab.proxy.set_intercept(True)
        lab.proxy.set_verify(False)
        assert len(lab.proxy.warnings()) == 2
    with proxying(ProxyOrder(host="0.0.0.0")) as lab:
        assert "other machines" in lab.proxy.warnings()[0]
        with socket.create_connection(("127.0.0.1", lab.proxy.address[1]), DEADLINE_S) as sock:
            sock.sendall(b"CONNECT 127.0.0.1:25 HTTP/1.1\r\nHost: x\r\n\r\n")
            assert rest(sock).startswith(b"HTTP/1.1 403 ")
