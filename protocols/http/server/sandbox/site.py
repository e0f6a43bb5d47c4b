"""The sandbox's site: all its pages, the index that links and explains each, and the factory for servers.

It must not know connections. Nothing that a client sends is executed.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from itertools import groupby
from typing import Final

from protocols.http.server.answer import Answer, error_page, page
from protocols.http.server.asked import Asked
from protocols.http.server.sandbox import bodies, events, forms, services, statuses, trigrams, ways, websocket
from protocols.http.server.sandbox.authentication import Guards
from protocols.http.server.sandbox.login import Login
from protocols.http.server.sandbox.route import Route, not_allowed
from protocols.http.server.sandbox.store import Store
from protocols.http.server.web import TIME_OUT_S, WebHandler


class Sandbox:
    """An application: the pages by their paths."""

    def __init__(self) -> None:
        self.routes: Final[list[Route]] = [
            *Store().routes(), *services.routes(), *statuses.routes(), *Login().routes(), *Guards().routes(),
            *forms.routes(), *trigrams.routes(), *ways.routes(), *bodies.routes(), *events.routes(),
            *websocket.routes(),
        ]  # fmt: skip
        self._exact = {route.path: route for route in self.routes if not route.path.endswith("/")}
        self._below = [route for route in self.routes if route.path.endswith("/")]

    def __call__(self, asked: Asked) -> Answer:
        """Answer one request."""
        path = asked.path
        if path == "/":
            return self._index() if asked.method in ("GET", "HEAD") else not_allowed(asked, "GET", "HEAD")
        route = self._exact.get(path) or next((one for one in self._below if path.startswith(one.path)), None)
        if route is None:
            return error_page(404, 'The sandbox has no such page; "/" lists those it has.')
        if route.methods and asked.method not in route.methods:
            return not_allowed(asked, *route.methods)
        return route.answer(asked)

    def _index(self) -> Answer:
        parts = ["<p>Pages to try things on. Each does what it says, and nothing of what you send is kept or run.</p>"]
        for group, routes in groupby(self.routes, lambda route: route.group):
            rows = "\n".join(
                f'<dt><a href="{html.escape(one.link)}">{html.escape(one.title)}</a> '
                f"<code>{html.escape(' '.join(one.methods) or 'any method')} {html.escape(one.path)}</code>"
                f"<dd>{html.escape(one.text)}"
                for one in routes
            )
            parts.append(f"<h2>{html.escape(group)}</h2>\n<dl>\n{rows}\n</dl>")
        return page(200, "The sandbox", "\n".join(parts))


PAGES: Final[tuple[Route, ...]] = tuple(Sandbox().routes)
"""What the sandbox has, for a panel that lists it."""


def make_sandbox(time_out_s: float = TIME_OUT_S) -> Callable[[], WebHandler]:
    """The factory of handlers for the sandbox, for a HandlerSpec."""
    site = Sandbox()
    return lambda: WebHandler(site, time_out_s)
