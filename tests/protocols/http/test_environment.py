"""Environments are two plain files: one for everybody, one for its owner alone."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from protocols.http.kept.environment import PRIVATE, PUBLIC, SHARED, EnvironmentFileError, Environments, Variable


def test_secrets_lie_in_a_file_of_their_own_that_git_ignores(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.log")
    made = Environments(tmp_path)
    made.set("dev", "base", "http://h")
    made.set("dev", "password", "guido456", secret=True)
    made.set(SHARED, "user", "guido")
    made.save()
    made.save()
    assert "guido456" not in (tmp_path / PUBLIC).read_text()
    assert json.loads((tmp_path / PRIVATE).read_text()) == {"dev": {"password": "guido456"}}
    assert stat.S_IMODE((tmp_path / PRIVATE).stat().st_mode) == 0o600
    assert (tmp_path / ".gitignore").read_text() == f"*.log\n{PRIVATE}\n"
    again = Environments(tmp_path)
    again.load()
    assert again.names() == ["dev"]
    assert again.variables("dev") == [Variable("password", "guido456", secret=True), Variable("base", "http://h"),
                                      Variable("user", "guido", shared=True)]  # fmt: skip
    assert again.variables("dev")[0].shown == "\N{BULLET}" * 6
    assert again.scope("dev").text("{{user}}:{{password}}") == "guido:guido456"
    assert again.scope("dev", {"user": "own"}).text("{{user}}") == "own"
    assert again.scope().text("{{user}}") == "guido"


def test_a_variable_moves_between_the_files_and_goes(tmp_path: Path) -> None:
    made = Environments(tmp_path)
    made.set("dev", "x", "1", secret=True)
    made.save()
    made.set("dev", "x", "1")
    made.save()
    assert not (tmp_path / PRIVATE).exists()
    assert made.variables("dev") == [Variable("x", "1")]
    made.unset("dev", "x")
    assert made.variables("dev") == []
    made.rename("dev", "test")
    assert made.names() == ["test"]
    made.add("dev")
    with pytest.raises(EnvironmentFileError, match="already"):
        made.rename("dev", "test")
    made.remove("dev")
    assert made.names() == ["test"]


def test_what_is_not_a_text_stays_as_it_is(tmp_path: Path) -> None:
    held = '{"port": 8080, "on": true, "Security": {"Auth": {"x": {}}}, "v": {"value": "w"}}'
    (tmp_path / PUBLIC).write_text('{"dev": ' + held + "}")
    made = Environments(tmp_path)
    made.load()
    assert {one.name: one.value for one in made.variables("dev")} == {"port": "8080", "on": "true", "v": "w"}
    made.set("dev", "port", "8080")
    made.set("dev", "new", "ü")
    made.save()
    kept = json.loads((tmp_path / PUBLIC).read_text())["dev"]
    assert kept == {"port": 8080, "on": True, "Security": {"Auth": {"x": {}}}, "v": {"value": "w"}, "new": "ü"}


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, "\xff", '"x"'])
def test_a_broken_file_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / PUBLIC).write_bytes(text.encode("latin-1"))
    made = Environments(tmp_path)
    with pytest.raises(EnvironmentFileError, match=PUBLIC):
        made.load()
    assert (tmp_path / PUBLIC).read_bytes() == text.encode("latin-1")


@pytest.mark.parametrize("name", ["", "a b", "{{x}}", "$x", "a\n"])
def test_names_that_no_text_could_use_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(EnvironmentFileError, match=r"\w"):
        Environments(tmp_path).set("dev", name, "1")
