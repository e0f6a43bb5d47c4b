"""A WSGI application with a mistake: it returns text where bytes are wanted. The validator says so."""

from collections.abc import Callable, Iterable


def app(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[str]:
    """Wrong on purpose: encode the text, and return it in a list."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return ["Hello"]
