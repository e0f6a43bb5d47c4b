"""Requests by chance, and what of two requests must be the same when one came back from a format."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from hypothesis import strategies as st

from protocols.http.bodies import Encoded, encoded
from protocols.http.request import Auth, Body, Limits, Part, Proxy, Request, Trust

TEXT = st.text(st.characters(exclude_categories=("Cs",), max_codepoint=0x2FFF), max_size=40)
LINE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), max_codepoint=0x2FFF), min_size=1,
               max_size=12)  # fmt: skip
WORD = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
TRICKY = st.sampled_from([
    "### no separator", "< ./no/file", "<@ x", "> {% no script %}", "<> x.http", "# @no tag", "\\x41", "a\r\nb",
    "\n", "",
    "  blanks first", "ends\n\n", "{\"a\": 1}\n", "{{base}}", "{{ a", "@v = 1", "\\", "--netlab-boundary", "\x00\x1b",
    "\u2028\x85\x0c", "GET / HTTP/1.1\nHost: x\n\nbody", "\ufeffmark", "// x", "a=b&c={{d}}&é=%20+",
])  # fmt: skip
TEXTS = st.one_of(TEXT, TRICKY, st.lists(TRICKY, max_size=4).map("\n".join))
NAME = st.from_regex(r"[A-Za-z!$%&'*+.^_`|~0-9-]{1,8}", fullmatch=True).filter(
    lambda name: name.lower() not in ("accept-encoding", "user-agent", "content-type", "referer", "authorization",
                                      "cookie", "te", "range"))  # fmt: skip
PATH = st.one_of(st.just("/dev/null"), LINE.map(lambda one: "/srv/" + one.replace("/", "")), st.just("notes ü.txt"))
PARTS = st.one_of(
    st.builds(Part, LINE, TEXTS, filename=st.one_of(st.just(""), LINE),
              content_type=st.sampled_from(["", "text/plain", "a/b; c=\"d\""])),
    st.builds(lambda name, path: Part(name, path=path), LINE, PATH),
)  # fmt: skip
BODIES = st.one_of(
    st.just(Body()),
    st.builds(Body, st.sampled_from(["json", "xml", "text"]), TEXTS),
    st.builds(lambda text: Body("text", text, content_type="text/csv"), TEXTS),
    st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(lambda pairs: Body("form", fields=tuple(pairs))),
    st.lists(PARTS, min_size=1, max_size=3).map(lambda parts: Body("multipart", parts=tuple(parts))),
    PATH.map(lambda path: Body("file", path=path)),
    st.builds(lambda data: Body("hex", data.hex(" ")), st.binary(max_size=20)),
    st.builds(lambda data: Body("text", raw=data, content_type="a/b"), st.binary(max_size=20)),
)  # fmt: skip
URLS = st.one_of(
    st.just("{{base}}/x?y={{z}}"), st.tuples(st.sampled_from(["http://127.0.0.1:8/", "https://h/a?b=", "h:80/"]),
                                             st.one_of(WORD, LINE)).map("".join),
    st.just("http://h/a b HTTP/1.1"),
)  # fmt: skip
AUTHS = st.one_of(
    st.just(Auth()), st.builds(lambda token: Auth("bearer", token=token), WORD), st.just(Auth("netrc")),
    st.builds(lambda kind, user, password: Auth(kind, user.replace(":", ""), password),
              st.sampled_from(["basic", "digest", "ntlm"]), st.one_of(LINE, st.just("a b")), st.one_of(TEXT, WORD)),
)  # fmt: skip
LIMITS = st.builds(
    Limits, timeout_s=st.sampled_from([None, 60.0, 1.5, 0.25, 3600.0]), connect_timeout_s=st.sampled_from([20.0,
    None, 0.1]),
    max_bytes=st.sampled_from([None, 0, 10**9]), max_redirects=st.sampled_from([20, 0]),
)  # fmt: skip
REQUESTS = st.builds(
    Request,
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "M-SEARCH", "get"]),
    url=URLS,
    headers=st.lists(st.tuples(NAME, st.one_of(st.just(""), LINE, st.just("{{a}} b: c"))), max_size=4).map(tuple),
    body=BODIES,
    auth=AUTHS,
    proxy=st.sampled_from([Proxy(), Proxy("socks5h://127.0.0.1:1"), Proxy("http://p:8", "u", "p w", digest=True)]),
    trust=st.sampled_from([Trust(), Trust(verify=False), Trust(ca_file="/srv/ca.pem", certificate="c", key="k",
                                                               key_password=" x ")]),
    limits=LIMITS,
    cookies=st.lists(st.tuples(WORD, WORD).map(lambda pair: tuple(one.translate({59: 97, 61: 98}) for one in pair)),
                     max_size=2).map(tuple),
    without=st.sampled_from([(), ("Accept",), ("accept", "User-Agent")]),
    version=st.sampled_from(["auto", "1.0", "1.1", "2", "3"]),
    follow=st.booleans(), decode=st.booleans(), http09=st.booleans(),
    resolve=st.sampled_from([(), ("h:80:127.0.0.1",)]), connect_to=st.sampled_from([(), ("::127.0.0.1:1", "a:1:b:2")]),
    target=st.sampled_from(["", "*"]),
)  # fmt: skip


def sent(body: Body) -> Encoded:
    """What of a body is sent; a file that is not there is no fault here."""
    if body.kind == "multipart":
        return Encoded(parts=body.parts)
    if body.kind == "file" and body.raw is None:
        return Encoded(path=body.path, content_type=body.content_type)
    made = encoded(body)
    return replace(made, content_type="") if made.content_type == "" else made


def told(request: Request) -> dict[str, Any]:
    """A request without its body and type, which the formats say in different places."""
    bare = replace(request, body=Body(), headers=tuple(one for one in request.headers if one[0] != "Content-Type"))
    return {one.name: getattr(bare, one.name) for one in fields(bare)}
