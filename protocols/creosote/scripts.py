"""Scripts of this room: what each is called, its values, and which conditions hold in its template.

Standard library alone, ready to paste. It must not know the registry, nor run what is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from protocols.creosote.wire import PORT
from protocols.script_plans import Plan
from protocols.service.base import is_exposed

Params = Mapping[str, Any]
_THERE: Final[Params] = {"host": "127.0.0.1", "port": PORT}

TITLES: Final[Mapping[str, str]] = {
    "creosote-spew": "Spew: send and forget",
    "creosote-handler": "A logging.Handler that spews",
    "creosote-bucket": "Bucket: show what programs spew",
    "creosote-redirector": "Redirector: from bucket to bucket",
    "creosote-broadcast": "Spew to every bucket at once",
    "creosote-cli": "Both roles in one program, as in 1998",
}
"""Every script of the room, in the order in which a newcomer needs them."""
DEFAULTS: Final[Mapping[str, Params]] = {
    "creosote-spew": {**_THERE, "message": "here I am", "chunk": True, "file": "", "repeat": False, "count": 100,
                      "per_s": 10.0, "numbered": False},
    "creosote-handler": {**_THERE, "message": "here I am"},
    "creosote-bucket": {**_THERE, "log_file": "", "share": False, "strict": False, "groups": []},
    "creosote-redirector": {**_THERE, "to_host": "127.0.0.1", "to_port": PORT + 1, "groups": []},
    "creosote-broadcast": {**_THERE, "host": "127.255.255.255", "message": "here I am"},
    "creosote-cli": _THERE,
}
LISTENING: Final = frozenset(("creosote-bucket", "creosote-redirector", "creosote-cli"))


def plan(name: str) -> Callable[[Params], Plan]:
    """What makes the plan of one script from its values."""

    def made(params: Params) -> Plan:
        flags = {"ipv6"} if ":" in str(params["host"]) else set()
        flags |= {name for name in ("chunk", "file", "repeat", "numbered", "share", "strict") if params.get(name)}
        flags |= {"log"} if params.get("log_file") else set()
        flags |= {"many"} if flags & {"file", "repeat", "numbered"} else set()
        groups = params.get("groups") or ()
        flags |= {"groups"} if groups else set()
        flags |= {"group6"} if any(":" in group for group in groups) else set()
        flags |= {"group4"} if any(":" not in group for group in groups) else set()
        return Plan(name, {**params, **_interfaces(str(params["host"]))} if groups else params, frozenset(flags))

    return made


def _interfaces(host: str) -> Params:
    """Where groups are joined: on the interface that a bucket is bound to, on loopback they stay on this machine."""
    inside = not is_exposed(host)
    at = "127.0.0.1" if inside else host if host and ":" not in host else "0.0.0.0"
    return {"interface": at, "interface_6": "lo" if inside else ""}
