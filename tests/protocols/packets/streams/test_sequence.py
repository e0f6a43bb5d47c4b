"""Sequence numbers that count from the begin of their connection are those of tshark, packet by packet."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import numpy as np

from protocols.packets.columns.texts import Texts
from protocols.packets.filters.display import DisplayFilter
from protocols.packets.filters.fields import View
from protocols.packets.streams import experts
from protocols.packets.streams.conversations import Streams
from protocols.packets.streams.sequence import Sequence
from tests.peers import require_tool
from tests.protocols.packets import making
from tests.protocols.packets.streams.test_streams import Talk, opened


def talks() -> list[bytes]:
    """Whole ones, one whose numbers wrap, one that is older than the capture, ports that are used again; mixed."""
    whole, wrapping, older, again, half = (Talk(port) for port in (40000, 40001, 40002, 40003, 40004))
    for talk, seq, ack in ((whole, 1000, 5000), (wrapping, 0xFFFFFFF0, 0xFFFFFFFE), (again, 70_000, 9)):
        talk.hello(seq, ack)
        talk.client(seq, ack, b"x" * 30)
        talk.server(ack, seq + 30, b"y" * 90)
        talk.client(seq + 30, ack + 90)
    older.client(500, 900, b"x" * 10)
    older.server(900, 510, b"y" * 20)
    older.client(510, 920)
    half.client(7_000, 12_000)
    half.server(12_345, 7_000, b"late")
    mixed: list[bytes] = []
    rand, parts = random.Random(4), [talk.packets for talk in (whole, wrapping, older, again, half)]
    while any(parts):
        part = rand.choice([one for one in parts if one])
        mixed.append(part.pop(0))
    reused = Talk(40003)
    reused.hello(3_000_000_000, 4_000_000_000)
    reused.client(3_000_000_000, 4_000_000_000, b"again")
    return mixed + reused.packets + [making.ether(0x0806, making.arp())]


def test_they_are_those_of_tshark(tmp_path: Path) -> None:
    with opened(tmp_path, talks()) as capture:
        done = subprocess.run(
            [require_tool("tshark"), "-n", "-r", str(tmp_path / "talk.pcap"), "-T", "fields", "-e", "tcp.seq", "-e",
             "tcp.ack", "-e", "tcp.seq_raw"], capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        theirs = [line.split("\t") for line in done.stdout.splitlines()]
        rows, sequence = np.arange(len(capture)), Sequence(Streams(capture))
        infos = Texts(capture, sequence.relative).infos(rows)
        for info, (seq, ack, raw) in zip(infos, theirs, strict=True):
            if seq:
                assert f"Seq={seq} " in info, (info, raw)
                assert "ACK" not in info or f"Ack={ack} " in info, info
        shown, sent = View(capture, relative=sequence.relative), View(capture)
        firsts = [row for row, (seq, _, _) in enumerate(theirs) if seq == "1"]
        assert np.flatnonzero(DisplayFilter("tcp.seq == 1").matches(shown)).tolist() == firsts
        assert not DisplayFilter("tcp.seq == 1").matches(sent).any()
        assert DisplayFilter("tcp.seq_raw == 1000").matches(shown).any()
        assert "Seq=1000 " in Texts(capture).infos(rows)[[raw for _, _, raw in theirs].index("1000")]


def test_ports_that_are_used_again_are_no_trouble_to_the_experts(tmp_path: Path) -> None:
    talk = Talk()
    talk.hello(1000, 5000)
    talk.client(1000, 5000, b"x" * 30)
    talk.hello(900, 800)
    talk.client(900, 800, b"y" * 30)
    talk.client(900, 800, b"y" * 30)
    with opened(tmp_path, talk.packets) as capture:
        made = experts.notes(Streams(capture))
        assert made.tolist() == [0] * 8 + [experts.RETRANSMISSION]


def test_a_capture_that_grew_since_and_an_empty_one(tmp_path: Path) -> None:
    with opened(tmp_path, [making.ether(0x0806, making.arp())]) as capture:
        sequence = Sequence(Streams(capture))
        numbers = np.array([5, 6], np.uint32)
        for rows in (np.array([0, 1]), np.array([7, 8])):
            assert [one.tolist() for one in sequence.relative(rows, numbers, numbers)] == [[5, 6], [5, 6]]
