"""The log's menus: what can be done with a row, which columns there are, how messages are shown.

Made when asked for, from what is there. It must not keep anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu

from protocols.creosote.wire import classic_text
from widgets.creosote.log.exporting import KINDS
from widgets.creosote.table.columns import FIELD, FIXED, MORE, fields_seen
from widgets.creosote.wording import shown
from widgets.theme.theme import theme

if TYPE_CHECKING:
    from widgets.creosote.log.pane import LogPane

STYLES: Final = (
    ("read", "As understood"),
    ("sent", "As it was sent"),
    ("classic", "Classic, every byte escaped"),
)
_FIELDS: Final = 12
JOIN_TIP: Final = (
    "A sender of the classic kind cuts a message at 1,024 bytes. Shows the pieces as one row, where one sender's "
    "came at once. Only shown so: what was received, and what is exported, stays as it came"
)


def file_filter(kind: str) -> str:
    """What a file dialog shows for an export."""
    return next(each.filter for each in KINDS if each.id == kind)


def _add(menu: QMenu, text: str, run: Callable[[], object], icon: str = "", *, on: bool | None = None) -> QAction:
    action = menu.addAction(theme().icon(icon, "text"), text) if icon else menu.addAction(text)
    if on is not None:
        action.setCheckable(True)
        action.setChecked(on)
    action.triggered.connect(lambda _=False: run())
    return action


def row_menu(pane: LogPane, row: int) -> QMenu:
    """What can be done with a row; -1 for none."""
    menu = _own(pane)
    actions = pane.desk.actions
    for name in ("copy", "mark", "only-sender", "alarm", "", "pause", "follow", "clear"):
        if not name:
            menu.addSeparator()
        elif f"creosote.{name}" in actions:
            menu.addAction(actions.get(f"creosote.{name}"))
    if row < pane.feed.log.first:
        return menu
    before = menu.actions()[4] if len(menu.actions()) > 4 else None
    payload = pane.painter.words.payload(row)
    pieces = len(pane.rows.pieces(row))
    if pieces > 1:
        _add(menu, f"Show its {pieces} datagrams one by one", lambda: pane.set_joined(False), "list")
    copies = QMenu("Copy as", menu)
    _add(copies, "Classic text", lambda: _copy(classic_text(payload)))
    _add(copies, "Hex", lambda: _copy(payload.hex(" ")))
    _add(copies, "Python bytes", lambda: _copy(repr(payload)))
    fields = _fields_menu(pane, row, menu)
    for each in (copies, fields):
        if each is not None and before is not None:
            menu.insertMenu(before, each)
        elif each is not None:
            menu.addMenu(each)
    return menu


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text.replace("\0", "\\0"))


def _fields_menu(pane: LogPane, row: int, parent: QMenu) -> QMenu | None:
    """For each field of a row: only its value, not its value, its own column."""
    found = list(pane.painter.words.reading(row).fields.items())[:_FIELDS]
    if not found:
        return None
    menu = QMenu("Fields", parent)
    for name, value in found:
        one = menu.addMenu(f"{shown(name, 30)} = {shown(value, 40)}".replace("&", "&&"))
        term = term_of(name, value)
        if term:
            _add(one, "Only this value", lambda term=term: pane.bar.add_term(term), "funnel")  # type: ignore[misc]
            _add(one, "Not this value", lambda term=term: pane.bar.add_term(f"-{term}"), "x")  # type: ignore[misc]
        _add(one, "As a column", lambda name=name: pane.view.head.toggle(FIELD + name), "columns-3",  # type: ignore[misc]
             on=FIELD + name in pane.view.head.ids())  # fmt: skip
    return menu


def term_of(name: str, value: str) -> str:
    """The filter that asks for this value of this field; "" where none can be written."""
    if '"' in value or not name or not all(char.isalnum() or char in "_@.-" for char in name):
        return ""
    if not (name[0].isalpha() or name[0] in "_@") or name.lower() in ("after", "before", "from", "kind", "level"):
        return ""
    plain = value.isprintable() and value and not any(char.isspace() for char in value)
    return f"{name}:{value}" if plain else f'{name}:"{value}"' if value.isprintable() and value else ""


def columns_menu(pane: LogPane) -> QMenu:
    """Which columns are shown, and how messages are."""
    menu = _own(pane)
    head = pane.view.head
    ids = head.ids()
    for each in (*FIXED, *MORE):
        action = _add(menu, each.title, lambda id=each.id: head.toggle(id), on=each.id in ids)  # type: ignore[misc]
        action.setEnabled(each.id != "message")
    seen = fields_seen(pane.feed, pane.view.visible_numbers())
    taken = [id.removeprefix(FIELD) for id in ids if id.startswith(FIELD)]
    fields = menu.addMenu("Fields")
    for name in dict.fromkeys([*taken, *seen]):
        _add(fields, shown(name, 40).replace("&", "&&"), lambda name=name: head.toggle(FIELD + name),  # type: ignore[misc]
             on=name in taken)  # fmt: skip
    fields.setEnabled(bool(fields.actions()))
    menu.addSeparator()
    style = pane.painter.words.style
    for key, title in STYLES:
        _add(menu, title, lambda key=key: pane.set_style(key), on=key == style)  # type: ignore[misc]
    menu.addSeparator()
    joined = pane.rows.joined
    _add(menu, "Pieces of 1\u2009024 bytes joined", lambda: pane.set_joined(not joined), on=joined).setToolTip(JOIN_TIP)
    menu.addSeparator()
    colour = pane.painter.ansi_as_colour
    _add(menu, "ANSI colours as colour", lambda: pane.set_ansi_as_colour(True), on=colour)
    _add(menu, "ANSI colours shown as sent", lambda: pane.set_ansi_as_colour(False), on=not colour)
    return menu


def export_menu(pane: LogPane) -> QMenu:
    """What the rows shown can be written as."""
    menu = _own(pane)
    for kind in KINDS:
        _add(menu, f"{kind.title}\u2026", lambda id=kind.id: pane.export(id), "download")  # type: ignore[misc]
    if pane.rows.joined:
        menu.addSeparator()
        _add(menu, "Text, pieces joined as shown\u2026", lambda: pane.export("txt", joined=True), "download")
    return menu


def _own(pane: LogPane) -> QMenu:
    menu = QMenu(pane)
    menu.aboutToHide.connect(menu.deleteLater)
    return menu
