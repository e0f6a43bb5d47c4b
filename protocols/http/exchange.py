"""Exchange: one request and its answer, as bytes on the wire and as what they mean.

Filled by the thread that sends, read by anybody; every field is set once or only grows. It must
not know who sends, nor how.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

from protocols.certificates import CertificateFacts
from protocols.http.request import Header

_STATUS_LINE: Final = re.compile(rb"HTTP/(\d(?:\.\d)?)[ \t]+(\d{3})(?:[ \t]+([^\r\n]*))?\r?\n?")

_REMEMBERED_BYTES: Final = 4096
"""Longer heads are read each time, so that what is remembered stays small."""


class Kept:
    """Bytes of which only the first are kept; `size` counts all."""

    __slots__ = ("data", "limit", "size")

    def __init__(self, limit: int) -> None:
        self.data = bytearray()
        self.limit = limit
        self.size = 0

    def add(self, piece: bytes) -> None:
        """Count a piece, and keep it while there is room."""
        self.size += len(piece)
        room = self.limit - len(self.data)
        if room > 0:
            self.data += piece if len(piece) <= room else piece[:room]

    @property
    def whole(self) -> bool:
        """Whether everything was kept."""
        return self.size == len(self.data)


class Phases(NamedTuple):
    """How long each part took, in milliseconds to the microsecond; None where it did not happen.

    dns: the name. connect: TCP. tls: the handshake. wait: from the request's last byte to the answer's first.
    first_byte: from the start to there. transfer: from there to the end. total: all of it.
    """

    dns: float | None = None
    connect: float | None = None
    tls: float | None = None
    wait: float | None = None
    first_byte: float | None = None
    transfer: float | None = None
    total: float | None = None

    def as_dict(self) -> dict[str, float]:
        """Those that happened."""
        return {name: value for name, value in zip(self._fields, self, strict=True) if value is not None}


NO_PHASES: Final = Phases()


@dataclass(frozen=True, slots=True)
class TLSFacts:
    """What a TLS connection agreed on. chain: the peer's certificates, its own first, as DER."""

    version: str = ""
    cipher: str = ""
    alpn: str = ""
    chain: tuple[bytes, ...] = ()
    verified: bool | None = None

    def certificates(self) -> list[CertificateFacts]:
        """The chain in plain words. Raises TLSError for one that can't be read."""
        from protocols.certificates import describe_certificate

        return [describe_certificate(der) for der in self.chain]


NO_TLS: Final = TLSFacts()


@dataclass(slots=True)
class Head:
    """A status line and its headers. version: "1.1". lines that are no header are in `odd`."""

    version: str
    status: int
    reason: str
    headers: list[Header] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    _cookies: bool | None = field(default=None, init=False, compare=False, repr=False)
    _listed: list[list[str]] | None = field(default=None, init=False, compare=False, repr=False)

    def sets_cookies(self) -> bool:
        """Whether one of its headers is a Set-Cookie."""
        if self._cookies is None:
            self._cookies = self.get("Set-Cookie") is not None
        return self._cookies

    def listed(self) -> list[list[str]]:
        """The headers as JSON has them; not to be changed."""
        if self._listed is None:
            self._listed = [list(header) for header in self.headers]
        return self._listed

    def get(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def all(self, name: str) -> list[str]:
        """Every value of a header, in order."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]


@dataclass(init=False)
class Exchange:
    """One request and its answer.

    sent, received: what went over the wire, head and body, chunk framing and all. head_sent, head_received: how
    many of these bytes are heads (1xx included). rendering: the protocol has no such text on the wire (HTTP/2 and 3),
    libcurl wrote it for reading. begin_sent, begin_received: byte offsets in the connection's directions, None where
    libcurl left bytes unseen. interim: the 1xx before the answer. tunnel: a CONNECT to a proxy.
    """

    number: int
    method: str
    url: str
    sent: Kept
    received: Kept
    conn: str | None = None
    local: tuple[str, int] | None = None
    remote: tuple[str, int] | None = None
    request: list[Header] = field(default_factory=list)
    request_line: str = ""
    head_sent: int = 0
    head_received: int = 0
    interim: list[Head] = field(default_factory=list)
    answer: Head | None = None
    phases: Phases = NO_PHASES
    tls: TLSFacts | None = None
    rendering: bool = False
    tunnel: bool = False
    begun_ns: int = 0
    sent_ns: int = 0
    first_ns: int = 0
    last_ns: int = 0
    begin_sent: int | None = None
    begin_received: int | None = None
    unseen: int = 0
    """Bytes of the answer's body that libcurl read and showed to nobody (a 401 before the real answer)."""
    told: list[str] = field(default_factory=list)
    """What libcurl said meanwhile."""

    def __init__(
        self, number: int, method: str, url: str, sent: Kept, received: Kept, *, phases: Phases = NO_PHASES
    ) -> None:
        # The rest are the class's own until they are set: most of them never are.
        self.number, self.method, self.url = number, method, url
        self.sent, self.received, self.phases = sent, received, phases
        self.request, self.interim, self.told = [], [], []

    @property
    def status(self) -> int:
        """The answer's status; 0 where there is none."""
        return self.answer.status if self.answer is not None else 0

    @property
    def headers(self) -> list[Header]:
        """The answer's headers, duplicates and case kept."""
        return self.answer.headers if self.answer is not None else []

    @property
    def wire_body(self) -> bytes:
        """The answer's body as it came: framed and compressed."""
        return bytes(self.received.data[self.head_received :])

    @property
    def chunked(self) -> bool:
        """Whether the answer's body came in chunks, with their sizes on the wire."""
        coding = (self.answer.get("Transfer-Encoding") or "") if self.answer else ""
        return "chunked" in coding.lower() and not self.rendering

    def trailers(self) -> list[Header]:
        """The headers behind a chunked body (RFC 9112 section 7.1.2), as far as the wire was kept."""
        if not self.chunked or not self.received.whole:
            return []
        end = chunks_end(self.wire_body)
        return [] if end is None else _headers(self.wire_body[end:])[0]

    def stamped_phases(self) -> Phases:
        """The phases of an exchange inside a transfer, for which libcurl keeps no times, by our own clock."""
        sent = self.sent_ns or self.begun_ns
        first, last = self.first_ns or sent, self.last_ns or sent
        return Phases(wait=_ms(max(0, first - sent)), first_byte=_ms(first - self.begun_ns), transfer=_ms(last - first),
                      total=_ms(last - self.begun_ns))  # fmt: skip

    def facts(self) -> dict[str, Any]:
        """The answer as an event's detail has it."""
        answer = self.answer
        facts: dict[str, Any] = {
            "status": answer.status if answer else 0, "reason": answer.reason if answer else "",
            "headers": answer.listed() if answer else [],
            "phases_ms": self.phases.as_dict(),
            "version": answer.version if answer else "", "url": self.url, "method": self.method, "hop": self.number,
        }  # fmt: skip
        if self.interim:
            facts["interim"] = [
                {"status": one.status, "headers": [list(header) for header in one.headers]} for one in self.interim
            ]
        if self.rendering:
            facts["rendering"] = True
        return facts


def _ms(ns: int) -> float:
    """Whole microseconds, as libcurl's own times are."""
    return ns // 1000 / 1000


def read_head(block: bytes) -> Head:
    """A status line and headers as they came; bytes outside ASCII are read as Latin-1, so that none is lost.

    obs-fold is joined by a blank (RFC 9112 section 5.2); a line that is no header is kept in `odd`.
    """
    first, _, rest = block.partition(b"\n")
    found = _STATUS_LINE.match(first + b"\n")
    if found is None:
        headers, odd = _headers(block)
        return Head("0.9", 0, "", headers, odd)
    version, status, reason = found.groups()
    headers, odd = _headers(rest)
    return Head(version.decode("ascii"), int(status), (reason or b"").decode("latin-1").rstrip(), headers, odd)


def known_head(block: bytes) -> Head:
    """As `read_head`, not to be changed: answers in a row have the same head nearly always, which is read once."""
    return read_head(block) if len(block) > _REMEMBERED_BYTES else _known_head(block)


_known_head: Final = lru_cache(maxsize=64)(read_head)


def read_request_head(block: bytes) -> tuple[str, list[Header]]:
    """A request line and its headers."""
    first, _, rest = block.partition(b"\n")
    return first.decode("latin-1").rstrip("\r"), _headers(rest)[0]


def _headers(block: bytes) -> tuple[list[Header], list[str]]:
    """Headers and what is none. Requests in a row have the same heads nearly always: those are not read again."""
    if len(block) > _REMEMBERED_BYTES:
        return _read_headers(block)
    headers, odd = _remembered(block)
    return list(headers), list(odd)


@lru_cache(maxsize=64)
def _remembered(block: bytes) -> tuple[tuple[Header, ...], tuple[str, ...]]:
    headers, odd = _read_headers(block)
    return tuple(headers), tuple(odd)


def _read_headers(block: bytes) -> tuple[list[Header], list[str]]:
    headers: list[Header] = []
    odd: list[str] = []
    for line in block.decode("latin-1").split("\n"):
        text = line.rstrip("\r")
        if not text:
            continue
        if text[0] in " \t" and headers:
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {text.strip()}".strip())
            continue
        name, colon, value = text.partition(":")
        if not colon or not name.strip():
            odd.append(text)
        else:
            headers.append((name.rstrip(" \t"), value.strip(" \t")))
    return headers, odd


def chunks_end(body: bytes) -> int | None:
    """Where the last chunk of a chunked body ends and its trailers begin; None where it is cut or broken."""
    place = 0
    while True:
        line = body.find(b"\n", place)
        if line < 0:
            return None
        try:
            size = int(body[place:line].partition(b";")[0].strip() or b"-", 16)
        except ValueError:
            return None
        if size < 0:
            return None
        place = line + 1
        if size == 0:
            return place
        place += size
        if body[place : place + 2] == b"\r\n":
            place += 2
        elif body[place : place + 1] == b"\n":
            place += 1
        else:
            return None
