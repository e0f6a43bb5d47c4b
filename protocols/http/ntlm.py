"""NTLM: its three messages read and made, and a guard that asks and checks the proof.

Bytes in, values out: no state of a handshake is kept here, and what a stranger sends is measured before it is
used. The one hash that no system library has any more (MD4) is pyspnego's. It must not know HTTP.
MS-NLMP sections 2.2.1 and 3.3.2.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
import time
from dataclasses import dataclass
from typing import Final

SIGNATURE: Final = b"NTLMSSP\0"
UNICODE: Final = 0x1
FLAGS: Final = {
    UNICODE: "Unicode", 0x4: "target wanted", 0x10: "sign", 0x20: "seal", 0x200: "NTLM", 0x8000: "always sign",
    0x10000: "target is a domain", 0x20000: "target is a server", 0x80000: "extended session security",
    0x800000: "target information", 0x2000000: "version", 0x20000000: "128 bits", 0x40000000: "key exchange",
    0x80000000: "56 bits",
}  # fmt: skip
_OFFERED: Final = 0xE0898205
"""Of a challenge: Unicode, NTLM, always sign, a domain, extended security, information, and keys of 128 bits."""
_NAMES: Final = {1: "server", 2: "domain", 3: "server, in DNS", 4: "domain, in DNS", 5: "forest", 9: "service"}
_TIME: Final = 7
_EPOCH_S: Final = 11_644_473_600
"""From 1601 to 1970."""
_PROOF: Final = 16
_LEAST: Final = {1: 16, 2: 32, 3: 64}


class NtlmError(ValueError):
    """Bytes that are no message of NTLM; the message is a sentence without its full stop."""


@dataclass(frozen=True, slots=True)
class NtlmMessage:
    """A message. kind: 1 negotiate, 2 challenge, 3 authenticate. domain: of 2 the target's name.

    challenge: 8 bytes, of 2. names: of 2, what the server says of itself. response: of 3, the proof (16 bytes) and
    what it is about.
    """

    kind: int
    flags: int
    domain: str = ""
    user: str = ""
    workstation: str = ""
    challenge: bytes = b""
    names: tuple[tuple[str, str], ...] = ()
    response: bytes = b""


def token_of(value: str) -> bytes | None:
    """The message in a header's value, "NTLM TlRMTVNTUAA..."; None where there is none. Raises NtlmError."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "ntlm" or not rest.strip():
        return None
    try:
        return base64.b64decode(rest.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise NtlmError("what stands behind the word NTLM is no base64") from None


def header_of(message: bytes) -> str:
    """A message as a header's value."""
    return "NTLM " + base64.b64encode(message).decode("ascii")


def read_message(data: bytes) -> NtlmMessage:
    """Any of the three. Raises NtlmError."""
    if data[:8] != SIGNATURE:
        raise NtlmError("it does not begin with NTLMSSP and a zero")
    kind = int.from_bytes(data[8:12], "little") if len(data) >= 12 else 0
    least = _LEAST.get(kind)
    if least is None:
        raise NtlmError("it is none of the messages 1, 2 and 3")
    if len(data) < least:
        raise NtlmError(f"message {kind} has {len(data)} bytes, and at least {least} belong to it")
    if kind == 1:
        return NtlmMessage(1, _number(data, 12))
    if kind == 3:
        flags = _number(data, 60)
        domain, user, workstation = (_text(_field(data, at), flags) for at in (28, 36, 44))
        return NtlmMessage(3, flags, domain, user, workstation, response=_field(data, 20))
    flags = _number(data, 20)
    names = _names(_field(data, 40)) if len(data) >= 48 else ()
    return NtlmMessage(2, flags, _text(_field(data, 12), flags), challenge=data[24:32], names=names)


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def _field(data: bytes, at: int) -> bytes:
    """What a length (2 bytes), its room (2 bytes) and an offset (4 bytes) point to."""
    size, _, offset = struct.unpack_from("<HHI", data, at)
    if size and offset + size > len(data):
        raise NtlmError(f"a field of {size} bytes at {offset} lies behind its end, which is at {len(data)}")
    return data[offset : offset + size] if size else b""


def _text(data: bytes, flags: int) -> str:
    return data.decode("utf-16-le" if flags & UNICODE else "latin-1", "replace")


def _names(data: bytes) -> tuple[tuple[str, str], ...]:
    """Pairs of a number and a value (section 2.2.2.1), those that people can read."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(data):
        if at + 4 > len(data):
            raise NtlmError("its target information ends in the middle of a pair")
        number, size = struct.unpack_from("<HH", data, at)
        at += 4
        if number == 0:
            return tuple(found)
        if at + size > len(data):
            raise NtlmError("a pair of its target information is longer than the rest")
        value = data[at : at + size]
        at += size
        if number in _NAMES:
            found.append((_NAMES[number], value.decode("utf-16-le", "replace")))
        elif number == _TIME and size == 8:
            found.append(("time", _time_text(int.from_bytes(value, "little"))))
    return tuple(found)


def _time_text(ticks: int) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(ticks // 10_000_000 - _EPOCH_S))
    except (OverflowError, ValueError, OSError):
        return f"{ticks} ticks of 100 ns since 1601"


def flag_words(flags: int) -> str:
    """The flags that are set, in words."""
    return ", ".join(word for bit, word in FLAGS.items() if flags & bit)


def make_challenge(server: str, domain: str, nonce: bytes) -> bytes:
    """Message 2. nonce: 8 bytes that nobody could guess."""
    now = (time.time_ns() // 100 + _EPOCH_S * 10_000_000).to_bytes(8, "little")
    pairs = [(2, domain.encode("utf-16-le")), (1, server.encode("utf-16-le")), (4, domain.lower().encode("utf-16-le")),
             (3, server.lower().encode("utf-16-le")), (_TIME, now), (0, b"")]  # fmt: skip
    info = b"".join(struct.pack("<HH", number, len(value)) + value for number, value in pairs)
    name, head = domain.encode("utf-16-le"), 56
    return (
        SIGNATURE + struct.pack("<IHHII", 2, len(name), len(name), head, _OFFERED) + nonce + bytes(8)
        + struct.pack("<HHI", len(info), len(info), head + len(name)) + bytes(8) + name + info
    )  # fmt: skip


def proof_of(message: NtlmMessage, password: str, challenge: bytes) -> bytes:
    """The proof that message 3 must begin its response with (NTLMv2, section 3.3.2). Raises ImportError."""
    from spnego._ntlm_raw.crypto import ntowfv1, ntowfv2

    key = ntowfv2(message.user, ntowfv1(password), message.domain)
    return hmac.new(key, challenge + message.response[_PROOF:], hashlib.md5).digest()


def is_second_version(message: NtlmMessage) -> bool:
    """Whether message 3 answers by NTLMv2; a response of 24 bytes is the older one, which is easily broken."""
    return len(message.response) > 24


class NtlmGuard:
    """Asks for one user's NTLMv2, in any domain, and checks what comes. Any thread; who asks keeps the nonce."""

    def __init__(self, server: str, domain: str, user: str, password: str) -> None:
        self._server, self._domain, self._user, self._password = server, domain, user, password

    def challenge(self) -> tuple[bytes, bytes]:
        """Message 2 and its nonce."""
        nonce = secrets.token_bytes(8)
        return make_challenge(self._server, self._domain, nonce), nonce

    def wrong(self, message: NtlmMessage, nonce: bytes) -> str:
        """What is wrong with message 3, a sentence; "" where nothing is."""
        if message.user.upper() != self._user.upper():
            return "This user is not known." if message.user else "The message names no user."
        if not is_second_version(message):
            return "The response is of NTLMv1 or empty; only NTLMv2 is taken."
        if not hmac.compare_digest(proof_of(message, self._password, nonce), message.response[:_PROOF]):
            return "The proof is not the one that this user, password, domain and challenge give."
        return ""
