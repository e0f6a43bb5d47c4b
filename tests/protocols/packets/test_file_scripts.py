from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from protocols.packets.file_scripts import TITLES
from protocols.packets.files.capture import Capture
from protocols.scripts import SCRIPTS, render
from tests.protocols.packets import making
from tests.protocols.packets.make_samples import PATH, packets, sample


def run(name: str, folder: Path, **params: Any) -> str:
    script = folder / f"{name}.py"
    script.write_text(render(name, params), encoding="utf-8")
    done = subprocess.run([sys.executable, "-W", "error", str(script)], capture_output=True, text=True, timeout=60,
                          cwd=folder, check=False)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_registry_holds_every_script() -> None:
    assert set(TITLES) <= set(SCRIPTS)


@pytest.mark.parametrize("nano", [False, True])
def test_a_file_is_read_by_struct_and_by_scapy(tmp_path: Path, nano: bool) -> None:
    path = tmp_path / "sample.pcap"
    path.write_bytes(making.pcap(making.frames_of([data for data, _ in packets()]), nano=nano, order=">"))
    said = run("packets-read", tmp_path, path=str(path), limit=5)
    assert len(said.splitlines()) == 5
    assert "1700000000.002000     75 bytes  10.9.0.2 to 10.9.0.1, protocol 17" in said
    if nano:
        said = run("packets-scapy", tmp_path, path=str(path), limit=3)
        assert "who has 10.9.0.3" in said


def test_what_is_written_is_read_by_the_lab(tmp_path: Path) -> None:
    assert "wrote one packet of 51 bytes" in run("packets-write", tmp_path, path=str(tmp_path / "made.pcap"))
    with Capture(tmp_path / "made.pcap").read_all() as capture:
        assert capture.packet(0)[-9:] == b"here I am"
        assert capture.why == ""


def test_headers_and_checksum(tmp_path: Path) -> None:
    said = run("packets-header", tmp_path)
    assert "IPv4      10.9.0.2 to 10.9.0.3, ttl 64, protocol 6" in said
    assert "flags PSH ACK" in said
    assert "Data      b'Hi, lab!" in said
    assert run("packets-checksum", tmp_path).endswith("its checksum included: 0x0000\n")


def test_the_sample_is_the_one_that_is_made_here() -> None:
    assert PATH.read_bytes() == sample()
