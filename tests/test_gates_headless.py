"""The headless commands load no Qt, and nothing heavy; the window starts without what only some panel needs."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

QT = ("PySide6", "shiboken6", "widgets")
HEAVY = ("scapy", "numpy", "pycurl", "pyqtgraph", "asyncssh", "telnetlib3", "cryptography", "trustme", "pygments")
TELLING = """
import atexit, json, pathlib, sys
def tell():
    pathlib.Path(sys.argv[1]).write_text(json.dumps(sorted(sys.modules)))
atexit.register(tell)
from netlab_gui.cli import main
sys.exit(main(sys.argv[2:]))
"""
DEADLINE_S = 20


def netlab(report: Path, *arguments: str) -> list[str]:
    """The command line of a `netlab` that tells at its end which modules it has loaded."""
    return [sys.executable, "-c", TELLING, str(report), *arguments]


def loaded(report: Path) -> set[str]:
    return {name.partition(".")[0] for name in json.loads(report.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["serve", "--help"], ["connect", "--help"]])
def test_asking_loads_no_qt(arguments: list[str], tmp_path: Path) -> None:
    done = subprocess.run(netlab(tmp_path / "r", *arguments), capture_output=True, text=True, timeout=DEADLINE_S,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert loaded(tmp_path / "r").isdisjoint(QT + HEAVY)


def test_serving_and_connecting_load_no_qt(tmp_path: Path) -> None:
    with subprocess.Popen(netlab(tmp_path / "serve", "serve", "upper", "--port", "0", "--json"),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:  # fmt: skip
        try:
            assert server.stdout is not None
            first = json.loads(server.stdout.readline())
            assert first["kind"] == "listening"
            port = first["detail"]["port"]
            done = subprocess.run(netlab(tmp_path / "connect", "connect", "127.0.0.1", str(port)), input="hello\n",
                                  capture_output=True, text=True, timeout=DEADLINE_S, check=False)  # fmt: skip
            assert (done.returncode, done.stdout) == (0, "HELLO\n"), done.stderr
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=DEADLINE_S)
            assert server.returncode == 0
        finally:
            server.kill()
    for name in ("serve", "connect"):
        assert loaded(tmp_path / name).isdisjoint((*QT, "scapy", "numpy", "pycurl", "pygments")), name


def test_without_a_display_the_window_is_declined_in_words(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(netlab(tmp_path / "r"), env=environment, capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False)  # fmt: skip
    assert done.returncode == 1
    assert "no display" in done.stderr
    assert "netlab serve" in done.stderr
    assert "qt.qpa" not in done.stderr
    assert loaded(tmp_path / "r").isdisjoint(QT)


def test_a_failure_is_one_sentence_and_status_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    done = subprocess.run(netlab(tmp_path / "r", "connect", "127.0.0.1", str(port)), input="", capture_output=True,
                          text=True, timeout=DEADLINE_S, check=False)  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_help_to_a_reader_that_goes_away_is_no_crash(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    for unbuffered in ("", "1"):
        variables = os.environ | {"PYTHONUNBUFFERED": unbuffered}
        done = subprocess.run(netlab(tmp_path / "r", "serve", "--help"), stdout=writing, stderr=subprocess.PIPE,
                              text=True, env=variables, timeout=DEADLINE_S, check=False)  # fmt: skip
        assert done.stderr == ""
    os.close(writing)
