"""Which client fits a server, and which server fits a client: form values from form values.

Pure functions. It must not know widgets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from widgets.sockets.server.launch import AnyServer
from widgets.sockets.server.words import TELNET

_LOOPBACK: Final = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}


def client_for(values: Mapping[str, Any], server: AnyServer | None) -> dict[str, Any]:
    """What a client's form must say to reach a running server started with `values`."""
    transport = str(values.get("transport", "tcp"))
    found: dict[str, Any] = {"transport": transport, "tls": transport == "tcp" and bool(values.get("tls"))}
    address = server.address if server is not None else ""
    if isinstance(address, tuple):
        host = str(address[0])
        found |= {"host": _LOOPBACK.get(host, host), "port": int(address[1]), "family": "auto"}
    else:
        found["path"] = str(address)
    found["mode"] = "telnet" if values.get("behaviour") == TELNET else "line"
    if found["tls"]:
        found |= {"verify": "lab", "server_name": ""}
    return found


def server_for(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a server's form must say to answer a client with `values`."""
    transport = str(values.get("transport", "tcp"))
    host = str(values.get("host", "")).strip()
    port = int(values.get("port", 0) or 0)
    stream = transport in ("tcp", "unix", "unix-seqpacket")
    return {
        "behaviour": TELNET if transport == "tcp" and values.get("mode") == "telnet" else "upper",
        "transport": transport,
        "bind": "::1" if ":" in host or values.get("family") == "6" else "127.0.0.1",
        "port": port,
        "path": str(values.get("path", "")),
        "model": "threads" if stream else "iterative",
        "tls": transport == "tcp" and bool(values.get("tls")),
        "certificate": "good",
    }
