"""Variables are filled in wherever they stand, and what can't be filled in is named."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.http.kept.variables import Scope, VariableError, literal, literally, names_in
from protocols.http.request import Auth, Body, Part, Proxy, Request
from tests.protocols.http.formats.requests import REQUESTS, TEXTS

SCOPE = Scope(
    {"base": "http://{{host}}:{{ port }}", "host": "127.0.0.1", "port": "8080", "pw": "guido456", "own": "x {{pw}}",
     "a": "{{b}}", "b": "{{c}}", "c": "{{a}}", "of": "{{missing}}"},
    frozenset({"pw"}), "the environment dev",
)  # fmt: skip


def test_they_are_filled_in_everywhere() -> None:
    request = Request(
        "POST", "{{base}}/{{host}}", headers=(("X-{{port}}", "{{own}}"),), cookies=(("a", "{{port}}"),),
        body=Body("multipart", parts=(Part("{{host}}", "{{pw}}"), Part("f", path="{{host}}.txt"))),
        auth=Auth("basic", "guido", "{{pw}}"), proxy=Proxy("{{base}}", "u", "{{pw}}"), resolve=("{{host}}:1:1",),
    )  # fmt: skip
    assert SCOPE.fill(request) == Request(
        "POST", "http://127.0.0.1:8080/127.0.0.1", headers=(("X-8080", "x guido456"),), cookies=(("a", "8080"),),
        body=Body("multipart", parts=(Part("127.0.0.1", "guido456"), Part("f", path="127.0.0.1.txt"))),
        auth=Auth("basic", "guido", "guido456"), proxy=Proxy("http://127.0.0.1:8080", "u", "guido456"),
        resolve=("127.0.0.1:1:1",),
    )  # fmt: skip


def test_secrets_stay_references_unless_asked_for() -> None:
    request = Request(url="{{base}}", auth=Auth("bearer", token="{{pw}}"), headers=(("A", "{{own}}"),))
    filled = SCOPE.fill(request, secrets=False)
    assert (filled.url, filled.auth.token) == ("http://127.0.0.1:8080", "{{pw}}")
    assert filled.headers == (("A", "x {{pw}}"),)
    assert SCOPE.secret_values() == ("guido456",)


@pytest.mark.parametrize(("text", "words"), [
    ("{{nobody}}", "nobody is not defined in the environment dev"), ("{{of}}", "missing is not defined .* by of"),
    ("{{a}}", "a refers to itself: a -> b -> c -> a"), ("{{$randomInt 5 1}}", "two whole numbers"),
])  # fmt: skip
def test_what_has_no_value_is_named(text: str, words: str) -> None:
    with pytest.raises(VariableError, match=words):
        SCOPE.fill(Request(url=text))
    use = SCOPE.look_up("a")
    assert use.value is None
    assert "itself" in use.problem


def test_what_grows_without_end_is_refused() -> None:
    values = {f"v{n}": f"{{{{v{n + 1}}}}}" * 100 for n in range(20)} | {"v20": "x" * 100}
    with pytest.raises(VariableError, match="grows past"):
        Scope(values).text("{{v0}}")
    chain = {f"v{n}": f"{{{{v{n + 1}}}}}" for n in range(5000)}
    with pytest.raises(VariableError, match="More than 100"):
        Scope(chain).text("{{v0}}")


def test_some_are_made_anew() -> None:
    made = Scope().text("{{$uuid}} {{$guid}} {{$timestamp}} {{$randomInt 3 3}} {{$isoTimestamp}} {{$braces}}x}}")
    assert re.fullmatch(r"[0-9a-f-]{36} [0-9a-f-]{36} \d+ 3 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \{\{x\}\}", made)
    assert made.split()[0] != made.split()[1]


@pytest.mark.parametrize("text", ["{{ two words!}}", "{{}}", "{{{", "{{a\nb}}", "{%x%}", "{{.x}}", "{{a b c d e}}"])
def test_what_is_no_use_of_a_variable_stays(text: str) -> None:
    assert names_in(text) == []
    assert Scope().text(text) == text


def test_what_a_request_uses_is_listed_once() -> None:
    uses = SCOPE.uses(Request(url="{{base}}/{{pw}}", headers=(("A", "{{base}}{{zzz}}"),)))
    assert [(use.name, use.value, use.secret) for use in uses] == [
        ("base", "http://127.0.0.1:8080", False), ("pw", "guido456", True), ("zzz", None, False)]  # fmt: skip


@given(TEXTS)
def test_a_literal_text_is_left_as_it_is(text: str) -> None:
    assert Scope().text(literal(text)) == text


@given(REQUESTS)
def test_a_literal_request_is_left_as_it_is(request: Request) -> None:
    assert Scope().fill(literally(request)) == request


@given(st.dictionaries(st.sampled_from("abcd"), TEXTS, max_size=4), TEXTS)
def test_any_values_end_in_a_text_or_a_sentence(values: dict[str, str], text: str) -> None:
    use = Scope({**values, "start": text + "{{a}}"}).look_up("start")
    assert isinstance(use.value, str) or use.problem
