"""What a person made of a held message, as the bytes that go out.

The length is put right unless told otherwise: then exactly what was typed goes. It must not know
connections.
"""

from __future__ import annotations

from protocols.http.exchange import read_head, read_request_head
from protocols.http.proxy.answers import answer
from protocols.http.proxy.holding import Word
from protocols.http.proxy.rewriting import head_bytes, with_length


def request(word: Word, draft: bytes) -> tuple[bytes, bytes | None]:
    """The head and the body of an edited request; None: its own body goes. draft: the head as it would have gone."""
    if word.what != "edit":
        return draft, None
    head = draft if word.head is None else word.head
    if not word.fix_length:
        return head, word.body
    line, headers = read_request_head(head)
    _, before = read_request_head(draft)
    length = None if word.body is None else len(word.body)
    if length == 0 and not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in before):
        return head_bytes(line, with_length(headers, None, [])), word.body
    return head_bytes(line, with_length(headers, length, before)), word.body


def response(word: Word, draft: bytes, *, bodiless: bool) -> tuple[bytes, bytes | None]:
    """The same for a response. bodiless: the answer to a HEAD has no body, whatever its head says."""
    if word.what == "answer":
        return own(word, bodiless=bodiless)
    head = draft if word.head is None else word.head
    body = None if bodiless else word.body
    if not word.fix_length:
        return head, body
    found, before = read_head(head), read_head(draft).headers
    headers = with_length(found.headers, None if body is None else len(body), before)
    return head_bytes(f"HTTP/1.1 {found.status} {found.reason}", headers), body


def own(word: Word, *, bodiless: bool = False) -> tuple[bytes, bytes]:
    """An answer that a person gives in the origin's place."""
    body = word.body or b""
    if word.head is None:
        head, _ = answer(200, body)
    elif word.fix_length:
        found = read_head(word.head)
        length = None if found.status in (204, 304) else len(body)
        head = head_bytes(f"HTTP/1.1 {found.status} {found.reason}", with_length(found.headers, length, []))
    else:
        head = word.head
    return head, b"" if bodiless else body
