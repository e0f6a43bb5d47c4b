"""Typed programs run in a process of their own, as handler or as WSGI application, and their mistakes are told."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

from protocols.http.server.kinds import wsgi_server
from protocols.http.server.program import SAMPLES, Program, ProgramError, checked_code
from protocols.http.server.served import ServedLog
from protocols.service.child import ChildFailed
from tests.protocols.http.server.sites import Site

CODE = {sample.key: sample.code for sample in SAMPLES}
WHERE = '''
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
'''


class Running(Site):
    """A site whose server is a program's."""

    def __init__(self, code: str, kind: Any, **common: Any) -> None:
        def make(recorder: Any) -> Any:
            self.program = Program(recorder, code, kind, **common)
            return self.program.service

        super().__init__(make)

    def __enter__(self) -> Running:
        try:
            self.server.start()
        except BaseException:
            self.program.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self.server.stop(20)
        self.program.close()


def rows(site: Site, count: int) -> list[tuple[str, str, int]]:
    site.notes("answered", count)
    return [(one.method, one.target, one.status) for one in ServedLog().feed(site.raws)]


def test_a_handler_answers_what_it_has_a_method_for_and_501_else() -> None:
    with Running(CODE["hello_handler"], "handler") as site:
        hello = site.get("/x")
        assert (hello.status, b"You asked for /x" in hello.body) == (200, True)
        assert site.get("/x", "PUT").status == 501
        assert rows(site, 2) == [("GET", "/x", 200), ("PUT", "/x", 501)]
        told = site.notes("answered")[0]
        assert told[4] is not None  # its connection
        assert told[10]["pid"] != os.getpid()
    with Running(CODE["store_handler"], "handler") as site:
        asked = (("GET", None), ("PUT", b"one"), ("PUT", b"two"), ("GET", None), ("DELETE", None), ("GET", None))
        got = [site.get("/a", method, body) for method, body in asked]
        assert [one.status for one in got] == [404, 201, 204, 200, 204, 404]
        assert got[3].body == b"two"


def test_a_handler_that_raises_loses_its_connection_and_is_told() -> None:
    code = CODE["hello_handler"].replace("        body =", "        1 // 0\n        body =")
    with Running(code, "handler") as site:
        with pytest.raises((ConnectionError, Exception)):
            site.get("/")
        told = site.notes("application failed")[0]
        assert told[10]["errno"] == "ZeroDivisionError"
        assert "1 // 0" in told[10]["traceback"]


@pytest.mark.parametrize("deploy", ["wsgi", "cgi", "waitress"])
def test_an_application_runs_elsewhere_however_it_is_deployed(deploy: str) -> None:
    with Running(WHERE, "wsgi", deploy=deploy) as site:
        assert int(site.get("/").body) != os.getpid()
    with Running(CODE["hello_wsgi"], "wsgi", deploy=deploy) as site:
        assert b"PATH_INFO is /x/y" in site.get("/x/y").body


def test_forms_and_the_environment_are_read_and_a_mistake_is_explained() -> None:
    with Running(CODE["form_wsgi"], "wsgi") as site:
        assert b"Hello Dave" in site.get("/?name=Dave").body
        assert b"Hello A &amp; B" in site.get("/", "POST", b"name=A+%26+B").body
    with Running(CODE["environ_wsgi"], "wsgi", model="selectors") as site:
        body = site.get("/x?y").body
        for word in (b"wsgi.input", b"wsgi.errors", b"wsgi.url_scheme", b"wsgi.multithread", b"QUERY_STRING<td>y"):
            assert word in body
    with Running(CODE["mistake_wsgi"], "wsgi") as site:
        got = site.get("/")
        assert (got.status, b"bytes" in got.body) == (500, True)
        assert site.notes("wsgi complaint")


def test_an_application_that_prints_or_ends_its_process_harms_nobody_else() -> None:
    with Running(WHERE.replace("    return", "    os._exit(3)\n    return"), "wsgi") as site:
        with pytest.raises(Exception):  # noqa: B017  how a client sees it depends on where it was
            site.get("/")
        site.notes("child crashed")


@pytest.mark.parametrize(("code", "kind", "words"), [
    ("class Handler(", "handler", "Line 1"), ("x = 1", "handler", "a class Handler"), ("x = 1", "wsgi", "named app"),
    ("app = '\0'", "wsgi", "no Python"), ("#" * (2 << 20), "wsgi", "longer"),
])  # fmt: skip
def test_what_can_be_seen_without_running_it_is_refused_before(code: str, kind: Any, words: str) -> None:
    with pytest.raises(ProgramError, match=words):
        checked_code(code, kind)


@pytest.mark.parametrize(("code", "kind", "words"), [
    ("1 // 0\nHandler = 1", "handler", "ZeroDivisionError"), ("Handler = 1", "handler", "made of BaseHTTP"),
    ("app = 1", "wsgi", "can't be called"), ("app = print\nraise OSError(2, 'no')", "wsgi", "can't be loaded"),
])  # fmt: skip
def test_what_shows_when_it_runs_is_the_error_of_the_start(code: str, kind: Any, words: str) -> None:
    with pytest.raises((ValueError, ChildFailed), match=words), Running(code, kind):
        pass


def test_a_module_of_a_window_is_not_imported_there(tmp_path: Any) -> None:
    (tmp_path / "mine.py").write_text("import sys\nsys.netlab_was_here = True\n" + WHERE)
    site = Site(lambda recorder: wsgi_server(recorder, "mine:app", folder=str(tmp_path), apart=True))
    site.server.start()
    assert int(site.get("/").body) != os.getpid()
    assert site.server.stop(20)
    assert not hasattr(sys, "netlab_was_here")


def test_the_samples_are_good_python() -> None:
    for sample in SAMPLES:
        assert checked_code(sample.code, sample.kind)
