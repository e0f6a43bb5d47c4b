"""One request on four layers: a bare socket, http.client, urllib, libcurl.

Each sends it for itself, over traced sockets. What the higher ones hide is what the
lower ones had to say. It must not know a window.
"""

from __future__ import annotations

import hashlib
import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from protocols.http.bodies import encoded
from protocols.http.by_hand.dialled import dialled
from protocols.http.by_hand.opener_table import USUAL, OpenerOrder
from protocols.http.by_hand.openers import Opening
from protocols.http.client.client import HttpClient
from protocols.http.exchange import read_head
from protocols.http.proxy.plainbody import plain_body
from protocols.http.request import Header, Request, RequestError, checked
from protocols.named import Named
from protocols.record.recorder import Recorder
from protocols.tls import believing

LAYERS: Final = (
    Named("socket", "socket", "Connect, send text, receive until the end, cut it at the blank line, undo the chunks."),
    Named("http.client", "http.client", "Request and answer as objects; one connection, no redirects, no cookies."),
    Named("urllib", "urllib.request", "A URL in, a file out; redirects are followed, handlers do the rest."),
    Named("pycurl", "libcurl", "Everything at once: any protocol, connections kept, HTTP/2; this room's own engine."),
)
"""From the lowest up. The ids are those of the scripts."""
TIMEOUT_S: Final = 15.0
LIMIT_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class LayerResult:
    """What a layer came to. error: why there is no answer, a sentence. sha256: of the body, in hex."""

    layer: str
    status: int
    body: bytes
    sha256: str
    took_ms: float
    error: str = ""


class LayersRun:
    """The request on each layer, one after the other, in the calling thread. results: grows while it runs.

    Raises RequestError when made with what can't go on all four. `cancel()` from any thread: no further one begins.
    """

    def __init__(self, recorder: Recorder, request: Request, believed: str = "lab") -> None:
        ready = checked(request)
        parts = urlsplit(ready.url)
        if parts.scheme not in ("http", "https"):
            raise RequestError(f"Only http and https are known on all four layers, not {parts.scheme}")
        body = encoded(ready.body)
        if body.path or body.parts:
            raise RequestError("A body from files is sent by libcurl alone here; choose text, JSON or a form")
        self._recorder, self._request, self._believed = recorder, ready, believed
        self._host, self._port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._netloc = parts.netloc.rpartition("@")[2]
        self._tls = parts.scheme == "https"
        self._data = body.data or b""
        self._headers = _headers(ready, body.content_type if body.is_there else "", self._data)
        self._trusted = ready
        self._cancelled = False
        self.results: list[LayerResult] = []

    def cancel(self) -> None:
        """Begin no further one."""
        self._cancelled = True

    def run(self, trusted: Request | None = None) -> list[LayerResult]:
        """All layers; a failure is a result, too. trusted: the request with its authorities, for libcurl."""
        self._trusted = trusted or self._request
        acts: dict[str, Callable[[], tuple[int, bytes]]] = {
            "socket": self._socket, "http.client": self._http_client, "urllib": self._urllib, "pycurl": self._libcurl,
        }  # fmt: skip
        for layer in LAYERS:
            if self._cancelled:
                break
            began = time.monotonic()
            try:
                status, body = acts[layer.id]()
            except (OSError, http.client.HTTPException, ValueError) as error:
                said = f"{type(error).__name__}: {error}"
                self.results.append(LayerResult(layer.id, 0, b"", "", (time.monotonic() - began) * 1000, said))
                continue
            took_ms = (time.monotonic() - began) * 1000
            self.results.append(LayerResult(layer.id, status, body, hashlib.sha256(body).hexdigest(), took_ms))
        return self.results

    def _name(self, layer: str) -> str:
        return f"layer {layer}"

    def _socket(self) -> tuple[int, bytes]:
        lines = [f"{self._request.method} {self._target} HTTP/1.1", f"Host: {self._netloc}",
                 *(f"{name}: {value}" for name, value in self._headers), "Connection: close", "", ""]  # fmt: skip
        pieces: list[bytes] = []
        size = 0
        context = believing(self._believed) if self._tls else None
        with dialled(self._recorder, self._name("socket"), (self._host, self._port), context=context,
                     timeout_s=TIMEOUT_S) as sock:  # fmt: skip
            sock.sendall("\r\n".join(lines).encode() + self._data)
            while size < LIMIT_BYTES and (piece := sock.recv(65536)):
                pieces.append(piece)
                size += len(piece)
        head, mark, body = b"".join(pieces).partition(b"\r\n\r\n")
        said = read_head(head + mark)
        while 100 <= said.status < 200 and body:  # answers before the answer
            head, mark, body = body.partition(b"\r\n\r\n")
            said = read_head(head + mark)
        if not said.status:
            raise ValueError("no status line came")
        return said.status, plain_body(said, body, LIMIT_BYTES)[0]

    def _http_client(self) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._host, self._port)
        context = believing(self._believed) if self._tls else None
        connection._create_connection = (  # type: ignore[attr-defined]
            lambda *_: dialled(self._recorder, self._name("http.client"), (self._host, self._port), context=context,
                               timeout_s=TIMEOUT_S))  # fmt: skip
        try:
            connection.putrequest(self._request.method, self._target, skip_host=True)
            connection.putheader("Host", self._netloc)
            for name, value in self._headers:
                if name.lower() != "accept-encoding":  # http.client says "identity" of itself
                    connection.putheader(name, value.encode())
            connection.endheaders(self._data or None)
            answer = connection.getresponse()
            return answer.status, answer.read(LIMIT_BYTES)
        finally:
            connection.close()

    def _urllib(self) -> tuple[int, bytes]:
        opening = Opening(self._recorder, OpenerOrder(
            self._request.url, self._request.method, self._data or None,
            tuple(one for one in self._headers if one[0].lower() not in ("content-length", "accept-encoding")), USUAL,
            believed=self._believed, timeout_s=TIMEOUT_S,
        ), name=self._name("urllib"))  # fmt: skip
        opening.run()
        if not opening.status:
            raise ValueError(opening.error)
        return opening.status, opening.body

    def _libcurl(self) -> tuple[int, bytes]:
        client = HttpClient(self._recorder, name=self._name("libcurl"))
        client.start()
        try:
            run = client.send(self._trusted)
            if not run.wait(TIMEOUT_S):
                run.cancel()
                raise TimeoutError(f"no answer within {TIMEOUT_S:.0f} s")
            if run.failure is not None:
                raise ValueError(run.failure.title)
            return run.status, bytes(run.body.data[:LIMIT_BYTES])
        finally:
            client.stop()


def _headers(request: Request, kind: str, data: bytes) -> list[Header]:
    """The headers that the two lower layers must be told."""
    has = {name.lower() for name, _ in request.headers}
    made = [one for one in request.headers if one[0].lower() not in ("host", "connection", "content-length")]
    if "accept-encoding" not in has:
        made.append(("Accept-Encoding", "identity"))
    if kind and "content-type" not in has:
        made.append(("Content-Type", kind))
    if data or request.method in ("POST", "PUT", "PATCH"):
        made.append(("Content-Length", str(len(data))))
    return made
