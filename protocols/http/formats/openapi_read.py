"""OpenAPI 3 descriptions as requests with example values, one for each operation.

The server's address becomes the variable `base`, what identifies a person variables to be filled
in. YAML is read where PyYAML is installed. It must not know how an example is found.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote

from protocols.http.bodies import FORM_TYPE
from protocols.http.formats.imported import (
    LIMIT_BYTES,
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
from protocols.http.formats.openapi_examples import Document
from protocols.http.request import Auth, Body, Header, Part, Request

_DEEPEST_YAML: Final = 200
_LARGEST_YAML: Final = 5_000_000
METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_PREFERRED: Final[tuple[str, ...]] = ("application/json", FORM_TYPE, "multipart/form-data")


def read_yaml(text: str) -> Imported:
    """An OpenAPI description in YAML. Raises FormatError, also where PyYAML is not installed."""
    if len(text) > LIMIT_BYTES:
        raise FormatError(f"It is larger than {LIMIT_BYTES >> 20} MB")
    try:
        yaml: Any = importlib.import_module("yaml")
    except ImportError:
        raise FormatError(
            "It is YAML, for which the package PyYAML is needed, which is not installed: pip install pyyaml, or take "
            "the description's JSON form"
        ) from None
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise FormatError(f"The YAML can't be read: {line(str(error))[:200]}") from None
    except RecursionError:
        raise FormatError("The YAML is nested too deep to be a description") from None
    if not isinstance(value, dict):
        raise FormatError("The YAML is no OpenAPI description: it does not begin with openapi: 3")
    _weigh(value, {}, 0)
    return read_openapi(value)


def _weigh(value: object, known: dict[int, int], deep: int) -> int:
    """How much a value is with its aliases written out. Raises FormatError for too much, or for one within itself."""
    if not isinstance(value, (dict, list)):
        return 1
    found = known.get(id(value))
    if found is None:
        known[id(value)] = -1
        inner = value.values() if isinstance(value, dict) else value
        found = 1 + sum(_weigh(one, known, deep + 1) for one in inner) if deep < _DEEPEST_YAML else -1
        known[id(value)] = found
    if found < 0 or found > _LARGEST_YAML:
        raise FormatError("The YAML's aliases (*name) stand for more than a description can hold")
    return found


def read_openapi(source: str | dict[str, Any]) -> Imported:
    """The requests of a description, given as JSON text or as its value. Raises FormatError."""
    value = table(parsed_json(source, "description") if isinstance(source, str) else source)
    version = word(value.get("openapi"))
    if "swagger" in value:
        raise FormatError("It is Swagger 2; OpenAPI 3 is read here, which converters make of it")
    if not version.startswith("3"):
        raise FormatError(f"It is no OpenAPI 3 description: openapi is {version[:20]!r}")
    document = Document(value)
    read = Imported("openapi", title=line(table(value.get("info")).get("title")))
    read.variables["base"] = _server(value.get("servers"), read)
    reader = _Operations(read, document, value)
    for path, item in table(value.get("paths")).items():
        if not reader.path(word(path), document.follow(item)):
            break
    if value.get("webhooks"):
        read.say("Webhooks are requests that the server sends; they were left out.")
    for reference in document.missing:
        read.say(f"The reference {reference[:100]} leads nowhere in this document and was left out.")
    return read


def _server(servers: object, read: Imported) -> str:
    found = tables(servers)
    if not found:
        read.say("The description names no server; set the variable base.")
        return "http://127.0.0.1:8080"
    url = word(found[0].get("url"))
    for name, one in table(found[0].get("variables")).items():
        url = url.replace("{" + word(name) + "}", word(table(one).get("default")))
    if len(found) > 1:
        read.say(f"The first of {len(found)} servers was taken: {url}")
    if "://" not in url:
        read.say(f"The server's address {url!r} names no host; 127.0.0.1:8080 was put in front.")
        url = "http://127.0.0.1:8080" + ("/" if url and not url.startswith("/") else "") + url
    return url.rstrip("/")


class _Operations:
    """Makes a request of each operation."""

    def __init__(self, read: Imported, document: Document, value: dict[str, Any]) -> None:
        self._read = read
        self._document = document
        self._security = rows(value.get("security"))
        self._schemes = table(table(value.get("components")).get("securitySchemes"))

    def path(self, path: str, item: dict[str, Any]) -> bool:
        """The operations of one path; False to end."""
        shared = tables(item.get("parameters"))
        for method in METHODS:
            operation = item.get(method)
            if isinstance(operation, dict):
                tags = rows(operation.get("tags"))
                name = line(operation.get("summary")) or line(operation.get("operationId"))
                note = word(operation.get("description")).strip()
                request = self._request(method, path, operation, shared)
                name = name or f"{method.upper()} {path}"
                if not self._read.add(Named(request, name, (line(tags[0]),) if tags and line(tags[0]) else (), note)):
                    return False
        return True

    def _request(self, method: str, path: str, operation: dict[str, Any], shared: list[dict[str, Any]]) -> Request:
        what = f"{method.upper()} {path}"
        parameters: dict[tuple[str, str], dict[str, Any]] = {}
        for one in (*shared, *tables(operation.get("parameters"))):
            found = self._document.follow(one)
            parameters[word(found.get("in")), word(found.get("name"))] = found
        query: list[str] = []
        headers: list[Header] = []
        cookies: list[Header] = []
        for (place, name), found in parameters.items():
            texts = self._texts(found)
            if place == "path":
                filled = ",".join(quote(text, safe="") for text in texts) or "{{" + name + "}}"
                path = path.replace("{" + name + "}", filled)
            elif not name or (found.get("required") is not True and not self._has_example(found)):
                continue
            elif place == "query":
                query += [f"{quote(name, safe='[]')}={quote(text, safe='')}" for text in texts]
            elif place == "header":
                headers.append((name, line(",".join(texts))))
            elif place == "cookie":
                cookies.append((name, ",".join(texts)))
        body = self._body(operation.get("requestBody"), what)
        url = "{{base}}" + path + ("?" + "&".join(query) if query else "")
        made = Request(method=method.upper(), url=url, headers=tuple(headers), body=body, cookies=tuple(cookies))
        return self._identified(made, operation, what)

    def _has_example(self, found: dict[str, Any]) -> bool:
        schema = self._document.follow(found.get("schema"))
        return self._document.given(found)[0] or any(key in schema for key in ("example", "default", "const"))

    def _texts(self, found: dict[str, Any]) -> list[str]:
        """A parameter's example value as the texts that are sent of it."""
        given, value = self._document.given(found)
        if not given:
            schema = found.get("schema")
            content = table(found.get("content"))
            value = self._document.example(schema if schema is not None else table(next(iter(content.values()), None)))
        if isinstance(value, list):
            return [_text(one) for one in value]
        return [] if value is None else [_text(value)]

    def _body(self, said: object, what: str) -> Body:
        content = table(self._document.follow(said).get("content"))
        if not content:
            return Body()
        kinds = [word(one) for one in content]
        kind = next((one for one in _PREFERRED if one in kinds), kinds[0])
        kind = next((one for one in kinds if "json" in one), kind) if kind not in _PREFERRED else kind
        form = self._document.follow(content.get(kind))
        given, value = self._document.given(form)
        value = value if given else self._document.example(form.get("schema"))
        if len(content) > 1:
            self._read.say(f"{what}: of {len(content)} kinds of body {kind} was taken.")
        if kind == FORM_TYPE:
            return Body("form", fields=tuple((word(name), _text(one)) for name, one in table(value).items()))
        if kind.startswith("multipart/"):
            properties = table(self._document.follow(form.get("schema")).get("properties"))
            return Body("multipart", parts=tuple(
                self._part(word(name), one, self._document.follow(properties.get(name)), what)
                for name, one in table(value).items()))  # fmt: skip
        if kind.partition(";")[0].endswith(("/json", "+json")):
            return Body("json", dumped(value), content_type="" if kind == "application/json" else kind)
        text = value if isinstance(value, str) else ""
        if not text:
            self._read.say(f"{what}: there is no example for a body of {kind[:60]}.")
        return Body("xml" if "xml" in kind else "text", text, content_type=kind)

    def _part(self, name: str, value: Any, schema: dict[str, Any], what: str) -> Part:
        if schema.get("format") == "binary" or "contentMediaType" in schema:
            self._read.say(f"{what}: choose the file of the part {name}.")
            return Part(name, filename=name)
        return Part(name, _text(value))

    def _identified(self, request: Request, operation: dict[str, Any], what: str) -> Request:
        """With who asks, by the first way that the operation allows."""
        wanted = rows(operation["security"]) if "security" in operation else self._security
        for name in table(wanted[0] if wanted else None):
            scheme = self._document.follow(self._schemes.get(name))
            kind, how = word(scheme.get("type")), word(scheme.get("scheme")).lower()
            if kind == "http" and how in ("basic", "digest"):
                auth = Auth("digest" if how == "digest" else "basic", "{{username}}", "{{password}}")
                request = replace(request, auth=auth)
                self._want("username", "password")
            elif (kind == "http" and how == "bearer") or kind in ("oauth2", "openIdConnect"):
                request = replace(request, auth=Auth("bearer", token="{{token}}"))
                self._want("token")
            elif kind == "apiKey":
                request = _with_key(request, word(scheme.get("in")), line(scheme.get("name")))
                self._want("api_key")
            else:
                self._read.say(f"{what}: the way {line(name)[:40]} to identify oneself was left out.")
        return request

    def _want(self, *names: str) -> None:
        for name in names:
            self._read.variables.setdefault(name, "")
            if name != "username":
                self._read.secrets.add(name)


def _with_key(request: Request, place: str, name: str) -> Request:
    if place == "query":
        return replace(request, url=request.url + ("&" if "?" in request.url else "?") + f"{name}={{{{api_key}}}}")
    if place == "cookie":
        return replace(request, cookies=(*request.cookies, (name, "{{api_key}}")))
    return replace(request, headers=(*request.headers, (name, "{{api_key}}")))


def _text(value: object) -> str:
    if isinstance(value, (dict, list)):
        return dumped(value)
    return value.isoformat() if isinstance(value, (date, datetime)) else word(value)  # YAML has dates of its own
