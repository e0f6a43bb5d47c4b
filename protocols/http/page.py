"""What a web page offers: its links as addresses, its forms as requests to be filled in.

Reads with html.parser, which runs nothing and fetches nothing. It must not know how the page came.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin, urlsplit, urlunsplit

from protocols.http.bodies import form_bytes
from protocols.http.request import Body, Header, Part, Request

LIMIT: Final = 10_000
"""Links and form fields of one page that are kept."""
_LINKS: Final = {
    "a": "href", "area": "href", "img": "src", "link": "href", "script": "src", "iframe": "src", "frame": "src",
}  # fmt: skip
_NEVER: Final = ("button", "reset", "image")


@dataclass(frozen=True, slots=True)
class Link:
    """A link. tag: which element it stands in. text: what a person reads there."""

    url: str
    tag: str
    text: str = ""


@dataclass(slots=True)
class Field:
    """A form's field. kind: an input's type, "select", "textarea" or "submit". options: a choice's values.

    on: whether it is sent: an unticked box and a button that was not pressed are not.
    """

    name: str
    kind: str
    value: str = ""
    options: list[str] = field(default_factory=list)
    on: bool = True


@dataclass(slots=True)
class Form:
    """A form to be filled in and sent."""

    action: str
    method: str = "GET"
    encoding: str = "application/x-www-form-urlencoded"
    fields: list[Field] = field(default_factory=list)

    def values(self) -> tuple[Header, ...]:
        """Name and value of each field that is sent, in order."""
        return tuple((one.name, one.value) for one in self.fields if one.on and one.name and one.kind != "file")

    def request(self) -> Request:
        """The request that sending it makes (WHATWG HTML, section 4.10.21.3)."""
        values = self.values()
        if self.method == "GET":
            parts = urlsplit(self.action)
            return Request("GET", urlunsplit(parts._replace(query=form_bytes(values).decode("ascii"))))
        if self.encoding == "multipart/form-data":
            made = [Part(name, value) for name, value in values]
            made += [Part(one.name, path=one.value) for one in self.fields if one.kind == "file" and one.value]
            return Request("POST", self.action, body=Body("multipart", parts=tuple(made)))
        return Request("POST", self.action, body=Body("form", fields=values))


@dataclass(slots=True)
class Page:
    """What was found. base: what relative addresses are relative to."""

    base: str
    title: str = ""
    links: list[Link] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)


def read_page(html: str, url: str) -> Page:
    """The links and forms of a page that came from `url`."""
    reader = _Reader(url)
    try:
        reader.feed(html)
        reader.close()
    except AssertionError:
        pass  # html.parser's word for markup like "<![x": what was found before it stays
    reader.finish()
    return reader.page


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page(url)
        self._form: Form | None = None
        self._link: tuple[str, list[str]] | None = None
        self._text: list[str] | None = None
        self._area: Field | None = None
        self._select: Field | None = None
        self._option: list[str] | None = None

    def _join(self, address: str) -> str:
        try:
            return urljoin(self.page.base, address.strip())
        except ValueError:
            return ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "base" and found.get("href"):
            self.page.base = self._join(found["href"])
        elif tag == "title" and not self.page.title:
            self._text = []
        elif tag == "form":
            self._begin_form(found)
        elif tag in ("input", "button", "select", "textarea", "option"):
            self._control(tag, found)
        self._maybe_link(tag, found)

    def _maybe_link(self, tag: str, found: dict[str, str]) -> None:
        address = found.get(_LINKS.get(tag, ""))
        if not address or len(self.page.links) >= LIMIT:
            return
        url = self._join(address)
        if tag == "a":
            self._end_link()
            self._link = (url, [])
        elif url:
            self.page.links.append(Link(url, tag, found.get("alt", "")))

    def _begin_form(self, found: dict[str, str]) -> None:
        method = found.get("method", "get").upper()
        form = Form(self._join(found.get("action", "")) or self.page.base, "POST" if method == "POST" else "GET")
        if found.get("enctype", "").lower() == "multipart/form-data":
            form.encoding = "multipart/form-data"
        self._form = form
        self.page.forms.append(form)

    def _control(self, tag: str, found: dict[str, str]) -> None:
        form = self._form
        if tag == "option":
            self._end_option()
            if self._select is not None:
                self._option = []
                self._select.options.append(found.get("value", "\0"))
                if "selected" in found or len(self._select.options) == 1:
                    self._select.value = found.get("value", "\0")
            return
        if form is None or len(form.fields) >= LIMIT or "disabled" in found:
            return
        kind = found.get("type", "submit" if tag == "button" else "text").lower() if tag in ("input", "button") else tag
        made = Field(found.get("name", ""), kind, found.get("value", ""))
        if kind in ("checkbox", "radio"):
            made.value, made.on = found.get("value", "on"), "checked" in found
        elif kind == "submit" or kind in _NEVER:
            pressed = any(one.kind == "submit" for one in form.fields)
            made.on = kind == "submit" and not pressed and bool(made.name)
        form.fields.append(made)
        if tag == "select":
            self._select = made
        elif tag == "textarea":
            self._area, self._text = made, []

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._end_link()
        elif tag == "title" and self._text is not None and self._area is None:
            self.page.title, self._text = " ".join("".join(self._text).split()), None
        elif tag == "textarea" and self._area is not None:
            self._area.value = "".join(self._text or ()).removeprefix("\n")
            self._area = self._text = None
        elif tag == "option":
            self._end_option()
        elif tag == "select":
            self._end_option()
            self._select = None
        elif tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)
        if self._link is not None:
            self._link[1].append(data)
        if self._option is not None:
            self._option.append(data)

    def _end_option(self) -> None:
        """An option without a value stands for its text."""
        if self._option is not None and self._select is not None:
            text = " ".join("".join(self._option).split())
            self._select.options = [text if one == "\0" else one for one in self._select.options]
            self._select.value = text if self._select.value == "\0" else self._select.value
        self._option = None

    def _end_link(self) -> None:
        if self._link is not None and self._link[0]:
            self.page.links.append(Link(self._link[0], "a", " ".join("".join(self._link[1]).split())[:200]))
        self._link = None

    def finish(self) -> None:
        """The page is over, whatever is still open."""
        self._end_link()
        self._end_option()
        for form in self.page.forms:
            for one in form.fields:
                one.options = ["" if option == "\0" else option for option in one.options]
                one.value = "" if one.value == "\0" else one.value
