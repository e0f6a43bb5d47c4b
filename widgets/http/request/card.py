"""The request's card: tabs for parameters, headers, body, identity and options, or raw bytes; and the URL bar.

Makes a Request of what stands in it and shows one. It must not know how it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from protocols.http.by_hand.raw_samples import SAMPLE_URL, RawSample
from protocols.http.formats.curl_read import from_curl
from protocols.http.kept.masking import hides_header
from protocols.http.kept.presets import Preset, without_of
from protocols.http.methods import webdav_note
from protocols.http.request import Auth, Request, RequestError, Trust, checked
from widgets.http.exchange.request_launch import RawOrder
from widgets.http.request.auth_page import AuthPage
from widgets.http.request.body_editor import BodyEditor
from widgets.http.request.headers_page import HeadersPage
from widgets.http.request.options_page import OptionsPage
from widgets.http.request.pairs import Pair, PairsModel
from widgets.http.request.params_page import ParamsPage
from widgets.http.request.raw_page import RawPage
from widgets.http.request.url_bar import UrlBar
from widgets.http.request.urls import merged, with_pairs
from widgets.parts.banner import Banner
from widgets.parts.buttons import IconButton
from widgets.parts.card import Card
from widgets.parts.fields import Choice, QuietCombo
from widgets.parts.flow import Pages
from widgets.parts.segments import Segments
from widgets.parts.tab_pages import TabPages
from widgets.parts.trouble import Mend, TroubleStrip

THERE: Final = "\u2022"
"""Behind a tab's title: something is set there."""
UNSENDABLE: Final = "This can't be sent"
OTHER_END: Final = Mend("other-end", "Give me the other end", "play")


class RequestCard(Card):
    """The card. `send_requested`, `raw_requested`, `cancel_requested`: its button, by the tab shown.

    filled: fills variables in; raises RequestError.
    `other_end_requested`: a server shall be started and its address filled in. `changed`: anything was edited.
    """

    send_requested = Signal()
    cancel_requested = Signal()
    other_end_requested = Signal()
    changed = Signal()

    def __init__(self, options: OptionsPage, parent: QWidget | None = None) -> None:
        super().__init__("Request", "send", parent=parent)
        self.bar = UrlBar()  # it stands over both cards: an address needs the whole width
        self.strip = TroubleStrip()
        self.note = Banner("note")
        self.headers = PairsModel(("Name", "Value"), self)
        self.params = PairsModel(("Name", "Value"), self)
        self.pages = Pages(parent=self)
        self.tabs = TabPages("Parts of the request", self.pages)
        inside = self.tabs.pages
        self.headers_page = HeadersPage(self.headers)
        self.params_page = ParamsPage(self.params)
        self.body_editor, self.auth, self.options = BodyEditor(inside), AuthPage(inside), options
        self.raw = RawPage(self.pages)
        self.modes = Segments(("Fields", "Raw"), "How the request is written")
        self.more_button = IconButton("ellipsis", "More for this request")
        self.menu = QMenu(self.more_button)
        self.more_button.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        self.more_button.setMenu(self.menu)
        self.environment = QuietCombo()
        self.environment.setProperty("small", True)
        self.environment.setAccessibleName("Environment whose variables are filled in")
        self.save_button = IconButton("save", "Save the request into the collection")
        for widget in (self.environment, self.save_button):
            self.add_action(widget)
            widget.hide()
        self.add_action(self.modes)
        self.bar.row.addWidget(self.more_button)
        self.filled: Callable[[Request], Request] = lambda request: request
        self._quiet = False
        self._tried = Auth()
        self._lay_out()
        self._wire()
        self._count()

    def _lay_out(self) -> None:
        for key, title, page in (
            ("params", "Params", self.params_page), ("headers", "Headers", self.headers_page),
            ("body", "Body", self.body_editor), ("auth", "Auth", self.auth), ("options", "Options", self.options),
        ):  # fmt: skip
            self.tabs.add(key, title, page)
        holder = QVBoxLayout()
        holder.setContentsMargins(12, 8, 12, 0)
        holder.setSpacing(8)
        holder.addWidget(self.note)
        holder.addWidget(self.strip)
        self.body.addLayout(holder)
        for part in (self.tabs, self.raw):
            self.pages.addWidget(part)
        self.add(self.pages, 1)

    def _wire(self) -> None:
        self.bar.send_requested.connect(self.send_requested)
        self.bar.cancel_requested.connect(self.cancel_requested)
        self.bar.changed.connect(self._on_url)
        self.bar.curl_pasted.connect(self.take_curl)
        self.params.edited.connect(self._on_params)
        self.headers.edited.connect(self._on_edited)
        self.headers_page.preset_taken.connect(self._on_preset)
        for page in (self.body_editor, self.auth, self.options, self.raw):
            page.changed.connect(self._on_edited)
        self.raw.sample_wanted.connect(self._on_sample)
        self.modes.chosen.connect(lambda index: self.show_raw(index == 1))
        self.strip.mend_requested.connect(lambda _key: self.other_end_requested.emit())

    def _on_sample(self, sample: RawSample) -> None:
        if not self.url:
            self.set_url(SAMPLE_URL)
        self.raw.begin(self.bar.method.currentText().strip(), self.url, sample)

    def _on_preset(self, preset: Preset) -> None:
        words = without_of(self.options.words("without"), preset)
        self.options.fields.set_values({"without": ", ".join(words)})

    # Two ways between the URL and its parameters

    def _on_url(self) -> None:
        if not self._quiet:
            self._quiet = True
            self.params.set_pairs(merged(self.params.pairs(), self.bar.url.text()))
            self._quiet = False
        self._on_edited()

    def _on_params(self) -> None:
        if not self._quiet:
            self._quiet = True
            self.bar.url.setText(with_pairs(self.bar.url.text(), self.params.pairs()))
            self._quiet = False
        self._on_edited()

    def _on_edited(self) -> None:
        self.strip.clear()
        self.note.clear()
        dav = webdav_note(self.bar.method.currentText())
        if dav and not self.is_raw:
            self.note.say("WebDAV.", dav)
        self._count()
        self.changed.emit()

    def _count(self) -> None:
        tabs = self.tabs
        tabs.set_count("params", sum(pair.on for pair in self.params.pairs()))
        tabs.set_count("headers", sum(pair.on for pair in self.headers.pairs()))
        tabs.set_word("body", THERE if self.body_editor.is_there() else "")
        tabs.set_word("auth", THERE if self.auth.fields["kind"] != "none" else "")

    def show_collection(self, names: Sequence[str], chosen: str, item: str, *, there: bool) -> None:
        """The environments to choose from, and which request of the collection this is ("" for none)."""
        self.environment.blockSignals(True)
        self.environment.fill([Choice("", "Shared only"), *(Choice(name, name) for name in names)])
        self.environment.choose(chosen)
        self.environment.blockSignals(False)
        self.environment.setVisible(there)
        self.save_button.setVisible(there)
        self.set_chip(item)

    # Values

    @property
    def is_raw(self) -> bool:
        """The raw text is in front: its bytes are what is sent."""
        return self.pages.currentWidget() is self.raw

    def show_raw(self, raw: bool) -> None:
        """Go to the raw text, or back to the fields."""
        if raw and not self.raw.text.toPlainText():
            self.raw.begin(self.bar.method.currentText().strip(), self.url)
        self.pages.setCurrentWidget(self.raw if raw else self.tabs)
        self.modes.set_current(int(raw))
        self.bar.method.setEnabled(not raw)
        self._on_edited()

    @property
    def url(self) -> str:
        """The URL typed."""
        return self.bar.url.text().strip()

    def believed(self) -> str:
        """Which authorities the request believes."""
        return str(self.options.fields["trust"])

    def request(self) -> Request:
        """The request as it stands, not checked yet. Raises RequestError for what can't be read."""
        options = self.options.fields
        return Request(
            method=self.bar.method.currentText().strip(),
            url=self.bar.url.text(),
            headers=tuple((pair.name, pair.value) for pair in self.headers.pairs() if pair.on),
            body=self.body_editor.body(),
            auth=self.auth.auth(),
            proxy=self.options.proxy(),
            trust=Trust(self.believed() != "none", ca_file=options["ca_file"] if self.believed() == "file" else "",
                        certificate=options["certificate"].strip(), key=options["key"].strip(),
                        key_password=options["key_password"]),
            limits=self.options.limits(),
            without=self.options.words("without"),
            version=options["version"],
            follow=options["follow"],
            decode=options["decode"],
            resolve=self.options.words("resolve"),
            connect_to=self.options.words("connect_to"),
            target=options["target"].strip(),
            http09=options["http09"],
        )  # fmt: skip

    def ready(self) -> Request:
        """The request, its variables filled in, checked. Raises RequestError that says what is wrong."""
        return checked(self.filled(self.request()))

    def raw_order(self) -> RawOrder:
        """The typed bytes and where they go."""
        url = self.filled(Request(url=self.url)).url
        return RawOrder(url, self.raw.data(), self.believed(), float(self.raw.fields["quiet_s"]))

    def fill(self, request: Request) -> None:
        """Show a request in place of what is there."""
        self._quiet = True
        self.bar.method.setEditText(request.method)
        self.bar.url.setText(request.url)
        self.bar.url.setCursorPosition(0)
        self.params.set_pairs(merged([], request.url))
        self._quiet = False
        self.headers.set_pairs([Pair(*header) for header in request.headers])
        if request.cookies:
            self.headers.add(Pair("Cookie", "; ".join(f"{name}={value}" for name, value in request.cookies)))
        self.body_editor.fill(request.body)
        self.auth.fill(request.auth)
        self.options.fill(request)
        self.show_raw(False)

    def take_try(self, request: Request) -> None:
        """Method, URL and body of a request; its identity, too, in place of the one of such a request before."""
        self.set_url(request.url, request.method)
        self.body_editor.fill(request.body)
        if request.auth != self._tried:
            if request.auth.kind != "none" or self.auth.auth() == self._tried:
                self.auth.fill(request.auth)
            self._tried = request.auth
        self.show_raw(False)

    def set_url(self, url: str, method: str = "") -> None:
        """Type a URL, as a person would."""
        if method:
            self.bar.method.setEditText(method)
        self.bar.url.setText(url)
        self.bar.url.setCursorPosition(0)

    def go_to(self, url: str) -> None:
        """A link was followed: GET without a body, the rest as it is."""
        self.body_editor.kind.choose("none")
        self.set_url(url, "GET")

    def take_curl(self, command: str) -> None:
        """Read a curl command into the card; what it means beyond that is said."""
        try:
            imported = from_curl(command)
        except (RequestError, ValueError) as error:
            self.refuse(str(error))
            return
        self.fill(imported.request)
        if imported.notes:
            self.note.say("Read from curl.", " ".join(imported.notes))

    def refuse(self, sentence: str, lead: str = UNSENDABLE) -> None:
        """Say why the request can't go as it stands, at the place where Send was clicked."""
        mends = (OTHER_END,) if not self.url and lead == UNSENDABLE else ()
        self.strip.tell(lead, sentence if sentence.endswith(".") else f"{sentence}.", mends)
        self.strip.banner.action_button.hide()

    def set_busy(self, busy: bool) -> None:
        """A request is under way."""
        self.bar.set_busy(busy)

    # Life

    def values(self) -> dict[str, Any]:
        """What the next start finds again: no secrets."""
        headers = [[p.name, "" if hides_header(p.name) else p.value, p.on] for p in self.headers.pairs()]
        off = [[p.name, p.value] for p in self.params.pairs() if not p.on]
        return {"method": self.bar.method.currentText(), "url": _without_password(self.bar.url.text()),
                "headers": headers, "off": off, "body": self.body_editor.values(), "auth": self.auth.values(),
                "options": self.options.values(), "raw": self.raw.values(), "tab": self.tabs.current(),
                "is_raw": self.is_raw}  # fmt: skip

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Take what `values` gave; what is strange is ignored."""
        self.set_url(str(values.get("url", "")), str(values.get("method", "GET")))
        rows = values.get("headers")
        good = [row for row in rows if isinstance(row, list) and len(row) == 3] if isinstance(rows, list) else []
        self.headers.set_pairs([Pair(str(name), str(value), bool(on)) for name, value, on in good])
        off = values.get("off")
        for row in off if isinstance(off, list) else []:
            if isinstance(row, list) and len(row) == 2:
                self.params.add(Pair(str(row[0]), str(row[1]), on=False))
        for key, page in (("body", self.body_editor), ("auth", self.auth), ("options", self.options),
                          ("raw", self.raw)):  # fmt: skip
            kept = values.get(key)
            if isinstance(kept, Mapping):
                page.set_values(kept)
        self.tabs.show_page(str(values.get("tab", "params")))
        self.show_raw(values.get("is_raw") is True)


def _without_password(url: str) -> str:
    """A URL whose user part has no password."""
    head, mark, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    user, at, host = place.rpartition("@")
    return f"{head}{mark}{user.partition(':')[0]}{at}{host}{slash}{path}" if mark and at else url
