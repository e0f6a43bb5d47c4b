"""The sandbox: what each page promises, with Python's own client and with exact bytes."""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.client
import re
import subprocess
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from http.cookiejar import CookieJar

import pytest
from websockets.sync.client import connect

from protocols.http.reading import image_size
from protocols.http.server.kinds import sandbox_server
from protocols.http.server.sandbox.site import PAGES
from tests.protocols.http.peers import DEADLINE_S
from tests.protocols.http.server.sites import Site, running, say

FORM = {"Content_Type": "application/x-www-form-urlencoded"}
MODELS = ("threads", "epoll", "asyncio", "fork")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running(sandbox_server, model="epoll") as running_site:
        yield running_site


def test_the_index_links_and_explains_every_page(site: Site) -> None:
    text = site.get("/").body.decode()
    assert all(f'href="{page.link}"'.replace("&", "&amp;") in text and page.text for page in PAGES)
    for page in PAGES:
        if page.group not in ("Broken on purpose", "Streams") and page.path not in ("/endless", "/loop"):
            assert site.get(page.link, "HEAD").status in (200, 204, 301, 302, 303, 307, 308, 401, 404, 405)


def test_items_are_made_read_replaced_changed_and_deleted(site: Site) -> None:
    kind = {"Content_Type": "application/json"}
    made = site.get("/items", "POST", b'{"name": "ink", "price": 3}', **kind)
    place = made.headers["Location"]
    assert (made.status, site.get(place).json()["name"]) == (201, "ink")
    assert site.get(place, "PUT", b'{"name": "red ink"}', **kind).status == 200
    assert site.get(place, "PATCH", b'{"price": 4}', **kind).json() == {
        "id": place.rpartition("/")[2], "name": "red ink", "price": 4,
    }  # fmt: skip
    assert site.get("/items/new", "PUT", b'{"a": 1}', **kind).status == 201
    assert site.get(place, "DELETE").status == 204
    assert site.get(place).status == 404
    assert site.get(place, "HEAD").body == b""
    assert site.get("/items", "POST", b"{", **kind).status == 400
    assert site.get("/items", "POST", b"x", Content_Type="text/plain").status == 415
    refused = site.get("/items", "PUT", b"{}", **kind)
    assert (refused.status, "POST" in refused.headers["Allow"]) == (405, True)


@pytest.mark.parametrize("code", [200, 204, 301, 404, 418, 500, 599])
def test_any_status_is_answered(site: Site, code: int) -> None:
    assert site.get(f"/status/{code}").status == code


def test_a_delayed_status_comes_late_and_holds_nobody_up(site: Site) -> None:
    with site.dial() as sock:
        began = time.monotonic()
        sock.sendall(b"GET /status/503?delay_ms=700 HTTP/1.1\r\nHost: h\r\n\r\n")
        assert site.get("/time").status == 200
        between = time.monotonic() - began
        assert sock.recv(100).startswith(b"HTTP/1.1 503 ")
        assert time.monotonic() - began >= 0.69
        assert between < 60  # it came at all, while the other waited in the same thread


def test_redirects_come_in_chains_and_circles_and_change_the_method(site: Site) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{site.port}/redirect/3", timeout=DEADLINE_S) as answer:
        assert answer.url.endswith("/echo")
    with pytest.raises(urllib.error.HTTPError, match="infinite loop"):
        urllib.request.urlopen(f"http://127.0.0.1:{site.port}/loop", timeout=DEADLINE_S)
    for path, method in (("/see-other", "GET"), ("/forget/302", "GET"), ("/keep/307", "POST"), ("/keep/308", "POST")):
        url = f"http://127.0.0.1:{site.port}{path}"
        told = subprocess.run(["curl", "-sL", "-d", "a=b", url], capture_output=True, timeout=DEADLINE_S, check=True)
        assert re.search(rf'"method": "{method}"'.encode(), told.stdout)
    assert say(site, b"GET /status/103 HTTP/1.1\r\nHost: h\r\n\r\n").startswith(b"HTTP/1.1 103 Early Hints\r\n")


def test_a_login_sets_a_cookie_that_opens_the_private_page(site: Site) -> None:
    base = f"http://127.0.0.1:{site.port}"
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with opener.open(f"{base}/private", timeout=DEADLINE_S) as answer:
        assert answer.url.endswith("/login")
    with opener.open(f"{base}/login", b"user=guido&password=guido456", DEADLINE_S) as answer:
        assert b"Hello guido" in answer.read()
    with opener.open(f"{base}/logout", timeout=DEADLINE_S) as answer:
        assert answer.url.endswith("/login")
    assert site.get("/login", "POST", b"user=guido&password=x", **FORM).status == 403
    assert site.get("/private", Cookie="session=99999999999-abc").status == 302
    assert site.get("/cookies/set?a=1&b=2").headers.get_all("Set-Cookie") == ["a=1; Path=/", "b=2; Path=/"]


def test_basic_and_digest_let_in_who_knows_the_password(site: Site) -> None:
    """urllib computes MD5, curl SHA-256."""
    right = base64.b64encode(b"guido:guido456").decode()
    assert site.get("/basic", Authorization=f"Basic {right}").status == 200
    assert site.get("/basic").headers["WWW-Authenticate"].startswith("Basic realm=")
    assert site.get("/basic", Authorization="Basic !!!").status == 401
    base = f"http://127.0.0.1:{site.port}"
    auth = urllib.request.HTTPDigestAuthHandler()
    auth.add_password("sandbox", base, "guido", "guido456")
    with urllib.request.build_opener(auth).open(f"{base}/digest/md5?x=1", timeout=DEADLINE_S) as answer:
        assert b"Digest let guido in" in answer.read()
    for password, status in (("guido456", b"200"), ("wrong", b"401")):
        for page in ("digest", "digest/sha-256"):
            told = subprocess.run(
                ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--digest", "-u", f"guido:{password}",
                 f"{base}/{page}"],
                capture_output=True, timeout=DEADLINE_S, check=True,
            )  # fmt: skip
            assert told.stdout == status
    assert "offered" in site.get("/digest/md5", Authorization='Digest algorithm="SHA-256"').body.decode()


def test_forms_and_uploads_show_what_came(site: Site) -> None:
    echoed = site.get("/echo?name=Dave&email=dave%40dabeaz.com").json()
    assert echoed["form"] == [["name", "Dave"], ["email", "dave@dabeaz.com"]]
    data = bytes(range(256)) * 40 + b"\r\n--nearly\r\n"
    told = subprocess.run(
        ["curl", "-s", "-F", "title=a b", "-F", "file=@-;filename=x.bin;type=image/png",
         "-H", "Accept: application/json", f"http://127.0.0.1:{site.port}/upload"],
        input=data, capture_output=True, timeout=DEADLINE_S, check=True,
    )  # fmt: skip
    assert b'"title",\n   "a b"' in told.stdout
    assert hashlib.sha256(data).hexdigest().encode() in told.stdout
    page = site.get("/form", "POST", b"name=%3Cb%3E", **FORM)
    assert b"<td>&lt;b&gt;" in page.body


def test_bodies_come_in_every_framing_and_coding(site: Site) -> None:
    assert site.get("/chunked?n=3").body.count(b"\n") == 3
    assert b"\r\nX-Sum: 13 bytes\r\n\r\n" in say(site, b"GET /trailer HTTP/1.1\r\nHost: h\r\n\r\n")
    assert site.get("/slow?bytes=3&delay_ms=10").body == b"012"
    assert len(gzip.decompress(site.get("/gzip").body)) == len(zlib.decompress(site.get("/deflate").body))
    assert len(gzip.decompress(site.get("/bomb?mb=2").body)) == 2 << 20
    assert site.get("/latin-1").body.decode("latin-1") == site.get("/utf-8").body.decode()
    assert "Ã" in site.get("/mojibake").body.decode("latin-1")
    assert site.get("/big?mb=3").body[:256] == bytes(range(256))
    assert site.get("/events?n=2&delay_ms=1", Last_Event_ID="5").body.count(b"\n\n") == 3
    first, second = site.get("/time").body, site.get("/time").body
    assert first != second


def test_what_is_broken_is_broken_as_it_says(site: Site) -> None:
    for name, error in (
        ("too-long", http.client.IncompleteRead), ("cut", http.client.IncompleteRead),
        ("bad-chunk", http.client.IncompleteRead),
        ("no-status-line", http.client.BadStatusLine), ("silence?delay_ms=10", http.client.RemoteDisconnected),
        ("reset?bytes=10", ConnectionResetError),
    ):  # fmt: skip
        with pytest.raises(error):
            site.get(f"/broken/{name}")
    lines = say(site, b"GET /broken/lf-only HTTP/1.1\r\nHost: h\r\n\r\n")
    assert (b"\n\n" in lines, b"\r" in lines) == (True, False)
    assert b"\r\n\r\n" not in say(site, b"GET /broken/no-blank-line HTTP/1.1\r\nHost: h\r\n\r\n")
    assert len(site.get("/broken/no-length").body) == 50
    assert len(site.get("/broken/too-short").body) == 10


@pytest.mark.parametrize("model", MODELS)
def test_a_websocket_sends_each_message_back_in_every_model(model: str) -> None:
    with running(sandbox_server, model=model) as site:
        with connect(f"ws://127.0.0.1:{site.port}/websocket", open_timeout=DEADLINE_S, proxy=None) as socket:
            for message in ("grüße", b"\x00\xff", "x" * 200_000):
                socket.send(message)
                assert socket.recv(DEADLINE_S) == message
            assert socket.ping().wait(DEADLINE_S)
        assert socket.close_code == 1000
        assert site.get("/websocket").status == 200
        half = b"GET /websocket HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
        assert say(site, half, end=True).startswith(b"HTTP/1.1 400 ")


def test_services_answer_in_their_formats_and_refuse_with_a_reason(site: Site) -> None:
    tile = site.get("/services/tile?zoom=2&x=1&y=3")
    assert (tile.status, tile.body[:8], image_size(tile.body)) == (200, b"\x89PNG\r\n\x1a\n", (64, 64))
    assert site.get("/services/tile?zoom=0&x=1").status == 404
    assert site.get("/services/quotes?symbol=pens").json()["quotes"][0]["symbol"] == "PENS"
    assert site.get("/services/quotes?symbol=GOLD").status == 404
    assert site.get("/services/mail?user=guido").body.startswith(b"2 new mails for guido\n")
    call = next(page for page in PAGES if page.path == "/services/soap").tries[0].data
    kind = {"Content_Type": "text/xml"}
    assert b"<Price>12.5</Price>" in site.get("/services/soap", "POST", call, **kind).body
    for wrong, why in ((b"<a", b"no element found"), (call.replace(b"PENS", b"GOLD"), b"nobody trades"),
                       (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"no entities"), (b"<a/>", b"has no Envelope"),
                       (b"<a>" * 200, b"too deep")):  # fmt: skip
        fault = site.get("/services/soap", "POST", wrong, **kind)
        assert (fault.status, b"<faultcode>soap:Client" in fault.body) == (500, True)
        assert why in fault.body or b"token" in fault.body, fault.body
    assert site.get("/services/soap").status == 405


def test_one_page_comes_from_a_file_and_is_computed(site: Site) -> None:
    first, again = site.get("/ways/static"), site.get("/ways/static")
    assert first.body == again.body
    assert {"ETag", "Last-Modified"} <= set(first.headers)
    assert site.get("/ways/dynamic").body != site.get("/ways/dynamic").body
