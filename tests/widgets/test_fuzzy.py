"""What somebody types finds what they mean."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from widgets.fuzzy import match

NAMES = ["Start upper-case server on 2345", "Start echo server", "Stop all", "Restart", "Show as Python", "Half-close"]


def found(query: str) -> list[str]:
    hits = [(hit.score, name) for name in NAMES if (hit := match(query, name)) is not None]
    return [name for _, name in sorted(hits, key=lambda pair: -pair[0])]


def marked(query: str, text: str) -> str:
    hit = match(query, text)
    assert hit is not None
    return "".join(text[place] for place in hit.marks)


def test_a_piece_of_a_word_finds_it() -> None:
    assert found("echo") == ["Start echo server"]
    assert found("python") == ["Show as Python"]


def test_the_start_of_the_text_comes_before_the_middle_of_a_word() -> None:
    assert found("start")[-1] == "Restart"
    assert set(found("start")[:2]) == {"Start echo server", "Start upper-case server on 2345"}


def test_every_word_has_to_fit_in_any_order() -> None:
    assert found("server echo") == ["Start echo server"]
    assert found("server tulip") == []


def test_initials_find_a_phrase() -> None:
    assert found("sap") == ["Show as Python"]
    assert marked("sap", "Show as Python") == "SaP"


def test_the_letters_that_fit_are_marked() -> None:
    assert marked("START echo", "Start echo server") == "Startecho"
    assert marked("ser", "Start server") == "ser"


def test_group_and_detail_count_less_than_the_name() -> None:
    with_name, with_detail = match("creosote", "Creosote"), match("creosote", "Start a bucket", "Creosote, 7739")
    assert with_name is not None
    assert with_detail is not None
    assert with_name.score > with_detail.score
    assert with_detail.marks == ()


def test_nothing_typed_fits_everything() -> None:
    assert set(found("  ")) == set(NAMES)


@given(st.text(max_size=12), st.text(max_size=30))
def test_marks_are_places_in_the_text(query: str, text: str) -> None:
    hit = match(query, text)
    if hit is not None:
        assert all(0 <= place < len(text) for place in hit.marks)
        assert list(hit.marks) == sorted(set(hit.marks))


@given(st.text(min_size=1, max_size=20))
def test_a_text_fits_itself(text: str) -> None:
    assert match(text, text) is not None
