"""The request builder's engine against Apache (CGI, Digest, DAV) and httpbin, and our CGI beside Apache's."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from protocols.http.by_hand.opener_table import USUAL, OpenerOrder
from protocols.http.by_hand.openers import Opening
from protocols.http.client.client import HttpClient
from protocols.http.client.run import Run
from protocols.http.request import Auth, Body, Limits, Part, Request
from protocols.http.server.kinds import web_server
from protocols.record.recorder import Recorder
from tests.peers import require_tool
from tests.protocols.http.peers import DEADLINE_S
from tests.protocols.http.proxy.lab import until

MODULES = Path("/usr/lib/apache2/modules")
LOADED = ("mpm_prefork", "authn_core", "authn_file", "authz_core", "authz_user", "auth_digest", "alias", "cgi", "dav",
          "dav_fs")  # fmt: skip
SCRIPT = """#!/bin/sh
printf 'Content-Type: text/plain\\nStatus: 201 Made\\n\\n'
for name in QUERY_STRING REQUEST_METHOD SCRIPT_NAME PATH_INFO CONTENT_LENGTH CONTENT_TYPE HTTP_COOKIE REMOTE_ADDR \\
    GATEWAY_INTERFACE SERVER_PROTOCOL HTTP_X_LAB; do
    eval "printf '%s=%s\\n' $name \\"\\$$name\\""
done
printf 'body='
cat
"""
CONF = """\
ServerRoot {0}
ServerName localhost
KeepAlive Off
Listen 127.0.0.1:{1}
PidFile {0}/pid
ErrorLog {0}/error.log
{modules}
User {user}
Group {group}
DocumentRoot {0}/site
ScriptAlias /cgi-bin/ {0}/site/cgi-bin/
<Directory {0}>
 Require all granted
</Directory>
<Location /secret>
 AuthType Digest
 AuthName lab
 AuthDigestProvider file
 AuthUserFile {0}/users
 Require valid-user
</Location>
DavLockDB {0}/lock/db
Alias /dav {0}/dav
<Directory {0}/dav>
 Dav On
</Directory>
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def peer(command: list[str], port: int, folder: Path, **environment: str) -> Iterator[None]:
    """A foreign server, once it takes connections."""
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env={**os.environ, **environment})  # fmt: skip

    def up() -> bool:
        assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    try:
        until(up)
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def apache() -> Iterator[tuple[str, Path]]:
    """Its address and its folder, which its own account can read."""
    program = require_tool("apache2")
    folder = Path(tempfile.mkdtemp(prefix="netlab-apache-", dir="/tmp"))  # its account must get there
    try:
        folder.chmod(0o755)
        for name in ("site/cgi-bin", "site/secret", "dav", "lock"):
            (folder / name).mkdir(parents=True)
        for name in ("dav", "lock"):
            (folder / name).chmod(0o777)
        (folder / "site" / "secret" / "a.txt").write_text("behind Digest\n")
        script = folder / "site" / "cgi-bin" / "show"
        script.write_text(SCRIPT)
        script.chmod(0o755)
        secret = hashlib.md5(b"guido:lab:guido456", usedforsecurity=False).hexdigest()
        (folder / "users").write_text(f"guido:lab:{secret}\n")
        port, root = free_port(), os.geteuid() == 0
        modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED)
        user, group = ("nobody", "nogroup") if root else (f"#{os.geteuid()}", f"#{os.getegid()}")
        (folder / "conf").write_text(CONF.format(folder, port, modules=modules, user=user, group=group))
        with peer([program, "-X", "-f", str(folder / "conf")], port, folder):
            yield f"http://127.0.0.1:{port}", folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def httpbin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """httpbin, served by Flask's own server in a process of its own."""
    pytest.importorskip("httpbin")
    port = free_port()
    code = f"import httpbin; httpbin.app.run('127.0.0.1', {port}, threaded=True)"
    with peer([sys.executable, "-W", "ignore", "-c", code], port, tmp_path_factory.mktemp("httpbin")):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def ask() -> Iterator[Callable[..., Run]]:
    """Sends a request with a client of its own."""
    client = HttpClient(Recorder())
    client.start()

    def asked(url: str, method: str = "GET", **fields: object) -> Run:
        run = client.send(Request(method, url, limits=Limits(timeout_s=DEADLINE_S), **fields))  # type: ignore[arg-type]
        assert run.wait(DEADLINE_S)
        assert run.failure is None, run.failure
        return run

    yield asked
    assert client.stop(20)


def text(run: Run) -> str:
    return bytes(run.body.data).decode()


# -- Apache ------------------------------------------------------------------------------------------------------------


def test_our_cgi_tells_a_script_what_apache_tells_it(apache: tuple[str, Path], ask: Callable[..., Run]) -> None:
    base, folder = apache
    ours = web_server(Recorder(), str(folder / "site"), cgi=True)
    ours.start()
    try:
        form = Body("form", fields=(("name", "D B"),))
        for method, target, body in (("GET", "/cgi-bin/show?a=1&b=%20", Body()), ("POST", "/cgi-bin/show?q", form),
                                     ("GET", "/cgi-bin/show/more/%41", Body())):  # fmt: skip
            headers = (("Cookie", "c=1"), ("X-Lab", "yes"))
            theirs = ask(base + target, method, body=body, headers=headers)
            mine = ask(f"http://127.0.0.1:{ours.facts().ports[0]}{target}", method, body=body, headers=headers)
            assert (mine.status, text(mine)) == (theirs.status, text(theirs)), target
            assert theirs.status == 201
    finally:
        assert ours.stop(20)


def test_digest_of_apache_is_answered_by_the_client_and_by_urllib(
    apache: tuple[str, Path], ask: Callable[..., Run]
) -> None:
    url = f"{apache[0]}/secret/a.txt"
    run = ask(url, auth=Auth("digest", "guido", "guido456"))
    assert [hop.status for hop in run.exchanges] == [401, 200]
    assert text(run) == "behind Digest\n"
    assert ask(url, auth=Auth("digest", "guido", "wrong")).status == 401
    order = OpenerOrder(url, handlers=(*USUAL, "digest"), user="guido", password="guido456", realm="lab")
    assert Opening(Recorder(), order).run().body == b"behind Digest\n"


def test_dav_is_spoken_with_its_own_methods(apache: tuple[str, Path], ask: Callable[..., Run]) -> None:
    dav = f"{apache[0]}/dav"
    assert ask(f"{dav}/shelf", "MKCOL").status == 201
    assert ask(f"{dav}/shelf/a.txt", "PUT", body=Body("text", "one")).status == 201
    assert ask(f"{dav}/shelf/a.txt", "PUT", body=Body("text", "two")).status == 204
    found = ask(f"{dav}/shelf/", "PROPFIND", headers=(("Depth", "1"),))
    assert found.status == 207
    assert "/dav/shelf/a.txt" in text(found)
    moved = ask(f"{dav}/shelf/a.txt", "MOVE", headers=(("Destination", f"{dav}/shelf/b.txt"),))
    assert moved.status == 201
    assert text(ask(f"{dav}/shelf/b.txt")) == "two"
    lock = (
        '<?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>'
        "<locktype><write/></locktype></lockinfo>"
    )
    locked = ask(f"{dav}/shelf/b.txt", "LOCK", body=Body("xml", lock))
    assert locked.status == 200
    assert locked.final is not None
    assert ask(f"{dav}/shelf/b.txt", "DELETE").status == 423
    token = next(value for name, value in locked.final.headers if name == "Lock-Token")
    assert ask(f"{dav}/shelf/b.txt", "UNLOCK", headers=(("Lock-Token", token),)).status == 204
    assert ask(f"{dav}/shelf", "DELETE").status == 204
    allowed = ask(f"{dav}/", "OPTIONS").final
    assert allowed is not None
    assert any(name.lower() == "dav" for name, _ in allowed.headers)


# -- httpbin -----------------------------------------------------------------------------------------------------------


def test_httpbin_got_what_was_meant(httpbin: str, ask: Callable[..., Run], tmp_path: Path) -> None:
    (tmp_path / "up.txt").write_text("content")
    got = json.loads(text(ask(f"{httpbin}/anything?a=1&a=2", "PATCH", body=Body("json", '{"x": "ü"}'),
                              headers=(("X-Lab", "yes"),))))  # fmt: skip
    assert (got["method"], got["args"], got["json"], got["headers"]["X-Lab"]) == (
        "PATCH", {"a": ["1", "2"]}, {"x": "ü"}, "yes")  # fmt: skip
    got = json.loads(text(ask(f"{httpbin}/post", "POST", body=Body("form", fields=(("n", "a b&c"), ("m", "ü"))))))
    assert got["form"] == {"n": "a b&c", "m": "ü"}
    parts = (Part("title", "t"), Part("file", path=str(tmp_path / "up.txt")))
    got = json.loads(text(ask(f"{httpbin}/post", "POST", body=Body("multipart", parts=parts))))
    assert (got["form"], got["files"]) == ({"title": "t"}, {"file": "content"})


@pytest.mark.parametrize(("path", "auth"), [
    ("/basic-auth/guido/pw", Auth("basic", "guido", "pw")), ("/bearer", Auth("bearer", token="t0")),
    ("/digest-auth/auth/guido/pw/MD5", Auth("digest", "guido", "pw")),
    ("/digest-auth/auth/guido/pw/SHA-256", Auth("digest", "guido", "pw")),
    ("/digest-auth/auth-int/guido/pw/MD5", Auth("digest", "guido", "pw")),
])  # fmt: skip
def test_httpbin_knows_who_asks(httpbin: str, ask: Callable[..., Run], path: str, auth: Auth) -> None:
    assert ask(httpbin + path).status == 401
    assert ask(httpbin + path, auth=auth).status == 200


def test_httpbin_sends_codings_chunks_redirects_cookies_and_odd_statuses(
    httpbin: str, ask: Callable[..., Run]
) -> None:
    for coding in ("gzip", "deflate", "brotli"):
        assert json.loads(text(ask(f"{httpbin}/{coding}")))["method"] == "GET"
    assert len(text(ask(f"{httpbin}/stream/3")).splitlines()) == 3
    chain = ask(f"{httpbin}/redirect/3")
    assert [hop.status for hop in chain.exchanges] == [302, 302, 302, 200]
    assert json.loads(text(ask(f"{httpbin}/cookies/set?a=1")))["cookies"] == {"a": "1"}
    assert ask(f"{httpbin}/status/418").status == 418
    assert ask(f"{httpbin}/range/100", headers=(("Range", "bytes=10-19"),)).status == 206
    assert "\u2307" in text(ask(f"{httpbin}/encoding/utf8")) or "\u222e" in text(ask(f"{httpbin}/encoding/utf8"))
    assert bytes(ask(f"{httpbin}/image/png").body.data).startswith(b"\x89PNG")
