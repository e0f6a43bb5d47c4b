"""The datagram client: connected or not, broadcast, multicast, retries, and a Stop while it waits."""

from __future__ import annotations

import re
import socket

import pytest

from protocols.concurrency.contract import Listen
from protocols.record.recorder import Recorder
from protocols.sockets.datagram import LARGEST_BYTES, DatagramClient, is_multicast
from tests.protocols.sockets.ends import (
    DEADLINE_S,
    Log,
    datagram_client_of,
    received,
    serving,
    started,
    wait_received,
)

GROUP = "239.255.71.71"


@pytest.fixture
def receiver() -> socket.socket:
    """A bound UDP socket that nobody serves."""
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(DEADLINE_S)
        yield sock


def dead_address() -> tuple[str, int]:
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        host, port = probe.getsockname()
        return str(host), int(port)


def test_an_answer_comes_back_from_the_server() -> None:
    """One reply, its address is the server's, our own port is not 0."""
    recorder = Recorder()
    log = Log(recorder)
    with serving("upper", "iterative", recorder, Listen("udp")) as server:
        client = datagram_client_of(server, recorder, timeout_s=DEADLINE_S)
        with started(client):
            assert client.ask(b"MixedCaseString").result(DEADLINE_S) == b"MIXEDCASESTRING"
            assert int(client.local.rpartition(":")[2]) > 0
            reply = log.wait_kind("recvfrom", 1, client.name)[0]
            assert tuple(reply.detail["peer"]) == server.address
            assert client.facts().ports == (int(client.local.rpartition(":")[2]),)


def test_both_ends_of_a_datagram_have_one_connection_id() -> None:
    """The events of a connectionless exchange."""
    recorder = Recorder()
    log = Log(recorder)
    with serving("upper", "iterative", recorder, Listen("udp")) as server:
        client = datagram_client_of(server, recorder, timeout_s=DEADLINE_S)
        with started(client):
            client.ask(b"hello").result(DEADLINE_S)
            log.wait(lambda event: event.service == server.name and event.kind == "sendto")
    calls = sorted((event for event in log.all() if event.layer == "call" and event.direction), key=lambda e: e.t)
    assert [event.kind for event in calls] == ["sendto", "recvfrom", "sendto", "recvfrom"]
    assert len({event.conn for event in calls}) == 1


def test_a_send_to_nobody_succeeds_and_no_answer_comes() -> None:
    """Unconnected, it is silence."""
    client = datagram_client_of(dead_address(), Recorder(), timeout_s=0.2)
    with started(client):
        assert client.send(b"anybody?").result(DEADLINE_S) == 8
        with pytest.raises(TimeoutError):
            client.ask(b"anybody?").result(DEADLINE_S)
        assert client.state == "running"


def test_a_connected_socket_is_told_of_a_dead_port() -> None:
    recorder = Recorder()
    log = Log(recorder)
    client = datagram_client_of(dead_address(), recorder, connected=True, timeout_s=DEADLINE_S)
    with started(client):
        with pytest.raises(ConnectionRefusedError):
            client.ask(b"anybody?").result(DEADLINE_S)
        told = [log.wait_kind("explained")[0], *(event for event in log.all() if event.layer == "call" and event.errno)]
        assert len(told) > 1
        for event in told:  # nobody answers a datagram with a RST
            assert event.errno == "ECONNREFUSED"
            assert "ICMP port unreachable" in event.detail["why"]


def test_stop_ends_a_wait_without_time_out() -> None:
    """The hang, and its end."""
    recorder = Recorder()
    log = Log(recorder)
    client = datagram_client_of(dead_address(), recorder)
    client.start()
    asked = client.ask(b"anybody?")
    log.wait_kind("sendto")
    assert client.stop(DEADLINE_S)
    with pytest.raises(OSError, match="stopped"):
        asked.result(DEADLINE_S)
    assert log.wait_kind("cancelled")


def test_an_unanswered_datagram_is_sent_again_with_growing_pauses(receiver: socket.socket) -> None:
    """At most three attempts, success at the third."""
    recorder = Recorder()
    log = Log(recorder)
    client = datagram_client_of(receiver.getsockname(), recorder, timeout_s=0.1, attempts=3)
    with started(client):
        asked = client.ask(b"lossy")
        for _ in range(2):
            receiver.recvfrom(100)  # lost
        data, sender = receiver.recvfrom(100)
        receiver.sendto(data.upper(), sender)
        assert asked.result(DEADLINE_S) == b"LOSSY"
        assert len(log.calls("sendto", client.name)) == 3
        told = " ".join(event.summary for event in log.wait_kind("retrying", 2))
        first, second = map(float, re.findall(r"within (\S+) s", told))
        assert second > first * 1.2


def test_after_the_last_attempt_it_times_out(receiver: socket.socket) -> None:
    recorder = Recorder()
    log = Log(recorder)
    client = datagram_client_of(receiver.getsockname(), recorder, timeout_s=0.05, attempts=2)
    with started(client):
        with pytest.raises(TimeoutError):
            client.ask(b"lost").result(DEADLINE_S)
        assert len(log.calls("sendto", client.name)) == 2


def test_a_datagram_larger_than_the_receive_size_is_cut_and_told(receiver: socket.socket) -> None:
    """3,000 bytes and recvfrom(1024): the rest is lost."""
    recorder = Recorder()
    log = Log(recorder)
    client = datagram_client_of(receiver.getsockname(), recorder, recv_size=1024)
    with started(client):
        client.send(b"hello").result(DEADLINE_S)
        _, sender = receiver.recvfrom(100)
        receiver.sendto(bytes(3000), sender)
        assert log.wait_kind("datagram cut")[0].detail["lost"] == 1976
        assert len(wait_received(log, client, 1024)) == 1024


def test_the_largest_datagram_goes_and_one_byte_more_does_not(receiver: socket.socket) -> None:
    client = datagram_client_of(receiver.getsockname(), Recorder())
    with started(client):
        assert client.send(bytes(LARGEST_BYTES)).result(DEADLINE_S) == LARGEST_BYTES
        with pytest.raises(OSError, match="too long"):
            client.send(bytes(LARGEST_BYTES + 1)).result(DEADLINE_S)
        assert client.error is not None
        assert client.error.errno == "EMSGSIZE"
        assert client.state == "running"


def test_broadcast_needs_permission_and_reaches_every_receiver() -> None:
    recorder = Recorder()
    with (
        socket.socket(type=socket.SOCK_DGRAM) as first,
        socket.socket(type=socket.SOCK_DGRAM) as second,
    ):
        for sock in (first, second):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.settimeout(DEADLINE_S)
        first.bind(("", 0))
        port = first.getsockname()[1]
        second.bind(("", port))
        address = ("127.255.255.255", port)
        silent = datagram_client_of(address, recorder)
        with started(silent):
            with pytest.raises(PermissionError):
                silent.send(b"everybody").result(DEADLINE_S)
            assert silent.error is not None
            assert silent.error.errno == "EACCES"
        loud = datagram_client_of(address, recorder, broadcast=True)
        with started(loud):
            loud.send(b"everybody").result(DEADLINE_S)
            assert first.recvfrom(100)[0] == second.recvfrom(100)[0] == b"everybody"


def test_multicast_reaches_the_members_of_the_group_on_loopback() -> None:
    recorder = Recorder()
    log = Log(recorder)
    member = DatagramClient(recorder, name="member", host=GROUP, port=0, bind=("", 0), groups=[GROUP],
                            reuse_address=True)  # fmt: skip
    with started(member):
        port = int(member.local.rpartition(":")[2])
        sender = DatagramClient(recorder, name="sender", host=GROUP, port=port, ttl=0)
        with started(sender):
            sender.send(b"to the group").result(DEADLINE_S)
            assert wait_received(log, member, 12) == b"to the group"
            member.leave_group(GROUP).result(DEADLINE_S)
            sender.send(b"nobody hears").result(DEADLINE_S)
            with socket.socket(type=socket.SOCK_DGRAM) as direct:  # comes after it, so the other one did not come
                direct.sendto(b"last", ("127.0.0.1", port))
            wait_received(log, member, 16)
    assert received(member) == b"to the grouplast"


def test_switching_the_loop_off_is_set_and_makes_no_difference_on_the_loopback_interface_itself() -> None:
    """A Linux fact: what goes out by lo comes in by lo, whatever IP_MULTICAST_LOOP says."""
    recorder = Recorder()
    log = Log(recorder)
    member = DatagramClient(recorder, name="member", host=GROUP, port=0, bind=("", 0), groups=[GROUP])
    with started(member):
        port = int(member.local.rpartition(":")[2])
        sender = DatagramClient(recorder, name="sender", host=GROUP, port=port, multicast_loop=False, ttl=3)
        with started(sender):
            found = {reading.option.name: reading.value for reading in sender.read_options().result(DEADLINE_S)}
            assert found["IP_MULTICAST_LOOP"] is False
            assert found["IP_MULTICAST_TTL"] == 3
            assert found["IP_MULTICAST_IF"] == "127.0.0.1"
            sender.send(b"still here").result(DEADLINE_S)
            assert wait_received(log, member, 10) == b"still here"


def test_ipv6_datagrams_go_and_come() -> None:
    recorder = Recorder()
    with serving("echo", "iterative", recorder, Listen("udp", host="::1")) as server:
        client = datagram_client_of(server, recorder, timeout_s=DEADLINE_S)
        with started(client):
            assert client.ask(b"six").result(DEADLINE_S) == b"six"


def test_unix_datagrams_are_answered_to_a_name_of_the_kernels_own(tmp_path: object) -> None:
    recorder = Recorder()
    listen = Listen("unix-dgram", path=f"{tmp_path}/echo.sock")
    with serving("echo", "iterative", recorder, listen) as server:
        client = DatagramClient(recorder, transport="unix-dgram", path=str(server.address), timeout_s=DEADLINE_S)
        with started(client):
            assert client.ask(b"hello").result(DEADLINE_S) == b"hello"


def test_three_messages_are_three_packets(receiver: socket.socket) -> None:
    client = datagram_client_of(receiver.getsockname(), Recorder())
    with started(client):
        client.send_repeated(b"tick", 3, 1)
        assert [receiver.recvfrom(100)[0] for _ in range(3)] == [b"tick"] * 3


@pytest.mark.parametrize(
    ("host", "group"),
    [("224.0.0.1", True), ("239.255.255.255", True), ("240.0.0.1", False), ("127.0.0.1", False), ("ff02::1", True),
     ("::1", False), ("localhost", False)],
)  # fmt: skip
def test_group_addresses_are_known(host: str, group: bool) -> None:
    assert is_multicast(host) is group
