"""URLs of files: what they say, what can't be said, and that they come back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.ftp.client.site import Site, SiteError, read_url, shown, url_of


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "password", "security", "path"),
    [
        ("ftp://h", "h", 21, "anonymous", "anonymous@", "none", ""),
        ("ftp://ann:s%40c@h:8021/a%20b/c", "h", 8021, "ann", "s@c", "none", "a b/c"),
        ("ftps://h/x", "h", 990, "anonymous", "anonymous@", "implicit", "x"),
        ("ftps://h:8021//etc/x", "h", 8021, "anonymous", "anonymous@", "auto", "/etc/x"),
        ("ftpes://h/x;type=a", "h", 21, "anonymous", "anonymous@", "explicit", "x"),
        ("ftp://[::1]:21/", "::1", 21, "anonymous", "anonymous@", "none", ""),
        ("sftp://bob@h/x", "h", 22, "bob", "", "none", "x"),
        ("ftp://h/%2Fetc", "h", 21, "anonymous", "anonymous@", "none", "/etc"),
    ],
)  # fmt: skip
def test_a_url_says_where_and_who(
    url: str, host: str, port: int, user: str, password: str, security: str, path: str
) -> None:
    site, found = read_url(url)
    assert (site.host, site.port, site.user, site.password, site.security) == (host, port, user, password, security)
    assert found == path


@pytest.mark.parametrize("url", ["http://h/x", "h/x", "ftp:///x", "ftp://h:x/", "ftp://h:0/", "ftp://h/a%0d%0aDELE b",
                                 "ftp://a%0ab@h/", "ftp://h/a%00", "ftp://" + "h" * 5000, "ftp://[::1/"])  # fmt: skip
def test_what_is_no_address_is_a_sentence(url: str) -> None:
    with pytest.raises(SiteError, match=r"\w+ \w+"):
        read_url(url)


@given(st.binary(min_size=1, max_size=40).filter(lambda raw: not set(raw) & set(b"\r\n\0")))
def test_a_path_of_any_bytes_comes_back(raw: bytes) -> None:
    path = raw.decode("utf-8", "surrogateescape")
    _, found = read_url(url_of(Site("h", 8021, "ann", "x"), path))
    assert found == path


def test_names_are_shown_even_when_they_are_no_utf8() -> None:
    assert shown("plain") == "plain"
    assert shown("\u6587") == "\u6587"
    assert shown(b"caf\xe9".decode("utf-8", "surrogateescape")) == "café"
