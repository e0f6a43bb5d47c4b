"""Every explanation is checked against the error that a real socket call raises here."""

from __future__ import annotations

import errno
import os
import select
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from protocols.record.explain import Explained, _words, address_text, explain, symbol_of, who_has

DEAD = "127.0.0.1"


@pytest.fixture
def tcp() -> Iterator[socket.socket]:
    with socket.socket() as sock:
        yield sock


@pytest.fixture
def udp() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        yield sock


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


def error_of(call: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:
        call()
    return caught.value


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def is_whole(said: Explained) -> bool:
    return said.why.endswith(".") and bool(said.mend) and "{" not in said.why + "".join(said.checks + said.mend)


def test_refused_names_the_address_and_what_to_start(tcp: socket.socket) -> None:
    address = ("127.0.0.1", free_port())
    said = explain(error_of(lambda: tcp.connect(address)), call="connect", address=address)
    assert said.errno == "ECONNREFUSED"
    assert f"127.0.0.1:{address[1]}" in said.why
    assert is_whole(said)
    assert "Start a server" in said.mend[0]


def test_a_connected_udp_socket_is_refused_by_icmp(udp: socket.socket) -> None:
    udp.settimeout(20)
    udp.connect(("127.0.0.1", free_port(socket.SOCK_DGRAM)))
    udp.send(b"x")
    said = explain(error_of(lambda: udp.recv(10)), call="recv", address=udp.getpeername(), transport="udp")
    assert said.errno == "ECONNREFUSED"
    assert "ICMP port unreachable" in said.why


def test_the_seventh_connect_on_backlog_five_times_out_and_says_why(tcp: socket.socket) -> None:
    tcp.bind(("127.0.0.1", 0))
    tcp.listen(5)
    waiting = [socket.create_connection(tcp.getsockname(), timeout=20) for _ in range(6)]
    try:
        with socket.socket() as seventh:
            seventh.settimeout(0.3)
            error = error_of(lambda: seventh.connect(tcp.getsockname()))
    finally:
        for sock in waiting:
            sock.close()
    said = explain(error, call="connect", address=tcp.getsockname())
    assert said.errno == "ETIMEDOUT"
    assert "queue is full" in said.why
    assert any("seventh" in line for line in said.checks)


def test_a_port_in_use_names_its_holder(listener: socket.socket, tcp: socket.socket) -> None:
    address = listener.getsockname()
    said = explain(error_of(lambda: tcp.bind(address)), call="bind", address=address)
    assert said.errno == "EADDRINUSE"
    assert address_text(address) in said.why
    holders = who_has(address[1])
    assert (holders[0].pid, holders[0].state) == (os.getpid(), "LISTEN")


def test_reuse_address_does_not_help_while_another_listens(listener: socket.socket, tcp: socket.socket) -> None:
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    said = explain(error_of(lambda: tcp.bind(listener.getsockname())), call="bind", address=listener.getsockname())
    assert any("not while another socket listens" in line for line in said.checks)


def test_two_udp_sockets_on_one_port(udp: socket.socket) -> None:
    udp.bind(("127.0.0.1", 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        error = error_of(lambda: other.bind(udp.getsockname()))
    said = explain(error, call="bind", address=udp.getsockname(), transport="udp")
    assert said.errno == "EADDRINUSE"
    assert "UDP" in said.why
    assert who_has(udp.getsockname()[1], "udp")[0].pid == os.getpid()


def test_a_privileged_port_is_explained_with_the_kernels_own_limit() -> None:
    low = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if low < 2:
        pytest.skip("this kernel has no privileged ports")
    said = explain(PermissionError(errno.EACCES, "Permission denied"), call="bind", address=("127.0.0.1", low - 1))
    assert f"below {low}" in said.why
    above = explain(PermissionError(errno.EACCES, "Permission denied"), call="bind", address=("127.0.0.1", low))
    assert "privileged" not in above.why


def test_broadcast_without_the_option(udp: socket.socket) -> None:
    address = ("127.255.255.255", 9)
    error = error_of(lambda: udp.sendto(b"x", address))
    said = explain(error, call="sendto", address=address, transport="udp")
    assert said.errno == "EACCES"
    assert "SO_BROADCAST" in said.mend[0]


def test_an_address_of_another_machine_cannot_be_bound(tcp: socket.socket) -> None:
    said = explain(error_of(lambda: tcp.bind(("192.0.2.1", 0))), call="bind", address=("192.0.2.1", 0))
    assert said.errno == "EADDRNOTAVAIL"
    assert "not an address of this machine" in said.why


def test_reset_by_linger_zero(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname(), timeout=20) as client:
        served, _ = listener.accept()
        served.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        served.close()
        said = explain(error_of(lambda: client.recv(1)), call="recv", address=listener.getsockname())
    assert said.errno == "ECONNRESET"
    assert "RST" in said.why


def test_broken_pipe_is_the_second_send_after_the_peers_end(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname(), timeout=20) as client:
        served, _ = listener.accept()
        served.close()
        assert client.recv(1) == b""
        client.send(b"first")
        select.poll().poll(0)

        def until_it_breaks() -> None:
            for _ in range(1000):
                select.select([], [client], [], 0.01)
                client.send(b"next")

        error = error_of(until_it_breaks)
    said = explain(error, call="send", address=listener.getsockname())
    assert said.errno == "EPIPE"
    assert any("second finds out" in line for line in said.checks)


def test_sending_on_a_listening_socket(listener: socket.socket) -> None:
    said = explain(error_of(lambda: listener.send(b"x")), call="send")
    assert said.errno == "EPIPE"
    assert "only listens" in said.why
    assert explain(error_of(lambda: listener.recv(1)), call="recv").errno == "ENOTCONN"


def test_a_full_datagram_is_too_long(udp: socket.socket) -> None:
    address = ("127.0.0.1", 9)
    udp.sendto(bytes(65507), address)
    said = explain(error_of(lambda: udp.sendto(bytes(65508), address)), call="sendto", address=address, transport="udp")
    assert said.errno == "EMSGSIZE"
    assert "65\u202f507" in said.why


def test_non_blocking_calls_are_no_failures(tcp: socket.socket, listener: socket.socket) -> None:
    tcp.setblocking(False)
    listener.setblocking(False)
    assert explain(error_of(listener.accept), call="accept").why.startswith("Nobody is waiting")
    said = explain(error_of(lambda: tcp.connect(("127.0.0.1", free_port()))), call="connect", address=(DEAD, 1))
    assert said.errno in ("EINPROGRESS", "ECONNREFUSED")
    one, two = socket.socketpair()
    with one, two:
        one.setblocking(False)
        assert explain(error_of(lambda: one.recv(1)), call="recv").errno == "EAGAIN"


@pytest.mark.parametrize(
    ("call", "kind", "symbol"),
    [
        ("accept", socket.SOCK_STREAM, "EINVAL"),
        ("accept", socket.SOCK_DGRAM, "EOPNOTSUPP"),
        ("listen", socket.SOCK_DGRAM, "EOPNOTSUPP"),
    ],
)
def test_calls_in_the_wrong_order(call: str, kind: int, symbol: str) -> None:
    with socket.socket(socket.AF_INET, kind) as sock:
        said = explain(error_of(getattr(sock, call)), call=call)
    assert said.errno == symbol
    assert is_whole(said)


def test_shutdown_send_and_recv_without_a_connection(tcp: socket.socket, udp: socket.socket) -> None:
    assert explain(error_of(lambda: tcp.recv(1)), call="recv").errno == "ENOTCONN"
    assert explain(error_of(lambda: tcp.send(b"x")), call="send").errno == "EPIPE"
    assert "reset the connection already" in explain(error_of(lambda: tcp.shutdown(2)), call="shutdown").why
    assert explain(error_of(lambda: udp.send(b"x")), call="send", transport="udp").errno == "EDESTADDRREQ"


def test_a_socket_is_bound_and_connected_once(tcp: socket.socket, listener: socket.socket) -> None:
    tcp.bind(("127.0.0.1", 0))
    assert "only once" in explain(error_of(lambda: tcp.bind(("127.0.0.1", 0))), call="bind").why
    tcp.connect(listener.getsockname())
    assert explain(error_of(lambda: tcp.connect(listener.getsockname())), call="connect").errno == "EISCONN"


def test_a_closed_socket(tcp: socket.socket) -> None:
    tcp.close()
    assert explain(error_of(lambda: tcp.send(b"x")), call="send").errno == "EBADF"


def test_unix_files(tmp_path: Path) -> None:
    path = str(tmp_path / "echo.sock")
    with socket.socket(socket.AF_UNIX) as client:
        said = explain(error_of(lambda: client.connect(path)), call="connect", address=path, transport="unix")
        assert (said.errno, path in said.why) == ("ENOENT", True)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
        said = explain(error_of(lambda: client.connect(path)), call="connect", address=path, transport="unix")
        assert said.errno == "ECONNREFUSED"
        assert "left behind" in said.why
        said = explain(error_of(lambda: client.bind(path)), call="bind", address=path, transport="unix")
        assert said.errno == "EADDRINUSE"
        assert "remove the file" in said.mend[0]
        folder = str(tmp_path)
        refused, used = error_of(lambda: client.connect(folder)), error_of(lambda: client.bind(folder))
        for call, error in (("connect", refused), ("bind", used)):
            assert "folder or a plain file" in explain(error, call=call, address=folder, transport="unix").why
        long = "/tmp/" + "x" * 200
        said = explain(error_of(lambda: client.bind(long)), call="bind", address=long, transport="unix")
        assert (said.errno, "107 bytes" in said.why) == ("ENAMETOOLONG", True)


def test_unix_types_do_not_mix(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        server.bind(path)
        server.listen()
        said = explain(error_of(lambda: client.connect(path)), call="connect", address=path, transport="unix-dgram")
        assert said.errno == "EPROTOTYPE"
        assert who_has(path, "unix")[0].pid == os.getpid()


def test_abstract_names_are_written_with_an_at_sign() -> None:
    name = "\0netlab-test-nobody"
    with socket.socket(socket.AF_UNIX) as client:
        said = explain(error_of(lambda: client.connect(name)), call="connect", address=name, transport="unix")
    assert "@netlab-test-nobody" in said.why
    assert said.errno == "ECONNREFUSED"


def test_names() -> None:
    error = error_of(lambda: socket.getaddrinfo("::1", 80, socket.AF_INET))
    assert symbol_of(error) in ("EAI_ADDRFAMILY", "EAI_NONAME")
    said = explain(socket.gaierror(socket.EAI_NONAME, "Name or service not known"), address=("no.such.invalid", 80))
    assert (said.errno, "no.such.invalid" in said.why) == ("EAI_NONAME", True)
    long = error_of(lambda: socket.getaddrinfo("x" * 70 + ".invalid", 80))
    assert "63 characters" in explain(long, address=("x" * 70, 80)).why


def test_a_port_out_of_range(tcp: socket.socket) -> None:
    said = explain(error_of(lambda: tcp.connect(("127.0.0.1", 70000))), call="connect", address=("127.0.0.1", 70000))
    assert (said.errno, said.title) == ("EINVAL", "No such port")


def test_a_descriptor_too_high_for_select() -> None:
    said = explain(error_of(lambda: select.select([1025], [], [], 0)), call="select")
    assert "FD_SETSIZE" in said.why


@pytest.mark.parametrize(
    ("code", "part"),
    [(10, "last day"), (9, "later day"), (18, "signed itself"), (20, "signed by a CA"), (62, "another name")],
)
def test_tls_verification_failures_by_openssls_number(code: int, part: str) -> None:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    error.reason, error.verify_code, error.verify_message = "CERTIFICATE_VERIFY_FAILED", code, "no good."
    said = explain(error, call="handshake", address=("127.0.0.1", 443))
    assert said.errno == "CERTIFICATE_VERIFY_FAILED"
    assert part in said.why
    assert said.why.endswith(".")
    assert not said.why.endswith("..")


def test_tls_to_a_plain_server(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname(), timeout=20) as client:
        served, _ = listener.accept()
        served.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")
        served.close()
        context = ssl.create_default_context()
        error = error_of(lambda: context.wrap_socket(client, server_hostname="localhost"))
    said = explain(error, call="handshake", address=listener.getsockname())
    assert said.errno in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
    assert "not TLS" in said.why


def test_plain_http_to_a_tls_server_is_known_by_openssls_reason() -> None:
    read, write = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).wrap_bio(read, write, server_side=True)
    read.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    said = explain(error_of(server.do_handshake), call="handshake")
    assert said.errno == "HTTP_REQUEST"
    assert "plain HTTP" in said.why


def test_want_read_is_not_taken_for_a_missing_file() -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_side=True)
    assert explain(error_of(server.do_handshake), call="handshake").errno == "SSL_ERROR_WANT_READ"


def test_errors_without_a_number_keep_their_meaning() -> None:
    assert symbol_of(ConnectionResetError("Connection lost")) == "ECONNRESET"
    assert symbol_of(BrokenPipeError()) == "EPIPE"
    assert symbol_of(EOFError()) == "EOF"
    assert symbol_of(TimeoutError()) == "ETIMEDOUT"
    assert explain(RuntimeError("odd {thing}")).why == "The call on the other end failed: odd {thing}."


def test_every_errno_and_every_text_makes_whole_sentences() -> None:
    for number, name in errno.errorcode.items():
        said = explain(OSError(number, os.strerror(number)), call="connect", address=("::1", 7))
        assert is_whole(said), name
        assert said.title
    for key, words in _words().items():
        assert {"why", "title", "what", "checks", "mend"} >= words.keys(), key
        assert " " in key or {"why", "title", "what", "mend"} <= words.keys(), key
        assert " " not in key or key.split()[0] in _words(), key
        assert words.get("why", "x.").endswith("."), key


def test_it_is_cheap_to_import() -> None:
    heavy = "{'ssl', 'tomllib', 'psutil', 'importlib.resources'}"
    probe = f"import sys, protocols.record.explain; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
