"""Data addresses as FTP writes them: PORT and PASV, EPRT and EPSV, read and written, with their arithmetic.

What comes from a peer is read strictly and believed nothing: a caller decides whether it goes there. It must not
know sockets. RFC 959 sections 4.1.2 and 5.3.2, RFC 2428.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

OFFERS: Final = (227, 229)
"""The replies that say a data address."""
_SIX: Final = re.compile(r"(?<![\d,])(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})(?![\d,])")
_EPSV: Final = re.compile(r"\((?P<d>[!-~])(?P=d)(?P=d)(\d{1,5})(?P=d)\)")


class AddressError(ValueError):
    """Text that is no data address; the message says what is wrong with it."""


class DataAddress(NamedTuple):
    """Where a data connection is to go. host: "" where only a port is said (EPSV): it is the peer's own.

    arithmetic: how the numbers become the address, for a person.
    """

    host: str
    port: int
    arithmetic: str = ""

    def detail(self) -> dict[str, Any]:
        """As it stands in an event's detail."""
        return {"host": self.host or None, "port": self.port, "arithmetic": self.arithmetic}


def port_argument(host: str, port: int) -> str:
    """The six numbers of PORT and of the 227 reply, "h1,h2,h3,h4,p1,p2". Raises AddressError for IPv6."""
    if ":" in host:
        raise AddressError(f"{host} is IPv6, which PORT can't say; EPRT can (RFC 2428)")
    return f"{host.replace('.', ',')},{port >> 8},{port & 255}"


def eprt_argument(host: str, port: int) -> str:
    """The argument of EPRT, "|1|132.235.1.2|6275|" or "|2|1080::8:800:200C:417A|5282|"."""
    return f"|{2 if ':' in host else 1}|{host.partition('%')[0]}|{port}|"


def read_port(text: str) -> DataAddress:
    """The address in six numbers (PORT's argument, or anywhere in a 227 reply). Raises AddressError."""
    found = _SIX.search(text)
    if found is None:
        raise AddressError(f"{text.strip()!r} has no six numbers h1,h2,h3,h4,p1,p2 in it")
    one, two, three, four, high, low = map(int, found.groups())
    if max(one, two, three, four, high, low) > 255:
        raise AddressError(f"{found[0]}: each of the six numbers is one byte, 0 to 255")
    host, port = f"{one}.{two}.{three}.{four}", high * 256 + low
    return DataAddress(host, port, f"{found[0]} = {host}, port {high} x 256 + {low} = {port}")


def port_at(host: str, code: int, text: str) -> int:
    """The port that a reply offers at a host that is known, 0 for whatever else it says: that is to be read with care.

    For who asks for very many: this takes a quarter of the time.
    """
    if code == 227:
        found = _SIX.search(text)
        if found is None:
            return 0
        one, two, three, four, high, low = found.groups()
        if f"{one}.{two}.{three}.{four}" != host:
            return 0
        port = int(high) * 256 + int(low)
        return port if port < 65536 and int(low) < 256 else 0
    found = _EPSV.search(text) if code == 229 else None
    port = int(found[2]) if found is not None else 0
    return port if port < 65536 else 0


def read_eprt(text: str) -> DataAddress:
    """The address of EPRT's argument. Raises AddressError."""
    text = text.strip()
    parts = text.split(text[0]) if text else []
    if len(parts) != 5 or parts[0] or parts[4] or parts[1] not in ("1", "2"):
        raise AddressError(f"{text!r} is not |1|IPv4|port| or |2|IPv6|port|")
    try:
        address = ipaddress.ip_address(parts[2])
    except ValueError:
        raise AddressError(f"{parts[2]!r} is no address") from None
    if address.version != (4 if parts[1] == "1" else 6):
        raise AddressError(f"{parts[2]} is not of the family {parts[1]} (1 is IPv4, 2 is IPv6)")
    port = _port(parts[3])
    family = "IPv4" if parts[1] == "1" else "IPv6"
    return DataAddress(str(address), port, f"family {parts[1]} is {family}, {address}, port {port}")


def read_epsv(text: str) -> DataAddress:
    """The port in a 229 reply; its address is the peer's own (RFC 2428 section 3). Raises AddressError."""
    found = _EPSV.search(text)
    if found is None:
        raise AddressError(f"{text.strip()!r} has no (|||port|) in it")
    port = _port(found[2])
    return DataAddress("", port, f"(|||{port}|) = port {port} of the address that the control connection goes to")


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 5 or not 0 < int(text) < 65536:
        raise AddressError(f"{text!r} is no port: 1 to 65535")
    return int(text)


def address_of_command(verb: str, argument: str) -> DataAddress | None:
    """The data address that a command says (PORT, EPRT); None for others and for what can't be read."""
    try:
        return read_port(argument) if verb == "PORT" else read_eprt(argument) if verb == "EPRT" else None
    except AddressError:
        return None


@lru_cache(maxsize=16)
def address_of_reply(code: int, text: str) -> DataAddress | None:
    """The data address that a reply says (227, 229); None for others and for what can't be read.

    It is asked for twice, by who records the reply and by who obeys it.
    """
    try:
        return read_port(text) if code == 227 else read_epsv(text) if code == 229 else None
    except AddressError:
        return None
