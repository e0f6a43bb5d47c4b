"""Through the proxy: the request of the builder sent by way of it, and a kept exchange as a request of the builder.

It must not know the list of exchanges.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from protocols.http.exchange import read_request_head
from protocols.http.proxy.entry import Entry
from protocols.http.proxy.plainbody import plain_body
from protocols.http.proxy.service import DebugProxy
from protocols.http.request import Body, Proxy, Request, RequestError

if TYPE_CHECKING:
    from widgets.http.both_ends import BothEnds
    from widgets.http.exchange.sent import Sent
    from widgets.http.server.slot import ServerSlot

_CONNECTION: Final = frozenset(("host", "connection", "proxy-connection", "content-length", "transfer-encoding",
                                "proxy-authorization", "keep-alive", "te", "expect", "via"))  # fmt: skip


def through(request: Request, proxy: DebugProxy) -> Request:
    """The request by way of the proxy: told to it, or with a reverse one in the place of its server."""
    if proxy.order.reverse is None:
        return replace(request, proxy=Proxy(proxy.url, proxy.order.user, proxy.order.password, proxy.order.digest))
    host, port = proxy.address
    place = f"[{host}]" if ":" in host else host
    return replace(request, proxy=Proxy(), connect_to=(f"::{place}:{port}",))


def request_of(entry: Entry) -> Request:
    """What the client of an exchange asked, to be asked again. Reads files. Raises RequestError."""
    if entry.kind in ("tunnel", "tls", "tcp") or not entry.request.head:
        raise RequestError("A tunnel is no request")
    if entry.request.body.cut:
        raise RequestError("The body was not kept whole")
    _, headers = read_request_head(entry.request.head)
    raw = entry.request.body.read()
    chunked = [one for one in headers if one[0].lower() == "transfer-encoding"]
    if raw and chunked:
        from protocols.http.exchange import Head

        raw, _ = plain_body(Head("1.1", 200, "", chunked), raw, len(raw))
    kept = tuple(one for one in headers if one[0].lower() not in _CONNECTION)
    has = {name.lower() for name, _ in kept}
    without = tuple(name for name in ("Accept", "User-Agent") if name.lower() not in has)
    body = Body("text", text=_text(raw), raw=None if _is_text(raw) else raw) if raw else Body()
    if raw and "content-type" not in has:
        without = (*without, "Content-Type")
    return Request(entry.method, entry.url, kept, body, without=without, decode="accept-encoding" in has, follow=False)


def _is_text(raw: bytes) -> bool:
    try:
        return "\0" not in raw.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _text(raw: bytes) -> str:
    return raw.decode("utf-8") if _is_text(raw) else ""


class ViaProxy(QObject):
    """Sends the builder's request through the proxy. `went(sent)`: it is under way. `refused(sentence)`: it is not.

    Where the builder has no address yet, the site that runs gets one, or a sample site is started first.
    """

    went = Signal(object)
    refused = Signal(str)

    def __init__(self, ends: BothEnds, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ends = ends
        self._waiting: tuple[ServerSlot, DebugProxy] | None = None
        self._sending = False
        ends.began.connect(self._on_began)
        ends.slot.refused.connect(self._on_refused)
        ends.slot.failed.connect(lambda failure: self._on_refused(failure.why))
        ends.servers.started.connect(self._on_started)

    def send(self, proxy: DebugProxy) -> None:
        """Send the request of the builder through it."""
        ends = self._ends
        if ends.slot.phase != "idle":
            self.refused.emit("A request is under way already.")
            return
        if not ends.request.url and not ends.request.is_raw:
            running = ends.servers.running()
            if running is None:
                slot = ends.servers.start_site({"site": "sandbox", "root": "", "port": 0, "tls": ""})
                self._waiting = (slot, proxy)
                return
            ends.request.set_url(running.url)
        try:
            if ends.request.is_raw:
                raise RequestError("Raw bytes go straight to their place: go back to Fields to use a proxy")
            request = through(ends.request.ready(), proxy)
        except RequestError as error:
            self.refused.emit(str(error))
            return
        self._sending = True
        ends.slot.send(request, ends.request.believed(), asked=ends.request.request())

    def _on_started(self, slot: ServerSlot) -> None:
        if self._waiting is not None and self._waiting[0] is slot:
            proxy, self._waiting = self._waiting[1], None
            self._ends.request.set_url(slot.url)
            self.send(proxy)

    def _on_began(self, sent: Sent) -> None:
        if self._sending:
            self._sending = False
            self.went.emit(sent)

    def _on_refused(self, why: str) -> None:
        if self._sending:
            self._sending = False
            self.refused.emit(why)
