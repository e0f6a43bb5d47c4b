from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from netlab_gui import cli

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """`netlab` in a fresh process, without a display unless `env` gives one."""
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    return subprocess.run(
        [sys.executable, "-m", "netlab_gui", *arguments], env=kept | env, capture_output=True, text=True, timeout=60,
        cwd=ROOT, check=False,
    )  # fmt: skip


def loaded_qt(*arguments: str) -> list[str]:
    """The Qt modules that a headless command line has loaded when it ends."""
    code = (
        "import sys, atexit\n"
        "from netlab_gui import cli\n"
        "try:\n    cli.main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print('QT', *[m for m in sys.modules if m.startswith(('PySide6', 'shiboken6', 'widgets'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, cwd=ROOT, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    line = next(line for line in done.stdout.splitlines() if line.startswith("QT"))
    return line.split()[1:]


def test_without_a_display_it_says_so_names_the_headless_commands_and_fails() -> None:
    done = run()
    assert done.returncode == 1
    assert "no display" in done.stderr
    for command in ("netlab serve", "netlab connect", "netlab tour"):
        assert command in done.stderr
    assert "Traceback" not in done.stderr


def test_a_display_that_does_not_answer_is_a_sentence_and_not_an_abort() -> None:
    done = run(DISPLAY=":4711", QT_QPA_PLATFORM="xcb")
    assert done.returncode == 1
    assert "the window can't open" in done.stderr
    assert "Aborted" not in done.stderr


def test_an_unknown_platform_plugin_is_a_sentence_and_not_an_abort() -> None:
    done = run(QT_QPA_PLATFORM="nonsense")
    assert done.returncode == 1
    assert "nonsense" in done.stderr


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"])
def test_each_of_three_variables_counts_as_a_display(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for other in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert not cli.has_display()
    monkeypatch.setenv(name, "offscreen")
    assert cli.has_display()


def test_version_is_the_installed_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("netlab 0.")


def test_help_names_every_command_and_only_commands_that_exist() -> None:
    parser = cli.build_parser()
    text = parser.format_help()
    groups = parser._subparsers._group_actions if parser._subparsers is not None else []
    commands = {name for group in groups for name in (group.choices or {})}
    assert {"serve", "connect", "tour"} <= commands
    for command in commands:
        assert command in text
    named = {line.split()[1] for line in text.splitlines() if line.startswith("  netlab ") and len(line.split()) > 1}
    assert named - {"open"} <= commands


def test_wrong_usage_ends_with_two() -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["no-such-command"])
    assert end.value.code == 2


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["serve", "--help"], ["connect", "127.0.0.1", "1"]])
def test_headless_commands_load_no_qt(arguments: list[str]) -> None:
    assert loaded_qt(*arguments) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_the_window_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    env = os.environ | {"QT_QPA_PLATFORM": "offscreen", "NETLAB_HOME": str(tmp_path), "NETLAB_TELL_READY": "1"}
    command = [sys.executable, "-m", "netlab_gui"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, cwd=ROOT, text=True, stdout=pipe, stderr=pipe) as window:
        assert window.stdout is not None
        assert window.stderr is not None
        try:
            assert window.stdout.readline() == "ready\n"
            window.send_signal(number)
            _, errors = window.communicate(timeout=20)
        finally:
            window.kill()  # one that never gets ready must not hold the tests up
    assert window.returncode == 0, errors
    assert errors == ""
    journal = (tmp_path / "netlab.log").read_text()
    for step in range(1, 8):
        assert f": {step} " in journal
    assert (tmp_path / "netlab.ini").exists()
