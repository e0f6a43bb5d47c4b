"""The leak checks themselves: each kind of thing left behind fails the test that left it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

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


def run_pytest(folder: Path, *sources: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run test modules under this checkout's own conftest, in a pytest of its own."""
    (folder / "conftest.py").write_text("from tests.conftest import *\n"
                                        "from tests.conftest import _nothing_left_behind, _gui_thread_never_waits\n"
                                        + CLEANUP)  # fmt: skip
    for number, source in enumerate(sources):
        (folder / f"test_planted_{number}.py").write_text(source)
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | variables
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"),
               "--rootdir", str(folder), "-p", "no:randomly", "--junitxml", str(folder / "report.xml"),
               str(folder)]  # fmt: skip
    environment |= {"PYTHONPATH": str(ROOT), "NETLAB_LEAK_PATIENCE_S": "0.3"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


CLEAN = "def test_it(qapp):\n    pass\n"


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What was wrong with each of LEAKS, and with a clean test after them; all in one pytest."""
    folder = tmp_path_factory.mktemp("leaks")
    done = run_pytest(folder, *(source for source, _ in LEAKS.values()), CLEAN)
    assert done.returncode == 1, done.stdout + done.stderr
    cases: dict[str, list[str]] = {}
    for case in ElementTree.parse(folder / "report.xml").iter("testcase"):
        found = cases.setdefault(case.attrib["classname"].rpartition("_")[2], [])
        found += [error.attrib["message"] for error in case if error.tag in ("error", "failure")]
    return ["; ".join(cases[str(number)]) for number in range(len(LEAKS) + 1)]


@pytest.mark.parametrize("kind", LEAKS)
def test_a_leak_fails_the_test_that_made_it(kind: str, errors: list[str]) -> None:
    names = list(LEAKS)
    said = errors[names.index(kind)]
    assert "left behind: " in said
    for name, (_, sign) in LEAKS.items():
        assert (sign in said) is (name == kind), said


def test_a_clean_test_passes_though_others_have_left_something(errors: list[str]) -> None:
    assert errors[len(LEAKS)] == ""


SKIPS = (
    "import pytest\ndef test_it():\n    pytest.skip('no such tool')\n",
    "import pytest\npytest.skip('no such tool', allow_module_level=True)\n",
)


def test_a_skip_is_shown(tmp_path: Path) -> None:
    alone = run_pytest(tmp_path, *SKIPS)
    assert "2 skipped" in alone.stdout
    assert alone.stdout.count("no such tool") == 2
    assert "failed" not in alone.stdout


@pytest.mark.parametrize("source", SKIPS)
def test_with_ci_set_a_skip_fails(tmp_path: Path, source: str) -> None:
    on_ci = run_pytest(tmp_path, source, CI="1")
    assert on_ci.returncode != 0
    assert "with CI set a skip is a failure: " in on_ci.stdout


def test_a_clean_test_passes_and_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    expected = "import pytest\n@pytest.mark.xfail(strict=True)\ndef test_it():\n    assert False\n"
    done = run_pytest(tmp_path, expected, CLEAN, CI="1")
    assert done.returncode == 0, done.stdout
    assert "1 passed, 1 xfailed" in done.stdout


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
