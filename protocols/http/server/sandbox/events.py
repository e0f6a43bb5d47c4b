"""Server-sent events: a stream of text that a page can listen to, and go on with after a break.

It must not know connections. WHATWG HTML section 9.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from protocols.http.server.answer import Answer, Pause, Piece
from protocols.http.server.asked import Asked
from protocols.http.server.sandbox.route import Route, number


def routes() -> list[Route]:
    """The page."""
    return [Route("/events", events, "Streams", "Server-sent events",
                  "?n=10 events, ?delay_ms=1000 apart, from behind the Last-Event-ID that the client sends.",
                  "/events?n=5&delay_ms=500")]  # fmt: skip


def events(asked: Asked) -> Answer:
    """/events"""
    count, delay_s = number(asked, "n", 10, 100_000), number(asked, "delay_ms", 1000, 60_000) / 1000
    last = asked.get("Last-Event-ID")
    begin = min(int(last), 10**9) if last.isascii() and last.isdecimal() and len(last) < 10 else 0

    def pieces() -> Iterator[Piece]:
        yield b": the lab's events\nretry: 1000\n\n"
        for n in range(begin + 1, begin + count + 1):
            yield b'id: %d\nevent: tick\ndata: {"n": %d}\n\n' % (n, n)
            if delay_s:
                yield Pause(delay_s)

    return Answer(200, [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")], pieces())
