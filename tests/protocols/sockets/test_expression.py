"""A user's own transform: what is allowed works as in Python, everything else is refused before it runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.sockets.expression import LIMIT_BYTES, Expression, ExpressionError


@pytest.mark.parametrize(
    ("text", "given_bytes", "result"),
    [
        ("data", b"abc", b"abc"),
        ("data.upper()", b"abc", b"ABC"),
        ("data[::-1]", b"abc", b"cba"),
        ("data[1:3] + b'!'", b"abcd", b"bc!"),
        ("data * 2", b"ab", b"abab"),
        ("bytes(b ^ 32 for b in data)", b"aB", b"Ab"),
        ("bytes([b for b in data if b != 97])", b"banana", b"bnn"),
        ("b' '.join(reversed(data.split()))", b"one two", b"two one"),
        ("data.replace(b'a', b'o') if len(data) < 9 else b'too long'", b"banana", b"bonono"),
        ("str(len(data))", b"abcd", b"4"),
        ("data.decode('latin-1').title()", b"mixed case", b"Mixed Case"),
        ("bytes(sorted(data))", b"cab", b"abc"),
        ("b'yes' if b'x' in data and not data.startswith(b'y') else b'no'", b"axe", b"yes"),
        ("bytes([sum(data) % 256])", b"\x01\x02", b"\x03"),
    ],
)
def test_an_allowed_expression_does_what_python_does(text: str, given_bytes: bytes, result: bytes) -> None:
    assert Expression(text)(given_bytes) == result


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "open('/etc/passwd').read()",
        "data.__class__",
        "().__class__.__bases__",
        "(lambda: data)()",
        "eval('data')",
        "exec('1')",
        "globals()",
        "data if (x := data) else data",
        "[y for x in data for y in data]",
        "f'{data}'",
        "data.upper(*[])",
        "data.decode(encoding='latin-1')",
        "data.translate(data)",
        "data.format()",
        "2 ** 99999999",
        "1 << 99999999",
        "print(data)",
        "names",
        "data; data",
        "",
        "data(",
        "1.5",
        "{data}",
        "await data",
        "yield data",
        "...",
    ],
)
def test_what_is_not_on_the_list_is_refused_before_it_runs(text: str) -> None:
    with pytest.raises(ExpressionError):
        Expression(text)


@pytest.mark.parametrize(
    "text",
    [
        "data * 1000000000",
        "data.ljust(1000000000)",
        "data.replace(b'', b'x' * 100000)",
        "b','.join([data * 1000] * 100000)",
        "bytes([x for x in (data * 100000)])",
        "data.decode('rot13')",
        "b'%999999999d' % 1",
        "data[0]",
        "data[99]",
        "99999999999 * 99999999999 * 99999999999",
        "bytes(5)",
        "sum(data)",
        "data + 'text'",
    ],
)
def test_a_run_that_fails_or_grows_ends_with_a_sentence(text: str) -> None:
    expression = Expression(text)
    with pytest.raises(ExpressionError, match=r"\.$"):
        expression(b"abcdefgh" * 4)


def test_a_deeply_nested_expression_is_refused_not_a_crash() -> None:
    with pytest.raises(ExpressionError):
        Expression("(" * 5000 + "data" + ")" * 5000)
    with pytest.raises(ExpressionError):
        Expression("-" * 1500 + "1")


@given(st.text(max_size=60), st.binary(max_size=40))
def test_any_text_is_refused_or_gives_bounded_bytes(text: str, data: bytes) -> None:
    try:
        result = Expression(text)(data)
    except ExpressionError:
        result = b""
    assert len(result) <= LIMIT_BYTES * 4
