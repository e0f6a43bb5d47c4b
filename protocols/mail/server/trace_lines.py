"""The trace that a server puts in front of a mail that it keeps (RFC 5321 section 4.4).

It must not know connections.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Sequence
from typing import Final

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9.:_\[\]-]")


def trace_lines(sender: str, recipients: Sequence[str], greeted_as: str, host: str, how: str) -> bytes:
    """Return-Path and Received, with CRLF.

    greeted_as: what the client called itself, host: its address. how: "ESMTPS" and the like (RFC 3848). A single
    recipient is named; several are not, for some of them may be blind copies (section 7.2).
    """
    name = _UNSAFE.sub("?", greeted_as)[:255]
    whom = f"\r\n\tfor <{recipients[0]}>" if len(recipients) == 1 else ""
    text = (
        f"Return-Path: <{sender}>\r\n"
        f"Received: from {name} ({'[IPv6:' if ':' in host else '['}{host}])\r\n"
        f"\tby netlab (NetLab mail) with {how}{whom};\r\n\t{email.utils.formatdate(localtime=True)}\r\n"
    )
    return text.encode("utf-8", "surrogateescape")
