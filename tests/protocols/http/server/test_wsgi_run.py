"""WSGI applications answer through the lab's server, and what they do wrong is explained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from protocols.http.server.asked import Asked
from protocols.http.server.wsgi_run import WSGI, AppError, make_wsgi

Start = Callable[..., Any]
PLAIN = [("Content-Type", "text/plain")]


def ask(app: Callable[..., Any], method: str = "GET", body: bytes = b"") -> tuple[int, bytes]:
    asked = Asked(method, "/x/%C3%BC?a=1", (1, 1), [("Host", "h"), ("Content-Length", str(len(body)))], body)
    answer = WSGI(app)(asked)
    if isinstance(answer.body, bytes):
        return answer.status, answer.body
    data = b"".join(answer.body)
    answer.body.close()  # type: ignore[attr-defined]
    return answer.status, data


def hello(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    start_response("200 OK", PLAIN)
    size = int(environ.get("CONTENT_LENGTH") or 0)
    path = environ["PATH_INFO"].encode("latin-1")
    return [path, b" ", environ["QUERY_STRING"].encode(), b" ", environ["wsgi.input"].read(size)]


def test_an_application_finds_its_request_and_answers() -> None:
    assert ask(hello, "POST", body=b"body") == (200, "/x/ü a=1 body".encode())


def test_a_generator_may_begin_late() -> None:
    def late(environ: dict[str, Any], start_response: Start) -> Iterator[bytes]:
        start_response("202 Later", PLAIN)
        yield b"one "
        yield b"two"

    assert ask(late) == (202, b"one two")


def as_text(environ: dict[str, Any], start_response: Start) -> Any:
    start_response("200 OK", PLAIN)
    return ["text"]


def bare(environ: dict[str, Any], start_response: Start) -> Any:
    start_response("200 OK", PLAIN)
    return b"bytes alone"


def short(environ: dict[str, Any], start_response: Start) -> Any:
    start_response("20 OK", PLAIN)
    return [b"x"]


def mute(environ: dict[str, Any], start_response: Start) -> Any:
    return [b"x"]


@pytest.mark.parametrize(("app", "told"), [
    (as_text, b"must be bytes"), (bare, b"Return a list"), (short, b"three digits"), (mute, b"start_response"),
])  # fmt: skip
def test_what_breaks_the_contract_is_explained(app: Callable[..., Any], told: bytes) -> None:
    status, page = ask(app)
    assert (status, told in page) == (500, True), page


def test_an_application_is_found_by_name() -> None:
    assert make_wsgi("wsgiref.simple_server:demo_app")()
    with pytest.raises(AppError):
        make_wsgi("no_such_module:app")
