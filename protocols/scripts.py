"""Show as Python: which action of the lab has which script, and with which values.

One plain registry, `SCRIPTS`; `render()` makes the complete, runnable script of an action. The
templates are data in `assets/scripts`. It must not know panels, nor run what it makes.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from protocols.concurrency.contract import Listen
from protocols.creosote import scripts as creosote
from protocols.ftp import scripts as ftp
from protocols.ftp.server import scripts as ftp_server
from protocols.http import scripts as http
from protocols.http import tool_scripts as http_tools
from protocols.http.by_hand import explore_script as http_explore
from protocols.http.by_hand import step_scripts as http_steps
from protocols.mail import scripts as mail
from protocols.mail.server import scripts as mail_server
from protocols.packets import file_scripts as packet_files
from protocols.packets import live_scripts as packets
from protocols.script_plans import (
    CLIENT,
    FAILURE,
    SERVER,
    STEPS,
    Params,
    Plan,
    client_plan,
    failure_plan,
    server_plan,
    steps_plan,
)
from protocols.script_text import ScriptError, fill, import_names
from protocols.sockets import scripts as sockets

ImportStyle: TypeAlias = Literal["module", "names"]

LIMIT_BYTES: Final = 4096
"""Payload bytes that a script shows of one message; what is longer is cut, and the script says so."""


@dataclass(frozen=True)
class Script:
    """One entry. id: the action. title: first line of the script. defaults: its parameters and their values.

    role: "client" needs a server that behaves as `needs` says ("echo", "http", ..), "server" is one,
    "alone" brings both ends. plan: chooses template and conditions from the parameters; None takes
    `template` with `flags`.
    """

    id: str
    title: str
    template: str
    defaults: Params
    role: Literal["client", "server", "alone"] = "alone"
    needs: str = ""
    flags: frozenset[str] = frozenset()
    plan: Callable[[Params], Plan] | None = None


def render(
    action_id: str, params: Params | None = None, *, imports: ImportStyle = "module", handle_errors: bool = True
) -> str:
    """The complete script of an action. Raises ScriptError for an unknown action, parameter or kind of value.

    imports: "module" writes `socket.AF_INET`, "names" imports the names. handle_errors: end with one
    sentence instead of a traceback.
    """
    script = SCRIPTS.get(action_id)
    if script is None:
        raise ScriptError(f"no script for the action {action_id!r}")
    values = _checked(script, params or {})
    plan = script.plan(values) if script.plan else Plan(script.template, values, script.flags)
    flags = plan.flags | ({"robust"} if handle_errors else frozenset())
    title = script.title.format_map({key: _WORDS.get(str(value), str(value)) for key, value in values.items()})
    title += plan.remark + (_CUT if plan.values != _bounded(plan.values) else "")
    source = fill(plan.template, _bounded(plan.values), flags=flags, code={"title": _sentence(title), **plan.code})
    return import_names(source) if imports == "names" else source


_WORDS: Final = {
    "tcp": "TCP", "udp": "UDP", "unix": "UNIX stream", "unix-dgram": "UNIX datagram",
    "unix-seqpacket": "UNIX seqpacket", "threads": "a thread per client", "pool": "a pool of threads",
    "fork": "a process per client", "iterative": "one client after the other",
    "echo": "Echo", "upper": "Upper-case", "hello": "Hello", "time": "Time", "discard": "Discard",
    "lower": "Lower-case", "upper-lines": "Upper-case", "echo-once": "Echo-once", "reverse": "Reverse",
    "rot13": "Rot13", "transform": "Own-transform", "upper-course": "Upper-case (of the courses)",
}  # fmt: skip
_CUT: Final = f" (long messages are cut to {LIMIT_BYTES} bytes here)"


def packages_of(source: str) -> tuple[str, ...]:
    """The packages that a script imports and that do not come with Python, in order."""
    found = [node.module or "" if isinstance(node, ast.ImportFrom) else alias.name
             for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.Import, ast.ImportFrom))
             for alias in node.names]  # fmt: skip
    tops = {name.partition(".")[0] for name in found}
    return tuple(sorted(tops - sys.stdlib_module_names - {""}))


def title_of(action_id: str) -> str:
    """What a person reads above the script of an action."""
    return SCRIPTS[action_id].title if action_id in SCRIPTS else action_id


def script_for_server(
    behaviour: str,
    listen: Listen,
    model: str = "threads",
    *,
    workers: int = 4,
    delay_ms: int = 0,
    tls: bool = False,
    certificate: str = "server.pem",
    allow: tuple[str, ...] = (),
    recv_size: int = 4096,
    edge_triggered: bool = False,
    expression: str = "data",
) -> str:
    """The script that does what the lab's server with these settings does."""
    return render("server", {
        "behaviour": behaviour, "model": model, "workers": workers, "delay_ms": delay_ms, "tls": tls,
        "certificate": certificate, "allow": allow, "recv_size": recv_size, "edge_triggered": edge_triggered,
        "expression": expression, "transport": listen.transport, "host": listen.host, "port": listen.port,
        "path": listen.path, "dual": listen.dual, "backlog": listen.backlog, "reuse_address": listen.reuse_address,
    })  # fmt: skip


def script_for_client(transport: str = "tcp", **params: Any) -> str:
    """The script that does what the lab's client did; `params` as in the defaults of SCRIPTS["client"]."""
    return render("client", {"transport": transport, **params})


# -- values ------------------------------------------------------------------------------------------------------------


def _checked(script: Script, params: Params) -> dict[str, Any]:
    for name, value in params.items():
        if name not in script.defaults:
            raise ScriptError(f"the script {script.id!r} has no parameter {name!r}")
        if not _fits(value, script.defaults[name]):
            raise ScriptError(f"{name}: {type(value).__name__} in place of {type(script.defaults[name]).__name__}")
    return {**script.defaults, **params}


def _fits(value: object, default: object) -> bool:
    if default is None:
        return value is None or isinstance(value, str)
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, (float, tuple, list)):
        return isinstance(value, (int, float) if isinstance(default, float) else (tuple, list))
    return isinstance(value, type(default))


def _bounded(values: Params) -> dict[str, Any]:
    return {name: _cut(value) for name, value in values.items()}


def _cut(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(_cut(item) for item in value)
    return value[:LIMIT_BYTES] if isinstance(value, (bytes, str)) else value


def _sentence(title: str) -> str:
    """A title as it may stand in a docstring: one line, no quotes or escapes that could end it."""
    plain = "".join(found if found.isprintable() and found not in '\\"' else "'" for found in title)
    return plain.rstrip(".") + "."


# -- the registry -----------------------------------------------------------------------------------------------------

_THERE: Final[Params] = {"host": "127.0.0.1", "port": 2345, "timeout_s": 5.0}
_HERE: Final[Params] = {"host": "127.0.0.1", "port": 0}
_OPTIONS: Final = [
    ("SOL_SOCKET", "SO_REUSEADDR", 1), ("SOL_SOCKET", "SO_REUSEPORT", 1), ("SOL_SOCKET", "SO_KEEPALIVE", 1),
    ("SOL_SOCKET", "SO_BROADCAST", 1), ("SOL_SOCKET", "SO_RCVBUF", 65536), ("SOL_SOCKET", "SO_SNDBUF", 65536),
    ("SOL_SOCKET", "SO_OOBINLINE", 1), ("SOL_SOCKET", "SO_ERROR", None), ("SOL_SOCKET", "SO_TYPE", None),
    ("IPPROTO_TCP", "TCP_NODELAY", 1), ("IPPROTO_TCP", "TCP_MAXSEG", None), ("IPPROTO_TCP", "TCP_KEEPIDLE", 60),
    ("IPPROTO_TCP", "TCP_KEEPINTVL", 10), ("IPPROTO_TCP", "TCP_KEEPCNT", 5), ("IPPROTO_TCP", "TCP_CORK", 1),
    ("IPPROTO_TCP", "TCP_QUICKACK", 1), ("IPPROTO_TCP", "TCP_USER_TIMEOUT", 30000),
    ("IPPROTO_TCP", "TCP_DEFER_ACCEPT", 1), ("IPPROTO_TCP", "TCP_SYNCNT", 4),
    ("IPPROTO_IP", "IP_TTL", 64), ("IPPROTO_IP", "IP_TOS", 16),
    ("IPPROTO_IP", "IP_MULTICAST_TTL", 1), ("IPPROTO_IP", "IP_MULTICAST_LOOP", 1),
]  # fmt: skip


def _server(action_id: str, title: str, **params: Any) -> Script:
    needs = params.get("behaviour", "echo")
    return Script(action_id, title, "", {**SERVER, **params}, "server", needs, plan=server_plan)


def _client(action_id: str, title: str, needs: str = "echo", **params: Any) -> Script:
    return Script(action_id, title, "", {**CLIENT, **params}, "client", needs, plan=client_plan)


def _to(action_id: str, title: str, needs: str, **params: Any) -> Script:
    return Script(action_id, title, action_id, {**_THERE, **params}, "client", needs)


def _pair(kind: str, title: str) -> Script:
    defaults = {"messages": [b"one", b"two", b"three"], "timeout_s": 5.0}
    flags = frozenset({"stream" if kind == "abstract" else kind, kind})
    return Script(f"unix-{kind}", title, "unix-pair", defaults, flags=flags)


_MODEL_TITLES: Final = {
    **{name: _WORDS[name] for name in ("iterative", "threads", "pool", "fork")},
    "select": "select()", "poll": "poll()", "epoll": "epoll", "kqueue": "kqueue", "selectors": "selectors",
    "asyncio": "asyncio streams", "asyncio-protocol": "an asyncio Protocol", "socketserver": "socketserver",
    "socketserver-threading": "socketserver and ThreadingMixIn",
    "socketserver-forking": "socketserver and ForkingMixIn",
}  # fmt: skip

_ENTRIES: Final[tuple[Script, ...]] = (
    _server("server", "{behaviour} server over {transport}, {model}"),
    _client("client", "{transport} client"),
    *(_server(f"server-{model}", f"Echo server with {words}", model=model) for model, words in _MODEL_TITLES.items()),
    _server("server-epoll-edge", "Echo server with epoll, edge triggered", model="epoll", edge_triggered=True),
    _server("hello-server", "Hello server: greet each client and hang up", behaviour="hello", port=9000,
            model="iterative"),
    _server("echo-server", "Echo server", port=50000),
    _server("upper-server", "Upper-case server, mended: it sees when the client has gone", behaviour="upper-lines",
            port=2345),
    _server("upper-server-course", "Upper-case server as in the courses, with its mistake", behaviour="upper-course",
            port=2345),
    _server("time-server", "Time server", behaviour="time", port=8000, model="socketserver"),
    _server("discard-server", "Discard server", behaviour="discard", port=9999),
    _server("dual-stack-server", "One server for IPv6 and IPv4", host="::", dual=True),
    _server("tls-server", "Echo server with TLS", tls=True),
    _server("udp-server", "UDP upper-case server", behaviour="upper", transport="udp", port=11111),
    _server("socketserver-verify", "A server that answers only an allow list", model="socketserver",
            allow=("127.0.0.0/8",)),
    Script("socketserver-mixin", "A mix-in of our own for socketserver", "socketserver-mixin", _HERE,
           "server", "upper"),
    Script("socketserver-stream", "A StreamRequestHandler reads and writes lines", "socketserver-stream", _HERE,
           "server", "upper"),
    Script("socketserver-shutdown", "Stop a server from another thread", "socketserver-shutdown",
           {**_HERE, "message": b"stop me\n", "timeout_s": 5.0}),
    _client("tcp-client", "TCP client: send, then read to the end"),
    _client("tls-client", "TLS client", "tls", tls=True),
    _client("udp-client", "UDP client with a timeout and retries", "udp-echo", transport="udp", port=11111,
            timeout_s=1.0),
    Script("udp-connected", "Connected UDP", "udp-connected", {**_THERE, "message": b"hello"}, "client", "udp-echo"),
    _to("fetch-page", "Fetch a page by hand", "http", port=8080, page="/"),
    _to("send-loop", "send, a loop around it, and sendall", "discard", size=8_000_000, timeout_s=10.0),
    _to("length-prefix", "Messages with their length in front", "echo",
        messages=[b"one", b"", b"a longer message"], length_format=">I"),
    _to("delimiter", "Messages that end with a mark", "echo", messages=[b"one", b"two", b"three"], delimiter=b"\n"),
    _to("join", "Put a stream together again", "echo", size=1_000_000, timeout_s=10.0),
    _to("timeout", "A receive with a timeout", "silent", timeout_s=2.0),
    _to("nonblocking-recv", "A receive that does not wait", "echo", message=b"hello"),
    _to("nonblocking-connect", "A connect that does not wait", "echo"),
    Script("option", "{option}, set and read back", "option", sockets.OPTION, plan=sockets.option_plan),
    Script("options", "Socket options, set and read back", "options",
           {"options": _OPTIONS, "family": "AF_INET", "kind": "SOCK_STREAM"}),
    _to("makefile", "A connection as a file of lines", "echo", lines=["first line", "second line"]),
    _to("half-close", "Half-close: no more to say, still listening", "echo", message=b"hello\n"),
    _to("reset", "Hang up with a reset (RST)", "echo", message=b"hello\n"),
    _to("peek-waitall", "Look without taking, and wait for all", "echo", message=b"hello world"),
    Script("failure", "A failure on purpose: {failure}", "", FAILURE, plan=failure_plan),
    Script("steps", "One call at a time: a {role} over {transport}", "", STEPS, "client", "echo", plan=steps_plan),
    _pair("stream", "UNIX stream sockets"),
    _pair("datagram", "UNIX datagram sockets"),
    _pair("seqpacket", "UNIX seqpacket sockets"),
    _pair("abstract", "An abstract UNIX socket"),
    Script("socketpair", "A pair of connected sockets", "socketpair", {"message": b"hello", "timeout_s": 5.0}),
    Script("broadcast-send", "Send a broadcast", "broadcast-send",
           {"host": "127.255.255.255", "port": 10000, "message": b"to everybody"}, "client", "broadcast"),
    Script("broadcast-receive", "Receive broadcasts", "broadcast-receive",
           {"port": 10000, "count": 1, "timeout_s": 30.0}, "server", "broadcast"),
    Script("multicast-send", "Send to a multicast group", "multicast-send",
           {"group": "239.255.43.21", "port": 10000, "interface": "127.0.0.1", "ttl": 1, "message": b"to the group"},
           "client", "multicast"),
    Script("multicast-receive", "Join a multicast group and receive", "multicast-receive",
           {"group": "239.255.43.21", "port": 10000, "interface": "127.0.0.1", "count": 1, "timeout_s": 30.0},
           "server", "multicast"),
    _to("telnet-client", "Telnet by hand: refuse every option, show the text", "telnet", lines=["hello"],
        timeout_s=2.0),
    *(Script(name, title, name, creosote.DEFAULTS[name], "server" if name in creosote.LISTENING else "client", "bucket",
             plan=creosote.plan(name)) for name, title in creosote.TITLES.items()),
    *(Script(name, title, "", http.DEFAULTS[name], "client", "url", plan=http.plan(name))
      for name, title in http.TITLES.items()),
    Script("http-opener", "An opener of urllib, and its handlers", "", http_tools.OPENER, "client", "url",
           plan=http_tools.opener_plan),
    Script("http-websocket", "Messages over a WebSocket", "", http_tools.WEBSOCKET, "client", "websocket",
           plan=http_tools.websocket_plan),
    *(Script(name, title, name, packet_files.DEFAULTS[name]) for name, title in packet_files.TITLES.items()),
    Script(http_explore.NAME, http_explore.TITLE, "", http_explore.DEFAULT, plan=http_explore.plan),
    Script(http_steps.NAME, http_steps.TITLE, "", http_steps.DEFAULT, "client", "url", plan=http_steps.plan),
    *(Script(name, title, "", ftp.DEFAULTS[name], "client", "sftp" if name in ftp.MODULES else "ftp",
             plan=ftp.plan(name)) for name, title in ftp.TITLES.items()),
    Script(ftp_server.NAME, ftp_server.TITLE, "", ftp_server.DEFAULT, "server", "ftp", plan=ftp_server.plan),
    Script(ftp_server.SSH_NAME, ftp_server.SSH_TITLE, "", ftp_server.SSH_DEFAULT, "server", "sftp",
           plan=ftp_server.ssh_plan),
    *(Script(name, title, "", mail.DEFAULTS[name], "client", "mail", plan=mail.plan(name))
      for name, title in mail.TITLES.items()),
    Script(mail_server.NAME, mail_server.TITLE, "", mail_server.DEFAULT, plan=mail_server.plan),
    *(Script(name, title, name, packets.DEFAULTS[name], plan=packets.plan(name))
      for name, title in packets.TITLES.items()),
)  # fmt: skip

SCRIPTS: Final[Mapping[str, Script]] = {script.id: script for script in _ENTRIES}
"""Every action that has a script, by its id."""
