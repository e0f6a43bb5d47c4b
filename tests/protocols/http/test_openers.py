"""What urllib's openers do: the chain of handlers, what each did, and how it ended."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from protocols.http.by_hand.opener_table import HANDLERS, USUAL, OpenerOrder
from protocols.http.by_hand.openers import Opening, file_name
from protocols.http.server.kinds import sandbox_server
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from tests.protocols.http.ftp import ftp
from tests.protocols.http.peers import DEADLINE_S, answer, says
from tests.protocols.http.proxy.lab import until


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = sandbox_server(Recorder())
    server.start()
    yield f"http://127.0.0.1:{server.facts().ports[0]}"
    assert server.stop(20)


def opened(url: str, *handlers: str, **more: object) -> Opening:
    order = OpenerOrder(url, handlers=(*USUAL, *handlers), timeout_s=DEADLINE_S, **more)  # type: ignore[arg-type]
    return Opening(Recorder(), order).run()


def told(opening: Opening, method: str) -> list[str]:
    return [call.gave for call in opening.calls if call.method == method]


def test_the_chain_is_the_handlers_in_the_order_in_which_they_are_asked(site: str) -> None:
    opening = opened(f"{site}/echo", *(one.id for one in HANDLERS), proxy="http://127.0.0.1:1")
    names = [link.name for link in opening.chain]
    assert set(names) >= {one.title for one in HANDLERS}
    assert [link.order for link in opening.chain] == sorted(link.order for link in opening.chain)
    assert names[0] == "ProxyHandler"
    assert names[-1] == "HTTPErrorProcessor"
    usual = {type(one).__name__ for one in urllib.request.build_opener().handlers}  # type: ignore[attr-defined]
    simple = {link.name for link in Opening(Recorder(), OpenerOrder(f"{site}/", simple=True)).run().chain}
    assert simple >= usual - {"ProxyHandler"}


def test_simple_has_no_cookies_and_an_opener_has(site: str) -> None:
    recorder = Recorder()
    login = OpenerOrder(f"{site}/login", data=b"user=guido&password=guido456", handlers=(*USUAL, "cookies"))
    first = Opening(recorder, login).run()
    assert (first.status, first.method) == (200, "POST")  # a body makes a POST of it
    private = OpenerOrder(f"{site}/private", handlers=(*USUAL, "cookies"))
    assert Opening(recorder, private, jar=first.jar).run().url.endswith("/private")
    simple = Opening(recorder, OpenerOrder(f"{site}/private", simple=True), jar=first.jar).run()
    assert not simple.url.endswith("/private")
    assert any("adds Cookie" in one for one in told(Opening(recorder, private, jar=first.jar).run(), "http_request"))


@pytest.mark.parametrize(("path", "key"), [("/basic", "basic"), ("/digest/md5", "digest")])
def test_a_401_is_answered_by_the_handler_that_can_and_the_password_is_in_no_line(
    site: str, path: str, key: str
) -> None:
    opening = opened(site + path, key, user="guido", password="guido456")
    assert (opening.outcome, opening.status) == ("answer", 200)
    assert "then 200 from" in told(opening, "http_error_401")[-1]
    assert "guido456" not in str(opening.calls)
    if key == "digest":
        hashes = told(opening, "MD5")
        assert hashes[1].startswith("guido:sandbox:\u2022")
        assert hashes[0].startswith(f"GET:{path} \u2192 ")
        assert hashes[0].partition(" \u2192 ")[2] in hashes[2]
    without = opened(site + path)
    assert (without.outcome, without.status, without.exception) == ("error", 401, "HTTPError")
    wrong = opened(site + path, key, user="guido", password="no")
    assert wrong.status == 401


def test_an_http_error_is_an_answer_that_can_be_read(site: str) -> None:
    opening = opened(f"{site}/status/404")
    assert (opening.outcome, opening.exception, opening.status) == ("error", "HTTPError", 404)
    assert opening.body
    order = OpenerOrder(f"{site}/status/404", handlers=("redirect",))
    assert Opening(Recorder(), order).run().outcome == "answer"  # without HTTPErrorProcessor it is one like all


def test_redirects_are_followed_or_not_and_a_circle_ends(site: str) -> None:
    assert opened(f"{site}/redirect/3").status == 200
    stays = Opening(Recorder(), OpenerOrder(f"{site}/redirect/3", handlers=("errors",))).run()
    assert (stays.outcome, stays.status) == ("error", 302)
    circle = opened(f"{site}/loop")
    assert circle.outcome == "error"
    assert "infinite loop" in circle.error


class Proxy(BaseHTTPRequestHandler):
    """A proxy that wants to know who asks, and answers everything itself."""

    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(self.requestline)
        known = self.headers.get("Proxy-Authorization", "") == "Basic Z3VpZG86Z3VpZG80NTY="
        self.send_response(200 if known else 407)
        self.send_header("Proxy-Authenticate", 'Basic realm="x"')
        self.end_headers()
        self.wfile.write(b"through")

    def log_message(self, *_: object) -> None:
        """Quiet."""


def test_a_proxy_with_a_password_is_asked_twice() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        proxy = f"http://127.0.0.1:{server.server_port}"
        opening = opened("http://far.test/x", "proxy", "proxy_basic", proxy=proxy, proxy_user="guido",
                         proxy_password="guido456")  # fmt: skip
        without = opened("http://far.test/x", "proxy", proxy=proxy)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert Proxy.seen == ["GET http://far.test/x HTTP/1.1"] * 3
    assert (opening.status, opening.body, without.status) == (200, b"through", 407)
    assert "base64 of guido:" in told(opening, "http_error_407")[0]
    assert "guido456" not in str(opening.calls)


def test_a_scheme_of_ones_own_and_those_of_the_library(site: str, tmp_path: Path) -> None:
    assert opened("lab:hello", "lab").body == b"Hello from a handler of your own: hello\n"
    unknown = opened("lab:hello")
    assert "unknown url type: lab" in unknown.error
    assert opened("data:text/plain,a%20b").body == b"a b"
    (tmp_path / "a.txt").write_text("a file")
    assert opened((tmp_path / "a.txt").as_uri()).body == b"a file"
    assert opened("gopher://x/").outcome == "failed"
    assert "unknown url type" in opened("nonsense").error


def test_ftp_with_the_cache_keeps_its_control_connection() -> None:
    with ftp(b"content") as (port, said):
        cache = urllib.request.CacheFTPHandler()
        cache.setTimeout(60)
        order = OpenerOrder(f"ftp://guido:guido456@127.0.0.1:{port}/a.txt", handlers=("ftp_cache",), timeout_s=5)
        try:
            for _ in range(2):
                assert Opening(Recorder(), order, ftp=cache).run().body == b"content"
        finally:
            cache.clear_cache()
    assert sum(line.startswith("USER") for line in said) == 1


def test_a_file_is_retrieved_block_by_block_and_too_little_is_an_error(site: str, tmp_path: Path) -> None:
    place = tmp_path / "got"
    opening = opened(f"{site}/slow?bytes=9000&delay_ms=0", retrieve=str(place))
    assert opening.outcome == "answer", opening.error
    assert place.stat().st_size == 9_000
    assert opening.reports[0] == (0, 8192, 9_000)
    assert opening.reports[-1] == (2, 8192, 9_000)
    with says(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")) as port:
        short = opened(f"http://127.0.0.1:{port}/", retrieve=str(place))
    assert short.outcome == "failed"
    assert short.exception in ("ContentTooShortError", "IncompleteRead")
    assert (file_name("http://x/a/b.txt?c"), file_name("http://x/")) == ("b.txt", "index.html")


def test_a_wait_is_cancelled_at_once_and_the_calls_stand_on_the_time_line() -> None:
    recorder = Recorder()
    tail = recorder.tail()
    with says(lambda sock: sock.recv(65536) and sock.recv(1)) as port:
        opening = Opening(recorder, OpenerOrder(f"http://127.0.0.1:{port}/", timeout_s=60))
        thread = Thread(target=opening.run)
        thread.start()
        events: list[Event] = []
        until(lambda: events.extend(map(Event.of, tail.take())) or any(one.kind == "sendall" for one in events))
        opening.cancel()
        thread.join(DEADLINE_S)
    assert not thread.is_alive()
    assert (opening.outcome, opening.error) == ("cancelled", "It was cancelled.")
    before = Opening(Recorder(), OpenerOrder("http://127.0.0.1:1/"))
    before.cancel()
    assert before.run().outcome == "cancelled"
    refused = opened("http://127.0.0.1:1/")
    assert (refused.outcome, refused.exception) == ("failed", "URLError")
