"""Who may come through: the proxy's own user and password, and no request twice.

It must not know connections.
"""

from __future__ import annotations

import base64
import hmac
from typing import Final

from protocols.http import failure
from protocols.http.proxy.core import REALM, Core
from protocols.http.proxy.endings import Broken
from protocols.http.server.asked import Asked

OFFERED: Final = ("SHA-256", "MD5")


def check(core: Core, asked: Asked) -> None:
    """Raises Broken (407, 508) for a client that gives no right password, and for a request that has been here."""
    if core.order.user and not _knows(core, asked):
        raise Broken(failure.told("proxy user"), 407)
    if any(name.lower() == "via" and core.via in value for name, value in asked.headers):
        raise Broken(failure.told("loop"), 508)


def challenges(core: Core) -> list[str]:
    """The values of Proxy-Authenticate."""
    return core.guard.challenges(OFFERED) if core.order.digest else [f'Basic realm="{REALM}"']


def _knows(core: Core, asked: Asked) -> bool:
    given = asked.get("Proxy-Authorization")
    if core.order.digest:
        # RFC 7616 wants the request's target; libcurl takes the path alone when it is a whole URL.
        path = asked.raw_path + (f"?{asked.query}" if asked.query else "")
        return not core.guard.wrong(asked.method, (asked.target, path), given, OFFERED)[0]
    kind, _, coded = given.partition(" ")
    wanted = f"{core.order.user}:{core.order.password}".encode()
    try:
        said = base64.b64decode(coded.strip(), validate=True)
    except ValueError:
        return False
    return kind.lower() == "basic" and hmac.compare_digest(said, wanted)
