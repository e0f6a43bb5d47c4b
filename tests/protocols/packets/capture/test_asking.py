"""sudo and pkexec: what they are asked to start, what the child then is, and what is said when they refuse.

Programs of the same names stand in for them on PATH; they start what they are given as the real ones do, or refuse in
their words. The child is the real one.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from protocols.packets.capture import asking
from protocols.packets.capture.asking import NotGranted
from protocols.packets.capture.dropping import give_to_user
from protocols.packets.capture.live import LiveCapture, Way, has_net_raw
from protocols.packets.capture.wanted import Wanted
from protocols.packets.craft.sender import Built, Order, Volley
from protocols.packets.files.capture import Capture
from protocols.packets.levels import probe
from protocols.packets.tree import Tree
from protocols.record.recorder import Recorder
from tests import ordinary
from tests.protocols.packets.capture.test_capture import send, until

Stand = Callable[[str, str], Path]
NOBODY = 65534


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """Put a program of that name first on PATH; the file in which it writes what it was called with."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.delenv("SUDO_ASKPASS", raising=False)

    def put(name: str, script: str) -> Path:
        called = tmp_path / f"{name}-called"
        program = folder / name
        program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {called}\n{script}\n')
        program.chmod(0o755)
        return called

    return put


@pytest.mark.parametrize(
    ("way", "options", "granted"),
    [
        ("sudo", ["-n"], 'shift; exec env -i PATH=/usr/bin:/bin SUDO_UID=65534 SUDO_GID=65534 "$@"'),
        ("pkexec", [], 'exec env -i PATH=/usr/bin:/bin PKEXEC_UID=65534 "$@"'),
    ],
)
def test_the_child_is_started_by_name_opens_its_socket_and_becomes_who_asked(
    stand: Stand, way: Way, options: list[str], granted: str
) -> None:
    if not has_net_raw() or os.geteuid() != 0:
        pytest.skip("somebody must be root for the child to become another")
    called = stand(way, granted)
    folder = ordinary.folder()
    path = folder / "asked.pcapng"
    try:
        with socket.socket(type=socket.SOCK_DGRAM) as ear:
            ear.bind(("127.0.0.1", 0))
            port = ear.getsockname()[1]
            capture = LiveCapture(Recorder(), Wanted(str(path), rule=f"udp port {port}"), way)
            capture.start()
            try:
                root = str(Path(asking.__file__).resolve().parents[3])
                words = [*options, "/usr/bin/env", f"PYTHONPATH={root}", sys.executable, "-m"]
                assert called.read_text().split("\n")[: len(words)] == words
                status = Path(f"/proc/{capture.child.pid()}/status").read_text()
                fields = {line.split(":")[0]: line.split(":")[1].split() for line in status.splitlines()}
                assert set(fields["Uid"]) == {str(NOBODY)}, "no way back, not even a saved one"
                assert set(fields["Gid"]) <= {str(NOBODY), "60001"}
                assert {fields[name][0] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")} == {"0" * 16}
                assert fields["NoNewPrivs"] == ["1"]
                assert path.stat().st_uid == NOBODY, "the file is theirs"
                assert not packet_sockets(os.getpid()), "this process has no packet socket"
                assert packet_sockets(capture.child.pid() or 0), "the child has it"
                send(port, 20)
                until(lambda: capture.counts.captured == 20)
            finally:
                assert capture.stop(20)
        with Capture(str(path)).read_all() as read:
            assert len(read) == 20
    finally:
        path.unlink(missing_ok=True)
        folder.rmdir()


def packet_sockets(pid: int) -> set[str]:
    """The AF_PACKET sockets that a process holds: its descriptors among those of /proc/net/packet."""
    listed = {line.split()[8] for line in Path("/proc/net/packet").read_text().splitlines()[1:]}
    held = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            held.add(os.readlink(link).removeprefix("socket:[").rstrip("]"))
        except OSError:
            continue
    return listed & held


@pytest.mark.parametrize(
    ("way", "script", "said"),
    [
        ("sudo", 'echo "sudo: a password is required" >&2; exit 1', "no terminal on which to ask"),
        ("sudo", 'echo "sudo: a terminal is required to read the password" >&2; exit 1', "no terminal on which to ask"),
        ("sudo", 'echo "sudo: ann is not in the sudoers file." >&2; exit 1', "may not do it by sudo"),
        ("sudo", 'echo "sudo: The \\"no new privileges\\" flag is set" >&2; exit 1', "never get more rights"),
        ("sudo", 'echo "sudo: something new" >&2; exit 1', "sudo: something new"),
        ("pkexec", "exit 126", "was dismissed"),
        ("pkexec", 'echo "Error executing command as another user: Not authorized" >&2; exit 127', "polkit agent"),
        ("pkexec", 'echo "pkexec must be setuid root" >&2; exit 127', "lost its setuid bit"),
    ],
)
def test_a_refusal_is_told_in_plain_words_with_the_command_for_a_terminal(
    stand: Stand, tmp_path: Path, way: Way, script: str, said: str
) -> None:
    stand(way, script)
    path = str(tmp_path / "no.pcapng")
    with pytest.raises(NotGranted) as caught:
        LiveCapture(Recorder(), Wanted(path), way).start()
    assert said in str(caught.value.strerror)
    words = caught.value.helps.split()
    assert words[0] == "sudo"
    assert words[2:] == ["capture", "--interface", "lo", "--write", path]
    assert not Path(path).exists()


def test_sending_is_refused_in_the_same_words(stand: Stand) -> None:
    stand("pkexec", "exit 126")
    built = Built((bytes(20),), 101, Tree("scapy", "", ()), (), "127.0.0.1")
    with pytest.raises(NotGranted, match="dismissed"):
        Volley(Recorder(), built, Order(way="pkexec")).start()


def test_a_program_that_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotGranted, match="pkexec is not installed"):
        LiveCapture(Recorder(), Wanted(str(tmp_path / "no.pcapng")), "pkexec").start()


def test_what_is_offered_can_be_asked(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    stand("sudo", "exit 1")
    stand("pkexec", "exit 127")
    assert asking.may_ask() == ("pkexec",), "sudo has nothing to ask with"
    monkeypatch.setenv("SUDO_ASKPASS", "/usr/bin/ssh-askpass")
    assert asking.may_ask() == ("pkexec", "sudo")
    argv = asking.argv_of("sudo")
    assert argv is not None
    assert argv[1] == "-A"
    assert asking.argv_of("own") is None
    found = probe()
    assert "sudo" not in found.ways
    assert found.may_ask == ("pkexec", "sudo")


def test_a_file_that_root_made_is_given_to_who_asked_and_a_link_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    made, other = tmp_path / "made.pcapng", tmp_path / "other"
    for path in (made, other):
        path.touch(mode=0o600)
    link, second = tmp_path / "link.pcapng", tmp_path / "second.pcapng"
    link.symlink_to(other)
    give_to_user(str(made))
    assert made.stat().st_uid == 0, "nobody asked"
    monkeypatch.setenv("SUDO_UID", str(NOBODY))
    monkeypatch.setenv("SUDO_GID", str(NOBODY))
    for path in (made, link, tmp_path / "none"):
        give_to_user(str(path))
    assert (made.stat().st_uid, other.stat().st_uid) == (NOBODY, 0)
    os.link(other, second)
    give_to_user(str(second))
    assert other.stat().st_uid == 0, "it has another name, perhaps in another place"
