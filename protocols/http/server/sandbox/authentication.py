"""Basic and Digest: pages behind a user and a password, with what went wrong said in words.

The nonce carries its time, signed: nothing is kept here, so it holds in every concurrency model.
It must not know connections. RFC 7617, RFC 7616.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import html
import re
import secrets
import time
from collections.abc import Mapping
from typing import Final

from protocols.http.request import Header
from protocols.http.server.answer import Answer, page
from protocols.http.server.asked import Asked
from protocols.http.server.sandbox.login import PASSWORD, USER
from protocols.http.server.sandbox.route import ANY, Route

REALM: Final = "sandbox"
NONCE_S: Final = 300
ALGORITHMS: Final = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}
_PARAM: Final = re.compile(r"""([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))""")


class Guards:
    """The pages behind Basic and Digest."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def routes(self) -> list[Route]:
        """The pages."""
        who = f"user {USER}, password {PASSWORD}"
        return [
            Route("/basic", basic, "Authentication", "Basic", f"{who}; both cross in base64, which hides nothing.",
                  methods=ANY),
            Route("/digest", self.digest, "Authentication", "Digest",
                  f"{who}; a hash with a nonce crosses, never the password. SHA-256 and MD5 are offered.", methods=ANY),
            Route("/digest/md5", self.digest, "Authentication", "Digest, MD5 only", "For older clients.", methods=ANY),
            Route("/digest/sha-256", self.digest, "Authentication", "Digest, SHA-256 only", "For newer clients.",
                  methods=ANY),
        ]  # fmt: skip

    def digest(self, asked: Asked) -> Answer:
        """/digest"""
        offered = [name for name in ALGORITHMS if asked.path in ("/digest", f"/digest/{name.lower()}")]
        scheme, _, rest = asked.get("Authorization").partition(" ")
        if scheme.lower() != "digest":
            return self._challenge(offered, "No Digest credentials came.")
        found = {key.lower(): quoted or bare for key, quoted, bare in _PARAM.findall(rest)}
        why, stale = self._wrong(asked, found, offered)
        return self._challenge(offered, why, stale) if why else _welcome(found.get("username", ""), "Digest")

    def _wrong(self, asked: Asked, found: Mapping[str, str], offered: list[str]) -> tuple[str, bool]:
        """What is wrong with the credentials, "" where nothing is; and whether only the nonce is too old."""
        name = (found.get("algorithm") or "MD5").upper()
        if name not in offered:
            return f"The algorithm {name} was not offered.", False
        missing = [key for key in ("username", "realm", "nonce", "uri", "response") if not found.get(key)]
        if missing:
            return f"The credentials lack {', '.join(missing)}.", False
        if found["uri"] != asked.target:
            return "The uri of the credentials is not the target of the request.", False
        if found.get("qop", "auth") != "auth":
            return "Only the quality of protection auth is offered.", False
        age = self._age(found["nonce"])
        if age is None:
            return "The nonce is none of this server's.", True
        expected = digest_response(name, USER, PASSWORD, found["realm"], asked.method, found)
        if not hmac.compare_digest(expected.encode(), found["response"].lower().encode("utf-8", "replace")) or (
            found["username"] != USER or found["realm"] != REALM
        ):
            return "The response is not the one that this user, password, nonce, method and uri give.", False
        return ("The nonce is too old.", True) if age > NONCE_S else ("", False)

    def _nonce(self) -> str:
        now = f"{time.time():.3f}-{secrets.token_hex(4)}"
        return f"{now}-{self._sign(now)}"

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]

    def _age(self, nonce: str) -> float | None:
        text, _, sign = nonce.rpartition("-")
        if not hmac.compare_digest(sign.encode("utf-8", "replace"), self._sign(text).encode()):
            return None
        return time.time() - float(text.partition("-")[0])

    def _challenge(self, offered: list[str], why: str, stale: bool = False) -> Answer:
        headers: list[Header] = [
            ("WWW-Authenticate",
             f'Digest realm="{REALM}", qop="auth", algorithm={name}, nonce="{self._nonce()}", opaque="lab"'
             + (", stale=true" if stale else ""))
            for name in offered
        ]  # fmt: skip
        return page(401, "401 Unauthorized", f"<p>{html.escape(why)}</p>", *headers)


def digest_response(
    algorithm: str, user: str, password: str, realm: str, method: str, found: Mapping[str, str]
) -> str:
    """The response that RFC 7616 section 3.4.1 computes; `found` has nonce, uri, and with qop also nc and cnonce."""

    def hashed(text: str) -> str:
        return ALGORITHMS[algorithm](text.encode("utf-8", "replace")).hexdigest()

    secret, what = hashed(f"{user}:{realm}:{password}"), hashed(f"{method}:{found['uri']}")
    if found.get("qop"):
        middle = f"{found['nonce']}:{found.get('nc', '')}:{found.get('cnonce', '')}:{found['qop']}"
        return hashed(f"{secret}:{middle}:{what}")
    return hashed(f"{secret}:{found['nonce']}:{what}")


def basic(asked: Asked) -> Answer:
    """/basic"""
    scheme, _, rest = asked.get("Authorization").partition(" ")
    challenge: Header = ("WWW-Authenticate", f'Basic realm="{REALM}", charset="UTF-8"')
    if scheme.lower() != "basic":
        return page(401, "401 Unauthorized", "<p>No Basic credentials came.</p>", challenge)
    try:
        text = base64.b64decode(rest.strip(), validate=True)
    except (binascii.Error, ValueError):
        return page(401, "401 Unauthorized", "<p>The credentials are no base64.</p>", challenge)
    if not hmac.compare_digest(text, f"{USER}:{PASSWORD}".encode()):
        return page(401, "401 Unauthorized", "<p>Wrong user or password.</p>", challenge)
    return _welcome(USER, "Basic")


def _welcome(user: str, scheme: str) -> Answer:
    return page(200, "Welcome", f"<p>{scheme} let {html.escape(user)} in.</p>")
