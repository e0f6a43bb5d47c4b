from __future__ import annotations

import itertools
import random
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.packets.files.capture import Capture
from protocols.packets.streams import experts
from protocols.packets.streams.conversations import Streams, endpoints, rate, shares
from protocols.packets.streams.follow import Follow
from tests.peers import require_tool
from tests.protocols.packets.making import (
    enhanced,
    ether,
    frames_of,
    ipv4,
    ipv6,
    mixed,
    pcap,
    pcapng,
    tcp,
    udp,
)

CLIENT, SERVER = b"\x0a\0\0\1", b"\x0a\0\0\2"


class Talk:
    """Packets between a client and a server, made in the order in which they cross."""

    def __init__(self, port: int = 40000) -> None:
        self.packets: list[bytes] = []
        self.port = port

    def client(self, seq: int, ack: int, data: bytes = b"", flags: int = 0x18, window: int = 512) -> None:
        segment = tcp(self.port, 8000, data, flags=flags if data or flags != 0x18 else 0x10, seq=seq, ack=ack,
                      window=window)  # fmt: skip
        self.packets.append(ether(0x0800, ipv4(segment, 6, CLIENT, SERVER)))

    def server(self, seq: int, ack: int, data: bytes = b"", flags: int = 0x18, window: int = 512) -> None:
        segment = tcp(8000, self.port, data, flags=flags if data or flags != 0x18 else 0x10, seq=seq, ack=ack,
                      window=window)  # fmt: skip
        self.packets.append(ether(0x0800, ipv4(segment, 6, SERVER, CLIENT)))

    def hello(self, seq: int = 1000, ack: int = 5000) -> None:
        self.client(seq - 1, 0, flags=2)
        self.server(ack - 1, seq, flags=0x12)
        self.client(seq, ack)


def opened(tmp_path: Path, packets: list[bytes]) -> Capture:
    (tmp_path / "talk.pcap").write_bytes(pcap(frames_of(packets)))
    return Capture(tmp_path / "talk.pcap").read_all()


def troubled() -> list[bytes]:
    talk = Talk()
    talk.hello()
    talk.client(1000, 5000, b"a" * 100)
    talk.client(1100, 5000, b"b" * 100)
    talk.client(1300, 5000, b"d" * 100)  # c is lost
    talk.server(5000, 1200)
    talk.server(5000, 1200)
    talk.server(5000, 1200)
    talk.client(1000, 5000, b"a" * 100)  # again
    talk.client(1200, 5000, b"c" * 100)  # late
    talk.server(5000, 1400, window=0)
    talk.client(1399, 5000, b"d")  # still there?
    talk.server(5000, 1400, window=0)
    talk.server(5000, 1400, window=700)
    talk.client(1400, 5000, flags=0x14)
    return talk.packets


def test_the_notes_of_a_troubled_connection(tmp_path: Path) -> None:
    with opened(tmp_path, troubled()) as capture:
        made = experts.notes(Streams(capture))
    told = {row + 1: experts.names(int(bits)) for row, bits in enumerate(made) if bits}
    assert told == {
        6: ["Previous segment not captured"], 8: ["Duplicate ACK"], 9: ["Duplicate ACK"], 10: ["Retransmission"],
        11: ["Out of order"], 12: ["Zero window"], 13: ["Keep-alive"], 14: ["Zero window"], 16: ["Reset"],
    }  # fmt: skip
    found = experts.summary(made)
    assert [(one.name, one.count, one.first_row) for one in found][:2] == [
        ("Retransmission", 1, 9), ("Duplicate ACK", 2, 7)]  # fmt: skip


NOTES = {
    "duplicate_ack": experts.DUPLICATE_ACK, "zero_window": experts.ZERO_WINDOW, "lost_segment": experts.LOST,
    "keep_alive": experts.KEEP_ALIVE, "retransmission": experts.RETRANSMISSION | experts.OUT_OF_ORDER,
}  # fmt: skip


def test_tshark_makes_the_same_notes(tmp_path: Path) -> None:
    """It tells late from again by times, so the two count together here."""
    names = [*NOTES, "out_of_order"]
    with opened(tmp_path, troubled()) as capture:
        made = experts.notes(Streams(capture))
        fields = [word for name in names for word in ("-e", f"tcp.analysis.{name}")]
        done = subprocess.run([require_tool("tshark"), "-n", "-r", str(capture.source.path), "-T", "fields", *fields],
                              capture_output=True, text=True, timeout=60, check=True)  # fmt: skip
    theirs = [dict(zip(names, line.split("\t"), strict=True)) for line in done.stdout.splitlines()]
    for name, bit in NOTES.items():
        late = {"retransmission": "out_of_order"}.get(name, name)
        found = [row for row, one in enumerate(theirs) if one[name] or one[late]]
        assert found
        assert np.flatnonzero(made & bit).tolist() == found, name


def test_a_packet_that_can_not_be_is_malformed(tmp_path: Path) -> None:
    with opened(tmp_path, [ether(0x0800, ipv4(tcp(1, 2), 6, length=5))]) as capture:
        assert experts.names(int(experts.notes(Streams(capture))[0])) == ["Malformed"]


def test_conversations_are_those_of_tshark(tmp_path: Path) -> None:
    frames = [frame for frame in mixed(3000) if frame[1][12:14] != b"\x81\0"]
    (tmp_path / "x").write_bytes(pcap(frames))
    with Capture(tmp_path / "x").read_all() as capture:
        streams = Streams(capture)
        found = streams.conversations()
        assert sum(one.packets for one in found) == int((streams.number >= 0).sum())
        assert all(streams.rows(one.number)[0] == one.first_row for one in found[:50])
        tcp_ones = {frozenset(((one.a, one.a_port), (one.b, one.b_port))): (one.packets, one.bytes) for one in found
                    if one.protocol == "TCP"}  # fmt: skip
        done = subprocess.run(
            [require_tool("tshark"), "-n", "-r", str(tmp_path / "x"), "-T", "fields", "-e", "tcp.stream", "-Y", "tcp",
             "-e", "frame.len"], capture_output=True, text=True, timeout=60, check=True)  # fmt: skip
        theirs: dict[str, list[int]] = {}
        for line in done.stdout.splitlines():
            number, size = line.split("\t")
            theirs.setdefault(number, []).append(int(size))
        assert sorted((len(sizes), sum(sizes)) for sizes in theirs.values()) == sorted(tcp_ones.values())
        every = endpoints(found)
        assert sum(one.sent_packets for one in every) == sum(one.packets for one in found)
        assert sum(one.packets for one in shares(capture)) == len(capture)
        graph = rate(capture)
        assert (sum(graph.packets), sum(graph.bytes)) == (3000 - (3000 - len(frames)), sum(f[2] for f in frames))
        assert len(graph.packets) <= 200


def test_both_directions_are_put_together_as_tshark_does(tmp_path: Path) -> None:
    talk = Talk()
    talk.hello()
    talk.client(1000, 5000, b"GET / HTTP/1.1\r\n")
    talk.client(1030, 5000, b"ost: x\r\n\r\n")  # comes before what is ahead of it
    talk.client(1016, 5000, b"Cookie: crumbs")
    talk.client(1016, 5000, b"Cookie: crumbs")  # again
    talk.server(5000, 1040, b"HTTP/1.1 200 OK\r\n")
    talk.server(5010, 1040, b"00 OK\r\n\r\nhello")  # a part of it again
    with opened(tmp_path, talk.packets) as capture:
        follow = Follow(capture, 3)
        follow.more()
        follow.finish()
        assert follow.side(True) == b"GET / HTTP/1.1\r\nCookie: crumbsost: x\r\n\r\n"
        assert follow.side(False) == b"HTTP/1.1 200 OK\r\n\r\nhello"
        assert [(piece.ours, piece.row) for piece in follow.pieces] == [
            (True, 3), (True, 5), (True, 4), (False, 7), (False, 8)]  # fmt: skip
        done = subprocess.run(
            [require_tool("tshark"), "-q", "-r", str(capture.source.path), "-z", "follow,tcp,raw,0"],
            capture_output=True, text=True, timeout=60, check=True)  # fmt: skip
        lines = [line for line in done.stdout.splitlines() if set(line.strip()) <= set("0123456789abcdef") and line]
        assert bytes.fromhex("".join(line for line in lines if line[0] != "\t")) == follow.side(True)
        assert bytes.fromhex("".join(line.strip() for line in lines if line[0] == "\t")) == follow.side(False)


def test_a_gap_is_told_at_the_end(tmp_path: Path) -> None:
    talk = Talk()
    talk.hello()
    talk.client(1000, 5000, b"first")
    talk.client(1105, 5000, b"after a gap")
    with opened(tmp_path, talk.packets) as capture:
        follow = Follow(capture, 0)
        follow.more()
        assert follow.side(True) == b"first"
        follow.finish()
        assert [(piece.data, piece.missing) for piece in follow.pieces] == [(b"first", 0), (b"after a gap", 100)]


def test_datagrams_and_ipv6_and_packets_of_no_conversation(tmp_path: Path) -> None:
    a, b = bytes(15) + b"\1", bytes(15) + b"\2"
    with opened(tmp_path, [ether(0x86DD, ipv6(udp(7739, 9, b"one"), 17, a, b)), ether(0x0806, bytes(28)),
                           ether(0x86DD, ipv6(udp(9, 7739, b"two"), 17, b, a)),
                           ether(0x86DD, ipv6(udp(9, 7739, b"three"), 17, a, a))]) as capture:  # fmt: skip
        follow = Follow(capture, 0)
        follow.more()
        assert [(piece.ours, piece.data) for piece in follow.pieces] == [(True, b"one"), (False, b"two")]
        with pytest.raises(ValueError, match="no conversation"):
            Follow(capture, 1)
        assert Streams(capture).number.tolist() == [0, -1, 0, 1]


def test_a_stream_is_followed_while_the_capture_grows(tmp_path: Path) -> None:
    talk = Talk()
    talk.hello()
    for number in range(20):
        talk.client(1000 + number * 5, 5000, b"%05d" % number)
    path = tmp_path / "live"
    path.write_bytes(pcapng(frames_of(talk.packets[:3])))
    with Capture(path, growing=True) as capture, open(path, "ab") as file:
        while capture.more():
            pass
        follow = Follow(capture, 0)
        for frame in frames_of(talk.packets)[3:]:
            file.write(enhanced(frame))
            file.flush()
            while capture.more():
                pass
            assert follow.more() == 1
        assert follow.side(True) == b"".join(b"%05d" % number for number in range(20))


@settings(max_examples=30)
@given(st.binary(min_size=1, max_size=600), st.integers(0, 2**32 - 1), st.randoms(use_true_random=False))
def test_however_the_segments_come_the_bytes_are_the_same(
    tmp_path: Path, data: bytes, first: int, rand: random.Random
) -> None:
    """Cut anywhere, sent twice, in any order, at sequence numbers that wrap."""
    cuts = sorted({0, len(data), *(rand.randrange(len(data) + 1) for _ in range(6))})
    parts = [(start, data[start : stop + rand.randrange(5)]) for start, stop in itertools.pairwise(cuts)]
    parts += rand.sample(parts, len(parts) // 2)
    rand.shuffle(parts)
    packets = [tcp(1, 2, flags=2, seq=first - 1)] + [tcp(1, 2, part, seq=first + start) for start, part in parts]
    with opened(tmp_path, [ether(0x0800, ipv4(one, 6)) for one in packets]) as capture:
        follow = Follow(capture, 0)
        follow.more()
        follow.finish()
        assert follow.side(True) == data
        assert all(piece.missing == 0 for piece in follow.pieces)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 255), st.binary(max_size=9)), max_size=30))
@settings(max_examples=30)
def test_whatever_the_numbers_are_there_are_notes_and_streams(
    tmp_path: Path, packets: list[tuple[int, int, bytes]]
) -> None:
    made = [ether(0x0800, ipv4(tcp(1, 2, data, seq=seq, flags=flags), 6)) for seq, flags, data in packets]
    with opened(tmp_path, made) as capture:
        assert len(experts.notes(Streams(capture))) == len(made)
        if made:
            follow = Follow(capture, 0)
            follow.more()
            follow.finish()


