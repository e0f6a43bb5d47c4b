"""Reading heads from peers that may be slow, silent or hostile.

It must not know what is done with them.
"""

from __future__ import annotations

import re
import time
from typing import Final

from protocols.http import failure
from protocols.http.proxy.endings import Broken
from protocols.http.proxy.pump import Pump
from protocols.http.proxy.stream import Stream
from protocols.http.server.asked import HEAD_BYTES, BadRequest
from protocols.record.event import monotonic_ns

HEAD_S: Final = 30.0
IDLE_S: Final = 120.0
ANSWER_BYTES: Final = 256 << 10
_TLS_HANDSHAKE: Final = 0x16
_SOCKS: Final = (4, 5)
"""The version that the first byte of SOCKS is."""
_END: Final = re.compile(rb"\n\r?\n")


def read_head(pump: Pump, client: Stream) -> tuple[bytes, int]:
    """A head with its blank line, and when its first byte came; b"" where the client has nothing more to ask.

    Raises BadRequest for what can't become a request, Stopped.
    """
    until, first_ns, sought = time.monotonic() + IDLE_S, 0, 0
    while True:
        while client.buffer[:2] == b"\r\n":  # some clients send one more after a body (RFC 9112 section 2.2)
            client.take(2)
        if client.buffer and not first_ns:
            first_ns, until = monotonic_ns(), time.monotonic() + HEAD_S
        end = client.buffer.find(b"\r\n\r\n", max(0, sought - 3))
        if end >= 0:
            return client.take(end + 4), first_ns
        sought = len(client.buffer)
        _look_early(client.buffer)
        if client.ended:
            return b"", first_ns
        left = until - time.monotonic()
        if left <= 0:
            if not first_ns:
                return b"", 0
            raise BadRequest(408, f"The head of the request was not whole after {HEAD_S:g} s.")
        pump.turn((client,), (client,), left)


def _look_early(buffer: bytearray) -> None:
    """What can't become a request is told before its end, which may never come."""
    if not buffer:
        return
    if buffer[0] == _TLS_HANDSHAKE:
        raise BadRequest(400, "That is a TLS handshake: this proxy is spoken to in plain HTTP, for HTTPS by CONNECT.")
    if buffer[0] in _SOCKS:
        raise BadRequest(400, "That is SOCKS: this proxy speaks HTTP, so clients name it by http://, not by socks5://.")
    if len(buffer) > HEAD_BYTES:
        raise BadRequest(431, f"The head of the request is longer than {HEAD_BYTES} bytes.")
    line, found, _ = buffer.partition(b"\n")
    if found and (not line.endswith(b"\r") or b" HTTP/" not in line):
        raise BadRequest(400, "The first line is no request line: METHOD TARGET HTTP/1.1, ended by CR LF.")
    if b"\n\n" in buffer:
        raise BadRequest(400, "The head's lines end with LF alone: two readers might see two requests.")


def answer_head(upstream: Stream, sought: int) -> tuple[bytes, int]:
    """A head of an answer if the buffer has a whole one, else b"" and where to look on. Raises Broken for none at all.

    Lines that end with LF alone are taken, as many small servers write them.
    """
    buffer = upstream.buffer
    if not buffer:
        return b"", 0
    if not buffer.startswith(b"HTTP/"[: len(buffer)]):
        raise Broken(failure.told("no http", begin=repr(bytes(buffer[:40]))))
    found = _END.search(buffer, max(0, sought - 3))
    if found is not None:
        return upstream.take(found.end()), 0
    if len(buffer) > ANSWER_BYTES:
        raise Broken(failure.told("bad answer", why=f"The answer's head is longer than {ANSWER_BYTES} bytes."))
    return b"", len(buffer)
