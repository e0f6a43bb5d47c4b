"""Reasons: why an event is as it is, in plain words, from assets/explain.

Errors are explained by `protocols.record.explain`; here are the words for what worked and for
TCP states. It must not know Qt or who shows the words.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from protocols.assets import asset
from protocols.numbers import grouped
from protocols.record.event import Event
from protocols.record.explain import Explained, address_text, explain_symbol
from widgets.timeline.wording import duration, visible, waited_ns

_LIKE = {
    "sendall": "send", "sendto": "send", "sendmsg": "send", "sendfile": "send", "recvfrom": "recv",
    "recv_into": "recv", "recvfrom_into": "recv", "recvmsg": "recv", "connect_ex": "connect",
    "do_handshake": "handshake",
}  # fmt: skip
_DATAGRAMS = frozenset(("sendto", "recvfrom", "recvfrom_into"))


@dataclass(frozen=True, slots=True)
class Reason:
    """Words about an event. title: what it is. text: a paragraph. next: what comes after it. more: where to read on."""

    title: str
    text: str
    next: str = ""
    more: str = ""


def error_symbol(event: Event) -> str:
    """The error's symbol, "" for none; an event from elsewhere may hold anything there."""
    return "" if event.errno is None else str(event.errno)


def explain_failure(event: Event) -> Explained | None:
    """What an event that tells an error means; None for one that tells none. The event's own sentence stays."""
    symbol = error_symbol(event)
    if not symbol:
        return None
    detail = event.detail
    address = detail.get("peer") or detail.get("local")
    transport = _transport(event)
    told = explain_symbol(symbol, call=event.kind, address=address, transport=transport)
    why = str(detail.get("why") or told.why)
    return Explained(told.errno, told.title, told.what, why, told.checks, told.mend)


def reason_of(event: Event) -> Reason | None:
    """Why an event that tells no error is as it is; None where there is nothing to say beyond its summary."""
    if event.layer == "state":
        return _state_reason(event)
    if event.layer == "note":
        return Reason(visible(event.kind).capitalize(), visible(event.summary)) if event.summary else None
    name = _LIKE.get(event.kind, event.kind)
    words = _words("calls")
    if name not in words:
        return None
    entry: dict[str, str] = dict(words[name])
    for case in _cases(event):
        entry |= words.get(f"{name} {case}", {})
    blanks = _blanks(event)
    return Reason(entry["title"].format_map(blanks), entry["text"].format_map(blanks), "", entry.get("more", ""))


def _state_reason(event: Event) -> Reason | None:
    entry = _words("states").get(event.kind)
    if entry is None:
        return None
    return Reason(entry["title"], entry["text"], entry.get("next", ""), entry.get("more", ""))


def _cases(event: Event) -> Iterator[str]:
    """The cases that fit, the plainest first."""
    detail = event.detail
    transport = _transport(event)
    if transport in ("udp", "unix"):
        yield transport
    if detail.get("tls"):
        yield "tls"
    if waited_ns(event.kind, detail) and transport != "udp":
        yield "waited"
    asked = detail.get("asked")
    if event.direction == "out" and isinstance(asked, int) and event.size is not None and event.size < asked:
        yield "part"
    if event.direction == "in" and event.size == 0 and transport != "udp":
        yield "eof"


def _transport(event: Event) -> str:
    """What can be told of the transport from the event alone."""
    detail = event.detail
    named = detail.get("transport")
    if isinstance(named, str):
        return "unix" if named.startswith("unix") else named
    address = detail.get("peer") or detail.get("local")
    if isinstance(address, str):
        return "unix"
    return "udp" if event.kind in _DATAGRAMS or event.kind == "datagram" else "tcp"


class _Blanks(dict[str, str]):
    """Placeholders; one that an event does not fill reads as an ellipsis, never as an exception."""

    def __missing__(self, key: str) -> str:
        return "\u2026"


def _blanks(event: Event) -> _Blanks:
    detail = event.detail
    found = _Blanks()
    found["size"] = grouped(event.size or 0)
    found["asked"] = grouped(detail["asked"]) if isinstance(detail.get("asked"), int) else "\u2026"
    for name in ("peer", "local"):
        value = detail.get(name)
        found[name] = address_text(tuple(value) if isinstance(value, list) else value) or (
            "the other end" if name == "peer" else "this address"
        )
    found["blocked"] = duration(waited_ns(event.kind, detail))
    for name in ("fd", "how", "backlog", "option", "result"):
        if name in detail:
            found[name] = visible(str(detail[name]))
    return found


@cache
def _words(name: str) -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(asset("explain", f"{name}.toml").read_text("utf-8"))
