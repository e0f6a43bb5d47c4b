"""What the README promises: its commands run, its links lead somewhere, its picture is one of the window."""

from __future__ import annotations

import argparse
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from netlab_gui import cli

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"<!-- The tests run this block. -->\n```(\w+)\n(.*?)```", README, re.DOTALL)


def block(language: str) -> str:
    """The block in that language that the tests run."""
    (found,) = [text for kind, text in BLOCKS if kind == language]
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def test_the_headless_example_answers_what_it_says(tmp_path: Path) -> None:
    commands = block("sh").replace("2345", str(free_port())).replace(".venv/bin/netlab", str(netlab()))
    # A person types the second line when the first has answered; a shell must wait for that.
    serve, connect, kill = commands.strip().splitlines()
    script = f"set -m\n{serve.removesuffix('&')} > said &\nuntil test -s said; do :; done\n{connect}\n{kill}\nwait"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == "THE QUICK BROWN FOX\n", done.stderr


def netlab() -> Path:
    return Path(sys.executable).parent / "netlab"


def test_the_library_example_prints_what_the_server_did(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", block("python")], cwd=tmp_path, capture_output=True, text=True,
                          timeout=30, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "bind((" in done.stdout
    assert "listen(" in done.stdout


def test_the_buttons_that_a_newcomer_is_sent_to_exist() -> None:
    sentence = next(part for part in README.split("\n\n") if part.startswith("In the window: "))
    named = {*re.findall(r"\*\*(.+?)\*\*", sentence), *re.findall(r'"(.+?)"', cli.DESCRIPTION.replace("\n", " "))}
    assert len(named) >= 2
    words = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "widgets").rglob("*.py"))
    assert [name for name in named if f'"{name}"' not in words] == []


def test_every_command_is_named() -> None:
    (commands,) = [action for action in cli.build_parser()._actions if isinstance(action, argparse._SubParsersAction)]
    assert [name for name in commands.choices if not re.search(rf"(`|netlab ){name}\b", README)] == []


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"])
def test_every_link_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)]+)\)", (ROOT / name).read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_every_file_that_the_architecture_names_exists() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = {name.removeprefix("./") for name in re.findall(r"`([\w./]+/[\w./]*)`", text) if "<" not in name}
    assert len(named) > 10
    assert [name for name in sorted(named) if not (ROOT / name).exists() and not list(ROOT.glob(f"*/{name}"))] == []


@pytest.mark.parametrize("name", ["run", "test", ".ci/run"])
def test_the_commands_are_programs(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)
    done = subprocess.run(["sh", "-n", ROOT / name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_licence_of_all_that_is_carried_lies_beside_it() -> None:
    assert "MIT License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    for folder in ("fonts", "icons"):
        assert list((ROOT / "assets" / folder).glob("*LICENSE*")) + list((ROOT / "assets" / folder).glob("*OFL*"))
