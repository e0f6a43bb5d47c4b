"""The command lines of the web room: `netlab http`, `netlab serve web`, `netlab serve wsgi`;
those of the proxy are in `proxy/commands`.

Only the arguments live here; what they start is imported when it starts, so that `--help` is
quick. It must not know libcurl.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, Final

from protocols.http.proxy import commands as proxy
from protocols.words import WordParser

_HTTP: Final = """\
Sends one request and writes the body of the answer to stdout. Redirects are followed, each hop is a
request of its own; compressed bodies are decompressed.
"""
_HTTP_END: Final = """\
for example:
  netlab http GET http://127.0.0.1:8080/
  netlab http POST http://127.0.0.1:8080/form -d name=Dave -d note=@letter.txt
  netlab http PUT http://127.0.0.1:8080/items/1 --json-body '{"name": "pen"}' --json
  netlab http GET https://127.0.0.1:8443/big.iso -o big.iso --max-bytes 1000000000
With --json every event is a line on stdout, the body is in none of them but the bytes of the wire are:
one "request" and one "response" for each hop, with detail.status, detail.headers and detail.phases_ms.
Exit status: 0 an answer came whole, whatever its status; 1 none did; 2 wrong arguments.
"""


_WEB: Final = """\
Serves the files of a folder until Ctrl+C. The first line says where it listens. Nothing outside the
folder can be read, neither by .. nor through a symbolic link.
"""
_WEB_END: Final = """\
for example:
  netlab serve web --root .                     this folder, on a free port of 127.0.0.1
  netlab serve web --root site --port 8000 --tls
Exit status: 0 ended by Ctrl+C or SIGTERM, 1 it could not serve, 2 wrong arguments.
"""
_WSGI: Final = """\
Serves a WSGI application until Ctrl+C. What it does against PEP 3333 is explained in the answer.
"""
_WSGI_END: Final = """\
for example:
  netlab serve wsgi shop:app --port 8000        the callable app of ./shop.py
  netlab serve wsgi wsgiref.simple_server:demo_app
Exit status: 0 ended by Ctrl+C or SIGTERM, 1 it could not serve, 2 wrong arguments.
"""


def add_commands(subparsers: Any) -> None:
    """Add the room's commands to the subparsers of `netlab`; each sets `run(arguments) -> int`."""
    _add_http(subparsers)
    proxy.add_commands(subparsers)
    serve = subparsers.choices.get("serve")
    if isinstance(serve, WordParser):
        _add_web(serve)
        _add_wsgi(serve)


def _add_web(serve: WordParser) -> None:
    parser = serve.add_word("web", "the files of a folder, over HTTP", description=_WEB, epilog=_WEB_END)
    parser.add_argument("--root", required=True, metavar="DIR", help="the folder")
    parser.add_argument("--cgi", action="store_true", help="run what is in its cgi-bin and htbin (off by default)")
    _add_where(parser)
    parser.set_defaults(run=_web, parser=parser)


def _add_wsgi(serve: WordParser) -> None:
    parser = serve.add_word("wsgi", "a WSGI application, MODULE:APP", description=_WSGI, epilog=_WSGI_END)
    parser.add_argument("app", metavar="MODULE:APP", help="looked up in the current folder first")
    parser.add_argument("--no-validate", action="store_true", help="do not check it against PEP 3333")
    _add_where(parser)
    parser.set_defaults(run=_wsgi, parser=parser)


def _add_where(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", metavar="H",
                        help="address to bind; '' or 0.0.0.0 lets other machines in (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=0, metavar="P", help="port; 0 takes a free one (default: 0)")
    parser.add_argument("--tls", action="store_true", help="TLS with a certificate of the lab's own authority")
    parser.add_argument("--json", action="store_true", help="every event on stdout, one JSON object a line")


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text[:6]) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535")
    return int(text)


def _web(arguments: argparse.Namespace) -> int:
    if not os.path.isdir(arguments.root):
        arguments.parser.error(f"{arguments.root} is no folder")
    from protocols.concurrency.contract import HandlerSpec, Listen
    from protocols.http.server.serving import Order, run

    target = "cgi_run:make_scripts" if arguments.cgi else "folder:make_folder"
    spec = HandlerSpec(f"protocols.http.server.{target}", {"root": os.path.abspath(arguments.root)})
    listen = Listen(host=arguments.host, port=arguments.port)
    return run(Order("web", arguments.root, spec, listen, arguments.tls, arguments.json))


def _add_http(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "http", help="send an HTTP request and look at the answer", description=_HTTP, epilog=_HTTP_END,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("method", metavar="METHOD", help="GET, POST, or any other word")
    add("url", metavar="URL", help="http, https, ftp, file or data")
    add("-H", "--header", action="append", default=[], metavar="'K: V'", help="a header; order, case, doubles are kept")
    body = parser.add_mutually_exclusive_group()
    body.add_argument("-d", "--data", action="append", metavar="DATA|@FILE", help="a form's data; several join by &")
    body.add_argument("-F", "--form", action="append", metavar="NAME=VALUE|NAME=@FILE", help="a part of a multipart")
    body.add_argument("--json-body", metavar="J", help="a JSON body, or @FILE with one")
    add("--user", metavar="U:P", help="user and password")
    add("--digest", action="store_true", help="with --user: Digest in place of Basic")
    add("--proxy", default="", metavar="URL", help="through a proxy: http://, socks5h://, ..")
    add("--cookie-jar", metavar="FILE", help="read cookies from there if it exists, save them there at the end")
    add("--no-follow", action="store_true", help="do not follow redirects")
    add("--http", choices=("1.0", "1.1", "2", "3"), help="the version to offer")
    add("--cacert", default="", metavar="FILE", help="trust these authorities in place of the system's (PEM)")
    add("--insecure", action="store_true", help="do not verify the certificate")
    add("--timeout-s", type=_seconds, metavar="N", help="for the whole request, redirects and all (default: 60)")
    add("--max-bytes", type=_bytes, metavar="N", help="cut the body there")
    add("-o", "--output", default="", metavar="FILE", help="write the body there")
    add("--json", action="store_true", help="every event on stdout, one JSON object a line")
    parser.set_defaults(run=_http, parser=parser)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from None
    if not 0 < value <= 86_400:
        raise argparse.ArgumentTypeError(f"a time-out must be more than 0 and at most 86400 seconds, not {text}")
    return value


def _bytes(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of bytes")
    return int(text)


def _wsgi(arguments: argparse.Namespace) -> int:
    from protocols.concurrency.contract import HandlerSpec, Listen
    from protocols.http.server.serving import Order, run
    from protocols.http.server.wsgi_run import AppError, find_app

    sys.path.insert(0, os.getcwd())
    try:
        find_app(arguments.app)
    except AppError as error:
        arguments.parser.error(str(error))
    scheme = "https" if arguments.tls else "http"
    facts = {"app": arguments.app, "scheme": scheme, "validate": not arguments.no_validate}
    spec = HandlerSpec("protocols.http.server.wsgi_run:make_wsgi", facts)
    listen = Listen(host=arguments.host, port=arguments.port)
    return run(Order("wsgi", arguments.app, spec, listen, arguments.tls, arguments.json))


def _http(arguments: argparse.Namespace) -> int:
    from protocols.http import command
    from protocols.http.request import RequestError

    try:
        order = command.order_of(arguments)
    except RequestError as error:
        arguments.parser.error(str(error))
    return command.run(order)
