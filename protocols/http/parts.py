"""What each byte of a message is, and each letter of a URL: the first line, headers, the blank line, chunks, the body.

For a map of bytes in colours and for words under the pointer. Pure functions; it must not know widgets.
RFC 9112 sections 2, 3, 4 and 7; RFC 3986 section 3; the kinds of headers are those of RFC 2616.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from urllib.parse import unquote_plus

from protocols.http.ntlm_words import kind_words

PartKind: TypeAlias = Literal["line", "name", "value", "end", "blank", "framing", "body", "trailer"]
MOST: Final = 20_000
"""Spans of one message; what follows is one more span."""
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_LINE: Final = re.compile(rb"[^\n]*\n|[^\n]+")
_GENERAL: Final = frozenset((
    "cache-control", "connection", "date", "pragma", "trailer", "transfer-encoding", "upgrade", "via", "warning",
))  # fmt: skip
_ENTITY: Final = frozenset(("allow", "expires", "last-modified"))
_IDENTITIES: Final = frozenset(("authorization", "proxy-authorization"))
_CHALLENGES: Final = frozenset(("www-authenticate", "proxy-authenticate"))


@dataclass(frozen=True, slots=True)
class Span:
    """Places start to before stop. name: what they are; told: what they say, a sentence or "" for nothing more."""

    start: int
    stop: int
    kind: PartKind
    name: str
    told: str = ""


def message_parts(data: bytes, head: int, *, sent: bool = False, chunked: bool = False) -> list[Span]:
    """The parts of a message, without a gap, in order.

    head: how many of the first bytes are heads (1xx included). sent: it is a request. chunked: how its body is framed.
    """
    found: list[Span] = []
    for span in _message(data, head, sent, chunked):
        found.append(span)
        if len(found) == MOST:
            break
    at = found[-1].stop if found else 0
    return found if at >= len(data) else [*found, Span(at, len(data), "body", "All that follows")]


def _message(data: bytes, head: int, sent: bool, chunked: bool) -> Iterator[Span]:
    yield from _head(data[:head], 0, sent)
    if head >= len(data):
        return
    if chunked:
        yield from _chunks(data, head)
    else:
        yield Span(head, len(data), "body", "Body" if head else "No head", f"{len(data) - head} bytes")


def _head(data: bytes, base: int, sent: bool, kind: PartKind | None = None) -> Iterator[Span]:
    """The lines of a head; kind "trailer": of headers behind a body."""
    first = kind is None
    for found in _LINE.finditer(data):
        line, start = found.group(), base + found.start()
        text = line.rstrip(b"\r\n") if line.endswith(b"\n") else line
        stop = start + len(text)
        if not text:
            yield Span(start, base + found.end(), "blank", "The blank line", "It ends the head: the body begins here.")
            first = kind is None  # behind a 1xx another head begins
            continue
        if first:
            yield from _first_line(text, start, sent)
        else:
            yield from _header(text, start, sent, kind)
        first = False
        if stop < base + found.end():
            yield Span(stop, base + found.end(), "end", "End of the line", _end_words(line[len(text) :]))


def _end_words(end: bytes) -> str:
    return "CR LF, as HTTP wants it." if end == b"\r\n" else "LF alone: most readers take it, strict ones do not."


def _first_line(text: bytes, start: int, sent: bool) -> Iterator[Span]:
    words = ("Method", "Target", "Version") if sent else ("Version", "Status", "Reason")
    told = {
        "Method": "What is to be done.", "Target": "With what: the path and the query of the URL.",
        "Version": "Which HTTP is spoken.", "Status": "How it went: the first digit is the class.",
        "Reason": "For people; programs ignore it.",
    }  # fmt: skip
    line = "Request line" if sent else "Status line"
    at = 0
    for word, part in zip(words, text.split(b" ", 2), strict=False):
        if at:
            yield Span(start + at - 1, start + at, "end", "A blank", "It parts the words of the first line.")
        if part:
            yield Span(start + at, start + at + len(part), "line", f"{line}: {word.lower()}", told[word])
        at += len(part) + 1


def _header(text: bytes, start: int, sent: bool, kind: PartKind | None) -> Iterator[Span]:
    name, colon, value = text.partition(b":")
    if not colon:
        yield Span(start, start + len(text), "name", "No header", "There is no colon in this line.")
        return
    word = name.decode("latin-1")
    what = "Trailer" if kind == "trailer" else header_kind(word, sent=sent)
    yield Span(start, start + len(name) + 1, kind or "name", f"{what}: {word}", HEADER_KINDS[what])
    left = len(value) - len(value.lstrip(b" \t"))
    if left:
        yield Span(start + len(name) + 1, start + len(name) + 1 + left, "end", "A blank", "It belongs to no value.")
    if len(value) > left:
        told = told_value(word, value[left:].decode("utf-8", "replace"))
        yield Span(start + len(name) + 1 + left, start + len(text), kind or "value", f"Value of {word}", told)


HEADER_KINDS: Final = {
    "General header": "About the message or the connection, in requests and answers alike.",
    "Entity header": "About the body: its type, its length, its age.",
    "Request header": "What the client says of itself and of what it wants.",
    "Response header": "What the server says of itself and of its answer.",
    "Trailer": "A header that stands behind a chunked body.",
}


def header_kind(name: str, *, sent: bool) -> str:
    """Which of the four kinds a header is (RFC 2616 sections 4.5, 5.3, 6.2 and 7.1)."""
    small = name.strip().lower()
    if small in _GENERAL:
        return "General header"
    if small.startswith("content-") or small in _ENTITY:
        return "Entity header"
    return "Request header" if sent else "Response header"


def told_value(name: str, value: str) -> str:
    """What a value holds that can't be read at once; "" for nothing. Basic credentials are decoded: it takes no key."""
    small = name.strip().lower()
    scheme, _, rest = value.partition(" ")
    if scheme.lower() == "ntlm" and small in _IDENTITIES | _CHALLENGES:
        return kind_words(value)
    if small not in _IDENTITIES:
        return ""
    if scheme.lower() == "basic":
        try:
            said = base64.b64decode(rest.strip(), validate=True).decode("utf-8", "backslashreplace")
        except (binascii.Error, ValueError):
            return "This is no base64."
        return f"base64 of {said}, which anybody on the way can undo."
    if scheme.lower() == "digest":
        return "A hash of user, realm, password, nonce, method and target: the Auth tab computes it step by step."
    return "Whoever has this token is let in." if scheme.lower() == "bearer" else ""


def _chunks(data: bytes, at: int) -> Iterator[Span]:
    while at < len(data):
        found = _CHUNK.match(data, at)
        if found is None:
            yield Span(at, len(data), "body", "No chunk", "A chunk begins with its size in hex digits.")
            return
        size = int(found.group(1), 16)
        told = f"{size} bytes follow." if size else "The last chunk: trailers and a blank line follow."
        yield Span(at, found.end(), "framing", "Size of a chunk", told)
        at = found.end()
        if not size:
            yield from _head(data[at:], at, sent=False, kind="trailer")
            return
        if at < len(data):
            yield Span(at, min(at + size, len(data)), "body", "Body, in a chunk", f"{size} bytes")
        at += size
        closing = re.compile(rb"\r?\n").match(data, at)
        if closing is not None:
            yield Span(at, closing.end(), "framing", "End of a chunk")
            at = closing.end()


def span_at(spans: Sequence[Span], place: int) -> Span | None:
    """The span of a place, by halving."""
    low, high = 0, len(spans)
    while low < high:
        middle = (low + high) // 2
        if spans[middle].stop <= place:
            low = middle + 1
        else:
            high = middle
    return spans[low] if low < len(spans) and spans[low].start <= place else None


# URLs

_URL: Final = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)(?P<mark>://))?(?:(?P<user>[^/?#@:]*)(?P<colon>:(?P<password>[^/?#@]*))?@)?"
    r"(?P<host>\[[^\]/?#]*\]|[^/?#:]*)(?::(?P<port>[0-9]*))?(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?"
)
_URL_WORDS: Final = (
    ("scheme", "Scheme", "Which protocol is spoken, and so which port where none is named."),
    ("user", "User", "Sent as the name of Basic credentials, never as a part of the target."),
    ("password", "Password", "Readable for everybody who sees this URL."),
    ("host", "Host", "Looked up for an address; sent again in the header Host."),
    ("port", "Port", "Where the server listens."),
    ("path", "Path", "Which thing of the server is meant: the first part of the target."),
)


def url_parts(url: str) -> list[Span]:
    """The parts of a URL by their places, each parameter of its query for itself; empty for what is none."""
    found = _URL.fullmatch(url)
    if found is None or not (found["host"] or found["path"]):
        return []
    spans = [Span(found.start(group), found.end(group), "line", name, told)
             for group, name, told in _URL_WORDS if found[group]]  # fmt: skip
    if found["query"]:
        spans += _parameters(found["query"], found.start("query"))
    if found["fragment"]:
        told = "A place within the page: it stays with the client and is never sent."
        spans.append(Span(found.start("fragment"), found.end("fragment"), "value", "Fragment", told))
    return spans


def _parameters(query: str, at: int) -> Iterator[Span]:
    for pair in query.split("&"):
        name, equals, value = pair.partition("=")
        if name:
            yield Span(at, at + len(name), "name", "Name of a parameter", f"It reads {unquote_plus(name)!r}.")
        if equals and value:
            begin = at + len(name) + 1
            told = f"It reads {unquote_plus(value)!r}."
            yield Span(begin, at + len(pair), "value", f"Value of {unquote_plus(name)}", told)
        at += len(pair) + 1
