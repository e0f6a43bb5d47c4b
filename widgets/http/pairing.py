"""Which server fits a URL, which URL a server, how a request is called. Pure functions."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from protocols.http.request import Request, RequestError, checked_url


def server_for(url: str) -> dict[str, Any]:
    """The values of a server that a URL would find, on this machine."""
    try:
        parts = urlsplit(checked_url(url)) if url else None
    except RequestError:
        parts = None
    if parts is None or parts.scheme not in ("http", "https"):
        return {"port": 8080, "tls": ""}
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    port = parts.port if local and parts.port and parts.port >= 1024 else 8080
    return {"port": port, "tls": "good" if parts.scheme == "https" else "",
            "host": "::1" if parts.hostname == "::1" else "127.0.0.1"}  # fmt: skip


def other_url(asked: str, server: str) -> str:
    """The URL that was typed, at the place where the server is."""
    try:
        parts = urlsplit(checked_url(asked)) if asked else None
    except RequestError:
        parts = None
    if parts is None or parts.path in ("", "/"):
        return server
    tail = parts.path + (f"?{parts.query}" if parts.query else "")
    return server.rstrip("/") + tail


def name_of(request: Request) -> str:
    """What a request is called that nobody has named: its method and the end of its path."""
    path = request.url.partition("?")[0].partition("#")[0].rstrip("/")
    last = path.rpartition("/")[2] if path.count("/") > 2 or "://" not in path else ""
    return f"{request.method} {last[:60]}".strip()
