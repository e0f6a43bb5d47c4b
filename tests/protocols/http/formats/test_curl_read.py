"""Commands are read as curl reads them, come back after an export, and what is left out is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.http.bodies import encoded
from protocols.http.formats.curl_read import from_curl
from protocols.http.formats.curl_split import commands
from protocols.http.formats.curl_write import to_curl
from protocols.http.request import Auth, Body, Part, Proxy, Request, RequestError, Trust, checked
from tests.protocols.http.formats.requests import TEXT, TRICKY


def test_a_command_from_a_browser() -> None:
    made = from_curl("""curl 'https://h/api?x=1' \\
      -X PUT -H 'accept: */*' -H 'X-Empty;' -H 'User-Agent:' -b 'a=1; b=2' \\
      --data-raw '{"a":"it'\\''s"}' --compressed -k""")
    request = made.request
    assert (request.method, request.url, request.decode) == ("PUT", "https://h/api?x=1", True)
    assert not request.trust.verify
    assert request.headers == (("accept", "*/*"), ("X-Empty", ""))
    assert request.without == ("User-Agent",)
    assert request.cookies == (("a", "1"), ("b", "2"))
    assert encoded(request.body).data == b'{"a":"it\'s"}'
    assert made.notes == []


@pytest.mark.parametrize(("command", "wanted"), [
    ("curl h", Request(url="h", follow=False, decode=False)),
    ("curl -sSLu guido:pw --digest h", Request(url="h", decode=False, auth=Auth("digest", "guido", "pw"))),
    ("curl -Ih", Request(url="h", method="HEAD", follow=False, decode=False)),
    ("curl -Gd a=1 -d b=2 'http://h/x?o=0'", Request(url="http://h/x?o=0&a=1&b=2", follow=False, decode=False)),
    ("curl -xsocks5h://u:p@p:1 h",
     Request(url="h", follow=False, decode=False, proxy=Proxy("socks5h://p:1", "u", "p"))),
    ("curl -T /srv/f h/",
     Request("PUT", "h/f", body=Body("file", path="/srv/f"), without=("Content-Type",), follow=False, decode=False)),
    ("curl -F 'a=b;type=x/y' -F 'f=@\"/srv/;f\";filename=n' h", Request(
        "POST", "h",
        body=Body("multipart", parts=(Part("a", "b", content_type="x/y"), Part("f", path="/srv/;f", filename="n"))),
        follow=False, decode=False)),
])  # fmt: skip
def test_options_mean_what_they_mean_to_curl(command: str, wanted: Request) -> None:
    assert from_curl(command.replace("-Ih", "-I h")).request == wanted


def test_what_has_no_place_is_named() -> None:
    made = from_curl("curl -o out.txt --limit-rate 3k --unheard h second")
    assert made.request.url == "h"
    assert len(made.notes) == 2


@pytest.mark.parametrize(
    "command", ["", "wget h", "printf %s x | curl -d @- h", "curl", "curl 'h", "curl -H", "curl -m x h",
    "curl -d @/no/such/file h"]
)
def test_what_is_no_command_is_refused(command: str) -> None:
    with pytest.raises(RequestError, match=r"\w"):
        from_curl(command)


CMD = """curl ^"https://h/api?x=1^&y=^%^20^" ^
  -X ^"PUT^" ^
  -H ^"accept: */*^" ^
  --data-raw ^"^{^\\^"a^\\^": ^\\^"C:^\\^\\dir^\\^",^

 ^\\^"b^\\^": 2^}^" ^
  --compressed"""


def test_a_command_for_windows() -> None:
    made = from_curl(CMD.replace("\n", "\r\n")).request
    assert (made.method, made.url, made.headers) == ("PUT", "https://h/api?x=1&y=%20", (("accept", "*/*"),))
    assert made.body == Body("text", '{"a": "C:\\\\dir",\n "b": 2}', content_type="application/x-www-form-urlencoded")


@pytest.mark.parametrize(("text", "words"), [
    ("a 'b c' \"d \\\"e\\\" \\n\"f", ["a", "b c", 'd "e" \\nf']),
    (r"$'\x41\u00fc\n\'\\' b\ c", ["Aü\n'\\", "b c"]),
    ("a \\\n b # not c\n", ["a", "b"]),
    ("'' \"\"", ["", ""]),
])  # fmt: skip
def test_words_are_cut_as_bash_cuts_them(text: str, words: list[str]) -> None:
    assert commands(text)[0] == words


@pytest.mark.parametrize(("command", "data"), [
    ("printf -- '-\\x00%%\\n' | curl --data-binary @- h", b"-\0%\n"), ("echo a b | curl -d @- h", b"a b"),
    ("printf 'it'\\''s' | curl --data-binary @- h", b"it's"),
])  # fmt: skip
def test_what_is_piped_in(command: str, data: bytes) -> None:
    assert encoded(from_curl(command).request.body).data == data


def test_several_at_once() -> None:
    read = from_curl("$ curl h/1 h/2 --next -d a=b h/3 && curl h/4 | jq .")
    assert [(one.request.method, one.request.url) for one in read.requests] == [
        ("GET", "h/1"), ("GET", "h/2"), ("POST", "h/3"), ("GET", "h/4")]  # fmt: skip
    assert read.notes == ["'jq' behind the command was left out."]


@pytest.mark.parametrize(("command", "body"), [
    ("-d a=1 -d 'b=x y'", Body("text", "a=1&b=x y", content_type="application/x-www-form-urlencoded")),
    ("-d a=1 --data-urlencode 'b=x y&' --data-urlencode =z", Body("text", "a=1&b=x%20y%26&z",
                                                                   content_type="application/x-www-form-urlencoded")),
    ("-d 'name=Dave&t=a+b'", Body("form", fields=(("name", "Dave"), ("t", "a b")))),
    ("--json '{' --json '}'", Body("json", "{}")),
    ("-H 'content-type: application/json' -d '{}'", Body("json", "{}")),
    ("-H 'content-type:' -d '<a/>'", Body("xml", "<a/>")),
    ("--data-binary @/srv/x", Body("file", path="/srv/x", content_type="application/x-www-form-urlencoded")),
    ("-F 'a=b;type=text/x; charset=utf-8'", Body("multipart", parts=(Part("a", "b",
    content_type="text/x; charset=utf-8"),))),
    ("--form-string 'a=@b;c'", Body("multipart", parts=(Part("a", "@b;c"),))),
])  # fmt: skip
def test_bodies(command: str, body: Body) -> None:
    assert from_curl(f"curl {command} h").request.body == body


@pytest.mark.parametrize(("options", "wanted"), [
    ("--user-agent x --referer 'y;auto' -r 0-9", {"headers": (("User-Agent", "x"), ("Referer", "y"), ("Range",
    "bytes=0-9"))}),
    ("--insec --compressed", {"trust": Trust(verify=False), "decode": True}),
    ("-E c.pem:pw --key k", {"trust": Trust(certificate="c.pem", key="k", key_password="pw")}),
    ("--socks5-hostname p:1 -U a:b", {"proxy": Proxy("socks5h://p:1", "a", "b")}),
    ("--url-query 'a=b c' --url-query +x=%20", {"url": "http://h?a=b%20c&x=%20"}),
    ("--oauth2-bearer t", {"auth": Auth("bearer", token="t")}),
    ("-sSfvk -o /dev/null -w '%{http_code}' 2>&1", {"trust": Trust(verify=False)}),
])  # fmt: skip
def test_more_options(options: str, wanted: dict[str, object]) -> None:
    made = from_curl(f"curl {options} h")
    assert {name: getattr(made.request, name) for name in wanted} == wanted
    assert made.notes == []


@pytest.mark.parametrize("shell", ["bash", "cmd"])
@given(words=st.lists(st.one_of(TEXT, TRICKY), min_size=1, max_size=4))
def test_what_is_quoted_for_a_shell_comes_back(shell: str, words: list[str]) -> None:
    body = Body("multipart", parts=tuple(Part("a", word) for word in words))
    for wrap in (False, True):
        try:
            command = to_curl(Request("POST", "http://h/", body=body), shell=shell, wrap=wrap)  # type: ignore[arg-type]
        except RequestError:
            assert any(ord(sign) < 32 for word in words for sign in word)
            continue
        assert from_curl(command).request.body == body


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    for start in ("", "curl ", "curl -F ", "curl -d", "curl ^\n ", "curl $'"):
        try:
            from_curl(start + text)
        except RequestError:
            continue


WORD = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
LINE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs"), max_codepoint=0x2FFF), min_size=1, max_size=12)
NAME = st.text("abcXYZ09-", min_size=1, max_size=8).filter(
    lambda name: name.lower() not in ("accept-encoding", "user-agent", "content-type", "referer"))  # fmt: skip
REQUESTS = st.builds(
    Request,
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    url=WORD.map(lambda word: "http://127.0.0.1/" + word),
    headers=st.lists(st.tuples(NAME, st.one_of(st.just(""), LINE)), max_size=4).map(tuple),
    body=st.one_of(
        st.just(Body()), LINE.map(lambda text: Body("json", text)),
        LINE.map(lambda text: Body("form", fields=(("a", text),))),
        st.tuples(NAME, LINE, LINE).map(lambda one: Body("multipart", parts=(
            Part(one[0], one[1]), Part(one[0], path="/dev/null", filename=one[2])))),
    ),
    auth=st.one_of(st.just(Auth()), st.tuples(NAME, WORD).map(lambda one: Auth("digest", *one))),
    trust=st.sampled_from([Trust(), Trust(verify=False)]),
    version=st.sampled_from(["auto", "1.0", "1.1", "2"]),
    follow=st.booleans(),
    decode=st.booleans(),
)  # fmt: skip


@given(REQUESTS)
def test_an_exported_command_comes_back(request: Request) -> None:
    back = from_curl(to_curl(request)).request
    asked = checked(request)
    ours = (("Accept-Encoding", "gzip, deflate, br"),) if asked.decode else ()
    typed = encoded(asked.body).content_type
    own = (("Content-Type", typed),) if typed and "form" not in typed else ()
    assert back.headers == (*ours, ("User-Agent", "netlab"), *asked.headers, *own)
    for name in ("method", "url", "auth", "trust", "version", "follow", "decode"):
        assert getattr(back, name) == getattr(asked, name), name
    assert encoded(back.body).data == encoded(asked.body).data
    assert encoded(back.body).parts == encoded(asked.body).parts


def test_a_caret_within_quotes_is_no_sign_of_windows() -> None:
    assert from_curl("""curl -F 'a=^";^\n' h""").request.body == Body("multipart", parts=(Part("a", '^";^\n'),))
