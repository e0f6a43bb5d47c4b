"""Dissection by tshark: real packets by the real tshark, its places those of the packet, and PDML that is none."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.packets.scapy_child import tshark
from protocols.packets.scapy_child.asking import PacketChildError
from protocols.packets.scapy_child.tshark import MOST_FIELDS, dissect, read
from protocols.packets.tree import Tree, TreeField, lines
from tests.peers import require_tool
from tests.protocols.packets import making

DNS = making.ether(0x0800, making.ipv4(making.udp(5353, 53, making.dns()), 17, ttl=7))
MODBUS = making.ether(0x0800, making.ipv4(making.tcp(40000, 502, bytes.fromhex("000100000006010300000001")), 6))


def named(tree: Tree, key: str) -> TreeField:
    return next(one for layer in tree.layers for one in layer.walk() if one.key == key)


def test_tshark_dissects_and_every_field_has_its_bytes() -> None:
    require_tool("tshark")
    tree = dissect(DNS, 1)
    assert tree.by == "tshark"
    assert [layer.name for layer in tree.layers] == ["Ether", "IP", "UDP", "DNS"]
    assert [(layer.start, layer.stop) for layer in tree.layers] == [(0, 14), (14, 34), (34, 42), (42, len(DNS))]
    assert all(layer.title.endswith("(tshark)") for layer in tree.layers)
    assert (named(tree, "IP.ttl").start, named(tree, "IP.ttl").stop, named(tree, "IP.ttl").value) == (22, 23, "7")
    query = named(tree, "DNS.name")
    assert "www.example.org" in query.value
    assert DNS[query.start : query.stop] == b"\3www\7example\3org\0"
    assert any("www.example.org" in line for line in lines(tree))


def test_it_reads_what_the_other_lacks_other_links_and_nonsense() -> None:
    require_tool("tshark")
    assert "modbus" in [layer.name for layer in dissect(MODBUS, 1).layers]
    assert dissect(DNS[14:], 101).layers[0].name == "raw"
    assert dissect(b"\0\xff\x80", 1).layers
    with pytest.raises(PacketChildError, match="record data that TShark doesn't support"):
        dissect(DNS, 65000)


def test_without_tshark_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PacketChildError, match="sudo apt-get install tshark"):
        dissect(DNS, 1)


@pytest.mark.parametrize("pdml", [
    b"", b"<pdml>", b"<pdml/>", b"<pdml><packet></pdml>", b"no xml", b"\xff\xfe<pdml/>",
    b"<?xml version='1.0' encoding='x'?><a/>",
    b"<!DOCTYPE a [<!ENTITY b 'bb'><!ENTITY c '&b;&b;&b;'>]><pdml><packet><proto name='&c;'/></packet></pdml>",
])  # fmt: skip
def test_what_is_no_pdml_is_a_sentence(pdml: bytes) -> None:
    with pytest.raises(PacketChildError, match=r"^tshark"):
        read(pdml, 10)


def test_there_is_an_end_to_fields_and_to_depth() -> None:
    many = b"<field name='x' show='1' pos='0' size='1'/>" * (MOST_FIELDS + 10)
    tree = read(b"<pdml><packet><proto name='p'>" + many + b"</proto></packet></pdml>", 1)
    assert len(tree.layers[0].fields) == MOST_FIELDS
    assert tree.why
    deep = b"<field name='x' show='1'>" * 3000 + b"</field>" * 3000
    tree = read(b"<pdml><packet><proto name='p'>" + deep + b"</proto></packet></pdml>", 1)
    assert len(list(tree.layers[0].walk())) <= tshark.DEPTH + 2


Children: TypeAlias = "list[tuple[dict[str, str], str, str, list[Any]]]"
NUMBERS = st.integers(-5, 50).map(str) | st.sampled_from(["", "x", "9" * 30, "1e3", " 3 "])
ELEMENTS = st.recursive(
    st.just([]), lambda inner: st.lists(st.tuples(st.dictionaries(
        st.sampled_from(["name", "showname", "show", "hide"]), st.sampled_from(["ip", "a.b", "yes", ": ", "x: y", ""])),
        NUMBERS, NUMBERS, inner), max_size=4), max_leaves=20,
)  # fmt: skip


def grown(parent: ElementTree.Element, children: Children) -> None:
    for said, pos, size, inner in children:
        tag = "proto" if parent.tag == "packet" else "field"
        grown(ElementTree.SubElement(parent, tag, said | {"pos": pos, "size": size}), inner)


@given(ELEMENTS)
def test_whatever_it_says_places_are_within_the_packet(children: Children) -> None:
    root = ElementTree.Element("pdml")
    grown(ElementTree.SubElement(root, "packet"), children)
    tree = read(ElementTree.tostring(root), 20)
    for layer in tree.layers:
        assert layer.title.endswith("(tshark)")
        assert 0 <= layer.start <= layer.stop <= 20
        for one in layer.walk():
            assert 0 <= one.bits[0] <= one.bits[1] <= 160
    lines(tree)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_sentence(data: bytes) -> None:
    with pytest.raises(PacketChildError, match=r"\.$"):
        read(data, 10)
