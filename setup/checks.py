"""Run every check of this checkout and name each one that fails.

Standard library only. It must not know what a check looks at: each is a program in the
environment with its settings in pyproject.toml.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor

import environment
import machine
import unpacked

AT_ONCE = ("-n", "4", "--dist", "loadfile", "--no-loadscope-reorder")
"""Four processes, two a processor, each with whole files of tests, in their order: half of the time tests wait."""


NEEDED = "the tests need; install and start again"

Step = tuple[str, list[str]]
"""A check's name and its command."""


def beside_each_other(pytest_arguments: list[str]) -> list[list[Step]]:
    """The checks that only read: rows of them that are run at the same time."""
    everything = ["protocols", "widgets", "netlab_gui", "assets", "setup", "tests"]
    mypy, python = environment.program("mypy"), environment.program("python")
    return [
        [("mypy", [mypy]), ("mypy setup", [mypy, "setup"])],
        [
            ("ruff", [environment.program("ruff"), "check", *everything]),
            ("import-linter", [environment.program("lint-imports"), "--no-cache"]),
            # Compiled once here, and not by each of pytest's processes and each `netlab` that a test starts.
            ("compiling", [python, "-m", "compileall", "-q", *everything[:3]]),
            ("finding the tests", [python, "-m", "pytest", "-q", "-q", "--collect-only", *pytest_arguments, "-n", "0"]),
        ],
    ]


def tests(pytest_arguments: list[str]) -> Step:
    """The last check, that has the machine for itself."""
    return "pytest", [environment.program("python"), "-m", "pytest", *AT_ONCE, *pytest_arguments]


def prepare() -> bool:
    """Install or name what is missing; False when the checks cannot run at all."""
    venv = machine.missing_venv() if environment.needs_making() else []
    needed, useful = [*venv, *machine.missing_libraries(machine.OFFSCREEN)], missing_peers()
    if needed and not machine.can_install():
        return machine.mend([*needed, *useful], what_for=NEEDED)
    if venv and not machine.mend(needed, what_for=NEEDED):
        return False
    with ThreadPoolExecutor(1) as beside:  # apt fetches while pip does
        making = beside.submit(environment.ensure, "dev")
        return prepare_machine() and made(making)


def made(making: Future[None]) -> bool:
    """Wait for the environment; False, and why, where it can't be made."""
    try:
        making.result()
    except (environment.SetupError, OSError) as error:
        print(f"{error}", file=sys.stderr)
        return False
    return True


def prepare_machine() -> bool:
    """Have what the system must have, and the foreign programs; False when the tests cannot run at all."""
    needed, useful = machine.missing_libraries(machine.OFFSCREEN), missing_peers()
    if needed and not machine.mend([*needed, *useful], what_for=NEEDED):
        return False
    if not needed and not machine.mend(useful, what_for="some tests talk to; without them those tests are skipped"):
        print("Going on without.", flush=True)
    unpack_servers()
    return True


def missing_peers() -> list[str]:
    """The packages with what some tests talk to."""
    return [*machine.missing_programs(machine.PEERS), *machine.missing_modules(machine.PERL),
            *machine.missing_libraries(machine.X11, unpacked.LIBRARIES)]  # fmt: skip


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
    os.chdir(environment.ROOT)
    with ThreadPoolExecutor() as beside:
        rows = list(beside.map(lambda row: [name for name, command in row if not passes(name, command, quiet=True)],
                               beside_each_other(arguments)))  # fmt: skip
    failed = [name for row in rows for name in row]
    name, command = tests(arguments)
    if not passes(name, command):
        failed.append(name)
    if failed:
        print(f"\nFAILED: {', '.join(failed)}")
        return 1
    print("\nAll checks passed.")
    return 0


def passes(name: str, command: list[str], *, quiet: bool = False) -> bool:
    """Run one check. quiet: others run at the same time; its last line is printed at its end, or all if it failed."""
    if not quiet:
        print(f"\n== {name}", flush=True)
    started = time.monotonic()
    output, errors = (subprocess.PIPE, subprocess.STDOUT) if quiet else (None, None)
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, text=True,
                          errors="replace")  # fmt: skip
    verdict = "passed" if done.returncode == 0 else f"FAILED with status {done.returncode}"
    said = ""
    if quiet:
        lines = done.stdout.rstrip().splitlines(keepends=True)
        said = "".join(["\n== ", name, "\n", *(lines if done.returncode else lines[-1:]), "\n" if lines else ""])
    print(f"{said}== {name} {verdict} in {time.monotonic() - started:.0f} s", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
