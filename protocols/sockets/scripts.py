"""The script of one socket option: which socket it needs, how it is read, and how it is set.

Standard library alone, ready to paste. It must not know the registry, nor run what is made.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from typing import Any, Final

from protocols.concurrency.contract import CONNECTED
from protocols.script_plans import Plan
from protocols.script_text import ScriptError, literal
from protocols.sockets.option_table import OPTIONS, Kind, Option
from protocols.sockets.options import parse_value

OPTION: Final[Mapping[str, Any]] = {
    "option": "SO_RCVBUF", "value": "5000", "transport": "tcp", "end": "client", "ipv6": False, "host": "127.0.0.1",
}  # fmt: skip
ENDS: Final = ("client", "listener", "accepted")
_GET: Final = "sock.getsockopt(LEVEL, OPTION"
_READS: Final[Mapping[Kind, tuple[str, str]]] = {
    "switch": ("int", f"{_GET})"),
    "number": ("int", f"{_GET})"),
    "linger": ("tuple[int, ...]", f'struct.unpack("ii", {_GET}, 8))  # on or off, seconds'),
    "timeval": ("tuple[int, ...]", f'struct.unpack("ll", {_GET}, 16))  # seconds, microseconds'),
    "address": ("str", f"socket.inet_ntoa({_GET}, 4))"),
    "text": ("str", f'{_GET}, 256).split(b"\\0")[0].decode("ascii", "replace")'),
    "struct": ("str", f"{_GET}, 256).hex()"),
}
_KINDS: Final = {
    "unix": "socket.SOCK_STREAM", "unix-dgram": "socket.SOCK_DGRAM", "unix-seqpacket": "socket.SOCK_SEQPACKET",
}  # fmt: skip


def option_plan(params: Mapping[str, Any]) -> Plan:
    """How the script of one option is made. Raises ScriptError for an unknown option, socket or value.

    value: as a person types it; "" reads the option only. end: whose socket it is, one of ENDS.
    """
    option, transport, end = _known(params["option"]), str(params["transport"]), str(params["end"])
    if transport not in ("tcp", "udp", *_KINDS) or end not in ENDS:
        raise ScriptError(f"no socket {transport!r}, {end!r}")
    ipv6 = bool(params["ipv6"]) or option.level == "IPPROTO_IPV6"
    flags = {transport.partition("-")[0], end} | ({"ipv6"} if ipv6 else set())
    flags |= {"connected"} if transport in CONNECTED else set()
    if transport == "udp" and end == "accepted":
        flags.add("client")
    code = {
        "code_meaning": f"{option.meaning} {option.note}".strip(),
        "code_level": f"socket.{option.level}",
        "code_option": _number(option),
        "code_type": _READS[option.kind][0],
        "code_read": _READS[option.kind][1],
        "code_kind": _KINDS.get(transport, ""),
        "code_value": "",
    }
    if params["value"] and option.settable:
        flags.add("set")
        code["code_value"] = _value(option, str(params["value"]))
    values = dict(params) | {"host": "::1" if ipv6 else "127.0.0.1"}
    return Plan("option", values, frozenset(flags), _wrapped(code))


def _known(name: object) -> Option:
    for option in OPTIONS:
        if option.name == name and option.number is not None:
            return option
    raise ScriptError(f"no option {name!r} on this system")


def _number(option: Option) -> str:
    if hasattr(socket, option.name):
        return f"socket.{option.name}"
    return f"{option.number}  # {option.name}, which Python's socket module does not name"


def _value(option: Option, text: str) -> str:
    try:
        value = parse_value(option, text)
    except ValueError as error:
        raise ScriptError(str(error).rstrip(".")) from None
    match option.kind:
        case "linger":
            return 'struct.pack("ii", {}, {})'.format(*struct.unpack("ii", value))
        case "timeval":
            return 'struct.pack("ll", {}, {})'.format(*struct.unpack("ll", value))
        case "address":
            return f"socket.inet_aton({literal(socket.inet_ntoa(value))})"
    return literal(value)


def _wrapped(code: dict[str, str]) -> dict[str, str]:
    """The meaning as lines of a docstring."""
    lines, line = [], ""
    for word in code["code_meaning"].split():
        if line and len(line) + len(word) >= 100:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return code | {"code_meaning": "\n".join([*lines, line])}
