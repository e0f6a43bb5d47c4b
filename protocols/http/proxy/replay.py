"""A request once more: what its client would have to say again, and to whom.

It must not know connections.
"""

from __future__ import annotations

from typing import Final

from protocols.http.exchange import read_request_head
from protocols.http.proxy.entry import Entry
from protocols.http.proxy.holding import ProxyError, check_request
from protocols.http.proxy.rewriting import Place, absolute_place, head_bytes, with_length

REPLAY_BYTES: Final = 64 << 20
_SKIPPED: Final = ("expect", "connection", "proxy-connection")


def said_again(entry: Entry, head: bytes | None, body: bytes | None) -> tuple[bytes, Place]:
    """The bytes of a replay, and where they go. Raises ProxyError."""
    if entry.kind in ("tunnel", "tls", "tcp"):
        raise ProxyError("A tunnel can't be replayed: what it said depends on the other end")
    if "://" not in entry.url:
        raise ProxyError("That was no request, so it can't be sent again")
    spool = entry.request.body
    if body is None and (spool.cut or spool.size > REPLAY_BYTES):
        raise ProxyError("The body was not kept whole, so the request can't be sent again")
    wanted = head if head is not None else entry.request.head
    check_request(wanted)
    line, headers = read_request_head(wanted)
    data = spool.read() if body is None else body
    _, before = read_request_head(entry.request.head)
    headers = [header for header in headers if header[0].lower() not in _SKIPPED]
    headers = with_length(headers, None if body is None or (not body and not spool.size) else len(data), before)
    place, path = absolute_place(entry.url)
    method, _, target = line.partition(" ")
    target = target.rpartition(" ")[0]
    if "://" in target:
        place, path = absolute_place(target)
    elif target.startswith("/"):
        path = target
    return head_bytes(f"{method} {path} HTTP/1.1", [*headers, ("Connection", "close")]) + data, place
