"""A Request as the options of a libcurl handle.

The one place that knows which option says what; nothing is sent here. It must not know what
becomes of the answer.
"""

from __future__ import annotations

import io
import os
import ssl
from functools import cache
from typing import Any, Final, cast

import pycurl  # type: ignore[import-untyped]

from protocols.http.bodies import FORM_TYPE, Encoded
from protocols.http.client.default_words import ACCEPT_ENCODING, AGENT
from protocols.http.request import Auth, Part, Proxy, Request, RequestError, Trust

_HTTP_ALONE: Final = frozenset(("POST", "PATCH", "DELETE", "OPTIONS", "TRACE"))
_VERSIONS: Final = {
    "auto": pycurl.CURL_HTTP_VERSION_2TLS, "1.0": pycurl.CURL_HTTP_VERSION_1_0, "1.1": pycurl.CURL_HTTP_VERSION_1_1,
    "2": pycurl.CURL_HTTP_VERSION_2_0, "3": pycurl.CURL_HTTP_VERSION_3ONLY,
}  # fmt: skip
_AUTH: Final = {"basic": pycurl.HTTPAUTH_BASIC, "digest": pycurl.HTTPAUTH_DIGEST}
_ALLOWED: Final = pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS | pycurl.PROTO_FTP | pycurl.PROTO_FTPS | pycurl.PROTO_FILE
_BUFFER_BYTES: Final = 256 << 10


@cache
def features() -> frozenset[str]:
    """What this libcurl was built with: "HTTP2", "HTTP3", .."""
    bits = cast("int", pycurl.version_info()[4])
    return frozenset(
        name.removeprefix("VERSION_") for name in dir(pycurl)
        if name.startswith("VERSION_") and bits & cast("int", getattr(pycurl, name))
    )  # fmt: skip


def configure(curl: Any, request: Request, body: Encoded, timeout_ms: int) -> list[Any]:
    """Set a fresh handle up for a checked request; what must live as long as the transfer is returned.

    timeout_ms: 0 for no limit. What a fresh handle does anyway is not said again: it follows no redirect, and looks
    into no netrc.
    Raises RequestError for what this libcurl can't do.
    """
    set_option = curl.setopt
    set_option(pycurl.URL, request.url.encode("utf-8"))
    set_option(pycurl.NOSIGNAL, 1)
    set_option(pycurl.VERBOSE, 1)
    set_option(pycurl.PATH_AS_IS, 1)
    set_option(pycurl.PROTOCOLS, _ALLOWED)
    set_option(pycurl.BUFFERSIZE, _BUFFER_BYTES)
    if request.http09:
        set_option(pycurl.HTTP09_ALLOWED, 1)
    set_option(pycurl.HTTP_VERSION, _version(request))
    if request.target:
        set_option(pycurl.REQUEST_TARGET, request.target.encode("utf-8"))
    if request.decode:
        set_option(pycurl.ACCEPT_ENCODING, "")
    _limits(curl, request, timeout_ms)
    _auth(curl, request.auth)
    _proxy(curl, request.proxy)
    if request.proxy.url or not request.url.startswith("http://"):
        _trust(curl, request.trust)  # each option costs: where no TLS can be, none is set up
    held = _body(curl, request, body)
    set_option(pycurl.HTTPHEADER, _headers(request, body))
    if "user-agent" not in {name.lower() for name in request.without}:
        set_option(pycurl.USERAGENT, AGENT)
    if request.cookies:
        set_option(pycurl.COOKIE, "; ".join(f"{name}={value}" for name, value in request.cookies).encode("utf-8"))
    if request.resolve:
        set_option(pycurl.RESOLVE, list(request.resolve))
    if request.connect_to:
        set_option(pycurl.CONNECT_TO, list(request.connect_to))
    return held


def _version(request: Request) -> int:
    wanted = {"2": "HTTP2", "3": "HTTP3"}.get(request.version)
    if wanted is not None and wanted not in features():
        raise RequestError(f"This libcurl was built without HTTP/{request.version}")
    return int(_VERSIONS[request.version])


def timeout_ms(timeout_s: float | None) -> int:
    """A limit in libcurl's words; 0 for none."""
    return 0 if timeout_s is None else max(1, int(timeout_s * 1000 + 0.5))


def _limits(curl: Any, request: Request, timeout_ms: int) -> None:
    limits = request.limits
    if timeout_ms:
        curl.setopt(pycurl.TIMEOUT_MS, timeout_ms)
    if limits.connect_timeout_s is not None:
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, round(limits.connect_timeout_s * 1000)))


def _auth(curl: Any, auth: Auth) -> None:
    if auth.kind in ("none", "ntlm"):  # NTLM is a handshake of our own: its messages are headers
        return
    if auth.kind == "netrc":
        curl.setopt(pycurl.NETRC, pycurl.NETRC_OPTIONAL)
        if auth.netrc_path:
            curl.setopt(pycurl.NETRC_FILE, _readable("netrc file", os.path.expanduser(auth.netrc_path)))
    elif auth.kind == "bearer":
        curl.setopt(pycurl.HTTPAUTH, 1 << 6)  # CURLAUTH_BEARER
        curl.setopt(pycurl.XOAUTH2_BEARER, auth.token.encode("utf-8"))
    else:
        curl.setopt(pycurl.HTTPAUTH, _AUTH[auth.kind])
        curl.setopt(pycurl.USERNAME, auth.user.encode("utf-8"))
        curl.setopt(pycurl.PASSWORD, auth.password.encode("utf-8"))


def _readable(what: str, path: str) -> str:
    """The path of a file that can be read: of one that can't, libcurl says nothing. Raises RequestError."""
    try:
        with open(path, "rb"):
            return path
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RequestError(f"The {what} {path} can't be read: {reason}") from None


def _proxy(curl: Any, proxy: Proxy) -> None:
    curl.setopt(pycurl.PROXY, proxy.url)  # "" also keeps libcurl from looking into the environment
    if not proxy.url:
        return
    curl.setopt(pycurl.NOPROXY, "")
    if proxy.user:
        curl.setopt(pycurl.PROXYAUTH, pycurl.HTTPAUTH_DIGEST if proxy.digest else pycurl.HTTPAUTH_BASIC)
        curl.setopt(pycurl.PROXYUSERNAME, proxy.user.encode("utf-8"))
        curl.setopt(pycurl.PROXYPASSWORD, proxy.password.encode("utf-8"))


def _trust(curl: Any, trust: Trust) -> None:
    curl.setopt(pycurl.OPT_CERTINFO, 1)
    curl.setopt(pycurl.SSL_VERIFYPEER, int(trust.verify))
    curl.setopt(pycurl.SSL_VERIFYHOST, 2 if trust.verify else 0)
    file, folder = system_authorities()
    if folder:
        curl.setopt(pycurl.CAPATH, folder)
    if trust.ca_file:
        curl.setopt(pycurl.CAINFO, trust.ca_file)
    elif trust.ca:
        curl.setopt(pycurl.CAINFO_BLOB, trust.ca)  # in place of the file, besides the folder
    elif file:
        curl.setopt(pycurl.CAINFO, file)
    if trust.certificate:
        curl.setopt(pycurl.SSLCERT, trust.certificate)
        curl.setopt(pycurl.SSLKEY, trust.key or trust.certificate)
        curl.setopt(pycurl.KEYPASSWD, trust.key_password)  # even "": without any, OpenSSL would ask in the terminal


@cache
def system_authorities() -> tuple[str, str]:
    """The file and the folder where this system keeps the authorities that it trusts; "" where there is none."""
    paths = ssl.get_default_verify_paths()
    known = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
    file = next((one for one in (paths.cafile, *known) if one and os.path.isfile(one)), "")
    folder = next((one for one in (paths.capath, "/etc/ssl/certs") if one and os.path.isdir(one)), "")
    return file, folder


def _upload(curl: Any, request: Request, body: Encoded) -> list[Any]:
    """The body to its place by FTP: PUT is STOR. The other words of HTTP say nothing there."""
    if request.method in _HTTP_ALONE or (body.is_there and request.method != "PUT"):
        raise RequestError(f"{request.method} says nothing to FTP: GET fetches, HEAD asks for the size, PUT uploads")
    if body.parts or not body.is_there:
        raise RequestError("PUT by FTP needs a body: the file to upload, or a text; no form")
    file: Any = open(body.path, "rb") if body.path else io.BytesIO(body.data or b"")  # noqa: SIM115
    curl.setopt(pycurl.UPLOAD, 1)
    curl.setopt(pycurl.INFILESIZE_LARGE, body.size if body.path else len(body.data or b""))
    curl.setopt(pycurl.READFUNCTION, file.read)
    return [file]


def _body(curl: Any, request: Request, body: Encoded) -> list[Any]:
    method, held = request.method, list[Any]()
    is_ftp = request.url[:4].lower() in ("ftp:", "ftps")
    if is_ftp and (body.is_there or method == "PUT" or method in _HTTP_ALONE):
        return _upload(curl, request, body)
    if method == "HEAD" and body.is_there:
        raise RequestError("libcurl sends no body with HEAD; send it raw if you mean it")
    if body.data is not None:
        curl.setopt(pycurl.POSTFIELDS, body.data)
    elif body.parts:
        held.append(_mime(curl, body.parts))
    elif body.path:
        file = open(body.path, "rb")  # noqa: SIM115  closed when the transfer ends
        held.append(file)
        curl.setopt(pycurl.POST, 1)
        curl.setopt(pycurl.POSTFIELDSIZE_LARGE, body.size)
        curl.setopt(pycurl.READFUNCTION, file.read)
        curl.setopt(pycurl.SEEKFUNCTION, lambda offset, whence: 0 if file.seek(offset, whence) >= 0 else 1)
    if method == "HEAD":
        curl.setopt(pycurl.NOBODY, 1)
    elif method != ("POST" if body.is_there else "GET"):
        curl.setopt(pycurl.CUSTOMREQUEST, method)
    return held


def _mime(curl: Any, parts: tuple[Part, ...]) -> Any:
    """A multipart body; it must live as long as the transfer."""
    mime = pycurl.CurlMime(curl)
    for part in parts:
        made = mime.addpart()
        made.name(part.name.encode("utf-8"))
        if part.path:
            made.filedata(os.fsencode(part.path))
        else:
            made.data(part.value.encode("utf-8"))
        if part.filename:
            made.filename(part.filename.encode("utf-8"))
        if part.content_type:
            made.type(part.content_type.encode("utf-8"))
    curl.setopt(pycurl.MIMEPOST, mime)
    return mime


def _headers(request: Request, body: Encoded) -> list[bytes]:
    without = {name.lower() for name in request.without}
    asks = request.decode and request.header("Accept-Encoding") is None and "accept-encoding" not in without
    lines = [f"Accept-Encoding: {ACCEPT_ENCODING}"] if asks else []
    lines += [f"{name}: {value}" if value else f"{name};" for name, value in request.headers]
    lines += [f"{name}:" for name in request.without]
    typed = request.header("Content-Type") is not None or body.parts or body.content_type == FORM_TYPE
    if body.is_there and not typed and "content-type" not in without:
        lines.append(f"Content-Type: {body.content_type}" if body.content_type else "Content-Type:")
    return [line.encode("latin-1" if line.isascii() else "utf-8") for line in lines]
