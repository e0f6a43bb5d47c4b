"""Ping, traceroute, ports and neighbours, each by every way that this user may use."""

from __future__ import annotations

import contextlib
import socket
import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.headers import checksum
from protocols.packets import rtnetlink
from protocols.packets.reach import ports, traceroute
from protocols.packets.reach.icmp import echo_reply, echo_request
from protocols.packets.reach.ping import WAYS, Echo, Pinger, Way, opened, pings, summary, text_of
from tests import ordinary
from tests.protocols.sockets.ends import plain_listener

HOSTS = ["127.0.0.1", "::1"]


def _ways_here() -> list[Way]:
    """What this user may do; the ways of others are tested as nobody, and on a private network."""
    found: list[Way] = []
    for way in WAYS:
        with contextlib.suppress(PermissionError):
            opened(socket.AF_INET, (way,))[0].close()
            found.append(way)
    return found


def test_a_ping_is_summed_up() -> None:
    echoes = [Echo(1, 260.0, 64, "reply", "a"), Echo(2, 340.0, 64, "reply", "a"), Echo(3, None, None, "no answer", "")]
    assert summary(echoes[:2]) == "2 sent, 2 answered; 0.260 to 0.340 ms, 0.300 ms on average"
    assert summary(echoes) == "3 sent, 2 answered, 1 lost (33%); 0.260 to 0.340 ms, 0.300 ms on average"
    assert summary(echoes[2:]) == "1 sent, none answered"
    assert summary([]) == ""


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("way", _ways_here())
def test_an_echo_comes_back(host: str, way: Way) -> None:
    """Identifier and sequence match, the checksum is right."""
    with Pinger(host, ways=(way,)) as pinger:
        echoes = list(pings(pinger, 3, interval_s=0, timeout_s=20))
    assert [(echo.sequence, echo.what, echo.by) for echo in echoes] == [(n, "reply", host) for n in (1, 2, 3)]
    for echo in echoes:
        assert echo.rtt_us is not None
        assert echo.ttl == (None if way == "udp" else 64)
        assert echo.checksum_ok is (True if way != "udp" and ":" not in host else None)
        assert "time=" in text_of(echo, pinger)


def test_there_is_a_way_for_everybody() -> None:
    done = subprocess.run(
        ordinary.argv(
            sys.executable,
            "-c",
            "from protocols.packets.reach.ping import Pinger, text_of\n"
            "with Pinger('127.0.0.1') as pinger: print(pinger.way, text_of(pinger.once(1, 20), pinger))",
        ),
        capture_output=True,
        text=True,
        env=ordinary.environment(),
        check=False,
    )
    way, _, said = done.stdout.partition(" ")
    assert way in ("datagram", "udp"), done.stderr
    assert said.startswith("reply from 127.0.0.1: seq=1")


def test_no_answer_is_said() -> None:
    """Somebody holds the port, so no error comes back; a datagram without answer is no reply."""
    from protocols.packets.reach.ping import UDP_PORT

    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", UDP_PORT + 7))
        with Pinger("127.0.0.1", ways=("udp",)) as pinger:
            assert pinger.once(7, 0.05).what == "no answer"


@pytest.mark.parametrize("host", HOSTS)
def test_a_trace_of_this_machine_is_one_hop(host: str) -> None:
    hops = list(traceroute.trace(host, timeout_s=20))
    assert [(hop.hops, hop.address, hop.arrived) for hop in hops] == [(1, host, True)]
    assert all(rtt is not None for rtt in hops[0].rtts_us)
    assert host in traceroute.text_of(hops[0])


def test_open_closed_and_named_ports() -> None:
    with plain_listener() as sock, socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        listening, dead = sock.getsockname()[1], bound.getsockname()[1]
        found = {one.port: one for one in ports.check("127.0.0.1", [listening, dead], timeout_s=20)}
    assert (found[listening].state, found[dead].state) == ("open", "closed")
    assert "RST" in found[dead].why


@given(st.text(alphabet="0123456789-, \t\n+.ex\u00b2\u0663\uff11/", max_size=40))
def test_ports_of_any_text_are_ports_or_a_word(text: str) -> None:
    try:
        found = ports.ports_of(text)
    except ValueError:
        return
    assert found
    assert all(0 < port < 65536 for port in found)


def test_ports_are_written_as_people_do() -> None:
    assert ports.ports_of("22, 80 8000-8002,22") == [22, 80, 8000, 8001, 8002]
    for wrong in ("", "0", "70000", "9-1", "1-65535", "http"):
        with pytest.raises(ValueError, match=r"[a-z]"):
            ports.ports_of(wrong)


@given(st.binary(max_size=64), st.integers(0, 65535), st.integers(0, 65535))
def test_a_request_made_an_answer_is_read_again(payload: bytes, identifier: int, sequence: int) -> None:
    made = echo_request(socket.AF_INET, identifier, sequence, payload)
    assert checksum(made) == 0
    answered = b"\0" + made[1:2] + b"\0\0" + made[4:]
    answered = answered[:2] + struct.pack(">H", checksum(answered)) + answered[4:]
    reply = echo_reply(socket.AF_INET, answered, raw=False)
    assert reply is not None
    assert (reply.identifier, reply.sequence, reply.payload, reply.checksum_ok) == (identifier, sequence, payload, True)
    assert echo_reply(socket.AF_INET, made, raw=False) is None


@given(st.binary(max_size=80), st.booleans())
def test_any_bytes_are_a_reply_or_none(data: bytes, raw: bool) -> None:
    for family in (socket.AF_INET, socket.AF_INET6):
        echo_reply(family, data, raw)


def test_the_table_of_neighbours_is_the_one_of_ip() -> None:
    for one in rtnetlink.neighbours():
        assert one.interface
        assert one.state


def test_a_neighbour_is_found_on_a_wire() -> None:
    """In a private network: after a ping each host knows the other's hardware address."""
    from protocols.packets.networks import hostjob
    from protocols.packets.networks.network import PrivateNetwork, possible
    from protocols.packets.networks.plan import lan
    from protocols.record.recorder import Recorder

    if possible() is not None:
        pytest.skip("no private network here")
    recorder = Recorder()
    network = PrivateNetwork(recorder, lan(2))
    network.start()
    ping = hostjob.ping(recorder, network, "alice", "bob", 1)
    ping.start()
    assert ping.join(30)
    code = "from protocols.packets import rtnetlink\nprint([(n.address, n.hardware) for n in rtnetlink.neighbours()])"
    done = subprocess.run(
        [*network.entering("alice"), sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=ordinary.environment(),
    )
    assert network.stop(20)
    assert "('10.77.0.2', '02:77:00:00:00:02')" in done.stdout, done.stderr


def test_raw_sockets_are_refused_to_an_ordinary_user() -> None:
    code = "from protocols.packets.reach.ping import Pinger\nPinger('127.0.0.1', ways=('raw',))"
    done = subprocess.run(
        ordinary.argv(sys.executable, "-c", code),
        capture_output=True,
        text=True,
        env=ordinary.environment(),
        check=False,
    )
    assert "PermissionError" in done.stderr
