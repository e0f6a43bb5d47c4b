"""Start NetLab from this checkout; without a display, take the tour offscreen and name its pictures.

Standard library only. It must not know what the commands of `netlab` do, only which of them need Qt.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import environment
import machine

PICTURES: Final = environment.ROOT / "tour-pictures"
_INFORMATION: Final = frozenset(("-h", "--help", "--version"))


def has_display(variables: Mapping[str, str]) -> bool:
    """Whether a window can be shown; an explicit Qt platform counts, whatever it is."""
    if not sys.platform.startswith("linux"):
        return True
    return any(variables.get(name) for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"))


def needs_qt(arguments: Sequence[str]) -> bool:
    """Whether a command line of `netlab` loads Qt: the window and the tour do, every other command does not."""
    if _INFORMATION.intersection(arguments):
        return False
    return not arguments or arguments[0].startswith("-") or arguments[0] == "tour"


def wanted_libraries(arguments: Sequence[str], variables: Mapping[str, str]) -> list[Mapping[str, str]]:
    """The groups of system libraries that this start needs."""
    if not needs_qt(arguments):
        return []
    platform = variables.get("QT_QPA_PLATFORM", "")
    wanted = [machine.OFFSCREEN]
    if "tour" in arguments[:1]:
        return wanted
    if "xcb" in platform or (not platform and variables.get("DISPLAY")):
        wanted.append(machine.X11)
    if "wayland" in platform or (not platform and variables.get("WAYLAND_DISPLAY")):
        wanted.append(machine.WAYLAND)
    return wanted


def main(arguments: list[str]) -> int:
    """Make everything ready, then become `netlab`."""
    missing = machine.missing_libraries(*wanted_libraries(arguments, os.environ))
    if environment.needs_making():
        missing = [*machine.missing_venv(), *missing]
    if not machine.mend(missing, what_for="NetLab cannot start without; install and start again"):
        return 1
    try:
        environment.ensure()
    except (environment.SetupError, OSError) as error:
        print(f"{error}", file=sys.stderr)
        return 1
    if not arguments and not has_display(os.environ):
        return tour()
    sys.stdout.flush()
    os.execv(environment.NETLAB, [str(environment.NETLAB), *arguments])


def tour() -> int:
    """Drive every panel without a display and name the pictures that this makes."""
    print("There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can open.")
    print("Taking the tour instead: every panel is driven offscreen and its picture saved.", flush=True)
    PICTURES.mkdir(exist_ok=True)
    for old in PICTURES.glob("*.png"):
        old.unlink()
    variables = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([environment.NETLAB, "tour", "--out", PICTURES], env=variables, check=False)
    pictures = sorted(PICTURES.glob("*.png"))
    print(f"{len(pictures)} pictures:" if pictures else "The tour made no picture.")
    for picture in pictures:
        print(f"  {picture}")
    print("Without a display these work too:  ./run serve echo   ./run connect HOST PORT   ./run --help")
    return done.returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
