"""Basic, Digest and NTLM: pages behind a user and a password, with what went wrong said in words.

It must not know connections, but for what the handler keeps for each. RFC 7617, RFC 7616, MS-NLMP.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import html
from typing import Final

from protocols.http.digest import ALGORITHMS, DigestGuard
from protocols.http.ntlm import NtlmError, NtlmGuard, header_of, read_message, token_of
from protocols.http.request import Header
from protocols.http.server.answer import Answer, page
from protocols.http.server.asked import Asked
from protocols.http.server.sandbox.login import PASSWORD, USER
from protocols.http.server.sandbox.route import ANY, Route, Try

REALM: Final = "sandbox"


class Guards:
    """The pages behind Basic, Digest and NTLM."""

    def __init__(self) -> None:
        self._guard = DigestGuard(REALM, USER, PASSWORD)
        self._ntlm = NtlmGuard("SANDBOX", "LAB", USER, PASSWORD)

    def routes(self) -> list[Route]:
        """The pages."""
        who = f"user {USER}, password {PASSWORD}"
        return [
            Route("/basic", basic, "Authentication", "Basic", f"{who}; both cross in base64, which hides nothing.",
                  methods=ANY, tries=(Try(f"Basic, as {USER}", target="/basic", auth="basic"),)),
            Route("/digest", self.digest, "Authentication", "Digest",
                  f"{who}; a hash with a nonce crosses, never the password. SHA-256 and MD5 are offered.", methods=ANY,
                  tries=(Try(f"Digest, as {USER}", target="/digest", auth="digest"),)),
            Route("/digest/md5", self.digest, "Authentication", "Digest, MD5 only", "For older clients.", methods=ANY),
            Route("/digest/sha-256", self.digest, "Authentication", "Digest, SHA-256 only", "For newer clients.",
                  methods=ANY),
            Route("/ntlm", self.ntlm, "Authentication", "NTLM",
                  f"{who}, in any domain; three messages on one connection, which is then the user's. NTLMv2 alone.",
                  methods=ANY, tries=(Try(f"NTLM, as {USER}", target="/ntlm", auth="ntlm"),)),
        ]  # fmt: skip

    def digest(self, asked: Asked) -> Answer:
        """/digest"""
        offered = [name for name in ALGORITHMS if asked.path in ("/digest", f"/digest/{name.lower()}")]
        given = asked.get("Authorization")
        why, stale = self._guard.wrong(asked.method, (asked.target,), given, offered)
        if not why:
            return _welcome(USER, "Digest")
        headers: list[Header] = [
            ("WWW-Authenticate", value) for value in self._guard.challenges(offered, stale=stale)
        ]
        return page(401, "401 Unauthorized", f"<p>{html.escape(why)}</p>", *headers)


    def ntlm(self, asked: Asked) -> Answer:
        """/ntlm"""
        given, kept = asked.get("Authorization"), asked.kept
        nonce = kept.pop("ntlm nonce", b"")
        if not given and kept.get("ntlm user"):
            return _welcome(kept["ntlm user"], "NTLM, which knows this connection,")
        kept.pop("ntlm user", "")
        try:
            token = token_of(given)
            message = read_message(token) if token is not None else None
        except NtlmError as error:
            return _ntlm_asks(f"This is no message of NTLM: {error}.")
        if message is None:
            return _ntlm_asks("No message of NTLM came.")
        if message.kind == 1:
            challenge, kept["ntlm nonce"] = self._ntlm.challenge()
            return _ntlm_asks("Message 2 is in the header WWW-Authenticate; message 3 comes next.", challenge)
        if message.kind != 3 or not nonce:
            return _ntlm_asks("Message 3 answers a challenge, and none was given on this connection.")
        why = self._ntlm.wrong(message, nonce)
        if why:
            return _ntlm_asks(why)
        kept["ntlm user"] = message.user
        return _welcome(message.user, "NTLM")


def _ntlm_asks(why: str, challenge: bytes = b"") -> Answer:
    asks: Header = ("WWW-Authenticate", header_of(challenge) if challenge else "NTLM")
    return page(401, "401 Unauthorized", f"<p>{html.escape(why)}</p>", asks)


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
