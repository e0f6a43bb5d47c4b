"""HTML out of mail, made harmless: nothing runs, nothing is loaded, and a list of what would have been.

nh3 parses as browsers do and keeps only what is listed here. It must not know who shows the result.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Final

import nh3

SHOWN_CHARS: Final = 1 << 20
REMOTE_MOST: Final = 500
_TAGS: Final = frozenset((
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "dfn",
    "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "ol",
    "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "tt", "u", "ul",
))  # fmt: skip
_ATTRIBUTES: Final = {
    "a": {"href", "title"}, "img": {"src", "alt", "title", "width", "height"}, "font": {"size"},
    "td": {"align", "valign", "colspan", "rowspan", "width"}, "th": {"align", "valign", "colspan", "rowspan", "width"},
    "table": {"border", "cellpadding", "cellspacing", "width", "align"}, "ol": {"start", "type"}, "p": {"align"},
    "div": {"align"}, "tr": {"align", "valign"},
}  # fmt: skip
_LOADING: Final = {
    "img": {"src", "srcset", "longdesc"}, "source": {"src", "srcset"}, "video": {"src", "poster"}, "audio": {"src"},
    "track": {"src"}, "iframe": {"src"}, "frame": {"src"}, "embed": {"src"}, "object": {"data"}, "script": {"src"},
    "link": {"href"}, "input": {"src"}, "table": {"background"}, "td": {"background"}, "th": {"background"},
    "image": {"href", "xlink:href"}, "use": {"href", "xlink:href"}, "body": {"background"},
}  # fmt: skip
"""Tag -> attributes whose address a browser would load without being asked."""
_WORDS: Final = {
    "img": "image", "source": "media", "video": "media", "audio": "media", "track": "media", "iframe": "page",
    "frame": "page", "embed": "object", "object": "object", "script": "script", "link": "style sheet",
    "input": "image", "table": "image", "td": "image", "th": "image", "image": "image", "use": "image", "body": "image",
}  # fmt: skip
_CSS: Final = re.compile(r"""url\(\s*["']?([^"')\s]{1,4000})|@import\s+["']([^"']{1,4000})""", re.IGNORECASE)
_BODY: Final = re.compile(r"""<body\b[^>]{0,4000}?\bbackground\s*=\s*["']?([^"'\s>]{1,4000})""", re.IGNORECASE)
_REFRESH: Final = re.compile(r"""<meta\b[^>]{0,4000}?\burl\s*=\s*["']?([^"'\s>]{1,4000})""", re.IGNORECASE)
_IMG: Final = re.compile(r"<img\b([^>]{0,8000})", re.IGNORECASE)
_TINY: Final = re.compile(r"""\b(?:width|height)\s*[=:]\s*["']?\s*[012](?:px)?(?![\d%])""", re.IGNORECASE)
_SRC: Final = re.compile(r"""\bsrc\s*=\s*(?:"([^"]*)"|'([^']*)'|([^"'\s>]+))""", re.IGNORECASE)
_GAPS: Final = re.compile(r"""<img(?![^>]*\ssrc=")(?:[^>"]|"[^"]*")*>""")
_ALT: Final = re.compile(r"""\salt="([^"]*)\"""")
_NESTED: Final = re.compile(r"<[a-zA-Z]")
TAGS_MOST: Final = 50_000


@dataclass(frozen=True, slots=True)
class Remote:
    """Something that would have been loaded. kind: "image", "style sheet", "script", "page", "media", "object"."""

    kind: str
    url: str
    tiny: bool = False
    """An image of one or two dots: made to tell the sender that the mail was opened."""


@dataclass(frozen=True, slots=True)
class Clean:
    """html: harmless, its images only `cid:` ones of the same mail. remote: what was left out, in order."""

    html: str
    remote: tuple[Remote, ...]
    notices: tuple[str, ...]


def sanitised(source: str) -> Clean:
    """The HTML with everything taken out that runs, loads, or dresses up as the program around it."""
    notices = []
    if len(source) > SHOWN_CHARS:
        notices.append(f"The HTML has {len(source)} characters: the first {SHOWN_CHARS} are shown")
        source = source[:SHOWN_CHARS]
    if sum(1 for _ in _NESTED.finditer(source)) > TAGS_MOST:
        return Clean("", (), (f"The HTML has more than {TAGS_MOST} tags: shown as source only",))
    source = source.replace("\0", "")
    remote = _remote(source)
    html = nh3.clean(
        source, tags=set(_TAGS), attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=_harmless, url_schemes={"http", "https", "mailto", "cid", "ftp", "news", "tel"},
        link_rel=None,
    )  # fmt: skip
    return Clean(_GAPS.sub(_words_for, html), remote, tuple(notices))


def _words_for(found: re.Match[str]) -> str:
    """What stands where a picture was taken out: its words, if it has any."""
    words = _ALT.search(found[0])
    return f"[{words[1].replace('<', '&lt;').replace('>', '&gt;')}]" if words is not None and words[1] else ""


def _harmless(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src":
        return value if value.strip().lower().startswith("cid:") else None
    if name in ("width", "height", "border", "cellpadding", "cellspacing", "colspan", "rowspan", "start", "size"):
        return value if re.fullmatch(r"[+-]?\d{1,4}%?", value.strip()) else None
    return value


def _remote(source: str) -> tuple[Remote, ...]:
    found: dict[tuple[str, str], Remote] = {}
    seen: list[tuple[str, str, str]] = []

    def look(tag: str, name: str, value: str) -> str | None:
        if len(seen) < 10 * REMOTE_MOST:
            seen.append((tag, name, value))
        return value

    tags = set(_LOADING)
    attributes = {tag: {*names, "rel"} for tag, names in _LOADING.items()}
    attributes["link"].discard("rel")
    nh3.clean(source, tags=tags, attributes=attributes, attribute_filter=look, clean_content_tags=set(),
              url_schemes={"http", "https", "ftp", "file", "cid", "data"}, link_rel=None)  # fmt: skip
    tiny = set(_tiny(source))
    for tag, name, value in seen:
        if name not in _LOADING.get(tag, ()):
            continue
        for url in _urls(name, value):
            if _is_remote(url):
                found.setdefault((_WORDS[tag], url), Remote(_WORDS[tag], url, url in tiny))
    for pattern, kind in ((_CSS, "style"), (_BODY, "image"), (_REFRESH, "page")):
        for each in pattern.finditer(source):
            url = unescape(next(group for group in each.groups() if group))
            if _is_remote(url):
                found.setdefault((kind, url), Remote(kind, url))
    return tuple(found.values())[:REMOTE_MOST]


def _tiny(source: str) -> list[str]:
    """The addresses of images that say they are one or two dots wide or high."""
    found = []
    for image in _IMG.finditer(source):
        address = _SRC.search(image[1])
        if address is not None and _TINY.search(image[1]):
            found.append(unescape(address[1] or address[2] or address[3] or "").strip())
    return found


def _urls(name: str, value: str) -> list[str]:
    if name == "srcset":
        return [each.split()[0] for each in value[:20_000].split(",") if each.split()]
    return [value.strip()]


def _is_remote(url: str) -> bool:
    plain = url.strip().lower()
    return plain.startswith(("http:", "https:", "ftp:", "//", "file:"))
