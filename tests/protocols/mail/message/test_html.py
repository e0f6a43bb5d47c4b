"""HTML out of mail runs nothing and loads nothing, and what it would have loaded is listed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocols.mail.message.html import SHOWN_CHARS, sanitised

NASTY = """
<html><head><link rel=stylesheet href="https://evil.example/s.css"><style>@import "https://evil.example/i.css";
p { background: url('https://evil.example/bg.png') }</style><meta http-equiv=refresh content="0; url=http://evil.example/r">
</head><body background="http://evil.example/body.png" onload="alert(1)"><script src="http://evil.example/x.js">a()</script>
<p style="color:red" onclick="alert(2)">Hello <b>you</b></p><img src="http://evil.example/t.gif" width=1 height=1>
<img src="cid:logo@x" alt="logo"><img srcset="//evil.example/2x.png 2x, data:image/png;base64,AA 1x">
<iframe src="https://evil.example/f"></iframe><form action="http://evil.example/post"><input name=password></form>
<a href="javascript:alert(3)">a</a><a href="https://ok.example/">b</a><svg><image href="http://evil.example/v.svg"/></svg>
<video poster="http://evil.example/p.jpg"></video><object data="http://evil.example/o.swf"></object></body></html>
"""


def test_nothing_that_runs_or_loads_is_left() -> None:
    clean = sanitised(NASTY).html
    for word in ("script", "onload", "onclick", "javascript", "evil", "style", "iframe", "form", "input", "refresh"):
        assert word not in clean.lower(), word
    assert "<b>you</b>" in clean
    assert 'src="cid:logo@x"' in clean
    assert 'href="https://ok.example/"' in clean


def test_everything_that_would_have_been_loaded_is_listed() -> None:
    remote = sanitised(NASTY).remote
    found = {each.url.rpartition("/")[2]: each.kind for each in remote}
    assert found == {
        "s.css": "style sheet", "i.css": "style", "bg.png": "style", "body.png": "image", "x.js": "script",
        "t.gif": "image", "2x.png": "image", "f": "page", "v.svg": "image", "p.jpg": "media", "o.swf": "object",
        "r": "page",
    }  # fmt: skip
    assert [each.url for each in remote if each.tiny] == ["http://evil.example/t.gif"]


def test_a_mail_without_remote_things_lists_none() -> None:
    assert sanitised("<p>hi <img src=cid:a></p>").remote == ()


def test_huge_html_is_cut_or_left_as_source_with_a_notice() -> None:
    assert "characters" in sanitised("x" * (SHOWN_CHARS + 1)).notices[0]
    assert "tags" in sanitised("<b>" * 60_000).notices[0]


@given(st.text(max_size=200) | st.lists(st.sampled_from(
    ["<", ">", "<img src=", "http://a", "<svg>", "<math>", "<style>", "</style>", "<!--", "-->", "<![CDATA[", '"', "'",
     "<table>", "<td background=//a>", "<a href=", "javascript:x", "<p onclick=", "&#x3c;", "url(", ")", "<template>"],
), max_size=30).map("".join))  # fmt: skip
def test_any_html_comes_out_harmless(source: str) -> None:
    clean = sanitised(source).html.lower()
    assert "<script" not in clean
    assert "<style" not in clean
    assert 'src="http' not in clean
    assert 'href="javascript' not in clean
