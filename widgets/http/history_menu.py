"""The menu of the history: what was sent, newest first; a click shows it in the request card again.

It must not know how a request is sent.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from protocols.http.request import RequestError
from widgets.http.exchange.phase_rows import ms_text
from widgets.http.history import Past
from widgets.timeline.wording import visible

if TYPE_CHECKING:
    from widgets.http.both_ends import BothEnds

SHOWN: Final = 20
URL_CHARACTERS: Final = 70


def fill(menu: QMenu, ends: BothEnds, clear: QAction) -> None:
    """Show the newest entries."""
    menu.clear()
    for past in ends.history.entries[:SHOWN]:
        action = menu.addAction(title_of(past))
        action.triggered.connect(partial(show, ends, past))
    if not ends.history.entries:
        menu.addAction("Nothing has been sent yet").setEnabled(False)
        return
    menu.addSeparator()
    menu.addAction(clear)


def title_of(past: Past) -> str:
    """What a person reads in the menu."""
    url = past.url if len(past.url) <= URL_CHARACTERS else f"{past.url[: URL_CHARACTERS - 1]}\u2026"
    answer = str(past.status) if past.status else "no answer"
    return visible(f"{answer}   {past.method} {url}   {ms_text(past.took_ms)}").replace("&", "&&")


def show(ends: BothEnds, past: Past, _checked: bool = False) -> None:
    """Show a request of the past in the card, and its answer where that is still there."""
    request = past.request
    if request is None and past.file is not None:
        try:
            request = past.file.request()
        except RequestError as error:
            ends.request.refuse(str(error), lead="This can't be read any more")
            return
    if request is not None:
        ends.request.fill(request)
    else:
        ends.request.set_url(past.url, past.method if past.method != "raw" else "")
    if past.sent is not None and ends.slot.phase == "idle":
        ends.response.show_sent(past.sent)
        ends.response.finish()
