"""Which step is legal in which stage, where it leads, and the line of Python that it is.

Data and one function; the table is the whole knowledge. It must not know sockets that live.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, Protocol, TypeAlias

from protocols.address import Target
from protocols.named import Named

Role: TypeAlias = Literal["server", "client"]
Stage: TypeAlias = Literal[
    "nothing", "created", "bound", "listening", "connected", "half-closed", "ended", "ready", "closed"
]
Key: TypeAlias = tuple[Role, bool]
"""Role, and whether datagrams."""


_CREATE: Final = Named("create", "Create", "Ask the kernel for a socket: a descriptor, bound to nothing yet.")
_BIND: Final = Named("bind", "Bind", "Give the socket its local address, by which others find it.")
_LISTEN: Final = Named("listen", "Listen", "Make it a listening socket: the kernel queues connections from now on.")
_ACCEPT: Final = Named("accept", "Accept", "Take the next connection from the queue: a second socket, for it alone.")
_CONNECT: Final = Named("connect", "Connect", "Go to the server's address: SYN, SYN-ACK, ACK.")
_SEND: Final = Named("send", "Send", "Give bytes to the kernel; it gives back how many it took.")
_RECV: Final = Named("recv", "Receive", "Take at most n bytes that have come; b'' is the end of the stream.")
_SHUTDOWN: Final = Named("shutdown", "Shut down", "End our direction (FIN); the other one still works.")
_CLOSE: Final = Named("close", "Close", "Give the descriptor back.")
_SENDTO: Final = Named("sendto", "Send to", "Send one datagram to an address. Nobody need be there.")
_RECVFROM: Final = Named("recvfrom", "Receive from", "Take one datagram and learn who sent it.")
_FIX: Final = Named("connect", "Connect", "Fix the peer: only its datagrams are taken, and a dead port is told.")

STEPS: Final[Mapping[Key, tuple[Named, ...]]] = {
    ("server", False): (_CREATE, _BIND, _LISTEN, _ACCEPT, _RECV, _SEND, _SHUTDOWN, _CLOSE),
    ("client", False): (_CREATE, _CONNECT, _SEND, _RECV, _SHUTDOWN, _CLOSE),
    ("server", True): (_CREATE, _BIND, _RECVFROM, _SENDTO, _CLOSE),
    ("client", True): (_CREATE, _SENDTO, _RECVFROM, _FIX, _SEND, _RECV, _CLOSE),
}

LEGAL: Final[Mapping[Key, Mapping[Stage, tuple[str, ...]]]] = {
    ("server", False): {
        "nothing": ("create",),
        "created": ("bind", "close"),
        "bound": ("listen", "close"),
        "listening": ("accept", "close"),
        "connected": ("recv", "send", "shutdown", "close"),
        "half-closed": ("recv", "close"),
        "ended": ("send", "shutdown", "close"),
        "ready": (),
        "closed": ("create",),
    },
    ("client", False): {
        "nothing": ("create",),
        "created": ("connect", "close"),
        "bound": (),
        "listening": (),
        "connected": ("send", "recv", "shutdown", "close"),
        "half-closed": ("recv", "close"),
        "ended": ("send", "shutdown", "close"),
        "ready": (),
        "closed": ("create",),
    },
    ("server", True): {
        "nothing": ("create",),
        "created": ("bind", "close"),
        "bound": ("recvfrom", "close"),
        "listening": (),
        "connected": (),
        "half-closed": (),
        "ended": (),
        "ready": ("sendto", "recvfrom", "close"),
        "closed": ("create",),
    },
    ("client", True): {
        "nothing": ("create",),
        "created": ("sendto", "connect", "close"),
        "bound": (),
        "listening": (),
        "connected": ("send", "recv", "close"),
        "half-closed": (),
        "ended": ("send", "recv", "close"),
        "ready": ("recvfrom", "sendto", "connect", "close"),
        "closed": ("create",),
    },
}

AFTER: Final[Mapping[Key, Mapping[tuple[Stage, str], Stage]]] = {
    ("server", False): {
        ("nothing", "create"): "created", ("closed", "create"): "created",
        ("created", "bind"): "bound", ("bound", "listen"): "listening", ("created", "listen"): "listening",
        ("listening", "accept"): "connected", ("connected", "accept"): "connected",
        ("connected", "shutdown"): "half-closed", ("ended", "shutdown"): "half-closed",
        ("connected", "close"): "listening", ("half-closed", "close"): "listening", ("ended", "close"): "listening",
        ("created", "close"): "closed", ("bound", "close"): "closed", ("listening", "close"): "closed",
    },
    ("client", False): {
        ("nothing", "create"): "created", ("closed", "create"): "created", ("created", "connect"): "connected",
        ("connected", "create"): "created", ("half-closed", "create"): "created", ("ended", "create"): "created",
        ("connected", "shutdown"): "half-closed", ("ended", "shutdown"): "half-closed",
        ("created", "close"): "closed", ("connected", "close"): "closed", ("half-closed", "close"): "closed",
        ("ended", "close"): "closed",
    },
    ("server", True): {
        ("nothing", "create"): "created", ("closed", "create"): "created", ("created", "bind"): "bound",
        ("bound", "recvfrom"): "ready", ("bound", "create"): "created", ("ready", "create"): "created",
        ("created", "close"): "closed", ("bound", "close"): "closed", ("ready", "close"): "closed",
    },
    ("client", True): {
        ("nothing", "create"): "created", ("closed", "create"): "created",
        ("created", "sendto"): "ready", ("created", "connect"): "connected", ("ready", "connect"): "connected",
        ("created", "close"): "closed", ("ready", "close"): "closed", ("connected", "close"): "closed",
        ("ended", "close"): "closed", ("ready", "create"): "created", ("connected", "create"): "created",
    },
}  # fmt: skip


class _Machine(Protocol):
    role: Role
    target: Target
    backlog: int
    datagram: bool
    stage: Stage


def code_of(machine: _Machine, step: str, data: bytes, size: int) -> str:
    """The line of Python that a step is."""
    target = machine.target
    family = "AF_UNIX" if target.is_unix else "AF_INET6" if ":" in target.host else "AF_INET"
    kind = "SOCK_DGRAM" if machine.datagram else "SOCK_STREAM"
    if target.transport == "unix-seqpacket":
        kind = "SOCK_SEQPACKET"
    address = repr(target.path.replace("@", "\0", 1)) if target.is_unix else repr((target.host, target.port))
    server = machine.role == "server"
    main = "sock" if machine.datagram or not server else "listener"
    talk = "conn" if server and not machine.datagram else "sock"
    closed = main if machine.stage in ("created", "bound", "listening") else talk
    return {
        "create": f"{main} = socket.socket(socket.{family}, socket.{kind})",
        "bind": f"{main}.bind({address})",
        "listen": f"{main}.listen({machine.backlog})",
        "accept": f"conn, peer = {main}.accept()",
        "connect": f"sock.connect({address})",
        "send": f"{talk}.send({data[:40]!r})",
        "recv": f"data = {talk}.recv({size})",
        "sendto": f"sock.sendto({data[:40]!r}, {'peer' if server else address})",
        "recvfrom": f"data, peer = sock.recvfrom({size})",
        "shutdown": f"{talk}.shutdown(socket.SHUT_WR)",
        "close": f"{closed}.close()",
    }[step]
