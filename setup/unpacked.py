"""Foreign servers that can't be installed beside each other: unpacked into the checkout, for the tests alone.

Debian lets a machine have one FTP server and one mail server; installing ours would remove what somebody uses.
So their packages are fetched and unpacked below `.peers`, and only the libraries that they link to are installed.
Standard library only. It must not know how a server is started.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PLACE: Final = Path(__file__).resolve().parent.parent / ".peers"
SERVERS: Final[Mapping[str, str]] = {
    "usr/sbin/vsftpd": "vsftpd",
    "usr/sbin/proftpd": "proftpd-core",
    "usr/lib/proftpd/mod_tls.so": "proftpd-mod-crypto",
    "usr/sbin/exim4": "exim4-daemon-light",
}
"""File below `PLACE` -> the Debian package that has it."""
LIBRARIES: Final[Mapping[str, str]] = {
    "libwrap.so.0": "libwrap0",
    "libhiredis.so.0.14": "libhiredis0.14",
    "libmemcached.so.11": "libmemcached11",
    "libmemcachedutil.so.2": "libmemcachedutil2",
    "libpcre2-posix.so.3": "libpcre2-posix3",
    "libsodium.so.23": "libsodium23",
    "libgnutls-dane.so.0": "libgnutls-dane0",
    "libdb-5.3.so": "libdb5.3",
    "libidn.so.12": "libidn12",
    "libnsl.so.2": "libnsl2",
}
"""Library -> Debian package: what these servers link to."""


def find(name: str) -> str | None:
    """Where an unpacked program is, by its last name, or None."""
    for file in SERVERS:
        path = PLACE / file
        if path.name == name and path.is_file():
            return str(path)
    return None


def missing() -> list[str]:
    """The packages that are not unpacked yet, or were cut while they were."""
    return [package for package in SERVERS.values() if not _mark(package).exists()]


def _mark(package: str) -> Path:
    """Stands once the package is unpacked whole."""
    return PLACE / "unpacked" / package


def unpack(packages: list[str]) -> list[str]:
    """Fetch and unpack; what went wrong, a line each. It needs no root, only apt's lists."""
    (PLACE / "unpacked").mkdir(parents=True, exist_ok=True)
    wrong = []
    for package in packages:
        with tempfile.TemporaryDirectory(prefix="netlab-peers-") as folder:
            Path(folder).chmod(0o755)  # apt fetches as an account of its own
            said = _run(["apt-get", "download", "-qq", package], folder)
            found = list(Path(folder).glob("*.deb"))
            if found:
                said = _run(["dpkg-deb", "-x", str(found[0]), str(PLACE)], folder)
            if said or not found:
                wrong.append(f"{package}: {said or 'nothing was fetched'}")
            else:
                _mark(package).touch()
    return wrong


def _run(command: list[str], folder: str) -> str:
    """Run quietly; what it said if it failed."""
    try:
        done = subprocess.run(command, cwd=folder, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace")  # fmt: skip
    except OSError as error:
        return str(error)
    return done.stdout.strip()[-500:] or f"status {done.returncode}" if done.returncode else ""
