"""What a request needs before it goes, made on a lab thread: authorities to trust, a TLS context, an address.

It must not know widgets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from protocols import trust
from protocols.http.by_hand.steps import HttpSteps
from protocols.http.by_hand.websocket import WebSocketClient
from protocols.http.client.client import HttpClient
from protocols.http.client.handle import system_authorities
from protocols.http.client.rawsend import RawSend
from protocols.http.exchange import Exchange, Kept, read_head
from protocols.http.request import Request, RequestError, checked_url
from protocols.tls import believing, lab_ca

if TYPE_CHECKING:
    from protocols.http.client.jar import Jar
    from protocols.lab import Lab

ROOM: Final = "http"
_PORTS: Final = {"http": 80, "https": 443}


def start_client(lab: Lab, jar: Jar) -> HttpClient:
    """The client of the panel, running."""
    client = HttpClient(lab.recorder, name="http 1", jar=jar)
    lab.start(client, room=ROOM)
    return client


def trusting(request: Request, believed: str) -> Request:
    """The request with the authorities that it shall believe. believed: "lab", "system", "file", "none"."""
    if believed == "none":
        return replace(request, trust=replace(request.trust, verify=False, ca=b"", ca_file=""))
    if believed != "lab" or not request.url.lower().startswith("https"):
        return request
    file, folder = system_authorities()
    pem = lab_ca().pem + b"\n" + trust.known()
    if file and not folder:
        pem += b"\n" + Path(file).read_bytes()
    return replace(request, trust=replace(request.trust, ca=pem, ca_file=""))


@dataclass(frozen=True, slots=True)
class RawOrder:
    """Bytes to be sent as they are."""

    url: str
    data: bytes
    believed: str = "lab"
    quiet_s: float = 2.0


def place_of(url: str) -> tuple[str, int, bool]:
    """Host, port and whether with TLS, of a URL that raw bytes can go to. Raises RequestError."""
    parts = urlsplit(checked_url(url))
    if parts.scheme not in _PORTS:
        raise RequestError(f"Only http and https can be spoken by hand, not {parts.scheme}")
    return parts.hostname or "", parts.port or _PORTS[parts.scheme], parts.scheme == "https"


def start_raw(lab: Lab, order: RawOrder) -> RawSend:
    """Connect and begin to send. Raises RequestError, OSError."""
    host, port, tls = place_of(order.url)
    context = believing(order.believed) if tls else None
    raw = RawSend(lab.recorder, host, port, order.data, context=context, quiet_s=order.quiet_s)
    lab.start(raw, room=ROOM)
    return raw


def start_steps(lab: Lab, url: str, believed: str) -> HttpSteps:
    """http.client, ready for its first step. Raises RequestError."""
    host, port, tls = place_of(url)
    steps = HttpSteps(lab.recorder, host, port, context=believing(believed) if tls else None)
    lab.start(steps, room=ROOM)
    return steps


def start_websocket(lab: Lab, url: str, believed: str) -> WebSocketClient:
    """A WebSocket whose handshake is done. Raises WebSocketError, OSError."""
    client = WebSocketClient(lab.recorder, url, context=believing(believed))
    lab.start(client, room=ROOM)
    return client


def raw_exchange(order: RawOrder, raw: RawSend) -> Exchange:
    """What a raw send and its answer look like as an exchange."""
    line = order.data.partition(b"\n")[0].decode("latin-1").rstrip("\r")
    sent = Kept(len(order.data))
    sent.add(order.data[: raw.sent])
    exchange = Exchange(1, line.partition(" ")[0] or "raw", order.url, sent, raw.received)
    exchange.request_line = line
    data = bytes(raw.received.data[: 64 << 10])
    end = next((at + len(mark) for mark in (b"\r\n\r\n", b"\n\n") if (at := data.find(mark)) >= 0), len(data))
    if data:
        exchange.answer = read_head(data[:end])
        exchange.head_received = end if exchange.answer.status else 0
    return exchange
