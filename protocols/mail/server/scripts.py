"""The script of the mail server: what it is called, its values, and which conditions hold in its template.

It must not know the registry, nor run what is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from protocols.script_plans import Plan

Params = Mapping[str, Any]
NAME: Final = "mail-server"
TITLE: Final = "A mail server with aiosmtpd"
MODULE: Final = "aiosmtpd"
"""The package that it needs besides the standard library."""
DEFAULT: Final[Params] = {"host": "127.0.0.1", "port": 8025, "users": ("ann", "bob"), "domain": "", "store": "mail"}


def plan(params: Params) -> Plan:
    """Template, values and flags."""
    return Plan(NAME, params, frozenset({"asynchronous"} | ({"domain"} if params.get("domain") else set())))
