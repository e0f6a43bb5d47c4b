"""How one lab comes to trust another of the same person, and nobody else's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from protocols import trust

PEM = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def test_a_published_certificate_is_known_while_the_lab_runs() -> None:
    with trust.published(PEM) as path:
        assert path is not None
        assert path.stat().st_mode & 0o777 == 0o600
        assert trust.known().strip() == PEM.strip()
    assert trust.known() == b""
    assert not path.exists()


def test_the_folder_is_the_persons_own() -> None:
    assert trust.folder().stat().st_mode & 0o777 == 0o700


def test_what_a_killed_lab_left_behind_is_removed_and_not_trusted() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    left = trust.folder() / f"{pid}.pem"
    left.write_bytes(PEM)
    assert trust.known() == b""
    assert not left.exists()


def test_a_folder_that_others_can_write_is_not_trusted(runtime: Path) -> None:
    trust.folder().chmod(0o777)
    assert trust.known() == b""
    with trust.published(PEM) as path:
        assert path is None


def test_a_link_in_the_folders_place_is_not_followed(runtime: Path) -> None:
    elsewhere = runtime / "elsewhere"
    elsewhere.mkdir()
    (runtime / "netlab-authorities").symlink_to(elsewhere)
    (elsewhere / f"{os.getpid()}.pem").write_bytes(PEM)
    assert trust.known() == b""
