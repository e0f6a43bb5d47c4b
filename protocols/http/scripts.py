"""Scripts of this room: a request in Python, by the library that sends it.

Which values a request's script has, and which conditions hold in its template. It must not know
the registry, nor run what is made.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from protocols.script_plans import Plan
from protocols.script_text import ScriptError, literal

Params = Mapping[str, Any]
BOUNDARY: Final = "netlab-boundary-5f3c1a"

TITLES: Final[Mapping[str, str]] = {
    "http-urllib": "An HTTP request with urllib.request",
    "http-client": "An HTTP request with http.client",
    "http-socket": "An HTTP request over a plain socket",
    "http-requests": "An HTTP request with requests",
    "http-pycurl": "An HTTP request with pycurl",
}
"""Every script of the room."""
MODULES: Final[Mapping[str, str]] = {"http-requests": "requests", "http-pycurl": "pycurl"}
"""The packages that some of them need besides the standard library."""
REQUEST: Final[Params] = {
    "method": "GET", "url": "http://127.0.0.1:8080/", "headers": (), "body": b"", "body_file": "", "parts": (),
    "has_body": False, "auth": "none", "user": "", "password": "", "netrc_path": "", "proxy": "", "proxy_user": "",
    "proxy_password": "", "proxy_digest": False, "verify": True, "ca_file": None, "certificate": None, "key": None,
    "key_password": None, "timeout_s": 60.0, "follow": True, "max_redirects": 20, "decode": True, "version": "auto",
    "target": "", "without": (), "resolve": (), "connect_to": (),
}  # fmt: skip
"""headers: as meant, with the body's type and the cookies. parts: (name, value, path, file name, type)."""
DEFAULTS: Final[Mapping[str, Params]] = dict.fromkeys(TITLES, REQUEST)


def problem(name: str, params: Params) -> str:
    """Why a request has no script by this library, a sentence; "" when it has one."""
    scheme = params["url"].partition(":")[0].lower()
    plain = name != "http-pycurl"
    library = TITLES[name].rpartition(" ")[2]
    if plain and scheme not in ("http", "https"):
        return f"{library} has no {scheme} URLs here; pycurl has."
    if params["auth"] == "ntlm" and name != "http-client":
        return f"{library} knows no NTLM as it is mostly built; http.client with pyspnego does."
    if params["auth"] == "ntlm" and params["proxy"]:
        return "NTLM through a proxy is beyond a short script; without the proxy there is one."
    if params["auth"] == "digest" and name in ("http-client", "http-socket"):
        return f"{library} knows no Digest; urllib, requests and pycurl do."
    proxy = params["proxy"].partition("://")[0].lower() if "://" in params["proxy"] else ""
    if proxy.startswith("socks") and name in ("http-urllib", "http-client", "http-socket"):
        return f"{library} knows no SOCKS proxy; requests (with PySocks) and pycurl do."
    if params["proxy"] and name == "http-socket":
        return "A plain socket goes to the server itself; the other libraries know proxies."
    if plain and params["proxy_digest"] and params["proxy"]:
        return f"{library} can't identify itself to a proxy by Digest; pycurl can."
    return ""


def plan(name: str) -> Callable[[Params], Plan]:
    """What makes the plan of one script from its values."""

    def made(params: Params) -> Plan:
        why = problem(name, params)
        if why:
            raise ScriptError(why.rstrip("."))
        make = {"http-client": _by_line, "http-socket": _by_line}.get(name, _whole)
        return make(name, params)

    return made


def _flags(params: Params) -> set[str]:
    scheme = params["url"].partition(":")[0].lower()
    wanted = {
        "tls": scheme == "https", "unverified": not params["verify"], "certificate": params["certificate"],
        "multipart": params["parts"], "file": params["body_file"] and not params["parts"],
        "data": params["has_body"] and not params["parts"] and not params["body_file"],
        "body": params["has_body"], "follow": params["follow"], "decode": params["decode"],
        "timeout": params["timeout_s"] > 0, "proxied": params["proxy"], "proxy_user": params["proxy_user"],
        params["auth"]: params["auth"] != "none", "headers": params["headers"], "ca": params["ca_file"],
        "has_agent": _has(params, "user-agent"), "netrc_path": params["netrc_path"],
        "identified": params["auth"] in ("basic", "netrc"),
    }  # fmt: skip
    return {flag for flag, given in wanted.items() if given}


def _with(flags: set[str], values: Params) -> set[str]:
    """The flags with the one that says whether there are headers at all."""
    return (flags - {"headers"}) | ({"headers"} if values["headers"] else set())


def _has(params: Params, name: str) -> bool:
    return any(key.lower() == name for key, _ in params["headers"])


def _values(params: Params) -> dict[str, Any]:
    headers = list(params["headers"])
    if params["decode"] and not _has(params, "accept-encoding"):
        headers.append(("Accept-Encoding", "gzip"))
    if params["parts"] and not _has(params, "content-type"):
        headers.append(("Content-Type", f"multipart/form-data; boundary={BOUNDARY}"))
    return dict(params) | {
        "headers": headers, "parts": [tuple(part) for part in params["parts"]], "boundary": BOUNDARY,
        "timeout_s": params["timeout_s"] or None, "netrc_path": params["netrc_path"] or None,
    }  # fmt: skip


def _remark(name: str, params: Params) -> str:
    """What of the request this library can't do, for the script's first line."""
    said = []
    names = [key.lower() for key, _ in params["headers"]]
    if name in ("http-urllib", "http-requests") and len(set(names)) < len(names):
        said.append("headers of one name joined")
    if name != "http-pycurl":
        wanted = {"1.0"} if name == "http-socket" else set()
        if params["version"] not in {"auto", "1.1"} | wanted:
            said.append("HTTP/1.1 in place of " + params["version"])
        if params["resolve"] or params["connect_to"]:
            said.append("without resolve and connect-to")
    if name in ("http-client", "http-socket") and params["follow"]:
        said.append("redirects shown, not followed")
    if name == "http-urllib" and params["has_body"] and not params["parts"] and not _has(params, "content-type"):
        said.append("with a Content-Type that urllib adds")
    return f" ({', '.join(said)})" if said else ""


def _joined(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers of one name as one, as RFC 9110 section 5.3 has it."""
    found: dict[str, tuple[str, str]] = {}
    for name, value in headers:
        old = found.get(name.lower())
        mark = "; " if name.lower() == "cookie" else ", "
        found[name.lower()] = (old[0], f"{old[1]}{mark}{value}") if old else (name, value)
    return list(found.values())


def _proxy_url(params: Params) -> str:
    url: str = params["proxy"]
    return url if "://" in url or not url else f"http://{url}"


def _proxy_with_user(params: Params) -> str:
    url = _proxy_url(params)
    if not params["proxy_user"]:
        return url
    scheme, _, place = url.partition("://")
    return f"{scheme}://{quote(params['proxy_user'], safe='')}:{quote(params['proxy_password'], safe='')}@{place}"


def _whole(name: str, params: Params) -> Plan:
    """For a library that is given the request as a whole."""
    values, flags = _values(params), _flags(params)
    certificate, key = params["certificate"], params["key"]
    values |= {"proxy": _proxy_url(params), "cert": (certificate, key) if key else certificate}
    if name == "http-pycurl":
        values["headers"] = [f"{key}: {value}" if value else f"{key};" for key, value in params["headers"]]
        values["headers"] += [f"{key}:" for key in params["without"]]
        typed = _has(params, "content-type") or "content-type" in {key.lower() for key in params["without"]}
        values["headers"] += ["Content-Type:"] if params["has_body"] and not params["parts"] and not typed else []
        values |= {"key": key or certificate, "key_password": params["key_password"] or ""}
        flags |= {f"version_{params['version'].replace('.', '')}"}
        flags |= {flag for flag in ("resolve", "connect_to", "target", "proxy_digest") if params[flag]}
        flags |= {"custom"} if params["method"] not in ("HEAD", "POST" if params["has_body"] else "GET") else set()
        flags |= {"head"} if params["method"] == "HEAD" else set()
        flags |= {"headers"} if values["headers"] else set()
    else:
        if name == "http-requests" and params["parts"]:
            values["headers"] = [one for one in values["headers"] if BOUNDARY not in one[1]]
        if name == "http-requests" and params["decode"]:
            values["headers"] = [one for one in values["headers"] if one != ("Accept-Encoding", "gzip")]
        values["headers"] = _joined(values["headers"])
        flags = _with(flags, values)
        flags |= {"plain_handler"} if not params["follow"] or params["max_redirects"] != 20 else set()
    code = {"code_proxy": literal(_proxy_with_user(params))}
    return Plan(name, values, frozenset(flags), code, _remark(name, params))


def _by_line(name: str, params: Params) -> Plan:
    """For a library that is told each line."""
    parts = urlsplit(params["url"])
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise ScriptError(f"no URL: {error}") from None
    host = parts.hostname or ""
    target = params["target"] or (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    values, flags = _values(params), _flags(params)
    place = f"[{host}]" if _is_v6(host) else host
    shown = place if port == (443 if parts.scheme == "https" else 80) else f"{place}:{port}"
    if not _has(params, "host") and "host" not in {key.lower() for key in params["without"]}:
        values["headers"].insert(0, ("Host", shown))
    if params["proxy"]:
        proxy = urlsplit(_proxy_url(params))
        values |= {"proxy_host": proxy.hostname or "", "proxy_port": proxy.port or 8080}
        if parts.scheme == "http":
            target = f"http://{shown}{target}"
    values |= {"host": host, "port": port, "target": target}
    if params["has_body"] or params["method"] in ("POST", "PUT", "PATCH"):
        flags.add("sized")
    if _has(params, "content-length"):
        flags.discard("sized")
    if not _has(params, "connection") and name == "http-socket":
        values["headers"].append(("Connection", "close"))
    flags = _with(flags, values)
    identity = f"{params['proxy_user']}:{params['proxy_password']}".encode("utf-8", "replace")
    code = {"code_version": "1.0" if params["version"] == "1.0" else "1.1", "code_proxy_identity": literal(identity)}
    template = "http-client-ntlm" if params["auth"] == "ntlm" else name
    return Plan(template, values, frozenset(flags), code, _remark(name, params))


def _is_v6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False
