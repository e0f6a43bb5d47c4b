"""`netlab serve` and `netlab connect` as a person and a script use them, against foreign peers and each other."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests import console
from tests.peers import answered, require_tool
from tests.protocols.sockets.ends import DEADLINE_S, black_hole, dead_port, plain_listener

NETLAB = [sys.executable, "-m", "protocols.sockets.commands"]
MODELS = ["iterative", "threads", "pool", "fork", "select", "poll", "epoll", "selectors", "asyncio"]


def netlab(*arguments: str, stdin: bytes | None = b"", timeout_s: float = 30) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end."""
    return subprocess.run([*NETLAB, *arguments], input=stdin, capture_output=True, timeout=timeout_s, check=False)


def events(output: bytes) -> list[dict[str, Any]]:
    """Every line of stdout as an event: no other line may be there."""
    return [json.loads(line) for line in output.splitlines()]


class Served:
    """A `netlab serve` that runs. first: its first line, as an event with --json, else as text."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            [*NETLAB, "serve", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            bufsize=0,
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            assert self.process.stderr is not None
            raise AssertionError(self.process.stderr.read().decode())
        self.first: Any = json.loads(line) if "--json" in arguments else line.decode()
        self.port = int(self.first["detail"].get("port", 0)) if "--json" in arguments else 0
        if "--json" in arguments and self.first["kind"] != "listening":
            raise AssertionError(self.process.communicate())

    def end(self, number: int = signal.SIGTERM) -> tuple[int, bytes, bytes]:
        """Signal it; exit status, the rest of stdout, stderr."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode, out, err


@contextlib.contextmanager
def served(*arguments: str) -> Iterator[Served]:
    """A server of the command line, killed at the end at the latest."""
    one = Served(arguments)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


# -- serve ------------------------------------------------------------------------------------------------------------


def test_the_first_line_says_where_it_listens_and_when_the_clock_began() -> None:
    with served("echo", "--json") as server:
        first = server.first
        assert (first["v"], first["kind"], first["detail"]["host"]) == (1, "listening", "127.0.0.1")
        assert first["detail"]["port"] > 0
        assert abs(first["t"] + first["detail"]["epoch_ns"] - time.time_ns()) < 60e9
        with socket.create_connection(("127.0.0.1", server.port), DEADLINE_S) as sock:
            sock.sendall(b"hello")
            assert sock.recv(100) == b"hello"
        status, rest, _ = server.end()
    assert status == 0
    told = events(rest)
    assert {"socket", "bind", "listen", "accept", "recv", "close"} <= {event["kind"] for event in told}
    order = [event["kind"] for event in sorted([first, *told], key=lambda event: event["t"])]
    assert order.index("listen") < order.index("listening")
    received = [base64.b64decode(event["data"]) for event in told if event["layer"] == "call" and event["dir"] == "in"
                and event["size"]]  # fmt: skip
    assert b"".join(received) == b"hello"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_a_signal_ends_a_server_with_status_0_and_frees_its_port(number: int, flags: tuple[str, ...]) -> None:
    with served("echo", *flags) as server:
        port = server.port or int(server.first.split("127.0.0.1:")[1].split()[0])
        with socket.create_connection(("127.0.0.1", port), DEADLINE_S):
            status, _, err = server.end(number)
    assert status == 0, err
    with socket.create_server(("127.0.0.1", port)):
        pass


@pytest.mark.parametrize("model", MODELS)
def test_every_model_serves_ncat(model: str) -> None:
    with served("upper", "--model", model, "--json") as server:
        words = [require_tool("ncat"), "-4", "127.0.0.1", str(server.port)]
        assert answered(words, b"hello ncat\n", 11) == b"HELLO NCAT\n"
        status, rest, err = server.end()
    assert status == 0, err
    assert events(rest)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_serves_datagrams_to_socat(model: str) -> None:
    with served("upper", "--transport", "udp", "--model", model, "--json") as server:
        words = [require_tool("socat"), "-", f"UDP:127.0.0.1:{server.port}"]
        assert answered(words, b"hello socat", 11) == b"HELLO SOCAT"
        status, rest, err = server.end()
    assert status == 0, err
    assert {"recvfrom", "sendto"} <= {event["kind"] for event in events(rest)}


def test_socat_gets_the_greeting_and_the_end() -> None:
    with served("hello", "--json") as server:
        answer = subprocess.run([require_tool("socat"), "-u", f"TCP:127.0.0.1:{server.port}", "-"],
                                capture_output=True, timeout=DEADLINE_S, check=True)  # fmt: skip
    assert answer.stdout == b"Hello 127.0.0.1\n"


def test_udp_and_unix_are_served_too(tmp_path: Path) -> None:
    with served("upper", "--transport", "udp", "--json") as server, socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.settimeout(DEADLINE_S)
        sock.sendto(b"hello", ("127.0.0.1", server.port))
        assert sock.recvfrom(100)[0] == b"HELLO"
    path = tmp_path / "upper.sock"
    with served("upper", "--transport", "unix", "--path", str(path), "--json") as server:
        assert server.first["detail"]["path"] == str(path)
        assert answered([require_tool("ncat"), "-U", str(path)], b"hello", 5) == b"HELLO"
        assert server.end()[0] == 0
    assert not path.exists()


@pytest.mark.parametrize("client", ["openssl", "socat"])
def test_tls_is_served_with_the_authority_it_names(client: str) -> None:
    with served("upper", "--tls", "--json") as server:
        authority = server.first["detail"]["authority"]
        address = f"127.0.0.1:{server.port}"
        if client == "socat":
            command = [require_tool("socat"), "-", f"OPENSSL:{address},cafile={authority},commonname=localhost"]
        else:
            command = [require_tool("openssl"), "s_client", "-quiet", "-no_ign_eof", "-verify_return_error",
                       "-CAfile", authority, "-connect", address]  # fmt: skip
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"hello\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"HELLO\n"
        process.stdin.close()
        process.wait(DEADLINE_S)
        process.stdout.close()
    assert not Path(authority).exists() or server.process.returncode != 0


def test_a_taken_port_is_a_sentence_on_stderr_and_status_1() -> None:
    with plain_listener() as taken:
        port = str(taken.getsockname()[1])
        plain = netlab("serve", "echo", "--port", port)
        told = netlab("serve", "echo", "--port", port, "--json")
    assert plain.returncode == told.returncode == 1
    assert plain.stdout == b""
    for run in (plain, told):
        assert port.encode() in run.stderr
        assert b"EADDRINUSE" in run.stderr
        assert b"Traceback" not in run.stderr
    lines = events(told.stdout)
    assert "epoch_ns" in lines[0]["detail"]
    assert next(event for event in lines if event["kind"] == "bind")["detail"]["errno"] == "EADDRINUSE"


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve",),
        ("serve", "nonsense"),
        ("serve", "echo", "--port", "70000"),
        ("serve", "echo", "--port", "http"),
        ("serve", "echo", "--transport", "unix"),
        ("serve", "echo", "--path", "/srv/x"),
        ("serve", "echo", "--transport", "udp", "--tls"),
        ("serve", "echo", "--model", "magic"),
        ("serve", "echo", "--transport", "unix-seqpacket", "--path", "/srv/x", "--model", "asyncio"),
        ("serve", "echo", "--workers", "0"),
        ("serve", "echo", "--delay-ms", "-1"),
        ("serve", "transform", "--expression", "open('x')"),
        ("connect",),
        ("connect", "127.0.0.1"),
        ("connect", "127.0.0.1", "99999"),
        ("connect", "127.0.0.1", "80", "--timeout-s", "0"),
        ("connect", "127.0.0.1", "80", "--timeout-s", "soon"),
        ("connect", "--transport", "unix"),
        ("connect", "127.0.0.1", "80", "--transport", "unix", "--path", "/srv/x"),
        ("connect", "127.0.0.1", "80", "--tls", "--transport", "udp"),
        ("nonsense",),
    ],
)
def test_wrong_arguments_are_status_2_and_say_what_is_wrong(arguments: tuple[str, ...]) -> None:
    run = netlab(*arguments) if arguments == ("nonsense",) else console.netlab(*arguments)  # in this process: quicker
    assert run.returncode == 2
    assert run.stdout == b""
    assert b"error: " in run.stderr
    assert b"Traceback" not in run.stderr


def test_help_needs_no_explanation() -> None:
    for command in ("serve", "connect"):
        run = netlab(command, "--help")
        assert run.returncode == 0
        assert b"for example:" in run.stdout


def test_a_server_whose_reader_has_gone_ends() -> None:
    with served("echo", "--json") as server:
        assert server.process.stdout is not None
        server.process.stdout.close()
        server.process.wait(DEADLINE_S)
        assert server.process.stderr is not None
        assert b"Traceback" not in server.process.stderr.read()
        server.process.stdout = None


def test_a_delay_is_waited_before_each_answer() -> None:
    with served("echo", "--delay-ms", "200", "--json") as server:
        began = time.monotonic()
        assert netlab("connect", "127.0.0.1", str(server.port), stdin=b"x").stdout == b"x"
        assert time.monotonic() - began > 0.2


def test_an_address_open_to_others_is_warned_of() -> None:
    with served("echo", "--host", "0.0.0.0") as server:
        status, _, err = server.end()
    assert status == 0
    assert b"other machines" in err


# -- connect ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a socat that echoes."""
    _, port = dead_port()
    command = [require_tool("socat"), "-d", "-d", f"TCP4-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork", "EXEC:cat"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    assert process.stderr is not None
    assert any(b"listening on" in line for line in iter(process.stderr.readline, b""))
    yield port
    process.kill()
    process.wait()
    process.stderr.close()


def test_stdin_goes_to_the_peer_and_the_peer_to_stdout(echo: int) -> None:
    run = netlab("connect", "127.0.0.1", str(echo), stdin=b"hello\n")
    assert (run.returncode, run.stdout, run.stderr) == (0, b"hello\n", b"")


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_twenty_megabytes_go_and_come_whole(echo: int, flags: tuple[str, ...]) -> None:
    data = os.urandom(20_000_000)
    run = netlab("connect", "127.0.0.1", str(echo), *flags, stdin=data)
    assert run.returncode == 0, run.stderr
    if not flags:
        assert run.stdout == data
        return
    lines = events(run.stdout)
    for direction in ("in", "out"):
        moved = [event for event in lines if event["layer"] == "call" and event["dir"] == direction and event["size"]]
        at = 0
        for event in moved:
            assert event["offset"] == at
            at += event["size"]
        assert b"".join(base64.b64decode(event["data"]) for event in moved) == data
    assert {event["conn"] for event in lines if event["conn"] is not None} == {"1"}


def test_with_json_stdout_holds_events_only(echo: int) -> None:
    run = netlab("connect", "127.0.0.1", str(echo), "--json", stdin=b"hello\n")
    lines = events(run.stdout)
    assert run.returncode == 0
    assert "epoch_ns" in lines[0]["detail"]
    assert all(event["v"] == 1 for event in lines)
    assert {"connect", "send", "shutdown", "recv", "close"} <= {event["kind"] for event in lines}


def test_end_of_stdin_half_closes_and_the_late_answer_is_still_read() -> None:
    with plain_listener() as listener:
        process = subprocess.Popen(
            [*NETLAB, "connect", "127.0.0.1", str(listener.getsockname()[1])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin is not None
        conn, _ = listener.accept()
        with conn:
            conn.settimeout(DEADLINE_S)
            process.stdin.write(b"question")
            process.stdin.close()
            parts = []
            while data := conn.recv(100):
                parts.append(data)
            assert b"".join(parts) == b"question"
            conn.sendall(b"late answer")
        assert process.stdout is not None
        assert process.stdout.read() == b"late answer"
        assert process.wait(DEADLINE_S) == 0
        process.stdout.close()


def test_the_peers_end_ends_it_although_stdin_is_open() -> None:
    """The server closes first."""
    with served("hello", "--json") as server:
        process = subprocess.Popen([*NETLAB, "connect", "127.0.0.1", str(server.port)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stdout.read() == b"Hello 127.0.0.1\n"
            assert process.wait(DEADLINE_S) == 0
        finally:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_refused_is_a_sentence_and_status_1(flags: tuple[str, ...]) -> None:
    run = netlab("connect", "127.0.0.1", str(dead_port()[1]), *flags)
    assert run.returncode == 1
    assert b"ECONNREFUSED" in run.stderr
    assert b"Traceback" not in run.stderr
    if flags:
        connect = next(event for event in events(run.stdout) if event["kind"] == "connect")
        assert connect["detail"]["errno"] == "ECONNREFUSED"
        assert connect["detail"]["why"].endswith(".")
    else:
        assert run.stdout == b""


def test_an_unknown_name_has_its_errno() -> None:
    run = netlab("connect", "no-such-host.invalid", "80", "--json", "--timeout-s", "10")
    assert run.returncode == 1
    failed = [event["detail"]["errno"] for event in events(run.stdout) if "errno" in event["detail"]]
    assert failed
    assert all(name.startswith("EAI_") for name in failed)


def test_the_time_out_ends_a_connect_that_nobody_answers() -> None:
    with black_hole() as (host, port):
        run = netlab("connect", host, str(port), "--timeout-s", "0.3")
    assert run.returncode == 1
    assert b"neither accepted nor refused within the time-out" in run.stderr
    assert b"ETIMEDOUT" in run.stderr


def test_the_time_out_ends_the_wait_for_a_silent_peer() -> None:
    with plain_listener() as listener:
        run = netlab("connect", "127.0.0.1", str(listener.getsockname()[1]), "--timeout-s", "0.3", stdin=b"anybody?")
    assert run.returncode == 1
    assert b"the connection still stands" in run.stderr
    assert b"ETIMEDOUT" in run.stderr


def test_the_time_out_does_not_hurry_the_person_who_types(echo: int) -> None:
    process = subprocess.Popen([*NETLAB, "connect", "127.0.0.1", str(echo), "--timeout-s", "0.2"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    assert not select.select([process.stdout], [], [], 0.6)[0]
    out, _ = process.communicate(b"slow typist\n", timeout=DEADLINE_S)
    assert (process.returncode, out) == (0, b"slow typist\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_client_cleanly(echo: int, number: int) -> None:
    process = subprocess.Popen([*NETLAB, "connect", "127.0.0.1", str(echo)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"hello\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"hello\n"
    process.send_signal(number)
    _, err = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, err) == (0, b"")


def test_a_reader_that_goes_away_ends_it_without_a_traceback(echo: int) -> None:
    process = subprocess.Popen([*NETLAB, "connect", "127.0.0.1", str(echo)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(b"hello\n" * 1000, timeout=DEADLINE_S)
    assert process.returncode == 1
    assert b"Traceback" not in err


def test_tls_between_two_labs_of_one_person_needs_no_flag() -> None:
    data = os.urandom(300_000)
    with served("echo", "--tls", "--json") as server:
        run = netlab("connect", "127.0.0.1", str(server.port), "--tls", "--timeout-s", "10", stdin=data)
        assert run.returncode == 0, run.stderr
        assert run.stdout == data
        told = netlab("connect", "127.0.0.1", str(server.port), "--tls", "--json", stdin=b"secret")
        lines = events(told.stdout)
        moved = [event for event in lines if event["dir"] and event["size"]]
        assert all(event["detail"]["tls"] for event in moved)
        assert base64.b64decode(next(event["data"] for event in moved if event["dir"] == "in")) == b"secret"


def test_an_unknown_authority_is_refused_unless_it_is_named(tmp_path: Path) -> None:
    key, pem, port = tmp_path / "key.pem", tmp_path / "cert.pem", str(dead_port()[1])
    subprocess.run([require_tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key),
                    "-out", str(pem), "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-addext", "basicConstraints=critical,CA:TRUE"], capture_output=True, check=True)  # fmt: skip
    process = subprocess.Popen(
        [require_tool("openssl"), "s_server", "-accept", f"127.0.0.1:{port}", "-cert", str(pem), "-key", str(key),
         "-rev"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert any(b"ACCEPT" in line for line in iter(process.stdout.readline, b""))
        run = netlab("connect", "localhost", port, "--tls", "--json", stdin=b"hello\n")
        assert run.returncode == 1
        assert b"CERTIFICATE_VERIFY_FAILED" in run.stderr
        failed = next(event for event in events(run.stdout) if event["kind"] == "handshake")
        assert failed["detail"]["errno"] == "CERTIFICATE_VERIFY_FAILED"
        for flags in (("--ca", str(pem)), ("--insecure",)):
            talk = subprocess.Popen([*NETLAB, "connect", "localhost", port, "--tls", *flags], stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE)  # fmt: skip
            assert talk.stdin is not None
            assert talk.stdout is not None
            talk.stdin.write(b"hello\n")
            talk.stdin.flush()
            assert talk.stdout.readline() == b"olleh\n"
            talk.stdin.close()
            talk.wait(DEADLINE_S)
            talk.stdout.close()
    finally:
        process.kill()
        process.communicate()


def test_udp_and_unix_are_reached(tmp_path_factory: pytest.TempPathFactory) -> None:
    with served("upper", "--transport", "udp", "--json") as server:
        run = netlab("connect", "127.0.0.1", str(server.port), "--transport", "udp", stdin=b"hello")
        assert (run.returncode, run.stdout) == (0, b"HELLO")
    run = netlab("connect", "127.0.0.1", str(server.port), "--transport", "udp", stdin=b"nobody")
    assert run.returncode == 1
    assert b"ECONNREFUSED" in run.stderr
    short = tmp_path_factory.mktemp("u")  # a UNIX socket's path has room for 107 bytes
    for transport in ("unix", "unix-seqpacket", "unix-dgram"):
        path = str(short / transport)
        with served("upper", "--transport", transport, "--path", path, "--json"):
            run = netlab("connect", "--transport", transport, "--path", path, stdin=b"hello")
            assert (run.returncode, run.stdout) == (0, b"HELLO"), (transport, run.stderr)


AS_NOBODY = """
import os, sys
from protocols.sockets import commands
commands.main(["connect", "127.0.0.1", "1"])  # imports all there is to import: nobody may not read everywhere
if os.getuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
sys.exit(commands.main())
"""


def test_it_works_without_privilege(echo: int) -> None:
    """As uid 65534."""
    run = subprocess.run([sys.executable, "-c", AS_NOBODY, "connect", "127.0.0.1", str(echo)], input=b"hello\n",
                         capture_output=True, timeout=30, check=False)  # fmt: skip
    assert (run.returncode, run.stdout) == (0, b"hello\n"), run.stderr


def test_no_command_loads_qt() -> None:
    code = (
        "import sys\n"
        "from protocols.sockets import commands, connect, serve, client, datagram, telnet, demos, failures\n"
        "print([name for name in sys.modules if name.startswith(('PySide6', 'widgets', 'netlab_gui'))])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("by_hand", [True, False])
def test_who_types_by_hand_is_told_that_the_connection_stands_and_when_it_ends(by_hand: bool) -> None:
    main, side = pty.openpty()
    with plain_listener() as listener:
        host, port = listener.getsockname()
        command = [*NETLAB, "connect", host, str(port)]
        stdin = side if by_hand else subprocess.PIPE
        with subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=side) as process:
            try:
                listener.settimeout(DEADLINE_S)
                with listener.accept()[0] as sock:
                    sock.sendall(b"hello\n")
                assert process.stdout is not None
                assert process.stdout.read() == b"hello\n"
                assert process.wait(DEADLINE_S) == 0
            finally:
                process.kill()
    ready, _, _ = select.select([main], [], [], 0)
    said = os.read(main, 4096).decode().splitlines() if ready else []
    os.close(side)
    os.close(main)
    assert said == [
        f"netlab: Connected to {host}:{port}: type lines, Ctrl+D ends your side.",
        "netlab: The peer has ended the connection.",
    ] * by_hand


def test_an_address_in_brackets_is_taken_as_the_listening_line_shows_it() -> None:
    with served("upper", "--host", "[::1]", "--json") as server:
        assert server.first["detail"]["host"] == "::1"
        run = netlab("connect", "[::1]", str(server.port), stdin=b"hello\n")
    assert (run.returncode, run.stdout, run.stderr) == (0, b"HELLO\n", b"")


def test_a_peer_that_speaks_tls_is_recognised() -> None:
    with plain_listener() as listener:
        command = [*NETLAB, "connect", *map(str, listener.getsockname())]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe) as process:
            with listener.accept()[0] as sock:
                sock.sendall(bytes.fromhex("15 0303 0002 0246"))  # fatal, protocol_version
            _, said = process.communicate(timeout=DEADLINE_S)
    assert b"The peer speaks TLS" in said
    assert process.returncode == 0


def test_no_control_character_of_a_peer_reaches_a_terminal() -> None:
    main, side = pty.openpty()
    with plain_listener() as listener:
        command = [*NETLAB, "connect", *map(str, listener.getsockname())]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=side, stderr=subprocess.PIPE) as process:
            listener.settimeout(DEADLINE_S)
            with listener.accept()[0] as sock:
                sock.sendall(b"a\x1b]0;title\x07\r")
                sock.sendall(b"\ngr\xc3")
                sock.sendall(b"\xbc\xff\r")
            process.communicate(timeout=DEADLINE_S)
    os.close(side)
    shown = os.read(main, 4096)
    os.close(main)
    assert shown == rb"a\x1b]0;title\x07" + b"\r\n" + "gr\u00fc".encode() + rb"\xff\x0d"
