"""The cookie jar: visible, editable, saved as the text file that curl and browsers' tools read.

The file is Netscape's: seven fields with tabs between, "#HttpOnly_" in front of what scripts may
not see. Which cookies go where is libcurl's decision. It must not know libcurl, or requests.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protocols.http.kept.plainfile import OWNER_ONLY, write_whole

_HEAD: Final = "# Netscape HTTP Cookie File"
_HTTP_ONLY: Final = "#HttpOnly_"


class JarError(ValueError):
    """A line that is no cookie; the message says why."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie. subdomains: it goes to them, too. expires: seconds since 1970; 0 lives as long as the jar."""

    domain: str
    path: str
    name: str
    value: str
    expires: int = 0
    secure: bool = False
    subdomains: bool = False
    http_only: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """What a newer cookie replaces it by (RFC 6265 section 5.3)."""
        return self.domain.lower().removeprefix("."), self.path, self.name

    def line(self) -> str:
        """Its line in the file."""
        flags = ("TRUE" if self.subdomains else "FALSE", "TRUE" if self.secure else "FALSE")
        return "\t".join(((_HTTP_ONLY if self.http_only else "") + self.domain, flags[0], self.path, flags[1],
                          str(self.expires), self.name, self.value))  # fmt: skip


def read_cookie(line: str) -> Cookie:
    """The cookie of a line. Raises JarError."""
    http_only = line.startswith(_HTTP_ONLY)
    fields = line.removeprefix(_HTTP_ONLY).rstrip("\r\n").split("\t")
    if len(fields) == 6:
        fields.append("")
    if len(fields) != 7:
        raise JarError(f"A cookie has 7 fields with tabs between, this line has {len(fields)}: {line[:60]!r}")
    domain, subdomains, path, secure, expires, name, value = fields
    if not expires.lstrip("-").isascii() or not expires.lstrip("-").isdecimal():
        raise JarError(f"{expires[:20]!r} is no time: seconds since 1970, 0 for the session")
    return Cookie(domain, path or "/", name, value, int(expires[:20]), secure.upper() == "TRUE",
                  subdomains.upper() == "TRUE", http_only)  # fmt: skip


class Jar:
    """Cookies by domain, path and name. Safe from any thread."""

    def __init__(self, cookies: Iterable[Cookie] = ()) -> None:
        self._lock = threading.Lock()
        self._cookies: dict[tuple[str, str, str], Cookie] = {cookie.key: cookie for cookie in cookies}

    def all(self) -> tuple[Cookie, ...]:
        """Every cookie, in the order in which they came."""
        with self._lock:
            return tuple(self._cookies.values())

    def put(self, cookie: Cookie) -> None:
        """Add a cookie, or replace the one of the same key."""
        with self._lock:
            self._cookies[cookie.key] = cookie

    def remove(self, cookie: Cookie) -> None:
        """Take a cookie out."""
        with self._lock:
            self._cookies.pop(cookie.key, None)

    def clear(self) -> None:
        """Take all out."""
        with self._lock:
            self._cookies.clear()

    def lines(self) -> list[str]:
        """The cookies as lines of the file."""
        return [cookie.line() for cookie in self.all()]

    def changed(self, before: Iterable[str], after: Iterable[str]) -> None:
        """What a transfer made of the cookies it was given: others may have changed the jar meanwhile."""
        old = {cookie.key: cookie for cookie in map(read_cookie, before)}
        new = {cookie.key: cookie for cookie in map(read_cookie, after)}
        with self._lock:
            for key in old.keys() - new.keys():
                self._cookies.pop(key, None)
            self._cookies |= {key: cookie for key, cookie in new.items() if old.get(key) != cookie}

    @classmethod
    def load(cls, path: str | Path) -> Jar:
        """Read a file. Raises OSError, JarError with the line's number."""
        cookies = []
        for number, line in enumerate(Path(path).read_text("utf-8", "surrogateescape").split("\n"), 1):
            if not line.strip() or (line.startswith("#") and not line.startswith(_HTTP_ONLY)):
                continue
            try:
                cookies.append(read_cookie(line))
            except JarError as error:
                raise JarError(f"{path}, line {number}: {error}") from None
        return cls(cookies)

    def save(self, path: str | Path) -> None:
        """Write a file that only its owner reads, whole or not at all. Raises OSError."""
        text = "\n".join([_HEAD, "", *self.lines(), ""])
        write_whole(Path(path), text.encode("utf-8", "surrogateescape"), mode=OWNER_ONLY)
