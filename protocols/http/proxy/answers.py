"""Answers of the proxy's own: why it failed, a file in the origin's place, its page and its authority.

Heads and bodies as bytes. It must not know connections.
"""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from protocols.http.proxy.rewriting import head_bytes
from protocols.http.request import Header
from protocols.tls import lab_ca

CA_PATH: Final = "/netlab-ca.pem"
PAGE_HOST: Final = "netlab.proxy"
MAP_BYTES: Final = 256 << 20
_TEXT: Final = "text/plain; charset=utf-8"
_PAGE: Final = """\
This is NetLab's debugging proxy, at {url}

Tell a client to use it:
  curl -x {url} http://example.org/
Trust its authority for HTTPS that it opens:
  curl -x {url} -O http://{host}{ca}
"""


def reason_of(status: int) -> str:
    """A status's usual words."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def answer(
    status: int, body: bytes, content_type: str = _TEXT, *, headers: Iterable[Header] = (), close: bool = False
) -> tuple[bytes, bytes]:
    """Head and body of an answer."""
    lines: list[Header] = [("Server", "NetLab proxy"), *headers]
    names = {name.lower() for name, _ in lines}
    if "content-type" not in names and body:
        lines.append(("Content-Type", content_type))
    lines = [(name, value) for name, value in lines if name.lower() not in ("content-length", "transfer-encoding")]
    if status != 204:
        lines.append(("Content-Length", str(len(body))))
    if close:
        lines.append(("Connection", "close"))
    return head_bytes(f"HTTP/1.1 {status} {reason_of(status)}", lines), body


def last_head(heads: bytes) -> bytes:
    """The last of several heads, behind the 1xx."""
    blank = max(heads.rfind(b"\n\r\n", 0, -2), heads.rfind(b"\n\n", 0, -1))
    return heads if blank < 0 else heads[blank:].lstrip(b"\r\n")


def sentence(
    status: int, why: str, mend: Iterable[str] = (), *, headers: Iterable[Header] = ()
) -> tuple[bytes, bytes]:
    """An answer that says why; the connection ends with it."""
    helps = "".join(f"What helps: {one}\n" for one in mend)
    text = f"{status} {reason_of(status)}\n\n{why}\n{helps}\n-- NetLab proxy\n"
    return answer(status, text.encode("utf-8", "replace"), headers=headers, close=True)


def from_file(path: str) -> tuple[bytes, bytes]:
    """The answer that a mapped file makes; a 404 that says why where it can't be read."""
    try:
        if os.path.getsize(path) > MAP_BYTES:
            return sentence(404, f"{path} is larger than {MAP_BYTES} bytes, the most that is mapped.")
        with open(path, "rb") as file:
            body = file.read()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return sentence(404, f"{path}, which stands for this page, can't be read: {why}.")
    kind, coding = mimetypes.guess_type(path)
    coded = [("Content-Encoding", coding)] if coding in ("gzip", "br") else []
    return answer(200, body, kind or "application/octet-stream", headers=[*coded, ("Cache-Control", "no-store")])


def own_page(path: str, url: str) -> tuple[bytes, bytes]:
    """What the proxy answers when it is asked itself."""
    path = path.partition("?")[0]
    if path == CA_PATH:
        kind = "application/x-pem-file"
        return answer(200, lab_ca().pem, kind, headers=[("Content-Disposition", "attachment; filename=netlab-ca.pem")])
    if path == "/":
        return answer(200, _PAGE.format(url=url, host=PAGE_HOST, ca=CA_PATH).encode())
    why = "This is a proxy: it is asked with a full URL (GET http://example.org/ HTTP/1.1), as curl -x does."
    return sentence(404, why)
