"""The query of a URL as pairs, and back: what nobody touched stays byte for byte as it was typed.

Pure functions. It must not know widgets' looks; `{{name}}` of an environment is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote_plus, unquote_plus

from widgets.http.request.pairs import Pair

_SAFE: Final = "{}"
"""Of a variable's name; all else goes as urlencode() writes it: a blank as +, @ as %40."""


def query_of(url: str) -> str | None:
    """What stands between the question mark and the fragment; None without a question mark."""
    head, mark, _ = _parts(url)
    del head
    return mark[1:] if mark else None


def _parts(url: str) -> tuple[str, str, str]:
    """Before the query, the query with its question mark (or ""), and the fragment with its sign (or "")."""
    body, sharp, fragment = url.partition("#")
    head, mark, query = body.partition("?")
    return head, mark + query, sharp + fragment


def pairs_of(url: str) -> list[Pair]:
    """The parameters of a URL, decoded, in order, doubles kept."""
    query = query_of(url)
    return [_pair(piece) for piece in query.split("&")] if query else []


def _pair(piece: str) -> Pair:
    name, _, value = piece.partition("=")
    return Pair(unquote_plus(name), unquote_plus(value))


def with_pairs(url: str, pairs: Sequence[Pair]) -> str:
    """The URL with these parameters in place of its own; a piece that says the same keeps its spelling."""
    head, query, fragment = _parts(url)
    spelled: dict[tuple[str, str], list[str]] = {}
    for piece in query[1:].split("&") if query else []:
        known = _pair(piece)
        spelled.setdefault((known.name, known.value), []).append(piece)
    pieces = []
    for pair in pairs:
        if pair.on and not pair.blank:
            kept = spelled.get((pair.name, pair.value))
            pieces.append(kept.pop(0) if kept else f"{_encoded(pair.name)}={_encoded(pair.value)}")
    return head + ("?" + "&".join(pieces) if pieces else "") + fragment


def _encoded(text: str) -> str:
    return quote_plus(text, safe=_SAFE, errors="replace")


def merged(old: Sequence[Pair], url: str) -> list[Pair]:
    """The parameters of a URL that was edited, with those left out still at their places."""
    found = pairs_of(url)
    for at, pair in enumerate(old):
        if not pair.on:
            found.insert(min(at, len(found)), pair)
    return found
