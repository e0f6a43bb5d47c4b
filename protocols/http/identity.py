"""How a request said who asks: what the server asked for, what was sent, and how that came about, step by step.

Basic decoded, Digest and NTLM computed again with the password that was given. It must not know connections.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from protocols.http.digest import NEEDED, digest_steps, parameters
from protocols.http.exchange import Exchange
from protocols.http.ntlm_words import has_challenge, message_lines
from protocols.http.parts import told_value
from protocols.http.request import Auth, Header, Proxy

HIDDEN: Final = "\u2022" * 6
Sign: TypeAlias = Literal["", "done", "error"]
_PLACES: Final = (
    ("Authorization", "WWW-Authenticate", "server"), ("Proxy-Authorization", "Proxy-Authenticate", "proxy"),
)  # fmt: skip
_SHOWN: Final = ("realm", "nonce", "qop", "algorithm", "opaque", "stale")
_SENT: Final = ("username", "realm", "uri", "cnonce", "nc", "qop", "algorithm", "response")


@dataclass(frozen=True, slots=True)
class Told:
    """One line: what it is, and how it reads. sign: whether a check held."""

    name: str
    text: str
    sign: Sign = ""


def identity_steps(
    exchange: Exchange, before: Sequence[Exchange], auth: Auth = Auth(), proxy: Proxy = Proxy()  # noqa: B008
) -> list[Told]:
    """What an exchange and the one that asked for it say of identities; empty where nobody said who asks.

    before: the exchanges ahead of it, one of which has the challenge. auth, proxy: what was given to answer with.
    """
    found: list[Told] = []
    newest = reversed([*before, exchange])
    known = [value for one in newest for place in _PLACES for value in _all(one.headers, place[1])]
    for name, asks, whose in _PLACES:
        asked = next((one for one in reversed([*before, exchange]) if _all(one.headers, asks)), None)
        challenges = _all(asked.headers, asks) if asked is not None else []
        sent = _all(exchange.request, name)
        if not challenges and not sent:
            continue
        user, password = (auth.user, auth.password) if whose == "server" else (proxy.user, proxy.password)
        found += [line for challenge in challenges for line in _asked(challenge, whose)]
        for value in sent:
            found += _answered(value, exchange.method, user, password, known)
        if not sent:
            found.append(Told("Nobody answered", f"The request has no {name}: the {whose} does not know who asks."))
        elif exchange.status in (401, 407) and has_challenge(_all(exchange.headers, asks)):
            found.append(Told("Not refused", f"The {whose} has answered with its challenge; message 3 comes next."))
        elif exchange.status in (401, 407) and challenges:
            found.append(Told("Refused", f"The {whose} asks again: {exchange.status}.", "error"))
    return found


def speaks_of_identity(exchange: Exchange) -> bool:
    """Whether there is anything to tell of an exchange."""
    names = {key.lower() for key, _ in exchange.request} | {key.lower() for key, _ in exchange.headers}
    return any(name.lower() in names for place in _PLACES for name in place[:2])


def _all(headers: Iterable[Header], name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name.lower()]


def _asked(challenge: str, whose: str) -> list[Told]:
    scheme, _, rest = challenge.partition(" ")
    found = parameters(rest)
    lines = [Told(f"The {whose} asks for {scheme}", challenge)]
    if scheme.lower() == "ntlm":
        return lines + [Told(*line) for line in message_lines(challenge)]
    return lines + [Told(f"  {key}", found[key]) for key in _SHOWN if found.get(key)]


def _answered(value: str, method: str, user: str, password: str, known: Iterable[str]) -> list[Told]:
    scheme, _, rest = value.partition(" ")
    lines = [Told(f"The request answers with {scheme}", value)]
    if scheme.lower() == "basic":
        return [*lines, Told("  decoded", told_value("Authorization", value))]
    if scheme.lower() == "ntlm":
        return lines + [Told(*line) for line in message_lines(value, password, known)]
    if scheme.lower() != "digest":
        return lines
    found = parameters(rest)
    lines += [Told(f"  {key}", found[key]) for key in _SENT if found.get(key)]
    missing = [key for key in NEEDED if not found.get(key)]
    if missing:
        return [*lines, Told("  lacks", ", ".join(missing), "error")]
    if not password:
        return [*lines, Told("Computed", "The password is not known here, so the hashes can't be computed again.")]
    algorithm = found.get("algorithm") or "MD5"
    try:
        steps = digest_steps(algorithm, found["username"], password, found["realm"], method, found, HIDDEN)
    except KeyError:
        return [*lines, Told("Computed", f"{algorithm} is not computed here.")]
    name = algorithm.upper().removesuffix("-SESS")
    for step in steps:
        lines += [Told(step.name, f"{name}({step.of})"), Told("  gives", step.gives)]
    same = steps[-1].gives == found["response"].lower()
    said = "The response sent is the one computed." if same else "The response sent is another one."
    return [*lines, Told("Compared", said, "done" if same else "error")]
