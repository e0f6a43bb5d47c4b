"""The answer that a data: URL holds in itself (RFC 2397): no bytes on any wire, and told like any other.

It must not know libcurl, nor who looks at the answer.
"""

from __future__ import annotations

import base64
from typing import Final
from urllib.parse import unquote_to_bytes

from protocols.http import failure
from protocols.http.client.run import Run
from protocols.http.exchange import Exchange, Head, Kept, Phases
from protocols.http.failure import Failure
from protocols.record.event import Raw, monotonic_ns
from protocols.record.recorder import Recorder

_DEFAULT_TYPE: Final = "text/plain;charset=US-ASCII"


def answer(run: Run, recorder: Recorder, service: str) -> None:
    """End a run whose URL is a data: URL, well or not; its request and response are recorded as one hop."""
    request = run.request
    read = _read(request.url)
    if isinstance(read, str):
        run.end("failed", Failure("BAD_URL", "That is no data URL", read))
        return
    kind, body = read
    exchange = Exchange(1, request.method, request.url[:200], Kept(0), Kept(0), phases=Phases(total=0.0))
    exchange.answer = Head("", 200, "", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    run.exchanges.append(exchange)
    _tell(exchange, len(body), recorder, service)
    limit = request.limits.max_bytes
    cut = body if limit is None else body[:limit]
    run.body.add(cut)
    failed = None if cut == body else failure.told("too big", limit=limit)
    if run.sink is not None and cut:
        try:
            run.sink.write(cut)
        except OSError as error:
            failed = failure.told("disk", path=error.filename or "its place", why=error.strerror or str(error))
    run.end("done" if failed is None else "failed", failed)


def _read(url: str) -> tuple[str, bytes] | str:
    """The type and the bytes, or why there are none."""
    head, comma, data = url[5:].partition(",")
    if not comma:
        return "A data URL has a comma between its type and its data."
    body = unquote_to_bytes(data.partition("#")[0])
    if not head.lower().endswith(";base64"):
        return head or _DEFAULT_TYPE, body
    try:
        return head[:-7] or _DEFAULT_TYPE, base64.b64decode(body + b"=" * (-len(body) % 4), validate=True)
    except ValueError:
        return "The data of this URL is no base64."


def _tell(exchange: Exchange, size: int, recorder: Recorder, service: str) -> None:
    if not recorder.enabled:
        return
    asked = {"method": exchange.method, "url": exchange.url, "headers": [], "hop": 1, "body_bytes": 0}
    request: Raw = (monotonic_ns(), "message", "request", service, None, "out", None, 0, b"",
                    f"{exchange.method} {exchange.url}", asked)  # fmt: skip
    response: Raw = (monotonic_ns(), "message", "response", service, None, "in", None, 0, b"",
                     f"200, {size} bytes out of the URL itself", {**exchange.facts(), "body_bytes": size})  # fmt: skip
    recorder.put(request)
    recorder.put(response)
