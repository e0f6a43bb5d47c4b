"""Which buttons mend which error: the words and signs of each, by the error's symbol.

Data and choice; what a button does is in the cards. It must not know cards or services.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from widgets.parts.trouble import Mend

EDIT_PORT: Final = Mend("edit", "Change the port", "pencil")
RETRY: Final = Mend("retry", "Try again", "rotate-cw")
RETRY_UNTIL: Final = Mend("retry-until", "Retry until it listens", "refresh-cw")
_LONG_MS: Final = 10_000


def client_mends(errno: str, values: Mapping[str, Any]) -> tuple[Mend, ...]:
    """The ways out of a client's error. values: the form's values when it failed."""
    unix = str(values.get("transport", "tcp")).startswith("unix")
    where = str(values.get("path", "")) if unix else str(values.get("port", ""))
    start = Mend("start-server", f"Start a server on {where} and retry", "play")
    match errno:
        case "ECONNREFUSED":
            return (start, Mend("edit", "Change the address" if unix else "Change the port", "pencil"), RETRY_UNTIL)
        case "ENOENT" if unix:
            return (start, Mend("edit", "Change the path", "pencil"))
        case "ETIMEDOUT":
            return (RETRY, Mend("wait-longer", f"Wait {_LONG_MS // 1000} s", "hourglass"))
        case "CERTIFICATE_VERIFY_FAILED":
            return (
                Mend("trust-lab", "Trust the lab CA and retry", "shield-check"),
                Mend("no-verify", "Check nothing and retry", "shield"),
            )
        case "EACCES" if values.get("transport") == "udp":
            return (Mend("broadcast", "Set SO_BROADCAST and retry", "radio"),)
        case "WRONG_VERSION_NUMBER" | "SSLV3_ALERT_HANDSHAKE_FAILURE" | "RECORD_LAYER_FAILURE":
            return (Mend("no-tls", "Connect without TLS", "lock-open"),)
    if errno.startswith("EAI_"):
        return (Mend("loopback", "Use 127.0.0.1", "monitor"), Mend("edit", "Change the host", "pencil"))
    if errno in ("ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL"):
        return (Mend("loopback", "Use 127.0.0.1", "monitor"), RETRY)
    if errno in ("ECONNRESET", "EPIPE", "EOF", "ECANCELED", "EAGAIN"):
        return (RETRY,)
    return ()


def server_mends(errno: str, values: Mapping[str, Any]) -> tuple[Mend, ...]:
    """The ways out of a server's error. values: the form's values when it failed."""
    port = int(values.get("port", 0) or 0)
    unix = str(values.get("transport", "tcp")).startswith("unix")
    match errno:
        case "EADDRINUSE" if unix:
            return (Mend("free-path", "Use a path of its own", "shuffle"), Mend("edit", "Change the path", "pencil"))
        case "EADDRINUSE":
            return (
                Mend("free-port", "Use a free port", "shuffle"),
                Mend("who-has", f"Who has {port}?", "search"),
                Mend("edit", "Change the port", "pencil"),
            )
        case "EACCES" if not unix and 0 < port < 1024:
            return (Mend("high-port", f"Use {8000 + port} instead", "arrow-up"), EDIT_PORT)
        case "EADDRNOTAVAIL" | "EAFNOSUPPORT":
            return (Mend("loopback", "Bind to 127.0.0.1", "monitor"), Mend("edit", "Change the address", "pencil"))
    return (RETRY,) if errno in ("EMFILE", "ENFILE", "ENOBUFS") else ()
