"""Every script of the registry runs in a fresh interpreter against a live peer, and says what it should."""

from __future__ import annotations

import ast
import contextlib
import http.server
import importlib.util
import itertools
import os
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from protocols.concurrency.contract import Listen
from protocols.creosote import scripts as creosote
from protocols.ftp import scripts as ftp_scripts
from protocols.ftp.server import scripts as ftp_server_script
from protocols.http import scripts as http_scripts
from protocols.http.server.kinds import sandbox_server
from protocols.mail import scripts as mail_scripts
from protocols.mail.server import scripts as mail_server_scripts
from protocols.packets import file_scripts as packets
from protocols.packets import live_scripts as live_packets
from protocols.record.recorder import Recorder
from protocols.script_plans import FAILURES as FAILURE_SCRIPTS
from protocols.script_text import ScriptError
from protocols.scripts import LIMIT_BYTES, SCRIPTS, render, script_for_client, script_for_server
from protocols.sockets.failures import FAILURES
from protocols.sockets.option_table import OPTIONS

DEADLINE_S = 20
STYLES = ("module", "names")
REMOVED = {"asyncore", "asynchat", "smtpd", "imp", "cgi", "cgitb", "crypt", "nntplib", "telnetlib", "pipes"}
FOREIGN = {*http_scripts.MODULES.values(), *ftp_scripts.MODULES.values(), *mail_scripts.MODULES.values(),
           ftp_server_script.MODULE, mail_server_scripts.MODULE, "websockets",
           "scapy"}  # fmt: skip
"""What the scripts import that are for a package besides the standard library."""
BEHAVIOURS = ("echo", "upper", "hello", "time", "discard", "upper-lines", "echo-once", "lower", "reverse", "rot13",
              "transform", "upper-course")  # fmt: skip
MODELS = ["iterative", "threads", "pool", "fork", "select", "poll", "selectors", "asyncio", "asyncio-protocol",
          "socketserver", "socketserver-threading", "socketserver-forking"]  # fmt: skip
if hasattr(__import__("select"), "epoll"):
    MODELS.append("epoll")

# -- the other ends ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def running(server: socketserver.BaseServer) -> Iterator[int]:
    """A standard-library server in a thread; gives its port."""
    worker = threading.Thread(target=server.serve_forever, args=(0.01,))
    worker.start()
    try:
        yield server.server_address[1]  # type: ignore[index]
    finally:
        server.shutdown()
        worker.join()
        server.server_close()


def stream(talk: Callable[[socket.socket], None]) -> contextlib.AbstractContextManager[int]:
    """A TCP server whose every connection is handed to `talk`."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(DEADLINE_S)
            with contextlib.suppress(ConnectionError, TimeoutError, ssl.SSLError):
                talk(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = False

    return running(Server(("127.0.0.1", 0), Handler))


def echo(connection: socket.socket) -> None:
    while data := connection.recv(65536):
        connection.sendall(data)


def discard(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def telnet(connection: socket.socket) -> None:
    """Negotiates, cuts a command in two, and answers one line."""
    connection.sendall(b"\xff\xfd\x01wel\xff\xfb\x03come \xff\xff\xff\xfa\x18\x01")
    connection.sendall(b"\xff\xf0\r\n")
    connection.sendall(connection.makefile("rb").readline().upper())
    connection.shutdown(socket.SHUT_WR)
    discard(connection)


def http_server() -> contextlib.AbstractContextManager[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"page {self.path}".encode())

        def log_message(self, *_: object) -> None:
            pass

    return running(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))


def udp_echo() -> contextlib.AbstractContextManager[int]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, sock = self.request
            sock.sendto(data, self.client_address)

    return running(socketserver.UDPServer(("127.0.0.1", 0), Handler))


@contextlib.contextmanager
def tls_server(folder: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(folder / "ca.pem")

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            echo(secured)

    with stream(talk) as port:
        yield port, {"ca_file": str(folder / "ca.pem"), "server_name": "localhost", "timeout_s": 0.5}


@contextlib.contextmanager
def peer_for(needs: str, folder: Path) -> Iterator[dict[str, Any]]:
    """The live peer that a client script needs; gives the parameters that lead there."""
    if needs == "tls":
        with tls_server(folder) as (port, params):
            yield {"port": port, **params}
        return
    peers: dict[str, Callable[[], contextlib.AbstractContextManager[int]]] = {
        "echo": lambda: stream(echo),
        "discard": lambda: stream(discard),
        "silent": lambda: stream(discard),
        "telnet": lambda: stream(telnet),
        "http": http_server,
        "udp-echo": udp_echo,
    }
    if needs == "websocket":
        server = sandbox_server(Recorder())
        server.start()
        try:
            yield {"url": f"ws://127.0.0.1:{server.facts().ports[0]}/websocket"}
        finally:
            assert server.stop(DEADLINE_S)
        return
    if needs == "url":
        with http_server() as port:
            yield {"url": f"http://127.0.0.1:{port}/x"}
        return
    with peers[needs]() as port:
        yield {"port": port}


# -- running a script --------------------------------------------------------------------------------------------------


def write(source: str, folder: Path) -> Path:
    script = folder / "script.py"
    script.write_text(source, encoding="utf-8")
    return script


def command(script: Path, *options: str) -> list[str]:
    """A fresh interpreter that knows neither this checkout nor this environment, and takes no warning."""
    return [sys.executable, "-I", "-W", "error", *options, str(script)]


def run(source: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(write(source, folder)), cwd=folder, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )


def interrupted(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Ctrl+C, and once more for a program that was just about to wait: Python forgets it until the wait is over."""
    for _ in range(int(DEADLINE_S / 5)):
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=5)
    return process.communicate(timeout=0.1)


@contextlib.contextmanager
def started(source: str, folder: Path) -> Iterator[tuple[Any, subprocess.Popen[str]]]:
    """A server script; gives its address. At the end it is interrupted, and must stop politely."""
    # An interrupt may come between any two steps, so also between a socket's making and its place in a list.
    run_it = command(write(source, folder), "-W", "ignore::ResourceWarning")
    with subprocess.Popen(
        run_it, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            while line and not line.startswith("listening on "):
                line = process.stdout.readline()
            if not line:
                pytest.fail(process.communicate(timeout=DEADLINE_S)[1])
            yield ast.literal_eval(line.removeprefix("listening on ").strip()), process
            out, err = interrupted(process)
            assert process.returncode == 0, err
            assert err == ""
            assert "stopped\n" in out
        finally:
            process.kill()


def connected(address: Any, kind: int = socket.SOCK_STREAM) -> socket.socket:
    family = socket.AF_INET6 if len(address) > 2 else socket.AF_INET
    sock = socket.socket(family, kind)
    sock.settimeout(DEADLINE_S)
    sock.connect(address)
    return sock


def read_all(sock: socket.socket) -> bytes:
    pieces = []
    try:
        while piece := sock.recv(65536):
            pieces.append(piece)
    except ConnectionResetError:  # the server hung up with bytes of ours unread
        pieces.append(b"")
    return b"".join(pieces)


def probe(address: Any, behaviour: str, kind: int = socket.SOCK_STREAM) -> None:
    """Talk to a server and check what it says."""
    with connected(address, kind) as sock:
        if behaviour in ("hello", "time"):
            said = read_all(sock)
            assert said.startswith(b"Hello ") if behaviour == "hello" else time.strptime(said.decode().strip())
            return
        sock.sendall(b"Hello\n")
        if behaviour == "echo-once":
            assert read_all(sock) == b"Hello\n"
            return
        if behaviour != "discard":
            answers = {"echo": b"Hello\n", "lower": b"hello\n", "reverse": b"\nolleH", "rot13": b"Uryyb\n",
                       "transform": b"Hello\nHello\n"}  # fmt: skip
            expected = answers.get(behaviour, b"HELLO\n")
            received = b""
            while len(received) < len(expected):
                received += sock.recv(4096)
            assert received == expected
        if behaviour == "upper-course":
            sock.sendall(b"\r\n")
        else:
            sock.shutdown(socket.SHUT_WR)
        assert read_all(sock) == b""


# -- what every script is ----------------------------------------------------------------------------------------------

SHAPES = ("echo", "rot13", "hello", "time", "discard", "upper-lines", "echo-once", "upper-course")
WAYS = (("tcp", 0, False), ("tcp", 100, False), ("tcp", 0, True), ("udp", 0, False), ("unix", 0, False),
        ("unix-seqpacket", 100, False))  # fmt: skip
ALL_SERVERS = [  # every two of shape, model and way meet
    {"behaviour": behaviour, "model": model, "transport": transport, "path": "@x" if transport == "unix" else "/srv/x",
     "delay_ms": delay, "tls": tls, "dual": bool(delay), "host": "::" if delay else "127.0.0.1"}
    for row, behaviour in enumerate(SHAPES) for column, model in enumerate([*MODELS, "kqueue"])
    for transport, delay, tls in (WAYS[(row + column) % len(WAYS)],)
]  # fmt: skip


OPTION_VALUES = {"switch": "on", "number": "1", "linger": "5", "timeval": "1.5", "address": "127.0.0.1", "text": "lo",
                 "struct": ""}  # fmt: skip
OPTION_SCRIPTS = [
    {"option": option.name, "value": OPTION_VALUES[option.kind], "transport": option.transports[0],
     "end": ("client", "listener", "accepted")[number % 3]}
    for number, option in enumerate(OPTIONS) if option.number is not None
]  # fmt: skip


COMPUTING = pytest.mark.timeout(300)
"""For seconds of computing, more than the other tests have: the machine may have other work."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every script in every variant, as files."""
    folder = tmp_path_factory.mktemp("scripts")
    variants = [(action_id, {}) for action_id in SCRIPTS] + [("server", params) for params in ALL_SERVERS]
    variants += [("client", {"transport": transport, "framing": framing, "tls": tls, "path": "@x", "interval_s": 0.1})
                 for transport in ("tcp", "udp", "unix", "unix-seqpacket") for framing in ("none", "line", "length")
                 for tls in (False, True)]  # fmt: skip
    variants += [("failure", {"failure": name}) for name in FAILURE_SCRIPTS]
    variants += [("option", params) for params in OPTION_SCRIPTS]
    variants += [(action_id, {"groups": groups}) for action_id in ("creosote-bucket", "creosote-redirector")
                 for groups in (["239.255.43.21"], ["ff15::4321"], ["239.255.43.21", "ff15::4321"])]  # fmt: skip
    for number, (action_id, params) in enumerate(variants):
        for style in STYLES if number % 3 == 0 or not params else STYLES[:1]:
            source = render(action_id, params, imports=style, handle_errors=bool(number % 2))  # type: ignore[arg-type]
            (folder / f"script_{number}_{style}.py").write_text(source, encoding="utf-8")
    return folder


@COMPUTING
def test_every_variant_is_python_3_11_and_imports_only_what_stays(written: Path) -> None:
    for script in written.iterdir():
        tree = ast.parse(script.read_text(encoding="utf-8"), feature_version=(3, 11))
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.partition(".")[0] in (sys.stdlib_module_names - REMOVED) | FOREIGN, script


@COMPUTING
def test_every_variant_passes_ruff(written: Path) -> None:
    rules = ["--isolated", "--line-length", "115", "--select", "E,F,W,UP,B,SIM,PLE,PLW", "--target-version", "py311"]
    tool = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise", *rules, str(written)]
    done = subprocess.run(tool, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


@COMPUTING
def test_every_variant_is_typed(written: Path, tmp_path: Path) -> None:
    untyped = ("kqueue", "from pyftpdlib", "from scapy.", *(f"import {name}\n" for name in FOREIGN))
    scripts = [str(script) for script in written.glob("*_module.py")
               if not any(word in script.read_text("utf-8") for word in untyped)]  # fmt: skip
    tool = [sys.executable, "-m", "mypy", "--strict", "--python-version", "3.11", "--config-file", os.devnull,
            "--cache-dir", os.devnull, *scripts]  # fmt: skip
    done = subprocess.run(tool, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]


# -- clients and scripts that bring both ends -----------------------------------------------------------------------

SAYS = {
    "client": ["connected to", "received b\"hello\\n\"", "the server closed the connection"],
    "tcp-client": ["received b'hello\\n'", "the server closed"],
    "tls-client": ["secured by TLSv1.3", "received b'hello\\n'", "nothing more for 0.5 s"],
    "udp-client": ["sent b'hello\\n', try 1 of 3", "received b'hello\\n' from ('127.0.0.1', "],
    "udp-connected": ["received b'hello'"],
    "fetch-page": ["HTTP/1.0 200 OK", "page /"],
    "send-loop": ["one non-blocking send of 8000000 bytes took", "sendall sent 8000000"],
    "length-prefix": ["received b'one'\nreceived b''\nreceived b'a longer message'"],
    "delimiter": ["received b'one'\nreceived b'two'\nreceived b'three'"],
    "join": ["sent 999936 bytes, received 999936 in", "pieces, the same"],
    "timeout": ["TimeoutError after 2.0 s: timed out", "still connected to"],
    "nonblocking-recv": ["would block: EAGAIN", "received b'hello'"],
    "nonblocking-connect": ["connected to ('127.0.0.1', "],
    "makefile": ["received 'first line\\n'\nreceived 'second line\\n'"],
    "half-close": ["sending again: [Errno 32]", "received b'hello\\n'", "no more to say either"],
    "reset": ["closing with RST"],
    "peek-waitall": ["peeked b'he'", "waited b'hello world'", "peeked: nothing left"],
    "telnet-client": ["welcome \N{REPLACEMENT CHARACTER}", "HELLO", "DO 1, answered WONT 1", "WILL 3, answered DONT 3"],
    "options": ["SO_REUSEADDR", "set     None", "SO_LINGER              on=1 seconds=5"],
    "unix-stream": ["server received", "client received"],
    "unix-datagram": ["server received b'three'", "client received b'ONE'\nclient received b'TWO'"],
    "unix-seqpacket": ["server received b'one'\nserver received b'two'", "client received b'THREE'"],
    "unix-abstract": ["server received", "client received"],
    "socketpair": ["right received b'hello'", "left received b'HELLO'", "right received b'' which is the end"],
    "socketserver-shutdown": ["received b'STOP ME\\n'", "stopped"],
}
SAYS["client"] = SAYS["tcp-client"]
SAYS |= {name: ["200 OK", "page /x"] for name in http_scripts.TITLES}
SAYS["http-websocket"] = ["connected to ws://", "sent 'hello'", "came back 'hello'"]
SAYS["http-opener"] = ["HTTPRedirectHandler", "200 http://", "page /x"]
SAYS["http-explore"] = ["status 200 OK", "len(page) 6 of 6", "Server NetLab", "type text/plain", "hello"]
SAYS["http-steps"] = ["the head is sent", "200 OK", "page /"]
SAYS["option"] = ["before ", "now 10000"]
SAYS["failure"] = ["ConnectionRefusedError ECONNREFUSED: "]
SAYS["steps"] = ["connected to ('127.0.0.1', ", "sent 5 bytes", "received b'hello'"]
LIVE = set(live_packets.TITLES)
"""Run with their rights and without by the packets room's own tests."""
SENDERS = {"broadcast-send": "broadcast-receive", "multicast-send": "multicast-receive"}


def test_every_script_is_run_by_a_test_here() -> None:
    servers = {script.id for script in SCRIPTS.values() if script.role == "server"}
    of_rooms = {*creosote.TITLES, *ftp_scripts.TITLES, *mail_scripts.TITLES, mail_server_scripts.NAME, *LIVE}
    of_rooms |= set(packets.TITLES)
    assert set(SCRIPTS) == servers | set(SAYS) | set(SENDERS) | of_rooms


@pytest.mark.parametrize(("action_id", "style"), list(zip(SAYS, itertools.cycle(STYLES))))
def test_a_client_script_says_what_it_did(action_id: str, style: Any, tmp_path: Path) -> None:
    script = SCRIPTS[action_id]
    wanted = http_scripts.MODULES.get(action_id)
    if wanted is not None and importlib.util.find_spec(wanted) is None:
        pytest.skip(f"{wanted} is not installed here")
    with contextlib.ExitStack() as stack:
        params = stack.enter_context(peer_for(script.needs, tmp_path)) if script.role == "client" else {}
        done = run(render(action_id, params, imports=style), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    for words in SAYS[action_id]:
        assert words in done.stdout


@pytest.mark.parametrize(("sender", "style"), list(zip(SENDERS, STYLES, strict=True)))
def test_what_is_sent_to_many_is_received(sender: str, style: Any, tmp_path: Path) -> None:
    with subprocess.Popen(
        command(write(render(SENDERS[sender], {"port": 0}, imports=style), tmp_path)), stdout=subprocess.PIPE, text=True
    ) as receiver:
        try:
            assert receiver.stdout is not None
            port = ast.literal_eval(receiver.stdout.readline().removeprefix("listening on "))[1]
            done = run(render(sender, {"port": port}, imports=style), tmp_path)
            assert done.returncode == 0, done.stderr
            said = receiver.communicate(timeout=DEADLINE_S)[0]
            assert f"received {SCRIPTS[sender].defaults['message']!r} from" in said
        finally:
            receiver.kill()


@pytest.mark.parametrize(("framing", "sent"), [
    ("none", b"onetwo"), ("line", b"one\ntwo\n"), ("length", b"\0\0\0\3one\0\0\0\3two"),
])  # fmt: skip
def test_the_client_script_frames_as_the_client_does(framing: str, sent: bytes, tmp_path: Path) -> None:
    got: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        got.append(read_all(connection))
        connection.sendall(got[0])

    with stream(talk) as port:
        source = script_for_client(port=port, messages=[b"one", b"two"], framing=framing)
        done = run(source, tmp_path)
    assert got == [sent]
    expected = "received b'onetwo'" if framing == "none" else "received b'one'\nreceived b'two'"
    assert expected in done.stdout


def test_a_client_script_that_is_refused_ends_with_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    done = run(script_for_client(port=port), tmp_path)
    assert done.returncode == 1
    assert done.stderr == "ConnectionRefusedError: [Errno 111] Connection refused\n"
    bare = run(render("client", {"port": port}, handle_errors=False), tmp_path)
    assert "Traceback" in bare.stderr


@pytest.mark.parametrize("transport", ["unix", "unix-dgram", "unix-seqpacket"])
def test_client_and_server_scripts_talk_over_unix_sockets(transport: Any, tmp_path: Path) -> None:
    path = f"@netlab-{os.getpid()}-{transport}" if transport == "unix" else str(tmp_path / "s")
    server, client = tmp_path / "server", tmp_path / "client"
    server.mkdir()
    client.mkdir()
    source = script_for_server("upper", Listen(transport, path=path), "threads")
    with started(source, server):
        done = run(script_for_client(transport, path=path, messages=[b"hello"]), client)
    assert "received b'HELLO'" in done.stdout, done.stderr


# -- servers --------------------------------------------------------------------------------------------------------

CASES = [(behaviour, model) for model in MODELS for behaviour in ("echo", "upper-lines", "hello")]
CASES += [(behaviour, model) for behaviour in BEHAVIOURS for model in ("threads", "selectors", "asyncio")]


@pytest.mark.parametrize(("behaviour", "model"), list(dict.fromkeys(CASES)))
def test_a_server_script_answers_two_clients_and_stops(behaviour: str, model: str, tmp_path: Path) -> None:
    source = script_for_server(behaviour, Listen(), model, expression="data * 2")
    with started(source, tmp_path) as (address, _):
        probe(address, behaviour)
        probe(address, behaviour)


PLAIN_SERVERS = [script.id for script in SCRIPTS.values() if script.role == "server" and "receive" not in script.id
                 and script.id not in creosote.TITLES and not script.id.endswith("ftp-server")  # their room does it
                 and script.id not in ("server-kqueue", "tls-server", "udp-server", "dual-stack-server")]  # fmt: skip


@pytest.mark.parametrize("action_id", PLAIN_SERVERS)
def test_a_server_script_of_the_registry_answers(action_id: str, tmp_path: Path) -> None:
    script = SCRIPTS[action_id]
    with started(render(action_id, {"port": 0}, imports="names"), tmp_path) as (address, _):
        probe(address, script.needs)


def test_the_dual_stack_server_script_answers_both(tmp_path: Path) -> None:
    with started(render("dual-stack-server"), tmp_path) as (address, _):
        probe(("127.0.0.1", address[1]), "echo")
        probe(("::1", address[1], 0, 0), "echo")


def test_the_kqueue_script_says_where_it_works(tmp_path: Path) -> None:
    if hasattr(__import__("select"), "kqueue"):
        with started(render("server-kqueue"), tmp_path) as (address, _):
            probe(address, "echo")
    else:
        done = run(render("server-kqueue"), tmp_path)
        assert done.returncode == 1
        assert done.stderr == "This system has no kqueue: it exists on BSD and macOS, Linux has epoll.\n"


@pytest.mark.parametrize("model", ["threads", "pool", "fork", "asyncio", "select"])
def test_a_tls_server_script_secures_the_connection(model: str, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    context = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    source = script_for_server("upper", Listen(), model, tls=True, certificate=str(tmp_path / "server.pem"))
    with (
        started(source, tmp_path) as (address, _),
        connected(address) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        secured.sendall(b"hello")
        assert secured.recv(100) == b"HELLO"


@pytest.mark.parametrize("model", ["iterative", "socketserver", "socketserver-threading", "socketserver-forking"])
def test_a_udp_server_script_answers_the_sender(model: str, tmp_path: Path) -> None:
    source = script_for_server("upper", Listen("udp"), model)
    with started(source, tmp_path) as (address, _), connected(address, socket.SOCK_DGRAM) as sock:
        sock.send(b"hello")
        assert sock.recv(100) == b"HELLO"


def test_the_registry_s_udp_server_answers_the_registry_s_udp_client(tmp_path: Path) -> None:
    (tmp_path / "client").mkdir()
    with started(render("udp-server", {"port": 0}), tmp_path) as (address, _):
        done = run(render("udp-client", {"port": address[1]}), tmp_path / "client")
        assert "received b'HELLO\\n'" in done.stdout


def test_an_allow_list_turns_others_away(tmp_path: Path) -> None:
    source = script_for_server("echo", Listen(), "socketserver", allow=("127.0.0.2/32",))
    with started(source, tmp_path) as (address, _):
        with connected(address) as refused:
            assert read_all(refused) == b""
        with socket.create_connection(address, timeout=DEADLINE_S, source_address=("127.0.0.2", 0)) as allowed:
            allowed.sendall(b"hello")
            assert allowed.recv(100) == b"hello"


def test_a_delay_holds_up_everybody_where_there_is_one_thread_only(tmp_path: Path) -> None:
    def seconds(model: str) -> float:
        source = script_for_server("echo", Listen(), model, delay_ms=300)
        with started(source, tmp_path) as (address, _), connected(address) as one, connected(address) as two:
            begun = time.monotonic()
            one.sendall(b"x")
            two.sendall(b"x")
            assert one.recv(1) + two.recv(1) == b"xx"
            return time.monotonic() - begun

    one_thread, a_thread_each = seconds("selectors"), seconds("threads")
    assert one_thread > 0.55
    assert one_thread > a_thread_each > 0.25


def test_the_forking_script_leaves_no_zombie(tmp_path: Path) -> None:
    with started(script_for_server("echo", Listen(), "fork"), tmp_path) as (address, process):
        for _ in range(3):
            probe(address, "echo")
        listing = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        deadline = time.monotonic() + DEADLINE_S
        while listing.read_text().strip():
            assert time.monotonic() < deadline, "zombies"


def _ticks(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])


def test_the_course_s_upper_case_server_spins_when_its_client_goes_and_the_mended_one_ends(tmp_path: Path) -> None:
    with started(render("upper-server-course", {"port": 0}), tmp_path) as (address, process):
        with connected(address) as client:
            client.sendall(b"abc")
            assert client.recv(3) == b"ABC"
        ticks = _ticks(process.pid)
        deadline = time.monotonic() + DEADLINE_S
        while _ticks(process.pid) < ticks + 20:
            assert time.monotonic() < deadline, "it does not spin"
    with started(render("upper-server", {"port": 0}), tmp_path) as (address, process):
        with connected(address) as client:
            client.sendall(b"abc\n")
            assert client.recv(4) == b"ABC\n"
        assert process.stdout is not None
        assert process.stdout.readline().startswith("connected: ")
        assert process.stdout.readline().startswith("done: ")


# -- failures and single steps ------------------------------------------------------------------------------------


def test_every_failure_of_the_bench_has_a_script() -> None:
    assert {entry.id for entry in FAILURES} == set(FAILURE_SCRIPTS)


@pytest.mark.parametrize("name", sorted(FAILURE_SCRIPTS))
def test_a_failure_script_fails_as_the_bench_does(name: str, tmp_path: Path) -> None:
    done = run(render("failure", {"failure": name}), tmp_path)
    assert done.returncode == 0, done.stderr
    (entry,) = [entry for entry in FAILURES if entry.id == name]
    said = done.stdout.splitlines()[-1] if name != "eof" else done.stdout
    privileged = name == "access" and "no exception" in said  # root, or a system that lets everybody
    assert privileged or any(symbol in said for symbol in entry.expected), said
    assert name != "backlog" or done.stdout.splitlines()[-2] == "connected 6"


def test_the_steps_of_a_server_are_written_as_they_were_made(tmp_path: Path) -> None:
    steps = [("create", b""), ("bind", b""), ("listen", b""), ("accept", b""), ("recv", b""), ("send", b"HELLO"),
             ("shutdown", b""), ("recv", b""), ("close", b""), ("close", b"")]  # fmt: skip
    source = render("steps", {"role": "server", "port": 0, "steps": steps, "timeout_s": 20.0})
    script = write(source, tmp_path)
    with subprocess.Popen(command(script), stdout=subprocess.PIPE, text=True, cwd=tmp_path) as server:
        try:
            assert server.stdout is not None
            address = ast.literal_eval(server.stdout.readline().removeprefix("bound to "))
            with contextlib.suppress(ConnectionRefusedError), connected_soon(address) as client:
                client.sendall(b"hello")
                assert read_all(client) == b"HELLO"
            said, _ = server.communicate(timeout=DEADLINE_S)
        finally:
            server.kill()
    assert "received b'hello'\nsent 5 bytes\nreceived b''\n" in said
    assert server.returncode == 0


def connected_soon(address: Any) -> socket.socket:
    """A connection to a server that is between bind() and listen()."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            return socket.create_connection(address, timeout=DEADLINE_S)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline


def test_a_wrong_step_ends_with_its_reason(tmp_path: Path) -> None:
    done = run(render("steps", {"steps": [("create", b""), ("recv", b"")]}), tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("OSError: [Errno 107]")


@pytest.mark.parametrize("name", ["SO_LINGER", "SO_RCVTIMEO", "SO_PEERCRED", "TCP_CONGESTION", "TCP_NODELAY",
                                  "IP_MULTICAST_IF", "IPV6_UNICAST_HOPS", "TCP_DEFER_ACCEPT",
                                  "SO_ACCEPTCONN"])  # fmt: skip
def test_the_script_of_an_option_sets_and_reads_exactly_that_one(name: str, tmp_path: Path) -> None:
    option = next(each for each in OPTIONS if each.name == name)
    value = "reno" if name == "TCP_CONGESTION" else OPTION_VALUES[option.kind]
    end = "listener" if name in ("TCP_DEFER_ACCEPT", "SO_ACCEPTCONN") else "client"
    params = {"option": name, "value": value, "transport": option.transports[0], "end": end}
    done = run(render("option", params), tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["before", "now"] if option.settable else ["before"]
    expected = {"SO_LINGER": "(1, 5)", "SO_RCVTIMEO": "(1, 500000)", "TCP_CONGESTION": "reno", "TCP_NODELAY": "1",
                "IP_MULTICAST_IF": "127.0.0.1"}  # fmt: skip
    assert lines[-1].endswith(expected.get(name, ""))
    if name == "SO_ACCEPTCONN":
        assert lines == ["before 1"]


@pytest.mark.parametrize("transport", ["tcp", "udp", "unix", "unix-dgram", "unix-seqpacket"])
@pytest.mark.parametrize("end", ["client", "listener", "accepted"])
@pytest.mark.parametrize("ipv6", [False, True])
def test_every_kind_of_socket_has_its_option_script(transport: str, end: str, ipv6: bool, tmp_path: Path) -> None:
    done = run(render("option", {"transport": transport, "end": end, "ipv6": ipv6}), tmp_path)
    assert "now 10000" in done.stdout, done.stderr


# -- what it refuses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("action_id", "params"), [
    ("no-such", {}), ("client", {"no_such": 1}), ("client", {"port": "2345"}), ("client", {"port": True}),
    ("client", {"messages": [b"a", object()]}), ("server", {"behaviour": "../x"}), ("server", {"model": "../x"}),
    ("server", {"transport": "x"}), ("server", {"behaviour": "transform", "expression": "data\nimport os"}),
    ("option", {"option": "SO_X"}), ("option", {"value": "many"}), ("option", {"transport": "x"}),
    ("client", {"framing": "x"}), ("failure", {"failure": "x"}), ("steps", {"steps": [("os.system", b"")]}),
])  # fmt: skip
def test_what_cannot_be_written_safely_is_refused(action_id: str, params: dict[str, Any]) -> None:
    with pytest.raises(ScriptError):
        render(action_id, params)


def test_a_hostile_value_stays_data() -> None:
    hostile = '"""\n__import__("os").system("true") #\\'
    for action_id, params in (("client", {"host": hostile, "messages": [hostile.encode()]}),
                              ("server", {"host": hostile}),
                              ("server", {"transport": "unix", "path": hostile})):  # fmt: skip
        source = render(action_id, params)
        calls = {node.func.id for node in ast.walk(ast.parse(source))
                 if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}  # fmt: skip
        assert "__import__" not in calls
        values = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
        assert hostile in values


def test_a_long_message_is_cut_and_the_script_says_so() -> None:
    source = script_for_client(messages=[bytes(LIMIT_BYTES + 1)])
    assert "long messages are cut" in source.splitlines()[0]
    (tree,) = [node.value for node in ast.parse(source).body if isinstance(node, ast.AnnAssign)]
    assert tree is not None
    assert ast.literal_eval(tree) == [bytes(LIMIT_BYTES)]
