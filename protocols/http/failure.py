"""Why a transfer failed, in plain words: libcurl's numbers and OpenSSL's, made sentences.

What the kernel or a certificate says is explained where the lab explains everything
(record/explain); here are the cases that only HTTP has. It must not know libcurl itself.
"""

from __future__ import annotations

import os
import socket
import ssl
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from protocols.assets import asset
from protocols.record.explain import explain

RESOLVE, CONNECT, VERIFY, PROXY_NAME = 6, 7, 60, 5
TLS_CODES: Final = (35, VERIFY)
_WRONG_HOST: Final = 62
_WITH_ERRNO: Final = (7, 55, 56)


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed request. symbol: "ECONNREFUSED", "CERTIFICATE_VERIFY_FAILED", "TIMEOUT", "CUT". said: by libcurl."""

    symbol: str
    title: str
    why: str
    mend: tuple[str, ...] = ()
    said: str = ""
    code: int = 0


def failure_of(code: int, said: str, *, host: str, port: int, os_errno: int = 0, verify: int = 0) -> Failure:
    """Explain a CURLcode. os_errno: of the last system call. verify: OpenSSL's X509_V_ERR number."""
    address = (host, port)
    if code in (RESOLVE, PROXY_NAME):
        error: OSError = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return _explained(error, "connect", address, said, code)
    if code == VERIFY or (code == 35 and verify):
        return _explained(_verify_error(said, verify), "handshake", address, said, code)
    if code in _WITH_ERRNO and os_errno:
        call = "connect" if code == CONNECT else "send" if code == 55 else "recv"
        return _explained(OSError(os_errno, os.strerror(os_errno)), call, address, said, code)
    words = _words()
    special = next((f"{code} {mark}" for mark in ("HTTP/0.9", "HTTP/3", "in response") if mark in said), "")
    entry: dict[str, Any] = dict(words.get(special) or words.get(str(code)) or words["other"])
    filled = entry["why"].format(host=host, port=port, said=said.rstrip("."), code=code)
    return Failure(entry["symbol"], entry["title"], filled, tuple(entry.get("mend", ())), said, code)


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
