"""The panel's entries in the registry of actions: what the palette, the menus and the keys can do here.

It must not know how the views do it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu

from protocols.http.by_hand import explore_script
from protocols.http.client.run import Run
from protocols.http.formats.curl_write import to_curl
from protocols.http.formats.har_write import write_har
from protocols.http.formats.http_write import write_http
from protocols.http.formats.python_write import FLAVOURS, missing, problem, script_params
from protocols.http.kept.masking import masked
from protocols.http.request import RequestError
from widgets.http.collection_page import CollectionPage
from widgets.http.exchange.request_launch import RawOrder, place_of
from widgets.parts.paths import ask_place

if TYPE_CHECKING:
    from widgets.http.panel import HttpPanel
    from widgets.http.proxy.page import ProxyPage

GROUP: Final = "Web"
PROXY: Final = "Debugging proxy"
"""The accessible name of the proxy's view, which is imported when it is first shown."""


class PanelActions:
    """Registers the actions and keeps them enabled as the views allow."""

    def __init__(self, panel: HttpPanel) -> None:
        self._panel = panel
        self._ends = panel.ends
        self.flavour = "urllib"
        self._allowed: list[tuple[QAction, Callable[[], bool]]] = []
        self._register()
        self._fill_menus()
        self._ends.slot.changed.connect(self.refresh)
        self._ends.servers.current_changed.connect(self.refresh)
        self._ends.history.changed.connect(self._fill_history)
        self._ends.history.changed.connect(self.refresh)
        self._ends.store.changed.connect(self.refresh)
        self.refresh()

    def _register(self) -> None:
        add, ends = self._add, self._ends
        add("send", "Send the request", ends.send, "send", "Alt+Return", "What the card says", self._idle)
        add("cancel", "Cancel the request", ends.slot.cancel, "square", "Alt+.", "At once", lambda: not self._idle())
        add("send-to-file", "Send, and save the body\u2026", ends.ask_send_to_file, "download", "",
            "Streams to disk, however large it is", self._idle)  # fmt: skip
        add("save-body", "Save the body\u2026", ends.ask_save, "save", "", "", lambda: ends.response.sent is not None)
        add("sample", "Start a sample site", ends.start_sample, "play", "", "And put its address into the request")
        add("other-end", "Give me the other end", ends.give_other_end, "arrow-left-right", "",
            "A web server that fits the URL")  # fmt: skip
        add("new-server", "New web server", self._panel.new_server, "server", "", "A form for one more")
        add("stop-server", "Stop the web server shown", ends.servers.stop, "square", "", "",
            lambda: ends.servers.current.slot.phase == "running")  # fmt: skip
        add("browser", "Open the web server in the browser", ends.servers.open_in_browser, "external-link", "",
            "The system's browser asks it; its requests are shown here",
            lambda: ends.servers.current.slot.phase == "running")  # fmt: skip
        add("two-ways", "One page, two ways", self._panel.show_ways, "columns-2", "",
            "From a file and computed, side by side")  # fmt: skip
        add("layers", "The request on four layers", lambda: self._panel.show_low("layers"), "layers", "",
            "Socket, http.client, urllib, libcurl")  # fmt: skip
        add("query", "Encode and decode a query\u2026", ends.request.params_page.show_query, "binary", "",
            "urlencode and parse_qs, live")  # fmt: skip
        add("handler", "Go to the handler that answered", ends.go_to_handler, "server", "",
            "In the server's rows and on the time line",
            lambda: ends.served_for(ends.response.exchange) is not None)  # fmt: skip
        add("copy-curl", "Copy as curl", self._copy_curl, "copy", "", "The command that sends the same bytes")
        add("collection", "Open a collection\u2026", self._open_collection, "folder-open", "", "Its .http files")
        add("save-request", "Save the request", ends.save_request, "save", "Alt+S", "Into the collection",
            lambda: ends.store.collection is not None)  # fmt: skip
        add("save-copy", "Save the request as another", lambda: ends.save_request(copy=True), "copy", "", "",
            lambda: ends.store.collection is not None)  # fmt: skip
        add("import", "Import requests\u2026", self._import, "import", "", "curl, HAR, Postman, .http, OpenAPI")
        add("paste", "Paste a request", self._paste, "import", "", "curl, .http or HAR, from the clipboard")
        add("export-http", "Export as .http\u2026", self._export_http, "upload", "", "The request of the card")
        add("export-har", "Export the answers as HAR\u2026", self._export_har, "upload", "",
            "The last ones, without secrets", lambda: bool(ends.history.entries))  # fmt: skip
        add("key-log", "Log TLS keys\u2026", self._ask_key_log, "key", "", "For Wireshark: who has them reads all")
        add("compare", "Compare with the answer before",
            lambda: ends.response.compare_with(ends.history.entries), "arrow-left-right", "", "Status, headers, body",
            lambda: sum(past.sent is not None for past in ends.history.entries) > 1)  # fmt: skip
        add("clear-history", "Forget the history", ends.history.clear, "trash-2", "", "")
        add("proxy-send", "Send through the proxy", self._send_through, "waypoints", "",
            "Starts the debugging proxy where none runs; the exchange is shown there", self._idle)  # fmt: skip
        add("proxy-release", "Release all that the proxy holds", lambda: self._proxy().release_all(), "step-forward")
        add("python", "Show as Python", self.show_python, "code-xml", "", "The script for this request")
        add("explore", "Explore the answer in Python", self.explore, "square-terminal", "",
            "A script with its headers and its page at hand", lambda: ends.response.exchange is not None,
            python=explore_script.NAME)  # fmt: skip
        for flavour in FLAVOURS:
            add(f"python-{flavour}", f"Show as Python: {flavour}", partial(self.show_python, flavour), "code-xml", "",
                missing(flavour) or "The script for this request", python=FLAVOURS[flavour])  # fmt: skip

    def _add(
        self, name: str, text: str, handler: Callable[[], Any], icon: str, keys: str = "", tip: str = "",
        allowed: Callable[[], bool] | None = None, python: str = "",
    ) -> None:  # fmt: skip
        visible = self._panel.isVisible
        fits = (lambda: visible() and allowed()) if allowed else visible
        action = self._panel.desk.actions.add(
            f"http.{name}", text, handler, icon, keys or None, GROUP, tip, python or None, fits=fits
        )
        if allowed is not None:
            self._allowed.append((action, allowed))

    def _idle(self) -> bool:
        return self._ends.slot.phase == "idle"

    def _fill_menus(self) -> None:
        get = self._panel.desk.actions.get
        names = ("send-to-file", "proxy-send", "save-body", "compare", "explore", "layers", "two-ways", "",
                 "paste", "import", "", "copy-curl", "export-http", "export-har", "",
                 "save-request", "save-copy", "collection", "",
                 "other-end", "handler", "key-log")  # fmt: skip
        for name in names:
            if name:
                self._ends.request.menu.addAction(get(f"http.{name}"))
            else:
                self._ends.request.menu.addSeparator()
        scripts = self._ends.request.menu.addMenu("Show as Python for")
        for flavour in FLAVOURS:
            scripts.addAction(get(f"http.python-{flavour}"))
        self._history = QMenu(self._panel.history_button)
        self._panel.history_button.setMenu(self._history)
        self._fill_history()

    def _fill_history(self) -> None:
        from widgets.http.history_menu import fill

        fill(self._history, self._ends, self._panel.desk.actions.get("http.clear-history"))

    def refresh(self, *_: object) -> None:
        """Allow what the views allow."""
        for action, allowed in self._allowed:
            action.setEnabled(allowed())

    def _proxy(self) -> ProxyPage:
        from widgets.http.proxy.page import ProxyPage

        page = self._panel.view("proxy")
        assert isinstance(page, ProxyPage)
        return page

    def _send_through(self) -> None:
        page = self._proxy()
        self._panel.show_view("proxy")
        page.send_through(start=True)

    # What they do

    def _copy_curl(self) -> None:
        try:
            QGuiApplication.clipboard().setText(to_curl(self._ends.request.ready()))
        except RequestError as error:
            self._ends.request.refuse(str(error))
            return
        self._panel.desk.toast("Copied as a curl command")

    def _ask_key_log(self) -> None:
        ask_place(self._panel, "File for TLS keys", "keys.log", self._ends.slot.log_keys)

    def _page(self) -> CollectionPage:
        page = self._panel.view("collection")
        assert isinstance(page, CollectionPage)
        return page

    def _open_collection(self) -> None:
        self._panel.show_view("collection")
        self._page().ask_open()

    def _import(self) -> None:
        self._page().ask_import()

    def _paste(self) -> None:
        self._page().take(QGuiApplication.clipboard().text())

    def _export_http(self) -> None:
        try:
            text = write_http([masked(self._ends.request.request())])
        except RequestError as error:
            self._ends.request.refuse(str(error))
            return
        self._export("Export as .http", "request.http", text)

    def _export_har(self) -> None:
        runs = [past.sent.way for past in self._ends.history.entries if past.sent is not None]
        self._export("Export as HAR", "answers.har", write_har([run for run in runs if isinstance(run, Run)]))

    def _export(self, title: str, name: str, text: str) -> None:
        save = self._ends.saving.save
        ask_place(self._panel, title, name, lambda path: save(text.encode("utf-8", "replace"), path))

    def script(self, flavour: str) -> tuple[str, Mapping[str, Any]]:
        """The script of the request in the card, as (action id, parameters). Raises RequestError."""
        card = self._ends.request
        if card.is_raw:
            return raw_script(card.raw_order())
        request = masked(card.ready())
        told = problem(request, flavour)
        if told:
            raise RequestError(told)
        return FLAVOURS[flavour], script_params(request)

    def show_python(self, flavour: str = "") -> None:
        """Open the drawer with the script of the request; flavour: for which library, "" for the last one chosen.

        While an exchange of the proxy is shown, it is that one's script.
        """
        shown = self._panel.pages.currentWidget()
        if not flavour and shown is not None and shown.accessibleName() == PROXY and self._proxy().show_python():
            return
        if not flavour and self._panel.current_view() == "low":
            from widgets.http.by_hand.low_level_page import LowLevelPage

            page = self._panel.view("low")
            assert isinstance(page, LowLevelPage)
            self._panel.desk.show_python(*page.python())
            return
        self.flavour = flavour or self.flavour
        try:
            asked = self.script(self.flavour)
        except RequestError as error:
            self._ends.request.refuse(str(error), lead="There is no such script")
            return
        self._panel.desk.show_python(*asked)

    def explore(self) -> None:
        """Open the drawer with a script that has the answer shown at hand."""
        shown, sent = self._ends.response.exchange, self._ends.response.sent
        if shown is None or sent is None or not shown.status:
            self._panel.desk.decline("There is no answer to explore yet")
            return
        last = shown is sent.final
        page = bytes(sent.body.data[: explore_script.PAGE_BYTES]) if last else shown.wire_body
        size = sent.body.size if last else len(page)
        self._panel.desk.show_python(explore_script.NAME, explore_script.explore_params(shown, page, size))


def raw_script(order: RawOrder) -> tuple[str, dict[str, Any]]:
    """The script that sends typed bytes as they are. Raises RequestError."""
    host, port, tls = place_of(order.url)
    return "client", {"transport": "tcp", "host": host, "port": port, "messages": (order.data,), "tls": tls}
