"""The ways a request can take: proxies, names given by hand, other schemes, identities from files."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.http.client.client import HttpClient
from protocols.http.client.handle import features
from protocols.http.client.run import Run
from protocols.http.proxy.core import ProxyOrder
from protocols.http.request import Auth, Body, Limits, Proxy, Request
from protocols.record.recorder import Recorder
from tests.peers import require_tool
from tests.protocols.http.ftp import ftp
from tests.protocols.http.peers import DEADLINE_S, Pages, pages
from tests.protocols.http.proxy.lab import proxying, until
from tests.protocols.http.socks import socks


@pytest.fixture(scope="module")
def server() -> Iterator[Pages]:
    with pages() as made:
        yield made


@pytest.fixture
def client() -> Iterator[HttpClient]:
    made = HttpClient(Recorder())
    made.start()
    yield made
    assert made.stop(10)


def sent(client: HttpClient, url: str, **fields: object) -> Run:
    run = client.send(Request(url=url, **fields))  # type: ignore[arg-type]
    assert run.wait(DEADLINE_S)
    return run


def body(run: Run) -> bytes:
    assert run.failure is None, run.failure
    return bytes(run.body.data)


# Proxies


def test_an_http_proxy_gets_the_full_url(client: HttpClient, server: Pages) -> None:
    with proxying() as lab:
        run = sent(client, server.url + "/echo", proxy=Proxy(lab.proxy.url))
        assert body(run) == b"hello"
        assert run.exchanges[0].request_line == f"GET {server.url}/echo HTTP/1.1"
        assert lab.over()[0].url == server.url + "/echo"


def test_a_proxys_password_goes_to_the_proxy_alone(client: HttpClient, server: Pages) -> None:
    with proxying(ProxyOrder(user="guido", password="guido456")) as lab:
        run = sent(client, server.url + "/echo", proxy=Proxy(lab.proxy.url, "guido", "guido456"))
        assert body(run) == b"hello"
        assert dict(run.exchanges[-1].request)["Proxy-Authorization"].startswith("Basic ")
        assert "Proxy-Authorization" not in dict(server.seen[-1].headers)
        assert sent(client, server.url + "/echo", proxy=Proxy(lab.proxy.url, "guido", "no")).status == 407


@contextlib.contextmanager
def ncat_proxy(*arguments: str) -> Iterator[str]:
    program = require_tool("ncat")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [program, "-l", "-k", "127.0.0.1", str(port), "--proxy-type", "http", *arguments]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            until(lambda: _listens(port))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def test_a_foreign_proxy_asks_for_digest(client: HttpClient, server: Pages) -> None:
    with ncat_proxy("--proxy-auth", "guido:guido456") as url:
        run = sent(client, server.url + "/echo", proxy=Proxy(url, "guido", "guido456", digest=True))
        assert body(run) == b"hello"
        assert [hop.status for hop in run.exchanges] == [407, 200]
        assert dict(run.exchanges[1].request)["Proxy-Authorization"].startswith('Digest username="guido"')


@pytest.mark.parametrize(("scheme", "version", "host"), [
    ("socks4", 4, "127.0.0.1"), ("socks4a", 4, "localhost"), ("socks5", 5, "127.0.0.1"), ("socks5h", 5, "localhost"),
])  # fmt: skip
def test_socks_proxies_get_an_address_or_a_name(
    client: HttpClient, server: Pages, scheme: str, version: int, host: str
) -> None:
    with socks() as made:
        limits = Limits(timeout_s=20)
        run = sent(client, f"http://{host}:{server.port}/echo", proxy=Proxy(f"{scheme}://127.0.0.1:{made.port}"),
                   limits=limits)  # fmt: skip
        assert body(run) == b"hello"
        assert made.asked == [(version, host, server.port)]


def test_a_socks_proxy_with_a_password(client: HttpClient, server: Pages) -> None:
    with socks("guido", "guido456") as made:
        url = f"socks5h://127.0.0.1:{made.port}"
        assert body(sent(client, server.url + "/echo/s", proxy=Proxy(url, "guido", "guido456"))) == b"hello"
        refused = sent(client, server.url + "/echo/t", proxy=Proxy(url, "guido", "wrong"))
        assert refused.failure is not None
        assert refused.failure.symbol == "PROXY"
        assert refused.failure.why.endswith(".")


def test_a_proxy_that_is_not_there_is_named(client: HttpClient, server: Pages) -> None:
    for url in ("http://127.0.0.1:1", "127.0.0.1:1", "socks5h://127.0.0.1:1"):
        run = sent(client, server.url, proxy=Proxy(url))
        assert run.failure is not None
        assert (run.failure.symbol, run.failure.at_proxy) == ("ECONNREFUSED", True)
        assert run.failure.why.startswith("Nothing listens on 127.0.0.1:1:")
        assert f"127.0.0.1:{server.port} was not asked" in run.failure.why


def test_a_tunnel_that_is_refused_is_explained(client: HttpClient) -> None:
    with proxying(ProxyOrder(user="guido", password="guido456")) as lab:
        run = sent(client, "https://127.0.0.1:1/", proxy=Proxy(lab.proxy.url))
        assert run.failure is not None
        assert run.failure.title == "The proxy asks who you are"
        assert lab.proxy.url.removeprefix("http://").rstrip("/") in run.failure.why
        other = sent(client, "https://127.0.0.1:1/", proxy=Proxy(lab.proxy.url, "guido", "guido456"))
    assert other.failure is not None
    assert (other.failure.title, other.failure.at_proxy) == ("The proxy made no tunnel", True)


def test_a_socks_proxys_no_names_the_proxy(client: HttpClient, server: Pages) -> None:
    with socks("guido", "guido456") as made:
        run = sent(client, server.url + "/echo", proxy=Proxy(f"socks5h://127.0.0.1:{made.port}", "guido", "no"))
    assert run.failure is not None
    assert f"The proxy 127.0.0.1:{made.port} would not pass" in run.failure.why
    assert (run.failure.symbol, run.failure.at_proxy) == ("PROXY", True)


def test_a_netrc_file_that_is_not_there_is_named(client: HttpClient, server: Pages, tmp_path: Path) -> None:
    run = sent(client, server.url + "/echo", auth=Auth("netrc", netrc_path=str(tmp_path / "none")))
    assert run.failure is not None
    assert run.failure.why == f"The netrc file {tmp_path / 'none'} can't be read: No such file or directory."


def test_http_3_where_nobody_speaks_it_says_so(client: HttpClient, server: Pages) -> None:
    if "HTTP3" not in features():
        pytest.skip("this libcurl has no HTTP/3")
    run = sent(client, f"https://127.0.0.1:{server.port}/", version="3")
    assert run.failure is not None
    assert (run.failure.symbol, run.failure.title) == ("HTTP3", "No HTTP/3 there")


# Names by hand


def test_a_name_is_resolved_or_led_elsewhere_by_hand(client: HttpClient, server: Pages) -> None:
    run = sent(client, f"http://shop.example:{server.port}/echo", resolve=(f"shop.example:{server.port}:127.0.0.1",))
    assert body(run) == b"hello"
    assert ("Host", f"shop.example:{server.port}") in server.seen[-1].headers
    run = sent(client, "http://shop.example/echo", connect_to=(f"shop.example:80:127.0.0.1:{server.port}",))
    assert body(run) == b"hello"
    assert ("Host", "shop.example") in server.seen[-1].headers


# Identities from files


def test_netrc_gives_the_password_of_its_machine(client: HttpClient, server: Pages, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login guido password guido456\n")
    netrc.chmod(0o600)
    sent(client, server.url + "/echo", auth=Auth("netrc", netrc_path=str(netrc)))
    assert ("Authorization", "Basic Z3VpZG86Z3VpZG80NTY=") in server.seen[-1].headers
    sent(client, f"http://localhost:{server.port}/echo", auth=Auth("netrc", netrc_path=str(netrc)))
    assert "Authorization" not in dict(server.seen[-1].headers)


def test_a_bearer_token_goes_as_it_is(client: HttpClient, server: Pages) -> None:
    sent(client, server.url + "/echo", auth=Auth("bearer", token="abc.def"))
    assert ("Authorization", "Bearer abc.def") in server.seen[-1].headers


# Other schemes


def test_ftp_fetches_a_file_and_shows_both_sides_of_the_talk(client: HttpClient) -> None:
    with ftp(b"from an FTP server") as (port, said):
        run = sent(client, f"ftp://guido:guido456@127.0.0.1:{port}/a.txt")
        assert body(run) == b"from an FTP server"
        assert {"USER guido", "PASS guido456", "RETR a.txt"} <= set(said)
        final = run.final
        assert final is not None
        assert b"RETR a.txt\r\n" in final.sent.data
        assert b"226 done" in final.received.data
        assert "guido456" not in final.url


def test_put_uploads_by_ftp_and_other_words_of_http_are_refused(client: HttpClient, tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("from a file")
    for given, came in ((Body("text", "typed"), "typed"), (Body("file", path=str(tmp_path / "b.txt")), "from a file")):
        with ftp(b"") as (port, said):
            url = f"ftp://guido:guido456@127.0.0.1:{port}/b.txt"
            run = sent(client, url, method="PUT", body=given)
            assert (run.failure, said[said.index("STOR b.txt") + 1]) == (None, came)
            for method, wrong in (("DELETE", Body()), ("POST", given), ("PUT", Body())):
                refused = sent(client, url, method=method, body=wrong)
                assert refused.failure is not None
                assert "FTP" in refused.failure.said + refused.failure.why


def test_ftp_that_refuses_is_explained(client: HttpClient) -> None:
    with ftp(b"") as (port, _):
        run = sent(client, f"ftp://guido:wrong@127.0.0.1:{port}/a.txt")
        assert run.failure is not None
        assert (run.failure.symbol, run.failure.why.endswith(".")) == ("LOGIN", True)
    with ftp(b"") as (port, _):
        run = sent(client, f"ftp://guido:guido456@127.0.0.1:{port}/b.txt")
        assert run.failure is not None
        assert run.failure.symbol == "NO_FILE"
