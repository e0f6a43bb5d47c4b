"""What identifies a person is taken out of a request, and nothing else is touched."""

from __future__ import annotations

from hypothesis import given

from protocols.http.kept.masking import hides_header, masked, taken_out
from protocols.http.kept.variables import Scope
from protocols.http.request import Auth, Body, Proxy, Request, Trust
from tests.protocols.http.formats.requests import REQUESTS

REQUEST = Request(
    "POST", "http://guido:pw1@h/?key=topsecret", headers=(("Authorization", "Bearer t"), ("X", "topsecret!"),
    ("x-API-key", "k")),
    body=Body("text", "a topsecret b", raw=b"topsecret"), auth=Auth("basic", "guido", "pw2"),
    proxy=Proxy("http://p", "u", "pw3"), trust=Trust(key_password="pw4"), cookies=(("sid", "c1"),),
)  # fmt: skip


def test_nothing_that_identifies_is_left() -> None:
    text = repr(masked(REQUEST, ["topsecret", "abc"])) + masked(REQUEST).auth.password
    for secret in ("pw1", "pw2", "pw3", "pw4", "Bearer", "topsecret", "c1"):
        assert secret not in text, secret
    assert masked(REQUEST).auth.user == "guido"
    assert masked(REQUEST, ["topsecret"]).url == "http://guido:{{password}}@h/?key={{secret}}"


def test_what_is_taken_out_can_be_put_back() -> None:
    made, found = taken_out(REQUEST, "login.")
    assert made.auth.password == "{{login.password2}}"
    assert found["login.password"] == "pw1"
    assert Scope(found).fill(made) == REQUEST


def test_references_stay() -> None:
    request = Request(auth=Auth("bearer", token="{{token}}"), headers=(("Authorization", "{{a}}"), ("Accept", "x")))
    assert masked(request) == request
    assert hides_header("COOKIE")
    assert not hides_header("Accept")


@given(REQUESTS)
def test_any_request_comes_back_from_what_was_taken_out(request: Request) -> None:
    made, found = taken_out(request, "r.")
    assert made.auth.password in ("", request.auth.password) or made.auth.password.startswith("{{r.")
    values = {name: value for name, value in found.items() if "{{" not in value}
    if len(values) == len(found) and "{{" not in repr(request):
        assert Scope(values).fill(made) == request
