"""Queries: names and values as one encoded text and back, as urllib.parse does it, with the line of Python for each.

It must not know URLs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, quote, quote_plus, unquote_plus, urlencode

from protocols.http.request import Header

MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Encoded:
    """text: the query. code: the call that gives it. problem: why there is none, a sentence."""

    text: str
    code: str
    problem: str = ""


def encoded(pairs: Iterable[Header], *, doseq: bool = True, plus: bool = True) -> Encoded:
    """The query of some pairs; a name that stands several times is a key with a list, as in a dict.

    doseq: each value of a list becomes a pair of its own; without it the list's own text is the value.
    plus: a blank becomes "+" (quote_plus), else "%20" (quote).
    """
    given: dict[str, str | list[str]] = {}
    for name, value in pairs:
        old = given.get(name)
        given[name] = value if old is None else [*([old] if isinstance(old, str) else old), value]
    code = f"urlencode({given!r}{', doseq=True' if doseq else ''}{'' if plus else ', quote_via=quote'})"
    try:
        return Encoded(urlencode(given, doseq=doseq, quote_via=quote_plus if plus else quote), code)
    except UnicodeError as error:
        return Encoded("", code, f"It can't be encoded: {error}.")


@dataclass(frozen=True, slots=True)
class Decoded:
    """rows: name, value and the text that they came from, in order. code: the call; gives: what it gives."""

    rows: tuple[tuple[str, str, str], ...]
    code: str
    gives: str
    problem: str = ""


def decoded(text: str) -> Decoded:
    """The pairs of a query, with or without what stands before its question mark."""
    query = text.strip()
    if "?" in query:
        query = query.partition("?")[2]
    query = query.partition("#")[0]
    rows = []
    for piece in query.split("&")[:MOST]:
        if piece:
            name, _, value = piece.partition("=")
            rows.append((unquote_plus(name), unquote_plus(value), piece))
    code = f"parse_qs({query[:200]!r}, keep_blank_values=True)"
    try:
        gives = repr(parse_qs(query, keep_blank_values=True, max_num_fields=MOST))
    except ValueError:
        return Decoded(tuple(rows), code, "", f"There are more than {MOST} pairs; the first are shown.")
    return Decoded(tuple(rows), code, gives)
