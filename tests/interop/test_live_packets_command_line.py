"""`netlab capture`, `craft`, `ping` and `traceroute` as a person runs them, as root and as nobody, read by tshark."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from netlab_gui.cli import main
from protocols.packets.capture.live import has_net_raw
from protocols.packets.networks.network import possible
from tests import ordinary
from tests.peers import require_tool

NETLAB = [sys.executable, "-m", "netlab_gui"]


def netlab(*words: str, before: tuple[str, ...] = (), input: bytes | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*before, *NETLAB, *words],
        capture_output=True,
        env=ordinary.environment(),
        timeout=80,
        check=False,
        **({"stdin": subprocess.DEVNULL} if input is None else {"input": input}),
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def summary(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    last = events(done)[-1]
    assert last["kind"] == "summary"
    detail: dict[str, Any] = last["detail"]
    return detail


def count(path: Path, *words: str) -> int:
    done = subprocess.run(
        [require_tool("tshark"), "-n", "-r", str(path), *words], capture_output=True, text=True, check=True
    )
    return len(done.stdout.splitlines())


def test_the_labs_own_traffic_needs_nobodys_permission(tmp_path: Path) -> None:
    path = tmp_path / "own.pcapng"
    done = netlab("capture", "--level", "0", "--json", "--write", str(path))
    assert done.returncode == 0, done.stderr
    packets = [event for event in events(done) if event["layer"] == "packet"]
    assert {event["detail"]["origin"] for event in packets} == {"reconstructed"}
    assert summary(done)["packets"] == len(packets) == count(path)
    assert count(path, "tcp.flags.syn==1") == 2


def test_what_another_netlab_told_becomes_packets(tmp_path: Path) -> None:
    server = subprocess.Popen(
        [*NETLAB, "serve", "echo", "--port", "0", "--json"], stdout=subprocess.PIPE, env=ordinary.environment()
    )
    assert server.stdout is not None
    first = server.stdout.readline()
    port = int(json.loads(first)["detail"]["port"])
    client = netlab("connect", "127.0.0.1", str(port), input=b"hello, packets\n")
    assert client.returncode == 0, client.stderr
    server.terminate()
    told = first + server.stdout.read()
    server.stdout.close()
    assert server.wait(20) == 0
    path = tmp_path / "told.pcapng"
    done = netlab("capture", "--level", "0", "--events", "-", "--write", str(path), input=told)
    assert done.returncode == 0, done.stderr
    assert count(path, 'tcp contains "hello"') == 2


def test_a_private_network_is_captured_without_root(tmp_path: Path) -> None:
    if possible() is not None:
        pytest.skip("no private network here")
    folder = ordinary.folder()
    try:
        path = folder / "private.pcapng"
        done = netlab("capture", "--level", "1", "--json", "--write", str(path), before=tuple(ordinary.argv()))
        assert done.returncode == 0, done.stderr
        assert summary(done)["dropped"] == 0
        assert summary(done)["captured"] == count(path)
        assert count(path, "icmp") == 4
        assert count(path, "udp and ip.dst==10.77.0.255") == 1
        assert count(path, 'tcp contains "alice"') >= 1
        path.unlink()
    finally:
        folder.rmdir()


def test_an_ordinary_user_is_told_what_would_help(tmp_path: Path) -> None:
    done = netlab("capture", "--count", "1", before=tuple(ordinary.argv()))
    if done.returncode == 0:
        return  # dumpcap is for everybody here
    assert done.returncode == 1
    assert "What helps: sudo" in done.stderr
    assert "--level 1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_real_interface_is_captured(tmp_path: Path) -> None:
    if not has_net_raw():
        pytest.skip("capturing needs CAP_NET_RAW")
    path = tmp_path / "lo.pcapng"
    ear = socket.socket(type=socket.SOCK_DGRAM)
    ear.bind(("127.0.0.1", 0))
    port = ear.getsockname()[1]
    only = f"udp port {port}"
    words = ("capture", "--filter", only, "--count", "3", "--seconds", "60", "--json", "--write", str(path))
    child = subprocess.Popen([*NETLAB, *words], stdout=subprocess.PIPE, env=ordinary.environment())
    assert child.stdout is not None
    child.stdout.readline()  # it captures now
    with ear, socket.socket(type=socket.SOCK_DGRAM) as mouth:
        for _ in range(3):
            mouth.sendto(b"count me", ("127.0.0.1", port))
    out = child.stdout.read().splitlines()
    child.stdout.close()
    assert child.wait(60) == 0
    last = json.loads(out[-1])["detail"]
    assert (last["captured"], last["ended"], last["dropped"]) == (3, "count", 0)
    assert count(path, f"udp.port=={port}") == 3


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("capture", "--filter", "no such"), 1, "syntax error"),
        (("capture", "--interface", "nowhere0"), 1, "nowhere0"),
        (("capture", "--level", "3"), 2, "there are 0, 1, 2"),
        (("capture", "--count", "0"), 2, "whole number"),
        (("capture", "--", "true"), 2, "belongs to --level 1"),
        (("capture", "--level", "0", "--events", "/nowhere/events"), 1, "/nowhere/events can't be read: No such file"),
        (("capture", "--level", "1", "--", "/nowhere/program"), 1, "There is no program '/nowhere/program'"),
        (("craft", 'IP(dst=__import__("os"))'), 1, "name of its field"),
        (("craft", "IPX()"), 1, "did you mean IP"),
        (("craft",), 2, "--template"),
        (("craft", "Nope()"), 1, "There is no layer Nope."),
        (("craft", "--template", "none"), 1, "there are ping"),
        (("ping", "no.such.host.invalid"), 1, "has no address"),
        (("ping", "127.0.0.1", "--count", "x"), 2, "whole number"),
        (("traceroute", "no.such.host.invalid"), 1, "has no address"),
    ],
)
def test_what_can_not_be_done_is_a_sentence(
    words: tuple[str, ...], status: int, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    if "nowhere0" in words and not has_net_raw():
        pytest.skip("capturing needs CAP_NET_RAW")
    try:
        found = main(list(words))
    except SystemExit as error:
        found = int(str(error.code))
    assert found == status
    assert said in capfd.readouterr().err


def test_craft_shows_bytes_that_tshark_reads(tmp_path: Path) -> None:
    done = netlab("craft", 'IP(dst="127.0.0.1")/UDP(sport=1000, dport=2000)/b"hello"', "--json")
    assert done.returncode == 0, done.stderr
    made = events(done)[-1]
    assert made["size"] == 20 + 8 + 5
    assert made["detail"]["layers"][0]["fields"]["len"] == "33"


def test_craft_sends_within_a_private_network_as_nobody() -> None:
    if possible() is not None:
        pytest.skip("no private network here")
    done = netlab("craft", 'IP(dst="127.0.0.1")/ICMP(id=5)', "--send", "--private", "--json",
                  before=tuple(ordinary.argv()))  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert summary(done)["answered"] == 1


def test_a_program_that_fails_in_the_private_network_is_told() -> None:
    if possible() is not None:
        pytest.skip("no private network here")
    done = netlab("capture", "--level", "1", "--", "sh", "-c", "exit 3")
    assert done.returncode == 0, done.stderr
    assert "sh ended with status 3." in done.stderr


def test_ping_and_traceroute_as_nobody() -> None:
    done = netlab("ping", "127.0.0.1", "--count", "2", "--interval", "0.1", "--json", before=tuple(ordinary.argv()))
    assert done.returncode == 0, done.stderr
    echoes = [event["detail"] for event in events(done) if event["kind"] == "echo"]
    assert [echo["what"] for echo in echoes] == ["reply", "reply"]
    done = netlab("traceroute", "::1", before=tuple(ordinary.argv()))
    assert done.returncode == 0, done.stderr
    assert "::1" in done.stdout
