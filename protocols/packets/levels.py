"""The three levels of packets: what works now for this user, what more would be possible, and the exact command for it.

L0 needs nobody's permission, L1 is a private network of one's own, L2 a real interface. Probing takes a moment and may
start a child: never in a GUI thread. It must not know views.
"""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protocols.packets import bpf
from protocols.packets.capture.asking import may_ask, own_command
from protocols.packets.capture.dumpcapping import find_dumpcap
from protocols.packets.capture.live import Way, has_net_raw
from protocols.packets.networks.network import possible
from protocols.packets.reach.ping import COMMAND, SETTING, opened

_PROBE_S: Final = 10.0
_TRY: Final = "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()"


@dataclass(frozen=True, slots=True)
class More:
    """Something that does not work now. what: a sentence; command: what makes it work, typed by an administrator."""

    what: str
    command: str = ""
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """One level. works: at least its main purpose does. now: what works, in sentences. more: what does not."""

    number: int
    title: str
    works: bool
    now: tuple[str, ...]
    more: tuple[More, ...] = ()


@dataclass(frozen=True, slots=True)
class Levels:
    """What a probe found. ways: how a real interface can be captured now, the best first; may_ask: sudo or pkexec may
    be asked for a password. highest: the highest level that works without asking.
    """

    levels: tuple[Level, ...]
    ways: tuple[Way, ...]
    may_ask: tuple[Way, ...]

    @property
    def highest(self) -> int:
        """0, 1 or 2."""
        return max(level.number for level in self.levels if level.works)


def probe() -> Levels:
    """Try everything once, with children that end at once. About 0.2 s."""
    ways = _ways()
    asked = may_ask()
    return Levels((_zero(), _one(), _two(ways, asked)), ways, asked)


def _zero() -> Level:
    now = [
        "Captures open, packets are dissected and crafted without being sent.",
        "The lab's own traffic is shown as packets, reconstructed from its sockets.",
        "Traceroute and port checks work.",
    ]
    more: list[More] = []
    try:
        opened(2, ("datagram",))[0].close()
        now.append("Ping works by the kernel's unprivileged ICMP socket.")
    except OSError:
        now.append("Ping works by UDP: the ICMP error that comes back is the echo.")
        more.append(More("Ping by ICMP itself, for every user.", COMMAND, SETTING))
    if not bpf.available():
        more.append(More("Capture filters need libpcap.", "sudo apt-get install libpcap0.8"))
    return Level(0, "No permission", True, tuple(now), tuple(more))


def _one() -> Level:
    refusal = possible()
    title = "Private network"
    if refusal is None:
        now = (
            "A network of one's own: hosts, wires and a switch, and every packet on it captured, without root.",
            "Raw frames can be sent there.",
        )
        return Level(1, title, True, now)
    return Level(1, title, False, (), (More(refusal.why, refusal.command, refusal.setting),))


def _two(ways: tuple[Way, ...], asked: tuple[Way, ...]) -> Level:
    title = "Real interfaces"
    now: list[str] = []
    if "dumpcap" in ways:
        now.append("dumpcap captures from every interface.")
    if "own" in ways:
        now.append("A child of the lab captures and sends raw frames, with the rights that the lab was started with.")
    if "sudo" in ways:
        now.append("A child of the lab captures and sends raw frames, started by sudo without a password.")
    more = [] if "dumpcap" in ways else [_dumpcap_mend()]
    if not {"own", "sudo"} & set(ways):
        what = "Capture and send raw frames by a child that is started as root; the window stays without."
        more.append(More(what, f"sudo {shlex.quote(own_command())} capture --interface lo"))
        if "pkexec" in asked:
            now_if_asked = "Choose a child by pkexec in the capture form: it asks for the password of an administrator."
            more.append(More(now_if_asked))
    return Level(2, title, bool(ways), tuple(now), tuple(more))


def _ways() -> tuple[Way, ...]:
    """The ways that work now without asking anybody."""
    found: list[Way] = []
    if dumpcap_allowed():
        found.append("dumpcap")
    if has_net_raw() and _succeeds(
        [sys.executable, "-c", _TRY]
    ):  # within a container the right may be for another network
        found.append("own")
    elif _sudo_allowed():
        found.append("sudo")
    return tuple(found)


def dumpcap_allowed() -> bool:
    """Whether dumpcap is here, this user may start it, and it may capture: it opens loopback to say its link types."""
    program = find_dumpcap()
    return program is not None and _succeeds([program, "-i", "lo", "-L"])


def _sudo_allowed() -> bool:
    """Whether sudo starts a command without a password. "-n -v" asks nothing and runs nothing."""
    sudo = shutil.which("sudo")
    return sudo is not None and _succeeds([sudo, "-n", "-v"])


def _succeeds(words: list[str]) -> bool:
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=_PROBE_S,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _dumpcap_mend() -> More:
    """What is missing to capture by dumpcap: the program, the group, or its capabilities."""
    path = next((place for place in map(Path, _DUMPCAPS) if place.exists()), None)
    if path is None:
        return More("Capture by dumpcap, which needs no rights of the lab.", "sudo apt-get install wireshark-common")
    if not os.access(path, os.X_OK):
        command = f"sudo usermod -aG wireshark {_user()}"
        return More(f"{path} is there for the group wireshark: join it, then log in again.", command, "group wireshark")
    command = f"sudo setcap cap_net_raw,cap_net_admin+eip {path}"
    return More(f"{path} is there and has no right to capture.", command, "capabilities of dumpcap")


_DUMPCAPS: Final = ("/usr/bin/dumpcap", "/usr/local/bin/dumpcap", "/usr/sbin/dumpcap")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "$USER"
