"""The scripts that are written for a request send what was meant, by whichever library."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.http.bodies import encoded
from protocols.http.formats.python_write import FLAVOURS, missing, problem, script_params, write_python
from protocols.http.request import Auth, Body, Limits, Part, Proxy, Request, RequestError, Trust
from protocols.scripts import render
from tests.protocols.http.formats.requests import REQUESTS
from tests.protocols.http.peers import DEADLINE_S, Pages, Seen, pages

RUN_ALL = "import runpy, sys\nfor path in sys.argv[1:]:\n    runpy.run_path(path, run_name='__main__')\n"
TABLE = {
    "plain": Request(url="/echo?a=1&b=%20x"),
    "doubles": Request("PUT", "/echo", headers=(("X-Two", "1"), ("x-tWo", "2"), ("X-Empty", ""), ("X-Uni", "grüße")),
                       body=Body("json", '{"a": "ü \'x\' \\"y\\" \\\\n"}')),
    "form": Request("POST", "/echo", body=Body("form", fields=(("name", "Dave"), ("t", "a b&c=ü")))),
    "bytes": Request("POST", "/echo", body=Body("hex", bytes(range(256)).hex())),
    "parts": Request("POST", "/echo", body=Body("multipart", parts=(
        Part("note", "line\nline"), Part("typed", "{}", content_type="application/json"),
        Part("file", path="FILE"), Part("na\"me", path="FILE", filename="ü.bin", content_type="a/b")))),
    "file": Request("PATCH", "/echo", body=Body("file", path="FILE"), headers=(("Content-Type", "x/y"),)),
    "who": Request(url="/echo", auth=Auth("basic", "guido", "gui do:ü"), cookies=(("a", "1"), ("b", "x y")),
    decode=False),
    "token": Request("DELETE", "/echo", auth=Auth("bearer", token="abc.def"), follow=False),
    "redirect": Request(url="/redirect/302/echo", follow=False),
    "empty": Request("POST", "/echo", body=Body("text", "")),
    "head": Request("HEAD", "/echo"),
    "netrc": Request(url="/echo", auth=Auth("netrc", netrc_path="NETRC")),
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Pages]:
    with pages() as made:
        yield made


def placed(request: Request, base: str, folder: Path) -> Request:
    file, netrc = folder / "up.bin", folder / "netrc"
    file.write_bytes(b"\0\xff file\r\n")
    netrc.write_text("machine 127.0.0.1 login guido password guido456\n")
    parts = tuple(replace(part, path=str(file)) if part.path else part for part in request.body.parts)
    body = replace(request.body, parts=parts, path=str(file) if request.body.path else "")
    auth = replace(request.auth, netrc_path=str(netrc) if request.auth.netrc_path else "")
    return replace(request, url=base + request.url, body=body, auth=auth, limits=Limits(timeout_s=DEADLINE_S))


def asked(seen: Seen) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in seen.headers:
        text = value.encode("latin-1").decode("utf-8")
        found[name.lower()] = f"{found[name.lower()]}, {text}" if name.lower() in found else text
    return found


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_each_library_sends_what_was_meant(flavour: str, server: Pages, tmp_path: Path) -> None:
    if missing(flavour):
        pytest.skip(missing(flavour))
    del server.seen[:]
    requests = {name: placed(request, server.url, tmp_path) for name, request in TABLE.items()}
    scripts = []
    for name, request in requests.items():
        scripts.append(tmp_path / f"{name}.py")
        scripts[-1].write_text(write_python(request, flavour), encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", "-W", "error", "-c", RUN_ALL, *map(str, scripts)], cwd=tmp_path,
                          capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    targets = [(request.method, request.url.removeprefix(server.url)) for request in requests.values()]
    assert [one.line for one in server.seen] == [f"{method} {target} HTTP/1.1" for method, target in targets]
    for (name, request), seen in zip(requests.items(), server.seen, strict=True):
        check(name, request, seen)
        if flavour in ("http.client", "socket"):
            names = [key for key, _ in seen.headers]
            assert [key for key, _ in request.headers] == [key for key in names if key.startswith(("X-", "x-"))] or (
                name == "file"
            )
    assert "302 " in done.stdout
    assert "moved" in done.stdout


def check(name: str, request: Request, seen: Seen) -> None:
    """One request as the server saw it."""
    headers = asked(seen)
    joined: dict[str, str] = {}
    for key, value in request.headers:
        joined[key.lower()] = f"{joined[key.lower()]}, {value}" if key.lower() in joined else value
    for key, value in joined.items():
        assert headers.get(key) == value, (name, key)
    if request.cookies:
        assert headers["cookie"] == "a=1; b=x y"
    if name == "who":
        assert headers["authorization"] == "Basic Z3VpZG86Z3VpIGRvOsO8"
        assert "accept-encoding" not in headers or headers["accept-encoding"] == "identity"
    if name == "netrc":
        assert headers["authorization"] == "Basic Z3VpZG86Z3VpZG80NTY="
    if name == "token":
        assert headers["authorization"] == "Bearer abc.def"
    if request.body.kind == "multipart":
        check_parts(seen.body, headers["content-type"])
        return
    wanted = b"\0\xff file\r\n" if request.body.path else encoded(request.body).data or b""
    assert seen.body == wanted, name
    if request.body.kind not in ("none", "file"):
        assert headers["content-type"] == encoded(request.body).content_type, name


def check_parts(body: bytes, content_type: str) -> None:
    mark = b"--" + content_type.partition("boundary=")[2].strip('"').encode()
    assert body.rstrip().endswith(mark + b"--")
    parts = [one.strip(b"\r").removeprefix(b"\r\n").partition(b"\r\n\r\n") for one in body.split(mark)[1:-1]]
    heads = [part[0].decode() for part in parts]
    datas = [part[2].removesuffix(b"\r\n") for part in parts]
    assert datas == [b"line\nline", b"{}", b"\0\xff file\r\n", b"\0\xff file\r\n"]
    assert 'name="note"' in heads[0]
    assert "filename" not in heads[0]
    assert "application/json" in heads[1]
    assert 'filename="up.bin"' in heads[2]
    assert "octet-stream" in heads[2]
    assert "na%22me" in heads[3] or 'na\\"me' in heads[3]
    assert "a/b" in heads[3]


@pytest.mark.parametrize("flavour", ["urllib", "requests", "pycurl"])
def test_digest_is_answered_where_the_library_can(flavour: str, server: Pages, tmp_path: Path) -> None:
    if missing(flavour):
        pytest.skip(missing(flavour))
    request = Request(url=server.url + "/digest", auth=Auth("digest", "guido", "guido456"))
    script = tmp_path / "script.py"
    script.write_text(write_python(request, flavour), encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", "-W", "error", str(script)], capture_output=True, text=True,
    timeout=60,
                          check=False)  # fmt: skip
    assert done.stdout.rstrip().endswith("welcome"), done.stderr


@pytest.mark.parametrize(("request_", "flavour", "words"), [
    (Request(url="http://h", auth=Auth("digest", "u", "p")), "socket", "no Digest"),
    (Request(url="http://h", auth=Auth("ntlm", "u", "p")), "urllib", "no NTLM"),
    (Request(url="ftp://h/x"), "requests", "no ftp URLs"),
    (Request(url="http://h", proxy=Proxy("socks5h://127.0.0.1:1")), "http.client", "no SOCKS"),
    (Request(url="http://h", proxy=Proxy("127.0.0.1:1")), "socket", "itself"),
    (Request(url=""), "pycurl", "no URL"),
])  # fmt: skip
def test_what_a_library_can_not_do_is_said_before(request_: Request, flavour: str, words: str) -> None:
    assert words in problem(request_, flavour)
    with pytest.raises(RequestError, match=words):
        write_python(request_, flavour)


def test_what_is_installed_is_known() -> None:
    assert missing("urllib") == missing("pycurl") == ""
    assert bool(missing("requests")) == (importlib.util.find_spec("requests") is None)


def test_the_first_line_says_what_is_different() -> None:
    request = Request("POST", "http://h", headers=(("A", "1"), ("a", "2")), body=Body("text", "x"), version="2",
                      connect_to=("::h:1",))  # fmt: skip
    assert "(headers of one name joined, HTTP/1.1 in place of 2, without resolve" in write_python(request, "urllib")
    assert "redirects shown, not followed" in write_python(request, "socket")


def test_show_as_python_has_the_same_script() -> None:
    request = Request("POST", "http://h/", headers=(("A", "1"),), body=Body("json", "[]"))
    for flavour, action in FLAVOURS.items():
        assert render(action, script_params(request)) == write_python(request, flavour)


TLS = st.sampled_from(
    [Trust(), Trust(verify=False), Trust(ca_file="/srv/ca.pem", certificate="/srv/c.pem", key="/srv/k.pem")]
)


@settings(max_examples=25)
@given(REQUESTS, TLS, st.booleans())
def test_every_request_makes_a_script_or_a_sentence(request: Request, trust: Trust, secure: bool) -> None:
    request = replace(request, trust=trust, url=request.url.replace("http://", "https://") if secure else request.url)
    for flavour in FLAVOURS:
        why = problem(request, flavour)
        if why:
            with pytest.raises(RequestError):
                write_python(request, flavour)
            continue
        tree = ast.parse(write_python(request, flavour), feature_version=(3, 11))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert not {"eval", "exec"} & names
