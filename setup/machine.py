"""What this machine has and lacks, and the one apt line that mends it.

Standard library only: it runs before anything is installed. It must not know the
virtual environment, and it never changes a machine that is not run as root.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

OFFSCREEN: Final[Mapping[str, str]] = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxkbcommon.so.0": "libxkbcommon0",
}
"""Library -> Debian package: what Qt needs to paint at all, in a window or not."""
X11: Final[Mapping[str, str]] = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
"""What a window on X11 needs beside `OFFSCREEN`."""
WAYLAND: Final[Mapping[str, str]] = {
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
}
"""What a window on Wayland needs beside `OFFSCREEN`."""
PEERS: Final[Mapping[str, str]] = {
    "socat": "socat",
    "ncat": "ncat",
    "openssl": "openssl",
    "curl": "curl",
    "ip": "iproute2",
    "Xvfb": "xvfb",
    "xdotool": "xdotool",
    "setpriv": "util-linux",
    "wget": "wget",
    "wrk": "wrk",
    "nginx": "nginx",
    "apache2": "apache2-bin",
    "dovecot": "dovecot-core",
    "/usr/lib/dovecot/imap": "dovecot-imapd",
    "/usr/lib/dovecot/pop3": "dovecot-pop3d",
    "/usr/lib/dovecot/lmtp": "dovecot-lmtpd",
    "swaks": "swaks",
    "mutt": "mutt",
    "lftp": "lftp",
    "sftp": "openssh-client",
    "tshark": "tshark",
    "tcpdump": "tcpdump",
}
"""Program -> Debian package: foreign programs that the tests talk to; servers among them are started by the tests."""
PERL: Final[Mapping[str, str]] = {"Net/SSLeay.pm": "libnet-ssleay-perl"}
"""Perl module -> Debian package: swaks speaks TLS with it."""
DAEMONS: Final[Mapping[str, str]] = {
    "nginx": "nginx",
    "dovecot-core": "dovecot",
}
"""Debian package -> the service that it would start, now and at every boot."""
LISTS: Final = Path("/var/lib/apt/lists")


def missing_libraries(*wanted: Mapping[str, str]) -> list[str]:
    """The packages of the wanted libraries that the dynamic loader does not find (Linux only)."""
    if not sys.platform.startswith("linux"):
        return []
    return [package for group in wanted for name, package in group.items() if not _loads(name)]


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def missing_programs(wanted: Mapping[str, str]) -> list[str]:
    """The packages of the wanted programs that are not on the PATH (nor in the sbin folders)."""
    return [package for name, package in wanted.items() if find_program(name) is None]


def missing_modules(wanted: Mapping[str, str]) -> list[str]:
    """The packages of the wanted Perl modules that are where no Debian package puts them."""
    folders = [Path("/usr/share/perl5"), *Path("/usr/lib").glob("*/perl5/*"), *Path("/usr/local/share/perl").glob("*")]
    return [package for name, package in wanted.items() if not any((each / name).is_file() for each in folders)]


def find_program(name: str) -> str | None:
    """Where a program is; an ordinary user's PATH often lacks the sbin folders, so they are looked into too."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])
    return shutil.which(name, path=path)


def missing_venv() -> list[str]:
    """["python3-venv"] where this interpreter cannot make a virtual environment with pip in it."""
    complete = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
    return [] if complete else ["python3-venv"]


def apt_line(packages: Iterable[str], *, update: bool = False) -> str:
    """The one line that installs the packages, as an ordinary user would type it. update: fetch the lists first."""
    before = "sudo apt-get update && " if update else ""
    return f"{before}sudo apt-get install -y --no-install-recommends {' '.join(packages)}"


def without_lists() -> bool:
    """Whether apt knows no package at all yet, as on a machine that was just made from an image."""
    return not any(LISTS.glob("*_Packages*"))


def can_install() -> bool:
    """Whether packages can be installed right now: root, on a system with apt."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: list[str]) -> bool:
    """Install Debian packages as root; the package lists are fetched only when the first try fails."""
    print(f"Installing as root: {' '.join(packages)}", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    with _starting_nothing() as path:
        # A machine that has just started is often busy with its own upgrades: wait for the lock.
        options = ["-o", f"DPkg::Path={path}", "-o", "DPkg::Lock::Timeout=180"]
        done = _apt_install([*options, *packages], environment)
    for package in packages if done else ():
        if package in DAEMONS and shutil.which("update-rc.d"):
            command = ["update-rc.d", DAEMONS[package], "disable"]
            subprocess.run(command, env=environment, check=False, stdin=subprocess.DEVNULL)
    return done


@contextmanager
def _starting_nothing() -> Iterator[str]:
    """The PATH for dpkg under which no package starts its service; it is gone when the block ends, come what may.

    A policy-rc.d would do the same, but a set-up that is killed would leave it behind.
    """
    with tempfile.TemporaryDirectory(prefix="netlab-setup-") as folder:
        for name in ("invoke-rc.d", "deb-systemd-invoke"):
            program = Path(folder, name)
            program.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
            program.chmod(0o755)
        yield f"{folder}:/usr/sbin:/usr/bin:/sbin:/bin"


def _apt_install(arguments: list[str], environment: Mapping[str, str]) -> bool:
    # --no-remove: what a machine has and uses is never taken away for a test.
    command = ["apt-get", "install", "-y", "-qq", "--no-remove", "--no-install-recommends", *arguments]
    quiet = subprocess.run(command, env=environment, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if quiet.returncode == 0:
        return True
    print("  the package lists are missing or old: apt-get update", flush=True)
    subprocess.run(["apt-get", "update", "-qq"], env=environment, check=False, stdin=subprocess.DEVNULL)
    again = subprocess.run(
        command, env=environment, check=False, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    )  # fmt: skip
    if again.returncode:
        print(again.stdout[-3000:], file=sys.stderr)
    return again.returncode == 0


def mend(packages: list[str], *, what_for: str) -> bool:
    """Install the packages as root, or name the one line that does; False when they are still missing.

    what_for: completes the sentence "Missing here: 3 system packages that ...".
    """
    packages = list(dict.fromkeys(packages))
    if not packages:
        return True
    if can_install():
        return install(packages)
    noun = "a system package" if len(packages) == 1 else f"{len(packages)} system packages"
    print(f"Missing here: {noun} that {what_for}.", file=sys.stderr)
    if shutil.which("apt-get"):
        print(f"  {apt_line(packages, update=without_lists())}", file=sys.stderr)
        for service in (DAEMONS[package] for package in packages if package in DAEMONS):
            print(f"  sudo systemctl disable --now {service}   (the tests start their own)", file=sys.stderr)
    else:
        print(f"  Debian calls them: {' '.join(packages)}", file=sys.stderr)
    return False
