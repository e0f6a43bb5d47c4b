"""A request as a complete Python script, for the library of one's choice.

It must not run what it makes.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from typing import Any, Final

from protocols.http import scripts
from protocols.http.bodies import encoded, guessed_type
from protocols.http.kept.variables import has_variables
from protocols.http.request import Part, Request, RequestError, checked_url
from protocols.script_text import ScriptError, fill

FLAVOURS: Final[Mapping[str, str]] = {
    "urllib": "http-urllib", "http.client": "http-client", "socket": "http-socket", "requests": "http-requests",
    "pycurl": "http-pycurl",
}  # fmt: skip
"""The libraries, and the actions under which their scripts are registered."""


def write_python(request: Request, flavour: str, *, handle_errors: bool = True) -> str:
    """The whole script. Raises RequestError for a request that this library can't send, with a sentence."""
    name = FLAVOURS[flavour]
    try:
        plan = scripts.plan(name)(script_params(request))
        flags = plan.flags | ({"robust"} if handle_errors else frozenset())
        title = scripts.TITLES[name] + plan.remark + "."
        return fill(plan.template, plan.values, flags=flags, code={"title": title, **plan.code})
    except ScriptError as error:
        raise RequestError(str(error)) from None


def problem(request: Request, flavour: str) -> str:
    """Why there is no such script of a request, a sentence; "" where there is one."""
    try:
        return scripts.problem(FLAVOURS[flavour], script_params(request))
    except RequestError as error:
        return str(error)


def missing(flavour: str) -> str:
    """What must be installed to run such a script here, a sentence; "" for nothing."""
    module = scripts.MODULES.get(FLAVOURS[flavour], "")
    if not module or importlib.util.find_spec(module) is not None:
        return ""
    return f"The script needs {module}, which is not installed here: pip install {module}"


def script_params(request: Request) -> dict[str, Any]:
    """The parameters of its Show-as-Python actions, for protocols.scripts.render. Raises RequestError."""
    body, auth, trust = request.body, request.auth, request.trust
    headers = list(request.headers)
    by_name = body.kind in ("file", "multipart") and body.raw is None
    made = None if by_name else encoded(body)
    has = {name.lower() for name, _ in headers} | {name.lower() for name in request.without}
    if request.cookies:
        headers.append(("Cookie", "; ".join(f"{name}={value}" for name, value in request.cookies)))
    if auth.kind == "bearer":
        headers.append(("Authorization", f"Bearer {auth.token}"))
    there = bool(body.path or body.parts) if made is None else made.is_there
    kind = made.content_type if made is not None else body.content_type or guessed_type(body.path)
    if there and kind and "content-type" not in has and body.kind != "multipart":
        headers.append(("Content-Type", kind))
    return {
        "method": request.method, "url": request.url if has_variables(request.url) else checked_url(request.url),
        "headers": tuple(headers), "has_body": there, "body": (made.data or b"") if made is not None else b"",
        "body_file": body.path if by_name and body.kind == "file" else "",
        "parts": tuple(_part(part) for part in body.parts) if body.kind == "multipart" else (),
        "auth": "none" if auth.kind == "bearer" else auth.kind, "user": auth.user, "password": auth.password,
        "netrc_path": auth.netrc_path, "proxy": request.proxy.url, "proxy_user": request.proxy.user,
        "proxy_password": request.proxy.password, "proxy_digest": request.proxy.digest, "verify": trust.verify,
        "ca_file": trust.ca_file or None, "certificate": trust.certificate or None, "key": trust.key or None,
        "key_password": trust.key_password or None, "timeout_s": float(request.limits.timeout_s or 0),
        "follow": request.follow, "max_redirects": request.limits.max_redirects, "decode": request.decode,
        "version": request.version, "target": request.target, "without": request.without,
        "resolve": request.resolve, "connect_to": request.connect_to,
    }  # fmt: skip


def _part(part: Part) -> tuple[str, str, str, str, str]:
    filename = part.filename or os.path.basename(part.path)
    kind = part.content_type or (guessed_type(filename) if part.path else "")
    return _escaped(part.name), part.value, part.path, _escaped(filename), kind


def _escaped(text: str) -> str:
    """As browsers and libcurl write a name into a part's header (WHATWG HTML, multipart/form-data)."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
