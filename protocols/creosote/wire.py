"""What goes over the wire, and how it reads: sizes, pieces, the classic text. No sockets here.

A message is a datagram's whole payload: no header, no framing, no reply. The original reads
1,024 bytes; a sender that cuts its messages there loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

PORT: Final = 7739
BUFSIZE: Final = 1024
LARGEST: Final = 65507
"""Bytes of the largest payload that IPv4 carries: 65,535 less 20 of IP and 8 of UDP (RFC 768)."""
BROADCASTS: Final = frozenset(("255.255.255.255", "<broadcast>", "127.255.255.255"))


def payload(message: str | bytes) -> bytes:
    """The bytes of a message: text is UTF-8 (what Unicode can't hold is escaped), bytes go as they are."""
    return message.encode("utf-8", "backslashreplace") if isinstance(message, str) else bytes(message)


def pieces(data: bytes, chunk: bool) -> Iterator[bytes]:
    """The datagrams of a message: pieces of 1,024 bytes, or one whole. An empty message is one empty datagram
    when whole and none in pieces, as the two originals do."""
    if not chunk:
        yield data
        return
    for at in range(0, len(data), BUFSIZE):
        yield data[at : at + BUFSIZE]


def classic_text(data: bytes) -> str:
    """What the original prints: the bytes as a literal without its quotes."""
    return repr(data)[2:-1]
