"""Headers as well-known clients send them: for asking a site as one of them would.

Data only: what each program sends of itself for a plain GET, in its order; Host and Content-Length are the engine's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from protocols.http.request import Header


@dataclass(frozen=True, slots=True)
class Preset:
    """One client's headers. without: headers of the engine's own that it does not send."""

    key: str
    title: str
    meaning: str
    headers: tuple[Header, ...] = ()
    without: tuple[str, ...] = ()


_FIREFOX: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_CHROME: Final = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
_PHONE: Final = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
    "Mobile/15E148 Safari/604.1"
)
_PAGE: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PRESETS: Final = (
    Preset("bare", "Bare", "Nothing but Host: what a server must live with.", (), ("User-Agent", "Accept")),
    Preset("curl", "curl", "The two headers of curl.", (("User-Agent", "curl/8.5.0"), ("Accept", "*/*"))),
    Preset("firefox", "Firefox", "A browser on a desk: languages, encodings, and what kind of fetch it is.", (
        ("User-Agent", _FIREFOX), ("Accept", _PAGE), ("Accept-Language", "en-US,en;q=0.5"),
        ("Accept-Encoding", "gzip, deflate, br"), ("Connection", "keep-alive"), ("Upgrade-Insecure-Requests", "1"),
        ("Sec-Fetch-Dest", "document"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Site", "none"),
        ("Sec-Fetch-User", "?1"),
    )),
    Preset("chrome", "Chrome", "Another browser; what it calls itself has grown over thirty years.", (
        ("Connection", "keep-alive"), ("Upgrade-Insecure-Requests", "1"), ("User-Agent", _CHROME), ("Accept", _PAGE),
        ("Accept-Encoding", "gzip, deflate, br"), ("Accept-Language", "en-US,en;q=0.9"),
    )),
    Preset("phone", "Phone", "A browser on a phone: many sites answer it with other pages.", (
        ("User-Agent", _PHONE), ("Accept", _PAGE), ("Accept-Language", "en-US"),
    )),
    Preset("wget", "Wget", "Asks for no compression.", (
        ("User-Agent", "Wget/1.21.3"), ("Accept", "*/*"), ("Accept-Encoding", "identity"), ("Connection", "Keep-Alive"),
    )),
    Preset("urllib", "Python urllib", "Closes the connection after each answer.", (
        ("Accept-Encoding", "identity"), ("User-Agent", "Python-urllib/3.11"), ("Connection", "close"),
    ), ("Accept",)),
    Preset("webdav", "WebDAV, listing", "For PROPFIND: the folder and what is in it, no deeper.", (
        ("Depth", "1"), ("Content-Type", "application/xml"), ("Accept", "*/*"),
    )),
    Preset("json", "JSON service", "Says and wants JSON.", (
        ("Accept", "application/json"), ("Content-Type", "application/json"),
    )),
)  # fmt: skip
"""In the order of a menu."""
_THEIRS: Final = frozenset(name.lower() for one in PRESETS for name, _ in one.headers)


def with_preset(headers: Iterable[Header], preset: Preset) -> tuple[Header, ...]:
    """A request's headers with those of a client in front; what another preset had brought goes."""
    return (*preset.headers, *(header for header in headers if header[0].lower() not in _THEIRS))


def without_of(words: Iterable[str], preset: Preset) -> tuple[str, ...]:
    """The names that the engine shall leave out: those of the preset, and what was there but no preset's."""
    theirs = {name.lower() for one in PRESETS for name in one.without}
    return (*preset.without, *(word for word in words if word.lower() not in theirs))
