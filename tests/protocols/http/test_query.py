"""Queries: what urllib.parse makes of pairs, and of text."""

from __future__ import annotations

from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from protocols.http.query import decoded, encoded

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


def test_pairs_are_encoded_as_a_form_has_them() -> None:
    found = encoded([("name", "Dave"), ("email", "dave@dabeaz.com")])
    assert found.text == "name=Dave&email=dave%40dabeaz.com"
    assert found.code == "urlencode({'name': 'Dave', 'email': 'dave@dabeaz.com'}, doseq=True)"


def test_a_list_becomes_pairs_only_with_doseq_and_a_blank_has_two_ways() -> None:
    pairs = [("a", "1 x"), ("a", "2")]
    assert encoded(pairs).text == "a=1+x&a=2"
    assert encoded(pairs, plus=False).text == "a=1%20x&a=2"
    assert encoded(pairs, doseq=False).text == "a=%5B%271+x%27%2C+%272%27%5D"
    assert encoded([("a", "\ud800")]).problem


def test_text_is_decoded_with_and_without_its_url() -> None:
    found = decoded("http://h/p?name=Da+ve&name=%C3%BC&empty=#top")
    assert [row[:2] for row in found.rows] == [("name", "Da ve"), ("name", "\u00fc"), ("empty", "")]
    assert found.gives == "{'name': ['Da ve', '\u00fc'], 'empty': ['']}"
    assert "more than 1000" in decoded("&".join(["a=1"] * 1001)).problem


@limits(max_examples=100)
@given(st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=5))
def test_what_was_encoded_is_decoded(pairs: list[tuple[str, str]]) -> None:
    text = encoded(pairs).text
    assert sorted((name, value) for name, value, _ in decoded("?" + text).rows) == sorted(pairs)
    assert sorted(parse_qsl(text, keep_blank_values=True)) == sorted(pairs)


@limits(max_examples=100)
@given(st.text(max_size=80))
def test_any_text_is_decoded_without_an_error(text: str) -> None:
    decoded(text)
