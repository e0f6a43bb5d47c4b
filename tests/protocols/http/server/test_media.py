"""Media types by the end of a name: what a person types is read, or refused with its reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.http.server.folder import Folder
from protocols.http.server.media import MediaError, read_types, usual_types, write_types


def test_the_dot_is_optional_and_case_does_not_matter() -> None:
    types = read_types(["md=text/markdown", ".LOG = text/plain; charset=utf-8"])
    assert types == {".md": "text/markdown", ".log": "text/plain; charset=utf-8"}
    assert write_types(types) == ".md=text/markdown, .log=text/plain; charset=utf-8"
    assert read_types(write_types(types).split(",")) == types


@pytest.mark.parametrize("word", ["md", "=text/plain", "md=", "md=text", "a/b=text/plain", "md=text/pla\nin"])
def test_what_is_none_is_refused(word: str) -> None:
    with pytest.raises(MediaError):
        read_types([word])


@given(st.text(max_size=30))
def test_any_word_is_read_or_refused(word: str) -> None:
    try:
        types = read_types([word])
    except MediaError:
        return
    assert all("\n" not in value and "\r" not in value for value in types.values())


def test_the_four_of_the_course_are_what_they_are_and_an_override_wins(tmp_path: object) -> None:
    usual = usual_types()
    assert [usual[end] for end in (".txt", ".html", ".png", ".jpeg")] == [
        "text/plain", "text/html", "image/png", "image/jpeg"]  # fmt: skip
    assert Folder(str(tmp_path), {".png": "x/y"}).type_of("a.PNG") == "x/y"
