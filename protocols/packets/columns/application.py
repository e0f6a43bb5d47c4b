"""A line about what TCP and UDP carry, from the first bytes of it: HTTP, TLS, DNS, DHCP and others.

What is strange gives less text, never an error. It must not know where the bytes come from.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Final

LINE_CHARS: Final = 160
_DNS_TYPES: Final = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 35: "NAPTR",
    41: "OPT", 43: "DS", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 64: "SVCB", 65: "HTTPS", 255: "ANY",
}  # fmt: skip
_DNS_CODES: Final = {1: "format error", 2: "server failure", 3: "no such name", 4: "not implemented", 5: "refused"}
_TLS_RECORDS: Final = {20: "Change Cipher Spec", 21: "Alert", 22: "Handshake", 23: "Application Data"}
_TLS_HANDSHAKES: Final = {
    0: "Hello Request", 1: "Client Hello", 2: "Server Hello", 4: "New Session Ticket", 8: "Encrypted Extensions",
    11: "Certificate", 12: "Server Key Exchange", 13: "Certificate Request", 14: "Server Hello Done",
    15: "Certificate Verify", 16: "Client Key Exchange", 20: "Finished", 22: "Certificate Status",
}  # fmt: skip
_DHCP: Final = {1: "Discover", 2: "Offer", 3: "Request", 4: "Decline", 5: "ACK", 6: "NAK", 7: "Release", 8: "Inform"}
_PLAIN: Final = "".join(chr(code) if 0x20 <= code < 0x7F else "·" for code in range(256))


def plain(data: bytes) -> str:
    """Bytes as text: ASCII as it is, a dot for each other byte."""
    return data.decode("latin-1").translate(_PLAIN)


def first_line(data: bytes) -> str:
    """The first line, as far as LINE_CHARS."""
    line = data[: LINE_CHARS + 1].split(b"\n", 1)[0].rstrip(b"\r")
    text = plain(line[:LINE_CHARS])
    return f"{text}.." if len(line) > LINE_CHARS else text


def dns(data: bytes) -> str:
    """RFC 1035 section 4: the question, and the first answers."""
    return _dns(data[2:]) if len(data) >= 12 else ""


@lru_cache(2048)
def _dns(asked: bytes) -> str:
    """A message without its number: the same questions come again and again."""
    data = bytes(2) + asked
    _, flags, questions, answers, _, _ = struct.unpack_from("!HHHHHH", data)
    parts = ["Response" if flags & 0x8000 else "Query"]
    at = 12
    if questions:
        name, at = _name(data, at)
        kind = struct.unpack_from("!H", data, at)[0] if at + 2 <= len(data) else 0
        parts.append(f"{_DNS_TYPES.get(kind, f'type {kind}')} {name}")
        at += 4
    if flags & 0x000F:
        parts.append(f"({_DNS_CODES.get(flags & 15, f'error {flags & 15}')})")
    for _ in range(min(answers, 3)):
        told, at = _answer(data, at)
        if not told:
            break
        parts.append(told)
    return " ".join(parts)


def _answer(data: bytes, at: int) -> tuple[str, int]:
    _, at = _name(data, at)
    if at + 10 > len(data):
        return "", at
    kind, _, _, size = struct.unpack_from("!HHIH", data, at)
    at += 10
    value = data[at : at + size]
    if kind == 1 and size == 4 == len(value):
        return f"A {socket.inet_ntoa(value)}", at + size
    if kind == 28 and size == 16 == len(value):
        return f"AAAA {socket.inet_ntop(socket.AF_INET6, value)}", at + size
    if kind in (2, 5, 12):
        return f"{_DNS_TYPES[kind]} {_name(data, at)[0]}", at + size
    return _DNS_TYPES.get(kind, f"type {kind}"), at + size


def _name(data: bytes, at: int) -> tuple[str, int]:
    """RFC 1035 section 4.1.4; a pointer must point backwards, so that no name goes on for ever."""
    labels: list[str] = []
    after, limit = -1, at
    while at < len(data) and len(labels) < 64:
        size = data[at]
        if size == 0:
            at += 1
            break
        if size >= 0xC0:
            if at + 1 >= len(data):
                break
            target = (size & 0x3F) << 8 | data[at + 1]
            after = at + 2 if after < 0 else after
            if target >= limit:
                break
            at = limit = target
            continue
        labels.append(plain(data[at + 1 : at + 1 + size]))
        at += 1 + size
    return ".".join(labels)[:LINE_CHARS] or ".", after if after >= 0 else at


def tls(data: bytes) -> str:
    """RFC 8446 section 5.1: the records that begin here, and the server's name in a Client Hello."""
    parts: list[str] = []
    at = 0
    while at + 5 <= len(data) and len(parts) < 4:
        kind, _, size = struct.unpack_from("!BHH", data, at)
        if kind not in _TLS_RECORDS:
            break
        name = _TLS_RECORDS[kind]
        if kind == 22 and at + 5 < len(data):
            name = _TLS_HANDSHAKES.get(data[at + 5], "Handshake, encrypted")
            if data[at + 5] == 1 and (host := server_name(data[at + 5 :])):
                name = f"{name} for {host}"
        parts.append(name)
        at += 5 + size
    return ", ".join(parts)


def server_name(hello: bytes) -> str:
    """The host name in a Client Hello (RFC 6066 section 3), "" for none."""
    try:
        at = 4 + 2 + 32
        at += 1 + hello[at]
        at += 2 + struct.unpack_from("!H", hello, at)[0]
        at += 1 + hello[at]
        at += 2
        for _ in range(64):
            kind, size = struct.unpack_from("!HH", hello, at)
            if kind == 0:
                (length,) = struct.unpack_from("!H", hello, at + 7)
                return plain(hello[at + 9 : at + 9 + min(length, 255)])
            at += 4 + size
    except (IndexError, struct.error):
        pass
    return ""


def dhcp(data: bytes) -> str:
    """RFC 2131 section 3: which message."""
    at = 240
    while at + 2 < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        if data[at] == 53:
            return f"DHCP {_DHCP.get(data[at + 2], f'message {data[at + 2]}')}"
        at += 2 + data[at + 1]
    return "BOOTP request" if data[:1] == b"\1" else "BOOTP reply"


def ntp(data: bytes) -> str:
    """RFC 5905 section 7.3."""
    modes = ("reserved", "symmetric active", "symmetric passive", "client", "server", "broadcast", "control", "private")
    return f"NTP version {data[0] >> 3 & 7}, {modes[data[0] & 7]}" if data else ""


def tftp(data: bytes) -> str:
    """RFC 1350 section 5."""
    if len(data) < 4:
        return ""
    (code,) = struct.unpack_from("!H", data)
    if code in (1, 2):
        name, mode = [*data[2:].split(b"\0"), b""][:2]
        return f"{'Read' if code == 1 else 'Write'} request, file {plain(name)[:LINE_CHARS]}, {plain(mode)[:20]}"
    (number,) = struct.unpack_from("!H", data, 2)
    return {3: f"Data block {number}", 4: f"Acknowledgement of block {number}", 5: f"Error {number}"}.get(code, "")


def text(data: bytes) -> str:
    """A protocol of lines: the first one."""
    return first_line(data)


READERS: Final[dict[str, Callable[[bytes], str]]] = {
    "DNS": dns, "MDNS": dns, "LLMNR": dns, "TLS": tls, "DHCP": dhcp, "NTP": ntp, "TFTP": tftp, "HTTP": text,
    "SSH": text, "FTP": text, "SMTP": text, "POP": text, "IMAP": text, "NNTP": text, "SSDP": text, "SIP": text,
    "RTSP": text, "IRC": text, "SYSLOG": text, "CREOSOTE": text, "TELNET": text, "ECHO": text, "DAYTIME": text,
    "FINGER": text, "WHOIS": text, "Redis": text,
}  # fmt: skip
"""What reads the payload of a protocol; others are told by ports and length."""
OVER_TCP_PREFIX: Final = 2
"""DNS over TCP has its length in front (RFC 1035 section 4.2.2)."""
