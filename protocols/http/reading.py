"""Reading an answer: what its status means, in which letters it is written, what kind of thing it is.

Nothing received is run, no XML entity is expanded, and nothing is decoded past a size that is
given. It must not know where the bytes came from.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["json", "xml", "html", "csv", "image", "text", "binary", "empty"]
_CLASSES: Final = {
    1: "The server has something to say before its answer.", 2: "The request succeeded.",
    3: "The answer is elsewhere, or already known.", 4: "The server finds fault with the request.",
    5: "The server failed at a request that may be right.",
}  # fmt: skip
_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF87a", "gif"), (b"GIF89a", "gif"), (b"BM", "bmp"),
)  # fmt: skip
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_META: Final = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_DECLARED: Final = re.compile(rb"""^<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_.:-]{1,40})""")
_LOOK_BYTES: Final = 4096


def meaning(status: int) -> str:
    """What a status says: its name, and a sentence (RFC 9110 section 15)."""
    try:
        known = HTTPStatus(status)
    except ValueError:
        sort = _CLASSES.get(status // 100, "No class of answers begins like that.")
        return f"{status} has no name of its own. {sort}"
    told = known.description.rstrip(".")
    return f"{known.phrase}: {told}." if told else f"{known.phrase}. {_CLASSES[status // 100]}"


def media_type(content_type: str | None) -> tuple[str, dict[str, str]]:
    """A Content-Type's type in small letters, and its parameters."""
    if not content_type:
        return "", {}
    message = Message()
    message["Content-Type"] = re.sub(r"[\r\n]+", " ", content_type)
    found = message.get_params(failobj=[("", "")])
    return found[0][0].strip().lower(), {name.lower(): value for name, value in found[1:]}


@dataclass(frozen=True, slots=True)
class Letters:
    """Which charset a body is in, and how that is known: "header", "byte order mark", "document", "guess"."""

    charset: str
    known_by: str


def letters_of(body: bytes, content_type: str | None = None) -> Letters:
    """The charset of a body. A name that Python does not know is passed over."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return Letters(name, "byte order mark")
    kind, parameters = media_type(content_type)
    if kind == "text/event-stream":  # in UTF-8 always, whatever it says
        return Letters("utf-8", "header")
    named = _codec(parameters.get("charset", ""))
    if named:
        return Letters(named, "header")
    head = body[:_LOOK_BYTES]
    found = _DECLARED.match(head) or _META.search(head)
    inside = _codec(found.group(1).decode("ascii")) if found else ""
    if inside:
        return Letters(inside, "document")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body[: 1 << 20], final=len(body) <= 1 << 20)
    except UnicodeDecodeError:
        return Letters("latin-1", "guess")
    return Letters("utf-8", "guess")


def _codec(name: str) -> str:
    try:
        info = codecs.lookup(name) if name and len(name) <= 40 else None
    except (LookupError, ValueError):
        return ""
    return info.name if info is not None and getattr(info, "_is_text_encoding", True) else ""


def text_of(body: bytes, charset: str, limit_bytes: int = 1 << 20) -> str:
    """The text of a body in a charset, right or wrong: what can't be read becomes U+FFFD. Raises LookupError."""
    return body[:limit_bytes].decode(charset, "replace")


def kind_of(body: bytes, content_type: str | None = None) -> Kind:
    """What kind of thing a body is: by its first bytes where these are plain, else by its type, else by a look."""
    if not body:
        return "empty"
    if image_of(body):
        return "image"
    name = media_type(content_type)[0]
    if name == "application/json" or name.endswith("+json"):
        return "json"
    if name in ("text/html", "application/xhtml+xml"):
        return "html"
    if name in ("application/xml", "text/xml") or name.endswith("+xml"):
        return "xml"
    if name in ("text/csv", "text/tab-separated-values"):
        return "csv"
    return _kind_by_look(body[:_LOOK_BYTES], name)


def _kind_by_look(head: bytes, name: str) -> Kind:
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "binary"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:100].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "html"
    if start.startswith(b"<?xml"):
        return "xml"
    if start.startswith((b"{", b"[")) and name in ("", "text/plain", "application/octet-stream"):
        return "json"
    control = sum(byte < 32 and byte not in b"\t\r\n\x0c\x1b" for byte in head)
    return "text" if control <= len(head) // 100 else "binary"


def image_of(body: bytes) -> str:
    """The format of an image by its first bytes ("png", "jpeg", "gif", "bmp", "webp"), "" if it is none."""
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "webp"
    return next((name for magic, name in _MAGIC if body.startswith(magic) and len(body) > 16), "")


def image_size(body: bytes) -> tuple[int, int] | None:
    """Width and height that a PNG, GIF or BMP claims, without decoding it: some claim more than fits anywhere."""
    if body.startswith(b"\x89PNG\r\n\x1a\n") and body[12:16] == b"IHDR" and len(body) >= 24:
        return int.from_bytes(body[16:20], "big"), int.from_bytes(body[20:24], "big")
    if body[:6] in (b"GIF87a", b"GIF89a") and len(body) >= 10:
        return int.from_bytes(body[6:8], "little"), int.from_bytes(body[8:10], "little")
    if body[:2] == b"BM" and len(body) >= 26:
        width = int.from_bytes(body[18:22], "little", signed=True)
        return width, abs(int.from_bytes(body[22:26], "little", signed=True))
    return None


def csv_rows(text: str, *, limit: int = 10_000) -> Iterator[list[str]]:
    """The rows of a CSV text, its separator found out; at most `limit`. A broken row ends it."""
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(text[:8192], ",;\t|")
    except csv.Error:
        dialect = csv.excel
    rows = csv.reader(io.StringIO(text), dialect)
    for _ in range(limit):
        try:
            yield next(rows)
        except (StopIteration, csv.Error):
            return


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event of a stream (text/event-stream). id: the last one that was set."""

    kind: str
    data: str
    id: str = ""
    retry_ms: int | None = None


class EventStream:
    """Reads server-sent events as they come (WHATWG HTML, section 9.2.6). limit: of one event, in characters."""

    def __init__(self, limit: int = 1 << 20) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._limit = limit
        self._line = ""
        self._after_cr = False
        self._begun = False
        self._data: list[str] = []
        self._size = 0
        self._kind = ""
        self._id = ""
        self._retry: int | None = None

    def feed(self, data: bytes) -> list[ServerEvent]:
        """The events that `data` completes. Raises ValueError for one over the limit."""
        text = self._decoder.decode(data)
        if text and not self._begun:
            self._begun, text = True, text.removeprefix("\ufeff")
        if self._after_cr and text:
            self._after_cr, text = False, text.removeprefix("\n")
        self._after_cr = self._after_cr or text.endswith("\r")
        *lines, self._line = re.split(r"\r\n|\r|\n", self._line + text)
        found = [event for line in lines if (event := self._take(line)) is not None]
        if len(self._line) + self._size > self._limit:
            raise ValueError(f"An event of the stream is longer than {self._limit} characters")
        return found

    def _take(self, line: str) -> ServerEvent | None:
        if not line:
            return self._flush()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
            self._size += len(value) + 1
        elif name == "event":
            self._kind = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdecimal():
            self._retry = int(value[:12])
        return None

    def _flush(self) -> ServerEvent | None:
        data, kind, retry = self._data, self._kind, self._retry
        self._data, self._size, self._kind, self._retry = [], 0, "", None
        return ServerEvent(kind or "message", "\n".join(data), self._id, retry) if data else None
