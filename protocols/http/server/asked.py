"""Requests as a server reads them: a machine for bytes, without sockets, with limits.

What is ambiguous is refused, not guessed: a length said twice, blanks before a colon, bare CR.
A reader of our own and not httptools, in the fast loop, too: it says in words why it refuses, knows
the place of each request in its connection, and is fast enough for the figures (`tests/bench/http_static.py`).
It must not know what is answered. RFC 9112 sections 2, 3, 6 and 7.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from protocols.http.request import Header

HEAD_BYTES: Final = 64 << 10
HEADERS: Final = 200
BODY_BYTES: Final = 64 << 20
_LINE: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([^\x00-\x20\x7f]+) HTTP/(\d)\.(\d)")
_HEADER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00\r\n]*?)[ \t]*")
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n\0]*)?")


class BadRequest(ValueError):
    """Bytes that are no request; `status` is what to answer, the message says why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass
class Asked:
    """A request as it came. target: as in its line. begin, end: its place in what the connection received.

    headers: to change them put another list in their place. peer, local: the addresses of both ends. stopping: asks
    whether the server is to end. note(kind, text, **facts): writes down what an application did.
    kept: what the application keeps for the connection, the same for all its requests.
    """

    method: str
    target: str
    version: tuple[int, int]
    headers: list[Header]
    body: bytes = b""
    begin: int = 0
    end: int = 0
    head: bytes = field(default=b"", repr=False)
    peer: object = None
    local: object = None
    stopping: Callable[[], bool] = lambda: False
    note: Callable[..., None] = lambda *_, **__: None
    kept: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _index: tuple[list[Header], dict[str, str]] | None = field(default=None, repr=False, compare=False)

    def get(self, name: str, default: str = "") -> str:
        """The first value of a header, whatever its case."""
        index = self._index
        if index is None or index[0] is not self.headers:
            index = self._index = (self.headers, {key.lower(): value for key, value in reversed(self.headers)})
        return index[1].get(name.lower(), default)

    @property
    def raw_path(self) -> str:
        """The target's path, still percent-encoded; of a full URL (to a proxy) the path within."""
        target = self.target
        if not target.startswith("/") and "://" in target:
            target = "/" + target.partition("://")[2].partition("/")[2]
        return target.partition("?")[0]

    @property
    def path(self) -> str:
        """The path, decoded."""
        return unquote(self.raw_path, errors="surrogateescape")

    @property
    def query(self) -> str:
        """What stands behind the question mark, encoded."""
        return self.target.partition("?")[2]

    @property
    def keeps(self) -> bool:
        """Whether the client wants the connection kept (RFC 9112 section 9.3)."""
        options = {word.strip().lower() for word in self.get("Connection").split(",")}
        return "close" not in options and (self.version >= (1, 1) or "keep-alive" in options)


class RequestReader:
    """Feed it what comes; it gives back the requests that are whole. waiting: a client that wants a 100 first."""

    def __init__(self, body_bytes: int = BODY_BYTES) -> None:
        self._limit = body_bytes
        self._buffer = bytearray()
        self._asked: Asked | None = None
        self._left = 0
        self._chunked = False
        self._trailers = False
        self._body = bytearray()
        self._place = 0
        self._sought = 0
        self._known: Asked | None = None
        self.waiting = False

    @property
    def idle(self) -> bool:
        """Nothing has begun: the connection may end here."""
        return self._asked is None and not self._buffer

    @property
    def in_head(self) -> bool:
        """A head has begun and is not whole."""
        return self._asked is None and bool(self._buffer)

    @property
    def ahead(self) -> int:
        """Bytes that came and belong to no request yet."""
        return len(self._buffer)

    def rest(self) -> bytes:
        """What came behind the last request, for whoever speaks on the connection now."""
        return self._drop(len(self._buffer))

    def feed(self, data: bytes) -> list[Asked]:
        """The requests that `data` completes. Raises BadRequest; nothing can be read after that."""
        self.add(data)
        done: list[Asked] = []
        while (asked := self.take()) is not None:
            done.append(asked)
        return done

    def add(self, data: bytes) -> None:
        """More has come."""
        self._buffer += data

    def take(self) -> Asked | None:
        """The next request, if it is whole. Raises BadRequest; nothing can be read after that."""
        if self._asked is None and not self._begin():
            return None
        if (self._left or self._chunked) and not self._take_body():
            return None
        asked = self._asked
        assert asked is not None
        asked.end = self._place
        if self._body:
            asked.body = bytes(self._body)
            self._body.clear()
        self._asked, self.waiting = None, False
        return asked

    def _drop(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        self._place += count
        return taken

    def _begin(self) -> bool:
        while self._buffer[:2] == b"\r\n":  # some clients send one more after a body (RFC 9112 section 2.2)
            self._drop(2)
        end = self._buffer.find(b"\r\n\r\n", max(0, self._sought - 3))
        if end < 0:
            if not self._buffer:
                return False
            seen, self._sought = self._sought, len(self._buffer)
            if self._sought > HEAD_BYTES:
                raise BadRequest(431, f"The head of the request is longer than {HEAD_BYTES} bytes.")
            self._look_early(max(0, seen - 1))
            return False
        self._sought = 0
        begin = self._place
        head = self._drop(end + 4)
        known = self._known
        if known is not None and known.head == head:  # clients ask again and again with the same words
            asked = Asked(known.method, known.target, known.version, known.headers, _index=known._index)
            self._chunked = False
        else:
            asked = read_asked(head)
            self._chunked, self._left = measured(asked, self._limit)
            self._known = None if self._left or self._chunked else asked
        asked.begin, asked.head = begin, head
        self._asked = asked
        self._trailers = False
        self.waiting = asked.get("Expect").lower() == "100-continue" and (self._chunked or self._left > 0)
        return True

    def _look_early(self, seen: int) -> None:
        """What can't become a request is told before its end, which may never come. seen: so much was looked at."""
        line, found, _ = self._buffer.partition(b"\n")
        if found and not _LINE.fullmatch(line.rstrip(b"\r")):
            raise BadRequest(400, "The first line is no request line: METHOD TARGET HTTP/1.1.")
        if (found and not line.endswith(b"\r")) or self._buffer.find(b"\n\n", seen) >= 0:
            raise BadRequest(400, "A line ends with LF alone. HTTP's lines end with CR LF: nc -C sends them so.")

    def _take_body(self) -> bool:
        if self._chunked:
            return self._take_chunks()
        piece = self._drop(min(self._left, len(self._buffer)))
        self._body += piece
        self._left -= len(piece)
        return self._left == 0

    def _take_chunks(self) -> bool:
        """Chunk data ends with a line end of its own: `_left` counts it, too."""
        while True:
            if self._left:
                piece = self._drop(min(self._left, len(self._buffer)))
                self._body += piece
                self._left -= len(piece)
                if self._left:
                    return False
                if self._body[-2:] != b"\r\n":
                    raise BadRequest(400, "A chunk is longer than it said.")
                del self._body[-2:]
            end = self._buffer.find(b"\r\n")
            if end < 0:
                if len(self._buffer) > HEAD_BYTES:
                    raise BadRequest(400, "A chunk's size line has no end.")
                return False
            line = self._drop(end + 2)[:-2]
            if self._trailers:
                if not line:
                    return True
                continue
            found = _SIZE.fullmatch(line)
            if found is None:
                raise BadRequest(400, "A chunk does not begin with its size in hex digits.")
            size = int(found.group(1), 16)
            if size + len(self._body) > self._limit:
                raise BadRequest(413, f"The body is larger than {self._limit} bytes.")
            self._trailers = size == 0
            self._left = size + 2 if size else 0


def measured(asked: Asked, limit: int) -> tuple[bool, int]:
    """Whether the body comes in chunks, and else its length. Raises BadRequest where two readers might differ."""
    lengths = {value for name, value in asked.headers if name.lower() == "content-length"}
    coding = [value.lower() for name, value in asked.headers if name.lower() == "transfer-encoding"]
    if coding and lengths:
        raise BadRequest(400, "Both Content-Length and Transfer-Encoding: two readers would see two requests.")
    if coding and coding != ["chunked"]:
        raise BadRequest(501, f"The transfer coding {', '.join(coding)} is not served.")
    if len(lengths) > 1 or any(not one.isascii() or not one.isdecimal() for one in lengths):
        raise BadRequest(400, "The Content-Length is no number, or there are several that differ.")
    left = int(next(iter(lengths))[:18]) if lengths else 0
    if left > limit:
        raise BadRequest(413, f"The body is larger than {limit} bytes.")
    return bool(coding), left


def read_asked(head: bytes) -> Asked:
    """A request's head, up to and with its blank line. Raises BadRequest."""
    first, *lines = head[:-4].split(b"\r\n")
    found = _LINE.fullmatch(first)
    if found is None:
        raise BadRequest(400, "The first line is no request line: METHOD TARGET HTTP/1.1.")
    method, target, major, minor = found.groups()
    if major != b"1":
        raise BadRequest(505, f"HTTP/{major.decode()}.{minor.decode()} is not spoken here.")
    if len(lines) > HEADERS:
        raise BadRequest(431, f"There are more than {HEADERS} headers.")
    headers: list[Header] = []
    for line in lines:
        match = _HEADER.fullmatch(line)
        if match is None:
            raise BadRequest(400, f"{line[:60].decode('latin-1')!r} is no header line.")
        headers.append((match.group(1).decode("ascii"), match.group(2).decode("latin-1")))
    asked = Asked(method.decode("ascii"), target.decode("latin-1"), (1, int(minor)), headers)
    if asked.version >= (1, 1) and sum(name.lower() == "host" for name, _ in headers) != 1:
        raise BadRequest(400, "An HTTP/1.1 request has one Host header, not none and not two.")
    return asked
