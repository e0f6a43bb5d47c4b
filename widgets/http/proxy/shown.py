"""From an entry of the proxy to what the views show: a side's head and body, the phases, the wire, the changes.

`read_side` reads files, so it runs on a lab thread. It must not know widgets.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from protocols.http.exchange import Exchange, Head, Kept, read_head, read_request_head
from protocols.http.failure import Failure
from protocols.http.proxy.answers import last_head
from protocols.http.proxy.entry import Entry, Side
from protocols.http.proxy.plainbody import LIMIT_BYTES, plain_body
from protocols.http.request import Header
from protocols.numbers import grouped
from widgets.http.exchange.phase_rows import PhaseRow, ms_text
from widgets.http.exchange.wire_text import WireLine, lines_of, readable

Which: TypeAlias = Literal["request", "response"]
Form: TypeAlias = Literal["came", "sent"]
WIRE_BYTES: Final = 32 << 10


@dataclass(frozen=True)
class Passed:
    """One side in one form, ready for the body view. note: what was undone or left out, sentences."""

    start: str
    headers: list[Header]
    body: Kept
    final: Exchange | None
    note: str = ""
    over: bool = True
    file: Path | None = None
    state: str = "done"
    failure: Failure | None = None
    others: frozenset[str] = field(default_factory=frozenset)
    """The header lines that the other form has, "name: value" in lower case; empty where there is no other."""


def side_of(entry: Entry, which: Which) -> Side:
    """The request or the response."""
    return entry.request if which == "request" else entry.response


def forms(entry: Entry, which: Which) -> tuple[Form, ...]:
    """In which forms a side is there: as it came, as it was passed on."""
    side = side_of(entry, which)
    found: list[Form] = []
    if side.head or side.body.size or (which == "request" and not side.sent_head):
        found.append("came")
    if side.sent_head:
        found.append("sent")
    return tuple(found or ("came",))


def read_side(entry: Entry, which: Which, form: Form, limit: int = LIMIT_BYTES) -> Passed:
    """Read a side; its body without chunks and codings."""
    side = side_of(entry, which)
    head = side.sent_head if form == "sent" else side.head
    spool = (side.sent_body or side.body) if form == "sent" else side.body
    start, headers = _parts(head, which)
    raw = spool.read(0, limit)
    data, note = plain_body(Head("1.1", 200, "", headers), raw, limit)
    body = Kept(limit)
    body.add(data)
    if spool.size > len(raw):
        body.size = max(spool.size, len(data))
    if spool.cut:
        note = f"{note} {spool.why}".strip()
    other = side.head if form == "sent" else side.sent_head
    others = frozenset(line_of(one) for one in _parts(other, which)[1]) if other and head else frozenset()
    exchange = Exchange(entry.number, entry.method if which == "response" else "", entry.url, Kept(0), Kept(0))
    exchange.answer = Head("1.1", entry.status, entry.reason, headers)
    return Passed(start, headers, body, exchange, note, others=others)


def line_of(header: Header) -> str:
    """A header as two forms are compared by it."""
    return f"{header[0].lower()}: {header[1]}"


def _parts(head: bytes, which: Which) -> tuple[str, list[Header]]:
    if not head:
        return "", []
    if which == "request":
        start, headers = read_request_head(head)
        return readable(start.encode("latin-1", "replace")), headers
    last = last_head(head)
    found = read_head(last)
    return readable(last.partition(b"\r\n")[0]), found.headers


# Phases

_PHASES: Final = {
    "request": ("Request comes", 3, "From the first byte of the head to its last"),
    "held_request": ("Request held", 6, "Until somebody said what shall become of it"),
    "dns": ("Name", 7, "From the name to an address"),
    "connect": ("Connect", 1, "TCP to the origin; missing where the connection was open already"),
    "tls": ("TLS handshake", 0, "Keys agreed on with the origin, and its certificate checked"),
    "send": ("Send request", 5, "Until the last byte had gone to the origin"),
    "wait": ("Wait for first byte", 4, "The origin works: from the request's last byte to the answer's first"),
    "held_response": ("Answer held", 6, "Until somebody said what shall become of it"),
    "transfer": ("Pass on", 2, "From the answer's first byte to its last"),
}  # fmt: skip


def phase_rows(entry: Entry) -> tuple[list[PhaseRow], float]:
    """The phases that happened, one behind the other, and the whole time in ms."""
    times = entry.phases_ms()
    total = times["total"]
    rows: list[PhaseRow] = []
    at = 0.0
    for key, (title, series, tip) in _PHASES.items():
        if key in times:
            length = max(0.0, times[key])
            rows.append(PhaseRow(key, title, min(at, total), length, series, tip))
            at += length
    return rows, total


def verdict(entry: Entry) -> tuple[str, str]:
    """What took the time, a bold sentence and the reason."""
    rows, total = phase_rows(entry)
    if not rows or total <= 0:
        return "", ""
    longest = max(rows, key=lambda row: row.length_ms)
    share = round(100 * min(longest.length_ms, total) / total)
    faults = [fault for fault in entry.faults if fault in ("throttle", "delay")]
    slowed = " The proxy slowed it down on purpose." if faults else ""
    return f"{share} % of {ms_text(total)} is \u201c{longest.title}\u201d.", f"{longest.tip}.{slowed}"


# Bytes

_STAGES: Final[tuple[tuple[Which, Form, str], ...]] = (
    ("request", "came", "From the client"), ("request", "sent", "To the origin"),
    ("response", "came", "From the origin"), ("response", "sent", "To the client"),
)  # fmt: skip


def wire_lines(entry: Entry) -> list[WireLine]:
    """All four stages, byte for byte as far as they are kept. Reads files: runs on a lab thread."""
    lines: list[WireLine] = []
    for which, form, title in _STAGES:
        side = side_of(entry, which)
        data = side.bytes_came(WIRE_BYTES) if form == "came" else side.bytes_sent(WIRE_BYTES)
        size = side.size if form == "came" else side.sent_size
        if not data:
            continue
        held = " (held: not gone yet)" if form == "sent" and entry.state == f"held {which}" else ""
        lines.append(WireLine("note", f"{title}, {grouped(size)} bytes{held}"))
        lines += lines_of("sent" if which == "request" else "received", data)
        if size > len(data):
            lines.append(WireLine("note", f"{grouped(size - len(data))} more bytes are not shown."))
    return lines


def changes(entry: Entry) -> str:
    """A diff of what came and what was passed on, both ways; "" where nothing was."""
    made: list[str] = []
    for which, side in (("request", entry.request), ("response", entry.response)):
        if not side.sent_head or not side.head:
            continue
        came, sent = (
            [f"{line.text}{line.end}" for line in lines_of("note", data)]
            for data in (side.bytes_came(WIRE_BYTES), side.bytes_sent(WIRE_BYTES))
        )
        names = f"{which} as it came", f"{which} as it was passed on"
        made += difflib.unified_diff(came, sent, *names, n=2, lineterm="")
    return "\n".join(made)


def remarks(entry: Entry) -> str:
    """What is to be known about an exchange besides its bytes, sentences."""
    said = []
    if entry.rule:
        said.append(f"Rule: {entry.rule}.")
    words = {"edit": "It was changed by hand.", "answer": "It was answered here, not by the origin.",
             "map": "The answer is a file of this machine.", "throttle": "It was slowed down.",
             "delay": "It was delayed.", "drop": "It was dropped: the client got a RST."}  # fmt: skip
    said += [words[fault] for fault in entry.faults if fault in words]
    if entry.client_ended:
        said.append("While it was held the client ended its side of the connection: it may be gone.")
    if entry.kind == "tunnel":
        said.append("A tunnel: what goes through it is encrypted between client and origin.")
    if entry.kind == "tls" and entry.failure is None:
        said.append("HTTPS that was opened: its requests are rows of their own.")
    for side, name in ((entry.request, "request"), (entry.response, "answer")):
        if side.body.cut:
            said.append(f"Of the {name}'s {grouped(side.body.size)} bytes {grouped(side.body.kept)} are kept.")
    return " ".join(said)
