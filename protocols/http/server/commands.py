"""The command lines of the web servers: `netlab serve web`, `wsgi`, `sandbox` and `barker`.

Only the arguments live here; what they start is imported when it starts. It must not know sockets.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from protocols.words import WordParser

if TYPE_CHECKING:
    from protocols.record.recorder import Recorder
    from protocols.service.base import Service

BROKEN: Final = ("expired", "wrong-host", "self-signed")
MODELS: Final = (
    "iterative", "threads", "pool", "fork", "select", "poll", "epoll", "kqueue", "selectors", "asyncio",
    "socketserver", "socketserver-threading", "socketserver-forking",
)  # fmt: skip
_EXIT: Final = "Exit status: 0 ended by Ctrl+C or SIGTERM, 1 it could not serve, 2 wrong arguments.\n"
_WEB: Final = """\
Serves the files of a folder until Ctrl+C. The first line says where it listens. Nothing outside the
folder can be read, neither by .. nor through a symbolic link.
"""
_WEB_END: Final = f"""\
for example:
  netlab serve web --root .                     this folder, on a free port of 127.0.0.1
  netlab serve web --root site --port 8000 --tls
  netlab serve web --root . --mime md=text/markdown --mime log=text/plain
{_EXIT}"""
_WSGI: Final = """\
Serves a WSGI application until Ctrl+C. What it does against PEP 3333 is explained in the answer.
"""
_WSGI_END: Final = f"""\
for example:
  netlab serve wsgi shop:app --port 8000        the callable app of ./shop.py
  netlab serve wsgi shop:app --deploy cgi       the same, in a new process for each request
  netlab serve wsgi wsgiref.simple_server:demo_app
{_EXIT}"""
_SANDBOX: Final = """\
Serves a site to try a client on, until Ctrl+C: a store, any status, redirects, logins, forms, bodies
of all kinds, whole and broken, WebSocket, server-sent events. Its first page lists and explains them.
"""
_SANDBOX_END: Final = f"""\
for example:
  netlab serve sandbox --port 8080              then: netlab http GET http://127.0.0.1:8080/status/418
  netlab serve sandbox --tls-broken expired     a certificate that a client must refuse
{_EXIT}"""
_BARKER: Final = """\
Serves one of nine steps from an echo server to "you have re-invented CGI", until Ctrl+C.
"""
_BARKER_END: Final = f"""\
for example:
  netlab serve barker --step 2
  netlab serve barker --step 6 --diff           what changed since step 5, and no server
{_EXIT}"""


def add_words(serve: WordParser) -> None:
    """Add the kinds of web servers to `netlab serve`; each sets `run(arguments) -> int`."""
    web = serve.add_word("web", "the files of a folder, over HTTP", description=_WEB, epilog=_WEB_END)
    web.add_argument("--root", required=True, metavar="DIR", help="the folder")
    web.add_argument("--cgi", action="store_true", help="run what is in its cgi-bin and htbin (off by default)")
    web.add_argument("--mime", action="append", default=[], metavar="EXT=TYPE",
                     help="the media type of files with this ending, as md=text/markdown; any number of times")
    _add_where(web, _web)
    wsgi = serve.add_word("wsgi", "a WSGI application, MODULE:APP", description=_WSGI, epilog=_WSGI_END)
    wsgi.add_argument("app", metavar="MODULE:APP", help="looked up in the current folder first")
    wsgi.add_argument("--deploy", choices=("wsgi", "cgi", "waitress", "uvicorn"), default="wsgi",
                      help="who calls it; waitress and uvicorn (ASGI) need their library (default: %(default)s)")
    wsgi.add_argument("--no-validate", action="store_true", help="do not check it against PEP 3333")
    _add_where(wsgi, _wsgi)
    sandbox = serve.add_word("sandbox", "a site to try HTTP clients on", description=_SANDBOX, epilog=_SANDBOX_END)
    _add_where(sandbox, _sandbox)
    barker = serve.add_word("barker", "nine steps from echo to CGI", description=_BARKER, epilog=_BARKER_END)
    barker.add_argument("--step", type=int, choices=range(1, 10), required=True, metavar="1..9", help="which step")
    barker.add_argument("--root", default="", metavar="DIR", help="the folder to serve (default: a sample site)")
    shown = barker.add_mutually_exclusive_group()
    shown.add_argument("--code", action="store_true", help="print the step's program and end")
    shown.add_argument("--diff", action="store_true", help="print what changed since the step before and end")
    _add_where(barker, _barker)


def _add_where(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]) -> None:
    parser.add_argument("--host", default="127.0.0.1", metavar="H",
                        help="address to bind; '' or 0.0.0.0 lets other machines in (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=0, metavar="P", help="port; 0 takes a free one (default: 0)")
    tls = parser.add_mutually_exclusive_group()
    tls.add_argument("--tls", action="store_true", help="TLS with a certificate of the lab's own authority")
    tls.add_argument("--tls-broken", choices=BROKEN, help="TLS with a certificate that is broken on purpose")
    parser.add_argument("--model", default="threads", metavar="M",
                        help=f"how it serves many: {', '.join(MODELS)} (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="every event on stdout, one JSON object a line")
    parser.set_defaults(run=run, parser=parser)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text[:6]) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535")
    return int(text)


def _serve(arguments: argparse.Namespace, title: str, make: Callable[..., Service]) -> int:
    """Serve what `make(recorder, **common)` makes, until a signal."""
    from protocols.concurrency.contract import model_info
    from protocols.http.server.serving import Order, run

    tls = arguments.tls_broken or ("good" if arguments.tls else None)
    try:
        if reason := model_info(arguments.model).reason:
            raise ValueError(reason)
    except ValueError as error:
        arguments.parser.error(str(error))
    common = {"host": arguments.host, "port": arguments.port, "tls": tls, "model": arguments.model}

    def made(recorder: Recorder) -> Service:
        try:
            return make(recorder, **common)
        except ValueError as error:
            arguments.parser.error(str(error))
            raise

    return run(Order(title, made, arguments.host, arguments.port, tls, arguments.json, arguments.model))


def _web(arguments: argparse.Namespace) -> int:
    if not os.path.isdir(arguments.root):
        arguments.parser.error(f"{arguments.root} is no folder")
    from protocols.http.server import kinds
    from protocols.http.server.media import MediaError, read_types

    try:
        types = read_types(arguments.mime)
    except MediaError as error:
        arguments.parser.error(f"--mime: {error}")

    def make(recorder: Recorder, **common: Any) -> Service:
        return kinds.web_server(recorder, arguments.root, cgi=arguments.cgi, types=types, **common)

    return _serve(arguments, arguments.root, make)


def _wsgi(arguments: argparse.Namespace) -> int:
    from protocols.http.server import kinds
    from protocols.http.server.deploy import find_deployed
    from protocols.http.server.wsgi_run import AppError

    folder = os.getcwd()
    if arguments.deploy in ("waitress", "uvicorn") and (arguments.tls or arguments.tls_broken):
        arguments.parser.error(f"--tls is not for --deploy {arguments.deploy}")
    sys.path.insert(0, folder)
    try:
        find_deployed(arguments.app, arguments.deploy)
    except AppError as error:
        arguments.parser.error(str(error))

    def make(recorder: Recorder, **common: Any) -> Service:
        return kinds.wsgi_server(recorder, arguments.app, folder=folder, deploy=arguments.deploy,
                                 validate=not arguments.no_validate, **common)  # fmt: skip

    return _serve(arguments, arguments.app, make)


def _sandbox(arguments: argparse.Namespace) -> int:
    from protocols.http.server import kinds

    return _serve(arguments, "the sandbox", kinds.sandbox_server)


def _barker(arguments: argparse.Namespace) -> int:
    from protocols.http.server import barker, kinds
    from protocols.terminal import write_all

    step = barker.step_of(arguments.step)
    if arguments.code or arguments.diff:
        write_all((step.code if arguments.code else step.difference()).encode())
        return 0
    if arguments.root and not os.path.isdir(arguments.root):
        arguments.parser.error(f"{arguments.root} is no folder")

    def make(recorder: Recorder, **common: Any) -> Service:
        return kinds.barker_server(recorder, step.number, arguments.root, **common)

    return _serve(arguments, f"step {step.number}, {step.title}", make)
