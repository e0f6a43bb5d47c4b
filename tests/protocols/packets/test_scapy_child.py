from __future__ import annotations

import os
import signal
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.packets.checksums import internet_checksum
from protocols.packets.scapy_child.asking import PacketChild, PacketChildError
from protocols.packets.scapy_child.tcpoptions import option_rows
from protocols.packets.tree import Tree, TreeField, TreeLayer, lines

ETHER = bytes.fromhex("02fc0000000502fc000000010800")


@pytest.fixture(scope="module")
def child() -> Iterator[PacketChild]:
    """One child for the module: its start costs a second."""
    one = PacketChild(patience_s=60)
    one.start()
    yield one
    one.stop()


def ip(payload: bytes, protocol: int, fragment: int = 0, length: int | None = None) -> bytes:
    length = 20 + len(payload) if length is None else length
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, 1, fragment, 64, protocol, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
    return head[:10] + struct.pack("!H", internet_checksum(head)) + head[12:] + payload


def udp(data: bytes, checksum: int = 0) -> bytes:
    return struct.pack("!HHHH", 4711, 7739, 8 + len(data), checksum) + data


def field(tree: Tree, key: str) -> TreeField:
    return next(one for layer in tree.layers for one in layer.walk() if one.key == key)


def layer(tree: Tree, name: str) -> TreeLayer:
    return next(one for one in tree.layers if one.name == name)


def test_each_field_knows_its_bits(child: PacketChild) -> None:
    options = bytes.fromhex("020405b40402080a0000000100000002010303070000")
    tcp = struct.pack("!HHIIBBHHH", 40112, 8000, 7, 9, 0xB0, 0x12, 512, 0, 0) + options + b"\0\0"
    tree = child.dissect(ETHER + ip(tcp + b"data", 6), 1)
    assert [(one.name, one.start, one.stop) for one in tree.layers] == [
        ("Ether", 0, 14), ("IP", 14, 34), ("TCP", 34, 78), ("Raw", 78, 82)]  # fmt: skip
    assert field(tree, "IP.ihl").bits == (14 * 8 + 4, 15 * 8)
    assert field(tree, "IP.frag").bits == (20 * 8 + 3, 22 * 8)
    assert field(tree, "TCP.flags").value == "SYN, ACK"
    assert (field(tree, "TCP.seq").start, field(tree, "TCP.seq").stop) == (38, 42)
    told = [(one.name, one.value, one.start, one.stop) for one in field(tree, "TCP.options").children]
    assert told[:2] == [("Maximum segment size", "1460", 54, 58), ("SACK permitted", "", 58, 60)]
    assert told[2] == ("Timestamps", "1, echo of 2", 60, 70)
    assert any("sport = 40112  [34:36]" in line for line in lines(tree))


def test_records_within_a_field_have_their_places_too(child: PacketChild) -> None:
    name = b"\3www\7example\3org\0"
    answer = b"\xc0\x0c" + struct.pack("!HHIH4s", 1, 1, 60, 4, b"\1\2\3\4")
    text = b"\1x\xc0\x10" + struct.pack("!HHIH", 16, 1, 60, 6) + b"\5hello"
    dns = struct.pack("!HHHHHH", 1, 0x8180, 1, 2, 0, 0) + name + struct.pack("!HH", 1, 1) + answer + text
    tree = child.dissect(ETHER + ip(struct.pack("!HHHH", 53, 53, 8 + len(dns), 0) + dns, 17), 1)
    first, second = field(tree, "DNS.an").children
    at = 14 + 20 + 8 + 12 + len(name) + 4
    assert (first.start, first.stop, second.stop) == (at, at + len(answer), at + len(answer) + len(text))
    data = next(one for one in first.children if one.name == "rdata")
    assert (data.value, data.start, data.stop) == ("1.2.3.4", at + 12, at + 16)


def test_checksums_are_checked(child: PacketChild) -> None:
    good = child.dissect(ETHER + ip(struct.pack("!BBHHH", 8, 0, 0xF7FD, 1, 1), 1), 1)
    assert field(good, "IP.chksum").check == "correct"
    assert field(good, "ICMP.chksum").check == "correct"
    bad = child.dissect(ETHER + ip(udp(b"abc", 0x1234), 17), 1)
    assert field(bad, "UDP.chksum").check == "wrong"
    assert field(bad, "UDP.chksum").note.startswith("should be 0x")
    none = child.dissect(ETHER + ip(udp(b"abc"), 17), 1)
    assert (field(none, "UDP.chksum").check, field(none, "UDP.chksum").note) == ("not checked", "the sender made none")
    part = child.dissect(ETHER + ip(udp(b"abc", 5), 17, fragment=0x2000), 1)
    assert "fragment" in field(part, "UDP.chksum").note
    cut = child.dissect(ETHER + ip(udp(b"abc", 5), 17, length=900), 1)
    assert "part of it" in field(cut, "UDP.chksum").note


def test_a_thousand_tunnels_in_each_other_end_in_a_tree(child: PacketChild) -> None:
    nested = b""
    for _ in range(1000):
        nested = ip(nested, 4)
    tree = child.dissect(ETHER + nested, 1)
    assert len(tree.layers) > 50


@pytest.mark.parametrize("linktype", [1, 0, 12, 101, 105, 113, 127, 276, 9, 65001])
def test_no_bytes_and_few_bytes_are_no_trouble(child: PacketChild, linktype: int) -> None:
    for size in (0, 1, 3, 13, 15):
        child.dissect(b"\x45" * size, linktype)


@settings(max_examples=40)
@given(st.binary(max_size=200), st.sampled_from([1, 101, 113, 276, 127]))
def test_whatever_bytes_come_the_fields_lie_within_them(child: PacketChild, noise: bytes, linktype: int) -> None:
    data = ip(noise, noise[0] if noise else 17) if linktype == 101 else noise
    for one in child.dissect(data, linktype).layers:
        assert 0 <= one.start <= one.stop <= len(data)
        assert all(0 <= low <= high <= len(data) * 8 for low, high in (each.bits for each in one.walk()))


def test_an_error_is_told_and_the_child_goes_on(child: PacketChild) -> None:
    with pytest.raises(PacketChildError, match="no operation 'fly'"):
        child.ask("fly")
    with pytest.raises(PacketChildError) as caught:
        child.ask("dissect", data="zz", linktype=1)
    assert caught.value.kind == "ValueError"
    assert child.dissect(ETHER, 1).layers


def test_a_child_that_dies_or_hangs_is_replaced() -> None:
    child = PacketChild(patience_s=60)
    child.start()
    assert child._service is not None
    pid = child._service.child.pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(PacketChildError, match="no answer to 'dissect' after"):
        child.ask("dissect", patience_s=0.2, data=b"", linktype=1)
    assert child.dissect(ETHER, 1).layers[0].name == "Ether"
    pid = child._service.child.pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(PacketChildError, match="ended while it did 'dissect'"):
        child.dissect(ETHER, 1)
    child.stop()


@given(st.binary(max_size=60))
def test_options_never_overlap_nor_leave_the_header(data: bytes) -> None:
    at = 100 * 8
    for row in option_rows(data, 100):
        assert row["bits"][0] == at
        at = row["bits"][1]
    assert at <= (100 + len(data)) * 8
