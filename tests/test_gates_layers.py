"""The contracts between the packages hold, and each one bites: a planted violation breaks it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("protocols", "widgets", "netlab_gui", "assets")
FOUNDATION = {"record", "service", "concurrency"}
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]

# contract, where something is planted, what
PLANTS = [
    ("down-only", "protocols/planted.py", "import widgets.desk"),
    ("down-only", "protocols/planted.py", "import netlab_gui.cli"),
    ("down-only", "widgets/planted.py", "import netlab_gui.cli"),
    ("down-only", "assets/planted.py", "import protocols.lab"),
    ("protocols-without-qt", "protocols/record/planted.py", "def later() -> None:\n    from PySide6 import QtCore"),
    ("protocols-without-qt", "protocols/planted.py", "import shiboken6"),
    ("widgets-look-only", "widgets/parts/planted.py",
     "import socket, ssl, select, selectors, threading, asyncio, concurrent.futures, multiprocessing, subprocess\n"
     "import scapy.all, socketserver"),
    ("one-room-one-subject", "protocols/creosote/planted.py", "from protocols.sockets import behaviours"),
    ("recorder-at-the-bottom", "protocols/record/planted.py", "import protocols.service.base"),
    ("recorder-at-the-bottom", "protocols/record/planted.py", "import protocols.sockets.behaviours"),
    ("models-know-no-protocol", "protocols/concurrency/planted.py", "import protocols.sockets.behaviours"),
    ("command-line-without-qt", "netlab_gui/panels.py", "import widgets.bridge"),
]  # fmt: skip


def lint(folder: Path, contract: str | None = None) -> subprocess.CompletedProcess[str]:
    """Check the contracts of a tree; only one of them if named."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--cache-dir", str(folder / "cache")]
    command += ["--contract", contract] if contract else []
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages' modules in a folder of their own, to plant something in."""
    folder = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package,
                        ignore=lambda place, names: [n for n in names if "." in n and not n.endswith(".py")]
                        + ["__pycache__"])  # fmt: skip
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_contracts_hold(copied: Path) -> None:
    done = lint(copied)
    assert done.returncode == 0, done.stdout
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in done.stdout


@pytest.mark.parametrize(("contract", "place", "source"), PLANTS)
def test_a_planted_violation_breaks_its_contract(copied: Path, contract: str, place: str, source: str) -> None:
    planted = copied / place
    before = planted.read_text(encoding="utf-8") if planted.exists() else None
    planted.write_text((before or '"""Planted."""\n') + f"\n{source}\n", encoding="utf-8")
    try:
        done = lint(copied, contract)
    finally:
        if before is None:
            planted.unlink()
        else:
            planted.write_text(before, encoding="utf-8")
    assert done.returncode == 1, done.stdout
    assert "Contracts: 0 kept, 1 broken." in done.stdout
    if contract == "widgets-look-only":  # one run for all: each is named
        for line in source.splitlines():
            for name in line.removeprefix("import ").split(", "):
                assert f"widgets.parts.planted -> {name.partition('.')[0]} (" in done.stdout, name


def test_every_contract_has_a_planted_violation() -> None:
    assert {contract for contract, _, _ in PLANTS} == {contract["id"] for contract in CONTRACTS}


def test_every_room_is_in_the_contracts() -> None:
    rooms = {f"protocols.{path.parent.name}" for path in ROOT.glob("protocols/*/__init__.py")}
    rooms -= {f"protocols.{name}" for name in FOUNDATION}
    by_id = {contract["id"]: contract for contract in CONTRACTS}
    assert set(by_id["one-room-one-subject"]["modules"]) == rooms
    for name in ("recorder-at-the-bottom", "models-know-no-protocol"):
        assert rooms <= set(by_id[name]["forbidden_modules"]), name
