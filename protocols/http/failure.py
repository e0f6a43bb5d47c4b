"""Why a transfer failed, in plain words: libcurl's numbers and OpenSSL's, made sentences.

What the kernel or a certificate says is explained where the lab explains everything
(record/explain); here are the cases that only HTTP has. It must not know libcurl itself.
"""

from __future__ import annotations

import os
import socket
import ssl
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from protocols.assets import asset
from protocols.record.explain import explain

RESOLVE, CONNECT, VERIFY, PROXY_NAME, PROXY = 6, 7, 60, 5, 97
TLS_CODES: Final = (35, VERIFY)
_WRONG_HOST: Final = 62
_NO_QUIC: Final = (CONNECT, 95, 96)
_TUNNEL: Final = "CONNECT tunnel failed"
_UNVERIFIED: Final = "certificate verify failed"  # OpenSSL's number stands for much else as well
_UNCONNECTED: Final = "Failed to connect"
_TLS_ALERT: Final = b"\x15\x03"
_USE_TLS: Final = "Is TLS spoken there? Then it is https."
_MARKS: Final = ("HTTP/0.9", "HTTP/3", "in response", "private key", "wrong version number")
_WITH_ERRNO: Final = (7, 55, 56)


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed request. symbol: "ECONNREFUSED", "CERTIFICATE_VERIFY_FAILED", "TIMEOUT", "CUT". said: by libcurl.
    at_proxy: the proxy did not answer or refused; the origin was never asked. perhaps_tls: a request in the clear got
    no answer, as happens where TLS is spoken."""

    symbol: str
    title: str
    why: str
    mend: tuple[str, ...] = ()
    said: str = ""
    code: int = 0
    at_proxy: bool = False
    perhaps_tls: bool = False


def failure_of(
    code: int, said: str, *, host: str, port: int, os_errno: int = 0, verify: int = 0,
    proxy: tuple[str, int] | None = None, version: str = "auto",
) -> Failure:  # fmt: skip
    """Explain a CURLcode. os_errno: of the last system call. verify: OpenSSL's X509_V_ERR number.

    proxy: where the request went first. version: the one asked for.
    """
    address = (host, port)
    if proxy is not None and (code in (CONNECT, PROXY_NAME, PROXY) or _TUNNEL in said):
        return _of_proxy(code, said, address, proxy, os_errno)
    if version == "3" and (code in _NO_QUIC or _UNCONNECTED in said):
        return _entry("no HTTP/3", code, said, address)
    if code in (RESOLVE, PROXY_NAME):
        return _explained(_unknown_name(), "connect", address, said, code)
    if code == VERIFY or (code == 35 and _UNVERIFIED in said):
        return _explained(_verify_error(said, verify), "handshake", address, said, code)
    if code in _WITH_ERRNO and os_errno:
        call = "connect" if code == CONNECT else "send" if code == 55 else "recv"
        return _explained(OSError(os_errno, os.strerror(os_errno)), call, address, said, code)
    special = next((f"{code} {mark}" for mark in _MARKS if mark in said), "")
    return _entry(special if special in _words() else str(code), code, said, address)


def _entry(name: str, code: int, said: str, address: tuple[str, int], proxy: str = "") -> Failure:
    words = _words()
    entry: dict[str, Any] = words.get(name) or words["other"]
    plain = said.partition(", OpenSSL error")[0].rstrip(".")
    filled = entry["why"].format(host=address[0], port=address[1], said=plain, code=code, proxy=proxy)
    return Failure(entry["symbol"], entry["title"], filled, tuple(entry.get("mend", ())), said, code)


def _of_proxy(code: int, said: str, address: tuple[str, int], proxy: tuple[str, int], os_errno: int) -> Failure:
    """What stopped a request before the server that it is for was asked."""
    where = f"{proxy[0]}:{proxy[1]}"
    if _TUNNEL in said:
        made = _entry("tunnel 407" if "407" in said else "tunnel", code, said, address, proxy=where)
    elif code == PROXY or (code == CONNECT and not os_errno):
        made = _entry(str(PROXY), code, said, address, proxy=where)
    else:
        error = OSError(os_errno, os.strerror(os_errno)) if code == CONNECT else _unknown_name()
        made = _explained(error, "connect", proxy, said, code)
        why = f"{made.why} That is the proxy; {address[0]}:{address[1]} was not asked."
        made = replace(made, title=f"The proxy does not answer: {made.title.lower()}", why=why)
    return replace(made, at_proxy=True)


def _unknown_name() -> OSError:
    return socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def in_the_clear(made: Failure, answer: bytes) -> Failure:
    """A failure of a request by http. answer: the first bytes that came (RFC 8446 section 5.1: an alert is type 21)."""
    if answer.startswith(_TLS_ALERT) or (not answer and made.symbol in ("ECONNRESET", "NOTHING")):
        return replace(made, mend=(_USE_TLS, *made.mend), perhaps_tls=True)
    return made


def told(name: str, **blanks: object) -> Failure:
    """A failure of the lab's own making ("cancelled", "too big", ..), by its name in the texts."""
    entry = _words()[name]
    return Failure(entry["symbol"], entry["title"], entry["why"].format(**blanks), tuple(entry.get("mend", ())))


def _verify_error(said: str, verify: int) -> ssl.SSLCertVerificationError:
    wrong_host = "subject name" in said or "does not match" in said
    error = ssl.SSLCertVerificationError(1, said)
    error.reason = "CERTIFICATE_VERIFY_FAILED"
    error.verify_code = _WRONG_HOST if wrong_host else verify
    error.verify_message = said
    return error


def _explained(error: OSError, call: str, address: tuple[str, int], said: str, code: int) -> Failure:
    words = explain(error, call=call, address=address)
    return Failure(words.errno, words.title, words.why, words.mend, said, code)


@cache
def _words() -> dict[str, dict[str, Any]]:
    return tomllib.loads(asset("http", "failures.toml").read_text("utf-8"))
