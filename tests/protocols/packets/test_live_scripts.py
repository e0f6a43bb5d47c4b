"""The scripts of live packets run: with the right to where this user has it, and on a private network without."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.packets.capture.live import has_net_raw
from protocols.packets.live_scripts import PRIVILEGED, TITLES
from protocols.packets.networks.network import PrivateNetwork, possible
from protocols.record.recorder import Recorder
from protocols.script_text import ScriptError
from protocols.scripts import render
from tests import ordinary

DEADLINE_S = 80
SAYS = {
    "packets-ping": ["pinging 127.0.0.1", "reply from 127.0.0.1: seq=3"],
    "packets-traceroute": [" 1  127.0.0.1", "reached 127.0.0.1"],
    "packets-raw-send": ["received b'hello, by hand' from ('127.0.0.1', 40000)"],
    "packets-scapy-send": ["chksum", "answer: IP / ICMP 127.0.0.1 > 127.0.0.1 echo-reply"],
    "packets-ports": ["127.0.0.1:9 closed"],
    "packets-neighbours": ["neighbours"],
    "packets-network": ["a network of one's own: ['lo']", "captured 64 bytes", "received b'hello, private network'"],
}
WITH: dict[str, dict[str, Any]] = {"packets-ports": {"ports": [9]}}
HEARS = ("packets-sniff", "packets-scapy-sniff")


@pytest.fixture(params=["here", "private network"])
def before(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """What stands before the command: nothing, or the way into a network of one's own."""
    if request.param == "here":
        if not has_net_raw():
            pytest.skip("raw sockets need CAP_NET_RAW")
        yield []
        return
    if possible() is not None:
        pytest.skip("no private network here")
    network = PrivateNetwork(Recorder(), ())
    network.start()
    yield network.entering()
    network.stop(20)


def command(name: str, folder: Path, before: list[str], **params: Any) -> list[str]:
    script = folder / f"{name}.py"
    script.write_text(render(name, params), encoding="utf-8")
    strict = [] if "scapy" in name else ["-W", "error"]  # scapy has warnings of its own
    return [*before, sys.executable, "-I", *strict, str(script)]


def environment(folder: Path) -> dict[str, str]:
    return {
        **ordinary.environment(),
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }


def test_every_script_is_run_here() -> None:
    assert set(SAYS) | set(HEARS) == set(TITLES)
    assert set(TITLES) > PRIVILEGED


def test_a_script_says_what_it_did(before: list[str], tmp_path: Path) -> None:
    for name, words in SAYS.items():
        done = subprocess.run(
            command(name, tmp_path, before, **WITH.get(name, {})),
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
            env=environment(tmp_path),
        )
        assert done.returncode == 0, f"{name}: {done.stderr}"
        assert done.stderr == "", name
        for word in words:
            assert word in done.stdout, name


def test_the_script_of_a_crafted_packet_sends_that_packet(before: list[str], tmp_path: Path) -> None:
    text = 'IP(dst="127.0.0.1", ttl=(1, 3))/UDP(sport=40001, dport=9)/DNS(qd=[DNSQR(qname="example.org")])/b"behind"'
    done = subprocess.run(
        command("packets-scapy-send", tmp_path, before, packet=text, timeout_s=5.0),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        env=environment(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stdout.splitlines() if line.startswith(("answer: ", "no answer: "))]
    assert len(told) == 3
    if before:  # nobody else is on that loopback, so scapy misses none
        assert done.stdout.count("port-unreachable") == 3
    assert "example" in done.stdout, "the data behind UDP are the question"


def test_nothing_but_a_packet_gets_into_the_script() -> None:
    for text in ("IP()/__import__('os')", "print(1)", "IP(dst=open('x'))", "IP()\nimport os"):
        with pytest.raises(ScriptError, match="no packet"):
            render("packets-scapy-send", {"packet": text})
    made = render("packets-scapy-send", {"packet": 'Ether(dst="ff:ff:ff:ff:ff:ff")/ARP(op=1, pdst="10.77.0.2")'})
    assert "from scapy.all import ARP, Ether, srp" in made
    assert 'PACKET = Ether(dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, pdst="10.77.0.2")' in made


@pytest.mark.parametrize("name", HEARS)
def test_a_sniffer_hears_each_datagram_once(name: str, before: list[str], tmp_path: Path) -> None:
    """What is sent to a port of loopback is seen, the ICMP error behind it too."""
    sniffer = subprocess.Popen(
        command(name, tmp_path, before, count=4),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(tmp_path),
    )
    assert sniffer.stdout is not None
    assert sniffer.stderr is not None
    try:
        assert "sniffing on lo" in sniffer.stdout.readline()
        code = (
            "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "for n in range(40): s.sendto(b'marker', ('127.0.0.1', 9))"
        )
        subprocess.run([*before, sys.executable, "-c", code], check=True, env=environment(tmp_path))
        out, err = sniffer.stdout.read(), sniffer.stderr.read()  # not communicate(): it forgets what readline() held
        sniffer.wait(DEADLINE_S)
    finally:
        sniffer.kill()
        sniffer.wait()
        sniffer.stdout.close()
        sniffer.stderr.close()
    assert sniffer.returncode == 0, err
    assert len(out.splitlines()) == 4
    if before:  # nobody else is on that loopback
        assert "UDP" in out
        assert ":9" in out or "discard" in out


@pytest.mark.skipif(os.name != "posix", reason="users of UNIX")
def test_what_needs_a_right_says_so_as_nobody() -> None:
    folder = ordinary.folder()
    try:
        for name in ("packets-sniff", "packets-raw-send"):
            path = folder / f"{name}.py"
            path.write_text(render(name), encoding="utf-8")
            done = subprocess.run(
                ordinary.argv(sys.executable, str(path)),
                capture_output=True,
                text=True,
                check=False,
                env=ordinary.environment(folder),
            )
            assert done.returncode == 1
            assert done.stderr.startswith("PermissionError"), done.stderr
            path.unlink()
    finally:
        folder.rmdir()


def test_a_traceroute_as_nobody() -> None:
    folder = ordinary.folder()
    try:
        path = folder / "trace.py"
        path.write_text(render("packets-traceroute"), encoding="utf-8")
        done = subprocess.run(
            ordinary.argv(sys.executable, str(path)),
            capture_output=True,
            text=True,
            check=False,
            env=ordinary.environment(folder),
        )
        assert "reached 127.0.0.1" in done.stdout, done.stderr
        path.unlink()
    finally:
        folder.rmdir()
