"""What `./run` and `./test` decide before anything is installed."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def starting(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """setup/run.py, as the command loads it: its neighbours are top-level modules."""
    monkeypatch.syspath_prepend(str(ROOT / "setup"))
    for name in ("run", "environment", "machine", "unpacked", "checks"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("run")


@pytest.mark.parametrize(("arguments", "needs"), [
    ([], True), (["tour"], True), (["tour", "--out", "x"], True), (["--open", "x"], True), (["--help"], False),
    (["tour", "--help"], False), (["--version"], False), (["serve", "echo"], False), (["connect", "h", "1"], False),
])  # fmt: skip
def test_only_the_window_and_the_tour_need_qt(starting: ModuleType, arguments: list[str], needs: bool) -> None:
    assert starting.needs_qt(arguments) is needs


@pytest.mark.parametrize(("variables", "groups"), [
    ({}, ["OFFSCREEN"]), ({"DISPLAY": ":0"}, ["OFFSCREEN", "X11"]),
    ({"WAYLAND_DISPLAY": "w"}, ["OFFSCREEN", "WAYLAND"]),
    ({"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, ["OFFSCREEN"]),
    ({"QT_QPA_PLATFORM": "xcb"}, ["OFFSCREEN", "X11"]),
    ({"QT_QPA_PLATFORM": "wayland;xcb"}, ["OFFSCREEN", "X11", "WAYLAND"]),
])  # fmt: skip
def test_only_the_libraries_of_this_start_are_wanted(
    starting: ModuleType, variables: dict[str, str], groups: list[str]
) -> None:
    wanted = starting.wanted_libraries([], variables)
    assert wanted == [getattr(starting.machine, name) for name in groups]
    assert starting.wanted_libraries(["serve", "echo"], variables) == []
    assert starting.wanted_libraries(["tour"], variables) == [starting.machine.OFFSCREEN]


def test_an_explicit_platform_counts_as_a_display(starting: ModuleType) -> None:
    assert not starting.has_display({})
    assert not starting.has_display({"DISPLAY": ""})
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        assert starting.has_display({name: "x"})


def test_only_what_is_missing_is_named(starting: ModuleType, capsys: pytest.CaptureFixture[str],
                                       monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    machine = starting.machine
    present = {"libc.so.6": "libc6"}
    absent = {"libnone.so.1": "libnone1"}, {"libno.so": "libno"}
    assert machine.missing_libraries(present, *absent) == ["libnone1", "libno"]
    assert machine.missing_programs({"sh": "dash", "no-such-program": "nothing"}) == ["nothing"]
    monkeypatch.setattr(machine, "can_install", lambda: False)
    monkeypatch.setattr(machine, "without_lists", lambda: False)
    monkeypatch.setattr(machine.shutil, "which", lambda name, path=None: "/usr/bin/" + name)
    assert machine.mend([], what_for="x")
    assert not machine.mend(["libnone1", "libno", "libnone1"], what_for="the window needs")
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "Missing here: 2 system packages that the window needs.",
        "  sudo apt-get install -y --no-install-recommends libnone1 libno",
    ]


def test_where_apt_knows_no_package_yet_the_line_fetches_the_lists(
    starting: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = starting.machine
    monkeypatch.setattr(machine, "LISTS", tmp_path)
    monkeypatch.setattr(machine, "can_install", lambda: False)
    monkeypatch.setattr(machine.shutil, "which", lambda name, path=None: "/usr/bin/" + name)
    install = "sudo apt-get install -y --no-install-recommends libno"
    for lists, line in ((), f"sudo apt-get update && {install}"), (("main_binary-amd64_Packages.lz4",), install):
        for name in lists:
            (tmp_path / name).touch()
        assert not machine.mend(["libno"], what_for="the window needs")
        assert capsys.readouterr().err.splitlines()[1] == f"  {line}"


def test_the_line_for_a_server_says_how_to_end_it(starting: ModuleType, capsys: pytest.CaptureFixture[str],
                                                  monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    machine = starting.machine
    monkeypatch.setattr(machine, "can_install", lambda: False)
    monkeypatch.setattr(machine, "without_lists", lambda: False)
    monkeypatch.setattr(machine.shutil, "which", lambda name, path=None: "/usr/bin/" + name)
    assert not machine.mend(["socat", *machine.DAEMONS], what_for="some tests talk to")
    said = capsys.readouterr().err.splitlines()
    assert said[1:] == [
        f"  sudo apt-get install -y --no-install-recommends socat {' '.join(machine.DAEMONS)}",
        *(f"  sudo systemctl disable --now {name}   (the tests start their own)" for name in machine.DAEMONS.values()),
    ]


def test_every_server_that_is_installed_is_one_that_the_tests_want(starting: ModuleType) -> None:
    machine = starting.machine
    assert set(machine.DAEMONS) <= set(machine.PEERS.values())


def test_a_package_that_is_installed_starts_no_daemon(starting: ModuleType, tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """apt-get and dpkg themselves install a package with a daemon, into a system of its own below tmp_path."""
    monkeypatch.setenv("APT_CONFIG", str(own_system(tmp_path / "system")))
    package = package_with_a_daemon(tmp_path)
    assert starting.machine.install([str(package)])
    asked = (tmp_path / "system" / "asked").read_text(encoding="utf-8").splitlines()
    assert [Path(path).name for path in asked] == ["invoke-rc.d", "deb-systemd-invoke"]
    for path in asked:
        assert Path(path).parent.name.startswith("netlab-setup-"), "dpkg would have found the program that starts it"
        assert not Path(path).parent.exists(), "what kept it from starting must not outlive the set-up"
    status = (tmp_path / "system" / "var/lib/dpkg/status").read_text(encoding="utf-8")
    assert "Package: lab-daemon\nStatus: install ok installed" in status


def own_system(root: Path) -> Path:
    """A Debian system in a folder, for apt and dpkg of an ordinary user; gives the settings for APT_CONFIG."""
    for name in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/apt/lists/partial", "var/log/apt",
                 "var/cache/apt/archives/partial", "etc/apt"):  # fmt: skip
        (root / name).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    settings = root / "apt.conf"
    settings.write_text(
        f'Dir "{root}"; Dir::State::status "{root}/var/lib/dpkg/status"; APT::Sandbox::User "";\n'
        'Dir::Bin::dpkg "/usr/bin/dpkg"; Dir::Bin::Methods "/usr/lib/apt/methods";\n'
        f'DPkg::Options {{ "--root={root}"; "--force-script-chrootless"; "--force-not-root"; }};\n'
    )
    return settings


def package_with_a_daemon(place: Path) -> Path:
    """A package that starts its service when it is installed, as Debian's helpers write it."""
    control = place / "package" / "DEBIAN"
    control.mkdir(parents=True)
    (control / "control").write_text(
        "Package: lab-daemon\nVersion: 1\nArchitecture: all\nMaintainer: Lab <lab@example.org>\nDescription: none\n"
    )
    script = control / "postinst"
    script.write_text(
        "#!/bin/sh\nset -e\n"
        'for name in invoke-rc.d deb-systemd-invoke; do command -v $name >> "$DPKG_ROOT/asked"; done\n'
        "invoke-rc.d lab-daemon start\ndeb-systemd-invoke start lab-daemon.service\n"
    )
    script.chmod(0o755)
    built = place / "lab-daemon.deb"
    command = ["dpkg-deb", "--root-owner-group", "--build", str(control.parent), str(built)]
    subprocess.run(command, check=True, capture_output=True)
    return built


def test_a_server_is_unpacked_whole_and_found_or_the_reason_is_told(
    starting: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked = importlib.import_module("unpacked")
    monkeypatch.setattr(unpacked, "PLACE", tmp_path / "peers")
    monkeypatch.setattr(unpacked, "SERVERS", {"usr/sbin/labd": "lab-daemon", "usr/sbin/none": "no-such-package"})
    program = tmp_path / "package" / "usr" / "sbin" / "labd"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    built = package_with_a_daemon(tmp_path)
    fetch = tmp_path / "bin" / "apt-get"
    fetch.parent.mkdir()
    fetch.write_text(
        f"#!/bin/sh\n[ $3 = lab-daemon ] && exec cp {built} .\necho E: Unable to locate package $3\nexit 100\n"
    )
    fetch.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fetch.parent}:{os.environ['PATH']}")
    assert unpacked.find("labd") is None
    assert unpacked.unpack(unpacked.missing()) == ["no-such-package: E: Unable to locate package no-such-package"]
    assert unpacked.missing() == ["no-such-package"]
    assert unpacked.find("labd") == str(tmp_path / "peers/usr/sbin/labd")


def test_a_group_may_include_another(starting: ModuleType) -> None:
    groups = {"dependency-groups": {"dev": ["pytest", {"include-group": "lint"}], "lint": ["ruff"]}}
    assert starting.environment.group_requirements(groups, "dev") == ["pytest", "ruff"]


def test_the_stamp_follows_pyproject_and_place(starting: ModuleType, monkeypatch: pytest.MonkeyPatch,
                                               tmp_path: Path) -> None:  # fmt: skip
    environment = starting.environment
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pyproject.toml").write_text("[project]\n")
    prints = set()
    for name, text in (("a", "[project]\n"), ("a", "[project]\nname = 'x'\n"), ("b", "[project]\n")):
        monkeypatch.setattr(environment, "ROOT", tmp_path / name)
        monkeypatch.setattr(environment, "VENV", tmp_path / name / ".venv")
        (tmp_path / name / "pyproject.toml").write_text(text)
        prints.add(environment._fingerprint())
    assert len(prints) == 3


def test_every_check_is_run_and_each_that_fails_is_named_with_all_that_it_said(
    starting: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = importlib.import_module("checks")

    def check(name: str, status: int) -> tuple[str, list[str]]:
        program = f"print('first of {name}', flush=True); print('last of {name}', file=sys.stderr); sys.exit({status})"
        return name, [sys.executable, "-I", "-S", "-c", f"import sys; {program}"]

    monkeypatch.setattr(checks, "prepare", lambda: True)
    monkeypatch.setattr(checks, "beside_each_other", lambda _: [[check("a", 0), check("b", 3)], [check("c", 0)]])
    monkeypatch.setattr(checks, "tests", lambda _: check("d", 0))
    monkeypatch.chdir(ROOT)
    assert checks.main([]) == 1
    said = capsys.readouterr().out
    assert said.endswith("FAILED: b\n")
    assert "first of b\nlast of b\n== b FAILED with status 3" in said
    for name in "ac":
        assert f"first of {name}" not in said
        assert f"last of {name}\n== {name} passed" in said
    assert "== d passed" in said
    monkeypatch.setattr(checks, "beside_each_other", lambda _: [[check("a", 0)]])
    monkeypatch.setattr(checks, "tests", lambda _: check("d", 5))
    assert checks.main([]) == 1
    assert capsys.readouterr().out.endswith("FAILED: d\n")
    monkeypatch.setattr(checks, "tests", lambda _: check("d", 0))
    assert checks.main([]) == 0
    assert capsys.readouterr().out.endswith("All checks passed.\n")


@pytest.mark.parametrize("command", ["run", "test"])
@pytest.mark.parametrize("old", [True, False])
def test_without_a_new_enough_python_it_says_how_to_get_one(command: str, old: bool, tmp_path: Path) -> None:
    for tool in ("dirname", "head"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    if old:
        fake = tmp_path / "python3"
        fake.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit 0\nexit 1\n')
        fake.chmod(0o755)
    done = subprocess.run(["/bin/sh", str(ROOT / command)], env={"PATH": str(tmp_path)}, capture_output=True, text=True,
                          check=False, cwd="/")  # fmt: skip
    assert done.returncode == 1
    assert "NetLab needs Python 3.11 or newer" in done.stderr
    assert ("python3 is Python 3.9.2" in done.stderr) is old
    assert "sudo apt-get install" in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_standard_stream_is_opened_before_pip_sees_it(closed: str, tmp_path: Path) -> None:
    look = "import os, sys; print([os.fstat(n).st_mode > 0 for n in (0, 1, 2)], file=open(sys.argv[1], 'w'))"
    script = tmp_path / "start"
    script.write_text(f". '{ROOT}/setup/find_python.sh'\nexec \"$python\" -c \"$1\" \"$2\"\n")
    command = ["sh", "-c", f'exec sh "$@" {closed}', "sh", str(script), look, str(tmp_path / "seen")]
    assert subprocess.run(command, check=False, timeout=30).returncode == 0
    assert (tmp_path / "seen").read_text() == "[True, True, True]\n"


def test_what_runs_before_the_installation_is_standard_library_only() -> None:
    for path in (ROOT / "setup").glob("*.py"):
        program = f"import sys; sys.path.insert(0, {str(path.parent)!r}); import {path.stem}"
        done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False,
                              env={"PATH": os.environ["PATH"]})  # fmt: skip
        assert done.returncode == 0, done.stderr
