"""The command lines of the socket bench: `netlab serve` and `netlab connect`.

Only the arguments live here; what they start is imported when it starts, so that `--help` is
quick. `python -m protocols.sockets.commands` runs them without the rest of the lab.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn, cast

from protocols.client_words import seconds
from protocols.words import Parser

BEHAVIOURS: Final = ("echo", "upper", "hello", "time", "discard")
MORE_BEHAVIOURS: Final = ("upper-lines", "upper-course", "echo-once", "lower", "reverse", "rot13", "page", "transform")
TRANSPORTS: Final = ("tcp", "udp", "unix", "unix-dgram", "unix-seqpacket")
MODELS: Final = (
    "iterative", "threads", "pool", "fork", "select", "poll", "epoll", "kqueue", "selectors", "asyncio",
    "socketserver", "socketserver-threading", "socketserver-forking",
)

_SERVE: Final = """\
Runs a server in the foreground until Ctrl+C. The first line says where it listens.

  echo     sends back what it receives
  upper    the same in capitals
  hello    greets each client and closes
  time     sends the time of day and closes
  discard  reads everything, answers nothing
  also     upper-lines, upper-course, echo-once, lower, reverse, rot13,
           page, transform
"""
_SERVE_END: Final = """\
for example:
  netlab serve echo                             on a free port of 127.0.0.1
  netlab serve upper --port 2345 --model epoll
  netlab serve time --transport unix --path /tmp/time.sock
  netlab serve transform --expression 'data[::-1]'
Exit status: 0 ended by Ctrl+C or SIGTERM, 1 it could not serve, 2 wrong arguments.
"""
_CONNECT: Final = """\
Connects, sends stdin to the peer and writes what the peer sends to stdout. At the end of stdin it
ends its own direction (half-close) and reads on until the peer's end.
"""
_CONNECT_END: Final = """\
for example:
  netlab connect 127.0.0.1 2345                 type lines; Ctrl+D ends
  echo hello | netlab connect 127.0.0.1 2345
  netlab connect --transport unix --path /tmp/time.sock
Over UDP each read of stdin is one datagram; after the end of stdin it waits for the answers, until
the peer has been silent for --timeout-s seconds (1 when not given).
Exit status: 0 done, 1 it failed, 2 wrong arguments.
"""


def add_commands(subparsers: Any) -> None:
    """Add `serve` and `connect` to the subparsers of `netlab`; each sets `run(arguments) -> int`."""
    _add_serve(subparsers)
    _add_connect(subparsers)


def _parser(subparsers: Any, name: str, text: str, description: str, end: str) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        name, help=text, description=description, epilog=end, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    return cast("argparse.ArgumentParser", parser)


def _add_serve(subparsers: Any) -> None:
    parser = _parser(subparsers, "serve", "run a server until Ctrl+C", _SERVE, _SERVE_END)
    parser.add_argument(
        "behaviour", choices=(*BEHAVIOURS, *MORE_BEHAVIOURS), metavar="|".join(BEHAVIOURS), help="what it does"
    )
    parser.add_argument("--transport", choices=TRANSPORTS, default="tcp", metavar="T",
                        help=f"{', '.join(TRANSPORTS)} (default: tcp)")
    parser.add_argument("--host", type=_host, default="127.0.0.1", metavar="H",
                        help="address to bind; '' or 0.0.0.0 lets other machines in (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=0, metavar="P", help="port; 0 takes a free one (default: 0)")
    parser.add_argument("--path", default="", metavar="S", help="path of a UNIX socket; @name is an abstract one")
    parser.add_argument("--model", choices=MODELS, metavar="M",
                        help=f"how it serves many: {', '.join(MODELS)} (default: threads; for datagrams: iterative)")
    parser.add_argument("--workers", type=_count, default=4, metavar="N", help="threads of the pool (default: 4)")
    parser.add_argument("--delay-ms", type=_milliseconds, default=0, metavar="N",
                        help="wait before each answer, to see the models differ")
    parser.add_argument("--tls", action="store_true", help="TLS with a certificate of the lab's own authority")
    parser.add_argument("--backlog", type=_milliseconds, default=128, metavar="N", help=argparse.SUPPRESS)
    parser.add_argument("--expression", default="data", metavar="E",
                        help="for transform: a Python expression over the bytes `data`")
    parser.add_argument("--json", action="store_true", help="every event on stdout, one JSON object a line")
    parser.set_defaults(run=_serve, parser=parser)


def _add_connect(subparsers: Any) -> None:
    parser = _parser(subparsers, "connect", "talk to a server: stdin to it, its answers to stdout",
                     _CONNECT, _CONNECT_END)
    parser.add_argument("host", nargs="?", type=_host, metavar="HOST", help="name or address")
    parser.add_argument("port", nargs="?", type=_port, metavar="PORT", help="port number")
    parser.add_argument("--transport", choices=TRANSPORTS, default="tcp", metavar="T",
                        help=f"{', '.join(TRANSPORTS)} (default: tcp)")
    parser.add_argument("--path", default="", metavar="S", help="of a UNIX socket, in place of HOST PORT")
    parser.add_argument("--tls", action="store_true", help="TLS; trusts the system's authorities and your own labs")
    parser.add_argument("--insecure", action="store_true", help="with --tls: do not verify the certificate")
    parser.add_argument("--ca", default="", metavar="FILE", help="with --tls: trust this authority too (PEM)")
    parser.add_argument("--server-name", default="", metavar="NAME", help="with --tls: the name asked for")
    parser.add_argument("--timeout-s", type=seconds, metavar="N",
                        help="give up connecting, or waiting for a silent peer, after N seconds")
    parser.add_argument("--json", action="store_true", help="every event on stdout, the peer's bytes in `data`")
    parser.set_defaults(run=_connect, parser=parser)


def _host(text: str) -> str:
    """A name or an address; [::1] is what the listening line shows, and what people paste."""
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def _number(text: str, low: int, high: int, what: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{what} must be from {low} to {high}, not {value}")
    return value


def _port(text: str) -> int:
    return _number(text, 0, 65535, "a port")


def _count(text: str) -> int:
    return _number(text, 1, 1000, "the number of workers")


def _milliseconds(text: str) -> int:
    return _number(text, 0, 3_600_000, "the number")


def _serve(arguments: argparse.Namespace) -> int:
    """Check what argparse can't, then serve."""
    from protocols.concurrency.contract import DATAGRAM, Listen, model_info

    refuse = arguments.parser.error
    unix = arguments.transport.startswith("unix")
    if unix and not arguments.path:
        refuse(f"--transport {arguments.transport} needs --path")
    if arguments.path and not unix:
        refuse("--path goes with --transport unix")
    if arguments.tls and arguments.transport != "tcp":
        refuse("--tls goes with --transport tcp")
    datagram = arguments.transport in DATAGRAM
    info = model_info(arguments.model or ("iterative" if datagram else "threads"))
    if arguments.transport not in info.transports:
        refuse(f"--model {info.name} does not serve {arguments.transport}; it serves {', '.join(info.transports)}")
    from protocols.sockets import serve
    from protocols.sockets.expression import Expression, ExpressionError
    from protocols.terminal import FAILED, say

    try:
        Expression(arguments.expression)
    except ExpressionError as error:
        refuse(f"--expression: {error}")
    if not info.available:
        say(f"The model {info.name} does not exist here. {info.reason}")
        return FAILED
    listen = Listen(arguments.transport, arguments.host, arguments.port, arguments.path, backlog=arguments.backlog)
    order = serve.Order(
        arguments.behaviour, listen, info.name, arguments.workers, arguments.delay_ms,
        _server_tls(arguments.host) if arguments.tls else None, arguments.json, arguments.expression,
    )
    return serve.run(order)


def _connect(arguments: argparse.Namespace) -> int:
    """Check what argparse can't, then connect."""
    refuse = arguments.parser.error
    unix = arguments.transport.startswith("unix")
    if unix and (not arguments.path or arguments.host is not None):
        refuse(f"--transport {arguments.transport} needs --path, and no HOST PORT")
    if not unix and (arguments.host is None or arguments.port is None):
        _refuse_address(refuse, arguments.host)
    if arguments.path and not unix:
        refuse("--path goes with --transport unix")
    if arguments.tls and arguments.transport != "tcp":
        refuse("--tls goes with --transport tcp")
    from protocols.address import Target
    from protocols.sockets import connect
    from protocols.terminal import FAILED, say

    context = None
    if arguments.tls:
        try:
            context = _client_context(arguments.ca, arguments.insecure)
        except (OSError, ValueError) as error:
            say(f"{arguments.ca or 'The authorities'} can't be read: {error}.")
            return FAILED
    target = Target(arguments.transport, arguments.host or "", arguments.port or 0, arguments.path)
    return connect.run(connect.Order(target, arguments.timeout_s, context, arguments.server_name, arguments.json))


def _refuse_address(refuse: Callable[[str], NoReturn], host: str | None) -> NoReturn:
    name, colon, port = (host or "").rpartition(":")
    if colon and port.isdecimal():
        refuse(f"HOST and PORT are two words: netlab connect {name.strip('[]')} {port}")
    refuse("HOST and PORT are needed, for example: netlab connect 127.0.0.1 2345")


def _server_tls(host: str) -> Any:
    from protocols.concurrency.contract import ServerTLS
    from protocols.tls import server_pem

    return ServerTLS(pem=server_pem([host or "localhost"]))


def _client_context(ca: str, insecure: bool) -> Any:
    """Whom `connect --tls` trusts: the system's authorities, this person's running labs, and `ca`."""
    import ssl

    from protocols import trust

    context = ssl.create_default_context()
    labs = trust.known()
    if labs:
        context.load_verify_locations(cadata=labs.decode("ascii"))
    if ca:
        context.load_verify_locations(ca)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def main(argv: Sequence[str] | None = None) -> int:
    """The two commands alone; the exit status."""
    parser = Parser(prog="netlab")
    add_commands(parser.add_subparsers(title="commands", metavar="COMMAND", required=True))
    arguments = parser.parse_args(argv)
    from protocols.streams import NotRead, abandon_stdout
    from protocols.terminal import DONE, FAILED

    try:
        return int(arguments.run(arguments))
    except (BrokenPipeError, NotRead):
        abandon_stdout()
        return FAILED
    except KeyboardInterrupt:
        return DONE


if __name__ == "__main__":
    sys.exit(main())
