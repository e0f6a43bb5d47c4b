"""Postman collections, version 2.1 and 2.0, and Postman environments: folders, variables, identities, bodies.

Scripts are not run, and said so. `{{name}}` means here what it means there, `:name` in a path
becomes a variable. It must not know other formats.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from protocols.http.formats.imported import (
    DEEPEST,
    FormatError,
    Imported,
    Named,
    dumped,
    line,
    parsed_json,
    rows,
    table,
    tables,
    word,
)
from protocols.http.kept.variables import has_variables, is_name
from protocols.http.request import Auth, AuthKind, Body, BodyKind, Header, Part, Request

_PLACE: Final = re.compile(r"(?<=/):([A-Za-z_][\w-]*)")
_LANGUAGES: Final[dict[str, BodyKind]] = {"json": "json", "xml": "xml", "text": "text"}
SHORTEST_KEY: Final = 4
"""A key that is shorter is not looked for in the requests: it would be found everywhere."""
_TYPES: Final = {"html": "text/html", "javascript": "application/javascript"}


def read_postman(source: str | dict[str, Any]) -> Imported:
    """The requests of a collection, given as text or as its JSON value. Raises FormatError."""
    value = table(parsed_json(source, "collection") if isinstance(source, str) else source)
    if isinstance(value.get("collection"), dict):
        value = value["collection"]  # as Postman's own service hands it out
    if not isinstance(value.get("item"), list):
        raise FormatError("It is no Postman collection: it has no items")
    info = table(value.get("info"))
    schema = word(info.get("schema"))
    read = Imported("postman", title=line(info.get("name")))
    if schema and not re.search(r"/v2\.\d", schema):
        read.say(f"The collection calls itself {schema[:80]}, which is not version 2; what is as there was taken.")
    _variables(read, value.get("variable"))
    _Walk(read).items(value["item"], (), Auth(), value)
    return read


def read_environment(source: str | dict[str, Any]) -> Imported:
    """A Postman environment, or its globals. Raises FormatError."""
    value = table(parsed_json(source, "environment") if isinstance(source, str) else source)
    if not isinstance(value.get("values"), list):
        raise FormatError("It is no Postman environment: it has no values")
    read = Imported("postman", title=line(value.get("name")))
    _variables(read, value["values"])
    read.environments[read.title or "Postman"] = read.variables
    read.variables = {}
    return read


def _variables(read: Imported, found: object) -> None:
    for one in tables(found):
        name = word(one.get("key") or one.get("id"))
        if not is_name(name):
            read.say(f"The variable {name[:40]!r} was left out: its name has signs that none has here.")
        elif one.get("disabled") is True or one.get("enabled") is False:
            read.say(f"The variable {name} is switched off and was left out.")
        else:
            read.variables[name] = word(one.get("value"))
            if one.get("type") == "secret":
                read.secrets.add(name)


class _Walk:
    """Goes through the items."""

    def __init__(self, read: Imported) -> None:
        self._read = read

    def items(self, items: list[Any], folder: tuple[str, ...], auth: Auth, owner: dict[str, Any]) -> bool:
        """The items of a folder, whose identity is `auth` unless `owner` has its own; False to end."""
        if len(folder) >= DEEPEST:
            self._read.say(f"Folders that lie more than {DEEPEST} deep were left out.")
            return True
        extra, auth = self._identity(owner, auth, f"the folder {folder[-1]}" if folder else "the collection")
        self._scripts(owner, folder[-1] if folder else "The collection")
        for item in tables(items):
            name = line(item.get("name"))
            if isinstance(item.get("item"), list):
                inner = self.items(item["item"], (*folder, name or "folder"), auth, item)
                if not inner:
                    return False
            elif not self._request(item, name, folder, auth, extra):
                return False
        return True

    def _scripts(self, owner: dict[str, Any], name: str) -> None:
        for event in tables(owner.get("event")):
            lines = table(event.get("script")).get("exec")
            if (isinstance(lines, str) and lines.strip()) or any(word(one).strip() for one in rows(lines)):
                when = "before the request" if event.get("listen") == "prerequest" else "for the answer"
                self._read.say(f"{name}: a script {when} was left out, scripts are not run here.")

    def _request(
        self, item: dict[str, Any], name: str, folder: tuple[str, ...], auth: Auth, extra: tuple[Header, ...]
    ) -> bool:
        said = item.get("request")
        if isinstance(said, str):
            said = {"url": said}
        if not isinstance(said, dict):
            self._read.say(f"{name or 'An item'} holds no request and was left out.")
            return True
        self._scripts(item, name)
        what = name or "A request"
        own, auth = self._identity(said, auth, what)
        own = own if "auth" in said and said["auth"] is not None else extra
        headers = tuple(self._pairs(_header_rows(said.get("header")), f"{what}: the header"))
        body, headers = self._body(said.get("body"), headers, what)
        url = self._url(said.get("url"), what)
        for key, value in own:
            if key.startswith("?"):
                url += ("&" if "?" in url else "?") + f"{key[1:]}={value}"
            else:
                headers = (*headers, (key, value))
        settings = table(item.get("protocolProfileBehavior"))
        request = Request(
            method=line(said.get("method")) or "GET", url=url, headers=headers, body=body, auth=auth,
            follow=settings.get("followRedirects") is not False,
        )  # fmt: skip
        if settings.get("strictSSL") is False:
            request = replace(request, trust=replace(request.trust, verify=False))
        return self._read.add(Named(request, name, folder, _described(said.get("description")).strip()))

    def _pairs(self, found: list[dict[str, Any]], what: str) -> list[Header]:
        """Key and value of rows that are switched on."""
        made = []
        for one in found:
            if one.get("disabled") is True:
                self._read.say(f"{what} {word(one.get('key'))} is switched off and was left out.")
            elif word(one.get("key")):
                made.append((word(one.get("key")), word(one.get("value"))))
        return made

    def _url(self, said: object, what: str) -> str:
        if not isinstance(said, dict):
            return word(said)
        url = word(said.get("raw"))
        if not url:
            host, path = said.get("host"), said.get("path")
            place = ".".join(map(word, rows(host))) or word(host)
            inner = "/".join(word(one.get("value") if isinstance(one, dict) else one) for one in rows(path))
            port = f":{word(said.get('port'))}" if word(said.get("port")) else ""
            query = "&".join(f"{key}={value}" for key, value in self._pairs(tables(said.get("query")), f"{what}:"))
            scheme = word(said.get("protocol"))
            url = (f"{scheme}://" if scheme else "") + place + port + "/" + (inner or word(path).lstrip("/"))
            url += f"?{query}" if query else ""
        path, mark, query = url.partition("?")
        values = {word(one.get("key")): word(one.get("value")) for one in tables(said.get("variable"))}
        head, slashes, rest = path.rpartition("://")
        rest = _PLACE.sub(lambda found: values.get(found[1]) or "{{" + found[1] + "}}", "/" + rest)[1:]
        return head + slashes + rest + mark + query

    def _identity(self, owner: dict[str, Any], above: Auth, what: str) -> tuple[tuple[Header, ...], Auth]:
        """Who asks: the owner's own or what stands above it; an API key is a header, or with ? a parameter."""
        said = owner.get("auth")
        if not isinstance(said, dict):
            return (), above
        kind = word(said.get("type"))
        facts = _facts(said.get(kind))
        if kind == "basic":
            return (), Auth("basic", facts.get("username", ""), facts.get("password", ""))
        if kind in ("digest", "ntlm"):
            known: AuthKind = "digest" if kind == "digest" else "ntlm"
            return (), Auth(known, facts.get("username", ""), facts.get("password", ""))
        if kind == "bearer":
            return (), Auth("bearer", token=facts.get("token", ""))
        if kind == "oauth2" and facts.get("accessToken"):
            return (), Auth("bearer", token=facts["accessToken"])
        if kind == "apikey" and facts.get("key"):
            if len(facts.get("value", "")) >= SHORTEST_KEY and not has_variables(facts["value"]):
                self._read.hide("api_key", facts["value"])
            return ((("?" if facts.get("in") == "query" else "") + facts["key"], facts.get("value", "")),), Auth()
        if kind not in ("noauth", ""):
            self._read.say(f"{what}: {kind[:40]} is no way to identify oneself here and was left out.")
        return (), Auth()

    def _body(self, said: object, headers: tuple[Header, ...], what: str) -> tuple[Body, tuple[Header, ...]]:
        said = table(said)
        mode = word(said.get("mode"))
        if not mode or said.get("disabled") is True:
            return Body(), headers
        if mode == "urlencoded":
            fields = tuple(self._pairs(tables(said.get(mode)), f"{what}: the field"))
            return Body("form", fields=fields), _untyped(headers)
        if mode == "formdata":
            parts = tuple(part for one in tables(said.get(mode)) for part in self._parts(one, what))
            return Body("multipart", parts=parts), _untyped(headers)
        if mode == "file":
            found = said.get("file")
            path = word(table(found).get("src")) or word(found)
            if not path:
                self._read.say(f"{what}: the file that it sends is not named; choose it.")
            return Body("file", path=path), headers
        if mode == "graphql":
            asked = table(said.get(mode))
            query: dict[str, Any] = {"query": word(asked.get("query"))}
            if word(asked.get("variables")).strip():
                query["variables"] = parsed_json(word(asked["variables"]), f"variables of {what}")
            return Body("json", dumped(query)), headers
        if mode != "raw":
            self._read.say(f"{what}: a body of the kind {mode[:40]} was left out.")
            return Body(), headers
        return _raw_body(said, headers), headers

    def _parts(self, one: dict[str, Any], what: str) -> list[Part]:
        name, kind = line(one.get("key")), line(one.get("contentType"))
        if one.get("disabled") is True:
            self._read.say(f"{what}: the part {name} is switched off and was left out.")
            return []
        if one.get("type") != "file":
            return [Part(name, word(one.get("value")), content_type=kind)]
        paths = [word(path) for path in rows(one.get("src"))] or [word(one.get("src"))]
        if not any(paths):
            self._read.say(f"{what}: the file of the part {name} is not named; choose it.")
            return [Part(name, content_type=kind)]
        return [Part(name, path=path, filename=line(one.get("fileName")), content_type=kind) for path in paths if path]


def _raw_body(said: dict[str, Any], headers: tuple[Header, ...]) -> Body:
    text = word(said.get("raw"))
    language = word(table(table(said.get("options")).get("raw")).get("language"))
    typed = next((value for name, value in headers if name.lower() == "content-type"), "").lower()
    if not language:
        language = "json" if "json" in typed else "xml" if "xml" in typed else "text"
    kind = _LANGUAGES.get(language, "text")
    return Body(kind, text, content_type="" if typed else _TYPES.get(language, ""))


def _untyped(headers: tuple[Header, ...]) -> tuple[Header, ...]:
    """Without a Content-Type: a form's is made with its body."""
    return tuple(one for one in headers if one[0].lower() != "content-type")


def _header_rows(said: object) -> list[dict[str, Any]]:
    if isinstance(said, str):  # version 2 allows a text of lines
        pairs = (one.partition(":") for one in said.splitlines())
        return [{"key": name.strip(), "value": value.strip()} for name, colon, value in pairs if colon]
    return [one | {"value": line(one.get("value"))} for one in tables(said)]


def _facts(said: object) -> dict[str, str]:
    """An identity's facts: rows of key and value in 2.1, an object in 2.0."""
    if isinstance(said, dict):
        return {key: word(value) for key, value in said.items()}
    return {word(one.get("key")): word(one.get("value")) for one in tables(said)}


def _described(said: object) -> str:
    return word(said.get("content")) if isinstance(said, dict) else word(said)
