"""Tab order: where the keyboard goes next, place after place of the window, and as things stand within each.

Qt's own order is that in which widgets were made: what is made later, a second client, a panel shown for the
first time, would come last. It must not know what the places hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QSplitter, QWidget


def next_stop(places: Sequence[QWidget], current: QWidget | None, *, forward: bool) -> QWidget | None:
    """The widget that Tab, or Shift+Tab, goes to from `current`; None where nothing takes the keyboard.

    places: parts of one window in their order; one may lie in another and is then walked in its own turn.
    """
    walk = [widget for place in places for widget in _walk(place, frozenset(places) - {place})]
    start = walk.index(current) if current is not None and current in walk else -1 if forward else 0
    turned = walk[start + 1 :] + walk[: start + 1] if forward else walk[:start][::-1] + walk[start:][::-1]
    return next((widget for widget in turned if takes_tab(widget) and widget is not current), None)


def takes_tab(widget: QWidget) -> bool:
    """Whether Tab stops here: what can be used now, and not what only scrolls."""
    return (
        bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        and widget.isEnabled()
        and widget.focusProxy() is None
        and not isinstance(widget, QScrollArea)
    )


def _walk(widget: QWidget, others: frozenset[QWidget]) -> Iterator[QWidget]:
    """What is visible in a place, each before its parts."""
    if not widget.isVisible():
        return
    yield widget
    for child in _parts(widget):
        if not child.isWindow() and child not in others:
            yield from _walk(child, others)


def _parts(widget: QWidget) -> list[QWidget]:
    parts = [child for child in widget.children() if isinstance(child, QWidget)]
    if isinstance(widget, QSplitter):  # its children are in the order in which they came to lie on each other
        return sorted(parts, key=widget.indexOf)
    return parts
