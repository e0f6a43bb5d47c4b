"""A WSGI application with a form: the fields of a GET stand in QUERY_STRING, those of a POST in wsgi.input."""

import html
from collections.abc import Callable, Iterable
from typing import IO
from urllib.parse import parse_qs

FORM = '<form method="post"><input name="name" value="Guido"><input type="submit" value="Send"></form>'


def app(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Shows the form, and what came of it."""
    text = str(environ["QUERY_STRING"])
    if environ["REQUEST_METHOD"] == "POST":
        file = environ["wsgi.input"]
        assert hasattr(file, "read")
        source: IO[bytes] = file
        text = source.read(int(str(environ.get("CONTENT_LENGTH") or 0))).decode()
    names = parse_qs(text).get("name", [])
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [f"<p>Hello {html.escape(' and '.join(names) or 'nobody')}</p>\n{FORM}\n".encode()]
