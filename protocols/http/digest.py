"""Digest: what a challenge says, the response computed step by step, and a guard that asks for it and checks.

The nonce carries its time, signed: a guard keeps nothing, so it holds in every concurrency model. It must not know
connections. RFC 7616.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

NONCE_S: Final = 300
ALGORITHMS: Final = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}
NEEDED: Final = ("username", "realm", "nonce", "uri", "response")
_PARAM: Final = re.compile(r"""([A-Za-z][A-Za-z0-9*_-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))""")


def parameters(text: str) -> dict[str, str]:
    """The parameters of a challenge or of credentials, their names in small letters."""
    return {key.lower(): quoted or bare for key, quoted, bare in _PARAM.findall(text)}


@dataclass(frozen=True, slots=True)
class DigestStep:
    """One hash. of: the text as it is built, without the password; gives: the hash, in hex."""

    name: str
    of: str
    gives: str


def digest_steps(
    algorithm: str, user: str, password: str, realm: str, method: str, found: Mapping[str, str], hidden: str = ""
) -> list[DigestStep]:
    """How the response comes about (RFC 7616 section 3.4.1); the last one gives it. Raises KeyError.

    algorithm: of ALGORITHMS, with or without "-sess". found: has nonce and uri, with qop also nc and cnonce.
    hidden: what `of` has in place of the password.
    """
    plain = algorithm.upper().removesuffix("-SESS")
    hashed = _hash_of(plain)
    secret = hashed(f"{user}:{realm}:{password}")
    steps = [DigestStep("A1, who", f"{user}:{realm}:{hidden or password}", secret)]
    if plain != algorithm.upper():
        text = f"{secret}:{found['nonce']}:{found.get('cnonce', '')}"
        secret = hashed(text)
        steps.append(DigestStep("A1 of this session", text, secret))
    what = hashed(f"{method}:{found['uri']}")
    steps.append(DigestStep("A2, what", f"{method}:{found['uri']}", what))
    middle = found["nonce"]
    if found.get("qop"):
        middle = f"{found['nonce']}:{found.get('nc', '')}:{found.get('cnonce', '')}:{found['qop']}"
    whole = f"{secret}:{middle}:{what}"
    return [*steps, DigestStep("Response", whole, hashed(whole))]


def _hash_of(name: str) -> Callable[[str], str]:
    made = ALGORITHMS[name]
    return lambda text: made(text.encode("utf-8", "replace")).hexdigest()


class DigestGuard:
    """Asks for one user's Digest, and checks what comes. Any thread."""

    def __init__(self, realm: str, user: str, password: str) -> None:
        self._realm, self._user, self._password = realm, user, password
        self._key = secrets.token_bytes(32)

    def challenges(self, offered: Iterable[str], *, stale: bool = False) -> list[str]:
        """The values of WWW-Authenticate or Proxy-Authenticate, one for each algorithm offered."""
        return [
            f'Digest realm="{self._realm}", qop="auth", algorithm={name}, nonce="{self._nonce()}", opaque="lab"'
            + (", stale=true" if stale else "")
            for name in offered
        ]

    def wrong(self, method: str, targets: Iterable[str], given: str, offered: Iterable[str]) -> tuple[str, bool]:
        """What is wrong with credentials, a sentence, "" where nothing is; and whether only the nonce is too old.

        targets: any of these may be the uri of the credentials. given: the header's value.
        """
        scheme, _, rest = given.partition(" ")
        if scheme.lower() != "digest":
            return "No Digest credentials came.", False
        found = parameters(rest)
        name = (found.get("algorithm") or "MD5").upper()
        if name not in offered:
            return f"The algorithm {name[:40]} was not offered.", False
        missing = [key for key in NEEDED if not found.get(key)]
        if missing:
            return f"The credentials lack {', '.join(missing)}.", False
        if found["uri"] not in targets:
            return "The uri of the credentials is not the target of the request.", False
        if found.get("qop", "auth") != "auth":
            return "Only the quality of protection auth is offered.", False
        return self._judged(name, method, found)

    def _judged(self, name: str, method: str, found: Mapping[str, str]) -> tuple[str, bool]:
        age = self._age(found["nonce"])
        if age is None:
            return "The nonce is none of this server's.", True
        expected = digest_steps(name, self._user, self._password, found["realm"], method, found)[-1].gives
        same = hmac.compare_digest(expected.encode(), found["response"].lower().encode("utf-8", "replace"))
        if not same or found["username"] != self._user or found["realm"] != self._realm:
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
