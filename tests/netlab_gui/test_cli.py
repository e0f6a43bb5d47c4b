from __future__ import annotations

import os
import signal
import socket
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


SHELL_CASES = [
    ("--version >&-", 0, ""),
    ("--version <&-", 0, ""),
    ("serve echo --port 0 --model nonsense 2>&-", 2, ""),
    ("--version >/dev/full", 1, "netlab: the output can't be written: No space left on device\n"),
    ("serve echo >/dev/full", 1, "netlab: the output can't be written: No space left on device\n"),
]


@pytest.mark.parametrize(("words", "status", "said"), SHELL_CASES)
def test_whatever_stands_behind_the_standard_streams_there_is_no_traceback(words: str, status: int, said: str) -> None:
    command = f"{sys.executable} -m netlab_gui {words}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (status, said)


def test_with_stdin_and_stdout_closed_the_sockets_do_not_become_them() -> None:
    """Without care the connection would be number 0 or 1, and be read and written as stdin and stdout."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = f"exec {sys.executable} -m netlab_gui connect 127.0.0.1 {port} <&- >&-"
        with subprocess.Popen(["sh", "-c", command], stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
            listener.settimeout(60)
            sock, _ = listener.accept()
            with sock:
                sock.settimeout(60)
                sock.sendall(b"from the peer")
                assert sock.recv(100) == b"", "nothing was typed, so nothing but the end may arrive"
            assert process.wait(60) == 0
            assert process.stderr is not None
            assert process.stderr.read() == ""


@pytest.mark.parametrize("words", ["serve echo", "serve echo --json", "listen", "serve web --root ."])
def test_a_port_in_use_is_explained_with_its_holder_and_the_mend(words: str) -> None:
    kind = socket.SOCK_DGRAM if words == "listen" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        port = taken.getsockname()[1]
        done = run(*words.split(), "--port", str(port))
    assert done.returncode == 1
    why, who, mend = done.stderr.splitlines()
    assert why.startswith(f"netlab: Another socket is bound to 127.0.0.1:{port}")
    assert why.endswith("(EADDRINUSE)")
    assert f"(pid {os.getpid()}) on 127.0.0.1:{port}" in who
    assert mend.endswith("--port 0 takes a free one.")
    assert all(line.startswith('{"v":1,') for line in done.stdout.splitlines())
    assert bool(done.stdout) is ("--json" in words)


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


@pytest.mark.parametrize("words", [("spew", "--port", "9" * 500, "x"), ("capture", "--" + "9" * 500), ("9" * 500,)])
def test_a_very_long_wrong_word_is_shown_by_its_start(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(list(words))
    said = capsys.readouterr().err
    assert "9" * 40 in said
    assert "9" * 70 not in said
