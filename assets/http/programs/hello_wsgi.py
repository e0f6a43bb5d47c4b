"""A WSGI application: any callable that is given the environment and start_response (PEP 3333)."""

from collections.abc import Callable, Iterable


def app(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
    """start_response first, then the body as pieces of bytes."""
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [f"<h1>Hello</h1>\n<p>PATH_INFO is {environ['PATH_INFO']}</p>\n".encode()]
