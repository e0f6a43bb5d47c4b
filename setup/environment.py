"""The checkout's own virtual environment: made once, checked by a stamp, instant afterwards.

Standard library only. It must not know what is started in the environment, and it leaves
pip's configuration (index, certificates, wheel folders) as the user has set it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
VENV: Final = ROOT / ".venv"
PYTHON: Final = VENV / "bin" / "python"
NETLAB: Final = VENV / "bin" / "netlab"
_STAMP: Final = VENV / "netlab-stamp.json"


class SetupError(Exception):
    """Something that stops the set-up; the message says it in full."""


def program(name: str) -> str:
    """The path of a program in the environment."""
    return str(VENV / "bin" / name)


def ready(*groups: str) -> bool:
    """Whether the environment stands and holds the product and these dependency groups as pyproject has them."""
    if not (NETLAB.exists() and PYTHON.exists()):
        return False
    stamped = _read_stamp()
    return all(stamped.get(name) == _fingerprint() for name in ("core", *groups))


def ensure(*groups: str) -> None:
    """Make or mend the environment; returns at once when the stamp says that it stands. Raises SetupError."""
    if ready(*groups):
        return
    with _only_one():
        if ready(*groups):
            return
        if not _usable():
            _create()
        _install(groups)
        kept = {name: value for name, value in _read_stamp().items() if value == _fingerprint()}
        _STAMP.write_text(json.dumps(kept | dict.fromkeys(("core", *groups), _fingerprint())), encoding="utf-8")


def needs_making() -> bool:
    """Whether `ensure` would have to make the environment from nothing, for which pip's bootstrap is needed."""
    return not PYTHON.exists()


def _fingerprint() -> str:
    """Changes with pyproject, with the interpreter behind the environment and with the checkout's place."""
    parts = ((ROOT / "pyproject.toml").read_bytes(), os.fsencode(VENV), os.fsencode(PYTHON.resolve()))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _read_stamp() -> dict[str, str]:
    try:
        content = json.loads(_STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


@contextmanager
def _only_one() -> Iterator[None]:
    """Two first starts at once: the second waits for the first."""
    descriptor = os.open(ROOT / "setup", os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _usable() -> bool:
    """Whether an environment that stands there can be installed into: not moved, not broken, with pip."""
    check = (
        "import sys, pip; from pathlib import Path;"
        f"sys.exit(sys.version_info < (3, 11) or Path(sys.prefix).resolve() != Path({str(VENV)!r}).resolve())"
    )
    if not PYTHON.exists():
        return False
    if _run_quiet([str(PYTHON), "-c", check]).returncode:
        return False
    pip = VENV / "bin" / "pip"  # its first line names an interpreter: the old place, when the checkout was moved
    return not pip.exists() or os.fsencode(VENV) in pip.read_bytes()[:500]


def _create() -> None:
    print(f"Making {VENV} with Python {sys.version.split()[0]}", flush=True)
    made = _run_quiet([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if made.returncode:
        raise SetupError(f"The virtual environment could not be made.\n{made.stdout.strip()}")


def _install(groups: tuple[str, ...]) -> None:
    requirements = [line for group in groups for line in group_requirements(_pyproject(), group)]
    if ready():
        print("Installing what the checks need into .venv", flush=True)
    elif _read_stamp():
        print("Bringing .venv up to date: what NetLab needs has changed", flush=True)
    else:
        print("Installing NetLab and what it needs into .venv (some 400 MB, once; a few minutes)", flush=True)
    command = [
        str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-warn-script-location",
        "--no-compile", "--editable", str(ROOT), *requirements,
    ]  # fmt: skip
    # An account that installs into its home by habit (PIP_USER) must not break the environment.
    done = subprocess.run(command, env=os.environ | {"PIP_USER": "0"}, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise SetupError("pip could not install what NetLab needs; its own words are above. Is the network there?")
    # pip compiles with one processor. What can't be compiled, such as a template, pip passes by in silence too.
    _run_quiet([str(PYTHON), "-m", "compileall", "-q", "-q", "-j", "0", str(VENV / "lib")])


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def group_requirements(pyproject: dict[str, Any], group: str) -> list[str]:
    """The requirement lines of a dependency group (PEP 735); old pips cannot read groups themselves."""
    lines: list[str] = []
    for entry in pyproject["dependency-groups"][group]:
        if isinstance(entry, str):
            lines.append(entry)
        else:
            lines += group_requirements(pyproject, entry["include-group"])
    return lines


def _run_quiet(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, check=False, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    )  # fmt: skip
