"""From a server form's values to a running server of the lab, and to the parameters of its script.

`start_server` runs on a lab thread: it binds, and may load TLS or start a child. It must not know
widgets.
"""

from __future__ import annotations

import errno
import itertools
import os
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from protocols.concurrency.contract import Listen, ServerTLS, Transport
from protocols.concurrency.server import Server, make_server
from protocols.record.explain import Explained
from protocols.record.recorder import Recorder
from protocols.sockets.behaviours import spec
from widgets.sockets.server.words import TELNET, bind_host

if TYPE_CHECKING:
    from protocols.lab import Lab
    from protocols.sockets.telnet_server import TelnetServer

AnyServer: TypeAlias = "Server | TelnetServer"

_numbers: Final = itertools.count(1)
_TAKEN: Final = frozenset((errno.EADDRINUSE, errno.EACCES))


def start_server(lab: Lab, values: Mapping[str, Any], *, free_port_if_taken: bool = False) -> AnyServer:
    """Make and start a server; it listens when this returns. Raises what bind() and the rest raise."""
    server = make(lab.recorder, values)
    try:
        lab.start(server, room="sockets")
    except OSError as error:
        if not free_port_if_taken or error.errno not in _TAKEN:
            raise
        server = make(lab.recorder, {**values, "port": 0, "path": ""})
        lab.start(server, room="sockets")
    return server


def make(recorder: Recorder, values: Mapping[str, Any]) -> AnyServer:
    """A server that is not started yet. Raises ValueError where the values don't fit together."""
    if not bind_host(values) and not str(values.get("transport", "tcp")).startswith("unix"):
        raise ValueError("Another address is to be bound, and none is typed: empty would mean every interface")
    if values.get("behaviour") == TELNET:
        from protocols.sockets.telnet_server import TelnetServer

        return TelnetServer(recorder, host=bind_host(values), port=int(values.get("port", 0)))
    listen = listen_of(values)
    behaviour = str(values.get("behaviour", "upper"))
    handler = spec(behaviour, transport=listen.transport, expression=str(values.get("expression", "data")))
    return make_server(
        recorder,
        handler,
        listen,
        name=behaviour,
        model=str(values.get("model", "threads")),
        workers=int(values.get("workers", 4)),
        delay_ms=int(values.get("delay_ms", 0)),
        tls=_tls(values) if listen.transport == "tcp" and values.get("tls") else None,
        hold_accept=bool(values.get("hold_accept")),
        recv_size=int(values.get("recv_size", 4096)),
        edge_triggered=bool(values.get("edge")),
        allow=[part.strip() for part in str(values.get("allow", "")).split(",") if part.strip()],
    )


def listen_of(values: Mapping[str, Any]) -> Listen:
    """Where the form says to listen; an empty path becomes one of our own."""
    transport = cast("Transport", str(values.get("transport", "tcp")))
    path = str(values.get("path", "")).strip()
    if transport.startswith("unix") and not path:
        path = os.path.join(tempfile.gettempdir(), f"netlab-{os.getpid()}-{next(_numbers)}.sock")
    return Listen(
        transport,
        bind_host(values),
        int(values.get("port", 0)),
        path,
        dual=values.get("bind") == "dual",
        backlog=int(values.get("backlog", 128)),
        reuse_address=bool(values.get("reuse_address", True)),
        reuse_port=bool(values.get("reuse_port", False)),
    )


def _tls(values: Mapping[str, Any]) -> ServerTLS:
    from protocols import tls

    flaw = str(values.get("certificate", "good"))
    return ServerTLS(pem=tls.server_pem([bind_host(values)], flaw=flaw if flaw in tls.FLAWS else None))


def refusal(error: ValueError) -> Explained:
    """A form whose values don't fit together, said as the card says errors."""
    said = str(error).rstrip(".") + "."
    return Explained("EINVAL", "This does not fit together", "The lab itself says no.", said, (), ())


def script_of(values: Mapping[str, Any], server: AnyServer | None) -> tuple[str, dict[str, Any]]:
    """The script of what the form says; a telnet sandbox has one for who logs in to it, a page for who fetches it."""
    address = server.address if server is not None else ""
    there = {"host": str(address[0]), "port": int(address[1])} if isinstance(address, tuple) else {}
    if values.get("behaviour") == TELNET:
        return "telnet-client", {**there, "lines": ["guest", "any password", "help", "exit"]}
    if values.get("behaviour") == "page" and there:
        return "fetch-page", there
    return "server", script_params(values)


def script_params(values: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the script "server" for what the form says."""
    listen = listen_of(values)
    return {
        "behaviour": str(values.get("behaviour", "echo")),
        "model": str(values.get("model", "threads")),
        "workers": int(values.get("workers", 4)),
        "delay_ms": int(values.get("delay_ms", 0)),
        "tls": bool(values.get("tls")),
        "allow": tuple(part.strip() for part in str(values.get("allow", "")).split(",") if part.strip()),
        "recv_size": int(values.get("recv_size", 4096)),
        "edge_triggered": bool(values.get("edge")),
        "expression": str(values.get("expression", "data")) or "data",
        "transport": listen.transport,
        "host": listen.host,
        "port": listen.port,
        "path": listen.path,
        "dual": listen.dual,
        "backlog": listen.backlog,
        "reuse_address": listen.reuse_address,
    }
