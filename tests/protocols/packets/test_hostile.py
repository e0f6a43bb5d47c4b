"""Captures made to hurt: no crash, no more than 10 s and 1 GB each, a word on what is wrong, and the rest is read.

All are looked at by one child with a limit of memory; seconds are of its processor, so that a busy machine is no
failure.
"""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.protocols.packets import making

SECONDS = 10
MEMORY = 1 << 30
DEEP = 1000
MIXED = list(making.mixed(700, 5))
PCAP, PCAPNG = making.pcap(MIXED), making.pcapng(MIXED)
ROOT = Path(__file__).resolve().parents[3]


def flipped(data: bytes, seed: int, share: float) -> bytes:
    """Bits flipped everywhere but in what stands before the first packet."""
    made, rand = bytearray(data), random.Random(seed)
    for _ in range(int(len(data) * share)):
        made[rand.randrange(48, len(made))] ^= 1 << rand.randrange(8)
    return bytes(made)


def framed(*packets: bytes, link: int = 1) -> bytes:
    return making.pcap(making.frames_of(packets), link=link)


def nested(wrap: Callable[[bytes], bytes], inner: bytes = b"") -> bytes:
    for _ in range(DEEP):
        inner = wrap(inner)
    return inner


def tunnels() -> list[bytes]:
    four = nested(lambda inner: making.ipv4(inner, 4, length=min(20 + len(inner), 65535)))
    six = nested(lambda inner: making.ipv6(inner, 41))
    gre = nested(lambda inner: making.ipv4(b"\0\0\x08\0" + inner, 47, length=min(24 + len(inner), 65535)))
    extensions = making.ipv6(b"".join(b"\x3c\0" + bytes(6) for _ in range(DEEP)), 60)
    return [making.ether(0x0800, four), making.ether(0x86DD, six), making.ether(0x0800, gre),
            making.ether(0x86DD, extensions), making.ether(0x8100, b"\0\7\x81\0" * DEEP),
            making.ether(0x8847, b"\0\0\x10\0" * DEEP)]  # fmt: skip


def endless() -> bytes:
    """Options whose length is nothing, of TCP, of IP, and of pcapng itself."""
    ip = making.ipv4(making.tcp(1, 80, options=b"\x02\0" * 20, flags=2), 6, options=b"\x83\0" * 20)
    blocks = [making.option(1, b"") * 200_000, making.option(1, b"y" * 60_000) * 60,
              struct.pack("<HH", 1, 0xFFFF) + b"short"]  # fmt: skip
    frames = making.frames_of([making.ether(0x0800, ip)] * len(blocks))
    body = b"".join(making.enhanced(frame, options=one) for frame, one in zip(frames, blocks, strict=True))
    clock = making.interface(options=making.option(9, b"\xff") + making.option(2, b"") * 5000)
    return making.section(options=making.option(4, b"") * 1000) + clock + body + making.enhanced(frames[0])


def huge() -> dict[str, bytes]:
    """Lengths of 2^32."""
    record = struct.pack("<IIII", 1_700_000_000, 0, 0xFFFFFFFF, 0xFFFFFFFF)
    head = making.section() + making.interface(snap=0xFFFFFFFF)
    good = making.enhanced(MIXED[0])
    return {
        "record": PCAP[:24] + record + PCAP[24:],
        "on the wire": making.pcap([(MIXED[0][0], MIXED[0][1], 0xFFFFFFFF)] * 3),
        "block": head + good + struct.pack("<II", 6, 0xFFFFFFFC) + good * 4,
        "packet": head + making.block(6, struct.pack("<IIIII", 0, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF) + bytes(60)) + good,
        "interface": head + making.enhanced(MIXED[0], number=0xFFFFFFFF) + good,
        "secrets": head + making.block(10, struct.pack("<II", 1, 0xFFFFFFFF) + b"key") + good,
    }  # fmt: skip


def files() -> dict[str, bytes]:
    made = {f"flipped {name} {seed}": flipped(data, seed, share) for name, data in (("pcap", PCAP), ("pcapng", PCAPNG))
            for seed, share in ((1, 0.0005), (2, 0.02))}  # fmt: skip
    made |= {f"cut {name} {at}": data[:at] for name, data in (("pcap", PCAP), ("pcapng", PCAPNG))
             for at in (30, 999, len(data) // 2 + 1, len(data) - 3)}  # fmt: skip
    made |= {f"length {name}": data for name, data in huge().items()}
    made |= {f"link {link}": framed(*(one[1] for one in MIXED[:50]), link=link) for link in (147, 9999, 65535)}
    made |= {"endless": endless(), "tunnels": framed(*tunnels())}
    noise = random.Random(6).randbytes(3 << 20)
    made |= {"noise pcap": PCAP[:24] + noise, "noise pcapng": PCAPNG[:48] + noise, "zeros": PCAP[:24] + bytes(1 << 19)}
    head = making.section() + making.interface()
    made |= {"sections": head * 4000 + making.enhanced(MIXED[0]),
             "interfaces": head + making.interface() * 20_000 + making.enhanced(MIXED[0]),
             "blocks": head + making.block(0x0BAD, b"what") * 50_000 + making.enhanced(MIXED[0])}  # fmt: skip
    return made


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the child said of each file, by name."""
    folder = tmp_path_factory.mktemp("hostile")
    made = files()
    paths = {name: folder / f"{number}.cap" for number, name in enumerate(made)}
    for name, data in made.items():
        paths[name].write_bytes(data)
    done = subprocess.run([sys.executable, "-m", "tests.protocols.packets.hostile_child", *map(str, paths.values())],
                          capture_output=True, text=True, timeout=300, cwd=ROOT, check=False)  # fmt: skip
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (list(made)[len(said)], done.stderr[-2000:])
    return dict(zip(made, said, strict=True))


def test_each_is_done_in_time_and_in_memory(told: dict[str, dict[str, Any]]) -> None:
    slow = {name: one["seconds"] for name, one in told.items() if one["seconds"] > SECONDS}
    large = {name: one["memory"] for name, one in told.items() if one["memory"] > MEMORY}
    assert (slow, large) == ({}, {})


def test_what_is_wrong_is_said_and_the_rest_is_read(told: dict[str, dict[str, Any]]) -> None:
    for name in ("cut pcap 999", "cut pcapng 999", "length record", "length block", "length packet", "noise pcap",
                 "noise pcapng"):  # fmt: skip
        assert told[name]["why"], name
    assert told["length record"]["packets"] == len(MIXED)
    assert told["length block"]["packets"] == 5
    assert told["length packet"]["packets"] == 1
    for name, one in told.items():
        if name.startswith("flipped pcapng"):
            assert one["packets"] > len(MIXED) // 40, one
    for name in ("link 147", "link 9999", "link 65535"):
        assert (told[name]["packets"], told[name]["why"]) == (50, "")
    assert told["tunnels"]["packets"] == len(tunnels())
    assert told["endless"]["packets"] == 4
    assert {told[name]["packets"] for name in ("sections", "interfaces", "blocks")} == {1}
