"""Mr Creosote's panel: listen to what programs spew, spew to try it, and scripts that do the same.

Puts the views together and holds what they share: the feed, the actions, what the next start shall
find again. It must not know the window.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any, ClassVar, Final, Self, TypeAlias

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from protocols.creosote.wire import PORT
from protocols.record.event import Event, monotonic_ns
from protocols.record.explain import Explained
from widgets.creosote import demo, panel_actions
from widgets.creosote.bucket.card import BucketCard
from widgets.creosote.bucket.slot import BucketSlot
from widgets.creosote.feed import Feed
from widgets.creosote.launch import spew_host
from widgets.creosote.listen_page import ListenPage
from widgets.creosote.send.page import SendPage
from widgets.creosote.snippets_page import SnippetsPage
from widgets.desk import Desk
from widgets.failed_call import event_of
from widgets.panel import DemoStep, Panel, finished
from widgets.parts.buttons import Button
from widgets.parts.panel_head import PanelHead
from widgets.parts.segments import Segments

VIEWS: Final = (("listen", "Listen"), ("send", "Send"), ("snippets", "Snippets"))
THREE: Final = ("build", "web", "db")
THREE_COUNT: Final = 60
THREE_A_SECOND: Final = 12
Parts: TypeAlias = tuple[Feed, ListenPage, SendPage]


def _parts(desk: Desk) -> Generator[QWidget, None, Parts]:
    """What the panel is put together from, one after the other."""
    feed = Feed(desk)
    buckets = BucketCard(desk, feed)
    yield buckets
    listen = ListenPage(desk, feed, buckets)
    yield listen
    send = SendPage(desk)
    yield send
    return feed, listen, send


class CreosotePanel(Panel):
    """The panel. listen, send: its views; snippets is made when first shown."""

    id: ClassVar[str] = "creosote"
    title: ClassVar[str] = "Creosote"
    icon: ClassVar[str] = "megaphone"
    needs_height: ClassVar[bool] = True

    def __init__(self, desk: Desk, parent: QWidget | None = None, parts: Parts | None = None) -> None:
        super().__init__(desk, parent)
        self.feed, self.listen, self.send = parts or finished(_parts(desk))
        self.feed.setParent(self)
        self.segments = Segments([title for _, title in VIEWS], "Views of Mr Creosote")
        self.bucket_button = Button("Bucket", "plus", small=True)
        self.python_button = Button("Show as Python", "code-xml", small=True)
        self.stack = QStackedWidget()
        self.snippets: SnippetsPage | None = None
        self._kept_params: dict[str, dict[str, Any]] = {}
        self.stack.addWidget(self.listen)
        self.stack.addWidget(self.send)
        self._lay_out()
        self.segments.chosen.connect(lambda index: self.show_view(VIEWS[index][0]))
        self.bucket_button.clicked.connect(self.new_bucket)
        self.listen.programs_requested.connect(self.spew_programs)
        self.listen.buckets.why_requested.connect(self._explain_bucket)
        self.send.why_requested.connect(self._explain_sender)
        self.send.other_end_requested.connect(self.give_other_end)
        self.actions_of = panel_actions.PanelActions(self)
        self.python_button.clicked.connect(self.actions_of.show_python)

    @classmethod
    def in_steps(cls, desk: Desk, parent: QWidget | None = None) -> Generator[QWidget, None, Self]:
        parts = yield from _parts(desk)
        return cls(desk, parent, parts)

    def _lay_out(self) -> None:
        head = PanelHead(self.title, self.segments, self.bucket_button, self.python_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self.stack, 1)

    # Views

    def show_view(self, name: str) -> None:
        """Go to a view; snippets are built when first shown."""
        if name == "snippets" and self.snippets is None:
            self.snippets = SnippetsPage(self.desk)
            for script, params in self._kept_params.items():
                self.snippets.take_params(script, params)
            self.stack.addWidget(self.snippets)
        pages: dict[str, QWidget | None] = {"listen": self.listen, "send": self.send, "snippets": self.snippets}
        page = pages.get(name)
        if page is not None:
            self.stack.setCurrentWidget(page)
            self.segments.set_current([key for key, _ in VIEWS].index(name))

    def current_view(self) -> str:
        """The name of the view in front."""
        page = self.stack.currentWidget()
        return "listen" if page is self.listen else "send" if page is self.send else "snippets"

    def snippets_take(self, script: str, params: dict[str, Any]) -> None:
        """The snippets show the values of what was done last."""
        self._kept_params[script] = params
        if self.snippets is not None:
            self.snippets.take_params(script, params)

    # What can be done

    def new_bucket(self) -> None:
        """A form for one more bucket."""
        self.show_view("listen")
        view = self.listen.buckets.current
        if view.stack.currentWidget() is view.empty:
            view.show_form()
            self.listen.buckets.show_view(view)
        else:
            self.listen.buckets.add_bucket()

    def start_bucket(self) -> None:
        """Start the bucket shown with its form."""
        self.show_view("listen")
        self.listen.buckets.start(self.listen.buckets.current)

    def stop_bucket(self) -> None:
        """Stop the bucket shown."""
        self.listen.buckets.current.slot.stop()

    def spew(self) -> None:
        """Send what the sender's card says."""
        self.send.send()

    def spew_programs(self) -> None:
        """Let three made-up programs write to the bucket shown."""
        bucket = self.listen.buckets.current.slot.bucket
        host, port = "127.0.0.1", PORT
        if bucket is not None:
            port = bucket.port
            bound = bucket.settings.host
            host = "::1" if ":" in bound else bound if bound not in ("", "0.0.0.0") else host
        values = {"what": "programs", "programs": list(THREE), "count": THREE_COUNT, "per_s": THREE_A_SECOND,
                  "to": "host", "host": host, "port": port}  # fmt: skip
        self.send.form.fields.set_values(values)
        for name, box in self.send.form.programs.items():
            box.setChecked(name in THREE)
        self.send.send_values(values)

    def give_other_end(self, values: Mapping[str, Any]) -> None:
        """Start a bucket that hears what the sender's form sends."""
        host, port = spew_host(values), int(values.get("port", PORT))
        if any(slot.bucket is not None and slot.bucket.port == port for slot in self.listen.buckets.running()):
            self.desk.decline(f"A bucket listens on {port} already")
            return
        groups = host if values.get("to") == "group" else ""
        loopback = host.startswith("127.") or host in ("localhost", "::1")
        here = loopback or values.get("to") in ("host", "group")
        bind = "::1" if ":" in host else "127.0.0.1" if here else "0.0.0.0"
        view = self.listen.buckets.free_view()
        self.listen.buckets.show_view(view)
        view.form.fields.set_values({"bind": bind, "port": port, "groups": groups})
        slot = view.slot
        slot.start(view.form.values())

        def tell() -> None:
            slot.changed.disconnect(told)
            if slot.trouble is not None:
                self.show_view("listen")  # where the reason stands, with the buttons that mend it
            else:
                self.desk.toast(f"A bucket listens on {slot.where}")

        told = slot.changed.connect(tell)

    # Why

    def _explain_bucket(self, slot: BucketSlot) -> None:
        if slot.trouble is not None:
            port = int(slot.values.get("port", 0))
            self._explain({f"bucket:{port}", f"bucket:{port} #2"}, slot.trouble)

    def _explain_sender(self, trouble: Explained | None) -> None:
        if trouble is not None:
            names = {raw[3] for raw in self._last_raws() if raw[3] and str(raw[3]).startswith("spew")}
            self._explain({str(name) for name in names}, trouble)

    def _last_raws(self) -> list[Any]:
        log = self.desk.log
        return list(log.raws(max(log.first, len(log) - 200), len(log)))

    def _explain(self, names: set[str], trouble: Explained) -> None:
        found = event_of(self.desk, names, trouble.errno)
        detail = {"errno": trouble.errno, "why": trouble.why, "title": trouble.title, "what": trouble.what,
                  "checks": list(trouble.checks), "mend": list(trouble.mend)}  # fmt: skip
        service = next(iter(names), "creosote")
        self.desk.explain(
            found or Event(monotonic_ns(), "note", "explained", service, summary=trouble.why, detail=detail)
        )

    # State

    def save_state(self) -> dict[str, Any]:
        """Forms, filters, columns and alarms; not what runs, nor what was received."""
        return {"view": self.current_view(), "listen": self.listen.save_state(), "send": self.send.form.fields.values()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Take what `save_state` gave; what is strange is ignored."""
        listen, send = state.get("listen"), state.get("send")
        if isinstance(listen, dict):
            self.listen.restore_state(listen)
        if isinstance(send, dict):
            self.send.form.fields.set_values(send)
        if state.get("view") in dict(VIEWS):
            self.show_view(str(state["view"]))

    def demo(self) -> Iterator[DemoStep]:
        """A bucket, three made-up programs, a filter, and a broadcast as the original could not send it."""
        return demo.steps(self)
