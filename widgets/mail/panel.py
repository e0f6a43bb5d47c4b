"""The mail panel: both ends, a mailbox, transcripts, a session by hand, news.

Puts the views together and holds the polls, the actions, what the next start shall find again. It
must not know the window.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from PySide6.QtWidgets import QWidget

from protocols.record.event import Event, Raw, monotonic_ns
from protocols.record.explain import Explained
from widgets.desk import Desk
from widgets.failed_call import event_of
from widgets.mail import demo
from widgets.mail.both_ends import BothEnds, Cards, cards_in_steps
from widgets.mail.dialogue.transcripts_page import TranscriptsPage
from widgets.mail.envelopes import Envelopes
from widgets.mail.panel_actions import PanelActions
from widgets.panel import DemoStep, Panel, finished
from widgets.parts.buttons import Button
from widgets.parts.flow import Pages
from widgets.parts.panel_head import PanelHead, lay_out_pages
from widgets.parts.segments import Segments
from widgets.theme.theme import theme

if TYPE_CHECKING:
    from widgets.mail.by_hand.page import HandPage
    from widgets.mail.mailbox.page import MailboxPage
    from widgets.mail.news.page import NewsPage

POLL_MS: Final = 150
VIEWS: Final = (("ends", "Both ends"), ("mailbox", "Mailbox"), ("transcripts", "Transcripts"), ("hand", "By hand"),
                ("news", "News"))  # fmt: skip


class MailPanel(Panel):
    """The panel. `view(name)` is one of its views, built when first shown."""

    id: ClassVar[str] = "mail"
    title: ClassVar[str] = "Mail"
    icon: ClassVar[str] = "mail"
    needs_height: ClassVar[bool] = True

    def __init__(self, desk: Desk, parent: QWidget | None = None, cards: Cards | None = None,
                 transcripts: TranscriptsPage | None = None) -> None:  # fmt: skip
        super().__init__(desk, parent)
        self.segments = Segments([title for _, title in VIEWS], "Views of mail")
        self.python_button = Button("Show as Python", "code-xml", small=True)
        self.pages = Pages(parent=self)
        self.ends = BothEnds(desk, cards or finished(cards_in_steps(desk)), self.pages)
        self.transcripts = transcripts or TranscriptsPage(desk)
        self._views: dict[str, QWidget] = {"ends": self.ends, "transcripts": self.transcripts}
        self._kept: dict[str, Mapping[str, Any]] = {}
        self._served: dict[str, tuple[str, int]] = {}
        self._login = ("", "")
        self.logins: set[tuple[str, str]] = set()
        """Of the lab's own servers: no secrets."""
        self._end_poll: Callable[[], None] | None = None
        for view in self._views.values():
            self.pages.addWidget(view)
        self._lay_out()
        self.actions_of = PanelActions(self)
        self.segments.chosen.connect(lambda index: self.show_view(VIEWS[index][0]))
        self.python_button.clicked.connect(self.actions_of.show_python)
        self.ends.why_requested.connect(self._why)
        self.ends.served.connect(self._on_served)
        desk.bridge.add_consumer(self._take)
        self.destroyed.connect(lambda: desk.bridge.remove_consumer(self._take))

    @classmethod
    def in_steps(cls, desk: Desk, parent: QWidget | None = None) -> Generator[QWidget, None, Self]:
        cards = yield from cards_in_steps(desk)
        transcripts = TranscriptsPage(desk)
        yield transcripts
        return cls(desk, parent, cards, transcripts)

    def _lay_out(self) -> None:
        head = PanelHead(self.title, self.segments, self.python_button)
        lay_out_pages(self, head, self.pages)

    # Views

    def view(self, name: str) -> QWidget:
        """A view by name, built now if it was never shown."""
        if name not in self._views:
            with theme().making() as hidden:
                made: Any = self._made(name)
                hidden.append(made)
            made.why_requested.connect(self._why)
            made.set_values(self._kept.get(name, {}))
            self._views[name] = made
            self.pages.addWidget(made)
        return self._views[name]

    def _made(self, name: str) -> QWidget:
        if name == "mailbox":
            from widgets.mail.mailbox.page import MailboxPage

            page = MailboxPage(self.desk, Envelopes(lambda: self.ends.server.server, self.ends.sending))
            page.server_wanted.connect(self.ends.give_other_end)
            if self._served:
                page.use(self._served, *self._login)
            return page
        if name == "hand":
            from widgets.mail.by_hand.page import HandPage

            hand = HandPage(self.desk)
            hand.use(self._served)
            hand.server_wanted.connect(self._give_other_end)
            return hand
        from widgets.mail.news.page import NewsPage

        news = NewsPage(self.desk)
        news.served.connect(lambda server: self._use({"nntp": server.address}))
        return news

    @property
    def mailbox(self) -> MailboxPage:
        """The mailbox's view."""
        from widgets.mail.mailbox.page import MailboxPage

        page = self.view("mailbox")
        assert isinstance(page, MailboxPage)
        return page

    @property
    def hand(self) -> HandPage:
        """The view of a session by hand."""
        from widgets.mail.by_hand.page import HandPage

        page = self.view("hand")
        assert isinstance(page, HandPage)
        return page

    @property
    def news(self) -> NewsPage:
        """The view of news."""
        from widgets.mail.news.page import NewsPage

        page = self.view("news")
        assert isinstance(page, NewsPage)
        return page

    def show_view(self, name: str) -> None:
        """Go to a view."""
        self.pages.setCurrentWidget(self.view(name))
        self.segments.set_current([key for key, _ in VIEWS].index(name))
        self.actions_of.refresh()

    def current_view(self) -> str:
        """The name of the view in front."""
        return next(name for name, view in self._views.items() if view is self.pages.currentWidget())

    # What happens

    def _on_served(self, server: Any) -> None:
        users = list(server.setup.users.items())
        self.logins.update(users)
        self._login = next((each for each in users if each[0] == "bob"), users[0])
        self._use(server.ends)
        if "mailbox" in self._views and self.mailbox.slot.phase in ("idle", "ended"):
            self.mailbox.use(self._served, *self._login)

    def ends_served(self) -> dict[str, tuple[str, int]]:
        """Where the lab's own servers listen, by protocol."""
        return dict(self._served)

    def _give_other_end(self, protocol: str) -> None:
        if protocol == "nntp":
            self.news.start_server()
        else:
            self.ends.give_other_end()

    def _use(self, ends: Mapping[str, tuple[str, int]]) -> None:
        self._served.update(ends)
        if "hand" in self._views:
            self.hand.use(self._served)

    def _why(self, trouble: Explained | None) -> None:
        """Open Why for an error: the call that failed where it is on the time line, else what is known."""
        if trouble is None:
            return
        services = {str(service.name) for service in self.desk.running.all() if service.room == self.id}
        detail = {"errno": trouble.errno, "why": trouble.why, "title": trouble.title, "mend": list(trouble.mend),
                  "what": trouble.what, "checks": list(trouble.checks)}  # fmt: skip
        found = event_of(self.desk, services, trouble.errno)
        made = Event(monotonic_ns(), "note", "explained", "mail", summary=trouble.why, detail=detail)
        self.desk.explain(found or made)

    def _take(self, raws: list[Raw]) -> None:
        told = [raw for raw in raws if raw[1] == "message"]
        if not told:
            return
        self.ends.take(told)
        self.transcripts.take(told)
        if "hand" in self._views:
            self.hand.take(told)

    def _poll(self) -> None:
        self.ends.poll()
        for name in ("mailbox", "hand", "news"):
            if name in self._views:
                page: Any = self._views[name]
                page.poll()

    # Life

    def shown(self) -> None:
        """Look at the sessions while the panel is at the front."""
        if self._end_poll is None:
            self._end_poll = self.desk.bridge.every(POLL_MS, self._poll)

    def hidden(self) -> None:
        """Look no more; what runs goes on. Nothing stays held that nobody can see."""
        if self._end_poll is not None:
            self._end_poll()
            self._end_poll = None
        self.ends.hold_button.setChecked(False)
        if "mailbox" in self._views:
            self.mailbox.hold_button.setChecked(False)

    def save_state(self) -> dict[str, Any]:
        """The forms, without secrets; not what runs."""
        kept: dict[str, Any] = {name: dict(values) for name, values in self._kept.items()}
        for name in ("mailbox", "hand", "news"):
            if name in self._views:
                page: Any = self._views[name]
                kept[name] = page.values()
        return {
            "compose": self.ends.compose.values(), "view": self.current_view(), "pages": kept,
            "splitters": [self.ends.top.sizes(), self.ends.whole.sizes()],
        }  # fmt: skip

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Fill the forms again; what is strange is ignored."""
        compose = state.get("compose")
        if isinstance(compose, Mapping):
            self.ends.compose.set_values(compose)
        pages = state.get("pages")
        if isinstance(pages, Mapping):
            self._kept = {str(name): values for name, values in pages.items() if isinstance(values, Mapping)}
        if state.get("view") in dict(VIEWS):
            self.show_view(str(state["view"]))
        sizes = state.get("splitters")
        if isinstance(sizes, list) and len(sizes) == 2:
            for splitter, wanted in zip((self.ends.top, self.ends.whole), sizes, strict=True):
                if isinstance(wanted, list) and len(wanted) == 2 and all(isinstance(size, int) for size in wanted):
                    splitter.setSizes(wanted)

    def demo(self) -> Iterator[DemoStep]:
        """Start a server, send a mail, read it by IMAP, see both transcripts; and a recipient that is refused."""
        return demo.steps(self)
