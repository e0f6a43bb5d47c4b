"""Which format a text is in, and the requests in it.

It must not know what is in a format beyond what it begins with.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Final

from protocols.http.formats.curl_read import from_curl
from protocols.http.formats.har_read import read_har
from protocols.http.formats.http_read import read_http
from protocols.http.formats.imported import LIMIT_BYTES, FormatError, Imported, parsed_json, table
from protocols.http.formats.openapi_read import read_openapi, read_yaml
from protocols.http.formats.postman_read import read_environment, read_postman
from protocols.http.request import Request

_CURL: Final = re.compile(
    r"\s*(?:[$#%>]\s+|[^\s'\"]*>\s*)?(?:\S*[/\\])?(?:curl(?:\.exe)?|printf|echo)[\s^]", re.IGNORECASE
)
_PLACE: Final = re.compile(r"[a-z][a-z0-9+.-]*://|\{\{|/|localhost|[\w-]+(?:\.[\w-]+)+(?:[:/?]|$)|[\w.-]+:\d+")
_OPENAPI: Final = re.compile(r"(?m)^[\"']?(?:openapi|swagger)[\"']?\s*:\s*[\"']?[0-9]")


def yaml_problem() -> str:
    """Why an OpenAPI description in YAML can't be read here, a sentence; "" when it can."""
    if importlib.util.find_spec("yaml") is None:
        return "YAML needs the package PyYAML, which is not installed: pip install pyyaml, or take the JSON form"
    return ""


def read_any(source: str | Path) -> Imported:
    """The requests of a text, or of the file at a Path; its format is found out.

    Raises FormatError with a sentence for what is none of the known formats, or broken, or too large.
    """
    text = _read_file(source) if isinstance(source, Path) else source
    if len(text) > LIMIT_BYTES:
        raise FormatError(f"It is larger than {LIMIT_BYTES >> 20} MB")
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise FormatError("There is nothing in it")
    if _CURL.match(text):
        return from_curl(text)
    if text.lstrip()[:1] in ("{", "["):
        return _read_json(text)
    if _OPENAPI.search(text[:4096]):
        return read_yaml(text)
    read = read_http(text, base=source.parent if isinstance(source, Path) else None)
    named = isinstance(source, Path) and source.suffix.lower() in (".http", ".rest")
    if not named and not any(_is_likely(one.request) for one in read.requests):
        raise FormatError("It is none of a curl command, HAR, Postman collection, .http file or OpenAPI description")
    return read


def _is_likely(request: Request) -> bool:
    """Whether somebody meant this to be a request: any two words look like a method and a target."""
    return request.method.isupper() and _PLACE.match(request.url) is not None


def _read_json(text: str) -> Imported:
    value = table(parsed_json(text, "text"))
    if isinstance(value.get("log"), dict):
        return read_har(value)
    if "openapi" in value or "swagger" in value:
        return read_openapi(value)
    if isinstance(value.get("item"), list) or isinstance(value.get("collection"), dict):
        return read_postman(value)
    if isinstance(value.get("values"), list):
        return read_environment(value)
    raise FormatError("It is JSON, but neither HAR nor a Postman collection or environment nor OpenAPI")


def _read_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT_BYTES + 1)
    except (OSError, ValueError) as error:
        raise FormatError(f"{path} can't be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > LIMIT_BYTES:
        raise FormatError(f"{path.name} is larger than {LIMIT_BYTES >> 20} MB")
    try:
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path.name} is no text in UTF-8: byte {error.start} is wrong") from None
