"""Socket options of a live socket: what each is now, and what the kernel made of a value.

`all_constants` lists everything the socket module knows. It must not know services: it is
handed a socket. The rows are in `option_table`.
"""

from __future__ import annotations

import re
import socket
import struct
from dataclasses import dataclass
from typing import Any, Final

from protocols.numbers import grouped
from protocols.record.trace import transport_of
from protocols.sockets.option_table import OPTIONS, Kind, Option

_PATTERN: Final = re.compile(r"^(AF|SOCK|SO|SOL|IPPROTO|MSG|TCP|UDP|UDPLITE|IP|IPV6|SHUT|INADDR|AI|NI|EAI|SCM)_\w+$")


@dataclass(frozen=True, slots=True)
class Reading:
    """An option's value on one socket: int, bool, float (seconds), str, or None with `error` set. text: for reading."""

    option: Option
    value: int | bool | float | str | None
    text: str
    error: str = ""


def options_for(sock: socket.socket) -> list[Option]:
    """The rows that apply to this socket on this system."""
    transport = transport_of(sock)
    levels = {"SOL_SOCKET", "IPPROTO_TCP"}
    if sock.family == socket.AF_INET:
        levels.add("IPPROTO_IP")
    elif sock.family == socket.AF_INET6:
        levels.add("IPPROTO_IPV6")
    return [
        option for option in OPTIONS
        if option.number is not None and option.level in levels and transport in option.transports
    ]  # fmt: skip


def read(sock: socket.socket, option: Option) -> Reading:
    """The option's value now, asked off the record. One that the kernel refuses gives a Reading with `error`."""
    number = option.number
    if number is None:
        return Reading(option, None, "not on this system", "ENOPROTOOPT")
    try:
        return _read(sock, option, number)
    except OSError as error:
        return Reading(option, None, f"can't be read: {error.strerror}", str(error.errno))


def read_all(sock: socket.socket) -> list[Reading]:
    """Every option of this socket."""
    return [read(sock, option) for option in options_for(sock)]


def defaults(sock: socket.socket) -> dict[str, str]:
    """What a fresh socket of the same family and type has, by option name."""
    with socket.socket(sock.family, sock.type) as fresh:
        return {reading.option.name: reading.text for reading in read_all(fresh)}


_SIZES: Final[dict[Kind, int]] = {"linger": 8, "timeval": 16, "address": 4, "text": 256, "struct": 256}


def _read(sock: socket.socket, option: Option, number: int) -> Reading:
    level = option.level_number
    if option.kind in ("switch", "number"):
        value = socket.socket.getsockopt(sock, level, number)
        if option.kind == "switch":
            return Reading(option, bool(value), "on" if value else "off")
        return Reading(option, value, _named(option.name, value))
    raw = socket.socket.getsockopt(sock, level, number, _SIZES[option.kind])
    if option.kind == "linger":
        on, seconds = struct.unpack("ii", raw[:8])
        return Reading(option, seconds if on else -1, f"on, {seconds} s" if on else "off")
    if option.kind == "timeval":
        seconds, micro = struct.unpack("ll", raw[:16])
        total = seconds + micro / 1e6
        return Reading(option, total, f"{total:g} s" if total else "none")
    if option.kind == "address":
        return Reading(option, socket.inet_ntoa(raw[:4]), socket.inet_ntoa(raw[:4]))
    if option.kind == "text":
        text = raw.split(b"\0")[0].decode("ascii", "replace")
        return Reading(option, text, text or "none")
    return Reading(option, raw.hex(), _struct_text(option.name, raw))


def _struct_text(name: str, raw: bytes) -> str:
    if name == "SO_PEERCRED" and len(raw) >= 12:
        pid, uid, gid = struct.unpack("3i", raw[:12])
        return f"pid {pid}, uid {uid}, gid {gid}"
    if name == "SO_COOKIE" and len(raw) >= 8:
        return str(struct.unpack("Q", raw[:8])[0])
    return f"{len(raw)} bytes"


def _named(name: str, value: int) -> str:
    prefix = {"SO_TYPE": "SOCK_", "SO_DOMAIN": "AF_", "SO_PROTOCOL": "IPPROTO_"}.get(name)
    if prefix is not None:
        for constant in sorted(dir(socket)):
            if constant.startswith(prefix) and getattr(socket, constant) == value:
                return f"{constant} ({value})"
    return grouped(value)


def parse_value(option: Option, text: str) -> Any:
    """What a person typed as the value for setsockopt(). Raises ValueError with a sentence."""
    text = text.strip()
    if option.kind == "switch":
        if text.lower() not in ("on", "off", "1", "0", "true", "false"):
            raise ValueError(f"{option.name} is on or off.")
        return int(text.lower() in ("on", "1", "true"))
    if option.kind == "linger":
        return struct.pack("ii", 0, 0) if text.lower() == "off" else struct.pack("ii", 1, _integer(option, text))
    if option.kind == "timeval":
        try:
            seconds = float(text)
        except ValueError:
            raise ValueError(f"{option.name} takes seconds, such as 0.5.") from None
        return struct.pack("ll", int(seconds), round(seconds % 1 * 1e6))
    if option.kind == "address":
        try:
            return socket.inet_aton(text)
        except OSError:
            raise ValueError(f"{option.name} takes an IPv4 address.") from None
    if option.kind == "text":
        return text.encode("ascii", "replace")
    return _integer(option, text)


def _integer(option: Option, text: str) -> int:
    try:
        value = int(text.replace(",", "").replace("_", ""), 0)
    except ValueError:
        raise ValueError(f"{option.name} takes a whole number.") from None
    if not -(1 << 31) <= value < 1 << 31:
        raise ValueError(f"{option.name} takes a number of 32 bits.")
    return value


def write(sock: socket.socket, option: Option, text: str) -> Reading:
    """Set an option to what a person typed, and read back what the kernel made of it.

    Raises ValueError for a text that is no value, OSError when the kernel refuses.
    """
    number = option.number
    if number is None:
        raise ValueError(f"{option.name} does not exist on this system.")
    sock.setsockopt(option.level_number, number, parse_value(option, text))
    if option.kind in ("switch", "number"):
        sock.getsockopt(option.level_number, number)  # on the record: the answer is what people come to see
    return read(sock, option)


@dataclass(frozen=True, slots=True)
class Constant:
    """One constant of the socket module. group: its prefix."""

    group: str
    name: str
    value: int


def all_constants() -> list[Constant]:
    """Every AF_, SOCK_, SO_, SOL_, IPPROTO_, MSG_, TCP_, IP_, IPV6_ .. constant of this Python on this system."""
    found = []
    for name in dir(socket):
        matched = _PATTERN.match(name)
        if matched is not None and isinstance(getattr(socket, name), int):
            found.append(Constant(matched.group(1), name, int(getattr(socket, name))))
    return sorted(found, key=lambda constant: (constant.group, constant.name))
