"""From an exchange's phases to the rows of a waterfall: where each begins, how long it took, and what it means.

Pure functions. It must not know how they are painted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocols.http.exchange import Exchange

HANDLER: Final = "handler"


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """One bar. begin_ms, length_ms: from the start of the hop. series: which of the sender colours (from 0)."""

    key: str
    title: str
    begin_ms: float
    length_ms: float
    series: int
    tip: str


_WORDS: Final = {
    "dns": ("Name", 7, "From the name to an address"),
    "connect": ("Connect", 1, "TCP: from SYN to the answer to it"),
    "tls": ("TLS handshake", 0, "Keys agreed on and the certificate checked"),
    "send": ("Send request", 3, "Until the last byte of the request had gone out"),
    "wait": ("Wait for first byte", 4, "The server works: from the request's last byte to the answer's first"),
    HANDLER: ("of it in the handler", 2, "Measured at the server: from the whole request to the answer sent"),
    "transfer": ("Receive", 5, "From the answer's first byte to its last"),
}


def phase_rows(exchange: Exchange, handler_ms: float | None = None) -> list[PhaseRow]:
    """The phases that happened, in order. handler_ms: how long the server's handler took, where that is known."""
    phases = exchange.phases
    rows: list[PhaseRow] = []
    at = 0.0
    for key in ("dns", "connect", "tls"):
        length = getattr(phases, key)
        if length is not None:
            rows.append(_row(key, at, length))
            at += length
    if phases.first_byte is not None and phases.wait is not None:
        begin = max(at, phases.first_byte - phases.wait)
        rows.append(_row("send", at, begin - at))
        rows.append(_row("wait", begin, phases.wait))
        if handler_ms is not None:
            rows.append(_row(HANDLER, begin + max(0.0, phases.wait - handler_ms), min(handler_ms, phases.wait)))
        rows.append(_row("transfer", phases.first_byte, phases.transfer or 0.0))
    return rows


def _row(key: str, begin: float, length: float) -> PhaseRow:
    title, series, tip = _WORDS[key]
    return PhaseRow(key, title, begin, max(0.0, length), series, tip)


def ms_text(ms: float) -> str:
    """A time in milliseconds with the digits that tell something."""
    if ms < 10:
        return f"{ms:.2f} ms"
    if ms < 100:
        return f"{ms:.1f} ms"
    return f"{ms:.0f} ms" if ms < 10_000 else f"{ms / 1000:.1f} s"


def verdict(exchange: Exchange, handler_ms: float | None = None) -> tuple[str, str]:
    """What took the time: a bold sentence and the reason."""
    total = exchange.phases.total or 0.0
    rows = [row for row in phase_rows(exchange, handler_ms) if row.key != HANDLER]
    if total <= 0 or not rows:
        return "", ""
    longest = max(rows, key=lambda row: row.length_ms)
    share = round(100 * longest.length_ms / total)
    reused = "" if exchange.phases.connect is not None else " The connection was open already."
    if longest.key == "wait" and handler_ms is not None:
        inside = round(100 * min(handler_ms, longest.length_ms) / total)
        return f"{inside} % of the time is the handler.", f"It took {ms_text(handler_ms)} at the server.{reused}"
    words = {
        "wait": "of the time is waiting for the server.", "transfer": "of the time is receiving the answer.",
        "connect": "of the time is the TCP connect.", "tls": "of the time is the TLS handshake.",
        "dns": "of the time is finding the address.", "send": "of the time is sending the request.",
    }  # fmt: skip
    return f"{share} % {words[longest.key]}", f"{longest.tip}.{reused}"
