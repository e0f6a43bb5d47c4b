"""The scripts of a WebSocket's messages and of an opener of urllib. It must not know connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from protocols.http.by_hand.opener_table import USUAL
from protocols.http.by_hand.websocket_frames import WebSocketError, checked_url
from protocols.script_plans import Plan
from protocols.script_text import ScriptError

Params = Mapping[str, Any]
WEBSOCKET: Final[Params] = {
    "url": "ws://127.0.0.1:8080/websocket", "messages": ("hello",), "believe": True, "timeout_s": 10.0,
}  # fmt: skip
"""messages: texts and bytes, in the order in which they are sent."""


def websocket_plan(params: Params) -> Plan:
    """How the script is made. Raises ScriptError for what is no address of a WebSocket."""
    try:
        url = checked_url(params["url"])
    except WebSocketError as error:
        raise ScriptError(str(error)) from None
    tls = url.startswith("wss")
    values = {"url": url, "messages": list(params["messages"]), "timeout_s": params["timeout_s"], "ca_file": None}
    flags = {"tls": tls, "unverified": tls and not params["believe"]}
    return Plan("http-websocket", values, frozenset(name for name, given in flags.items() if given))


OPENER: Final[Params] = {
    "url": "http://127.0.0.1:8080/", "method": "", "data": None, "headers": (), "handlers": USUAL, "user": "",
    "realm": "", "proxy": "", "proxy_user": "", "timeout_s": 30.0,
}  # fmt: skip
"""handlers: the keys of those that are ticked. data: the body as text, None for none."""


def opener_plan(params: Params) -> Plan:
    """How the script of an opener is made. No password goes into a script."""
    ticked = set(params["handlers"])
    flags = {
        *(ticked & {"cookies", "ftp_cache", "lab", "basic", "digest", "proxy_basic", "proxy_digest"}),
        *({"identified"} if ticked & {"basic", "digest"} else ()),
        *({"proxied"} if "proxy" in ticked and params["proxy"] else ()),
        *({"proxy_identified"} if ticked & {"proxy_basic", "proxy_digest"} and params["proxy"] else ()),
        *({"stays"} if "redirect" not in ticked else ()),
        *({"tls"} if params["url"].lower().startswith("https:") else ()),
    }
    values = dict(params) | {
        "method": params["method"] or None, "data": None if params["data"] is None else params["data"].encode(),
        "headers": list(params["headers"]), "realm": params["realm"] or None, "ca_file": None,
    }  # fmt: skip
    return Plan("http-opener", values, frozenset(flags))
