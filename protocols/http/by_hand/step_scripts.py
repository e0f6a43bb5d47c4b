"""The script of http.client's single calls, in the order in which they were made.

It must not know connections.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from protocols.http.by_hand.step_table import STEPS, Given, code_of
from protocols.script_plans import Plan
from protocols.script_text import ScriptError

Params = Mapping[str, Any]
NAME: Final = "http-steps"
TITLE: Final = "http.client, one call at a time"
DEFAULT: Final[Params] = {
    "url": "http://127.0.0.1:8080/", "timeout_s": 30.0,
    "steps": tuple((step, "GET", "/", "X-Lab", "1", b"", 0, True, True)
                   for step in ("connect", "putrequest", "putheader", "endheaders", "getresponse", "read", "close")),
}  # fmt: skip
"""steps: each is its name and the fields of Given, in their order."""
_SHOWN: Final = {
    "getresponse": "print(response.status, response.reason)", "read": "print(data)",
    "readline": "print(line)", "iterate": "print(lines)",
    "endheaders": 'print("the head is sent")',
}  # fmt: skip


def plan(params: Params) -> Plan:
    """How the script is made. Raises ScriptError for a step or a URL that there is not."""
    known = {step.id for step in STEPS}
    parts = urlsplit(params["url"])
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise ScriptError(f"no URL: {error}") from None
    lines: list[str] = []
    for step, *given in params["steps"]:
        if step not in known:
            raise ScriptError(f"no step {step!r}")
        lines.append("conn.connect()" if step == "connect" else code_of(step, Given(*given), "", 0))
        lines += [_SHOWN[step]] if step in _SHOWN else []
    code = {"code_steps": "\n".join(" " * 8 + line for line in lines or ["pass"])}
    values = {"host": parts.hostname or "", "port": port, "timeout_s": params["timeout_s"], "ca_file": None}
    return Plan(NAME, values, frozenset({"tls"} if parts.scheme == "https" else ()), code)
