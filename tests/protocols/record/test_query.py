"""What a person types into the search box becomes conditions, or a clear refusal."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.record.query import Filter, QueryError, Term, parse


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Hello World", [Term("word", "hello"), Term("word", "world")]),
        ('"Hello World"', [Term("word", "hello world")]),
        ("-bye", [Term("word", "bye", True)]),
        ("conn:3 -kind:recv", [Term("conn", "3"), Term("kind", "recv", True)]),
        ('service:"client 1"', [Term("service", "client 1")]),
        ("errno", [Term("failed", "")]),
        ('"errno"', [Term("word", "errno")]),
        ("errno:ECONNRESET", [Term("errno", "ECONNRESET")]),
        ("http://x", [Term("word", "http://x")]),
        ("127.0.0.1:80", [Term("word", "127.0.0.1:80")]),
        ('half "open', [Term("word", "half"), Term("word", "open")]),
        ("- a -", [Term("word", "a")]),
        ("  ", []),
    ],
)
def test_the_search_box(text: str, terms: list[Term]) -> None:
    assert parse(text) == terms


@pytest.mark.parametrize("text", ["layer:wire", "dir:up", "/(/"])
def test_what_makes_no_sense_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(QueryError) as refused:
        Filter(text)
    assert len(str(refused.value)) > 10


def test_only_an_empty_filter_is_everything() -> None:
    assert Filter("  ").everything
    assert Filter(layers=frozenset(("call", "state", "message", "packet", "note"))).everything
    assert not Filter("a").everything
    assert not Filter(layers=frozenset()).everything
    assert not Filter(errors_only=True).everything


@given(st.text())
def test_anything_typed_is_understood_or_refused(text: str) -> None:
    with suppress(QueryError):
        assert Filter(text).everything == (not parse(text))
