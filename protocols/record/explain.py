"""What an error means: the symbol, a sentence why, what to check and what to do.

The words stand in assets/explain/errors.toml, read when first needed; this module finds out
which of them fit. It asks no network and no resolver, only the kernel's own settings and what
stands at a path; it must not know who shows the words. `who_has` alone looks at other programs,
and only when called.
"""

from __future__ import annotations

import errno as errno_numbers
import os
import socket
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from protocols.assets import asset

_CLASS_SYMBOLS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (TimeoutError, "ETIMEDOUT"),
    (BrokenPipeError, "EPIPE"),
    (ConnectionResetError, "ECONNRESET"),
    (ConnectionRefusedError, "ECONNREFUSED"),
    (ConnectionAbortedError, "ECONNABORTED"),
    (BlockingIOError, "EAGAIN"),
    (FileNotFoundError, "ENOENT"),
    (PermissionError, "EACCES"),
    (EOFError, "EOF"),
)
_TWO_NAMES: Final = {"ENOTSUP": "EOPNOTSUPP", "EWOULDBLOCK": "EAGAIN", "EDEADLOCK": "EDEADLK"}
_VERIFY_CASES: Final = {
    9: "not yet valid", 10: "expired", 18: "self signed", 19: "self signed chain", 2: "unknown issuer",
    20: "unknown issuer", 21: "unknown issuer", 26: "purpose", 62: "wrong host", 64: "wrong host",
}  # fmt: skip
"""OpenSSL's X509_V_ERR_ numbers (x509_vfy.h); its texts differ between versions, the numbers don't."""
_HOST_NAMES: Final = {1: "HOST_NOT_FOUND", 2: "TRY_AGAIN", 3: "NO_RECOVERY", 4: "NO_DATA"}
_LIKE: Final = {
    "sendto": "send", "sendall": "send", "sendmsg": "send", "recvfrom": "recv", "recv_into": "recv",
    "recvmsg": "recv", "recvfrom_into": "recv", "connect_ex": "connect", "do_handshake": "handshake",
}  # fmt: skip
_BROADCASTS: Final = frozenset(("255.255.255.255", "127.255.255.255", "<broadcast>"))


@dataclass(frozen=True, slots=True)
class Explained:
    """An error in plain words.

    errno: the symbol ("ECONNREFUSED", "EAI_NONAME", "CERTIFICATE_VERIFY_FAILED"). title: a few
    words. what: what kind of thing it is. why: a full sentence with the address in it. checks:
    what to look at. mend: what to do.
    """

    errno: str
    title: str
    what: str
    why: str
    checks: tuple[str, ...]
    mend: tuple[str, ...]


def explain(error: BaseException, *, call: str = "", address: object = None, transport: str = "tcp") -> Explained:
    """Explain an error of `call` ("connect", "bind", ..) on `address`, as the socket module writes addresses.

    transport: "tcp", "udp", "unix", "unix-dgram" or "unix-seqpacket".
    """
    symbol = symbol_of(error)
    cases = tuple(_cases(error, symbol, call, address, transport))
    host, port = _host_port(address)
    return _rendered(symbol, cases, call, address_text(address), host, port, _text_of(error))


def explain_symbol(symbol: str, *, call: str = "", address: object = None, transport: str = "tcp") -> Explained:
    """The same for an error of which only the symbol is left: one that an event tells. Lists are addresses, too."""
    number = getattr(errno_numbers, symbol, 0)
    error = OSError(number, os.strerror(number)) if isinstance(number, int) and number else OSError()
    where = tuple(address) if isinstance(address, list) else address
    host, port = _host_port(where)
    cases = tuple(_cases(error, symbol, call, where, transport))
    return _rendered(symbol, cases, call, address_text(where), host, port, _text_of(error))


def symbol_of(error: BaseException) -> str:
    """The symbol of an error: an errno's name, EAI_.. for names, OpenSSL's reason for TLS, "EOF"."""
    ssl = sys.modules.get("ssl")
    if ssl is not None and isinstance(error, ssl.SSLError):
        return _tls_symbol(error)
    if isinstance(error, socket.gaierror):
        return _name_symbols().get(error.errno or 0, "EAI_FAIL")
    if isinstance(error, socket.herror):
        return _HOST_NAMES.get(error.errno or 0, "HOST_NOT_FOUND")
    number = getattr(error, "errno", None)
    if isinstance(number, int) and number in errno_numbers.errorcode:
        name = errno_numbers.errorcode[number]
        return _TWO_NAMES.get(name, name)
    for kind, symbol in _CLASS_SYMBOLS:
        if isinstance(error, kind):
            return symbol
    return _symbol_of_text(error)


def _symbol_of_text(error: BaseException) -> str:
    """Python's own checks raise errors without a number; they stand for what the kernel would say."""
    text = str(error)
    if isinstance(error, UnicodeError):
        return "EAI_NONAME"
    if "AF_UNIX path too long" in text:
        return "ENAMETOOLONG"
    if "negative integer" in text or "closed" in text:
        return "EBADF"
    if isinstance(error, OverflowError) or "out of range in select" in text:
        return "EINVAL"
    return type(error).__name__


def _tls_symbol(error: OSError) -> str:
    reason = getattr(error, "reason", None)
    if isinstance(reason, str) and reason.replace("_", "").isalnum() and reason.isupper():
        return reason
    names = {
        "SSLWantReadError": "SSL_ERROR_WANT_READ",
        "SSLWantWriteError": "SSL_ERROR_WANT_WRITE",
        "SSLZeroReturnError": "SSL_ERROR_ZERO_RETURN",
        "SSLEOFError": "UNEXPECTED_EOF_WHILE_READING",
        "SSLCertVerificationError": "CERTIFICATE_VERIFY_FAILED",
    }
    return names.get(type(error).__name__, "TLS")


def _cases(error: BaseException, symbol: str, call: str, address: object, transport: str) -> Iterator[str]:
    """The cases that fit, the plainest first: each may replace what those before it say."""
    family = "unix" if transport.startswith("unix") else transport
    like = _LIKE.get(call, call)
    yield from (like, family, f"{like} {family}")
    if family == "unix" and address_text(address).startswith("@"):
        yield "unix abstract"
    elif family == "unix" and symbol in ("ECONNREFUSED", "EADDRINUSE") and _is_no_socket(address_text(address)):
        yield "unix no socket"
    if symbol == "ETIMEDOUT" and not getattr(error, "errno", None):
        yield from ("timer", f"timer {like}", f"timer {like} {family}")
    elif symbol == "EACCES" and family != "unix":
        yield from _denied(like, address)
    elif symbol == "EPIPE" and address is None:
        yield "alone"
    elif symbol == "EINVAL":
        yield from _invalid(error)
    elif symbol == "EAI_NONAME" and isinstance(error, UnicodeError):
        yield "idna"
    elif symbol == "CERTIFICATE_VERIFY_FAILED":
        yield _VERIFY_CASES.get(getattr(error, "verify_code", 0), "")


def _is_no_socket(path: str) -> bool:
    """Whether something else than a socket is there."""
    try:
        return not stat.S_ISSOCK(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def _denied(like: str, address: object) -> Iterator[str]:
    host, port = _host_port(address)
    if like == "bind" and port.isdigit() and 0 < int(port) < unprivileged_port_start():
        yield "privileged"
    if like in ("send", "connect") and (host in _BROADCASTS or host.endswith(".255")):
        yield from ("broadcast", f"{like} broadcast")


def _invalid(error: BaseException) -> Iterator[str]:
    if isinstance(error, OverflowError):
        yield "port"
    if "select" in str(error):
        yield "select"


@lru_cache(maxsize=1024)
def _rendered(
    symbol: str, cases: tuple[str, ...], call: str, address: str, host: str, port: str, text: str
) -> Explained:
    words = _words()
    plain = symbol if symbol in words else "TLS" if _is_tls(symbol) else "UNKNOWN"
    entry: dict[str, Any] = dict(words[plain])
    for case in cases:
        entry |= words.get(f"{plain} {case}", {})
    blanks = {
        "address": address or "the other end", "host": host or "that name", "port": port or "that port",
        "call": f"{call}()" if call else "the call", "low": str(unprivileged_port_start()),
        "text": text or "no reason given",
    }  # fmt: skip
    return Explained(
        symbol,
        entry["title"],
        entry["what"],
        _filled(entry["why"], blanks),
        tuple(_filled(line, blanks) for line in entry.get("checks", ())),
        tuple(_filled(line, blanks) for line in entry["mend"]),
    )


def _filled(template: str, blanks: Mapping[str, str]) -> str:
    line = template.format_map(blanks)
    return line[0].upper() + line[1:] if line.startswith(("the ", "that ")) else line


def _is_tls(symbol: str) -> bool:
    return symbol not in errno_numbers.errorcode.values() and symbol.isupper() and "_" in symbol


@cache
def _words() -> dict[str, dict[str, Any]]:
    import tomllib

    return tomllib.loads(asset("explain", "errors.toml").read_text("utf-8"))


@cache
def _name_symbols() -> dict[int, str]:
    return {getattr(socket, name): name for name in dir(socket) if name.startswith("EAI_")}


@cache
def unprivileged_port_start() -> int:
    """The lowest port that everybody may bind; the kernel says (net.ipv4.ip_unprivileged_port_start)."""
    try:
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 1024


def address_text(address: object) -> str:
    """An address for people: "127.0.0.1:80", "[::1]:80", "/srv/echo.sock", "@abstract"; "" for None."""
    if address is None:
        return ""
    if isinstance(address, tuple) and len(address) >= 2:
        host, port = _host_port(address)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if isinstance(address, (bytes, bytearray)):
        address = bytes(address).decode("utf-8", "backslashreplace")
    text = str(address)
    return "@" + text[1:] if text.startswith("\0") else text


def _host_port(address: object) -> tuple[str, str]:
    if isinstance(address, tuple) and len(address) >= 2:
        host = address[0].decode("utf-8", "backslashreplace") if isinstance(address[0], bytes) else str(address[0])
        return host or "0.0.0.0", str(address[1])
    return ("", "") if address is None or isinstance(address, (bytes, bytearray)) else (str(address), "")


def _text_of(error: BaseException) -> str:
    for name in ("verify_message", "strerror"):
        text = getattr(error, name, None)
        if isinstance(text, str) and text:
            return text.rstrip(".")
    return str(error).rstrip(".")


@dataclass(frozen=True, slots=True)
class Holder:
    """A program that has a port. pid and program are None where this user may not see them."""

    pid: int | None
    program: str | None
    address: str
    state: str


def who_has(port: int | str, transport: str = "tcp") -> tuple[Holder, ...]:
    """Who has a port (or a UNIX path) now: the program that listens first. Reads /proc; takes milliseconds."""
    import psutil  # type: ignore[import-untyped]

    kind = "unix" if transport.startswith("unix") else transport
    found = []
    for row in psutil.net_connections(kind=kind):
        mine = row.laddr == port if kind == "unix" else bool(row.laddr) and row.laddr.port == port
        if mine:
            address = address_text(row.laddr if kind == "unix" else tuple(row.laddr))
            found.append(Holder(row.pid, _program(row.pid), address, "" if row.status == "NONE" else row.status))
    return tuple(sorted(found, key=lambda holder: (holder.state != "LISTEN", holder.pid or 0)))


def _program(pid: int | None) -> str | None:
    import psutil

    try:
        return psutil.Process(pid).name() if pid else None
    except psutil.Error:
        return None
