"""The menu of a site's pages: what the sandbox has, by its groups; a click puts one into the request and sends it.

It must not know how a request is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import groupby
from typing import Final

from PySide6.QtWidgets import QMenu

from protocols.http.bodies import FORM_TYPE, form_fields
from protocols.http.request import Auth, Body, BodyKind, Request
from protocols.http.server.sandbox.login import PASSWORD, USER
from protocols.http.server.sandbox.route import Try
from protocols.http.server.sandbox.site import PAGES

_KINDS: Final[dict[str, BodyKind]] = {"application/json": "json", "text/xml": "xml"}


def fill_pages(menu: QMenu, chosen: Callable[[Try], object]) -> None:
    """Fill the menu with the requests that the sandbox is tried with; chosen(try) is called for the one clicked."""
    if menu.actions():
        return
    menu.setToolTipsVisible(True)
    for group, routes in groupby(PAGES, lambda route: route.group):
        below = menu.addMenu(group)
        below.setToolTipsVisible(True)
        for route in routes:
            for one in route.requests():
                action = below.addAction(f"{one.title}   {one.method} {one.target}".replace("&", "&&"))
                action.setToolTip(route.text)
                action.triggered.connect(partial(_choose, chosen, one))


def _choose(chosen: Callable[[Try], object], one: Try, _checked: bool = False) -> None:
    chosen(one)


def try_request(one: Try, url: str) -> Request:
    """The request of a try. url: of the site, without a slash behind it."""
    auth = Auth() if one.auth == "none" else Auth(one.auth, USER, PASSWORD)
    return Request(one.method, url + one.target, body=_body(one), auth=auth)


def _body(one: Try) -> Body:
    if not one.data:
        return Body()
    if one.content_type == FORM_TYPE:
        return Body("form", fields=form_fields(one.data))
    kind = _KINDS.get(one.content_type.partition(";")[0], "text")
    return Body(kind, one.data.decode(), content_type=one.content_type)
