"""A page as html.parser sees it: start, data, end and the rest as events, each with its place in the source.

It runs nothing and fetches nothing. It must not know how the page came.
"""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

LIMIT: Final = 5000
"""Events of one page that are kept."""
SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class MarkupEvent:
    """One call of a handler. call: its name; of: what it was given. line from 1, column from 0; begin, end: in the
    source."""

    call: str
    of: str
    line: int
    column: int
    begin: int
    end: int


class _Teller(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.events: list[MarkupEvent] = []
        self._starts = [0]
        for line in html.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def _tell(self, call: str, of: str, size: int) -> None:
        if len(self.events) < LIMIT:
            line, column = self.getpos()
            begin = self._starts[min(line, len(self._starts)) - 1] + column
            self.events.append(MarkupEvent(call, of[:SHOWN], line, column, begin, begin + size))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tell("handle_starttag", f"{tag}, {attrs}" if attrs else tag, len(self.get_starttag_text() or tag))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tell("handle_startendtag", f"{tag}, {attrs}" if attrs else tag, len(self.get_starttag_text() or tag))

    def handle_endtag(self, tag: str) -> None:
        self._tell("handle_endtag", tag, len(tag) + 3)

    def handle_data(self, data: str) -> None:
        self._tell("handle_data", repr(data), len(data))

    def handle_entityref(self, name: str) -> None:
        self._tell("handle_entityref", name, len(name) + 2)

    def handle_charref(self, name: str) -> None:
        self._tell("handle_charref", name, len(name) + 3)

    def handle_comment(self, data: str) -> None:
        self._tell("handle_comment", repr(data), len(data) + 7)

    def handle_decl(self, decl: str) -> None:
        self._tell("handle_decl", decl, len(decl) + 3)

    def handle_pi(self, data: str) -> None:
        self._tell("handle_pi", data, len(data) + 3)

    def unknown_decl(self, data: str) -> None:
        self._tell("unknown_decl", data, len(data) + 5)


def markup_events(html: str) -> list[MarkupEvent]:
    """The events of a page, in order; what comes before markup that html.parser gives up on is kept."""
    teller = _Teller(html)
    try:
        teller.feed(html)
        teller.close()
    except AssertionError:
        pass  # html.parser's word for markup like "<![x"
    return teller.events
