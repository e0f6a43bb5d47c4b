"""What the messages of NTLM say, one line after the other, with the proof computed again.

It must not know who sent them. MS-NLMP.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from protocols.http.ntlm import NtlmError, NtlmMessage, flag_words, is_second_version, proof_of, read_message, token_of

Line = tuple[str, str, Literal["", "done", "error"]]
_KINDS: Final = {
    1: "Message 1, negotiate: the client says what it can, and not yet who it is.",
    2: "Message 2, challenge: the server names itself and gives a number that is good for this connection alone.",
    3: "Message 3, authenticate: the user's name, and a proof made of the password, that number and the time.",
}


def kind_words(value: str) -> str:
    """A header's value in one sentence."""
    try:
        token = token_of(value)
        if token is None:
            return "NTLM is offered: it takes three messages, all on one connection."
        return _KINDS[read_message(token).kind]
    except NtlmError as error:
        return f"This is no message of NTLM: {error}."


def message_lines(value: str, password: str = "", challenges: Iterable[str] = ()) -> list[Line]:
    """The lines of a header's value. password, challenges: to compute the proof again; the newest challenge first."""
    try:
        token = token_of(value)
        message = read_message(token) if token is not None else None
    except NtlmError:
        return [("  is", kind_words(value), "error")]
    lines: list[Line] = [("  is", kind_words(value), "")]
    if message is None:
        return lines
    parts = [("flags", flag_words(message.flags)), ("domain" if message.kind == 3 else "target", message.domain),
             ("user", message.user), ("workstation", message.workstation), ("challenge", message.challenge.hex()),
             *message.names, ("response", message.response.hex())]  # fmt: skip
    lines += [(f"  {name}", text, "") for name, text in parts if text]
    return lines + (_compared(message, password, challenges) if message.kind == 3 else [])


def _compared(message: NtlmMessage, password: str, challenges: Iterable[str]) -> list[Line]:
    nonce = next((found for found in map(_nonce, challenges) if found), b"")
    if not is_second_version(message):
        return [("Computed", "The response is of NTLMv1, which is not computed here.", "")]
    if not password or not nonce:
        lacks = "password" if nonce else "challenge"
        return [("Computed", f"The {lacks} is not known here, so the proof can't be computed again.", "")]
    try:
        proof = proof_of(message, password, nonce)
    except ImportError:
        return [("Computed", "The proof is computed by pyspnego, which is not installed.", "")]
    same = proof == message.response[:16]
    said = "The proof sent is the one computed." if same else "The proof sent is another one."
    return [
        ("Key", f"HMAC-MD5(MD4(password), {message.user.upper() + message.domain})", ""),
        ("Proof", "HMAC-MD5(key, challenge and the rest of the response)", ""), ("  gives", proof.hex(), ""),
        ("Compared", said, "done" if same else "error"),
    ]  # fmt: skip


def _nonce(value: str) -> bytes:
    try:
        token = token_of(value)
        message = read_message(token) if token is not None else None
    except NtlmError:
        return b""
    return message.challenge if message is not None and message.kind == 2 else b""


def has_challenge(values: Iterable[str]) -> bool:
    """Whether one of these values is a message 2."""
    return any(map(_nonce, values))
