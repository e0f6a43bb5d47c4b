"""The lab's own traffic as packets: what real conversations become, checked by tshark."""

from __future__ import annotations

import io
import os
import socket
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.concurrency.contract import Listen
from protocols.packets.reconstruct.frame import Frame
from protocols.packets.reconstruct.reconstruct import INTERFACE, Reconstructor
from protocols.packets.reconstruct.save import save
from protocols.record.event import Raw
from protocols.record.recorder import Recorder, Tail
from protocols.record.traced import traced_socket
from tests.peers import require_tool
from tests.protocols.sockets.ends import (
    DEADLINE_S,
    Log,
    client_of,
    datagram_client_of,
    dead_port,
    serving,
    started,
    wait_received,
)


def frames_of(tail: Tail) -> list[Frame]:
    return Reconstructor().feed(enumerate(tail.take()))


def tshark(frames: list[Frame], folder: Path, *fields: str) -> list[list[str]]:
    """The fields that tshark reads from the saved file, a row a packet."""
    path = folder / "made.pcapng"
    with path.open("wb") as file:
        save(frames, file, 1_700_000_000 * 10**9)
    words = [word for field in fields for word in ("-e", field)]
    done = subprocess.run(
        [
            require_tool("tshark"),
            "-n",
            "-r",
            str(path),
            "-o",
            "tcp.check_checksum:TRUE",
            "-o",
            "udp.check_checksum:TRUE",
            "-o",
            "ip.check_checksum:TRUE",
            "-T",
            "fields",
            "-E",
            "separator=|",
            *words,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.split("|") for line in done.stdout.splitlines()]


def conversation(model: str, host: str, payloads: list[bytes]) -> tuple[list[Frame], tuple[str, int]]:
    recorder = Recorder()
    log, tail = Log(recorder), recorder.tail()
    with serving("echo", model, recorder, Listen(host=host)) as server:
        client = client_of(server, recorder)
        with started(client):
            for payload in payloads:
                client.send(payload).result(DEADLINE_S)
            wait_received(log, client, sum(map(len, payloads)))
        log.wait_kind("connection ended", service=server.name)
        address = server.address
    assert isinstance(address, tuple)
    return frames_of(tail), (address[0], address[1])


@pytest.mark.parametrize(("model", "host"), [("threads", "127.0.0.1"), ("selectors", "::1"), ("asyncio", "127.0.0.1")])
def test_tshark_reads_a_whole_conversation_with_true_bytes(model: str, host: str, tmp_path: Path) -> None:
    """SYN, SYN and ACK, ACK, data, FIN in this order; nothing retransmitted, lost or out of order."""
    payloads = [b"Hello, world", os.urandom(60_000), b"bye"]
    frames, server = conversation(model, host, payloads)
    rows = tshark(
        frames,
        tmp_path,
        "tcp.flags",
        "tcp.srcport",
        "tcp.dstport",
        "tcp.payload",
        "tcp.analysis.flags",
        "tcp.checksum.status",
        "frame.interface_name",
        "frame.comment",
        "tcp.connection.synack",
    )
    assert [row[0] for row in rows[:3]] == ["0x0002", "0x0012", "0x0010"]
    assert not [row for row in rows if row[4]], "tshark sees something wrong with the sequence"
    assert {row[5] for row in rows} == {"1"}
    assert {row[6] for row in rows} == {INTERFACE}
    assert all(row[7].startswith("reconstructed: connection 1, ") for row in rows)
    sent = {
        port: b"".join(bytes.fromhex(row[3]) for row in rows if row[1] == port) for port in {row[1] for row in rows}
    }
    assert set(sent.values()) == {b"".join(payloads)}, "both directions carry the same bytes: it is an echo"
    assert str(server[1]) in sent
    fins = Counter(row[1] for row in rows if int(row[0], 16) & 1)
    assert set(fins.values()) == {1}
    assert len(fins) == 2


def test_every_packet_is_joined_to_its_call_and_byte_range() -> None:
    recorder = Recorder()
    log, tail = Log(recorder), recorder.tail()
    with serving("echo", "threads", recorder) as server:
        client = client_of(server, recorder)
        with started(client):
            client.send(b"x" * 1000).result(DEADLINE_S)
            wait_received(log, client, 1000)
    raws = tail.take()
    frames = Reconstructor().feed(enumerate(raws))
    carrying = [frame for frame in frames if frame.offset is not None]
    assert [(frame.sender, frame.offset, frame.size) for frame in carrying] == [
        ("client", 0, 1000),
        ("server", 0, 1000),
    ]
    for frame in carrying:
        raw = raws[frame.row]
        assert (raw[4], raw[5]) == (frame.conn, "out")
        assert frame.data.endswith(raw[8] or b"never")
        assert raw[9] in frame.told


def test_a_reset_on_close_with_unread_bytes_is_a_rst(tmp_path: Path) -> None:
    recorder = Recorder()
    tail = recorder.tail()
    listener = traced_socket(recorder, "server")
    listener.bind(("127.0.0.1", 0))
    listener.listen(1)
    client = traced_socket(recorder, "client")
    client.connect(listener.getsockname())
    server, _ = listener.accept()
    client.sendall(b"never read")
    server.close()
    for sock in (client, listener):
        sock.close()
    rows = tshark(frames_of(tail), tmp_path, "tcp.flags", "tcp.srcport", "frame.comment")
    assert rows[-1][0] == "0x0014"
    assert "10 bytes were not read" in rows[-1][2]


def test_a_refused_connect_is_a_syn_and_a_rst() -> None:
    recorder = Recorder()
    tail = recorder.tail()
    sock = traced_socket(recorder, "client")
    with sock, pytest.raises(ConnectionRefusedError):
        sock.connect(dead_port())
    frames = frames_of(tail)
    assert [frame.data[47] for frame in frames] == [0x02, 0x14]
    assert "port of this end is not known" in frames[0].told


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_datagram_and_its_answer_are_two_packets(host: str, tmp_path: Path) -> None:
    recorder = Recorder()
    tail = recorder.tail()
    with serving("upper", "iterative", recorder, Listen("udp", host=host)) as server:
        client = datagram_client_of(server, recorder, timeout_s=DEADLINE_S)
        with started(client):
            assert client.ask(b"MixedCase").result(DEADLINE_S) == b"MIXEDCASE"
            port = client.facts().ports[0]
        there = server.address[1]
    rows = tshark(frames_of(tail), tmp_path, "udp.srcport", "udp.dstport", "data", "udp.checksum.status")
    assert rows == [
        [str(port), str(there), b"MixedCase".hex(), "1"],
        [str(there), str(port), b"MIXEDCASE".hex(), "1"],
    ]


def test_one_broadcast_heard_by_three_is_one_packet() -> None:
    recorder = Recorder()
    tail = recorder.tail()
    ears = [traced_socket(recorder, f"ear {n}", type=socket.SOCK_DGRAM) for n in range(3)]
    for ear in ears:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ear.bind(("127.255.255.255", ears[0].getsockname()[1]))
    mouth = traced_socket(recorder, "mouth", type=socket.SOCK_DGRAM)
    mouth.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    mouth.bind(("127.0.0.1", 0))
    mouth.sendto(b"hear me", ears[0].getsockname())
    for ear in ears:
        ear.settimeout(DEADLINE_S)
        assert ear.recvfrom(100)[0] == b"hear me"
        ear.close()
    mouth.close()
    assert len(frames_of(tail)) == 1


def test_bytes_that_were_not_kept_are_counted_and_not_invented(tmp_path: Path) -> None:
    recorder = Recorder()
    tail = recorder.tail()
    left = traced_socket(recorder, "client")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        left.connect(listener.getsockname())
        assert left.trace is not None
        assert left.trace.end is not None
        left.trace.end.kept = 1 << 40  # as after a long transfer
        other, _ = listener.accept()
        left.sendall(b"k" * 10_000)
        left.close()
        other.close()
    rows = tshark(frames_of(tail), tmp_path, "frame.len", "frame.cap_len", "tcp.len", "tcp.analysis.flags")
    assert [row[2] for row in rows if row[2] != "0"] == ["10000"]
    assert any(int(row[1]) < int(row[0]) for row in rows)
    assert not [row for row in rows if row[3]]


def test_unix_sockets_are_counted_as_without_packets() -> None:
    recorder = Recorder()
    tail = recorder.tail()
    with serving("echo", "threads", recorder, Listen("unix", path="@netlab-reconstruct")) as server:
        client = client_of(server, recorder)
        with started(client):
            client.send(b"x").result(DEADLINE_S)
    made = Reconstructor()
    assert made.feed(enumerate(tail.take())) == []
    assert len(made.without_packets) == 1


_WORDS = st.sampled_from(
    [
        "connect",
        "accept",
        "send",
        "recv",
        "recvfrom",
        "sendto",
        "close",
        "shutdown",
        "setsockopt",
        "ESTABLISHED",
        "TIME_WAIT",
        "datagram",
        "accepted by",
        "socketpair",
    ]
)
_VALUES = st.one_of(
    st.none(),
    st.integers(),
    st.text(),
    st.lists(st.one_of(st.text(), st.integers(0, 65535)), max_size=3),
    st.just(["127.0.0.1", 80]),
    st.just(["::1", 80]),
    st.just("client"),
    st.just("server"),
)
_RAWS = st.builds(
    lambda t, layer, kind, conn, way, offset, size, data, detail: (
        t,
        layer,
        kind,
        "s",
        conn,
        way,
        offset,
        size,
        data,
        "",
        detail,
    ),
    st.integers(0, 2**62),
    st.sampled_from(["call", "state", "message", "note"]),
    _WORDS,
    st.sampled_from([None, "1", "2"]),
    st.sampled_from([None, "in", "out"]),
    st.one_of(st.none(), st.integers(0, 10**6)),
    st.one_of(st.none(), st.integers(0, 70000)),
    st.one_of(st.none(), st.binary(max_size=300)),
    st.dictionaries(
        st.sampled_from(["local", "peer", "end", "errno", "how", "end_local", "end_peer", "transport", "call"]),
        _VALUES,
        max_size=6,
    ),
)


@given(st.lists(_RAWS, max_size=30))
def test_events_of_any_session_file_make_packets_or_nothing(raws: list[Raw]) -> None:
    frames = Reconstructor().feed(enumerate(raws))
    assert save(frames, io.BytesIO(), 0) == len(frames)
    for frame in frames:
        assert frame.length >= len(frame.data) > 14
