"""One page, two ways: read from a file, and computed for each request. It must not know connections."""

from __future__ import annotations

import hashlib
import re
import time
from email.utils import formatdate
from typing import Final

from protocols.assets import asset
from protocols.http.server.answer import Answer
from protocols.http.server.asked import Asked
from protocols.http.server.sandbox.route import Route

STATIC: Final = "/ways/static"
DYNAMIC: Final = "/ways/dynamic"
_TYPE: Final = ("Content-Type", "text/html; charset=utf-8")
_MADE: Final = re.compile(rb"(?<=<time>)[^<]*(?=</time>)")


def routes() -> list[Route]:
    """The two pages."""
    return [
        Route(STATIC, static, "Two ways", "From a file", "The bytes of a file, with its age: always the same."),
        Route(DYNAMIC, dynamic, "Two ways", "Computed", "The same page with the time put in: another one each time."),
    ]


def static(_asked: Asked) -> Answer:
    """/ways/static"""
    path = asset("http", "two-ways.html")
    data = path.read_bytes()
    return Answer(200, [_TYPE, ("Last-Modified", formatdate(path.stat().st_mtime, usegmt=True)),
                        ("ETag", f'"{hashlib.sha256(data).hexdigest()[:16]}"')], data)  # fmt: skip


def dynamic(_asked: Asked) -> Answer:
    """/ways/dynamic"""
    data = asset("http", "two-ways.html").read_bytes()
    now = f"{formatdate(time.time(), usegmt=True)} and {time.time_ns() % 10**9} ns"
    return Answer(200, [_TYPE, ("Cache-Control", "no-store")], _MADE.sub(now.encode(), data))
