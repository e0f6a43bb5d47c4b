# ruff: noqa: B023  what a table of functions holds is called at once
from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.packets import bpf
from protocols.packets.filters.bpf_run import BpfError, matches, parse
from tests.protocols.packets import zoo

FILTERS = (
    "tcp", "udp", "ip6", "arp", "host 10.0.0.1", "net 192.0.2.0/24", "tcp port 8000", "udp src port 5353", "vlan",
    "vlan 5 and ip", "mpls", "tcp[tcpflags] & tcp-syn != 0", "greater 90", "ether proto 0x88cc", "ip proto 47",
    "icmp[icmptype] = icmp-echo", "ip[0] & 0xf > 5", "portrange 5000-6000", "ether[12:4] / 3 > ip[8] * 7", "not ip",
)  # fmt: skip


def run_one(program: bytes, packet: bytes, length: int) -> bool:
    """The plain machine, one packet at a time (bpf(4)): the oracle."""
    a = x = place = 0
    cells = [0] * 16
    code = parse(program)

    def load(offset: int, size: int) -> int | None:
        return int.from_bytes(packet[offset : offset + size], "big") if offset + size <= len(packet) else None

    while True:
        what, true, false, k = code[place]
        place += 1
        kind, mode = what & 7, what & 0xE0
        if kind in (0, 1):
            size = {0x00: 4, 0x08: 2, 0x10: 1}[what & 0x18]
            found = {0x00: lambda: k, 0x20: lambda: load(k, size), 0x40: lambda: load(x + k, size),
                     0x60: lambda: cells[k], 0x80: lambda: length, 0xA0: lambda: load(k, 1)}[mode]()  # fmt: skip
            if found is None:
                return False
            found = (found & 15) * 4 if mode == 0xA0 else found
            a, x = (found, x) if kind == 0 else (a, found)
        elif kind in (2, 3):
            cells[k] = a if kind == 2 else x
        elif kind == 4:
            other = x if what & 8 else k
            if what & 0xF0 in (0x30, 0x90) and not other:
                return False
            a = {0x00: lambda: a + other, 0x10: lambda: a - other, 0x20: lambda: a * other, 0x30: lambda: a // other,
                 0x40: lambda: a | other, 0x50: lambda: a & other, 0x60: lambda: a << other, 0x70: lambda: a >> other,
                 0x80: lambda: -a, 0x90: lambda: a % other, 0xA0: lambda: a ^ other}[what & 0xF0]()  # fmt: skip
            a &= 0xFFFFFFFF
        elif kind == 5:
            other = x if what & 8 else k
            if what & 0xF0 == 0:
                place += k
            else:
                yes = {0x10: a == other, 0x20: a > other, 0x30: a >= other, 0x40: bool(a & other)}[what & 0xF0]
                place += true if yes else false
        elif kind == 6:
            return bool(a if what & 0x18 == 0x10 else k)
        elif what & 0xF8 == 0x80:
            a = x
        else:
            x = a


def together(program: bytes, packets: list[bytes]) -> list[bool]:
    array = np.frombuffer(b"".join(packets) + bytes(4), np.uint8)
    size = np.array([len(one) for one in packets], np.int64)
    at = np.concatenate(([0], np.cumsum(size)[:-1])).astype(np.int64)
    return [bool(one) for one in matches(program, array, at, size, size)]


@pytest.mark.parametrize("text", FILTERS)
def test_all_packets_at_once_give_what_each_gives_alone(text: str) -> None:
    if not bpf.available():
        pytest.fail("libpcap is missing")
    program, packets = bpf.compiled(text), zoo.ethernet()
    assert together(program, packets) == [run_one(program, one, len(one)) for one in packets]


INSTRUCTIONS = st.tuples(
    st.sampled_from([0x00, 0x01, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x60, 0x61, 0x80, 0x81, 0xB1, 0x02, 0x03, 0x07,
                     0x87, *(op | 4 for op in range(0, 0xB0, 0x10)), *(op | 12 for op in range(0, 0xB0, 0x10))]),
    st.integers(0, 70),
)  # fmt: skip


@given(st.lists(INSTRUCTIONS, max_size=12), st.lists(st.binary(max_size=40), min_size=1, max_size=5))
def test_whatever_the_instructions_are(made: list[tuple[int, int]], packets: list[bytes]) -> None:
    shifts = {0x64, 0x74, 0x6C, 0x7C}
    program = b"".join(
        struct.pack("=HBBI", code, 0, 0, k % 16 if code in (2, 3, 0x60, 0x61) or code in shifts else k)
        for code, k in made if code not in (0x6C, 0x7C)
    ) + struct.pack("=HBBI", 0x16, 0, 0, 0)  # fmt: skip
    assert together(program, packets) == [run_one(program, one, len(one)) for one in packets]


@pytest.mark.parametrize("program", [b"", b"abc", struct.pack("=HBBI", 5, 0, 0, 99), struct.pack("=HBBI", 0, 0, 0, 9)])
def test_what_is_no_program_is_refused(program: bytes) -> None:
    with pytest.raises(BpfError):
        parse(program)
