"""Tunnels: bytes passed on both ways as they come, after CONNECT, an upgrade, or in reverse mode.

Half-closes and resets are passed on, too. It must not know what the bytes mean.
"""

from __future__ import annotations

from typing import Final

from protocols.http import failure
from protocols.http.failure import Failure
from protocols.http.proxy.core import Core
from protocols.http.proxy.entry import Entry
from protocols.http.proxy.handshakes import client_side_context, handshake
from protocols.http.proxy.pump import Pump
from protocols.http.proxy.rewriting import Place
from protocols.http.proxy.stream import Stream
from protocols.record.event import monotonic_ns
from protocols.record.explain import explain

ESTABLISHED: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"
_TLS_HANDSHAKE: Final = b"\x16"


def relay(core: Core, pump: Pump, entry: Entry, client: Stream, upstream: Stream) -> None:
    """Pass bytes on until both have ended, or one is lost: then the other is reset. Raises Stopped."""
    began = monotonic_ns()
    ways = ((client, upstream, entry.request), (upstream, client, entry.response))
    both = (client, upstream)
    finished: set[Stream] = set()
    while True:
        for source, target, side in ways:
            if source.buffer and not target.full:
                data = source.take()
                side.body.add(data)
                target.put(data)
                core.shelf.touch(entry)
            if source.ended and not source.buffer and source not in finished:
                finished.add(source)
                target.finish()
        if any(stream.error is not None for stream in both) or (len(finished) == 2 and client.idle and upstream.idle):
            break
        reads = [source for source, target, _ in ways if not source.ended and not target.full]
        watch = [stream for stream in both if stream not in reads]
        for stream in pump.turn(reads, both, None, watch):
            if stream not in reads:
                stream.read()
    entry.add_time("transfer", began)
    _end(core, entry, client, upstream)


def _end(core: Core, entry: Entry, client: Stream, upstream: Stream) -> None:
    if entry.kind == "tunnel" and client.error is not None and upstream.error is None:
        upstream.reset()  # many TLS clients end with a RST, their peer's last words unread
        core.note("client left", f"exchange {entry.number}: the client ended the tunnel with a RST", conn=entry.conn)
        core.state(entry, "done")
        return
    for lost, other, who in ((client, upstream, "client"), (upstream, client, "origin")):
        if lost.error is not None:
            told = explain(lost.error, call="recv")
            other.reset()
            why = f"The connection of the {who} was lost, so the other one was reset. {told.why}"
            core.fail(entry, Failure(told.errno, told.title, why, told.mend))
            return
    core.state(entry, "done")


def speaks_tls(pump: Pump, client: Stream, upstream: Stream) -> bool:
    """Whether the client begins with a TLS handshake; a server that speaks first, or anything else, is let through."""
    while True:
        ready = pump.ready((client, upstream))
        if client in ready:
            return client.first_byte() == _TLS_HANDSHAKE
        if upstream in ready:
            return False


def intercept(core: Core, pump: Pump, entry: Entry, client: Stream, place: Place) -> bool:
    """Answer the client's TLS with the lab's certificate; False where it does not take that. Raises Stopped."""
    began = monotonic_ns()
    entry.kind = "tls"
    try:
        handshake(pump, client, client_side_context(place.host), server_side=True)
    except (OSError, ValueError) as error:
        host, _, port = entry.client.rpartition(":")  # it is the client that talks to the lab's certificate here
        peer = (host.strip("[]"), int(port)) if port.isdecimal() else (entry.client, 0)
        why = explain(error, call="handshake", address=peer).why
        core.fail(entry, failure.told("client handshake", host=place.host, why=why))
        return False
    entry.add_time("tls", began)
    core.state(entry, "done")
    return True
