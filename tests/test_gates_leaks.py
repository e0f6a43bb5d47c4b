"""The leak checks themselves: each kind of thing left behind fails the test that left it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

LEAKS = {
    "thread": ("import threading\ndef test_it(keep):\n"
               "    stop = threading.Event(); keep.append(stop)\n"
               "    thread = threading.Thread(target=stop.wait, args=(60,), name='lost-worker:1'); thread.start()\n",
               "thread lost-worker:1"),
    "socket": ("import socket\ndef test_it(keep):\n    keep.append(socket.socket())\n", "socket "),
    "child": ("import subprocess, sys\ndef test_it(keep):\n"
              "    keep.append(subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE))\n",
              "input()"),
    "grandchild": ("import subprocess\ndef test_it():\n"
                   "    subprocess.run(['sh', '-c', 'sleep 3 >/dev/null 2>&1 &'], check=True)\n",
                   "sleep 3"),
    "temporary file": ("import tempfile\ndef test_it():\n    tempfile.mkstemp(prefix='lost')\n", "temporary file lost"),
    "timer": ("from PySide6.QtCore import QTimer\ndef test_it(keep, qapp):\n"
              "    timer = QTimer(); timer.start(1000); keep.append(timer)\n", "QTimer every 1000 ms"),
}  # fmt: skip

CLEANUP = """
import pytest
@pytest.fixture(scope='session')
def keep():
    kept = []
    yield kept
    for thing in kept:
        for name in ('set', 'close', 'kill', 'stop', 'wait'):
            getattr(thing, name, lambda: None)()
        if hasattr(thing, 'stdin'):
            thing.stdin.close()
"""


def run_pytest(folder: Path, source: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one test module under this checkout's own conftest, in a pytest of its own."""
    (folder / "conftest.py").write_text("from tests.conftest import *\n"
                                        "from tests.conftest import _nothing_left_behind, _gui_thread_never_waits\n"
                                        + CLEANUP)  # fmt: skip
    (folder / "test_planted.py").write_text(source)
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | variables
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"),
               "--rootdir", str(folder), "-p", "no:randomly", str(folder)]  # fmt: skip
    environment |= {"PYTHONPATH": str(ROOT), "NETLAB_LEAK_PATIENCE_S": "0.3"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("kind", LEAKS)
def test_a_leak_fails_the_test_that_made_it(kind: str, tmp_path: Path) -> None:
    source, sign = LEAKS[kind]
    done = run_pytest(tmp_path, source)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "left behind: " in done.stdout
    assert sign in done.stdout


def test_a_clean_test_passes(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, "def test_it(qapp):\n    pass\n")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("source", [
    "import pytest\ndef test_it():\n    pytest.skip('no such tool')\n",
    "import pytest\npytest.skip('no such tool', allow_module_level=True)\n",
])  # fmt: skip
def test_a_skip_is_shown_and_with_ci_set_it_fails(tmp_path: Path, source: str) -> None:
    alone = run_pytest(tmp_path, source)
    assert "1 skipped" in alone.stdout
    assert "no such tool" in alone.stdout
    on_ci = run_pytest(tmp_path, source, CI="1")
    assert on_ci.returncode != 0
    assert "with CI set a skip is a failure: " in on_ci.stdout


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, "import pytest\n@pytest.mark.xfail(strict=True)\ndef test_it():\n    assert False\n",
                      CI="1")  # fmt: skip
    assert done.returncode == 0, done.stdout


CALLS = ["socket.create_connection(('127.0.0.1', 9), 0.1)", "subprocess.run(['true'])"]
if sys.version_info >= (3, 13):  # older interpreters do not audit a sleep
    CALLS.append("time.sleep(0.001)")


@pytest.mark.parametrize("call", CALLS)
def test_a_blocking_call_of_the_window_in_the_gui_thread_is_seen(
    call: str, qapp: object, gui_thread_calls: list[str]
) -> None:
    source = f"import socket, subprocess, time\ntry:\n    {call}\nexcept OSError:\n    pass\n"
    planted = compile(source, str(ROOT / "widgets" / "planted.py"), "exec")
    exec(planted, {})  # noqa: S102
    assert gui_thread_calls
    assert all(seen.endswith("below widgets/planted.py:3") for seen in gui_thread_calls)
    gui_thread_calls.clear()


def test_a_test_may_use_sockets_itself(qapp: object, gui_thread_calls: list[str]) -> None:
    import socket

    left, right = socket.socketpair()
    left.close()
    right.close()
    assert gui_thread_calls == []
