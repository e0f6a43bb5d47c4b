"""Digest and Basic: the worked example of the standard, a guard against clients, and what is told of an exchange."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from protocols.http.client.client import HttpClient
from protocols.http.digest import DigestGuard, digest_steps, parameters
from protocols.http.identity import identity_steps, speaks_of_identity
from protocols.http.proxy.service import ProxyOrder
from protocols.http.request import Auth, Proxy, Request
from protocols.http.server.kinds import sandbox_server
from protocols.record.recorder import Recorder
from tests.peers import require_tool
from tests.protocols.http.peers import DEADLINE_S, Pages, pages
from tests.protocols.http.proxy.lab import proxying
from tests.protocols.http.server.sites import Site, running

RFC = {"nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "uri": "/dir/index.html", "qop": "auth",
       "nc": "00000001", "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"}  # fmt: skip


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running(sandbox_server, model="epoll") as made:
        yield made


@pytest.fixture
def client() -> Iterator[HttpClient]:
    made = HttpClient(Recorder())
    made.start()
    yield made
    assert made.stop(10)


@pytest.fixture(scope="module")
def server() -> Iterator[Pages]:
    with pages() as made:
        yield made


def test_the_standards_own_example_comes_out_in_both_algorithms() -> None:
    """RFC 7616 section 3.9.1."""
    for name, response in (
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ):
        steps = digest_steps(name, "Mufasa", "Circle of Life", "http-auth@example.org", "GET", RFC, "hidden")
        assert steps[-1].gives == response
        assert steps[0].of == "Mufasa:http-auth@example.org:hidden"
        assert [step.name for step in steps] == ["A1, who", "A2, what", "Response"]
    assert len(digest_steps("MD5-sess", "u", "p", "r", "GET", RFC)) == 4


@pytest.mark.parametrize("algorithm", ["md5", "sha-256"])
def test_digest_is_computed_again_step_by_step(client: HttpClient, site: Site, algorithm: str) -> None:
    auth = Auth("digest", "guido", "guido456")
    run = client.send(Request(url=f"http://127.0.0.1:{site.port}/digest/{algorithm}", auth=auth))
    assert run.wait(DEADLINE_S)
    assert [one.status for one in run.exchanges] == [401, 200]
    told = identity_steps(run.exchanges[1], run.exchanges[:1], auth)
    names = [one.name for one in told]
    assert names[0] == "The server asks for Digest"
    assert {"  nonce", "A1, who", "A2, what", "Response", "Compared"} <= set(names)
    assert told[-1].sign == "done"
    assert "guido456" not in "".join(one.text for one in told)
    assert identity_steps(run.exchanges[1], run.exchanges[:1], Auth("digest", "guido", "other"))[-1].sign == "error"
    assert identity_steps(run.exchanges[0], [])[-1].name == "Nobody answered"


def test_basic_is_decoded_and_a_refusal_is_told(client: HttpClient, site: Site) -> None:
    for password, status in (("guido456", 200), ("wrong", 401)):
        auth = Auth("basic", "guido", password)
        run = client.send(Request(url=f"http://127.0.0.1:{site.port}/basic", auth=auth))
        assert run.wait(DEADLINE_S)
        assert run.final is not None
        assert run.status == status
        assert speaks_of_identity(run.final)
        told = identity_steps(run.final, [], auth)
        assert any(f"base64 of guido:{password}" in one.text for one in told)
        assert (told[-1].name == "Refused") == (status == 401)


def test_a_proxy_asks_for_digest_and_passes_none_on(client: HttpClient, server: Pages) -> None:
    with proxying(ProxyOrder(user="guido", password="guido456", digest=True)) as lab:
        proxy = Proxy(lab.proxy.url, "guido", "guido456", digest=True)
        run = client.send(Request(url=server.url + "/echo", proxy=proxy))
        assert run.wait(DEADLINE_S)
        assert [one.status for one in run.exchanges] == [407, 200]
        assert identity_steps(run.exchanges[1], run.exchanges[:1], Auth(), proxy)[-1].sign == "done"
        assert "Proxy-Authorization" not in dict(server.seen[-1].headers)
        basic = client.send(Request(url=server.url + "/echo", proxy=Proxy(lab.proxy.url, "guido", "guido456")))
        assert basic.wait(DEADLINE_S)
        assert basic.status == 407
        for tunnel in ([], ["--proxytunnel"]):
            done = subprocess.run(
                [require_tool("curl"), "-sS", "-x", lab.proxy.url, "-U", "guido:guido456", "--proxy-digest", *tunnel,
                 server.url + "/echo"], capture_output=True, timeout=60, check=False)  # fmt: skip
            assert (done.returncode, done.stdout) == (0, b"hello"), done.stderr


@limits(max_examples=60)
@given(st.text(max_size=80), st.sampled_from(["Digest ", "digest ", ""]))
def test_no_credentials_but_the_right_ones_pass_a_guard(text: str, scheme: str) -> None:
    guard = DigestGuard("r", "guido", "guido456")
    assert guard.wrong("GET", ("/",), scheme + text, ("MD5",))[0]
    parameters(text)
