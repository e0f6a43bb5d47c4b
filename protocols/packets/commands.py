"""The command lines of the packets room: `netlab packets`; those of live packets are `live_commands`.

Only the arguments live here; what they start is imported when it starts, so that `--help` is quick. It must not know
numpy, and never scapy.
"""

from __future__ import annotations

import argparse
from typing import Any, Final

from protocols.packets import live_commands

_PACKETS: Final = """\
Lists the packets of a capture file: pcap or pcapng, also packed by gzip or zstd. A file that is damaged or cut off is
listed as far as it is good.
"""
_PACKETS_END: Final = """\
for example:
  netlab packets /srv/captures/site.pcapng
  netlab packets site.pcapng --filter "udp port 53" --limit 20
  netlab packets site.pcapng --csv > site.csv
  tcpdump -c 10 -w - | netlab packets -         what another program captures, once it has ended
  netlab packets site.pcapng --show 4           the whole tree of packet 4, field by field
Exit status: 0 the file was read whole, 1 it is damaged or can't be read, 2 wrong arguments.
"""


def add_commands(subparsers: Any) -> None:
    """Add the room's commands to the subparsers of `netlab`; each sets `run(arguments) -> int`."""
    _add_packets(subparsers)
    live_commands.add_commands(subparsers)


def _add_packets(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "packets", help="list the packets of a capture file", description=_PACKETS, epilog=_PACKETS_END,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("file", metavar="FILE", help="pcap or pcapng, plain, .gz or .zst; - for stdin")
    add("--filter", default="", metavar="BPF", help='only packets that this capture filter takes: "tcp port 80"')
    add("--limit", type=_count, metavar="N", help="end after so many packets")
    add("--show", type=_count, metavar="N", help="the whole tree of packet N, in place of the list")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="a JSON object a line, the last one the summary")
    form.add_argument("--csv", action="store_true", help="a line of values a packet, below a line of names")
    parser.set_defaults(run=_packets, parser=parser)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 15 or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of packets: 1 or more")
    return int(text)


def _packets(arguments: argparse.Namespace) -> int:
    from dataclasses import replace

    from protocols.packets.listing import Order, run

    if not arguments.file:
        arguments.parser.error("FILE is empty: name a capture file, or - for stdin")
    if arguments.show and (arguments.json or arguments.csv or arguments.limit or arguments.filter):
        arguments.parser.error("--show is the tree of one packet, as text: --json, --csv, --limit and --filter are for "
                               "the list")  # fmt: skip
    order = Order(arguments.file, arguments.filter, arguments.limit, arguments.show)
    return run(replace(order, form="json" if arguments.json else "csv" if arguments.csv else "text"))
