"""The command lines of Mr Creosote: `netlab listen` and `netlab spew`.

Only the arguments live here; what they start is imported when it starts, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
from typing import Any, Final

from protocols.creosote.wire import PORT

_LISTEN: Final = """\
Shows the debug messages that programs send as UDP datagrams, until Ctrl+C. The first line says where
it listens; then each message stands on a line of its own, bytes that are no text escaped.
On 127.0.0.1 it hears loopback broadcast (127.255.255.255) too, and nothing from other machines.
"""
_LISTEN_END: Final = """\
for example:
  netlab listen                                 then, elsewhere: netlab spew here I am
  netlab listen --log creosote.log              the same lines go into the file
  netlab listen --json                          every datagram a JSON line: bytes, sender, drops so far
  netlab listen --host 0.0.0.0                  other machines may write here, under any name
Exit status: 0 ended by Ctrl+C or SIGTERM, 1 it could not listen, 2 wrong arguments.
"""
_SPEW: Final = """\
Sends a debug message as UDP datagrams and forgets it. Whether somebody listens makes no difference.
"""
_SPEW_END: Final = """\
for example:
  netlab spew disk is nearly full
  netlab spew --broadcast --host 127.255.255.255 to every bucket on this machine
Exit status: 0 sent, 1 it could not be sent, 2 wrong arguments.
"""


def add_commands(subparsers: Any) -> None:
    """Add `listen` and `spew` to the subparsers of `netlab`; each sets `run(arguments) -> int`."""
    raw = argparse.RawDescriptionHelpFormatter
    listen = subparsers.add_parser(
        "listen", help="show debug messages that arrive as UDP datagrams", description=_LISTEN, epilog=_LISTEN_END,
        formatter_class=raw,
    )  # fmt: skip
    listen.add_argument("--host", default="127.0.0.1", metavar="H",
                        help="address to bind; '' or 0.0.0.0 lets other machines in (default: %(default)s)")
    listen.add_argument("--port", type=_port, default=PORT, metavar="P",
                        help="default: %(default)s; 0 takes a free one")
    listen.add_argument("--log", default="", metavar="FILE", help="append each message's line there too")
    listen.add_argument("--json", action="store_true", help="one JSON object a line, bytes whole")
    listen.set_defaults(run=_listen)
    spew = subparsers.add_parser(
        "spew", help="send a debug message as UDP datagrams", description=_SPEW, epilog=_SPEW_END, formatter_class=raw
    )
    spew.add_argument("message", nargs="+", metavar="MESSAGE", help="words are joined by blanks")
    spew.add_argument("--host", default="localhost", metavar="H", help="where to (default: %(default)s)")
    spew.add_argument("--port", type=_port, default=PORT, metavar="P", help="default: %(default)s")
    spew.add_argument("--broadcast", action="store_true",
                      help="permit a broadcast address; without --host, 255.255.255.255")
    spew.add_argument("--one-datagram", action="store_true", help="whole, not in pieces of 1024 bytes")
    spew.set_defaults(run=_spew)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535")
    return int(text)


def _listen(arguments: argparse.Namespace) -> int:
    from protocols.creosote.listen import run

    return run(arguments.host, arguments.port, arguments.log, arguments.json)


def _spew(arguments: argparse.Namespace) -> int:
    from protocols.creosote.module import spew
    from protocols.terminal import DONE, fail, say

    host, port = arguments.host, arguments.port
    if arguments.broadcast and host == "localhost":
        host = "255.255.255.255"
    text = " ".join(arguments.message)
    try:
        spew(text, host, port, chunk=not arguments.one_datagram, broadcast=True if arguments.broadcast else None)
    except UnicodeError as error:
        say(f"{host} is no name or address: {error}.")
        return 1
    except OSError as error:
        return fail(error, "sendto", (host, port), "udp")
    return DONE
