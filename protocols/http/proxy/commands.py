"""The command line of the proxy: `netlab proxy`.

Only the arguments live here; what they start is imported when it starts. It must not know
sockets.
"""

from __future__ import annotations

import argparse
from typing import Any, Final

_PROXY: Final = """\
Passes HTTP on and shows it, until Ctrl+C: a forward proxy with CONNECT, or with --reverse plain TCP to
one place. The first line says where it listens.
"""
_PROXY_END: Final = """\
for example:
  netlab proxy --port 8888                     then: curl -x http://127.0.0.1:8888 http://example.org/
  netlab proxy --intercept-tls                 HTTPS is opened; the second line says whom clients must trust
  netlab proxy --throttle 20000 --delay-ms 200 a slow and distant line, both ways
  netlab proxy --user guido:guido456           clients without it get 407; curl -x .. -U guido:guido456
  netlab proxy --user guido:guido456 --digest  the same by a hash; curl adds --proxy-digest
  netlab proxy --reverse 127.0.0.1:2345        whoever connects here talks to the server there
With --json every event is a line on stdout, a "request" and a "response" for each exchange among them.
Exit status: 0 ended by Ctrl+C or SIGTERM, 1 it could not serve, 2 wrong arguments.
"""


def add_commands(subparsers: Any) -> None:
    """Add `proxy` to the subparsers of `netlab`; it sets `run(arguments) -> int`."""
    parser = subparsers.add_parser(
        "proxy", help="pass HTTP on and look at it", description=_PROXY, epilog=_PROXY_END,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("--host", default="127.0.0.1", metavar="H", help="where to listen (default: %(default)s)")
    add("--port", type=_port, default=0, metavar="P", help="on which port (default: a free one)")
    add("--reverse", type=_place, metavar="HOST:PORT", help="pass every connection on to this place, as plain TCP")
    add("--intercept-tls", action="store_true", help="open HTTPS with the lab's authority")
    add("--insecure", action="store_true", help="do not verify the certificates of origins")
    add("--user", default="", metavar="U:P", help="ask clients for this user and password")
    add("--digest", action="store_true", help="ask for it as a hash (Digest), not in base64 (Basic)")
    add("--throttle", type=_rate, metavar="B/S", help="bytes a second, each way")
    add("--delay-ms", type=_delay, default=0, metavar="N", help="so much later, each way")
    add("--json", action="store_true", help="every event on stdout, one JSON object a line")
    parser.set_defaults(run=_run, parser=parser)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text[:6]) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)


def _place(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdecimal() or not 0 < int(port[:6]) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no place: HOST:PORT, as in 127.0.0.1:2345")
    return host.strip("[]"), int(port)


def _rate(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text[:13]) <= 1_000_000_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no speed: bytes a second, at least 1")
    return int(text)


def _delay(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text[:9]) > 3_600_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no delay: 0 to 3600000 milliseconds")
    return int(text)


def _run(arguments: argparse.Namespace) -> int:
    from protocols.http.proxy import command
    from protocols.http.proxy.core import ProxyOrder

    user, colon, password = arguments.user.partition(":")
    if arguments.user and not (user and colon):
        arguments.parser.error("--user is USER:PASSWORD")
    if arguments.digest and not arguments.user:
        arguments.parser.error("--digest needs --user")
    if arguments.reverse and (arguments.intercept_tls or arguments.user):
        arguments.parser.error("--reverse passes plain TCP on: there is nothing to open, and nobody to ask")
    order = ProxyOrder(
        host=arguments.host, port=arguments.port, reverse=arguments.reverse, intercept=arguments.intercept_tls,
        verify=not arguments.insecure, user=user, password=password,
        digest=arguments.digest,
    )  # fmt: skip
    return command.run(order, arguments.throttle, arguments.delay_ms, arguments.json)
