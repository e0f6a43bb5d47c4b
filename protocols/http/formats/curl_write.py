"""A request as a curl command: what curl is told here makes it send the same bytes.

It must not run curl.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from protocols.http.bodies import FORM_TYPE, encoded
from protocols.http.client.default_words import ACCEPT_ENCODING, AGENT
from protocols.http.kept.variables import has_variables
from protocols.http.request import Limits, Part, Request, RequestError, checked_url

Shell: TypeAlias = Literal["bash", "cmd"]
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.,:/@+=-]+", re.ASCII)
_MEANS: Final = re.compile(r"[^\w .,:;/?=@+~*\\-]")
_VERSIONS: Final = {"1.0": "--http1.0", "1.1": "--http1.1", "2": "--http2", "3": "--http3-only"}


def to_curl(request: Request, *, shell: Shell = "bash", wrap: bool = False) -> str:
    """The command that sends the same request, for the shell named. A password stands in it as it is.

    wrap: one option a line. A body with a NUL in it, which no command line can hold, goes through a pipe in bash.
    Raises RequestError for what can't be said: such a body in cmd, a part whose name has a = in it.
    """
    body = encoded(request.body)
    feed, words = "", curl_words(request, piped=shell == "bash")
    if shell == "bash" and body.data is not None and b"\0" in body.data:
        feed = f"printf -- '{_printed(body.data)}' | "
    quote = _for_bash if shell == "bash" else _for_cmd
    bad = "\0" if shell == "bash" else "".join(map(chr, range(9))) + "\r\x0b\x0c\x1b"
    if any(sign in word for word in words for sign in bad):
        raise RequestError("There is a NUL or the like in it, which no command line can hold: send it from a file")
    if not wrap:
        return feed + " ".join(map(quote, words))
    rows: list[str] = []
    for word in words:
        joins = bool(rows) and not word.startswith("-") and rows[-1].startswith("-") and " " not in rows[-1]
        if joins:
            rows[-1] += " " + quote(word)
        else:
            rows.append(quote(word))
    return feed + (" \\\n  " if shell == "bash" else " ^\n  ").join(rows)


def _printed(data: bytes) -> str:
    """Bytes as bash's printf is told them, between single quotes."""
    return "".join(
        chr(code) if 32 <= code < 127 and code not in b"%\\'" else f"\\x{code:02x}" for code in data
    )


def _for_bash(word: str) -> str:
    if all(sign.isprintable() or sign in "\n\t" for sign in word):
        return shlex.quote(word)
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\", "'": "\\'"}
    return "$'" + "".join(named.get(sign) or _coded(sign) for sign in word) + "'"


def _coded(sign: str) -> str:
    if sign.isprintable():
        return sign
    return "".join(f"\\x{code:02x}" for code in sign.encode("utf-8", "surrogateescape"))


def _for_cmd(word: str) -> str:
    """As Windows' cmd takes it: quotes for the program, a caret before whatever means something to cmd."""
    if _PLAIN.fullmatch(word):
        return word
    text = re.sub(r'(\\*)"', r'\1\1\\"', word)
    text = '"' + re.sub(r"(\\+)$", r"\1\1", text) + '"'
    return _MEANS.sub(lambda found: "^\n\n" if found.group() == "\n" else "^" + found.group(), text)


def curl_words(request: Request, *, piped: bool = False) -> list[str]:
    """The words of the command. piped: a body with a NUL comes from stdin. Raises RequestError for one otherwise."""
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
    words += _body_words(request, piped=piped)
    words += _identity_words(request)
    words += _way_words(request)
    return [*words, request.url if has_variables(request.url) else checked_url(request.url)]


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


def _body_words(request: Request, *, piped: bool) -> Iterator[str]:
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
        if b"\0" in body.data and piped:
            yield from ("--data-binary", "@-")
            return
        if b"\0" in body.data:
            raise RequestError("The body has a NUL in it, which no command line can hold: send it from a file")
        yield from ("--data-raw", body.data.decode("utf-8", "surrogateescape"))


def _part_words(part: Part) -> Iterator[str]:
    if "=" in part.name:
        raise RequestError(f"The part {part.name!r} has a = in its name, which ends the name for curl")
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
    if trust.key_password:
        yield from ("--pass", trust.key_password)


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
    if request.http09:
        yield "--http0.9"
    if request.limits.timeout_s is not None:
        yield from ("-m", f"{request.limits.timeout_s:g}")
    if request.limits.connect_timeout_s not in (None, Limits().connect_timeout_s):
        yield from ("--connect-timeout", f"{request.limits.connect_timeout_s:g}")
