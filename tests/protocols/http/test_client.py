"""The client against Python's own server and against peers that misbehave to the byte."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.http.bodies import multipart_preview
from protocols.http.client.client import HttpClient
from protocols.http.client.run import Run
from protocols.http.exchange import Exchange
from protocols.http.request import Auth, Body, Limits, Part, Request, RequestError, Trust
from protocols.record.event import Event
from protocols.record.recorder import Recorder, Tail
from protocols.service.base import ServiceError
from tests.protocols.http.peers import DEADLINE_S, Pages, answer, pages, read_head, says


class Lab:
    """A client with its recorder."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.tail: Tail = self.recorder.tail()
        self.client = HttpClient(self.recorder)

    def get(self, url: str, **fields: object) -> Run:
        """Send and wait to the end."""
        run = self.client.send(Request(url=url, **fields))  # type: ignore[arg-type]
        assert run.wait(DEADLINE_S)
        return run

    def events(self, kind: str) -> list[Event]:
        """The events of a kind so far."""
        return [event for event in map(Event.of, self.tail.take()) if event.kind == kind]


@pytest.fixture
def lab() -> Iterator[Lab]:
    made = Lab()
    made.client.start()
    yield made
    assert made.client.stop(20)


@pytest.fixture(scope="module")
def server() -> Iterator[Pages]:
    with pages() as made:
        yield made


def last(run: Run) -> Exchange:
    assert run.final is not None
    return run.final


def test_headers_keep_their_order_case_and_duplicates(lab: Lab, server: Pages) -> None:
    headers = (("X-b", "2"), ("x-B", "3"), ("X-Empty", ""), ("ACCEPT", "text/*"), ("X-Late", "ü"))
    lab.get(server.url + "/echo", headers=headers)
    sent = bytes(last(lab.get(server.url + "/echo", headers=headers)).sent.data)
    wanted = b"X-b: 2\r\nx-B: 3\r\nX-Empty:\r\nACCEPT: text/*\r\nX-Late: \xc3\xbc\r\n\r\n"
    assert sent.endswith(wanted)
    assert sent.lower().count(b"accept:") == 1


def test_a_header_that_libcurl_adds_can_be_left_out(lab: Lab, server: Pages) -> None:
    lab.get(server.url + "/echo", without=("Accept", "User-Agent", "Accept-Encoding"))
    assert [name for name, _ in server.seen[-1].headers] == ["Host"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "LOCK"])
def test_any_method_goes_with_and_without_a_body(lab: Lab, server: Pages, method: str) -> None:
    for body in (Body(), Body("text", "some text")):
        run = lab.get(server.url + "/echo", method=method, body=body)
        assert run.state == "done"
        assert server.seen[-1].line == f"{method} /echo HTTP/1.1"
        assert server.seen[-1].body == body.text.encode()


def test_head_has_no_body_and_says_how_long_it_would_be(lab: Lab, server: Pages) -> None:
    run = lab.get(server.url + "/echo", method="HEAD")
    assert (run.state, run.body.size) == ("done", 0)
    assert last(run).answer is not None
    assert ("Content-Length", "5") in last(run).headers


@pytest.mark.parametrize(("body", "kind", "sent"), [
    (Body("form", fields=(("name", "Dave"), ("mail", "d@x.com"), ("n", "a b ü"))),
     "application/x-www-form-urlencoded", b"name=Dave&mail=d%40x.com&n=a+b+%C3%BC"),
    (Body("json", '{"a": 1}'), "application/json", b'{"a": 1}'),
    (Body("xml", "<a/>"), "application/xml", b"<a/>"),
    (Body("text", "ü"), "text/plain; charset=utf-8", "ü".encode()),
    (Body("hex", "00 ff 0x0d,0a"), "application/octet-stream", b"\x00\xff\r\n"),
])  # fmt: skip
def test_each_kind_of_body_goes_with_its_type(lab: Lab, server: Pages, body: Body, kind: str, sent: bytes) -> None:
    lab.get(server.url + "/echo", method="POST", body=body)
    assert server.seen[-1].body == sent
    assert [value for name, value in server.seen[-1].headers if name == "Content-Type"] == [kind]


def test_a_type_of_ones_own_replaces_the_one_of_the_kind(lab: Lab, server: Pages) -> None:
    lab.get(server.url + "/echo", method="POST", body=Body("json", "{}"), headers=(("content-type", "x/y"),))
    assert [value for name, value in server.seen[-1].headers if name.lower() == "content-type"] == ["x/y"]


def test_a_file_and_a_multipart_stream_from_disk(lab: Lab, server: Pages, tmp_path: Path) -> None:
    file = tmp_path / "pen.png"
    file.write_bytes(b"\x89PNG" + bytes(range(256)) * 20)
    lab.get(server.url + "/echo", method="PUT", body=Body("file", path=str(file)))
    assert server.seen[-1].body == file.read_bytes()
    assert ("Content-Type", "image/png") in server.seen[-1].headers
    parts = (Part("name", "Ünal"), Part("picture", path=str(file), filename="other.png", content_type="image/x"))
    lab.get(server.url + "/echo", method="POST", body=Body("multipart", parts=parts))
    sent = server.seen[-1].body
    assert 'name="name"\r\n\r\nÜnal\r\n'.encode() in sent
    assert b'name="picture"; filename="other.png"\r\nContent-Type: image/x\r\n\r\n\x89PNG' in sent


def test_a_preview_of_a_multipart_is_what_is_sent(lab: Lab, server: Pages, tmp_path: Path) -> None:
    file = tmp_path / 'a "pen".png'
    file.write_bytes(b"PNG")
    parts = (Part('the "name"', "\u00dcnal\nKoray"), Part("picture", path=str(file)),
             Part("note", "x", content_type="text/x"))  # fmt: skip
    lab.get(server.url + "/echo", method="POST", body=Body("multipart", parts=parts))
    kind = dict(server.seen[-1].headers)["Content-Type"]
    told = multipart_preview(parts, kind.partition("boundary=")[2]).replace(f"(the bytes of {file})", "PNG")
    assert told == server.seen[-1].body.decode().replace("\r\n", "\n").removesuffix("\n")
    assert multipart_preview((), "b") == ""


def test_the_bytes_of_the_wire_are_exact(lab: Lab, server: Pages) -> None:
    run = lab.get(server.url + "/chunked")
    exchange = last(run)
    assert bytes(run.body.data) == b"hello world"
    assert exchange.wire_body == b"5;note=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 11\r\n\r\n"
    assert exchange.trailers() == [("X-Sum", "11")]
    assert [(one.status, one.headers) for one in exchange.interim] == [(103, [("Link", "</style.css>")])]
    assert bytes(exchange.received.data).startswith(b"HTTP/1.1 103 Early Hints\r\n")


@pytest.mark.parametrize(("status", "method", "then"), [
    (301, "POST", "GET"), (302, "POST", "GET"), (303, "PUT", "GET"), (307, "POST", "POST"), (308, "PUT", "PUT"),
    (301, "PUT", "PUT"), (303, "HEAD", "HEAD"),
])  # fmt: skip
def test_a_redirect_is_a_hop_of_its_own(lab: Lab, server: Pages, status: int, method: str, then: str) -> None:
    body = Body() if method == "HEAD" else Body("text", "data")
    run = lab.get(f"{server.url}/redirect/{status}/echo", method=method, body=body)
    assert [(hop.number, hop.method, hop.status) for hop in run.exchanges] == [(1, method, status), (2, then, 200)]
    assert server.seen[-1].body == (b"data" if then in ("POST", "PUT") else b"")
    assert ("Cookie", "hop=1") in server.seen[-1].headers
    assert b"moved" not in run.body.data


def test_a_redirect_is_shown_and_not_followed_when_told_so(lab: Lab, server: Pages) -> None:
    run = lab.get(server.url + "/redirect/302/echo", follow=False)
    assert (run.state, run.status, bytes(run.body.data)) == ("done", 302, b"moved")


def test_a_loop_ends_at_the_limit_with_every_hop_kept(lab: Lab, server: Pages) -> None:
    run = lab.get(server.url + "/loop", limits=Limits(max_redirects=5))
    assert (run.state, len(run.exchanges)) == ("failed", 6)
    assert run.failure is not None
    assert run.failure.symbol == "TOO_MANY_REDIRECTS"


def test_a_redirect_never_leads_to_a_file(lab: Lab, server: Pages) -> None:
    run = lab.get(server.url + "/away")
    assert run.failure is not None
    assert run.failure.symbol == "REDIRECT_REFUSED"
    assert run.status == 302


def test_secrets_stay_with_their_origin(lab: Lab, server: Pages) -> None:
    away = f"HTTP/1.1 302 Found\r\nLocation: {server.url}/echo\r\nContent-Length: 0\r\n\r\n".encode()
    with says(answer(away)) as port:
        run = lab.get(f"http://guido:secret@127.0.0.1:{port}/", headers=(("Cookie", "own=1"), ("X-Kept", "1")))
    assert run.exchanges[0].request[1] == ("Authorization", "Basic Z3VpZG86c2VjcmV0")
    names = [name for name, _ in server.seen[-1].headers]
    assert "Authorization" not in names
    assert "Cookie" not in names
    assert "X-Kept" in names
    assert "secret" not in run.exchanges[0].url


def test_digest_shows_the_refusal_and_the_answer(lab: Lab, server: Pages) -> None:
    run = lab.get(server.url + "/digest", auth=Auth("digest", "guido", "guido456"))
    assert [hop.status for hop in run.exchanges] == [401, 200]
    assert dict(run.exchanges[1].request)["Authorization"].startswith('Digest username="guido"')
    first, second = (event for event in lab.events("response"))
    assert first.offset is not None
    assert first.size is not None
    assert second.offset == first.offset + first.size + run.exchanges[0].unseen
    refused, welcome = (hop.phases for hop in run.exchanges)
    assert (refused.connect is None, welcome.connect, welcome.dns) == (False, None, None)  # one connection, the first's
    assert (refused.total or 0) > (refused.connect or 0)


def test_the_jar_keeps_what_servers_set_and_sends_it_back(lab: Lab, server: Pages) -> None:
    lab.get(server.url + "/cookie")
    found = [(one.name, one.value, one.http_only) for one in lab.client.jar.all()]
    assert found == [("a", "1", False), ("b", "2", True)]
    assert sorted(bytes(lab.get(server.url + "/cookie").body.data).split(b"; ")) == [b"a=1", b"b=2"]
    lab.client.jar.clear()
    assert bytes(lab.get(server.url + "/cookie").body.data) == b"none"


def test_the_recorder_hears_of_calls_and_messages_with_exact_ranges(lab: Lab, server: Pages) -> None:
    run = lab.get(server.url + "/echo", method="POST", body=Body("text", "data"))
    again = lab.get(server.url + "/echo")
    lab.client.stop(20)
    events = [Event.of(raw) for raw in lab.tail.take()]
    conn = last(run).conn
    assert [event.kind for event in events if event.layer == "call" and event.kind not in ("send", "recv")] == [
        "socket", "connect", "close"]  # fmt: skip
    requests = [event for event in events if event.kind == "request"]
    responses = [event for event in events if event.kind == "response"]
    assert [event.conn for event in requests + responses] == [conn] * 4
    assert requests[1].offset == requests[0].size == last(run).sent.size
    assert responses[1].offset == responses[0].size == last(run).received.size
    assert responses[0].detail["status"] == 200
    assert ["Content-Type", "text/plain"] in responses[0].detail["headers"]
    assert responses[0].detail["phases_ms"]["connect"] >= 0
    assert "connect" not in responses[1].detail["phases_ms"]
    assert last(again).conn == conn
    for direction, messages in (("out", requests), ("in", responses)):
        calls = [event for event in events if event.layer == "call" and event.direction == direction]
        assert b"".join(event.data or b"" for event in calls) == b"".join(event.data or b"" for event in messages)


def test_cancel_takes_effect_at_once_and_keeps_what_came(lab: Lab) -> None:
    def play(sock: socket.socket) -> None:
        read_head(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
        sock.recv(1)

    with says(play) as port:
        run = lab.client.send(Request(url=f"http://127.0.0.1:{port}/"))
        until = time.monotonic() + DEADLINE_S
        while run.body.size < 4 and time.monotonic() < until:
            run.wait(0.005)
        run.cancel()
        assert run.wait(DEADLINE_S)
    assert (run.state, bytes(run.body.data), run.status) == ("cancelled", b"half", 200)


def test_a_silent_server_ends_by_the_time_limit(lab: Lab) -> None:
    with says(lambda sock: sock.recv(1) and read_head(sock) and sock.recv(1)) as port:
        run = lab.get(f"http://127.0.0.1:{port}/", limits=Limits(timeout_s=0.2))
    assert run.failure is not None
    assert run.failure.symbol == "TIMEOUT"


def test_odd_heads_are_read_whole(lab: Lab) -> None:
    head = b"HTTP/1.1 299 Sort of\xfcber\r\nX-Fold: one\r\n two\r\nX-Bad: \xff\xfe\r\nContent-Length: 0\r\n\r\n"
    with says(answer(head)) as port:
        run = lab.get(f"http://127.0.0.1:{port}/")
    found = last(run).answer
    assert found is not None
    assert (found.status, found.reason, found.get("x-fold"), found.get("X-Bad")) == (
        299, "Sort of\xfcber", "one two", "\xff\xfe")  # fmt: skip
    assert run.state == "done"


def test_an_answer_without_a_head_is_refused_or_taken_as_told(lab: Lab) -> None:
    with says(answer(b"<h1>old</h1>")) as port:
        assert lab.get(f"http://127.0.0.1:{port}/").state == "failed"
    with says(answer(b"<h1>old</h1>")) as port:
        run = lab.get(f"http://127.0.0.1:{port}/", http09=True)
    assert (run.state, bytes(run.body.data)) == ("done", b"<h1>old</h1>")


def test_a_body_over_the_limit_is_cut_and_said_so(lab: Lab) -> None:
    with says(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000)) as port:
        run = lab.get(f"http://127.0.0.1:{port}/", limits=Limits(max_bytes=100))
    assert run.failure is not None
    assert (run.failure.symbol, run.body.size) == ("CUT", 100)


def test_nobody_listens_and_no_such_name(lab: Lab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    refused = lab.get(f"http://127.0.0.1:{port}/").failure
    assert refused is not None
    assert (refused.symbol, str(port) in refused.why) == ("ECONNREFUSED", True)
    assert [event.errno for event in lab.events("connect")] == ["ECONNREFUSED"]
    unknown = lab.get("http://no-such-name.invalid/").failure
    assert unknown is not None
    assert unknown.symbol == "EAI_NONAME"


def test_data_and_file_are_read_too(lab: Lab, tmp_path: Path) -> None:
    run = lab.get("data:text/plain;base64,aGVsbG8=")
    assert (bytes(run.body.data), last(run).headers[0]) == (b"hello", ("Content-Type", "text/plain"))
    (tmp_path / "a.txt").write_text("from disk")
    assert bytes(lab.get((tmp_path / "a.txt").as_uri()).body.data) == b"from disk"
    assert lab.get((tmp_path / "b.txt").as_uri()).state == "failed"
    assert lab.get("data:nothing").state == "failed"


@pytest.mark.parametrize("fields", [
    {"method": "GE T"}, {"method": ""}, {"headers": (("X", "a\r\nY: b"),)}, {"headers": (("X\n", "a"),)},
    {"headers": (("X", "a\0"),)}, {"url": "http://h/\n"}, {"url": ""}, {"url": "gopher://h/"}, {"url": "http://h:99999/"},
    {"auth": Auth("basic", "a\n", "b")}, {"body": Body("hex", "0g")}, {"body": Body("file", path="/no/such/file")},
    {"cookies": (("a", "1;b=2"),)}, {"headers": (("X", "\ud800"),)}, {"url": "http:///x"},
])  # fmt: skip
def test_what_can_not_be_sent_is_refused_with_a_reason(lab: Lab, fields: dict[str, object]) -> None:
    with pytest.raises(RequestError, match=r"\w"):
        lab.client.send(Request(**{"url": "http://127.0.0.1/", **fields}))  # type: ignore[arg-type]


def test_many_requests_run_at_once(lab: Lab, server: Pages) -> None:
    runs = [lab.client.send(Request(url=f"{server.url}/echo/{number}")) for number in range(20)]
    assert all(run.wait(DEADLINE_S) for run in runs)
    assert {run.state for run in runs} == {"done"}


def test_a_stop_ends_what_is_under_way(server: Pages) -> None:
    made = Lab()
    made.client.start()
    with says(lambda sock: sock.recv(1) and read_head(sock) and sock.recv(1)) as port:
        run = made.client.send(Request(url=f"http://127.0.0.1:{port}/"))
        assert made.client.stop(20)
        assert run.wait(DEADLINE_S)
    assert run.state == "cancelled"
    with pytest.raises(ServiceError):
        made.client.send(Request(url=server.url))


def test_the_certificate_is_verified_and_explained(lab: Lab) -> None:
    from protocols.concurrency.contract import Listen, ServerTLS
    from protocols.concurrency.server import make_server
    from protocols.sockets.behaviours import spec
    from protocols.tls import lab_ca, server_pem

    for flaw, symbol, word in (
        (None, "", ""), ("expired", "CERTIFICATE_VERIFY_FAILED", "past its last day"),
        ("wrong host", "CERTIFICATE_VERIFY_FAILED", "name"),
        ("self-signed", "CERTIFICATE_VERIFY_FAILED", "itself"),
    ):  # fmt: skip
        page = make_server(
            lab.recorder, spec("page"), Listen(), name="page",
            tls=ServerTLS(pem=server_pem(["127.0.0.1"], flaw=flaw)),  # type: ignore[arg-type]
        )  # fmt: skip
        page.start()
        try:
            assert isinstance(page.address, tuple)
            url = f"https://127.0.0.1:{page.address[1]}/"
            run = lab.get(url, trust=Trust(ca=lab_ca().pem))
            believing = lab.get(url, trust=Trust(verify=False))
        finally:
            page.stop(20)
        assert (run.failure.symbol if run.failure else "") == symbol
        assert run.failure is None or word in run.failure.why
        facts = last(believing).tls
        assert facts is not None
        assert facts.version.startswith("TLSv1.")
        assert facts.cipher
        assert facts.certificates()[0].subject
        if flaw is None:
            assert last(run).conn is not None
            assert last(run).tls is not None
            assert last(run).tls.verified  # type: ignore[union-attr]
