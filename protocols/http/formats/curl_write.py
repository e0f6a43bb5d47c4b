"""A request as a curl command: what curl is told here makes it send the same bytes.

It must not run curl.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Final

from protocols.http.bodies import FORM_TYPE, encoded
from protocols.http.default_words import ACCEPT_ENCODING, AGENT
from protocols.http.request import Part, Request, RequestError, checked_url

_VERSIONS: Final = {"1.0": "--http1.0", "1.1": "--http1.1", "2": "--http2", "3": "--http3-only"}


def to_curl(request: Request) -> str:
    """The command that sends the same request. A password stands in it as it is."""
    return " ".join(shlex.quote(word) for word in curl_words(request))


def curl_words(request: Request) -> list[str]:
    """The words of the command. Raises RequestError for a body that no command line can hold."""
    words = ["curl", "--globoff", "--path-as-is"]
    body, without = encoded(request.body), {name.lower() for name in request.without}
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != ("POST" if body.is_there else "GET"):
        words += ["-X", request.method]
    if request.version != "auto":
        words.append(_VERSIONS[request.version])
    if request.follow:
        words += ["-L", "--max-redirs", str(request.limits.max_redirects), "--proto-redir", "=http,https"]
    if request.decode:
        words.append("--compressed")
        if request.header("Accept-Encoding") is None and "accept-encoding" not in without:
            words += ["-H", f"Accept-Encoding: {ACCEPT_ENCODING}"]
    words += _header_words(request)
    words += _body_words(request)
    words += _identity_words(request)
    words += _way_words(request)
    return [*words, checked_url(request.url)]


def _header_words(request: Request) -> Iterator[str]:
    without = {name.lower() for name in request.without}
    if request.header("User-Agent") is None and "user-agent" not in without:
        yield from ("-A", AGENT)
    for name, value in request.headers:
        yield from ("-H", f"{name}: {value}" if value else f"{name};")
    for name in request.without:
        yield from ("-H", f"{name}:")
    if request.cookies:
        yield from ("-b", "; ".join(f"{name}={value}" for name, value in request.cookies))


def _body_words(request: Request) -> Iterator[str]:
    body = encoded(request.body)
    if not body.is_there:
        return
    for part in body.parts:
        yield from _part_words(part)
    typed = request.header("Content-Type") is not None or "content-type" in {name.lower() for name in request.without}
    if not body.parts and body.content_type != FORM_TYPE and not typed:
        yield from ("-H", f"Content-Type: {body.content_type}" if body.content_type else "Content-Type:")
    if body.path:
        yield from ("--data-binary", f"@{body.path}")
    elif body.data is not None:
        if b"\0" in body.data:
            raise RequestError("The body has a NUL in it, which no command line can hold: send it from a file")
        yield from ("--data-raw", body.data.decode("utf-8", "surrogateescape"))


def _part_words(part: Part) -> Iterator[str]:
    if part.path:
        text = f"{part.name}=@{_quoted(part.path)}"
        text += f";filename={_quoted(part.filename)}" if part.filename else ""
    elif part.content_type or part.filename:
        text = f"{part.name}={_quoted(part.value)}" + (f";filename={_quoted(part.filename)}" if part.filename else "")
    else:
        yield from ("--form-string", f"{part.name}={part.value}")
        return
    yield from ("-F", text + (f";type={part.content_type}" if part.content_type else ""))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _identity_words(request: Request) -> Iterator[str]:
    auth, trust = request.auth, request.trust
    if auth.kind == "bearer":
        yield from ("--oauth2-bearer", auth.token)
    elif auth.kind == "netrc":
        yield from (("--netrc-file", auth.netrc_path) if auth.netrc_path else ("--netrc",))
    elif auth.kind != "none":
        yield from (f"--{auth.kind}", "-u", f"{auth.user}:{auth.password}")
    if not trust.verify:
        yield "-k"
    if trust.ca_file:
        yield from ("--cacert", trust.ca_file)
    if trust.certificate:
        yield from ("-E", trust.certificate)
    if trust.key:
        yield from ("--key", trust.key)


def _way_words(request: Request) -> Iterator[str]:
    proxy = request.proxy
    if proxy.url:
        yield from ("-x", proxy.url)
        if proxy.user:
            yield from (*(("--proxy-digest",) if proxy.digest else ()), "-U", f"{proxy.user}:{proxy.password}")
    for one in request.resolve:
        yield from ("--resolve", one)
    for one in request.connect_to:
        yield from ("--connect-to", one)
    if request.target:
        yield from ("--request-target", request.target)
    if request.limits.timeout_s is not None:
        yield from ("-m", f"{request.limits.timeout_s:g}")
