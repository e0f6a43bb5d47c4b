"""Recorded requests and answers as HAR 1.2, with their times, for browsers' tools to open.

http://www.softwareishard.com/blog/har-12-spec/. What identifies a person is left out unless asked
for. It must not know who sent anything.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from protocols.http.bodies import FORM_TYPE, form_fields
from protocols.http.client.run import Run
from protocols.http.exchange import Exchange, chunks_end
from protocols.http.kept.masking import hides_header, taken_out
from protocols.http.request import Header
from protocols.record.event import monotonic_ns

CREATOR: Final = {"name": "NetLab", "version": "1"}
_HIDDEN: Final = "hidden"
_SHORTEST: Final = 4
"""Shorter values are not searched for: they would be found in everything."""
_VERSIONS: Final = {"1.0": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2", "3": "HTTP/3"}


def write_har(runs: Iterable[Run], *, secrets: bool = False) -> str:
    """A HAR of what was sent and answered, hop by hop. secrets: keep cookies and what identifies the person."""
    runs = list(runs)
    # The clocks are compared once, so that entries of one file fit together.
    offset_ns = time.time_ns() - monotonic_ns()
    entries = [
        entry(exchange, run.body.data if exchange is run.final and run.state == "done" else None, offset_ns,
              secrets=secrets)
        for run in runs for exchange in run.exchanges if not exchange.tunnel and exchange.begun_ns
    ]  # fmt: skip
    entries.sort(key=lambda one: str(one["startedDateTime"]))
    log = {"version": "1.2", "creator": CREATOR, "pages": [], "entries": entries}
    text = json.dumps({"log": log}, indent=2, ensure_ascii=False) + "\n"
    return text if secrets else _without_values(text, runs)


def _without_values(text: str, runs: Iterable[Run]) -> str:
    """The text without what was typed as a password or the like: a server may have sent it back."""
    values = {value for run in runs for value in taken_out(run.asked)[1].values() if len(value) >= _SHORTEST}
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(json.dumps(value, ensure_ascii=False)[1:-1], _HIDDEN)
    return text


def entry(exchange: Exchange, body: bytes | bytearray | None, offset_ns: int, *, secrets: bool) -> dict[str, Any]:
    """One entry. body: the decoded one, None where only the bytes of the wire are known."""
    timings = _timings(exchange)
    begun = datetime.fromtimestamp((exchange.begun_ns + offset_ns) / 1e9, UTC)
    made: dict[str, Any] = {
        "startedDateTime": begun.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": round(sum(value for name, value in timings.items() if value > 0 and name != "ssl"), 3),
        "request": request_object(
            exchange.method, exchange.url, exchange.request, bytes(exchange.sent.data[exchange.head_sent :]),
            version=_version_of(exchange), head_size=exchange.head_sent, secrets=secrets,
        ),
        "response": _response(exchange, body, secrets=secrets),
        "cache": {},
        "timings": timings,
    }  # fmt: skip
    if exchange.remote is not None:
        made["serverIPAddress"] = exchange.remote[0]
    if exchange.conn is not None:
        made["connection"] = exchange.conn
    return made


def request_object(
    method: str, url: str, headers: list[Header], body: bytes, *, version: str = "HTTP/1.1", head_size: int = -1,
    secrets: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """HAR's request object."""
    if any(name.lower() == "transfer-encoding" and "chunked" in value.lower() for name, value in headers):
        body = _unchunked(body)
    kind = next((value for name, value in headers if name.lower() == "content-type"), "")
    made: dict[str, Any] = {
        "method": method, "url": _text(_shown_url(url, secrets)), "httpVersion": version,
        "cookies": _cookies([value for name, value in headers if name.lower() == "cookie"], secrets),
        "headers": _headers(headers, secrets), "queryString": _query(url),
        "headersSize": head_size, "bodySize": len(body),
    }  # fmt: skip
    if body or kind:
        made["postData"] = _post(kind, body)
    return made


def _version_of(exchange: Exchange) -> str:
    answer = exchange.answer
    line = exchange.request_line.rpartition(" ")[2]
    if line in _VERSIONS.values():
        return line
    return _VERSIONS.get(answer.version.removesuffix(".0") if answer and answer.version > "2" else
                         answer.version if answer else "", "HTTP/1.1")  # fmt: skip


def _response(exchange: Exchange, body: bytes | bytearray | None, *, secrets: bool) -> dict[str, Any]:
    answer, headers = exchange.answer, exchange.headers
    wire = exchange.wire_body
    content = bytes(body) if body is not None else wire
    if body is None and answer is not None and "chunked" in (answer.get("Transfer-Encoding") or "").lower():
        content = _unchunked(wire)
    made: dict[str, Any] = {
        "status": exchange.status, "statusText": answer.reason if answer else "",
        "httpVersion": _version_of(exchange),
        "cookies": [
            {"name": name, "value": value if secrets else _HIDDEN}
            for key, text in headers if key.lower() == "set-cookie"
            for name, _, value in [text.partition(";")[0].partition("=")]
        ],
        "headers": _headers(headers, secrets),
        "content": {"size": len(content), "mimeType": (answer.get("Content-Type") or "") if answer else ""}
        | _encoded(content),
        "redirectURL": (answer.get("Location") or "") if answer else "",
        "headersSize": exchange.head_received, "bodySize": len(wire) + exchange.unseen,
    }  # fmt: skip
    if not made["content"]["mimeType"]:
        made["content"]["mimeType"] = "x-unknown"
    return made


def _timings(exchange: Exchange) -> dict[str, float]:
    """In milliseconds; -1 is what HAR says for a phase that did not happen. connect holds ssl, as HAR wants it."""
    phases = exchange.phases
    known = [value for value in (phases.dns, phases.connect, phases.tls, phases.wait) if value is not None]
    connect = None if phases.connect is None else phases.connect + (phases.tls or 0.0)
    send = max(0.0, (phases.first_byte or 0.0) - sum(known)) if phases.first_byte is not None else 0.0
    found = {"blocked": None, "dns": phases.dns, "connect": connect, "ssl": phases.tls}
    return {name: -1 if value is None else round(value, 3) for name, value in found.items()} | {
        "send": round(send, 3), "wait": round(phases.wait or 0.0, 3), "receive": round(phases.transfer or 0.0, 3),
    }  # fmt: skip


def _headers(headers: list[Header], secrets: bool) -> list[dict[str, str]]:
    return [{"name": _text(name), "value": _text(value if secrets or not hides_header(name) else _HIDDEN)}
            for name, value in headers]  # fmt: skip


def _cookies(values: list[str], secrets: bool) -> list[dict[str, str]]:
    pairs = (one.strip().partition("=") for value in values for one in value.split(";"))
    return [{"name": _text(name), "value": _text(value) if secrets else _HIDDEN} for name, _, value in pairs if name]


def _query(url: str) -> list[dict[str, str]]:
    try:
        query = urlsplit(url).query
    except ValueError:
        return []
    return [{"name": name, "value": value} for name, value in parse_qsl(query, keep_blank_values=True)]


def _shown_url(url: str, secrets: bool) -> str:
    scheme, mark, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    if secrets or "@" not in place:
        return url
    return scheme + mark + place.rpartition("@")[2] + slash + path


def _post(kind: str, body: bytes) -> dict[str, Any]:
    made: dict[str, Any] = {"mimeType": kind or "application/octet-stream", "params": []}
    if kind.partition(";")[0].strip().lower() == FORM_TYPE:
        made["params"] = [{"name": _text(name), "value": _text(value)} for name, value in form_fields(body)]
    encoded = _encoded(body)
    # The specification has no encoding here; fields of one's own begin with an underscore.
    return made | {"text": encoded["text"]} | ({"_encoding": "base64"} if "encoding" in encoded else {})


def _encoded(data: bytes) -> dict[str, str]:
    try:
        return {"text": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(data).decode("ascii"), "encoding": "base64"}


def _unchunked(wire: bytes) -> bytes:
    """The data of a chunked body; the bytes as they are where they can't be read so."""
    if chunks_end(wire) is None:
        return wire
    made, place = bytearray(), 0
    while True:
        end = wire.index(b"\n", place)
        size = int(wire[place:end].partition(b";")[0].strip(), 16)
        if size == 0:
            return bytes(made)
        made += wire[end + 1 : end + 1 + size]
        place = end + 1 + size
        place += 2 if wire[place : place + 2] == b"\r\n" else 1


def _text(text: str) -> str:
    """Bytes that were read as Latin-1 as the UTF-8 that they mostly are."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
