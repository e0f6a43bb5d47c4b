"""What the tour does in the web panel, as a newcomer would: start a site, send, see both ends, and a refusal.

It must not reach around the widgets: it clicks and types, and looks at results.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from widgets.panel import Check, Click, DemoStep, Picture, Type, Wait

if TYPE_CHECKING:
    from widgets.http.panel import HttpPanel


def steps(panel: HttpPanel) -> Iterator[DemoStep]:
    """Start a site, send a request, look at the answer, its phases and its handler; the proxy; a refusal."""
    ends = panel.ends
    request, response, servers = ends.request, ends.response, ends.servers
    yield Click(response.empty.button)
    yield Wait("a web server listens", lambda: servers.current.slot.phase == "running")
    yield Wait("its address stands in the request", lambda: request.url.startswith("http://127.0.0.1"))
    home = request.url
    yield Click(request.bar.send_button)
    yield Wait("the answer is 200 OK", lambda: _status(panel) == 200)
    yield Wait("the server's row tells who answered", lambda: ends.served_for(response.exchange) is not None)
    rows = servers.current.slot.rows
    yield Check("the row has the handler's thread and time", bool(rows.row(0) and rows.row(0).worker))  # type: ignore[union-attr]
    response.tabs.show_page("timing")
    yield Wait("the phases are measured", lambda: len(response.timing.waterfall.rows()) >= 3)
    yield Picture()
    yield from _through_the_proxy(panel, home)
    yield from _refused(panel)
    yield Click(servers.stop_button)
    yield Wait("the server has stopped", lambda: servers.current.slot.phase == "ended")


def _refused(panel: HttpPanel) -> Iterator[DemoStep]:
    response = panel.ends.response
    yield Type(panel.ends.request.bar.url, "http://127.0.0.1:1/", enter=True)
    yield Wait("a port where nobody listens is refused", lambda: response.failure is not None)
    told = response.failure
    yield Check("the refusal is explained", told is not None and told.symbol == "ECONNREFUSED")
    yield Check("the red strip offers a server", "other-end" in response.strip.buttons)


def _through_the_proxy(panel: HttpPanel, home: str) -> Iterator[DemoStep]:
    from widgets.http.proxy.page import ProxyPage

    panel.show_view("proxy")
    page = panel.view("proxy")
    assert isinstance(page, ProxyPage)
    page.card.form.set_values({"mode": "forward", "port": 0})
    panel.ends.request.set_url(home)
    yield Click(page.card.start_button)
    yield Wait("the proxy listens", lambda: page.slot.running)
    yield Click(page.exchanges.empty.button)
    yield Wait("the request came through the proxy, and its row is chosen",
               lambda: page.details.entry is not None and page.details.entry.status == 200)  # fmt: skip
    yield Click(page.card.stop_button)
    yield Wait("the proxy has stopped", lambda: page.slot.phase == "ended" and panel.ends.slot.phase == "idle")
    panel.show_view("ends")


def _status(panel: HttpPanel) -> int:
    exchange = panel.ends.response.exchange
    return exchange.status if exchange is not None else 0
