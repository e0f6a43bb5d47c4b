"""The script that has an answer's values at hand, to try things out with. It must not know who asked."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Any, Final

from protocols.http.exchange import Exchange
from protocols.http.reading import letters_of
from protocols.script_plans import Plan

Params = Mapping[str, Any]
NAME: Final = "http-explore"
TITLE: Final = "What was answered, to explore"
PAGE_BYTES: Final = 4096
"""So much of the body stands in the script; its whole size is said, too."""
DEFAULT: Final[Params] = {
    "url": "http://127.0.0.1:8080/", "status": 200, "reason": "OK", "size": 6, "page": b"hello\n",
    "headers": (("Server", "NetLab"), ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "6")),
    "charset": "utf-8",
}  # fmt: skip


def plan(params: Params) -> Plan:
    """How the script is made."""
    try:
        charset = codecs.lookup(params["charset"]).name
        b"".decode(charset)  # some codecs are no charsets
    except (LookupError, ValueError):
        charset = "utf-8"
    return Plan(NAME, dict(params) | {"charset": charset, "headers": list(params["headers"])})


def explore_params(exchange: Exchange, page: bytes, size: int) -> dict[str, Any]:
    """The values of an answer. page: its body, decoded; size: how many bytes that is in all."""
    return {
        "url": exchange.url, "status": exchange.status, "reason": exchange.answer.reason if exchange.answer else "",
        "headers": tuple(exchange.headers), "page": page[:PAGE_BYTES], "size": size,
        "charset": letters_of(page, exchange.answer.get("Content-Type") if exchange.answer else None).charset,
    }  # fmt: skip
