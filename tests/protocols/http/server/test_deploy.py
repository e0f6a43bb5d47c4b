"""One application, deployed in four ways, answers the same; what is missing says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocols.http.server import deploy
from protocols.http.server.kinds import wsgi_server
from protocols.http.server.wsgi_run import AppError
from tests.protocols.http.peers import DEADLINE_S
from tests.protocols.http.server.sites import Site, running

APP = """
def app(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    text = environ["REQUEST_METHOD"] + " " + environ["PATH_INFO"] + "?" + environ["QUERY_STRING"] + " " + body.decode()
    start_response("201 Made", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
    return [text.encode("latin-1")]

async def asgi(scope, receive, send):
    assert scope["type"] == "http"
    body = (await receive())["body"]
    text = scope["method"] + " " + scope["path"] + "?" + scope["query_string"].decode() + " " + body.decode()
    await send({"type": "http.response.start", "status": 201, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": text.encode("latin-1")})

def fails(environ, start_response):
    raise ZeroDivisionError
"""


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "deployed_app.py").write_text(APP)
    return str(tmp_path)


@pytest.mark.parametrize("way", [one.name for one in deploy.DEPLOYMENTS])
def test_the_same_application_answers_the_same_however_it_is_deployed(folder: str, way: str) -> None:
    app = "deployed_app:asgi" if way == "uvicorn" else "deployed_app:app"
    with running(wsgi_server, app, folder=folder, deploy=way) as site:
        reply = site.get("/x/y?a=1", "POST", b"hello", Content_Type="text/plain")
        assert (reply.status, reply.body) == (201, b"POST /x/y?a=1 hello")
        if way == "cgi":
            ran = site.notes("script ran")[0][10]
            assert (ran["code"], ran["environment"]["PATH_INFO"]) == (0, "/x/y")
            assert ran["pid"] not in site.server.facts().children
        elif way != "wsgi":
            assert site.server.facts().children
            deadline_recv(site)


def deadline_recv(site: Site) -> None:
    """The library's socket calls are on the time line."""
    while not any(raw[2] == "recv" and raw[8] and b"POST /x/y" in raw[8] for raw in site.raws):
        assert site.tail.wait(DEADLINE_S)
        site.raws += site.tail.take()


def test_an_application_that_fails_under_cgi_is_a_500(folder: str) -> None:
    with running(wsgi_server, "deployed_app:fails", folder=folder, deploy="cgi") as site:
        assert site.get("/").status == 500
        assert "ZeroDivisionError" in site.notes("script ran")[0][10]["errors"]


def test_uvicorn_is_not_given_an_application_of_the_other_kind(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(folder)
    with pytest.raises(AppError, match="takes two arguments, as WSGI wants it"):
        deploy.find_deployed("deployed_app:app", "uvicorn")
    assert deploy.find_deployed("deployed_app:asgi", "uvicorn")


def test_a_wrong_way_and_a_missing_library_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="there are wsgi, cgi, waitress, uvicorn"):
        deploy.library_server(Site(lambda _: None).recorder, "gunicorn", "a:b")
    monkeypatch.setattr(deploy, "find_spec", lambda _: None)
    assert "netlab[servers]" in deploy.DEPLOYMENTS[-1].reason
    with pytest.raises(ValueError, match="not installed"):
        deploy.library_server(Site(lambda _: None).recorder, "waitress", "a:b")
