"""TLS on the proxy's streams: the lab's certificate towards clients, verification towards origins.

A handshake waits as everything else does, and ends at a stop. It must not know HTTP.
"""

from __future__ import annotations

import ssl
import threading
import time
from functools import lru_cache
from typing import Final

from protocols import trust
from protocols.http.chains import looking_context
from protocols.http.proxy.pump import Pump
from protocols.http.proxy.stream import Stream
from protocols.record.traced import TracedSocket
from protocols.record.traced_tls import wrap_tls
from protocols.tls import context_of_pem, lab_ca

HANDSHAKE_S: Final = 15.0
_ALPN: Final = ["http/1.1"]
_lock: Final = threading.Lock()


def origin_context(verify: bool) -> ssl.SSLContext:
    """A context towards origins. Trusted are the system's authorities, this lab's and this person's running labs'."""
    with _lock:
        return _verifying(lab_ca().pem + b"\n" + trust.known()) if verify else _looking()


@lru_cache(maxsize=2)
def _verifying(labs: bytes) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(cadata=labs.decode("ascii", "replace"))
    context.set_alpn_protocols(_ALPN)
    return context


@lru_cache(maxsize=1)
def _looking() -> ssl.SSLContext:
    context = looking_context()
    context.set_alpn_protocols(_ALPN)
    return context


def client_side_context(host: str) -> ssl.SSLContext:
    """A context towards a client that wants to reach `host`. Raises TLSError for a name no certificate can have."""
    with _lock:
        return _faked(host)


@lru_cache(maxsize=128)
def _faked(host: str) -> ssl.SSLContext:
    context = context_of_pem(lab_ca().issue((host,)))
    context.set_alpn_protocols(_ALPN)
    return context


def handshake(
    pump: Pump, stream: Stream, context: ssl.SSLContext, *, server_side: bool, hostname: str | None = None
) -> None:
    """Put TLS on a stream whose buffer is empty. Raises ssl.SSLError, OSError, TimeoutError, ValueError, Stopped."""
    sock = stream.sock
    assert isinstance(sock, TracedSocket)
    tls = wrap_tls(context, sock, server_side=server_side, server_hostname=hostname, handshake=False)
    stream.sock = tls
    until = time.monotonic() + HANDSHAKE_S
    while True:
        try:
            tls.do_handshake()
            return
        except ssl.SSLWantReadError:
            ready = bool(pump.ready((stream,), until - time.monotonic()))
        except ssl.SSLWantWriteError:
            stream.blocked = True
            ready = bool(pump.turn((), (stream,), until - time.monotonic())) or not stream.blocked
        if not ready and time.monotonic() >= until:
            raise TimeoutError("the TLS handshake was not done in time")
