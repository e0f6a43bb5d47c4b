"""The command lines of live packets: `netlab capture`, `craft`, `ping`, `traceroute`.

Only the arguments live here; what they start is imported when it starts, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
from typing import Any, Final

_CAPTURE: Final = """\
Captures packets, lists them as they come, and says honestly how many the kernel dropped. Ctrl+C ends it.

Level 0 needs nobody's permission: the lab's own traffic, reconstructed from its sockets (--events reads what another
"netlab .. --json" wrote; without it a short conversation is held). Level 1 is a private network of your own, without
root: real packets between its hosts, or on the loopback of the command that stands behind "--". Level 2 is a real
interface: by dumpcap where it may, else by a child of the lab with this user's rights, else it says what is missing.
"""
_CAPTURE_END: Final = """\
for example:
  netlab capture --count 10                         the next ten packets on loopback
  netlab capture --interface lo --filter "tcp port 80" --seconds 5 --write web.pcapng
  netlab capture --level 1                          a network of one's own, without root
  netlab capture --level 1 -- curl -s http://127.0.0.1:8000/   what one program says to its own loopback
  netlab serve echo --json | netlab capture --level 0 --events -
Exit status: 0 captured, 1 it could not be, or the file could not be written, 2 wrong arguments.
"""
_CRAFT: Final = """\
Makes a packet from text such as IP(dst="127.0.0.1")/ICMP(), which is parsed and never run, and shows its bytes and
fields with lengths and checksums filled in. With --send it goes out, and answers are waited for.
"""
_CRAFT_END: Final = """\
for example:
  netlab craft 'IP(dst="127.0.0.1")/ICMP()/b"hello"'
  netlab craft 'IP(dst="127.0.0.1")/TCP(dport=80, flags="S")' --send
  netlab craft 'IP(dst="127.0.0.1", ttl=(1, 4))/UDP(dport=33434)' --send --wait 2
  netlab craft --template arp --target 10.77.0.2
Exit status: 0 made (and, with --send, sent), 1 it could not be, 2 wrong arguments.
"""
_PING: Final = """\
Sends echo requests to a host by the way that this user may use: the kernel's unprivileged ICMP socket, a raw socket,
or UDP to a port where nobody listens. It says which.
"""
_PING_END: Final = """\
for example:
  netlab ping 127.0.0.1
  netlab ping ::1 --count 3 --interval 0.2 --json
Exit status: 0 at least one answer came, 1 none, 2 wrong arguments.
"""
_TRACE: Final = """\
Finds the routers between here and a host: datagrams with a rising number of hops, and who complains. Needs no
privilege.
"""
_TRACE_END: Final = """\
for example:
  netlab traceroute 127.0.0.1
Exit status: 0 the host was reached, 1 it was not, 2 wrong arguments.
"""


def add_commands(subparsers: Any) -> None:
    """Add the commands to the subparsers of `netlab`; each sets `run(arguments) -> int`."""
    _add_capture(subparsers)
    _add_craft(subparsers)
    _add_ping(subparsers)
    _add_traceroute(subparsers)


def _parser(subparsers: Any, name: str, text: str, description: str, end: str) -> Any:
    raw = argparse.RawDescriptionHelpFormatter
    return subparsers.add_parser(name, help=text, description=description, epilog=end, formatter_class=raw)


def _add_capture(subparsers: Any) -> None:
    parser = _parser(subparsers, "capture", "capture packets and list them as they come", _CAPTURE, _CAPTURE_END)
    add = parser.add_argument
    add("--interface", default="", metavar="I", help="where (default: loopback)")
    add("--filter", default="", metavar="BPF", help='only packets that this filter takes: "tcp port 80"')
    add("--seconds", type=_positive, metavar="N", help="end after so long")
    add("--count", type=_whole, metavar="N", help="end after so many packets")
    add("--write", default="", metavar="FILE", help="keep them as pcapng")
    add("--level", type=int, choices=(0, 1, 2), help="0 no permission, 1 private network, 2 real interface (default)")
    add("--events", default="", metavar="FILE", help="level 0: the events of another netlab, - for stdin")
    add("--json", action="store_true", help="a JSON object a line, the last one the summary")
    add("command", nargs="*", metavar="COMMAND", help="level 1: a program to run in the private network, behind --")
    parser.set_defaults(run=_capture, parser=parser)


def _add_craft(subparsers: Any) -> None:
    parser = _parser(subparsers, "craft", "make a packet from text, and send it", _CRAFT, _CRAFT_END)
    add = parser.add_argument
    add("expression", nargs="?", default="", metavar="EXPR", help='such as IP(dst="127.0.0.1")/ICMP()')
    add("--template", default="", metavar="NAME", help="begin with a template; --template ? lists them")
    add("--target", default="127.0.0.1", metavar="H", help="a template's target (default: %(default)s)")
    add("--port", type=_port, default=80, metavar="P", help="a template's port (default: %(default)s)")
    add("--send", action="store_true", help="send it, and wait for answers")
    add("--interface", default="lo", metavar="I", help="where answers are heard and frames go (default: %(default)s)")
    add("--count", type=_whole, default=1, metavar="N", help="send it so many times")
    add("--rate", type=_positive, default=0.0, metavar="N", help="so many packets a second")
    add("--wait", type=_positive, default=1.0, metavar="S", help="for answers, in seconds (default: %(default)s)")
    add("--private", action="store_true", help="send within a private network's loopback: needs no root")
    add("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=_craft, parser=parser)


def _add_ping(subparsers: Any) -> None:
    parser = _parser(subparsers, "ping", "send echo requests to a host", _PING, _PING_END)
    add = parser.add_argument
    add("host", metavar="HOST", help="name or address")
    add("--count", type=_whole, default=4, metavar="N", help="default: %(default)s")
    add("--interval", type=_positive, default=1.0, metavar="S", help="seconds between two (default: %(default)s)")
    add("--timeout", type=_positive, default=2.0, metavar="S", help="seconds for an answer (default: %(default)s)")
    add("--size", type=_whole, default=56, metavar="N", help="bytes of payload (default: %(default)s)")
    add("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=_ping)


def _add_traceroute(subparsers: Any) -> None:
    parser = _parser(subparsers, "traceroute", "find the routers on the way to a host", _TRACE, _TRACE_END)
    parser.add_argument("host", metavar="HOST", help="name or address")
    parser.add_argument("--hops", type=_whole, default=30, metavar="N", help="the most (default: %(default)s)")
    parser.add_argument("--timeout", type=_positive, default=1.0, metavar="S", help="for each (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=_traceroute)


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 12 or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 1 to 65535")
    return int(text)


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def _capture(arguments: argparse.Namespace) -> int:
    from protocols.packets.capture.command import Order, run

    level, command = arguments.level, tuple(arguments.command)
    if command and level != 1:
        arguments.parser.error("a command to run belongs to --level 1")
    if arguments.events and level != 0:
        arguments.parser.error("--events belongs to --level 0")
    if level in (0, 1) and arguments.interface:
        arguments.parser.error("--interface belongs to --level 2: the lower levels have networks of their own")
    order = Order(
        level=2 if level is None else level, interface=arguments.interface or "lo", rule=arguments.filter,
        seconds=arguments.seconds, count=arguments.count, path=arguments.write, events=arguments.events,
        command=command, json=arguments.json,
    )  # fmt: skip
    return run(order)


def _craft(arguments: argparse.Namespace) -> int:
    from protocols.packets.craft.command import Order, run

    if bool(arguments.expression) == bool(arguments.template):
        arguments.parser.error("give an expression, or --template with a name")
    return run(
        Order(
            arguments.expression,
            arguments.template,
            arguments.target,
            arguments.port,
            arguments.send,
            arguments.interface,
            arguments.count,
            arguments.rate,
            arguments.wait,
            arguments.private,
            arguments.json,
        )
    )


def _ping(arguments: argparse.Namespace) -> int:
    from protocols.packets.reach.command import ping

    return ping(
        arguments.host, arguments.count, arguments.interval, arguments.timeout, arguments.size, json=arguments.json
    )


def _traceroute(arguments: argparse.Namespace) -> int:
    from protocols.packets.reach.command import traceroute

    return traceroute(arguments.host, arguments.hops, arguments.timeout, json=arguments.json)
