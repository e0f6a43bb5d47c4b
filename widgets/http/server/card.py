"""The server card: web servers, numbered and in tabs, each with a form or the rows of what it answered.

Puts the pages together and says what was asked for. It must not know where the requests come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMenu, QWidget

from protocols.http.server.sandbox.route import Try
from protocols.http.server.served import ServedLog
from protocols.record.event import Raw
from widgets.desk import Desk
from widgets.http.pages_menu import fill_pages, try_request
from widgets.http.server.form import ServerForm
from widgets.http.server.live import ServerLive
from widgets.http.server.slot import WORDS, ServerSlot
from widgets.http.server.words import model_title, site
from widgets.parts.buttons import Button, IconButton, LinkButton, PrimaryButton
from widgets.parts.empty import EmptyState
from widgets.parts.number_field import NumberField
from widgets.parts.numbered import FormedView, NumberedCard
from widgets.parts.trouble import Mend

NO_SERVER: Final = "No web server runs yet. Start one, then see both ends of each request here."
FREE_PORT: Final = Mend("free-port", "Use a free port", "shuffle")
LOOPBACK: Final = Mend("loopback", "Bind to 127.0.0.1", "monitor")


class ServerView(FormedView[ServerSlot]):
    """One server's pages: nothing yet, the form, and what it answered while it ran."""

    def __init__(self, slot: ServerSlot, parent: QWidget | None = None, *, empty: bool) -> None:
        super().__init__(slot, parent, empty=empty)
        self.empty = EmptyState("server", NO_SERVER, "Start a sample site", button_icon="play", parent=self.stack)
        self.form = ServerForm(self.stack)
        self.live = ServerLive(slot, self.stack)
        self._begin(self.empty, self.form, self.live)

    def refresh(self) -> None:
        """Show the page of the slot's phase, and its trouble where the click was."""
        super().refresh()
        self._tell_trouble(self.form.strip, _mends)


def _mends(errno: str) -> tuple[Mend, ...]:
    if errno in ("EADDRINUSE", "EACCES"):
        return (FREE_PORT,)
    return (LOOPBACK,) if errno in ("EADDRNOTAVAIL", "EAFNOSUPPORT") else ()


class ServerCard(NumberedCard[ServerView, ServerSlot]):
    """All servers. `picked(slot, served)`: a row was chosen. `url_wanted(url)`, `try_wanted(request)`: send this.

    `started(slot)`: one listens; `request_wanted(slot)`: send a first request to it; `first_requested`: the sample.
    """

    picked = Signal(object, object)
    started = Signal(object)
    failed = Signal(object)
    url_wanted = Signal(str)
    try_wanted = Signal(object)
    request_wanted = Signal(object)
    first_requested = Signal()
    why_requested = Signal(object)
    current_changed = Signal()
    code_wanted = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("Web server", "server", "Servers", parent)
        self.desk = desk
        self._log = ServedLog(1)
        self.where = LinkButton("")
        self.where.setToolTip("Put this address into the request")
        self.delay = NumberField(0, 0, 60_000, suffix="ms")
        self.delay.setPrefix("Delay ")
        self.delay.setAccessibleName("Delay before each answer")
        self.delay.setProperty("small", True)
        self.pages_button = Button("Pages", "list", small=True)
        self.pages_button.setToolTip("What the site has, ready to be asked for")
        self.pages_menu = QMenu(self.pages_button)
        self.pages_button.setMenu(self.pages_menu)
        self.browser_button = IconButton("external-link", "Open in the browser")
        self.clear_button = IconButton("trash-2", "Forget the rows shown")
        self.more_button = Button("Another", "plus", small=True)
        self.form_button = Button("Set up", "sliders-horizontal", small=True)
        self.stop_button = Button("Stop", "square", small=True)
        self.start_button = PrimaryButton("Start", "play")
        self.add_head(self.where)
        for button in (self.pages_button, self.browser_button, self.delay, self.clear_button, self.more_button,
                       self.form_button, self.stop_button, self.start_button):  # fmt: skip
            self.add_action(button)
        self.head.gives_words = (self.more_button, self.pages_button)
        self.pages_menu.aboutToShow.connect(lambda: fill_pages(self.pages_menu, self._on_page))
        self.where.clicked.connect(lambda: self.url_wanted.emit(self.current.slot.url))
        self.delay.valueChanged.connect(self._on_delay)
        self.browser_button.clicked.connect(self.open_in_browser)
        self.clear_button.clicked.connect(self.forget)
        self.more_button.clicked.connect(self._on_more)
        self.form_button.clicked.connect(self._on_form)
        self.stop_button.clicked.connect(self.stop)
        self.start_button.clicked.connect(lambda: self.start(self.current))
        self.add_server(empty=True)

    def _on_page(self, one: Try) -> None:
        self.try_wanted.emit(try_request(one, self.current.slot.url.rstrip("/")))

    def stop(self) -> None:
        """End the server shown."""
        self.current.slot.stop()

    def open_in_browser(self) -> None:
        """Let the system's browser ask the server shown: its requests are rows here, as any other client's."""
        url = self.current.slot.url
        if url and not QDesktopServices.openUrl(QUrl(url)):
            self.desk.decline(f"No browser could be started: open {url} in one")

    def forget(self) -> None:
        """Forget the rows shown; they stay recorded."""
        self.current.slot.rows.clear()

    def _on_more(self) -> None:
        self.add_server()

    def _on_form(self) -> None:
        self.current.show_form()
        self._refresh_head()

    def _on_delay(self, value: int) -> None:
        slot = self.current.slot
        if slot.phase == "running" and value != slot.delay_ms:
            slot.set_delay_ms(value)

    def add_server(self, values: Mapping[str, Any] | None = None, *, empty: bool = False) -> ServerView:
        """A new server in a tab of its own, shown; its form starts with `values`."""
        slot = ServerSlot(self.desk, self._next_number(), self)
        view = ServerView(slot, self.stack, empty=empty)
        view.form.set_values({"port": 0 if self.views else 8080, **(values or {})})
        view.empty.acted.connect(self.first_requested)
        view.form.code_button.clicked.connect(self.code_wanted)
        view.form.strip.mend_requested.connect(lambda key: self._mend(view, key))
        view.form.strip.why_requested.connect(lambda: self.why_requested.emit(slot))
        view.live.picked.connect(lambda served: self.picked.emit(slot, served))
        view.live.request_wanted.connect(lambda: self.request_wanted.emit(slot))
        slot.started.connect(lambda: self.started.emit(slot))
        slot.failed.connect(lambda: self.failed.emit(slot))
        return self._add_view(view)

    def _new_view(self) -> ServerView:
        return self.add_server()

    def _end(self, slot: ServerSlot) -> None:
        slot.stop()

    def start(self, view: ServerView, **changed: Any) -> None:
        """Start the server of a view with its form's values, some of them changed."""
        if changed:
            view.form.set_values(changed)
        view.slot.start(view.form.fields.values())

    def start_site(self, values: Mapping[str, Any]) -> ServerSlot:
        """Start a server of these values, on a free port where theirs is taken; in a free view or a new one."""
        view = self.free_view()
        view.form.set_values(values)
        view.slot.start(view.form.fields.values(), free_port_if_taken=True)
        self.show_view(view)
        return view.slot

    def running(self) -> ServerSlot | None:
        """The server shown if it runs, else any that does."""
        running = (view.slot for view in (self.current, *self.views) if view.slot.phase == "running")
        return next(running, None)

    def _mend(self, view: ServerView, key: str) -> None:
        self.start(view, **({"port": 0} if key == "free-port" else {"host": "127.0.0.1"}))

    def show_slot(self, slot: ServerSlot) -> ServerView:
        """Show one server."""
        view = self.view_of(slot)
        self.show_view(view)
        return view

    def take(self, raws: Sequence[Raw]) -> bool:
        """New events from the recorder; whether a request was answered in them."""
        served = self._log.feed(raws)
        if served:
            for view in self.views:
                view.slot.take(served)
        return bool(served)

    def poll(self) -> None:
        """See what still runs."""
        for view in self.views:
            view.slot.poll()

    def _refresh_head(self, *_: object) -> None:
        view = self.current
        slot = view.slot
        running = slot.phase == "running"
        sign, word = WORDS[slot.phase]
        if slot.trouble is not None and not running:
            sign, word = "error", slot.trouble.title
        self.set_state(sign, word)
        chosen = site(str(slot.values.get("site")))
        self.set_title(*((chosen.title, chosen.word.capitalize()) if running else ("Web server", "Server")))
        self.set_chip(("HTTPS" if slot.values.get("tls") else "HTTP/1.1") if running else "")
        self.head.chip.setToolTip(model_title(str(slot.values.get("model"))))
        self.where.setText(slot.url)
        self.where.setVisible(running)
        self.tabs.setVisible(len(self.views) > 1)
        for widget in (self.browser_button, self.delay, self.clear_button, self.stop_button):
            widget.setVisible(running)
        self.delay.setVisible(running and hasattr(slot.server, "set_delay_ms"))
        self.more_button.setVisible(running)
        self.pages_button.setVisible(running and slot.values.get("site") == "sandbox")
        self.start_button.setVisible(view.stack.currentWidget() is view.form)
        self.start_button.setEnabled(slot.phase != "starting")
        self.form_button.setVisible(view.stack.currentWidget() is view.empty)
        self.delay.blockSignals(True)
        self.delay.setValue(slot.delay_ms)
        self.delay.blockSignals(False)
        self.current_changed.emit()
