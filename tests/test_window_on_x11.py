"""The window on a real X server: `netlab` opens it, and being asked to end it does, with status 0."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers import require_tool

DEADLINE_S = 30


@pytest.fixture
def display(tmp_path: Path) -> Iterator[str]:
    """The name of an X display of our own."""
    server = require_tool("Xvfb")
    reading, writing = os.pipe()
    command = [server, "-displayfd", str(writing), "-screen", "0", "1440x900x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL) as process:
        os.close(writing)
        try:
            with os.fdopen(reading) as answer:
                number = answer.readline().strip()
            assert number, "Xvfb did not start"
            yield f":{number}"
        finally:
            process.terminate()


def test_the_window_opens_and_ends_when_it_is_told_to(display: str, tmp_path: Path) -> None:
    xdotool = require_tool("xdotool")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("QT_", "WAYLAND"))}
    environment |= {"DISPLAY": display}
    with subprocess.Popen([Path(sys.executable).parent / "netlab"], env=environment, cwd=tmp_path, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as lab:  # fmt: skip
        try:
            search = [xdotool, "search", "--sync", "--onlyvisible", "--name", "NetLab"]
            window = subprocess.run(search, env=environment, capture_output=True, text=True, timeout=DEADLINE_S,
                                    check=True).stdout.split()[0]  # fmt: skip
            size = subprocess.run([xdotool, "getwindowgeometry", "--shell", window], env=environment,
                                  capture_output=True, text=True, check=True).stdout  # fmt: skip
            facts = dict(line.split("=", 1) for line in size.splitlines())
            assert int(facts["WIDTH"]) >= 800
            assert int(facts["HEIGHT"]) >= 600
            lab.send_signal(signal.SIGTERM)
            said, _ = lab.communicate(timeout=DEADLINE_S)
            assert lab.returncode == 0, said
            assert "Traceback" not in said
            assert "qt.qpa" not in said
        finally:
            lab.kill()
