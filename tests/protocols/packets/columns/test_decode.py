from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.packets.columns.decode import decode
from protocols.packets.files.capture import Capture
from protocols.packets.files.table import MARK_PORTS, NOWHERE
from tests.peers import require_tool
from tests.protocols.packets import making, zoo

FIELDS = (
    "frame.len", "frame.cap_len", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport",
    "udp.srcport", "udp.dstport", "sctp.srcport", "sctp.dstport",
)  # fmt: skip


def tshark(path: Path) -> list[list[str]]:
    """Lengths, innermost addresses and ports of each packet; fragments are looked at one by one, as we do."""
    argv = [require_tool("tshark"), "-n", "-r", str(path), "-T", "fields", "-E", "separator=|", "-E", "occurrence=l",
            "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"]  # fmt: skip
    argv += [word for name in FIELDS for word in ("-e", name)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=80, check=False)
    return [line.split("|") for line in done.stdout.splitlines()]


def ours(capture: Capture) -> list[list[str]]:
    names = ("length", "captured", "family", "net", "marks", "sport", "dport", "protocol")
    rows = []
    for row, values in enumerate(zip(*(column.tolist() for column in capture.table.columns(*names)), strict=True)):
        length, captured, family, net, marks, sport, dport, protocol = values
        line = [str(length), str(captured)] + [""] * 10
        data = capture.packet(row)
        if family in (4, 6):
            at, size, place = (net + 12, 4, 2) if family == 4 else (net + 8, 16, 4)
            for side in (0, 1):
                address = data[at + side * size : at + (side + 1) * size]
                line[place + side] = socket.inet_ntop(socket.AF_INET if size == 4 else socket.AF_INET6, address)
        if marks & MARK_PORTS:
            place = {6: 6, 17: 8, 136: 8, 132: 10}[protocol]
            line[place : place + 2] = [str(sport), str(dport)]
        rows.append(line)
    return rows


def outer(line: list[str], mine: list[str]) -> list[str]:
    """What tshark says, without the addresses of the outer header of a tunnel between the families."""
    for one, other in ((2, 4), (4, 2)):
        if line[one] and line[other] and not mine[other]:
            line[other : other + 2] = ["", ""]
    return line


def compare(path: Path) -> int:
    theirs = tshark(path)
    with Capture(path).read_all() as capture:
        mine = ours(capture)
    assert len(mine) == len(theirs)
    assert [(row, one) for row, one in enumerate(mine)] == [
        (row, outer(line, one)) for row, (line, one) in enumerate(zip(theirs, mine, strict=True))
    ]
    return len(mine)


def test_lengths_addresses_and_ports_are_those_of_tshark_for_ethernet(tmp_path: Path) -> None:
    # Left out: an ICMP error's quotation, whose ports tshark tells as the packet's; IP headers cut within an address.
    frames = [frame for number, frame in enumerate(zoo.ethernet()) if number not in (34, 51, 52)]
    (tmp_path / "zoo").write_bytes(making.pcap(making.frames_of(frames)))
    assert compare(tmp_path / "zoo") == len(frames)


def test_lengths_addresses_and_ports_are_those_of_tshark_for_every_link_type(tmp_path: Path) -> None:
    """All in one file, an interface for each, so that tshark starts once."""
    cases = [case for case in zoo.others() if case[0] != 65000]
    parts = [making.section(), *(making.interface(link) for link, _ in cases)]
    for number, (_, frames) in enumerate(cases):
        parts += [making.enhanced(frame, number) for frame in making.frames_of(frames)]
    (tmp_path / "zoo").write_bytes(b"".join(parts))
    assert compare(tmp_path / "zoo") == sum(len(frames) for _, frames in cases)


def test_they_are_those_of_tshark_for_ordinary_traffic_too(tmp_path: Path) -> None:
    (tmp_path / "mixed").write_bytes(making.pcapng(making.mixed(5000, 3)))
    assert compare(tmp_path / "mixed") == 5000


def test_a_thousand_tunnels_in_each_other_are_no_trouble(tmp_path: Path) -> None:
    nested = making.ipv4(making.udp(1, 2), 17)
    for _ in range(1000):
        nested = making.ipv4(nested, 4)
    vlans = making.ipv4(making.udp(1, 2), 17)
    for number in range(1000):
        vlans = making.vlan(number, 0x8100 if number else 0x0800, vlans)
    frames = [making.ether(0x0800, nested), making.ether(0x8100, vlans)]
    (tmp_path / "deep").write_bytes(making.pcap(making.frames_of(frames)))
    with Capture(tmp_path / "deep").read_all() as capture:
        assert len(capture) == 2


@given(st.lists(st.binary(max_size=120), min_size=1, max_size=8), st.sampled_from([1, 0, 101, 113, 276, 9, 105, 127]))
def test_whatever_bytes_come_offsets_lie_within_the_packet(packets: list[bytes], link: int) -> None:
    array = np.frombuffer(b"".join(packets), np.uint8)
    size = np.array([len(one) for one in packets], np.uint32)
    at = np.concatenate(([0], np.cumsum(size)[:-1])).astype(np.int64)
    made = decode(array, at, size, size, np.full(len(packets), link, np.uint16))
    for net, family, captured in zip(made["net"], made["family"], size, strict=True):
        if family in (4, 6):
            assert net + (20 if family == 4 else 40) <= captured
        elif family == 0:
            assert net == NOWHERE


@settings(max_examples=12)
@given(st.permutations(list(range(len(zoo.ethernet())))), st.integers(1, 70))
def test_decoded_together_or_alone_a_packet_is_the_same(order: list[int], count: int) -> None:
    """The oracle of the vectorised decode: each packet by itself, in an array that holds nothing else."""
    frames = [zoo.ethernet()[number] for number in order[:count]]
    array = np.frombuffer(b"".join(frames) + bytes(100), np.uint8)
    size = np.array([len(one) for one in frames], np.uint32)
    at = np.concatenate(([0], np.cumsum(size)[:-1])).astype(np.int64)
    together = decode(array, at, size, size, np.ones(len(frames), np.uint16))
    for row, frame in enumerate(frames):
        one = np.array([len(frame)], np.uint32)
        alone = decode(np.frombuffer(frame, np.uint8), np.zeros(1, np.int64), one, one, np.ones(1, np.uint16))
        assert {name: column[0] for name, column in alone.items()} == {
            name: column[row] for name, column in together.items()
        }
