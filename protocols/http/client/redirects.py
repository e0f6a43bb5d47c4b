"""Where a redirect leads: the next request, or why there is none.

Only http and https are followed: a server must not make a client read files or other protocols.
What identifies a person stays with the origin it was given for. It must not know libcurl.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urljoin, urlsplit

from protocols.http.request import Auth, Body, Request, RequestError, checked_url

REDIRECTS: Final = (301, 302, 303, 307, 308)
_PRIVATE: Final = frozenset(("authorization", "cookie", "proxy-authorization", "host"))
_OF_BODY: Final = frozenset(("content-type", "content-length", "content-encoding", "transfer-encoding"))
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A redirect that is not followed, and why."""

    why: str


def next_request(request: Request, url: str, status: int, location: str | None) -> Request | Refusal | None:
    """The request that a redirect asks for (RFC 9110 section 15.4); None where the answer is none.

    301 and 302 turn POST into GET as browsers do, 303 everything but HEAD; 307 and 308 change nothing.
    """
    if status not in REDIRECTS or not location:
        return None
    try:
        joined = urljoin(url, location.strip())
        scheme = urlsplit(joined).scheme  # before the check, which would take "mailto:a" for a host without a scheme
        if scheme not in _PORTS:
            why = f"a web server may not send a client to {scheme}"
            return Refusal(f"The redirect to {joined} is not followed: {why}.")
        target = checked_url(joined)
    except (RequestError, ValueError) as error:
        return Refusal(f"The redirect to {location!r} can't be followed: {error}.")
    if not urlsplit(target).fragment and urlsplit(url).fragment:
        target += "#" + urlsplit(url).fragment
    changed = replace(request, url=target, target="")
    if (status in (301, 302) and request.method == "POST") or (status == 303 and request.method not in ("GET", "HEAD")):
        changed = without_body(changed)
    if origin(target) != origin(url):
        kept = tuple(header for header in changed.headers if header[0].lower() not in _PRIVATE)
        auth = changed.auth if changed.auth.kind == "netrc" else Auth()
        changed = replace(changed, headers=kept, auth=auth, cookies=())
    return changed


def without_body(request: Request) -> Request:
    """As GET, without what speaks of a body."""
    kept = tuple(header for header in request.headers if header[0].lower() not in _OF_BODY)
    return replace(request, method="GET", body=Body(), headers=kept)


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port (RFC 6454): to whom a secret was given."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 0)
