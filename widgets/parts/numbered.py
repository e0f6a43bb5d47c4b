"""A card of several things of one kind, such as servers: each has a number on a tab, and pages of its own.

What a thing is, what the head says of it and how it starts is the room's. It must not know services.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.record.explain import Explained
from widgets.parts.card import Card
from widgets.parts.flow import Pages
from widgets.parts.segments import Segments
from widgets.parts.trouble import Mend, TroubleStrip


class Slot(Protocol):
    """A thing as its views know it. trouble: its last error, or None. changed: a signal that any of these is new."""

    @property
    def number(self) -> int:
        """What stands on its tab."""

    @property
    def phase(self) -> str:
        """idle, ended, running, or another word of the room's."""

    @property
    def trouble(self) -> Explained | None:
        """Its last error, explained."""

    @property
    def changed(self) -> Any:
        """The signal."""


S = TypeVar("S", bound=Slot)
V = TypeVar("V", bound="NumberedView[Any]")


class NumberedView(QWidget, Generic[S]):
    """One thing's pages, in `stack`."""

    def __init__(self, slot: S, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slot = slot
        self.stack = Pages(parent=self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stack)

    def refresh(self) -> None:
        """Show what there is."""
        raise NotImplementedError

    def _begin(self, *pages: QWidget) -> None:
        """The pages are made: show the right one, from now on whenever the slot changes."""
        for page in pages:
            self.stack.addWidget(page)
        self.slot.changed.connect(self.refresh)
        self.refresh()

    def _tell_trouble(self, strip: TroubleStrip, mends: Callable[[str], Sequence[Mend]]) -> None:
        """The slot's trouble in a strip, with the ways out of its errno; nothing there where it has none."""
        trouble = self.slot.trouble
        if trouble is None:
            strip.clear()
        elif strip.errno != trouble.errno or not strip.text():
            strip.tell(trouble.title, trouble.why, mends(trouble.errno), errno=trouble.errno)


class FormedView(NumberedView[S]):
    """Three pages: nothing yet, a form, and what the thing does while it runs. `_begin` takes them in this order."""

    def __init__(self, slot: S, parent: QWidget | None = None, *, empty: bool) -> None:
        super().__init__(slot, parent)
        self._wants_form = not empty

    def show_form(self) -> None:
        """Show the form instead of the empty state."""
        self._wants_form = True
        self.refresh()

    def refresh(self) -> None:
        """Show the page of the slot's phase."""
        slot = self.slot
        if slot.phase in ("starting", "ended") or slot.trouble is not None:
            self._wants_form = True
        self.stack.setCurrentIndex(2 if slot.phase == "running" else 1 if self._wants_form else 0)


class NumberedCard(Card, Generic[V, S]):
    """The card. The room makes a view for `_add_view`, and says in `_refresh_head` what the head shows of it."""

    def __init__(self, title: str, icon: str, things: str, parent: QWidget | None = None) -> None:
        super().__init__(title, icon, parent=parent)
        self.views: list[V] = []
        self._numbers = 0
        self.tabs = Segments((), things)
        self.stack = Pages()
        self.add_head(self.tabs)
        self.add(self.stack, 1)
        self.tabs.chosen.connect(self.choose)

    @property
    def current(self) -> V:
        """The view shown."""
        shown = self.stack.currentWidget()
        return next(view for view in self.views if view is shown)

    def slots(self) -> list[S]:
        """All things, in the order of their tabs."""
        return [view.slot for view in self.views]

    def view_of(self, slot: S) -> V:
        """The view of a thing."""
        return next(view for view in self.views if view.slot is slot)

    def free_view(self) -> V:
        """A view of something that does not run: the one shown, another, or a new one."""
        for view in (self.current, *self.views):
            if view.slot.phase in ("idle", "ended"):
                return view
        return self._new_view()

    def choose(self, index: int) -> None:
        """Show the view of a tab."""
        self.stack.setCurrentWidget(self.views[index])
        self.tabs.set_current(index)
        self._refresh_head()

    def show_view(self, view: V) -> None:
        """Show this one."""
        self.choose(self.views.index(view))

    def remove(self, view: V) -> None:
        """Stop a thing and take its tab away; the last one stays, as a form."""
        self._end(view.slot)
        if len(self.views) == 1:
            return
        at = self.views.index(view)
        self.views.remove(view)
        self.stack.removeWidget(view)
        view.slot.changed.disconnect(self._refresh_head)
        view.hide()
        view.deleteLater()
        self._number_tabs()
        self.choose(min(at, len(self.views) - 1))

    def _next_number(self) -> int:
        """Numbers are not given twice: a tab keeps the one it has."""
        self._numbers += 1
        return self._numbers

    def _add_view(self, view: V) -> V:
        """A tab for this one, and show it."""
        view.slot.changed.connect(self._refresh_head)
        self.views.append(view)
        self.stack.addWidget(view)
        self._number_tabs()
        self.choose(len(self.views) - 1)
        return view

    def _number_tabs(self) -> None:
        self.tabs.set_texts([str(view.slot.number) for view in self.views])

    def _end(self, slot: S) -> None:
        """End a thing; nothing where it does not run."""
        raise NotImplementedError

    def _new_view(self) -> V:
        """One more, as a form."""
        raise NotImplementedError

    def _refresh_head(self, *_: object) -> None:
        """Show in the head what the current one is and does."""
        raise NotImplementedError
