"""WSGI: any `module:app` behind the lab's server (PEP 3333), with the validator's complaints in plain words.

The application runs in the server's process, in the thread of its connection. It must not know
sockets.
"""

from __future__ import annotations

import importlib
import inspect
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final
from urllib.parse import unquote_to_bytes
from wsgiref.validate import validator

from protocols.http.request import Header
from protocols.http.server.answer import SERVER, Answer, error_page
from protocols.http.server.asked import Asked
from protocols.http.server.web import TIME_OUT_S, WebHandler

_COMPLAINTS: Final = (
    ("should not return a string", "Return a list with the bytes in it, [body], not the bytes alone."),
    ("bytestring", "The body must be bytes. Encode the text: text.encode(\"utf-8\")."),
    ("start_response", "start_response(status, headers) must be called before the first piece of the body."),
    ("Status", "The status is a text like \"200 OK\": three digits, a blank, and a reason."),
    ("Headers", "The headers are a list of pairs of texts: [(\"Content-Type\", \"text/plain\")]."),
    ("Content-Type", "An answer with a body says its Content-Type; one without a body has none."),
)  # fmt: skip


class WSGI:
    """An application that asks a WSGI callable. scheme: "https" behind TLS. validate: check both sides of PEP 3333."""

    def __init__(self, app: Callable[..., Iterable[bytes]], *, scheme: str = "http", validate: bool = True) -> None:
        self._app: Callable[..., Iterable[bytes]] = validator(app) if validate else app
        self._scheme = scheme

    def __call__(self, asked: Asked) -> Answer:
        """Answer one request. A complaint of the validator is a note and a page that explains it."""
        told: list[Any] = []

        def start_response(status: str, headers: list[Header], exc_info: Any = None) -> Callable[[bytes], None]:
            told[:] = [status, list(headers)]
            return early.append

        early: list[bytes] = []
        errors = io.StringIO()
        try:
            result = self._app(self.environ(asked, errors), start_response)
            body = _Body(result, early)
            if not told:
                raise AssertionError("start_response was not called")
        except AssertionError as error:
            return self._complain(asked, error)
        finally:
            if errors.getvalue():
                asked.note("application said", errors.getvalue().strip()[:200], errors=errors.getvalue()[:65536])
        number, _, reason = told[0].partition(" ")
        lengths = [value for name, value in told[1] if name.lower() == "content-length" and value.isdecimal()]
        headers = [header for header in told[1] if header[0].lower() != "content-length" or not lengths]
        return Answer(int(number), headers, body, reason, int(lengths[0]) if lengths else None)

    def _complain(self, asked: Asked, error: AssertionError) -> Answer:
        said = (str(error) or "a rule of PEP 3333 was broken").rstrip(".")
        why = next((text for word, text in _COMPLAINTS if word in said), "See PEP 3333.")
        asked.note("wsgi complaint", said, errno="AssertionError", why=f"The WSGI validator complains: {said}. {why}")
        return error_page(500, f"The WSGI validator complains: {said}. {why}")

    def environ(self, asked: Asked, errors: io.StringIO) -> dict[str, Any]:
        """What the callable is given: CGI's words, and WSGI's own."""
        local, peer = asked.local, asked.peer
        words: dict[str, Any] = {
            "REQUEST_METHOD": asked.method, "SCRIPT_NAME": "", "QUERY_STRING": asked.query,
            "PATH_INFO": unquote_to_bytes(asked.raw_path).decode("latin-1"), "SERVER_SOFTWARE": SERVER,
            "SERVER_NAME": str(local[0]) if isinstance(local, tuple) else "localhost",
            "SERVER_PORT": str(local[1]) if isinstance(local, tuple) else "0",
            "SERVER_PROTOCOL": f"HTTP/{asked.version[0]}.{asked.version[1]}",
            "REMOTE_ADDR": str(peer[0]) if isinstance(peer, tuple) else "", "wsgi.version": (1, 0),
            "wsgi.url_scheme": self._scheme, "wsgi.input": io.BytesIO(asked.body), "wsgi.errors": errors,
            "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
        }  # fmt: skip
        if asked.body or asked.get("Content-Length"):
            words["CONTENT_LENGTH"] = str(len(asked.body))
        if asked.get("Content-Type"):
            words["CONTENT_TYPE"] = asked.get("Content-Type")
        for name, value in asked.headers:
            if name.lower() not in ("content-type", "content-length", "proxy"):
                key = "HTTP_" + name.upper().replace("-", "_")
                words[key] = f"{words[key]}, {value}" if key in words else value
        return words


class _Body:
    """The pieces of an answer; the first is taken at once, for only then the headers must stand."""

    def __init__(self, result: Iterable[bytes], early: list[bytes]) -> None:
        self._result = result
        self._pieces = iter(result)
        self._early = early
        try:
            self._first = next(self._pieces, b"")
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        yield from self._early
        yield self._first
        yield from self._pieces

    def close(self) -> None:
        """PEP 3333: close() of what the application returned is called, however it ended."""
        close = getattr(self._result, "close", None)
        if close is not None:
            close()


class AppError(ValueError):
    """A name behind which there is no application; the message says why."""


def find_app(name: str) -> Callable[..., Iterable[bytes]]:
    """The callable that "module:app" names. Raises AppError, whatever the module's own code raises."""
    module, _, attribute = name.partition(":")
    if not module or not attribute.isidentifier():
        raise AppError(f"{name!r} is no application: it is written MODULE:APP")
    try:
        found: Callable[..., Iterable[bytes]] = getattr(importlib.import_module(module), attribute)
    except Exception as error:
        raise AppError(f"{name!r} can't be loaded: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise AppError(f"{name!r} can't be called, so it is no WSGI application")
    return found


def takes(app: Callable[..., Any]) -> int | None:
    """How many arguments it must be given: 2 of WSGI, 3 of ASGI. None where that can't be known."""
    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return None
    return sum(one.default is one.empty and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
               for one in parameters)  # fmt: skip


def make_wsgi(
    app: str, folder: str = "", scheme: str = "http", validate: bool = True, time_out_s: float = TIME_OUT_S
) -> Callable[[], WebHandler]:
    """The factory of handlers for `module:app`, for a HandlerSpec; `folder` is searched first. Raises AppError."""
    if folder and folder not in sys.path:
        sys.path.insert(0, folder)
    site = WSGI(find_app(app), scheme=scheme, validate=validate)
    return lambda: WebHandler(site, time_out_s)
