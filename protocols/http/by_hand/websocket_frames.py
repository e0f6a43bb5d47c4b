"""Frames of a WebSocket as they are shown, its close codes, its kinds of messages and its addresses (RFC 6455).

It must not know connections.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from websockets.exceptions import InvalidURI
from websockets.frames import Opcode
from websockets.uri import parse_uri

from protocols.record.event import Direction

Kind: TypeAlias = Literal["text", "binary", "ping", "pong"]
SCHEMES: Final = {"ws": 80, "wss": 443}
KEPT_BYTES: Final = 64 << 10
CLOSE_CODES: Final = {
    1000: "normal closure", 1001: "going away", 1002: "protocol error", 1003: "this kind of data is not taken",
    1005: "no code was given", 1006: "the connection broke without a close frame", 1007: "data that is no UTF-8",
    1008: "against the policy", 1009: "the message is too big", 1010: "an extension is missing",
    1011: "the server failed", 1012: "the service restarts", 1013: "try again later", 1015: "the TLS handshake failed",
}  # fmt: skip
"""RFC 6455 section 7.4.1."""


class WebSocketError(ValueError):
    """A URL or a handshake that makes no WebSocket, or a message that can't be sent; the message says why."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame. data: its first 64 KB, unmasked; size: all of it. masked: as it went over the wire."""

    number: int
    t: int
    direction: Direction
    opcode: str
    fin: bool
    masked: bool
    size: int
    data: bytes

    @property
    def head(self) -> bytes:
        """The frame's first bytes as RFC 6455 section 5.2 has them, without the masking key."""
        first = (0x80 if self.fin else 0) | Opcode[self.opcode]
        mask = 0x80 if self.masked else 0
        if self.size < 126:
            return bytes((first, mask | self.size))
        wide = 2 if self.size < 1 << 16 else 8
        return bytes((first, mask | (126 if wide == 2 else 127))) + self.size.to_bytes(wide, "big")


def checked_url(url: str) -> str:
    """A WebSocket's URL; http and https become ws and wss. Raises WebSocketError."""
    text = url.strip()
    scheme, mark, rest = text.partition("://")
    scheme = {"http": "ws", "https": "wss"}.get(scheme.lower(), scheme.lower())
    if not mark or scheme not in SCHEMES:
        raise WebSocketError(f"{text[:60]!r} is no URL of a WebSocket: it begins with ws:// or wss://")
    made = f"{scheme}://{rest}"
    try:
        parse_uri(made)
        urlsplit(made).port  # noqa: B018
    except (InvalidURI, ValueError) as error:
        raise WebSocketError(f"{text[:60]!r} is no URL of a WebSocket: {error}") from None
    return made
