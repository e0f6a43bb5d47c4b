"""HAR 1.2, what browsers and proxies record: its requests, one for each entry.

Redirects are entries of their own, so none is followed. What belongs to a connection, not to a
request, is left out. It must not know answers.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from protocols.http.formats.curl_body import made_body
from protocols.http.formats.imported import FormatError, Imported, Named, line, parsed_json, table, tables, word
from protocols.http.kept.variables import literally
from protocols.http.request import Body, Header, Part, Request, Version

_OF_CONNECTION: Final = frozenset((
    "connection", "content-length", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "expect",
))  # fmt: skip
_VERSIONS: Final[dict[str, Version]] = {
    "1.0": "1.0", "1.1": "1.1", "2": "2", "2.0": "2", "h2": "2", "3": "3", "h3": "3",
}  # fmt: skip


def read_har(source: str | dict[str, Any]) -> Imported:
    """The requests of a HAR, given as text or as its JSON value. Raises FormatError."""
    log = table(table(parsed_json(source, "HAR") if isinstance(source, str) else source).get("log"))
    if not isinstance(log.get("entries"), list):
        raise FormatError("It is no HAR: there are no entries in its log")
    read = Imported("har", title=line(table(log.get("creator")).get("name")))
    pages = {word(page.get("id")): line(page.get("title")) for page in tables(log.get("pages"))}
    for entry in tables(log["entries"]):
        said = entry.get("request")
        if not isinstance(said, dict) or not word(said.get("url")):
            read.say("Entries without a request were left out.")
            continue
        request = literally(request_of(said, read.notes))
        page = pages.get(word(entry.get("pageref")), "")
        if not read.add(Named(request, _name(request), (page,) if page else (), line(entry.get("comment")))):
            break
    return read


def request_of(said: dict[str, Any], notes: list[str]) -> Request:
    """One request of HAR; what of it can't be taken over is added to `notes`."""
    headers: list[Header] = []
    for one in tables(said.get("headers")):
        name, value = word(one.get("name")), line(one.get("value"))
        if name.lower() in _OF_CONNECTION:
            continue
        if name and not name.startswith(":"):
            headers.append((name, value))
    url = word(said.get("url"))
    headers = [one for one in headers if one[0].lower() != "host" or one[1] != _host(url)]
    has = {name.lower() for name, _ in headers}
    cookies = () if "cookie" in has else tuple(
        (word(one.get("name")), word(one.get("value"))) for one in tables(said.get("cookies"))
    )  # fmt: skip
    body, without = _body(said.get("postData"), headers, notes)
    agent = () if "user-agent" in has else ("User-Agent",)
    accept = () if "accept" in has else ("Accept",)
    return Request(
        method=word(said.get("method")) or "GET", url=url, headers=tuple(headers), body=body, cookies=cookies,
        without=(*agent, *accept, *without), version=_version(said), follow=False, decode="accept-encoding" in has,
    )  # fmt: skip


def _version(said: dict[str, Any]) -> Version:
    text = word(said.get("httpVersion")).lower().removeprefix("http/")
    return _VERSIONS.get(text, "auto")


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def _name(request: Request) -> str:
    try:
        path = urlsplit(request.url).path
    except ValueError:
        path = ""
    return f"{request.method} {path or '/'}"[:120]


def _body(said: object, headers: list[Header], notes: list[str]) -> tuple[Body, tuple[str, ...]]:
    """The body, and what must not be added to the headers for it."""
    if not isinstance(said, dict):
        return Body(), ()
    kind = line(said.get("mimeType"))
    told = next((value for name, value in headers if name.lower() == "content-type"), None)
    params, text = tables(said.get("params")), word(said.get("text"))
    media = (told or kind).partition(";")[0].strip().lower()
    if media == "multipart/form-data" and params and not text:
        headers[:] = [one for one in headers if one[0].lower() != "content-type"]
        return Body("multipart", parts=tuple(_part(one, notes) for one in params)), ()
    if params and not text:
        fields = tuple((word(one.get("name")), word(one.get("value"))) for one in params)
        return Body("form", fields=fields), ()
    data = _decoded(text, said, notes)
    if not data and not kind and told is None:
        return Body(), ()
    if told is not None:
        return made_body(data, told, ""), ()
    body = made_body(data, None, kind)
    if not kind:
        return body, ("Content-Type",)
    return body, ()


def _decoded(text: str, said: dict[str, Any], notes: list[str]) -> bytes:
    if word(said.get("_encoding") or said.get("encoding")).lower() == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            notes.append("A body that calls itself base64 is none; it was taken as text.")
    return text.encode("utf-8", "replace")


def _part(said: dict[str, Any], notes: list[str]) -> Part:
    name, file, kind = (line(said.get(key)) for key in ("name", "fileName", "contentType"))
    part = Part(name, word(said.get("value")), filename=file, content_type=kind)
    if part.filename and not part.value:
        notes.append(f"The content of the file {part.filename} is not in the HAR; choose the file again.")
        return replace(part, path=part.filename, filename="")
    return part
