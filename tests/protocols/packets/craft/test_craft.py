"""Packets made by hand: the notation read by a parser of ours, built by scapy, sent by a child, answers paired."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import pcapng
from protocols.packets.capture.live import has_net_raw
from protocols.packets.craft import rst
from protocols.packets.craft.expression import ExpressionError, Layer, Stack, parse, text_of_value, value_of
from protocols.packets.craft.sender import Order, Outcome, ask, build
from protocols.packets.craft.templates import TEMPLATES, filled, template
from protocols.packets.networks.network import possible
from protocols.packets.scapy_child.asking import PacketChild, PacketChildError
from protocols.record.recorder import Recorder
from tests import ordinary
from tests.peers import require_tool


@pytest.fixture(scope="module")
def child() -> Iterator[PacketChild]:
    """One for all tests: to load scapy takes longer than they do."""
    made = PacketChild(patience_s=60)
    made.start()
    yield made
    made.stop()


# The notation


def test_text_becomes_layers_and_text_again() -> None:
    stack = parse('IP(dst="127.0.0.1", ttl=(1, 4))/TCP(dport=80, flags="S", options=[("MSS", 1460)])/b"x\\0"')
    assert stack == Stack((
        Layer("IP", {"dst": "127.0.0.1", "ttl": (1, 4)}),
        Layer("TCP", {"dport": 80, "flags": "S", "options": [("MSS", 1460)]}),
        Layer("Raw", {"load": b"x\0"}),
    ))  # fmt: skip
    assert parse(stack.text()) == stack
    assert parse('DNS(qd=[DNSQR(qname="a"), DNSQR()])').layers[0].fields["qd"] == [
        Layer("DNSQR", {"qname": "a"}),
        Layer("DNSQR", {}),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing yet"),
        ("IP", "needs brackets"),
        ("IP(", "character"),
        ('IP(__import__("os").system("true"))', "name of its field"),
        ('IP(dst=__import__("os"))', "name of its field"),
        ("IP(dst=[x for x in y])", "no plain value"),
        ("IP(dst=lambda: 1)", "no plain value"),
        ("IP(**{})", "spread out"),
        ("IP().show()", "no layer"),
        ("IP()*3", "no layer"),
        ("IP(ttl=1, ttl=2)", "twice"),
        ('IP(dst=f"{1}")', "no plain value"),
        ("a.b()", "no layer"),
        ("IP(ttl=1+1)", "no plain value"),
        ("()" * 500, "no layer"),
        ("/".join(["IP()"] * 200), "100 layers"),
        ("IP(x=" + "[" * 90 + "]" * 90 + ")", "[Nn]ested"),
    ],
)
def test_what_is_no_packet_is_refused_with_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ExpressionError, match=said):
        parse(text)


_VALUES = st.recursive(
    st.one_of(st.integers(-(2**64), 2**64), st.text(), st.binary(max_size=20), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.lists(inner, max_size=3).map(tuple)),
    max_leaves=6,
)
_NAMES = st.sampled_from(["IP", "TCP", "DNS", "X_1"])
_LAYERS = st.builds(Layer, _NAMES, st.dictionaries(st.sampled_from(["dst", "a", "flags"]), _VALUES, max_size=3))
_RAW = st.binary(max_size=20).map(lambda load: Layer("Raw", {"load": load}))


@given(st.lists(st.one_of(_LAYERS, _RAW), min_size=1, max_size=5))
def test_any_stack_reads_back_from_its_text(layers: list[Layer]) -> None:
    stack = Stack(tuple(layers))
    assert parse(stack.text()) == stack


@given(st.text(max_size=200))
def test_any_text_is_a_stack_or_a_sentence(text: str) -> None:
    try:
        stack = parse(text)
    except ExpressionError as error:
        assert str(error)  # noqa: PT017  there is nothing else to raise
    else:
        assert parse(stack.text()) == stack


@given(_VALUES)
def test_a_field_reads_back_what_it_shows(value: object) -> None:
    text = text_of_value(value)  # type: ignore[arg-type]
    assert value_of(text) == value


def test_what_is_typed_into_a_field_needs_no_quotes() -> None:
    assert value_of("10.0.0.1") == "10.0.0.1"
    assert value_of("80") == 80
    assert value_of("0x50") == 80
    assert value_of("SA") == "SA"
    assert value_of('b"x"') == b"x"
    assert value_of("(1, 4)") == (1, 4)
    with pytest.raises(ExpressionError):
        value_of("  ")


# Built by scapy


def test_every_template_builds_and_tshark_agrees_which_is_broken(child: PacketChild, tmp_path: Path) -> None:
    path = tmp_path / "templates.pcapng"
    with path.open("wb") as file:
        writer = pcapng.PcapngWriter(file)
        writer.interface("raw", pcapng.RAW_IP)
        writer.interface("ethernet", pcapng.ETHERNET)
        for one in TEMPLATES:
            target = "::1" if one.id == "ping6" else "127.0.0.1"
            built = build(child, parse(filled(one, target, 80)), limit=10)
            assert built.target == target
            assert len(built.packets) == (4 if one.id == "traceroute" else 1)
            assert built.layers[0].fields
            writer.packet(0, built.packets[0], number=0 if built.linktype == pcapng.RAW_IP else 1)
    done = subprocess.run(
        [require_tool("tshark"), "-n", "-r", str(path), "-o", "udp.check_checksum:TRUE",
         "-o", "tcp.check_checksum:TRUE",
         "-T", "fields", "-E", "separator=|",
         "-e", "icmp.checksum.status", "-e", "icmpv6.checksum.status",
         "-e", "tcp.checksum.status", "-e", "udp.checksum.status", "-e", "_ws.malformed", "-e", "_ws.expert.message"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    for one, line in zip(TEMPLATES, done.stdout.splitlines(), strict=True):
        bad = "0" in line.split("|")[:4] or any(line.split("|")[4:5])
        if one.id in ("checksum",):
            assert bad
        elif not one.broken:
            assert not bad, line


def test_lengths_and_checksums_are_filled_in_and_every_field_is_told(child: PacketChild) -> None:
    """14 + 20 + 8 + n bytes."""
    built = build(
        child,
        parse('Ether(dst="02:00:00:00:00:01", src="02:00:00:00:00:02")/IP(dst="127.0.0.1")/UDP(dport=9)/b"12345"'),
    )
    assert len(built.packets[0]) == 14 + 20 + 8 + 5
    looks = {layer.name: {one.name: one for one in layer.fields} for layer in built.layers}
    assert looks["IP"]["len"].value == "33"
    assert not looks["IP"]["len"].set
    assert looks["UDP"]["dport"].set
    assert looks["IP"]["flags"].kind == "flags"
    checks = {one.key: one.check for layer in built.tree.layers for one in layer.walk() if one.check}
    assert checks == {"IP.chksum": "correct", "UDP.chksum": "correct"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("IPX(dst=2)", "no layer IPX; did you mean IP"),
        ("IP(foo=2)", "no field foo; it has version"),
        ("IP(ttl=(1, 4, 5, 6))/b'x'", "."),
        ('IP()/TCP(flags="XYZ")', "TCP: flags can't be 'XYZ': flags are some of the letters FSRPAUECN"),
        ('IP(dst="999.1.1.1")', "dst can't be '999.1.1.1': that is no address"),
        ("IP(ttl=300)", "The field ttl must be a number from 0 to 255"),
        ("IP(options=[[[]]])", "The field options must be a value of another kind"),
    ],
)
def test_what_scapy_refuses_is_said(child: PacketChild, text: str, said: str) -> None:
    with pytest.raises(PacketChildError, match=said):
        build(child, parse(text))


def test_a_packet_becomes_an_expression_that_makes_the_same_bytes(child: PacketChild) -> None:
    for one in TEMPLATES:
        first = build(child, parse(filled(one, "::1" if one.id == "ping6" else "127.0.0.1", 80)))
        asked = child.ask("expression", data=first.packets[0], linktype=first.linktype, exact=True)
        again = build(child, parse(str(asked["expression"])))
        assert again.packets == first.packets, one.id


# Sent


def sent(text: str, child: PacketChild, **order: object) -> Outcome:
    if not has_net_raw():
        pytest.skip("sending raw packets needs CAP_NET_RAW")
    built = build(child, parse(text), limit=10)
    return ask(Recorder(), child, built, Order(wait_s=20, **order))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ('IP(dst="127.0.0.1")/ICMP(id=77, seq=5)/b"netlab"', ["echo-reply"]),
        ('IPv6(dst="::1")/ICMPv6EchoRequest(id=77, seq=5, data=b"netlab")', ["Echo Reply"]),
        ('IP(dst="127.0.0.1")/UDP(sport=40001, dport=9)/b"x"', ["port-unreachable"]),
        ('IP(dst="127.0.0.1")/TCP(sport=40001, dport=9, flags="S", seq=7)', [" RA"]),
        ('IP(dst="127.0.0.1", ttl=(1, 3))/ICMP(id=78)', ["echo-reply"] * 3),
    ],
)
def test_an_answer_is_waited_for_and_paired(child: PacketChild, text: str, answers: list[str]) -> None:
    outcome = sent(text, child)
    assert outcome.sent == len(answers)
    for exchange, said in zip(outcome.exchanges, answers, strict=True):
        assert exchange.answer is not None
        assert said in exchange.answer.summary
        assert exchange.rtt_us is not None
        assert exchange.rtt_us > 0


def test_ports_are_numbers_with_their_names_beside(child: PacketChild) -> None:
    built = build(child, parse('IP(dst="127.0.0.1")/UDP(sport=53, dport=50000)'))
    assert built.tree.summary == "IP / UDP 127.0.0.1:53 > 127.0.0.1:50000"
    ports = {field.name: field.value for field in built.tree.layers[1].fields}
    assert (ports["sport"], ports["dport"]) == ("53 (domain)", "50000")
    assert {field.name: field.value for field in built.layers[1].fields}["sport"] == "53"


def test_many_are_sent_at_a_rate(child: PacketChild) -> None:
    outcome = sent('IP(dst="127.0.0.1")/ICMP(id=79)/b"many"', child, count=10, rate=50.0)
    assert outcome.sent == 10
    assert all(exchange.answer is not None for exchange in outcome.exchanges)


def test_a_malformed_packet_gets_no_answer(child: PacketChild) -> None:
    if not has_net_raw():
        pytest.skip("sending raw packets needs CAP_NET_RAW")
    built = build(child, parse(filled(template("checksum"), "127.0.0.1", 80)))
    outcome = ask(Recorder(), child, built, Order(wait_s=0.2))
    assert [exchange.answer for exchange in outcome.exchanges] == [None]


def test_without_the_right_the_error_says_permission(child: PacketChild) -> None:
    code = (
        "from protocols.packets.craft.sender import Order, Volley, Built\n"
        "from protocols.packets.tree import Tree\n"
        "from protocols.record.recorder import Recorder\n"
        "built = Built((bytes.fromhex('4500001c'),), 101, Tree('scapy', '', ()), (), '')\n"
        "Volley(Recorder(), built, Order()).start()\n"
    )
    done = subprocess.run(
        ordinary.argv(sys.executable, "-c", code), capture_output=True, text=True, check=False,
        env=ordinary.environment(),
    )  # fmt: skip
    assert "PermissionError" in done.stderr


def test_the_kernel_answers_with_rst_because_it_knows_no_socket() -> None:
    if possible() is not None:
        pytest.skip("no private network here")
    outcome = rst.demonstrate(Recorder())
    assert [" SA" in (exchange.answer.summary if exchange.answer else "") for exchange in outcome.exchanges] == [True]
    resets = [one for one in outcome.others if one.by_kernel and one.summary.endswith(" R")]
    assert len(resets) == 1
    assert any("RST" in sentence for sentence in rst.WHY)
