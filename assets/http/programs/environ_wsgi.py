"""A WSGI application that shows what it is given: CGI's words, and WSGI's own."""

import html
from collections.abc import Callable, Iterable


def app(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
    """The environment as a table."""
    rows = "\n".join(
        f"<tr><td>{html.escape(name)}<td>{html.escape(str(value))}" for name, value in sorted(environ.items())
    )
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [f"<h1>environ</h1>\n<table>\n{rows}\n</table>\n".encode()]
