from __future__ import annotations

import gzip
import random
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.packets.files import pcap as pcap_module
from protocols.packets.files import pcapng as pcapng_module
from protocols.packets.files.capture import Capture, CaptureError
from protocols.packets.files.table import NO_TIME
from tests.peers import require_tool
from tests.protocols.packets.making import (
    Frame,
    block,
    enhanced,
    frames_of,
    interface,
    mixed,
    old,
    option,
    pcap,
    pcapng,
    section,
    simple,
)

DATA = frames_of([bytes([number]) * (20 + number) for number in range(9)])


def opened(tmp_path: Path, data: bytes, name: str = "x.pcap") -> Capture:
    path = tmp_path / name
    path.write_bytes(data)
    return Capture(path).read_all()


def told(capture: Capture) -> list[Frame]:
    time, length = capture.table.columns("time", "length")
    return [(int(time[row]), capture.packet(row), int(length[row])) for row in range(len(capture))]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_pcap_in_both_byte_orders_and_both_units(tmp_path: Path, order: str, nano: bool) -> None:
    with opened(tmp_path, pcap(DATA, order=order, nano=nano, link=113)) as capture:
        assert told(capture) == DATA
        assert (capture.why, capture.skipped, capture.linktype(0)) == ("", 0, 113)


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_with_all_kinds_of_packet_blocks(tmp_path: Path, order: str) -> None:
    comment = option(1, "näh".encode(), order) + option(2, b"\1\0\0\0", order) + option(0, b"", order)
    resolution = option(9, b"\x09", order) + option(2, b"eth9", order) + option(14, struct.pack(f"{order}q", 3), order)
    data = section(order, option(4, b"maker", order)) + interface(1, 30, order=order)
    data += enhanced(DATA[0], options=comment, order=order) + simple(DATA[1][1], order=order)
    data += simple(DATA[8][1], order=order)[: -4] + b"" + simple(DATA[8][1], order=order)[-4:]
    data += interface(101, options=resolution, order=order) + enhanced(DATA[2], 1, order=order, unit=1)
    data += old(DATA[3], 0, order) + block(0x99, b"unknown!", order) + block(0x0BAD, b"custom!!", order)
    with opened(tmp_path, data) as capture:
        times, lengths = capture.table.columns("time", "length")
        assert [capture.packet(row) for row in range(3)] == [DATA[0][1], DATA[1][1], DATA[8][1]]
        assert times.tolist()[:3] == [DATA[0][0], NO_TIME, NO_TIME]
        assert times.tolist()[3:] == [DATA[2][0] + 3_000_000_000, DATA[3][0]]
        assert lengths.tolist() == [20, 21, 28, 22, 23]
        assert [capture.linktype(row) for row in range(5)] == [1, 1, 1, 101, 1]
        assert (capture.comment(0), capture.comment(1)) == ("näh", "")
        assert (capture.skipped, capture.why) == (2, "")
        assert capture.interfaces[1].name == "eth9"
        assert capture.walk is not None
        assert capture.walk.sections == [{"application": "maker"}]


def test_sections_of_both_byte_orders_names_and_secrets_in_one_file(tmp_path: Path) -> None:
    names = struct.pack("<HH", 1, 11) + b"\x7f\0\0\1my-lab\0\0" + bytes(4)
    secrets = struct.pack("<II", 0x544C534B, 7) + b"CLIENT_"
    data = pcapng(DATA[:3]) + block(4, names) + block(10, secrets) + pcapng(DATA[3:6], ">") + pcapng(DATA[6:])
    with opened(tmp_path, data) as capture:
        assert told(capture) == DATA
        assert capture.why == ""
        assert capture.walk is not None
        assert capture.walk.names == {"127.0.0.1": "my-lab"}
        assert capture.walk.secrets == [secrets]
        assert len(capture.walk.sections) == 3


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_a_file_cut_in_the_middle_opens_to_where_it_is_good(tmp_path: Path, make: object) -> None:
    assert callable(make)
    whole = make(DATA)
    with opened(tmp_path, whole[:-10]) as capture:
        assert told(capture) == DATA[:-1]
        assert "cut off within a" in capture.why


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_packed_files(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    frames = list(mixed(2000))
    packed = pack(pcapng(frames))
    with opened(tmp_path, packed) as capture:
        assert told(capture) == frames
        assert capture.why == ""
    with opened(tmp_path, packed[: len(packed) - 9], "cut") as capture:
        assert "damaged or cut off" in capture.why
        assert told(capture) == frames[: len(capture)]
        assert len(capture) > 100


def test_damage_in_the_middle_is_told_and_passed_over(tmp_path: Path) -> None:
    data = bytearray(pcap(mixed(300)))
    with opened(tmp_path, bytes(data)) as capture:
        want = told(capture)
        at = int(capture.table.column("at")[100]) - 8
    data[at : at + 4] = b"\xff\xff\xff\xff"
    with opened(tmp_path, bytes(data)) as capture:
        assert told(capture) == want[:100] + want[101:]
        assert "says that it holds 4294967295 bytes" in capture.why
    data = bytearray(pcapng(mixed(300)))
    with opened(tmp_path, bytes(data)) as capture:
        want = told(capture)
        at = int(capture.table.column("at")[100]) - 24
    data[at : at + 4] = b"\xff\xff\xff\x7f"
    with opened(tmp_path, bytes(data)) as capture:
        assert told(capture) == want[:100] + want[101:]
        assert "block says that it is" in capture.why


def test_a_file_may_grow_while_it_is_read(tmp_path: Path) -> None:
    whole = pcapng(mixed(500))
    path = tmp_path / "grows"
    path.write_bytes(b"")
    with Capture(path, growing=True) as capture, open(path, "ab") as file:
        rand, at, seen = random.Random(5), 0, 0
        while at < len(whole):
            step = rand.randrange(1, 5000)
            file.write(whole[at : at + step])
            file.flush()
            at += step
            while capture.more():
                pass
            assert len(capture) >= seen
            seen = len(capture)
        capture.finish()
        assert told(capture) == list(mixed(500))
        assert capture.why == ""


@pytest.mark.parametrize(
    ("data", "word"),
    [(b"", "empty"), (b"hello, this is text", "neither pcap nor pcapng"), (b"PK\3\4" + bytes(40), "zip"),
     (b"\xd4\xc3\xb2\xa1\2\0", "within the header")],
)  # fmt: skip
def test_what_is_no_capture_is_told(tmp_path: Path, data: bytes, word: str) -> None:
    with pytest.raises(CaptureError, match=word):
        opened(tmp_path, data)


@pytest.mark.parametrize("make", [pcap, pcapng])
@pytest.mark.parametrize("trap", [False, True])
def test_the_walk_in_many_places_finds_what_the_plain_walk_finds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, make: object, trap: bool
) -> None:
    """With trap: packets that hold captures, whose records look as good as those of the file."""
    assert callable(make)
    frames = list(mixed(4000))
    if trap:
        inner = make(mixed(40, 9))
        frames = [(time, data + inner if number % 5 == 0 else data, 9999) for number, (time, data, _) in
                  enumerate(frames)]  # fmt: skip
    monkeypatch.setattr(pcap_module, "ALONE", 1000)
    monkeypatch.setattr(pcapng_module, "ALONE", 1000)
    data = make(frames)
    with opened(tmp_path, data) as capture:
        found = capture.table.column("at").tolist()
        assert [capture.packet(row) for row in range(len(capture))] == [frame[1] for frame in frames]
    monkeypatch.setattr(pcap_module, "ALONE", 1 << 60)
    monkeypatch.setattr(pcapng_module, "ALONE", 1 << 60)
    with opened(tmp_path, data) as capture:
        assert capture.table.column("at").tolist() == found


@settings(max_examples=25)
@given(st.binary(max_size=400), st.integers(0, 3), st.data())
def test_whatever_is_changed_the_packets_lie_within_the_file(
    tmp_path: Path, noise: bytes, which: int, draw: st.DataObject
) -> None:
    data = bytearray((pcap, pcapng)[which % 2](mixed(30), order="<>"[which // 2]))
    at = draw.draw(st.integers(4, len(data)))
    data[at : at + len(noise)] = noise
    try:
        capture = opened(tmp_path, bytes(data))
    except CaptureError:
        return
    with capture:
        start, captured = capture.table.columns("at", "captured")
        assert (start + captured <= len(data)).all()
        ends = start + captured
        assert (start[1:] >= ends[:-1]).all()


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_capinfos_counts_the_same(tmp_path: Path, make: object) -> None:
    import subprocess

    assert callable(make)
    with opened(tmp_path, make(mixed(3000))) as capture:
        done = subprocess.run([require_tool("capinfos"), "-M", "-c", "-d", "-T", "-m", str(capture.source.path)],
                              capture_output=True, text=True, check=True, timeout=60)  # fmt: skip
        count, size = done.stdout.splitlines()[1].split(",")[1:3]
        assert (len(capture), int(capture.table.column("length").astype(np.int64).sum())) == (int(count), int(size))


@pytest.mark.parametrize("form", ["pcap", "nsecpcap", "pcapng"])
def test_what_mergecap_and_editcap_write_is_read(tmp_path: Path, form: str) -> None:
    import subprocess

    (tmp_path / "a").write_bytes(pcap(DATA[::2]))
    (tmp_path / "b").write_bytes(pcapng(DATA[1::2]))
    subprocess.run([require_tool("mergecap"), "-w", str(tmp_path / "m"), str(tmp_path / "a"), str(tmp_path / "b")],
                   check=True, timeout=60, capture_output=True)  # fmt: skip
    subprocess.run([require_tool("editcap"), "-F", form, str(tmp_path / "m"), str(tmp_path / "e")], check=True,
                   timeout=60, capture_output=True)  # fmt: skip
    with Capture(tmp_path / "e").read_all() as capture:
        assert told(capture) == DATA
        assert capture.why == ""


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_a_length_that_reaches_behind_the_end_costs_its_own_packet_only(tmp_path: Path, make: Any) -> None:
    frames = list(mixed(200))
    data = bytearray(make(frames))
    at = len(make(frames[:50])) + (10 if make is pcap else 6)
    data[at] = 3  # 196,608 bytes more than the packet has, and more than the file
    (tmp_path / "long").write_bytes(data)
    with Capture(tmp_path / "long").read_all() as capture:
        assert len(capture) == 199
        assert "longer than the rest of the file" in capture.why
        assert capture.packet(198) == frames[199][1]
