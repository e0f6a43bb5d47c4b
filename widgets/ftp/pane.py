"""Pane: one side's folder: its path, its tree, what can be done with what is chosen.

Where entries come from and what changes them is a `Place`: this machine, or the server. All of that runs on lab
threads. It must not know the other pane.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from protocols.ftp.client import trouble
from protocols.ftp.client.localtree import sorted_entries
from protocols.ftp.client.remote import join, parent
from protocols.ftp.client.site import shown
from protocols.ftp.listing.entry import Entry, Listing
from protocols.numbers import grouped
from protocols.record.explain import Explained
from widgets.desk import Desk
from widgets.ftp.client_slot import mend_of
from widgets.ftp.entry_tree import COLUMNS, EntryTree, Node, nodes_of
from widgets.ftp.entry_view import EntryView
from widgets.parts.ask_strip import AskStrip
from widgets.parts.banner import Banner
from widgets.parts.buttons import IconButton
from widgets.parts.empty import EmptyState
from widgets.parts.flow import FlowBox, Pages
from widgets.parts.text import ElidedLabel, Label, plain_tip
from widgets.theme.theme import theme

Done = Callable[[Any], object]
Failed = Callable[[Explained], object]
NOT_LISTED: Final = "The folder could not be listed."
WHERE_PX: Final = 190
AGAIN: Final = "List again"
KINDS: Final = {"dir": "folder", "file": "file", "link": "link", "other": "neither file nor folder"}


def _line(*parts: QWidget) -> QWidget:
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    for part in parts:
        row.addWidget(part)
    return line


class Place(Protocol):
    """A side. Every method runs its work elsewhere and comes back in the GUI thread."""

    side: str

    def ready(self) -> bool:
        """Whether it can be asked now."""

    def full(self, typed: str, folder: str) -> str:
        """What a person typed as a path, from the folder shown on."""

    def look(self, path: str, done: Callable[[Listing], object], failed: Failed) -> None:
        """List a folder; "" is the one to begin with."""

    def make_folder(self, path: str, done: Done, failed: Failed) -> None: ...
    def rename(self, path: str, name: str, done: Done, failed: Failed) -> None: ...
    def remove(self, nodes: Sequence[tuple[str, bool]], done: Done, failed: Failed) -> None: ...
    def change_mode(self, path: str, mode: int, done: Done, failed: Failed) -> None: ...
    def cancel(self) -> None: ...


class Pane(QFrame):
    """One side. `chosen_changed`; `opened(nodes)`: a file was opened, which means to move it; `moved(path)`.

    `went_wrong(told)`: the first listing failed, and there is nothing to show; `unlisted` stands in its place.
    """

    chosen_changed = Signal()
    opened = Signal(list)
    moved = Signal(str)
    went_wrong = Signal(object)

    def __init__(self, desk: Desk, place: Place, title: str, icon: str, empty: EmptyState,
                 parent: QWidget | None = None) -> None:  # fmt: skip
        super().__init__(parent)
        self.setProperty("card", "true")
        self.setAccessibleName(title)
        self.desk, self.place, self.empty = desk, place, empty
        self.path = ""
        self.listing: Listing | None = None
        self.busy = False
        self._order = ("name", False)
        self._asked = 0
        self.did: tuple[str, dict[str, Any]] | None = None
        """What was changed last in the folder shown, and its facts, for a script."""
        self.model = EntryTree(place.side, self)
        self.view = EntryView(self.model, f"Files {title.lower()}", self)
        self.title = Label(title, "section")
        self.field = QLineEdit()
        self.field.setAccessibleName(f"Folder {title.lower()}")
        self.buttons = {key: IconButton(icon_name, f"{words} {title.lower()}") for key, icon_name, words in (
            ("up", "arrow-up", "Go to the parent folder"), ("refresh", "refresh-cw", "List again"),
            ("mkdir", "plus", "New folder"), ("rename", "pencil", "Rename"), ("remove", "trash-2", "Delete"),
            ("about", "info", "Properties and rights"))}  # fmt: skip
        self.ask, self.trouble, self.about = AskStrip(self), Banner("error"), Banner("note")
        self.unlisted = EmptyState("folder-open", NOT_LISTED, AGAIN, button_icon="refresh-cw")
        self.foot = ElidedLabel("", "caption", "text2")
        self._lay_out()
        self._connect()
        self._refresh()

    def _lay_out(self) -> None:
        self._where = _line(self.title, self.field)
        head = FlowBox(spacing=4, line_spacing=2)
        head.setContentsMargins(10, 6, 6, 6)
        head.add(self._where, 1)  # the folder can be read: where it is narrow, the buttons go below
        head.add(_line(*self.buttons.values()))
        theme().scaled.connect(self._suit)
        self._suit()
        self.pages = Pages(parent=self)
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self.unlisted)
        self.pages.addWidget(self.view)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        for strip in (self.ask, self.trouble, self.about):
            column.addWidget(strip)
        column.addWidget(self.pages, 1)
        self.foot.setContentsMargins(10, 3, 10, 4)
        column.addWidget(self.foot)

    def _suit(self) -> None:
        self._where.setMinimumWidth(theme().px(WHERE_PX))

    def _connect(self) -> None:
        self.ask.no.clicked.connect(self.about.clear)
        acts = {"up": self.up, "refresh": self._list_again, "mkdir": self.ask_folder, "rename": self.ask_rename,
                "remove": self.ask_remove, "about": self.tell_about}  # fmt: skip
        for key, act in acts.items():
            self.buttons[key].clicked.connect(act)
        self.field.returnPressed.connect(lambda: self.go(self.place.full(self.field.text(), self.path)))
        self.view.opened.connect(self._on_opened)
        self.view.up_requested.connect(self.up)
        self.view.horizontalHeader().sectionClicked.connect(self._on_section)
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._on_chosen())
        self.model.modelReset.connect(self._on_chosen)
        self.model.wanted.connect(self._on_wanted)
        self.trouble.acted.connect(self.trouble.clear)

    # Looking

    def refresh(self) -> None:
        """List the folder again."""
        self.go(self.path)

    def _list_again(self) -> None:
        self.trouble.clear()
        self.refresh()

    def up(self) -> None:
        """Go to the parent folder."""
        self.go(parent(self.path.rstrip("/")) or "/")

    def go(self, path: str, then: Callable[[], object] | None = None) -> None:
        """List another folder."""
        if not self.place.ready():
            self.leave()
            return
        self._asked += 1
        number = self._asked
        if path != self.path or self.listing is None:
            self.trouble.clear()  # what went wrong was about another folder
        self._set_busy(True)
        self.place.look(path, lambda listing: self._on_listing(number, listing, then),
                        lambda told: self._on_failed(number, told))  # fmt: skip

    def _on_listing(self, number: int, listing: Listing, then: Callable[[], object] | None = None) -> None:
        if number != self._asked:
            return
        root, order = Node(Entry("", "dir"), listing.path), self._order

        def make() -> list[Node]:
            return nodes_of(sorted_entries(listing.entries, *order), listing.path, root)

        def show(children: list[Node]) -> None:
            if number == self._asked:
                self._show(listing, children, root)
                if then is not None:
                    then()

        self.desk.bridge.call(make, show, owner=self)

    def _show(self, listing: Listing, children: list[Node], root: Node) -> None:
        if listing.path != self.path:
            self.did = None
        self.listing, self.path = listing, listing.path
        self.model.set_root(listing.path, children, root)
        self.field.setText(shown(listing.path))
        self.field.setToolTip(plain_tip(shown(listing.path)))
        self._set_busy(False)
        self.pages.setCurrentWidget(self.view)
        if children:
            self.view.scrollToTop()
        self.moved.emit(self.path)

    def _on_failed(self, number: int, told: Explained) -> None:
        if number != self._asked:
            return
        self._set_busy(False)
        self.tell(told)
        if self.listing is None:
            self.pages.setCurrentWidget(self.unlisted)
            self.went_wrong.emit(told)

    def _on_wanted(self, node: Node) -> None:
        def show(listing: Listing) -> None:
            order = self._order
            self.desk.bridge.call(lambda: nodes_of(sorted_entries(listing.entries, *order), node.path, node),
                                  lambda children: self.model.fill(node, children), owner=self)  # fmt: skip

        def failed(told: Explained) -> None:
            self.model.give_up(node)
            self.tell(told)

        self.place.look(node.path, show, failed)

    def _on_section(self, column: int) -> None:
        name = COLUMNS[column][0]
        self._order = (name, not self._order[1] if self._order[0] == name else False)
        order = Qt.SortOrder.DescendingOrder if self._order[1] else Qt.SortOrder.AscendingOrder
        head = self.view.horizontalHeader()
        head.setSortIndicatorShown(True)
        head.setSortIndicator(column, order)
        if self.listing is not None:
            self._asked += 1
            self._on_listing(self._asked, self.listing)

    def leave(self) -> None:
        """There is nothing to look at any more."""
        self._asked += 1
        self.listing, self.path = None, ""
        self.trouble.clear()
        self.model.set_root("", [], Node(Entry("", "dir"), ""))
        self.pages.setCurrentWidget(self.empty)
        self.field.clear()
        self.field.setToolTip("")
        self._set_busy(False)

    def _set_busy(self, busy: bool) -> None:
        self.busy = busy
        self._refresh()
        self.chosen_changed.emit()

    # Doing

    def tell(self, told: Explained) -> None:
        """An error, in its place."""
        self.trouble.say(f"{told.title}.", told.why + mend_of(told), "Close")

    def _on_opened(self, node: Node) -> None:
        if node.entry.is_folder:
            self.go(node.path)
        else:
            self.opened.emit([node])

    def ask_folder(self) -> None:
        """Ask for the name of a new folder."""
        self.about.clear()
        self.ask.ask("New folder", "", "Make", self._make)

    def _make(self, name: str) -> None:
        if name:
            path = self._below(name)
            self._act(lambda done, failed: self.place.make_folder(path, done, failed), "make", path=path)

    def ask_rename(self) -> None:
        """Ask for another name of the chosen entry."""
        nodes = self.view.chosen()
        self.about.clear()
        if len(nodes) == 1:
            path, name = nodes[0].path, nodes[0].entry.name
            self.ask.ask("New name", shown(name), "Rename", lambda to: self._rename(path, shown(name), to))

    def _rename(self, path: str, name: str, to: str) -> None:
        if to and to != name:
            self._act(lambda done, failed: self.place.rename(path, to, done, failed), "rename", path=path,
                      to=to if to.startswith("/") else join(parent(path), to))  # fmt: skip

    def ask_remove(self) -> None:
        """Ask before anything is deleted: it can't be undone."""
        nodes = self.view.chosen()
        self.about.clear()
        if not nodes:
            return
        what = f"\u201c{shown(nodes[0].entry.name)}\u201d" if len(nodes) == 1 else f"{len(nodes)} entries"
        inside = ", with all that is inside" if any(node.entry.kind == "dir" for node in nodes) else ""
        paths = [(node.path, node.entry.kind == "dir") for node in nodes]
        self.ask.confirm(f"Delete {what}{inside}? That can't be undone.", "Delete", "trash-2",
                         lambda: self._act(lambda done, failed: self.place.remove(paths, done, failed), "remove",
                                           path=paths[0][0]))  # fmt: skip

    def tell_about(self) -> None:
        """What is known of the chosen entry, and its rights to change."""
        nodes = self.view.chosen()
        if len(nodes) != 1:
            return
        entry, path = nodes[0].entry, nodes[0].path
        when = f"{entry.modified:%Y-%m-%d %H:%M:%S} {'UTC' if entry.utc else 'server time'}" if entry.modified else ""
        size = f"{grouped(entry.size)} bytes" if entry.size is not None and entry.kind != "dir" else ""
        said = (("rights", entry.mode), ("owner", shown(entry.owner)), ("group", shown(entry.group)))
        facts = [KINDS[entry.kind], size, *(f"{word} {value}" for word, value in said if value), when]
        came = f". As it came: {shown(entry.raw)}" if entry.raw != entry.name else ""
        self.about.say(f"{shown(entry.name)}:", ", ".join(fact for fact in facts if fact) + came)
        self.ask.ask("Rights (octal)", octal_of(entry.mode), "Change rights", lambda text: self._change(path, text))

    def _change(self, path: str, text: str) -> None:
        self.about.clear()
        if not 3 <= len(text) <= 4 or not set(text) <= set("01234567"):
            self.tell(trouble.trouble("no rights", said=f"\u201c{shown(text[:20])}\u201d").told)
        else:
            self._act(lambda done, failed: self.place.change_mode(path, int(text, 8), done, failed), "rights",
                      path=path, rights=text)  # fmt: skip

    def _below(self, name: str) -> str:
        return f"{self.path.rstrip('/')}/{name}"

    def _act(self, act: Callable[[Done, Failed], object], kind: str, **facts: str) -> None:
        self.did = (kind, facts)
        self.trouble.clear()
        self.about.clear()
        self._set_busy(True)

        def failed(told: Explained) -> None:
            self._set_busy(False)
            self.refresh()
            self.tell(told)

        act(lambda _: self.refresh(), failed)

    # Buttons

    def _on_chosen(self) -> None:
        if not self.ask.isHidden():  # the page may be behind another one: then it is not visible, and yet asks
            self.ask.put_away()
        self.about.clear()
        self._refresh()
        self.chosen_changed.emit()

    def _refresh(self) -> None:
        there = self.listing is not None and not self.busy
        chosen = self.view.chosen_count() if there else 0
        for key, allowed in (("up", there and self.path not in ("", "/")), ("refresh", there), ("mkdir", there),
                             ("rename", chosen == 1), ("remove", chosen > 0), ("about", chosen == 1)):  # fmt: skip
            self.buttons[key].setEnabled(allowed)
        self.field.setEnabled(self.listing is not None)
        self.foot.setText(self._foot(chosen))

    def _foot(self, chosen: int) -> str:
        if self.busy:
            return "Looking\u2026"
        if self.listing is None:
            return ""
        entries = self.listing.entries
        unknown = sum(1 for entry in entries if not entry.known) if len(entries) < 5000 else 0
        how = "" if self.listing.how == "local" else f" by {self.listing.how}"
        parts = [f"{grouped(len(entries))} {'entry' if len(entries) == 1 else 'entries'}{how}"]
        parts += [f"{grouped(unknown)} unknown {'line' if unknown == 1 else 'lines'}"] if unknown else []
        parts += [f"{grouped(chosen)} chosen"] if chosen else []
        parts += [f"cut: {self.listing.cut}"] if self.listing.cut else []
        return ", ".join(parts)


def octal_of(mode: str) -> str:
    """"rw-r--r--" or "0644" as octal digits; "644" where the mode says nothing."""
    if mode.isdecimal() and mode:
        return mode.lstrip("0") or "0"
    letters = mode[1:10] if len(mode) == 10 else ""
    if len(letters) != 9:
        return "644"
    digits = [sum(4 >> at for at, letter in enumerate(letters[start : start + 3]) if letter not in "-ST")
              for start in (0, 3, 6)]  # fmt: skip
    return "".join(str(digit) for digit in digits)


