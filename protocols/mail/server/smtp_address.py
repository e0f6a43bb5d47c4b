"""Addresses and parameters of MAIL and RCPT (RFC 5321 section 4.1.2, RFC 6531, RFC 3461).

They must not know who may receive mail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

ADDRESS_BYTES: Final = 1024
_ATOM: Final = r"[^\x00-\x20\x7f()<>\[\]:;@\\,\".]+"
_LOCAL: Final = rf"{_ATOM}(?:\.{_ATOM})*"
_QUOTED: Final = r'"(?:[^\x00-\x1f\x7f"\\]|\\[^\x00-\x1f\x7f])*"'
_DOMAIN: Final = r"(?:\[[^\x00-\x20\]\\]+\]|[^\x00-\x20\x7f()<>\[\]:;@\\,\"]+)"
_PATH: Final = re.compile(rf"<(?:@[^:>\s]+:)?((?:{_LOCAL}|{_QUOTED})(?:@{_DOMAIN})?)>|<>")
_PLAIN: Final = re.compile(rf"((?:{_LOCAL}|{_QUOTED})(?:@{_DOMAIN})?)(?=\s|$)")
_PARAMETER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(?:=[^\x00-\x20\x7f=]+(?:=[^\x00-\x20\x7f]*)?)?")


class AddressError(ValueError):
    """Not what the standard says; the message is the answer's text."""


@dataclass(frozen=True, slots=True)
class Path:
    """An address as the command gave it, "" for the null sender, and the parameters behind it, keys in upper case."""

    address: str
    parameters: dict[str, str]


def path_of(argument: str | None, keyword: str, *, lenient: bool = False) -> Path:
    """What stands behind "FROM:" or "TO:". lenient: also without angle brackets. Raises AddressError."""
    text = argument or ""
    if text[: len(keyword)].upper() != keyword:
        raise AddressError(f"501 5.5.4 Syntax: {'MAIL' if keyword == 'FROM:' else 'RCPT'} {keyword}<address>")
    text = text[len(keyword) :]
    if text[:1] in (" ", "\t"):  # many programs put a blank there, and so many servers let it pass
        text = text.lstrip(" \t")
    found = _PATH.match(text) or (_PLAIN.match(text) if lenient else None)
    if found is None:
        wants = "" if text.startswith("<") else ", in angle brackets"
        raise AddressError(f"501 5.1.3 That is no address{wants}: NAME@DOMAIN")
    address = found[1] or ""
    if len(address.encode("utf-8", "surrogateescape")) > ADDRESS_BYTES:
        raise AddressError("501 5.1.3 The address is too long")
    return Path(address, _parameters(text[found.end() :]))


def _parameters(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if text and text[0] != " ":
        raise AddressError("501 5.5.4 Behind the address comes a blank, then parameters")
    for word in text.split():
        if not _PARAMETER.fullmatch(word):
            raise AddressError("501 5.5.4 A parameter is NAME or NAME=VALUE")
        name, _, value = word.partition("=")
        if name.upper() in found:
            raise AddressError(f"501 5.5.4 {name.upper()} is given twice")
        found[name.upper()] = value
    return found


def check_mail(parameters: dict[str, str], size_limit: int) -> None:
    """Raises AddressError with the answer for a parameter of MAIL that is not taken."""
    for name, value in parameters.items():
        if name == "SIZE":
            if not value.isdigit() or len(value) > 20:
                raise AddressError("501 5.5.4 SIZE is a number of bytes")
            if int(value) > size_limit:
                raise AddressError(f"552 5.3.4 The mail is larger than {size_limit} bytes")
        elif name == "BODY":
            if value.upper() not in ("7BIT", "8BITMIME"):
                raise AddressError("501 5.5.4 BODY is 7BIT or 8BITMIME")
        elif name == "SMTPUTF8":
            if value:
                raise AddressError("501 5.5.4 SMTPUTF8 has no value")
        elif name == "RET":
            if value.upper() not in ("FULL", "HDRS"):
                raise AddressError("501 5.5.4 RET is FULL or HDRS")
        elif name not in ("ENVID", "AUTH"):
            raise AddressError(f"555 5.5.4 The parameter {name} is not known here")


def check_rcpt(parameters: dict[str, str]) -> None:
    """Raises AddressError with the answer for a parameter of RCPT that is not taken."""
    for name, value in parameters.items():
        if name == "NOTIFY":
            words = value.upper().split(",")
            known = set(words) <= {"SUCCESS", "FAILURE", "DELAY", "NEVER"}
            if not known or ("NEVER" in words and len(words) > 1):
                raise AddressError("501 5.5.4 NOTIFY is NEVER, or of SUCCESS, FAILURE, DELAY")
        elif name == "ORCPT":
            if ";" not in value:
                raise AddressError("501 5.5.4 ORCPT is TYPE;ADDRESS")
        else:
            raise AddressError(f"555 5.5.4 The parameter {name} is not known here")
