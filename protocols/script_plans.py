"""Which template, conditions and values say what a server or a client of the lab just did.

Settings in, a `Plan` out. It must not know the registry of actions, nor how text is made of a plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from protocols.concurrency.contract import DATAGRAM
from protocols.script_text import ScriptError, expression, literal

Params: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """What `fill` needs: a template, the conditions that hold in it, values and code of our own."""

    template: str
    values: Params
    flags: frozenset[str] = frozenset()
    code: Mapping[str, str] = field(default_factory=dict)
    remark: str = ""


# -- servers -----------------------------------------------------------------------------------------------------------

_ANSWERS: Final = {
    "echo": "data",
    "upper": "data.upper()",
    "lower": "data.lower()",
    "reverse": "data[::-1]",
    "rot13": 'codecs.encode(data.decode("latin-1"), "rot13").encode("latin-1")',
}
_GROUPS: Final[Mapping[str, frozenset[str]]] = {
    "hello": frozenset({"hello", "greet"}),
    "time": frozenset({"clock", "greet"}),
    "discard": frozenset({"discard"}),
    "upper-lines": frozenset({"lines"}),
    "echo-once": frozenset({"once"}),
    "upper-course": frozenset({"course"}),
}
_DATAGRAM_TWIN: Final = {"upper-lines": "upper", "upper-course": "upper", "echo-once": "echo"}
_WITH_TLS: Final = ("iterative", "threads", "pool", "fork", "asyncio")
_SHOWN_WITH_THREADS: Final = ", shown with a thread per client"
_SHOWN_AS_LOOP: Final = ", shown as a plain loop"
_MODELS: Final = (
    "iterative", "threads", "pool", "fork", "select", "poll", "epoll", "kqueue", "selectors", "asyncio",
    "asyncio-protocol", "socketserver", "socketserver-threading", "socketserver-forking",
)  # fmt: skip
_BASES: Final = {
    "tcp": "socketserver.TCPServer",
    "udp": "socketserver.UDPServer",
    "unix": "socketserver.UnixStreamServer",
    "unix-dgram": "socketserver.UnixDatagramServer",
}

_MIXINS: Final = {
    "": "",
    "threading": "socketserver.ThreadingMixIn, ",
    "forking": "socketserver.ForkingMixIn, ",
}

SERVER: Final[Params] = {
    "behaviour": "echo", "transport": "tcp", "host": "127.0.0.1", "port": 0, "path": "", "dual": False,
    "backlog": 128, "reuse_address": True, "model": "threads", "workers": 4, "delay_ms": 0, "tls": False,
    "certificate": "server.pem", "allow": (), "recv_size": 4096, "edge_triggered": False, "expression": "data",
    "idle_s": 60.0,
}  # fmt: skip


def server_plan(params: Params) -> Plan:
    """How the script of a server with these settings is made. Raises ScriptError for what no server can be."""
    model, transport, datagram = params["model"], params["transport"], params["transport"] in DATAGRAM
    flags = set(_behaviour_flags(params["behaviour"], datagram=datagram)) | _where_flags(params)
    flags |= {name for name in ("tls", "reuse_address") if params[name]}
    flags |= {name for name, given in (("delay", params["delay_ms"]), ("edge", params["edge_triggered"]),
                                     ("anyport", not params["port"])) if given}
    remark = ""
    if model not in _MODELS:
        raise ScriptError(f"no model {model!r}")
    code = {"code_answer": _answer(params["behaviour"], params["expression"], datagram=datagram)}
    if model.startswith("socketserver") and transport in _BASES and not params["tls"]:
        template = "server-socketserver"
        mixin = model.partition("-")[2]
        flags |= {mixin} | ({"allow"} if params["allow"] and transport in ("tcp", "udp") else set())
        code["code_bases"] = _MIXINS[mixin] + _BASES[transport]
    elif datagram:
        template = "server-datagram"
        remark = "" if model == "iterative" else _SHOWN_AS_LOOP
    else:
        if (params["tls"] and model not in _WITH_TLS) or (transport == "unix-seqpacket" and "asyncio" in model):
            remark, model = _SHOWN_WITH_THREADS, "threads"
        template = "server-" + ("threads" if model.startswith("socketserver") else model)
    values = dict(params) | {"path": _path(params["path"]), "delay_s": params["delay_ms"] / 1000}
    values |= {"host": _host(params["host"], dual="dual" in flags)}
    if template in ("server-threads", "server-pool") or ("threading" in flags and not datagram):
        flags.add("parallel")
    flags |= {"asynchronous"} if "asyncio" in template else set()
    return Plan(template, values, frozenset(flags), code, remark)


def _behaviour_flags(behaviour: str, *, datagram: bool) -> frozenset[str]:
    if datagram:
        behaviour = _DATAGRAM_TWIN.get(behaviour, behaviour)
    if behaviour in _ANSWERS or behaviour == "transform":
        return frozenset({"answer"})
    if behaviour not in _GROUPS:
        raise ScriptError(f"no behaviour {behaviour!r}")
    return _GROUPS[behaviour]


def _answer(behaviour: str, text: str, *, datagram: bool) -> str:
    if behaviour == "transform":
        return expression(text)
    return _ANSWERS.get(_DATAGRAM_TWIN.get(behaviour, behaviour) if datagram else behaviour, "data")


def _where_flags(params: Params) -> set[str]:
    transport, path, host = params["transport"], params["path"], params["host"]
    if transport not in ("tcp", "udp", "unix", "unix-dgram", "unix-seqpacket"):
        raise ScriptError(f"no transport {transport!r}")
    flags = {"datagram"} if transport in DATAGRAM else set()
    if transport.startswith("unix"):
        flags |= {"unix"} | {"unix": {"unixstream"}, "unix-seqpacket": {"seqpacket"}}.get(transport, set())
        return flags | ({"abstract"} if path.startswith("@") else set())
    dual = bool(params.get("dual")) and (":" in host or host in ("", "0.0.0.0"))
    return flags | ({"ipv6"} if ":" in host or dual else set()) | ({"dual"} if dual else set())


def _path(path: str) -> str:
    """An abstract name is written with "@" everywhere in the lab, and with a zero byte for the system."""
    return "\0" + path[1:] if path.startswith("@") else path


def _host(host: str, *, dual: bool) -> str:
    return "::" if dual and host in ("", "0.0.0.0") else host


# -- clients -----------------------------------------------------------------------------------------------------------

CLIENT: Final[Params] = {
    "transport": "tcp", "host": "127.0.0.1", "port": 2345, "path": "", "messages": (b"hello\n",), "timeout_s": 5.0,
    "half_close": True, "tls": False, "ca_file": None, "server_name": None, "verify": True, "framing": "none",
    "prefix_bytes": 4, "little_endian": False, "line_end": b"\n", "recv_size": 4096, "nodelay": False,
    "interval_s": 0.0, "tries": 3, "connected": False,
}  # fmt: skip
_LENGTH_FORMATS: Final = {1: "B", 2: "H", 4: "I"}


def client_plan(params: Params) -> Plan:
    """How the script of a client with these settings is made. Raises ScriptError for what no client can be."""
    values = dict(params) | {"path": _path(params["path"]), "messages": list(params["messages"])}
    values["message"] = params["messages"][0] if params["messages"] else b""
    flags = _where_flags(params)
    if params["transport"] in DATAGRAM:
        connected = params["connected"] and params["transport"] == "udp"
        return Plan("udp-connected" if connected else "client-datagram", values, frozenset(flags))
    if params["framing"] not in ("none", "line", "length") or params["prefix_bytes"] not in _LENGTH_FORMATS:
        raise ScriptError("framing is none, line or length, with 1, 2 or 4 bytes")
    values |= {
        "length_format": "><"[params["little_endian"]] + _LENGTH_FORMATS[params["prefix_bytes"]],
        "length_size": params["prefix_bytes"],
        "server_name": params["server_name"] or params["host"],
    }
    tls = params["tls"] and params["transport"] == "tcp"
    wanted = {
        "tls": tls, "unverified": tls and not params["verify"], "nodelay": params["nodelay"],
        # Half-closing the TCP connection below TLS would end both directions.
        "half_close": params["half_close"] and not tls, "interval": params["interval_s"],
        params["framing"]: True, "framed": params["framing"] != "none",
    }  # fmt: skip
    return Plan("client-stream", values, frozenset(flags | {name for name, given in wanted.items() if given}))


# -- failures and single steps ------------------------------------------------------------------------------------

FAILURE: Final[Params] = {"failure": "refused"}
_PAIRS: Final = frozenset({"reset", "timeout", "eof", "broken-pipe", "would-block"})
_DEAD: Final = {"refused": "dead_tcp", "udp-silent": "dead_udp", "udp-refused": "dead_udp"}
FAILURES: Final = _PAIRS | _DEAD.keys() | {
    "unreachable", "in-use", "access", "broadcast", "too-long", "no-name", "not-connected", "backlog", "not-ours",
    "tcp-broadcast", "listener", "stale-path", "no-path", "connected",
}  # fmt: skip
"""The failures that have a script, by the names that the socket bench gives them."""


def failure_plan(params: Params) -> Plan:
    """How the script that provokes one failure is made. Raises ScriptError for an unknown one."""
    wanted = params["failure"]
    if wanted not in FAILURES:
        raise ScriptError(f"no failure {wanted!r}")
    flags = {wanted} | ({"pair"} if wanted in _PAIRS else set()) | {_DEAD.get(wanted, "alone")}
    return Plan("failure", {}, frozenset(flags))


STEPS: Final[Params] = {
    "role": "client", "transport": "tcp", "host": "127.0.0.1", "port": 2345, "path": "", "backlog": 5, "size": 1024,
    "timeout_s": 30.0, "steps": (("create", b""), ("connect", b""), ("send", b"hello"), ("recv", b""), ("close", b"")),
}  # fmt: skip


def steps_plan(params: Params) -> Plan:
    """How the script of single steps, each (name, data), is made. Raises ScriptError for an unknown step."""
    flags = _where_flags(params)
    unix = "unix" in flags
    address = _path(params["path"]) if unix else (params["host"], params["port"])
    lines = _step_lines(params, flags)
    code = {"code_steps": "\n".join(" " * 8 + line for line in lines)}
    return Plan("steps", {"address": address, "timeout_s": params["timeout_s"]}, frozenset(flags), code)


def _step_lines(params: Params, flags: set[str]) -> list[str]:
    family = "AF_UNIX" if "unix" in flags else "AF_INET6" if "ipv6" in flags else "AF_INET"
    kind = "SOCK_DGRAM" if "datagram" in flags else "SOCK_SEQPACKET" if "seqpacket" in flags else "SOCK_STREAM"
    server = params["role"] == "server"
    talk = "sock"
    lines: list[str] = []
    for step, data in params["steps"]:
        to = "peer" if server else "ADDRESS"
        known = {
            "create": [f"sock = sockets.enter_context(socket.socket(socket.{family}, socket.{kind}))",
                       "sock.settimeout(TIMEOUT_S)"],
            "bind": ["sock.bind(ADDRESS)", 'print(f"bound to {sock.getsockname()!r}", flush=True)'],
            "listen": [f"sock.listen({literal(params['backlog'])})"],
            "accept": ["connection, peer = sock.accept()", "sockets.enter_context(connection)",
                       'print("accepted", peer)'],
            "connect": ["sock.connect(ADDRESS)", 'print("connected to", sock.getpeername())'],
            "send": [f'print("sent", {talk}.send({_short(data)}), "bytes")'],
            "recv": [f'print("received", {talk}.recv({literal(params["size"])}))'],
            "sendto": [f'print("sent", sock.sendto({_short(data)}, {to}), "bytes")'],
            "recvfrom": [f"data, peer = sock.recvfrom({literal(params['size'])})",
                         'print("received", data, "from", peer)'],
            "shutdown": [f"{talk}.shutdown(socket.SHUT_WR)"],
            "close": [f"{talk}.close()"],
        }.get(step)  # fmt: skip
        if known is None:
            raise ScriptError(f"no step {step!r}")
        if lines or step == "create":  # without a socket there was no call
            lines += known
        talk = {"accept": "connection", "close": "sock", "create": "sock"}.get(step, talk)
    return lines or ["print(sockets)"]


def _short(data: bytes) -> str:
    """A payload on one line; a script of single calls shows the start of a long one."""
    return literal(data[:40])
