from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QByteArray

from netlab_gui import places
from netlab_gui.settings import KEEP_SESSIONS, VERSION, Settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "netlab.ini"


def test_a_missing_file_gives_the_defaults(file: Path) -> None:
    kept = Settings(file)
    assert (kept.dark, kept.scale, kept.keep_sessions, kept.confirm_quit) == (False, 1.0, KEEP_SESSIONS, False)
    assert kept.window() == {}


def test_what_was_set_is_there_at_the_next_start(file: Path) -> None:
    kept = Settings(file)
    kept.dark, kept.scale, kept.keep_sessions, kept.confirm_quit = True, 1.4, 7, True
    kept.sessions_dir = Path("/srv/sessions")
    kept.record_limit_bytes = 4 << 30
    parts = {"panel": "sockets", "panels": {"sockets": {"a": 1}}}
    kept.keep_window(QByteArray(b"geometry"), QByteArray(b"docks"), parts)
    again = Settings(file)
    assert (again.dark, again.scale, again.keep_sessions, again.confirm_quit) == (True, 1.4, 7, True)
    assert again.sessions_dir == Path("/srv/sessions")
    assert again.record_limit_bytes == 4 << 30
    window = again.window()
    assert window["geometry"] == QByteArray(b"geometry")
    assert window["docks"] == QByteArray(b"docks")
    assert window["panels"] == {"sockets": {"a": 1}}


def test_each_change_is_told_once_by_name(qtbot: Any, file: Path) -> None:
    kept = Settings(file)
    told: list[str] = []
    kept.changed.connect(told.append)
    kept.dark = True
    kept.keep_sessions = 3
    assert told == ["dark", "keep_sessions"]


def test_a_window_state_of_another_version_is_not_taken(file: Path) -> None:
    kept = Settings(file)
    kept.keep_window(QByteArray(b"g"), QByteArray(b"d"), {"panel": "sockets"})
    text = file.read_text().replace(f"version={VERSION}", f"version={VERSION + 10}")
    file.write_text(text)
    assert Settings(file).window() == {}


@pytest.mark.parametrize("rubbish", ["scale=big", "keep_sessions=-5", "record_limit_bytes=x", "dark=perhaps"])
def test_rubbish_in_the_file_reads_as_a_value_that_works(file: Path, rubbish: str) -> None:
    file.write_text(f"[General]\nversion={VERSION}\n{rubbish}\n")
    kept = Settings(file)
    assert 0.8 <= kept.scale <= 2.5
    assert kept.keep_sessions >= 1
    assert kept.record_limit_bytes >= 1 << 20
    assert kept.dark is False


def test_broken_json_of_the_window_is_no_state(file: Path) -> None:
    file.write_text(f"[General]\nversion={VERSION}\n[window]\nparts=not json\n")
    assert Settings(file).window() == {}


def test_one_variable_moves_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETLAB_HOME", str(tmp_path))
    for path in (places.settings_file(), places.sessions_dir(), places.crash_dir(), places.journal_file()):
        assert path.is_relative_to(tmp_path)


def test_relative_xdg_directories_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NETLAB_HOME", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert places.settings_file().is_absolute()
    monkeypatch.setenv("XDG_CONFIG_HOME", "/srv/config")
    assert places.settings_file() == Path("/srv/config/netlab/netlab.ini")
