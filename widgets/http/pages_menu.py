"""The menu of a site's pages: what the sandbox has, by its groups; a click puts one into the request.

It must not know how a request is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import groupby

from PySide6.QtWidgets import QMenu

from protocols.http.server.sandbox.site import PAGES


def fill_pages(menu: QMenu, chosen: Callable[[str, str], object]) -> None:
    """Fill the menu with the sandbox's pages; chosen(method, target) is called for the one clicked."""
    if menu.actions():
        return
    menu.setToolTipsVisible(True)
    for group, routes in groupby(PAGES, lambda route: route.group):
        below = menu.addMenu(group)
        below.setToolTipsVisible(True)
        for route in routes:
            method = route.methods[0] if route.methods else "GET"
            action = below.addAction(f"{route.title}   {method} {route.link}".replace("&", "&&"))
            action.setToolTip(route.text)
            action.triggered.connect(partial(_choose, chosen, method, route.link))


def _choose(chosen: Callable[[str, str], object], method: str, target: str, _checked: bool = False) -> None:
    chosen(method, target)
