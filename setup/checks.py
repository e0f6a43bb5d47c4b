"""Run every check of this checkout and name each one that fails.

Standard library only. It must not know what a check looks at: each is a program in the
environment with its settings in pyproject.toml.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import environment
import machine
import unpacked

AT_ONCE = ("-n", "4", "--dist", "loadfile", "--no-loadscope-reorder")
"""Four processes, two a processor, each with whole files of tests, in their order: half of the time tests wait."""


def steps(pytest_arguments: list[str]) -> list[tuple[str, list[str]]]:
    """The checks in order: name and command."""
    everything = ["protocols", "widgets", "netlab_gui", "assets", "setup", "tests"]
    return [
        ("ruff", [environment.program("ruff"), "check", *everything]),
        ("mypy", [environment.program("mypy")]),
        ("mypy setup", [environment.program("mypy"), "setup"]),
        ("import-linter", [environment.program("lint-imports"), "--no-cache"]),
        ("pytest", [environment.program("python"), "-m", "pytest", *AT_ONCE, *pytest_arguments]),
    ]


def prepare() -> bool:
    """Install or name what is missing; False when the checks cannot run at all."""
    needed = machine.missing_libraries(machine.OFFSCREEN)
    if environment.needs_making():
        needed = [*machine.missing_venv(), *needed]
    useful = [*machine.missing_programs(machine.PEERS), *machine.missing_modules(machine.PERL),
              *machine.missing_libraries(machine.X11, unpacked.LIBRARIES)]  # fmt: skip
    if needed:
        reason = "the tests need; install and start again"
        return machine.mend([*needed, *useful], what_for=reason)
    if not machine.mend(useful, what_for="some tests talk to; without them those tests are skipped"):
        print("Going on without.", flush=True)
    unpack_servers()
    return True


def unpack_servers() -> None:
    """Have the servers that can't be installed side by side; where they can't be fetched, say what is missing."""
    packages = unpacked.missing()
    if not packages or not machine.find_program("apt-get"):
        return
    print(f"Unpacking into .peers for the tests: {' '.join(packages)}", flush=True)
    for wrong in unpacked.unpack(packages):
        print(f"  {wrong}\n  Going on without; the tests that talk to it are skipped.", file=sys.stderr)


def main(arguments: list[str]) -> int:
    """Exit status 0 when every check passed."""
    if not prepare():
        return 1
    try:
        environment.ensure("dev")
    except (environment.SetupError, OSError) as error:
        print(f"{error}", file=sys.stderr)
        return 1
    os.chdir(environment.ROOT)
    failed = [name for name, command in steps(arguments) if not passes(name, command)]
    if failed:
        print(f"\nFAILED: {', '.join(failed)}")
        return 1
    print("\nAll checks passed.")
    return 0


def passes(name: str, command: list[str]) -> bool:
    """Run one check in the foreground."""
    print(f"\n== {name}", flush=True)
    started = time.monotonic()
    status = subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode
    verdict = "passed" if status == 0 else f"FAILED with status {status}"
    print(f"== {name} {verdict} in {time.monotonic() - started:.0f} s", flush=True)
    return status == 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
