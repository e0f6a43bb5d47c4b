"""What of a request is nobody else's business, and the request without it.

Passwords, tokens and cookies become variables of a speaking name, so that a request from the
history says which value it lacks when it is sent again. It must not know where requests are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from protocols.http.kept.variables import has_variables, is_name
from protocols.http.request import Request

_HEADERS: Final[Mapping[str, str]] = {
    "authorization": "authorization", "proxy-authorization": "proxy_authorization", "cookie": "cookie",
    "set-cookie": "cookie", "x-api-key": "api_key", "api-key": "api_key", "apikey": "api_key",
    "x-auth-token": "auth_token", "x-csrf-token": "csrf_token", "x-xsrf-token": "csrf_token",
    "private-token": "private_token", "x-amz-security-token": "security_token",
}  # fmt: skip
_USERINFO: Final = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://[^/?#@:]*:)([^/?#@]+)(@)")
_SHORTEST: Final = 4
"""Values of secrets that are shorter are not searched for in texts: they would be found in everything."""


def hides_header(name: str) -> bool:
    """Whether the values of such a header identify somebody."""
    return name.lower() in _HEADERS


@dataclass
class _Masked:
    prefix: str
    found: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, value: str) -> str:
        """Keep a value under a name that is free; how it is referred to."""
        if not value or has_variables(value):
            return value
        full, number = self.prefix + name, 1
        while self.found.get(full, value) != value:
            number += 1
            full = f"{self.prefix}{name}{number}"
        self.found[full] = value
        return "{{" + full + "}}"


def masked(request: Request, secrets: Iterable[str] = ()) -> Request:
    """The request with variables in place of what identifies a person, and of every place where `secrets` stand."""
    return taken_out(request, secrets=secrets)[0]


def taken_out(request: Request, prefix: str = "", secrets: Iterable[str] = ()) -> tuple[Request, dict[str, str]]:
    """The request without what identifies a person, and that by the name it is now referred to.

    prefix: of the names, such as "login.". A text that uses variables is left alone.
    """
    prefix = prefix if not prefix or is_name(prefix) else "request."
    kept = _Masked(prefix)
    auth, proxy, trust = request.auth, request.proxy, request.trust
    changed = replace(
        request,
        url=_USERINFO.sub(lambda found: found[1] + kept.put("password", found[2]) + found[3], request.url),
        headers=tuple((name, kept.put(_HEADERS[name.lower()], value) if hides_header(name) else value)
                      for name, value in request.headers),
        auth=replace(auth, password=kept.put("password", auth.password), token=kept.put("token", auth.token)),
        proxy=replace(proxy, password=kept.put("proxy_password", proxy.password)),
        trust=replace(trust, key_password=kept.put("key_password", trust.key_password)),
        cookies=tuple((name, kept.put(_cookie_name(name), value)) for name, value in request.cookies),
    )  # fmt: skip
    for secret in sorted({one for one in secrets if len(one) >= _SHORTEST}, key=len, reverse=True):
        changed = without(changed, secret)
    return changed, kept.found


def _cookie_name(name: str) -> str:
    return "cookie_" + re.sub(r"\W", "_", name)[:40]


def without(value: Any, secret: str, word: str = "{{secret}}") -> Any:
    """A value of the request's classes with `word` wherever a secret's text stands."""
    if isinstance(value, str):
        return value.replace(secret, word) if secret in value else value
    if isinstance(value, bytes):
        return value.replace(secret.encode("utf-8", "surrogateescape"), word.encode())
    if isinstance(value, tuple):
        return tuple(without(one, secret, word) for one in value)
    if hasattr(value, "__dataclass_fields__"):
        named = {name: without(getattr(value, name), secret, word) for name in value.__dataclass_fields__}
        return replace(value, **named)
    return value
