"""The command lines of the web room: `netlab http`; those of the servers are in `server/commands`,
that of the proxy is in `proxy/commands`.

Only the arguments live here; what they start is imported when it starts, so that `--help` is
quick. It must not know libcurl.
"""

from __future__ import annotations

import argparse
from typing import Any, Final

from protocols.client_words import add_trust, seconds
from protocols.http.proxy import commands as proxy
from protocols.http.server import commands as server
from protocols.words import WordParser

_HTTP: Final = """\
Sends one request and writes the body of the answer to stdout. Redirects are followed, each hop is a
request of its own; compressed bodies are decompressed.
"""
_HTTP_END: Final = """\
for example:
  netlab http GET http://127.0.0.1:8080/
  netlab http POST http://127.0.0.1:8080/form -d name=Dave -d email=dave@dabeaz.com
  netlab http PUT http://127.0.0.1:8080/items/1 --json-body '{"name": "pen"}' --json
  netlab http GET https://127.0.0.1:8443/big.iso -o big.iso --max-bytes 1000000000
With --json every event is a line on stdout, the body is in none of them but the bytes of the wire are:
one "request" and one "response" for each hop, with detail.status, detail.headers and detail.phases_ms.
Exit status: 0 an answer came whole, whatever its status; 1 none did; 2 wrong arguments.
"""


def add_commands(subparsers: Any) -> None:
    """Add the room's commands to the subparsers of `netlab`; each sets `run(arguments) -> int`."""
    _add_http(subparsers)
    proxy.add_commands(subparsers)
    serve = subparsers.choices.get("serve")
    if isinstance(serve, WordParser):
        server.add_words(serve)


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
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--digest", action="store_true", help="with --user: Digest in place of Basic")
    ways.add_argument("--ntlm", action="store_true", help="with --user, which may be DOMAIN\\U:P: NTLM (NTLMv2)")
    add("--proxy", default="", metavar="URL", help="through a proxy: http://, socks5h://, ..")
    add("--cookie-jar", metavar="FILE", help="read cookies from there if it exists, save them there at the end")
    add("--no-follow", action="store_true", help="do not follow redirects")
    add("--http", choices=("1.0", "1.1", "2", "3"), help="the version to offer")
    add_trust(parser)
    add("--timeout-s", type=seconds, metavar="N", help="for the whole request, redirects and all (default: 60)")
    add("--max-bytes", type=_bytes, metavar="N", help="cut the body there")
    add("-o", "--output", default="", metavar="FILE", help="write the body there")
    add("--json", action="store_true", help="every event on stdout, one JSON object a line")
    parser.set_defaults(run=_http, parser=parser)


def _bytes(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of bytes")
    return int(text)


def _http(arguments: argparse.Namespace) -> int:
    from protocols.http.client import command
    from protocols.http.request import RequestError

    try:
        order = command.order_of(arguments)
    except RequestError as error:
        arguments.parser.error(str(error))
    return command.run(order)
