"""Telnet: options negotiated by telnetlib3 and named by the lab, line and character mode, a login."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from itertools import pairwise

import pytest

from protocols.record.recorder import Recorder
from protocols.service.base import ServiceError
from protocols.sockets.telnet import TelnetClient
from protocols.sockets.telnet_server import HELP, PROMPT, TelnetServer
from tests.protocols.sockets.ends import DEADLINE_S, Log, plain_listener, serving


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def log(recorder: Recorder) -> Log:
    return Log(recorder)


@pytest.fixture
def server(log: Log) -> Iterator[TelnetServer]:
    made = TelnetServer(log.recorder, port=0)
    made.start()
    yield made
    assert made.stop(20)


def logged_in(client: TelnetClient) -> bytes:
    """Log in; the text up to the prompt."""
    client.start()
    client.read_until(b"login: ").result(DEADLINE_S)
    client.send_line("guest").result(DEADLINE_S)
    client.read_until(b"password: ").result(DEADLINE_S)
    client.send_line("secret").result(DEADLINE_S)
    return client.read_until(PROMPT).result(DEADLINE_S)


def test_a_login_reaches_the_prompt_and_commands_are_answered(server: TelnetServer, log: Log) -> None:
    client = TelnetClient(log.recorder, port=server.address[1])
    assert b"Welcome" in logged_in(client)
    client.send_line("upper hello").result(DEADLINE_S)
    assert client.expect((b"nothing", b"HELLO\r\n")).result(DEADLINE_S)[0] == 1
    client.send_line("exit").result(DEADLINE_S)
    assert client.join(DEADLINE_S)
    assert client.error is None
    assert server.logins == 1


def test_the_options_are_told_as_messages_in_both_directions(server: TelnetServer, log: Log) -> None:
    """IAC DO and WILL, decoded."""
    client = TelnetClient(log.recorder, port=server.address[1])
    logged_in(client)
    told = {(event.service, event.direction, event.summary) for event in log.all() if event.kind == "telnet command"}
    assert (server.name, "out", "IAC DO TTYPE") in told
    assert (client.name, "in", "IAC DO TTYPE") in told
    assert (client.name, "out", "IAC WILL TTYPE") in told
    assert (client.name, "in", "IAC WILL ECHO") in told
    assert (server.name, "in", "IAC SB NAWS 80 columns, 25 rows IAC SE") in told
    conns = {event.conn for event in log.all() if event.kind == "telnet command"}
    assert conns == {"1"}
    assert client.typing == "character"
    client.stop()


def test_every_byte_of_the_session_is_recorded(server: TelnetServer, log: Log) -> None:
    client = TelnetClient(log.recorder, port=server.address[1])
    logged_in(client)
    client.stop()
    assert server.stop(20)
    for service in (client.name, server.name):
        calls = [event for event in log.all() if event.layer == "call" and event.service == service and event.size]
        for direction in ("in", "out"):
            mine = sorted((e.offset or 0, e.size or 0) for e in calls if e.direction == direction)
            assert mine
            assert all(at + size == after for (at, size), (after, _) in pairwise(mine))


def test_in_line_mode_the_server_leaves_the_echo_to_the_client(log: Log) -> None:
    made = TelnetServer(log.recorder, port=0, line_mode=True)
    made.start()
    try:
        client = TelnetClient(log.recorder, port=made.address[1])
        logged_in(client)
        assert client.typing == "line"
        client.stop()
    finally:
        assert made.stop(20)


def test_single_keys_are_echoed_by_the_server(server: TelnetServer, log: Log) -> None:
    """Character mode: each key is a request of its own."""
    client = TelnetClient(log.recorder, port=server.address[1])
    logged_in(client)
    for key in "echo x":
        client.send_key(key).result(DEADLINE_S)
    assert client.read_until(b"echo x").result(DEADLINE_S) == b"echo x"
    client.send_key("\n").result(DEADLINE_S)
    assert client.read_until(b"x\r\n").result(DEADLINE_S) == b"\r\nx\r\n"
    client.stop()


def test_a_wrong_account_is_asked_again(server: TelnetServer, log: Log) -> None:
    client = TelnetClient(log.recorder, port=server.address[1])
    client.start()
    client.read_until(b"login: ").result(DEADLINE_S)
    client.send_line("root").result(DEADLINE_S)
    client.read_until(b"password: ").result(DEADLINE_S)
    client.send_line("x").result(DEADLINE_S)
    assert b"incorrect" in client.read_until(b"login: ").result(DEADLINE_S)
    client.stop()


def test_a_command_can_be_sent_by_name(server: TelnetServer, log: Log) -> None:
    client = TelnetClient(log.recorder, port=server.address[1])
    logged_in(client)
    client.send_command("AYT").result(DEADLINE_S)
    log.wait(lambda event: event.service == server.name and event.summary == "IAC AYT" and event.direction == "in")
    with pytest.raises(KeyError):
        client.send_command("NONSENSE")
    client.stop()


def test_a_plain_tcp_server_can_be_talked_to(log: Log) -> None:
    """BEAZLEY-10: 'try telnet with the TCP server'."""
    with serving("upper-lines", recorder=log.recorder) as plain:
        assert isinstance(plain.address, tuple)
        client = TelnetClient(log.recorder, port=plain.address[1])
        client.start()
        client.send_line("hello").result(DEADLINE_S)
        assert b"HELLO\r\n" in client.read_until(b"HELLO\r\n").result(DEADLINE_S)
        client.send_line("").result(DEADLINE_S)
        assert client.join(DEADLINE_S)
    assert any(line.kind == "eof" for line in client.transcript_since(0))


def test_a_page_fetched_by_hand_ends_with_eof(log: Log) -> None:
    with serving("page", recorder=log.recorder) as web:
        assert isinstance(web.address, tuple)
        client = TelnetClient(log.recorder, port=web.address[1])
        client.start()
        for line in ("GET /index.html HTTP/1.0", ""):
            client.send_line(line).result(DEADLINE_S)
        assert client.join(DEADLINE_S)
    text = b"".join(line.data for line in client.transcript_since(0) if line.direction == "in")
    assert text.startswith(b"HTTP/1.0 200")
    assert any(line.kind == "eof" for line in client.transcript_since(0))


def test_two_sessions_differ_in_the_clients_port_only(server: TelnetServer, log: Log) -> None:
    clients = [TelnetClient(log.recorder, name=f"telnet {n}", port=server.address[1]) for n in (1, 2)]
    for client in clients:
        client.start()
    connects = log.wait_kind("connect", 2)
    first, second = ((*event.detail["local"], *event.detail["peer"]) for event in connects)
    assert sum(a != b for a, b in zip(first, second, strict=True)) == 1
    for client in clients:
        assert client.stop(20)


def test_stop_ends_a_session_at_once_and_waiting_reads_learn_it(log: Log) -> None:
    with plain_listener() as listener:
        client = TelnetClient(log.recorder, port=listener.getsockname()[1])
        client.start()
        waiting = client.read_until(b"never", timeout_s=DEADLINE_S)
        conn, _ = listener.accept()
        with conn:
            assert client.stop(20)
            with pytest.raises((EOFError, OSError)):
                waiting.result(20)


def test_refused_is_raised_by_start(log: Log) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        client = TelnetClient(log.recorder, port=probe.getsockname()[1])
    with pytest.raises(ConnectionRefusedError):
        client.start()
    assert client.error is not None
    assert client.error.errno == "ECONNREFUSED"


def test_the_server_stops_with_clients_connected(log: Log) -> None:
    made = TelnetServer(log.recorder, port=0)
    made.start()
    client = TelnetClient(log.recorder, port=made.address[1])
    client.start()
    client.read_until(b"login: ").result(DEADLINE_S)
    assert made.facts().connections == 1
    assert made.stop(20)
    assert client.join(DEADLINE_S)


def test_the_sessions_stand_in_a_live_table_and_can_be_ended(server: TelnetServer, log: Log) -> None:
    clients = [TelnetClient(log.recorder, name=f"telnet {number}", port=server.address[1]) for number in (1, 2, 3)]
    for client in clients:
        logged_in(client)
    rows = server.connections()
    assert [row.number for row in rows] == [1, 2, 3]
    assert {(row.state_here, row.state_there) for row in rows} == {("ESTABLISHED", "ESTABLISHED")}
    assert rows[0].peer == clients[0].local
    assert all(row.received > 10 and row.sent > 50 for row in rows)
    server.send(rows[0].conn, b"for you\r\n")
    clients[0].read_until(b"for you").result(DEADLINE_S)
    assert server.broadcast(b"for all\r\n") == 3
    clients[2].read_until(b"for all").result(DEADLINE_S)
    server.close_connection(rows[0].conn)
    server.reset(rows[1].conn)
    assert clients[0].join(DEADLINE_S)
    assert clients[1].join(DEADLINE_S)
    log.wait(lambda event: event.kind == "recv" and event.detail.get("errno") == "ECONNRESET")
    server.half_close(rows[2].conn)
    assert clients[2].join(DEADLINE_S)
    with pytest.raises(ServiceError):
        server.send(rows[0].conn, b"late")


@pytest.mark.parametrize(("command", "answer"), [("AYT", b"[Yes]"), ("IP", b"^C\r\n"), ("BRK", b"[break]\r\n")])
def test_the_sandbox_answers_commands_between_the_text(
    server: TelnetServer, log: Log, command: str, answer: bytes
) -> None:
    """RFC 854, pages 7 and 8."""
    client = TelnetClient(log.recorder, port=server.address[1])
    logged_in(client)
    client.send(b"upper drop").result(DEADLINE_S)
    client.send_command(command).result(DEADLINE_S)
    client.read_until(answer).result(DEADLINE_S)
    client.send_line("help").result(DEADLINE_S)
    client.read_until(b"DROPHELP" if command == "AYT" else HELP).result(DEADLINE_S)
    assert client.stop(20)
