"""Forms are read as browsers, curl and our own client write them; what is no form is refused in a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.http.server.formdata import FormData, FormError, read_form

KIND = "multipart/form-data; boundary=xYz"
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters='"\\%;'), min_size=1, max_size=20)


@settings(max_examples=60)
@given(st.lists(st.tuples(WORDS, st.binary(max_size=200), st.booleans()), max_size=6))
def test_any_bytes_come_back_from_a_multipart_body(parts: list[tuple[str, bytes, bool]]) -> None:
    parts = [part for part in parts if b"--xYz" not in part[1]]
    body = b""
    for name, data, is_file in parts:
        more = '; filename="f"\r\nContent-Type: a/b' if is_file else ""
        body += b'--xYz\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (
            name.encode(), more.encode(), data,
        )  # fmt: skip
    form = read_form("", KIND, body + b"--xYz--\r\n")
    assert [(one.name, one.data) for one in form.files] == [(name, data) for name, data, is_file in parts if is_file]
    assert form.fields == [(name, data.decode("utf-8", "replace")) for name, data, is_file in parts if not is_file]


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_any_body_is_a_form_or_refused(body: bytes) -> None:
    for data in (body, b"--xYz\r\n" + body, b"--xYz\r\nContent-Disposition: form-data; name=a\r\n\r\n" + body):
        try:
            form = read_form("", KIND, data)
        except FormError:
            continue
        assert sum(len(one.data) for one in form.files) + len(form.fields) <= len(data)


@pytest.mark.parametrize(("body", "why"), [
    (b"nothing", "nowhere"), (b"--xYz\r\n\r\nx\r\n--xYz--", "no headers"),
    (b"--xYz\r\nA: b\r\n\r\nx\r\n--xYz--", "no name"),
    (b'--xYz\r\nContent-Disposition: form-data; name="a"\r\n\r\nx', "cut"), (b"--xYz junk\r\n--xYz--", "no line end"),
])  # fmt: skip
def test_what_is_no_form_is_refused_in_words(body: bytes, why: str) -> None:
    with pytest.raises(FormError, match=why):
        read_form("", KIND, body)


def test_names_with_quotes_come_as_browsers_and_as_curl_write_them() -> None:
    head = b'--xYz\r\nContent-Disposition: form-data; name="%s"\r\n\r\nv\r\n--xYz--'
    assert read_form("", KIND, head % b"a%22b").fields == [('a"b', "v")]
    assert read_form("", KIND, head % b'a\\"b').fields == [('a"b', "v")]


def test_values_are_given_as_the_old_module_gave_them() -> None:
    form = read_form("a=1&b=2&a=3", "application/x-www-form-urlencoded", b"c=%2B&d=")
    assert [form.getvalue(name) for name in "abcx"] == [["1", "3"], "2", "+", None]
    assert (form.getfirst("a"), form.getlist("d"), FormData().getfirst("q", "none")) == ("1", [""], "none")
    with pytest.raises(FormError, match="1000"):
        read_form("&".join(["a=1"] * 1001), "", b"")
