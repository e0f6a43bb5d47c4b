"""The wheel carries everything: installed into an empty environment it takes the tour far from this checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from netlab_gui.panels import PANELS

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("protocols", "widgets", "netlab_gui", "assets")
LEAST_PX = (1280, 800)
TOUR_S = 240


def run(
    *command: str | Path, cwd: Path, timeout: float = TOUR_S, without: tuple[str, ...] = (), **variables: str
) -> subprocess.CompletedProcess[str]:
    hidden = ("PYTHONPATH", "VIRTUAL_ENV", *without)
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    return subprocess.run(list(map(str, command)), cwd=cwd, env=environment | variables, capture_output=True, text=True,
                          timeout=timeout, check=False)  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    done = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a new environment that holds the wheel; what the wheel needs it sees in this one."""
    place = tmp_path_factory.mktemp("empty")
    assert run(sys.executable, "-m", "venv", "--without-pip", place, cwd=place).returncode == 0
    python = place / "bin" / "python"
    done = run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index",
               "--disable-pip-version-check", wheel, cwd=place)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (packages,) = place.glob("lib/python*/site-packages")
    # A line in a .pth file adds a folder, but not the .pth files in there: the editable checkout stays unseen.
    (packages / "needs.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return place / "bin"


def test_every_file_of_the_packages_is_in_the_wheel(wheel: Path) -> None:
    here = {str(path.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts}  # fmt: skip
    there = set(zipfile.ZipFile(wheel).namelist())
    assert here - there == set()
    assert {name.partition("/")[0] for name in there} == {*PACKAGES, f"netlab-{version()}.dist-info"}


def version() -> str:
    import tomllib

    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def test_the_installed_package_is_not_this_checkout(installed: Path, tmp_path: Path) -> None:
    program = "import assets, netlab_gui, protocols, widgets; print(netlab_gui.__file__, assets.__file__)"
    done = run(installed / "python", "-c", program, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert str(ROOT) not in done.stdout
    assert run(installed / "netlab", "--version", cwd=tmp_path).stdout == f"netlab {version()}\n"


@pytest.mark.slow
@pytest.mark.timeout(300)  # every panel is driven, and the machine may be busy
def test_the_installed_lab_takes_the_tour(installed: Path, tmp_path: Path) -> None:
    """As a user starts it: no display, and a home that must stay untouched."""
    home = tmp_path / "home"
    home.mkdir()
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "NETLAB_HOME")
    done = run(installed / "netlab", "tour", "--out", tmp_path / "out", cwd=tmp_path, without=hidden, HOME=str(home))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert list(home.rglob("*.ini")) == []
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert {entry.id for entry in PANELS} <= {row["panel"] for row in report}
    for row in report:
        assert row["ok"] is True, row
        assert row["checks"], row
    for entry in PANELS:
        light, dark = (QImage(str(tmp_path / "out" / f"{entry.id}-{palette}.png")) for palette in ("light", "dark"))
        for picture in (light, dark):
            assert (picture.width() >= LEAST_PX[0], picture.height() >= LEAST_PX[1]) == (True, True), picture.size()
        assert light.pixelColor(400, 30).lightness() > 200 > 60 > dark.pixelColor(400, 30).lightness()
