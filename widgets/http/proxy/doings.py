"""What can be done with an exchange of the proxy, by the words that the details say.

Every call of the proxy returns at once; what reads files runs on a lab thread. It must not know how
the views look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from protocols.http.formats.curl_write import to_curl
from protocols.http.formats.python_write import FLAVOURS, problem, script_params
from protocols.http.kept.masking import masked
from protocols.http.proxy.entry import Entry
from protocols.http.proxy.holding import ProxyError
from protocols.http.proxy.service import DebugProxy
from protocols.http.request import Request, RequestError
from protocols.service.base import ServiceError
from widgets.http.proxy.edit import What, draft_of
from widgets.http.proxy.request import request_of
from widgets.http.proxy.shown import forms, read_side
from widgets.parts.paths import ask_place
from widgets.timeline_link import TimelineLink

if TYPE_CHECKING:
    from widgets.http.proxy.page import ProxyPage

FLAVOUR: Final = "urllib"


class Doings(QObject):
    """Does what the details ask for."""

    def __init__(self, page: ProxyPage) -> None:
        super().__init__(page)
        self._page = page
        self._desk = page.desk
        self.link = TimelineLink(page.desk, self)
        self._ways: dict[str, Callable[[DebugProxy, Entry], object]] = {
            "release": lambda proxy, entry: proxy.release(entry.number),
            "drop": lambda proxy, entry: proxy.drop(entry.number),
            "abort": lambda proxy, entry: proxy.abort(entry.number),
            "edit": lambda _proxy, entry: self._begin(entry, "edit"),
            "answer": lambda _proxy, entry: self._begin(entry, "answer"),
            "replay": lambda proxy, entry: self._replay(proxy, entry.number),
            "replay-edit": lambda _proxy, entry: self._begin(entry, "replay"),
            "timeline": lambda _proxy, entry: self.show_on_timeline(entry),
            "origin": lambda _proxy, entry: self._show_origin(entry),
            "hold": lambda _proxy, entry: page.add_rule("hold", entry),
            "answer-rule": lambda _proxy, entry: page.add_rule("answer", entry),
            "builder": lambda _proxy, entry: self._ask_request(entry, page.open_in_builder),
            "curl": lambda _proxy, entry: self._ask_request(entry, self._copy_curl),
            "python": lambda _proxy, entry: self._ask_request(entry, self._show_python),
            "save": lambda _proxy, entry: self._save(entry),
        }
        page.details.asked.connect(self.do)
        page.details.edit.typed.connect(self._on_typed)

    def do(self, what: str, number: int) -> None:
        """Do it; why it can't be done is told in the details."""
        proxy = self._page.slot.proxy
        entry = proxy.entry(number) if proxy is not None else None
        if proxy is None or entry is None:
            self._desk.decline(f"Exchange {number} is not kept any more")
            return
        try:
            self._ways[what](proxy, entry)
        except (ProxyError, ServiceError) as error:
            self._desk.decline(str(error))
        self._page.poll()

    # Typing

    def _begin(self, entry: Entry, what: What) -> None:
        self._desk.bridge.call(lambda: draft_of(entry, what), lambda draft: self._on_draft(entry, what, draft),
                               lambda error: self._desk.decline(str(error)), owner=self)  # fmt: skip

    def _on_draft(self, entry: Entry, what: What, draft: Any) -> None:
        details = self._page.details
        if details.entry is entry:
            details.edit.begin(entry, what, draft)
            details.pages.setCurrentWidget(details.edit)
            details.refresh()
            details.edit.head.setFocus()

    def _on_typed(self, what: str, number: int, head: bytes | None, body: bytes | None, fix_length: bool) -> None:
        proxy, edit = self._page.slot.proxy, self._page.details.edit
        if proxy is None:
            return
        try:
            if what == "answer":
                proxy.answer(number, head, body or b"", fix_length=fix_length)
            elif what == "replay":
                self._replay(proxy, number, head, body)
                return
            else:
                proxy.edit(number, head, body, fix_length=fix_length)
        except (ProxyError, ServiceError) as error:
            edit.refuse(str(error))
            return
        self._page.details.show_parts()
        self._page.poll()

    def _replay(self, proxy: DebugProxy, number: int, head: bytes | None = None, body: bytes | None = None) -> None:
        """Send it again; it opens what wakes its thread, so not here."""
        self._desk.bridge.call(lambda: proxy.replay(number, head, body), self._on_replayed, self._on_not_replayed,
                               owner=self)  # fmt: skip

    def _on_replayed(self, number: int) -> None:
        if self._page.details.editing and self._page.details.edit.what == "replay":
            self._page.details.show_parts()
        self._page.choose_soon(number)

    def _on_not_replayed(self, error: BaseException) -> None:
        if self._page.details.editing:
            self._page.details.edit.refuse(str(error))
        else:
            self._desk.decline(str(error))

    # The time line

    def show_on_timeline(self, entry: Entry) -> None:
        """Choose the request's event, or the connection's beginning where there is none."""
        self.link.choose(("request", "accept"), self._page.slot.service, entry.conn, entry.request.begin)

    def _show_origin(self, entry: Entry) -> None:
        if entry.upstream_conn is None:
            self._desk.decline("It has not been to an origin")
            return
        self.link.choose(("request forwarded", "connect"), self._page.slot.service, entry.upstream_conn,
                         entry.request.sent_begin)  # fmt: skip

    # As a request

    def _ask_request(self, entry: Entry, use: Callable[[Request], object]) -> None:
        self._desk.bridge.call(lambda: request_of(entry), use, lambda error: self._desk.decline(f"{error}"), owner=self)

    def _copy_curl(self, request: Request) -> None:
        try:
            QGuiApplication.clipboard().setText(to_curl(request))
        except RequestError as error:
            self._desk.decline(str(error))
            return
        self._desk.toast("Copied as a curl command")

    def _show_python(self, request: Request) -> None:
        hidden = masked(request)
        told = problem(hidden, FLAVOUR)
        if told:
            self._desk.decline(told)
            return
        self._desk.show_python(FLAVOURS[FLAVOUR], script_params(hidden))

    # Keeping

    def _save(self, entry: Entry) -> None:
        name = urlsplit(entry.url).path.rpartition("/")[2] or "body"
        form = forms(entry, "response")[0]
        save = self._page.card.saving.save
        ask_place(self._page, "Save the answer's body", name[:100], lambda path: self._desk.bridge.call(
            lambda: bytes(read_side(entry, "response", form, 1 << 30).body.data), lambda body: save(body, path),
            lambda error: self._desk.decline(f"Not saved: {error}"), owner=self))  # fmt: skip
