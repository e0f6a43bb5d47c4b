"""Text out of mail: whatever the bytes are, there is a text, and a notice where it is not what was said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocols.mail.message.parameters import read_value
from protocols.mail.message.words import base64_bytes, charset_of, decoded_words, text_of


def test_encoded_words_are_decoded_and_joined() -> None:
    value = b"=?utf-8?q?Gr=C3=BC=C3=9Fe?= =?UTF-8?B?IOKYgyA=?=\r\n =?iso-8859-1?Q?=E9t=E9?= plain"
    assert decoded_words(value) == ("Grüße ☃ été plain", "")


def test_a_character_split_between_two_encoded_words_is_whole() -> None:
    assert decoded_words(b"=?utf-8?B?4pg=?= =?utf-8?B?gw==?=")[0] == "☃"


def test_unknown_character_sets_are_shown_and_told() -> None:
    assert decoded_words(b"=?klingon?Q?abc?=") == ("abc", "The character set 'klingon' is not known: shown as UTF-8")
    assert text_of(b"\xff", "klingon")[0] == "ÿ"


def test_codecs_that_are_no_character_sets_are_not_used() -> None:
    for name in ("base64", "zip", "rot13", "punycode", "unicode_escape", "idna", "undefined", "../../etc/passwd", "\0"):
        assert charset_of(name) is None


@given(st.binary(max_size=300), st.text(max_size=20))
def test_any_bytes_in_any_character_set_give_a_text(data: bytes, charset: str) -> None:
    text, notice = text_of(data, charset)
    assert isinstance(text, str)
    assert isinstance(notice, str)


@given(st.binary(max_size=300))
def test_any_header_value_gives_a_text(data: bytes) -> None:
    decoded_words(data)
    decoded_words(b"=?utf-8?B?" + data + b"?= =?x?q?" + data)
    base64_bytes(data)


@given(st.binary(max_size=300))
def test_any_value_with_parameters_is_read(data: bytes) -> None:
    read_value(data)
    read_value(b"text/plain; name*0*=utf-8''" + data + b"; name*1=" + data)


def test_long_and_encoded_parameters_are_joined() -> None:
    line = b"attachment; filename*0*=UTF-8''na%C3%AFve; filename*1*=%20caf%C3%A9; filename*2=.txt"
    assert read_value(line) == ("attachment", {"filename": "naïve café.txt"})


def test_quotes_and_encoded_words_in_parameters_are_read() -> None:
    line = b'text/plain; NAME="a \\"b\\"; c.txt" ; charset = utf-8; x="=?utf-8?q?=C3=A9?="'
    assert read_value(line) == ("text/plain", {"name": 'a "b"; c.txt', "charset": "utf-8", "x": "é"})
