"""Origin: the connection to an origin that one client's thread keeps for its next request.

It must not know what is sent over it.
"""

from __future__ import annotations

from protocols.certificates import CertificateFacts
from protocols.http.proxy.core import Core
from protocols.http.proxy.entry import Entry
from protocols.http.proxy.pump import Pump
from protocols.http.proxy.rewriting import Place
from protocols.http.proxy.stream import Stream
from protocols.http.proxy.upstream import reach, secure


class Origin:
    """At most one connection. stream: it, while it stands."""

    def __init__(self, core: Core, pump: Pump) -> None:
        self._core = core
        self._pump = pump
        self.stream: Stream | None = None
        self._place: Place | None = None
        self._tls: tuple[str, tuple[CertificateFacts, ...]] = ("", ())

    def connect(self, entry: Entry, place: Place) -> Stream:
        """A fresh TCP connection, without TLS yet. Raises Unreached, Stopped."""
        self.close()
        self.stream, self._place = reach(self._core, self._pump, entry, place), None
        self._tls = ("", ())
        return self.stream

    def reach(self, entry: Entry, place: Place) -> tuple[Stream, bool]:
        """A connection for a request there, and whether it has served before. Raises Unreached, Stopped."""
        stream = self.stream
        if stream is not None and self._place in (place, None) and not self._is_stale(stream):
            reused = self._place is not None
        else:
            stream, reused = self.connect(entry, place), False
        if not reused and place.scheme == "https":
            secure(self._core, self._pump, entry, stream, place)
            self._tls = (entry.tls, entry.certificates)
        self._place = place
        entry.upstream_conn, entry.upstream = stream.conn, place.authority
        entry.tls, entry.certificates = self._tls
        return stream, reused

    def _is_stale(self, stream: Stream) -> bool:
        """Whether it ended meanwhile, or says something unasked, which no answer may be mistaken for."""
        if stream.ended or stream.broken or stream.buffer:
            return True
        if self._pump.ready((stream,), 0):
            stream.read()  # TLS may have session tickets to say
        return stream.ended or bool(stream.buffer)

    def close(self) -> None:
        """Close it."""
        if self.stream is not None:
            self.stream.close()
        self.stream = self._place = None
