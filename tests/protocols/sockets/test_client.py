"""The stream client: connecting, sending, receiving, ending, and a Stop that always works."""

from __future__ import annotations

import hashlib
import os
import socket
import struct
import threading
import time
from pathlib import Path

import pytest

from protocols.concurrency.contract import Listen, ServerTLS
from protocols.framing import LengthFraming, LineFraming
from protocols.record.recorder import Recorder
from protocols.sockets.client import ClientTLS, StreamClient
from protocols.tls import client_context, server_context
from tests.protocols.sockets.ends import (
    DEADLINE_S,
    Log,
    beside,
    black_hole,
    client_of,
    dead_port,
    plain_listener,
    received,
    serving,
    started,
    wait_received,
)

RST = struct.pack("ii", 1, 0)


def test_what_is_sent_comes_back_and_both_ends_have_one_connection() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with serving(recorder=recorder) as server:
        client = client_of(server, recorder)
        with started(client):
            assert client.send(b"Hello, world").result(DEADLINE_S) == 12
            assert wait_received(log, client, 12) == b"Hello, world"
            assert client.facts().connections == 1
            assert client.facts().where == f"127.0.0.1:{server.address[1]}"
    moved = [event for event in log.all() if event.layer == "call" and event.size]
    assert {event.conn for event in moved} == {"1"}
    ranges = sorted((event.service, event.direction, event.offset, event.size) for event in moved)
    assert ranges == sorted(
        (service, direction, 0, 12) for service in ("client 1", server.name) for direction in ("in", "out")
    )


def test_a_hundred_random_payloads_come_back_equal() -> None:
    recorder = Recorder()
    log = Log(recorder)
    payloads = [os.urandom(1 + n * 37) for n in range(100)]
    with serving(recorder=recorder) as server:
        client = client_of(server, recorder)
        with started(client):
            for payload in payloads:
                client.send(payload)
            assert wait_received(log, client, sum(map(len, payloads))) == b"".join(payloads)


def test_the_socket_is_a_real_one_with_the_address_that_the_server_sees() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with serving(recorder=recorder) as server:
        client = client_of(server, recorder)
        with started(client):
            accept = log.wait_kind("accept")[0]
            connect = log.wait_kind("connect")[0]
            assert accept.detail["peer"] == connect.detail["local"]
            assert accept.detail["fd"] != accept.detail["result"]
            assert client.local == f"127.0.0.1:{connect.detail['local'][1]}"


def test_refused_is_raised_where_the_user_clicked_and_explained() -> None:
    recorder = Recorder()
    log = Log(recorder)
    client = client_of(dead_port(), recorder)
    with pytest.raises(ConnectionRefusedError):
        client.start()
    assert client.state == "failed"
    assert client.error is not None
    assert client.error.errno == "ECONNREFUSED"
    assert log.calls("connect")[0].errno == "ECONNREFUSED"
    why = log.wait_kind("explained")[0].detail["why"]
    assert why.startswith(f"Nothing listens on {client.target.text}:")
    assert why.endswith(".")


def test_a_connect_to_a_full_queue_times_out_after_its_time() -> None:
    """On Linux it is not refused."""
    with black_hole() as address:
        client = client_of(address, Recorder(), timeout_s=0.3)
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            client.start()
        assert time.monotonic() - began > 0.25
        assert client.error is not None
        assert client.error.errno == "ETIMEDOUT"


def test_stop_ends_a_connect_without_time_out_at_once() -> None:
    with black_hole() as address:
        recorder = Recorder()
        log = Log(recorder)
        client = client_of(address, recorder)
        raised: list[BaseException] = []

        def start() -> None:
            try:
                client.start()
            except OSError as error:
                raised.append(error)

        thread = beside(start)
        log.wait_kind("socket")
        client.request_stop()
        thread.join(DEADLINE_S)
        assert raised
        assert raised[0].errno is not None
        assert client.join(DEADLINE_S)


def test_connect_tries_again_with_growing_pauses_until_the_server_is_there() -> None:
    recorder = Recorder()
    log = Log(recorder)
    address = dead_port()
    client = client_of(address, recorder, attempts=6)
    failed: list[BaseException] = []

    def start() -> None:
        try:
            client.start()
        except OSError as error:
            failed.append(error)

    thread = beside(start)
    log.wait_kind("retrying", 2)
    with serving(recorder=recorder, listen=Listen(port=address[1])):
        thread.join(DEADLINE_S)
        assert not failed
        assert client.state == "running"
        assert client.stop(20)
    assert log.wait_kind("retrying")[0].summary.startswith("ECONNREFUSED; attempt 2 of 6")


def test_eight_megabytes_arrive_whole_while_the_peer_reads_slowly() -> None:
    """The sending waits, the client answers all the same."""
    recorder = Recorder()
    data = os.urandom(8_000_000)
    with plain_listener() as listener:
        client = client_of(listener.getsockname(), recorder)
        with started(client):
            server, _ = listener.accept()
            with server:
                server.settimeout(DEADLINE_S)
                sent = client.send(data)
                assert client.peek().result(DEADLINE_S) == b""
                assert not sent.done()
                digest = hashlib.sha256()
                count = 0
                while count < len(data):
                    part = server.recv(65536)
                    digest.update(part)
                    count += len(part)
                assert sent.result(DEADLINE_S) == len(data)
                assert digest.digest() == hashlib.sha256(data).digest()


def test_an_echo_of_eight_megabytes_does_not_lock_up() -> None:
    """Both ends sending at once fill all four buffers, unless the client reads while it sends."""
    recorder = Recorder()
    recorder.enabled = False
    data = os.urandom(8_000_000)
    with serving(recorder=recorder) as server:
        client = client_of(server, recorder, recv_size=65536)
        with started(client):
            client.send(data).result(DEADLINE_S)
            client.half_close().result(DEADLINE_S)
            assert client.join(DEADLINE_S)
    assert client.received == len(data)


def test_one_send_that_takes_part_says_how_much() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with plain_listener() as listener:
        client = client_of(listener.getsockname(), recorder)
        with started(client):
            server, _ = listener.accept()
            with server:
                asked = 8_000_000
                took = client.send(bytes(asked), all=False).result(DEADLINE_S)
                assert 0 < took < asked
                note = log.wait_kind("partial send")[0]
                assert note.detail["asked"] == asked
                assert note.detail["sent"] == took


def test_stop_ends_a_send_that_waits_for_its_peer() -> None:
    with plain_listener() as listener:
        client = client_of(listener.getsockname(), Recorder())
        client.start()
        server, _ = listener.accept()
        with server:
            sent = client.send(bytes(20_000_000))
            assert client.peek().result(DEADLINE_S) == b""
            assert client.stop(DEADLINE_S)
            with pytest.raises(OSError, match="stopped"):
                sent.result(DEADLINE_S)


def test_every_chunk_is_at_most_the_receive_size() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with serving(recorder=recorder) as server:
        client = client_of(server, recorder, recv_size=4)
        with started(client):
            client.send(b"abcdef" * 10).result(DEADLINE_S)
            wait_received(log, client, 60)
    chunks = [event.size for event in log.calls("recv", "client 1") if event.size]
    assert max(chunks) <= 4
    assert sum(chunks) == 60


def test_the_end_of_the_stream_is_told_and_ends_the_client() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with serving("hello", recorder=recorder) as server:
        client = client_of(server, recorder)
        client.start()
        assert client.join(DEADLINE_S)
    assert received(client) == b"Hello 127.0.0.1\n"
    assert log.wait_kind("eof")
    assert client.state == "stopped"
    assert client.error is None


def test_after_half_close_the_answer_still_comes() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with plain_listener() as listener:
        client = client_of(listener.getsockname(), recorder)
        with started(client):
            server, _ = listener.accept()
            with server:
                client.send(b"question")
                client.half_close().result(DEADLINE_S)
                with server.makefile("rb") as file:
                    assert file.read() == b"question"
                server.sendall(b"answer")
                assert wait_received(log, client, 6) == b"answer"
                with pytest.raises(OSError, match="pipe"):
                    client.send(b"more").result(DEADLINE_S)


def test_reset_shows_as_connection_reset_at_the_peer() -> None:
    with plain_listener() as listener:
        client = client_of(listener.getsockname(), Recorder())
        client.start()
        server, _ = listener.accept()
        with server:
            client.reset().result(DEADLINE_S)
            with pytest.raises(ConnectionResetError):
                server.recv(10)
        assert client.join(DEADLINE_S)


def test_a_reset_by_the_peer_is_explained_and_ends_the_client() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with plain_listener() as listener:
        client = client_of(listener.getsockname(), recorder)
        client.start()
        server, _ = listener.accept()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
        server.close()
        assert client.join(DEADLINE_S)
    assert client.error is not None
    assert client.error.errno == "ECONNRESET"
    assert log.wait_kind("explained")[0].errno == "ECONNRESET"


def test_peek_leaves_the_bytes_where_they_are() -> None:
    recorder = Recorder()
    with plain_listener() as listener:
        client = client_of(listener.getsockname(), recorder, read_mode="manual")
        with started(client):
            server, _ = listener.accept()
            with server:
                server.sendall(b"abcdef")
                assert client.receive(3, flags=socket.MSG_PEEK, timeout_s=DEADLINE_S).result(DEADLINE_S) == b"abc"
                assert client.receive(6, timeout_s=DEADLINE_S).result(DEADLINE_S) == b"abcdef"


def test_a_manual_receive_waits_for_all_bytes_when_asked_to() -> None:
    """MSG_WAITALL."""
    with plain_listener() as listener:
        client = client_of(listener.getsockname(), Recorder(), read_mode="manual")
        with started(client):
            server, _ = listener.accept()
            with server:
                got = client.receive(6, flags=socket.MSG_WAITALL)
                server.sendall(b"abc")
                server.sendall(b"def")
                assert got.result(DEADLINE_S) == b"abcdef"


def test_a_receive_with_time_out_raises_after_its_time() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with plain_listener() as listener:
        client = client_of(listener.getsockname(), recorder, read_mode="manual")
        with started(client):
            server, _ = listener.accept()
            with server:
                began = time.monotonic()
                with pytest.raises(TimeoutError):
                    client.receive(10, timeout_s=0.2).result(DEADLINE_S)
                assert time.monotonic() - began > 0.19
                assert log.calls("recv", "client 1")[0].errno == "ETIMEDOUT"


def test_stop_ends_a_receive_without_time_out() -> None:
    with plain_listener() as listener:
        recorder = Recorder()
        log = Log(recorder)
        client = client_of(listener.getsockname(), recorder, read_mode="manual")
        client.start()
        server, _ = listener.accept()
        with server:
            entered = client.submit(lambda: None)
            entered.result(DEADLINE_S)
            waiting = client.receive(10)
            log.recorder.note("asked", "")
            assert client.stop(DEADLINE_S)
            assert waiting.done()


def test_polling_counts_its_empty_polls() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with plain_listener() as listener:
        client = client_of(listener.getsockname(), recorder, read_mode="poll", poll_ms=10)
        with started(client):
            server, _ = listener.accept()
            with server:
                log.wait(lambda event: event.kind == "recv" and event.errno == "EAGAIN", 3)
                server.sendall(b"at last")
                note = log.wait_kind("polled")[0]
                assert note.detail["empty_polls"] >= 2
                assert wait_received(log, client, 7) == b"at last"


def test_silence_after_a_send_is_told() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with serving("discard", recorder=recorder) as server:
        client = client_of(server, recorder, reply_timeout_s=0.1)
        with started(client):
            client.send(b"anybody?")
            silence = log.wait_kind("timed out")[0]
            assert silence.errno == "ETIMEDOUT"
            assert "the connection still stands" in silence.detail["why"]


def test_each_message_has_its_own_connection_when_asked_for() -> None:
    """A new local port each time."""
    recorder = Recorder()
    log = Log(recorder)
    with serving("echo-once", recorder=recorder) as server:
        client = client_of(server, recorder, reconnect=True)
        with started(client):
            for number in range(3):
                client.send(b"message %d" % number).result(DEADLINE_S)
                wait_received(log, client, 9 * (number + 1))
    assert received(client) == b"message 0message 1message 2"
    ports = {event.detail["local"][1] for event in log.calls("connect", "client 1")}
    assert len(ports) == 3


def test_a_message_is_sent_again_and_again() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with serving(recorder=recorder) as server:
        client = client_of(server, recorder)
        with started(client):
            client.send_repeated(b"tick", 5, 10)
            assert wait_received(log, client, 20) == b"tick" * 5
            client.send_repeated(b"x", 0, 1)
            wait_received(log, client, 23)
            client.stop_repeating()


def test_a_file_is_sent_whole(tmp_path: Path) -> None:
    recorder = Recorder()
    log = Log(recorder)
    data = os.urandom(1_500_000)
    path = tmp_path / "payload.bin"
    path.write_bytes(data)
    with serving(recorder=recorder) as server:
        client = client_of(server, recorder, recv_size=65536)
        with started(client):
            assert client.send_file(str(path)).result(DEADLINE_S) == len(data)
            assert wait_received(log, client, len(data)) == data
    with pytest.raises(FileNotFoundError):
        client.send_file(str(tmp_path / "missing"))


@pytest.mark.parametrize("framing", [LineFraming, LengthFraming])
def test_framing_shows_messages_not_chunks(framing: type[LineFraming | LengthFraming]) -> None:
    recorder = Recorder()
    log = Log(recorder)
    with serving(recorder=recorder) as server:
        client = client_of(server, recorder, framing=framing(), recv_size=3)
        with started(client):
            client.send(b"first message")
            client.send(b"second")
            log.wait_kind("frame", 2, "client 1")
    frames = [line.data for line in client.transcript_since(0) if line.direction == "in"]
    assert frames == [b"first message", b"second"]
    told = [line.chunks for line in client.transcript_since(0) if line.direction == "in"]
    first, second = (chunks for chunks in told if chunks is not None)
    assert first == (1, first[1])
    assert first[1] >= 5, "15 bytes or more, three at a time"
    assert first[1] <= second[0] < second[1]
    messages = [event for event in log.all() if event.kind == "frame" and event.service == "client 1"]
    assert messages[0].detail["last_chunk"] == first[1]
    assert messages[0].summary.endswith(f"from {first[1]} chunks")


def test_options_are_set_before_connect_and_read_back() -> None:
    """The kernel doubles SO_RCVBUF."""
    recorder = Recorder()
    with serving(recorder=recorder) as server:
        client = client_of(
            server, recorder, nodelay=True, options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)]
        )
        with started(client):
            found = {reading.option.name: reading.value for reading in client.read_options().result(DEADLINE_S)}
            assert found["TCP_NODELAY"] is True
            assert found["SO_RCVBUF"] in (32768, 65536)
            assert client.set_option(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1).result(DEADLINE_S) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_both_families_are_reached(host: str) -> None:
    recorder = Recorder()
    log = Log(recorder)
    listen = Listen(host="::" if host != "127.0.0.1" else "127.0.0.1", dual=True)
    with serving(recorder=recorder, listen=listen) as server:
        assert isinstance(server.address, tuple)
        client = StreamClient(recorder, host=host, port=server.address[1])
        with started(client):
            client.send(b"hello")
            assert wait_received(log, client, 5) == b"hello"


@pytest.mark.parametrize("path", ["echo.sock", "@netlab-test-echo"])
def test_unix_sockets_are_reached_by_path_or_abstract_name(path: str, tmp_path: Path) -> None:
    recorder = Recorder()
    log = Log(recorder)
    where = path + str(os.getpid()) if path.startswith("@") else str(tmp_path / path)
    with serving(recorder=recorder, listen=Listen("unix", path=where)) as server:
        client = client_of(server, recorder)
        with started(client):
            client.send(b"hello")
            assert wait_received(log, client, 5) == b"hello"
    assert not (tmp_path / path).exists()


def test_seqpacket_keeps_records(tmp_path: Path) -> None:
    recorder = Recorder()
    log = Log(recorder)
    listen = Listen("unix-seqpacket", path=str(tmp_path / "records.sock"))
    with serving(recorder=recorder, listen=listen) as server:
        client = client_of(server, recorder, transport="unix-seqpacket")
        with started(client):
            for word in (b"one", b"two", b"three"):
                client.send(word)
            wait_received(log, client, 11)
    assert [line.data for line in client.transcript_since(0) if line.direction == "in"] == [b"one", b"two", b"three"]


def test_tls_with_the_labs_authority_carries_bytes_and_half_close() -> None:
    recorder = Recorder()
    data = os.urandom(300_000)
    tls = ServerTLS(server_context(["127.0.0.1"]))
    with serving(recorder=recorder, tls=tls) as server:
        client = client_of(server, recorder, tls=ClientTLS(client_context()), recv_size=65536)
        client.start()
        assert client.certificate()
        client.send(data).result(DEADLINE_S)
        client.half_close().result(DEADLINE_S)
        assert client.join(DEADLINE_S)
    assert client.error is None
    assert received(client) == data


def test_an_untrusted_certificate_is_refused_with_openssls_reason() -> None:
    recorder = Recorder()
    with serving(recorder=recorder, tls=ServerTLS(server_context(["127.0.0.1"], flaw="self-signed"))) as server:
        client = client_of(server, recorder, tls=ClientTLS(client_context()), timeout_s=5)
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            client.start()
    assert client.error is not None
    assert client.error.errno == "CERTIFICATE_VERIFY_FAILED"


def test_stop_ends_a_handshake_that_nobody_answers() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with plain_listener() as listener:
        client = client_of(listener.getsockname(), recorder, tls=ClientTLS(client_context()))
        raised = threading.Event()

        def start() -> None:
            try:
                client.start()
            except OSError:
                raised.set()

        thread = beside(start)
        log.wait_kind("connect")
        server, _ = listener.accept()
        with server:
            assert server.recv(1, socket.MSG_PEEK)
            client.request_stop()
            assert raised.wait(DEADLINE_S)
        thread.join(DEADLINE_S)


def test_the_handshake_has_the_time_out_of_the_connect() -> None:
    with plain_listener() as listener:
        client = client_of(listener.getsockname(), Recorder(), tls=ClientTLS(client_context()), timeout_s=0.2)
        with pytest.raises(TimeoutError):
            client.start()


def test_acts_on_a_client_that_has_ended_fail_and_never_hang() -> None:
    recorder = Recorder()
    with serving(recorder=recorder) as server:
        client = client_of(server, recorder)
        client.start()
        client.stop()
    for asked in (client.send(b"x"), client.half_close(), client.receive(1), client.read_options()):
        with pytest.raises(OSError, match=r"stopped|closed"):
            asked.result(DEADLINE_S)


def test_the_transcript_is_bounded_and_numbered() -> None:
    recorder = Recorder()
    with serving(recorder=recorder) as server:
        client = client_of(server, recorder)
        with started(client):
            for number in range(5):
                client.transcript.note(f"note {number}")
            total = client.transcript.total
            client.transcript.note("last")
            assert [line.text for line in client.transcript_since(total)] == ["last"]


def test_the_thread_carries_the_clients_name() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with serving(recorder=recorder) as server:
        client = client_of(server, recorder, name="client 7")
        with started(client):
            client.send(b"x").result(DEADLINE_S)
            assert isinstance(server.address, tuple)
            assert log.wait_kind("sendall", 1, "client 7")[0].detail["thread"] == f"client-7:{server.address[1]}"
