import random
import socket
import threading

import pytest

from protocols.concurrency.contract import HandlerSpec, Listen
from protocols.concurrency.server import make_server
from protocols.record.recorder import Recorder
from protocols.service.base import ServiceError
from protocols.service.target import TargetError
from tests.protocols.concurrency.bench import (
    DEADLINE_S,
    LOCAL_MODELS,
    PARALLEL,
    STOP_S,
    STREAM_MODELS,
    dial,
    eventually,
    read_exactly,
    read_to_end,
    running,
)
from tests.protocols.concurrency.handlers import recorded, spec


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_three_interleaving_clients_get_back_their_own_bytes(model):
    chance = random.Random(model)
    payloads = [[chance.randbytes(chance.randrange(1, 9000)) for _ in range(5)] for _ in range(3)]
    with running(model) as (server, log):
        if model in PARALLEL:
            clients = [dial(server) for _ in range(3)]
            for turn in range(5):
                for client, mine in zip(clients, payloads, strict=True):
                    client.sendall(mine[turn])
                for client, mine in zip(clients, payloads, strict=True):
                    assert read_exactly(client, len(mine[turn])) == mine[turn]
        else:
            clients = []
            for mine in payloads:
                with dial(server) as client:
                    for payload in mine:
                        client.sendall(payload)
                        assert read_exactly(client, len(payload)) == payload
        for client in clients:
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""
            client.close()
        log.wait("connection ended", 3)
    for kind in ("started", "listen", "accept", "accepted by", "request", "reply", "connection ended", "stopped"):
        assert kind in log.kinds(), kind
    requests = {}
    for event in log.all():
        if event.kind == "request":
            assert event.offset == len(requests.get(event.conn, b""))
            requests[event.conn] = requests.get(event.conn, b"") + event.data
    assert sorted(requests.values()) == sorted(b"".join(mine) for mine in payloads)


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_every_received_byte_belongs_to_one_recv_and_every_sent_byte_to_one_send(model):
    with running(model) as (server, log), dial(server) as client:
        client.sendall(b"x" * 10000)
        assert read_exactly(client, 10000) == b"x" * 10000
        client.close()
        log.wait("connection ended")
    for direction in ("in", "out"):
        calls = [event for event in log.all() if event.layer == "call" and event.direction == direction and event.size]
        at = 0
        for call in sorted(calls, key=lambda event: event.offset):
            assert call.offset == at
            at += call.size
        assert at == 10000
        assert len({call.conn for call in calls}) == 1


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_a_handlers_error_ends_its_connection_only(model):
    with running(model, "faulty") as (server, log):
        with dial(server) as bad:
            bad.sendall(b"crash")
            assert bad.recv(100) == b""
        with dial(server) as good:
            good.sendall(b"bye")
            assert read_to_end(good) == b"bye"
        failed = log.wait("handler failed")[0]
        assert "ZeroDivisionError: as asked" in failed.detail["why"]
        assert failed.conn
        assert server.state == "running"


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_a_handler_that_cannot_be_made_ends_its_connection_only(model):
    with running(model, "unmakable") as (server, log):
        for _ in range(2):
            with dial(server) as client:
                assert client.recv(100) == b""
        log.wait("handler failed", 2)


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_a_peers_reset_in_the_middle_leaves_the_server_serving(model):
    with running(model) as (server, log):
        rude = dial(server)
        rude.sendall(b"half a")
        assert read_exactly(rude, 6)
        rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        rude.close()
        ended = log.wait("connection ended")[0]
        assert ended.detail["errno"] == "ECONNRESET"
        with dial(server) as polite:
            polite.sendall(b"still there?")
            assert read_exactly(polite, 12) == b"still there?"


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_a_handler_may_go_on_sending_after_the_peers_end_of_stream(model):
    with running(model, "listener") as (server, _), dial(server) as client:
        client.shutdown(socket.SHUT_WR)
        assert read_to_end(client) == b"you are gone"


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_a_handler_that_reads_past_the_end_is_handed_nothing_again_and_again(model):
    with running(model, "spinning") as (server, log):
        with dial(server) as client:
            client.sendall(b"hi")
            assert read_exactly(client, 2) == b"hi"
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""
        log.wait("connection ended")
    empty = [event for event in log.all() if event.kind == "recv" and event.size == 0]
    assert len(empty) == 10


@pytest.mark.parametrize("model", LOCAL_MODELS)
def test_a_handler_sees_opened_received_ended_closed_in_this_order(model):
    handler, events = recorded()
    with running(model, handler) as (server, log):
        with dial(server) as client:
            client.sendall(b"one")
            assert read_exactly(client, 3) == b"one"
        log.wait("connection ended")
    assert events == ["opened", b"one", "ended", ("closed", None)]


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_stop_with_clients_connected_leaves_nothing(model):
    with running(model) as (server, log):
        clients = [dial(server) for _ in range(5)]
        log.wait("accepted by", 5 if model in PARALLEL and model != "pool" else 1)
        children = server.facts().children
        assert server.stop(STOP_S)
        for client in clients:
            try:
                assert client.recv(10) == b""
            except ConnectionResetError:
                pass  # it waited in the backlog
            client.close()
        assert server.state == "stopped"
        assert server.facts().threads == ()
        assert server.connections() == []
        again = make_server(Recorder(), spec("echo"), Listen(port=server.address[1]), name="echo")
        again.start()
        assert again.stop(STOP_S)
        assert bool(children) == ("fork" in model)


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_a_slow_reader_does_not_hold_up_the_stop(model):
    with running(model, "flood") as (server, log), dial(server) as client:
        client.sendall(b"x" * 20000)
        log.wait("request")
        assert server.stop(STOP_S)


@pytest.mark.parametrize("model", [name for name in PARALLEL if name != "pool"])
def test_a_slow_reader_does_not_hold_up_the_others_and_is_not_read_from_any_more(model):
    with running(model, "flood", recv_size=100) as (server, _), dial(server) as slow, dial(server) as quick:
        slow.setblocking(False)
        sent = 0
        try:
            for _ in range(2000):
                sent += slow.send(b"s" * 65536)
        except BlockingIOError:
            pass
        quick.sendall(b"q")
        assert read_exactly(quick, 1 << 20) == b"q" * (1 << 20)
        eventually(lambda: len(server.connections()) == 2, "both rows")
        slow_row = next(row for row in server.connections() if str(slow.getsockname()[1]) in row.peer)
        assert slow_row.received < 100_000


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_the_live_table_and_what_can_be_done_from_it(model):
    with running(model, workers=4) as (server, log):
        clients = [dial(server) for _ in range(4 if model in PARALLEL else 1)]
        for client in clients:
            client.sendall(b"hello")
            assert read_exactly(client, 5) == b"hello"
        rows = server.connections()
        assert [row.number for row in rows] == list(range(1, len(clients) + 1))
        assert {row.peer for row in rows} == {f"127.0.0.1:{client.getsockname()[1]}" for client in clients}
        eventually(lambda: all((row.received, row.sent) == (5, 5) for row in server.connections()), "byte counts")
        assert {(row.state_here, row.state_there) for row in rows} == {("ESTABLISHED", "ESTABLISHED")}
        assert all(row.worker.split()[0] in ("thread", "pid", "task") for row in rows)
        by_port = {row.peer.rpartition(":")[2]: row.conn for row in rows}
        conns = [by_port[str(client.getsockname()[1])] for client in clients]
        assert server.broadcast(b"to all") == len(clients)
        for client in clients:
            assert read_exactly(client, 6) == b"to all"
        server.send(conns[0], b"to one")
        assert read_exactly(clients[0], 6) == b"to one"
        server.half_close(conns[0])
        assert clients[0].recv(10) == b""
        clients[0].sendall(b"more")
        eventually(lambda: next(row for row in server.connections() if row.conn == conns[0]).received == 9,
                   "bytes after a half-close")  # fmt: skip
        if len(clients) > 1:
            server.close_connection(conns[1])
            assert clients[1].recv(10) == b""
            server.reset(conns[2])
            with pytest.raises(ConnectionResetError):
                clients[2].recv(10)
            log.wait("connection ended", 2)
            eventually(lambda: len(server.connections()) == 2, "two rows less")
        for client in clients:
            client.close()


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_held_connections_wait_in_the_backlog_until_released(model):
    with running(model, hold_accept=True) as (server, log), dial(server) as client:
        client.sendall(b"anybody?")
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert "accept" not in log.kinds()
        client.settimeout(DEADLINE_S)
        server.set_hold_accept(False)
        assert read_exactly(client, 8) == b"anybody?"


def overlaps(log):
    """Pairs of requests in progress at once: from each request to its reply, by the events' own times."""
    spans = []
    for request in [event for event in log.all() if event.kind == "recv" and event.size]:
        reply = next(e for e in log.all() if e.kind == "reply" and e.conn == request.conn and e.t > request.t)
        spans.append((request.t, reply.t))
    return sum(1 for a in spans for b in spans if a < b and b[0] < a[1])


SERIAL = ["iterative", "select", "poll", "epoll", "selectors", "socketserver"]


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_delay_lesson_serial_models_take_the_sum_and_parallel_ones_do_not(model):
    serial = model in SERIAL
    with running(model, delay_ms=30 if serial else 60_000) as (server, log):
        clients = [dial(server) for _ in range(3)]
        for client in clients:
            client.sendall(b"slow")
            if model in ("iterative", "socketserver"):
                client.shutdown(socket.SHUT_WR)
        if not serial:  # all three wait out their delay at once, however slow the machine
            log.wait(lambda event: event.kind == "recv" and event.size, 3)
            server.set_delay_ms(0)
        for client in clients:
            assert read_exactly(client, 4) == b"slow"
            client.close()
        log.wait("connection ended", 3)
    assert (overlaps(log) == 0) == serial


@pytest.mark.parametrize("model", LOCAL_MODELS)
def test_delay_can_be_changed_while_running(model):
    with running(model, delay_ms=60_000) as (server, _), dial(server) as client:
        server.set_delay_ms(0)
        client.sendall(b"quick")
        assert read_exactly(client, 5) == b"quick"


def test_pool_serves_no_more_than_its_workers_at_once():
    with running("pool", workers=2) as (server, log):
        clients = [dial(server) for _ in range(3)]
        log.wait("accepted by", 2)
        assert len(server.connections()) == 2
        assert len(server.threads()) == 3
        clients[0].close()
        log.wait("accepted by", 3)
        for client in clients[1:]:
            client.sendall(b"x")
            assert read_exactly(client, 1) == b"x"
            client.close()


@pytest.mark.parametrize("model", STREAM_MODELS)
@pytest.mark.parametrize("transport", ["unix", "unix-seqpacket"])
def test_unix_sockets_and_their_path_is_gone_after_the_stop(model, transport, tmp_path):
    path = tmp_path / "echo.sock"
    listen = Listen(transport=transport, path=str(path))
    if transport == "unix-seqpacket" and (model == "asyncio" or model.startswith("socketserver")):
        with pytest.raises(ValueError, match="does not serve"):
            make_server(Recorder(), spec("echo"), listen, name="echo", model=model)
        return
    with running(model, listen=listen) as (server, log):
        assert server.name == "echo:echo.sock"
        assert path.is_socket()
        with dial(server) as client:
            client.sendall(b"one")
            assert client.recv(100) == b"one"
            client.sendall(b"two!")
            assert client.recv(100) == b"two!"
        log.wait("connection ended")
    assert not path.exists()


def test_an_abstract_unix_name_needs_no_file():
    with running(listen=Listen(transport="unix", path="@netlab-test")) as (server, _), dial(server) as client:
        client.sendall(b"x")
        assert client.recv(1) == b"x"


def test_a_stale_path_is_taken_away_and_a_live_one_is_in_use(tmp_path):
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(path)
    with running(listen=Listen(transport="unix", path=path)) as (server, log):
        assert "stale path removed" in log.kinds()
        second = make_server(Recorder(), spec("echo"), Listen(transport="unix", path=path), name="echo")
        with pytest.raises(OSError, match="in use"):
            second.start()
        with dial(server) as client:
            client.sendall(b"x")
            assert client.recv(1) == b"x"


def both_established(row):
    return (row.state_here, row.state_there) == ("ESTABLISHED", "ESTABLISHED")


def test_dual_stack_takes_ipv4_and_ipv6_and_knows_both_states():
    with running(listen=Listen(host="::", dual=True)) as (server, _):
        for host in ("127.0.0.1", "::1"):
            with socket.create_connection((host, server.address[1]), DEADLINE_S) as client:
                client.sendall(b"x")
                assert client.recv(1) == b"x"
                eventually(lambda: both_established(server.connections()[-1]), "both states")
        assert server.facts().exposed


def test_ipv6_alone_refuses_ipv4():
    with running(listen=Listen(host="::1")) as (server, _):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.address[1]), DEADLINE_S)
        with socket.create_connection(("::1", server.address[1]), DEADLINE_S):
            pass


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_a_client_that_is_not_in_the_allow_list_gets_its_end_of_stream(model):
    with running(model, allow=["127.0.0.1/32", "10.0.0.0/8"]) as (server, log):
        with socket.create_connection(server.address, DEADLINE_S, source_address=("127.0.0.2", 0)) as stranger:
            assert stranger.recv(10) == b""
        refused = log.wait("refused")[0]
        assert "allow list" in refused.detail["why"]
        with dial(server) as friend:
            friend.sendall(b"x")
            assert friend.recv(1) == b"x"


def test_bind_errors_are_raised_in_start_and_are_on_the_time_line():
    with running() as (server, _):
        recorder = Recorder()
        tail = recorder.tail()
        second = make_server(recorder, spec("echo"), Listen(port=server.address[1]), name="echo")
        with pytest.raises(OSError, match="in use"):
            second.start()
        assert second.state == "failed"
        bind = next(raw for raw in tail.take() if raw[2] == "bind")
        assert bind[3] == f"echo:{server.address[1]}"
        assert bind[10]["errno"] == "EADDRINUSE"


def test_calls_before_the_port_is_known_bear_the_final_name():
    with running() as (server, log):
        assert server.name == f"echo:{server.address[1]}"
    assert {event.service for event in log.all()} == {server.name}
    assert log.kinds("call")[:4] == ["socket", "setsockopt", "bind", "listen"]


def test_threads_are_named_after_subject_role_and_port():
    with running("threads") as (server, log), dial(server) as client:
        log.wait("accepted by")
        port = server.address[1]
        assert server.threads() == (f"echo-server:{port}", f"echo-conn:{client.getsockname()[1]}")


def test_backlog_can_be_changed_while_listening():
    with running() as (server, log):
        server.set_backlog(1)
        assert [event.detail["backlog"] for event in log.wait("listen", 2)] == [128, 1]


def test_a_bad_order_is_refused_before_anything_is_opened():
    records = Listen(transport="unix-seqpacket", path="/srv/x")
    for order in ({"model": "nonsense"}, {"model": "asyncio", "listen": records}):
        listen = order.pop("listen", Listen())
        with pytest.raises(ValueError):
            make_server(Recorder(), spec("echo"), listen, name="echo", **order)
    for target in ("os:system", "protocols.concurrency.contract:nothing", "protocols.nowhere:x", "protocols"):
        with pytest.raises(TargetError):
            HandlerSpec(target).make()


@pytest.mark.parametrize("model", LOCAL_MODELS)
def test_untraced_servers_serve_and_count_all_the_same(model):
    recorder = Recorder()
    recorder.enabled = False
    with running(model, recorder=recorder) as (server, _), dial(server) as client:
        client.sendall(b"x" * 5000)
        assert read_exactly(client, 5000) == b"x" * 5000
        eventually(lambda: [(r.received, r.sent) for r in server.connections()] == [(5000, 5000)], "byte counts")


@pytest.mark.parametrize("model", PARALLEL)
def test_stop_under_load_leaves_nothing(model):
    stopping = threading.Event()

    def load(server):
        while not stopping.is_set():
            try:
                with dial(server, 2) as client:
                    client.sendall(b"x" * 3000)
                    client.recv(100)
            except OSError:
                pass

    with running(model) as (server, log):
        threads = [threading.Thread(target=load, args=(server,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        log.wait("connection ended", 20)
        assert server.stop(STOP_S)
        stopping.set()
        for thread in threads:
            thread.join()


def _where(sock):
    return threading.current_thread().name, sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)


@pytest.mark.parametrize("model", LOCAL_MODELS)
def test_a_socket_is_asked_in_the_thread_that_owns_it(model):
    with running(model) as (server, _):
        assert server.ask(_where).result(DEADLINE_S) == (f"echo-server:{server.address[1]}", 1)
        with dial(server) as client:
            client.sendall(b"x")
            assert read_exactly(client, 1) == b"x"
            conn = server.connections()[0].conn

            def undelayed(sock):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

            assert server.ask(undelayed, conn).result(DEADLINE_S)
            if model in ("select", "poll", "epoll", "selectors", "asyncio"):
                assert server.ask(_where, conn).result(DEADLINE_S) == (f"echo-server:{server.address[1]}", 0)
            if model == "iterative":
                waiting = server.ask(_where)
                assert waiting.cancel(), "its only thread waits in recv()"
        eventually(lambda: not server.connections(), "the end of the connection")
        with pytest.raises(ServiceError):
            server.ask(_where, conn)
        assert server.ask(_where).result(DEADLINE_S)[1] == 1


@pytest.mark.parametrize("model", ["iterative", "threads", "pool", "epoll", "asyncio", "socketserver"])
def test_the_one_socket_of_a_datagram_server_is_asked_too(model):
    with running(model, "upper_datagrams", Listen("udp")) as (server, _):
        kind = server.ask(lambda sock: sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)).result(DEADLINE_S)
        assert kind == socket.SOCK_DGRAM


def test_what_is_refused_comes_back_and_a_stopped_server_answers_nobody():
    with running("epoll") as (server, _):
        refused = server.ask(lambda sock: sock.setsockopt(socket.SOL_SOCKET, 999, 1))
        assert isinstance(refused.exception(DEADLINE_S), OSError)
    with pytest.raises(ServiceError):
        server.ask(_where)


def test_the_sockets_of_a_forking_server_belong_to_another_process():
    with running("fork") as (server, _), pytest.raises(ServiceError, match="another process"):
        server.ask(_where)
