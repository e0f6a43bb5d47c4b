"""Bodies of all kinds: chunked, compressed, slow, endless, in old charsets, and broken on purpose.

It must not know connections: how long a piece waits, and where a body is cut, it only says.
"""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Iterator
from email.utils import formatdate
from typing import Final

from protocols.http.server.answer import Answer, Cut, Pause, Piece, error_page, page, text_answer
from protocols.http.server.asked import Asked
from protocols.http.server.sandbox.route import Route, number, tail

BLOCK: Final = bytes(range(256)) * 1024
"""256 KB: what /big and /endless repeat."""
_TEXT: Final = ("Content-Type", "text/plain; charset=utf-8")
_WORDS: Final = "Grüße aus Köln, naïve café\n"
_LINES: Final = b"".join(b"line %d of a text that compresses well\n" % n for n in range(500))
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def routes() -> list[Route]:
    """The pages."""
    return [*_framed(), *_coded(), *_broken()]


def _framed() -> list[Route]:
    return [
        Route("/chunked", chunked, "Bodies", "Chunked", "?n=5 chunks, ?delay_ms=100 apart; no length is said.",
              "/chunked?n=5&delay_ms=100"),
        Route("/trailer", trailer, "Bodies", "A trailer", "Chunks with an extension, and a header behind the body."),
        Route("/slow", slow, "Bodies", "Slow", "?bytes=10 bytes, ?delay_ms=1000 apart; the length is known.",
              "/slow?bytes=10&delay_ms=1000"),
        Route("/big", big, "Bodies", "Big", "?mb=100 megabytes; the server's memory stays flat.", "/big?mb=1"),
        Route("/endless", endless, "Bodies", "Endless", "Never ends; the client must. ?delay_ms=0 between blocks.",
              "/endless?delay_ms=200"),
        Route("/time", the_time, "Bodies", "The time", "Computed for each request."),
        Route("/html", markup, "Bodies", "A page", "Links and a form, for a parser."),
    ]  # fmt: skip


def _coded() -> list[Route]:
    return [
        Route("/gzip", packed, "Codings", "gzip", "Content-Encoding: gzip."),
        Route("/deflate", packed, "Codings", "deflate", "Content-Encoding: deflate (zlib's format)."),
        Route("/bomb", bomb, "Codings", "A gzip bomb", "?mb=100 megabytes of zeros in few bytes.", "/bomb?mb=10"),
        Route("/latin-1", charset, "Codings", "Latin-1", "Text in ISO 8859-1, and it says so."),
        Route("/utf-8", charset, "Codings", "UTF-8", "The same text in UTF-8."),
        Route("/mojibake", charset, "Codings", "Mojibake", "Text in UTF-8 that claims to be ISO 8859-1."),
        Route("/no-charset", charset, "Codings", "No charset", "Text in ISO 8859-1 that says nothing."),
    ]  # fmt: skip


def _broken() -> list[Route]:
    texts = {
        "no-length": "No length and no chunks: only the end of the connection ends the body.",
        "too-short": "Content-Length says less than is sent.",
        "too-long": "Content-Length says more than is sent, then the connection ends.",
        "cut": "The connection ends in the middle of a chunked body. ?bytes=1000 before that.",
        "reset": "The same by a RST.",
        "lf-only": "Lines end with LF alone.",
        "no-blank-line": "The blank line behind the headers is missing.",
        "no-status-line": "A body and nothing else: HTTP/0.9.",
        "bad-status": "The status is no number.",
        "bad-chunk": "A chunk's size is no number.",
        "two-lengths": "Two Content-Length headers that differ.",
        "silence": "Nothing at all; then the connection ends after ?delay_ms=1000.",
    }
    return [Route(f"/broken/{name}", broken, "Broken on purpose", name, text) for name, text in texts.items()]


# Framed


def chunked(asked: Asked) -> Answer:
    """/chunked"""
    count, delay_s = number(asked, "n", 5, 10_000), number(asked, "delay_ms", 0, 60_000) / 1000

    def pieces() -> Iterator[Piece]:
        for n in range(1, count + 1):
            yield b"chunk %d of %d\n" % (n, count)
            if delay_s and n < count:
                yield Pause(delay_s)

    return Answer(200, [_TEXT], pieces())


def trailer(asked: Asked) -> Answer:
    """/trailer"""
    if asked.method == "HEAD" or asked.version < (1, 1):
        return text_answer("Trailers need HTTP/1.1.\n")
    body = b"6;note=first\r\nfirst\n\r\n7\r\nsecond\n\r\n0\r\nX-Sum: 13 bytes\r\n\r\n"
    return Answer(200, [], _HEAD + b"Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + body,
                  framing="exact")  # fmt: skip


def slow(asked: Asked) -> Answer:
    """/slow"""
    count, delay_s = number(asked, "bytes", 10, 1_000_000), number(asked, "delay_ms", 1000, 60_000) / 1000

    def pieces() -> Iterator[Piece]:
        for n in range(count):
            if n:
                yield Pause(delay_s)
            yield b"0123456789"[n % 10 : n % 10 + 1]

    return Answer(200, [_TEXT], pieces(), length=count)


def big(asked: Asked) -> Answer:
    """/big"""
    size = number(asked, "mb", 1, 1 << 20) << 20

    def pieces() -> Iterator[Piece]:
        left = size
        while left:
            piece = BLOCK[:left]
            left -= len(piece)
            yield piece

    return Answer(200, [("Content-Type", "application/octet-stream")], pieces(), length=size)


def endless(asked: Asked) -> Answer:
    """/endless"""
    delay_s = number(asked, "delay_ms", 0, 60_000) / 1000

    def pieces() -> Iterator[Piece]:
        while not asked.stopping():
            if not delay_s:
                yield BLOCK
                continue
            yield b"and so on\n"
            yield Pause(delay_s)

    return Answer(200, [("Content-Type", "application/octet-stream" if not delay_s else _TEXT[1])], pieces())


def the_time(asked: Asked) -> Answer:
    """/time"""
    now = f"{formatdate(time.time(), usegmt=True)} ({time.time_ns()} ns)\n"
    return text_answer(now, 200, ("Cache-Control", "no-store"))


def markup(asked: Asked) -> Answer:
    """/html"""
    inner = """<p>Here: <a href="/echo?from=page">echo</a>, <a href="time">the time</a>, <a href="#end">below</a>.</p>
<form action="/form"><input name="name" value="Dave"><input name="email">
<input type="submit" name="submit-button"></form>
<p id="end">The end.</p>"""
    return page(200, "A page", inner)


# Coded


def packed(asked: Asked) -> Answer:
    """/gzip, /deflate"""
    coding = asked.path[1:]
    body = gzip.compress(_LINES, mtime=0) if coding == "gzip" else zlib.compress(_LINES)
    return Answer(200, [_TEXT, ("Content-Encoding", coding), ("Vary", "Accept-Encoding")], body)


def bomb(asked: Asked) -> Answer:
    """/bomb"""
    left = number(asked, "mb", 100, 10_000)

    def pieces() -> Iterator[Piece]:
        packer, zeros = zlib.compressobj(9, zlib.DEFLATED, 31), bytes(1 << 20)
        for _ in range(left):
            yield packer.compress(zeros)
        yield packer.flush()

    return Answer(200, [_TEXT, ("Content-Encoding", "gzip")], pieces())


def charset(asked: Asked) -> Answer:
    """/latin-1, /utf-8, /mojibake, /no-charset"""
    name = asked.path[1:]
    said = {"no-charset": "", "utf-8": "; charset=utf-8"}.get(name, "; charset=iso-8859-1")
    coding = "utf-8" if name in ("utf-8", "mojibake") else "iso-8859-1"
    return Answer(200, [("Content-Type", f"text/plain{said}")], _WORDS.encode(coding))


# Broken


def broken(asked: Asked) -> Answer:
    """/broken/.."""
    name = tail(asked, "/broken/")
    if asked.method == "HEAD":
        return error_page(400, "What is broken here is a body; ask with GET.")
    text = b"0123456789" * 5
    if name == "no-length":
        return Answer(200, [_TEXT], text, framing="close")
    if name in ("cut", "reset"):
        return Answer(200, [_TEXT], _until(number(asked, "bytes", 1000, 1 << 20), Cut(name == "reset")))
    if name == "silence":
        return Answer(200, [], b"", framing="exact", delay_s=number(asked, "delay_ms", 1000, 60_000) / 1000)
    exact = {
        "too-short": _HEAD + b"Content-Length: 10\r\n\r\n" + text,
        "too-long": _HEAD + b"Content-Length: 100\r\n\r\n" + text,
        "lf-only": _HEAD.replace(b"\r\n", b"\n") + b"Content-Length: 50\n\n" + text,
        "no-blank-line": _HEAD + text,
        "no-status-line": b"<p>No head at all, as in HTTP/0.9.</p>\n",
        "bad-status": b"HTTP/1.1 two hundred OK\r\nContent-Length: 50\r\n\r\n" + text,
        "bad-chunk": _HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n" + text + b"\r\n0\r\n\r\n",
        "two-lengths": _HEAD + b"Content-Length: 50\r\nContent-Length: 10\r\n\r\n" + text,
    }
    body = exact.get(name)
    return error_page(404, "Nothing is broken in this way.") if body is None else Answer(200, [], body, framing="exact")


def _until(count: int, cut: Cut) -> Iterator[Piece]:
    yield b"x" * count
    if cut.reset:
        yield Pause(0.05)  # a RST destroys what the client has not read yet
    yield cut
