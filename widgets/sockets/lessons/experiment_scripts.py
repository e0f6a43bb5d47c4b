"""Which script does the same as an experiment, and with which values. Data only: the registry has the scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

Script: TypeAlias = tuple[str, Mapping[str, Any]]
_BACKLOG: Final[Script] = ("failure", {"failure": "backlog"})
EXPERIMENT_SCRIPTS: Final[Mapping[str, Script]] = {
    "partial-write": ("send-loop", {}),
    "own-sendall": ("send-loop", {}),
    "sendall": ("send-loop", {}),
    "two-sends": ("delimiter", {}),
    "two-sends-apart": ("delimiter", {}),
    "recv-size": ("client", {"recv_size": 16, "messages": (b"a message longer than one recv(16) can take\n",)}),
    "reassembly": ("join", {}),
    "framing": ("length-prefix", {}),
    "makefile": ("makefile", {}),
    "half-close": ("half-close", {}),
    "nagle": ("option", {"option": "TCP_NODELAY", "value": "on"}),
    "three-messages": ("unix-datagram", {}),
    "timeout": ("timeout", {}),
    "non-blocking": ("nonblocking-recv", {}),
    "polling": ("nonblocking-recv", {}),
    "full-queue": _BACKLOG,
    "syn-repeats": _BACKLOG,
    "connect-retry": ("nonblocking-connect", {}),
    "epoll": ("server-epoll-edge", {}),
    "time-wait": ("option", {"option": "SO_REUSEADDR", "value": "on", "end": "listener"}),
    "two-listeners": ("failure", {"failure": "in-use"}),
    "two-udp": ("option", {"option": "SO_REUSEPORT", "value": "on", "transport": "udp", "end": "listener"}),
    "dual-stack": ("dual-stack-server", {}),
    "broadcast": ("broadcast-receive", {}),
    "seqpacket": ("unix-seqpacket", {}),
    "socket-pair": ("socketpair", {}),
    "flags": ("peek-waitall", {}),
    "handler-life": ("socketserver-stream", {}),
    "request-kinds": ("socketserver-stream", {}),
    "mix-in": ("socketserver-mixin", {}),
    "slow-handlers": ("server", {"model": "socketserver-threading", "delay_ms": 300}),
    "shutdown": ("socketserver-shutdown", {}),
}
"""By the experiment's id; those without a script that fits are left out."""
