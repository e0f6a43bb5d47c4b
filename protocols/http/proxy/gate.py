"""Who may come through: the proxy's own user and password, and no request twice.

It must not know connections.
"""

from __future__ import annotations

import base64
import hmac

from protocols.http import failure
from protocols.http.proxy.core import Core
from protocols.http.proxy.endings import Broken
from protocols.http.server.asked import Asked


def check(core: Core, asked: Asked) -> None:
    """Raises Broken (407, 508) for a client that gives no right password, and for a request that has been here."""
    if core.order.user and not _knows(core, asked.get("Proxy-Authorization")):
        raise Broken(failure.told("proxy user"), 407)
    if any(name.lower() == "via" and core.via in value for name, value in asked.headers):
        raise Broken(failure.told("loop"), 508)


def _knows(core: Core, given: str) -> bool:
    kind, _, coded = given.partition(" ")
    wanted = f"{core.order.user}:{core.order.password}".encode()
    try:
        said = base64.b64decode(coded.strip(), validate=True)
    except ValueError:
        return False
    return kind.lower() == "basic" and hmac.compare_digest(said, wanted)
