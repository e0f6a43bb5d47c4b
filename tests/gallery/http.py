"""Pictures of the web panel in both palettes and several sizes, from real services.

By hand: `python -m tests.gallery.http --out DIR`. Never collected by pytest.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from protocols.http.kept.presets import PRESETS
from tests.gallery.studio import Studio, asked
from widgets.http.panel import HttpPanel
from widgets.theme.theme import theme


class HttpStudio(Studio[HttpPanel]):
    """The panel and what a picture of it takes."""

    def send(self, url: str, **values: object) -> None:
        """Send a request and wait for its end."""
        ends = self.panel.ends
        ends.request.set_url(url, str(values.get("method", "GET")))
        ends.send()
        self.until(lambda: ends.slot.phase == "idle" and (ends.response.body_view.prepared or ends.response.failure))
        self.settle(0.2)


def play(studio: HttpStudio) -> None:
    """From the empty panel through every tab."""
    ends = studio.panel.ends
    request, response = ends.request, ends.response
    studio.shoot("01-empty")
    ends.servers.start_site({"site": "folder", "port": 0})
    studio.until(ends.servers.running)
    studio.shoot("02-started")
    server = ends.servers.running()
    assert server is not None
    base = server.url.rstrip("/")
    studio.send(f"{base}/books.json?draft=0&x=%C3%BC")
    response.body_view.tree.expandToDepth(2)
    studio.shoot("03-json")
    for key in ("headers", "timing", "wire"):
        response.tabs.show_page(key)
        studio.shoot(f"04-{key}")
    for key in ("headers", "body", "auth", "cookies", "options", "raw"):
        request.tabs.show_page(key)
        studio.shoot(f"05-request-{key}")
    request.tabs.show_page("params")
    response.tabs.show_page("body")
    for name in ("books.csv", "books.xml", "square.png", "latin1.txt", "index.html"):
        studio.send(f"{base}/{name}")
        studio.shoot(f"06-{name}")
    response.tabs.show_page("page")
    studio.settle(0.3)
    studio.shoot("07-page")
    response.tabs.show_page("body")
    studio.send("http://127.0.0.1:1/")
    studio.shoot("08-refused")
    tls = ends.servers.add_server({"site": "folder", "port": 0, "tls": "good"})
    studio.shoot("09-form")
    ends.servers.start(tls)
    studio.until(lambda: tls.slot.phase == "running")
    studio.send(tls.slot.url)
    response.tabs.show_page("tls")
    studio.settle(0.3)
    studio.shoot("10-tls")
    _views(studio, base)


def _views(studio: HttpStudio, base: str) -> None:
    panel, ends = studio.panel, studio.panel.ends
    sandbox = ends.servers.start_site({"site": "sandbox", "port": 0, "tls": ""})
    studio.until(lambda: sandbox.phase == "running")
    home = sandbox.url.rstrip("/")
    studio.send(f"{home}/redirect/3")
    ends.response.tabs.show_page("body")
    studio.shoot("11-hops")
    studio.send(f"{home}/events?n=3&delay_ms=1")
    studio.shoot("12-events")
    panel.show_view("ladder")
    studio.settle(0.2)
    page = panel.view("ladder")
    page.table.selectRow(3)
    studio.shoot("13-ladder")
    page.start()
    studio.until(lambda: page.slot.phase == "running")
    page.check()
    studio.until(lambda: page.found)
    studio.shoot("14-ladder-check")
    page.tabs.show_page("diff")
    studio.shoot("15-ladder-diff")
    panel.show_view("parallel")
    ends.request.set_url(f"{home}/items")
    many = panel.view("parallel")
    many.start()
    studio.until(lambda: many.burst is not None and len(many.burst.shots) == 50)
    studio.shoot("16-parallel")
    panel.show_view("collection")
    studio.shoot("17-collection-empty")
    with tempfile.TemporaryDirectory() as folder:
        shop = panel.view("collection")
        shop.store.open(Path(folder, "shop"), create=True)
        studio.until(lambda: shop.store.collection)
        shop.store.change_environments(lambda found: (found.add("lab"), found.set("lab", "base", home),
                                                      found.set("lab", "token", "t", secret=True)))  # fmt: skip
        ends.request.set_url("{{base}}/items")
        ends.save_request()
        studio.until(lambda: shop.store.items() and shop.variables.pairs())
        studio.shoot("18-collection")
        panel.show_view("ends")
        studio.shoot("19-environment")
    panel.show_view("cookies")
    studio.shoot("20-cookies")
    _scripts(studio, home)
    _proxy(studio, home)
    _code(studio, home)
    _low(studio, home)
    _lessons(studio, home)


def _scripts(studio: HttpStudio, home: str) -> None:
    ends = studio.panel.ends
    studio.panel.show_view("ends")
    form = ends.servers.add_server({"site": "folder", "port": 0, "cgi": True, "types": ".md=text/markdown"})
    studio.shoot("23-folder-form")
    dialog = form.form.show_types()
    studio.settle(0.2)
    dialog.grab().save(str(studio.out / "24-types.png"))
    dialog.close()
    ends.servers.start(form)
    studio.until(lambda: form.slot.phase == "running")
    ends.request.tabs.show_page("headers")
    ends.request.headers_page.take_preset(PRESETS[2])
    studio.send(f"{form.slot.url}cgi-bin/environment.py?name=Dave")
    studio.until(form.live.script.isVisible)
    studio.shoot("25-cgi")
    form.live.script.tabs.show_page("environment")
    studio.shoot("26-cgi-environment")


def _proxy(studio: HttpStudio, home: str) -> None:
    studio.panel.show_view("proxy")
    page = studio.panel.view("proxy")
    page.card.form.set_values({"mode": "forward", "port": 0, "intercept": True})
    page.card.start_button.click()
    studio.until(lambda: page.slot.running)
    studio.panel.ends.request.set_url(f"{home}/echo")
    for _ in range(6):
        page.send_through(start=True)
        studio.until(lambda: studio.panel.ends.slot.phase == "idle")
        studio.settle(0.3)
    studio.shoot("34-proxy-warning")


def _code(studio: HttpStudio, home: str) -> None:
    studio.panel.show_view("code")
    page = studio.panel.view("code")
    studio.shoot("32-code")
    page.table.selectRow(5)
    page.start()
    studio.until(lambda: page.slot.phase == "running")
    studio.send(page.slot.url)
    studio.panel.show_view("code")
    studio.until(page.said.rowCount)
    studio.shoot("33-code-said")


def _low(studio: HttpStudio, home: str) -> None:
    panel = studio.panel
    panel.show_view("low")
    page = panel.view("low")
    studio.shoot("21-steps-empty")
    page.steps.fields["url"] = f"{home}/echo"
    for name in ("putheader", "connect", "putrequest", "putheader", "endheaders"):
        before = page.steps.model.rowCount()
        page.steps.do(name)
        studio.until(lambda before=before: page.steps.model.rowCount() > before)
    studio.shoot("22-steps")
    page.tabs.show_page("openers")
    studio.shoot("29-openers-empty")
    page.openers.fields.set_values({"url": f"{home}/digest/md5", "with_digest": True, "password": "guido456"})
    page.openers.open()
    studio.until(page.openers.calls.rowCount)
    studio.shoot("30-openers")
    page.openers.tabs.show_page("chain")
    studio.shoot("31-openers-chain")
    page.tabs.show_page("websocket")
    studio.shoot("27-websocket-empty")
    page.websocket.fields["url"] = f"{home}/websocket"
    page.websocket.connect_now()
    studio.until(lambda: page.websocket.client and page.websocket.client.open)
    for kind, message in (("text", "hello, gr\u00fc\u00dfe"), ("binary", "\\x00\\x01"), ("ping", "there?")):
        page.websocket.fields.set_values({"kind": kind, "message": message})
        page.websocket.send()
        studio.settle(0.1)
    page.websocket.table.selectRow(1)
    page.websocket.table.picked.emit(1)
    studio.shoot("28-websocket")


def _lessons(studio: HttpStudio, home: str) -> None:
    panel, ends = studio.panel, studio.panel.ends
    panel.show_view("ends")
    response = ends.response
    ends.request.tabs.show_page("params")
    studio.send(f"{home}/chunked?n=3")
    response.tabs.show_page("wire")
    response.wire.show_way(1)
    response.wire.answer.hex.select(9, 12)
    studio.shoot("40-byte-map")
    ends.request.auth.fields.set_values({"kind": "digest", "user": "guido", "password": "guido456"})
    studio.send(f"{home}/digest/md5")
    response.tabs.show_page("identity")
    studio.shoot("41-identity")
    ends.request.auth.fields.set_values({"kind": "none"})
    studio.send(f"{home}/html")
    response.tabs.show_page("page")
    studio.settle(0.3)
    response.page.show_way(1)
    studio.until(lambda: response.page.parser.events)
    response.page.parser.table.selectRow(8)
    studio.shoot("42-parser")
    ends.request.set_url(f"{home}/echo?name=Dave&email=dave%40dabeaz.com", "PROPFIND")
    studio.shoot("43-webdav")
    ends.request.set_url(f"{home}/echo?name=Dave&email=dave%40dabeaz.com&n=1&n=2", "GET")
    panel.show_low("layers")
    page = panel.view("low").layers
    studio.shoot("44-layers-empty")
    page.run()
    studio.until(lambda: len(page.results) == 4)
    studio.shoot("45-layers")
    panel.show_ways()
    studio.until(lambda: panel.ways is not None and len(panel.ways.differ) == 2)
    for name, dialog in (("46-two-ways", panel.ways), ("47-query", ends.request.params_page.show_query())):
        for dark in (False, True):
            theme().set_dark(dark)
            studio.settle(0.2)
            dialog.grab().save(str(studio.out / f"{name}-{'dark' if dark else 'light'}.png"))
        theme().set_dark(False)
        dialog.close()


PARTS = {"lessons": _lessons, "low": _low, "code": _code, "proxy": _proxy, "scripts": _scripts}


def main() -> None:
    """Take all pictures."""
    arguments = asked(__doc__, tuple(PARTS))
    studio = HttpStudio(HttpPanel, arguments.out, arguments.sizes)
    try:
        if arguments.part:
            site = studio.panel.ends.servers.start_site({"site": "sandbox", "port": 0, "tls": ""})
            studio.until(lambda: site.phase == "running")
            PARTS[arguments.part](studio, site.url.rstrip("/"))
        else:
            play(studio)
    finally:
        studio.close()


if __name__ == "__main__":
    main()
