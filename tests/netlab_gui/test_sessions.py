from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog

from protocols.record.log import EventLog
from protocols.record.recorder import Recorder
from protocols.record.sessions import Session, Sessions

ROOT = Path(__file__).resolve().parents[2]


def notes(log: EventLog) -> list[str]:
    """The summaries of all notes of a log."""
    return [log.raw(row)[9] for row in range(log.first, len(log)) if log.raw(row)[1] == "note"]


def note(application: Any, qtbot: Any, text: str) -> None:
    """One note, waited for until it is on the time line."""
    application.lab.recorder.note("tested", text)
    live = application.workplace.sessions.live_log
    qtbot.waitUntil(lambda: text in notes(live))


def saved(folder: Path, *texts: str, name: str = "") -> Path:
    """A session file with these notes, properly ended."""
    recorder = Recorder()
    store = Sessions(folder).new(recorder, name)
    for text in texts:
        recorder.note("tested", text)
    assert store.close()
    return store.path


def test_what_happens_is_in_the_session_file_after_the_end(qtbot: Any, launch: Callable[..., Any]) -> None:
    application = launch()
    note(application, qtbot, "kept")
    path = application.lab.store.path
    launch.stop(application)
    with Session(path) as session:
        assert session.info.clean
        assert "kept" in [raw[9] for raw in session.raws()]


def test_a_session_without_events_is_not_kept(qtbot: Any, launch: Callable[..., Any]) -> None:
    first = launch()
    path = first.lab.store.path
    launch.stop(first)
    second = launch()
    assert not path.exists()
    assert second.workplace.sessions.recent == []


def test_a_name_and_a_copy(qtbot: Any, application: Any, tmp_path: Path) -> None:
    sessions = application.workplace.sessions
    note(application, qtbot, "in the copy")
    sessions.rename("Lecture 4")
    assert application.window.toolbar.session.text() == "Lecture 4"
    assert application.window.windowTitle().startswith("Lecture 4")
    target = tmp_path / "copy.netlab"
    sessions.save_as(target)
    qtbot.waitUntil(target.exists)
    qtbot.waitUntil(lambda: application.bridge.pending == 0)
    with Session(target) as copy:
        assert copy.info.title == "Lecture 4"
        assert "in the copy" in [raw[9] for raw in copy.raws()]


def test_save_asks_for_a_place_once_and_writes_there_again(qtbot: Any, application: Any, tmp_path: Path) -> None:
    sessions, save = application.workplace.sessions, application.window.registry.get("session.save")
    assert save.shortcut().toString() == "Ctrl+S"
    save.trigger()
    qtbot.waitUntil(lambda: application.window.findChild(QFileDialog) is not None)
    dialog = application.window.findChild(QFileDialog)
    target = tmp_path / "lesson.netlab"
    dialog.fileSelected.emit(str(target))
    dialog.reject()
    qtbot.waitUntil(lambda: sessions.saved_file == target)
    note(application, qtbot, "after the first save")
    before = target.stat().st_mtime_ns
    save.trigger()
    qtbot.waitUntil(lambda: target.stat().st_mtime_ns != before)
    qtbot.waitUntil(lambda: application.bridge.pending == 0)
    with Session(target) as copy:
        assert "after the first save" in [raw[9] for raw in copy.raws()]


def test_a_saved_session_is_looked_at_while_the_live_one_goes_on(
    qtbot: Any, application: Any, tmp_path: Path
) -> None:
    path = saved(tmp_path / "elsewhere", "an old note", name="Last week")
    workplace, window = application.workplace, application.window
    note(application, qtbot, "before")
    workplace.sessions.open(path)
    qtbot.waitUntil(lambda: workplace.sessions.read_only)
    assert notes(workplace.desk.log) == ["an old note"]
    assert "Last week" in window.toolbar.session.text()
    banner = window.strips.banner("session")
    assert banner is not None
    assert "You look at a saved session." in banner.text()
    note(application, qtbot, "meanwhile")
    assert notes(workplace.desk.log) == ["an old note"]
    banner.action_button.click()
    assert not workplace.sessions.read_only
    assert window.strips.banner("session") is None
    assert [text for text in notes(workplace.desk.log) if text in ("before", "meanwhile")] == ["before", "meanwhile"]
    note(application, qtbot, "afterwards")
    assert "afterwards" in notes(workplace.desk.log)


def test_a_file_that_is_no_session_is_told_in_a_strip(qtbot: Any, application: Any, tmp_path: Path) -> None:
    path = tmp_path / "letter.netlab"
    path.write_text("Dear all,\n")
    application.workplace.sessions.open(path)
    qtbot.waitUntil(lambda: application.bridge.pending == 0)
    banner = application.window.strips.banner("session")
    assert banner is not None
    assert banner.kind == "error"
    assert "letter.netlab" in banner.text()
    assert not application.workplace.sessions.read_only


def test_a_new_session_begins_empty_and_leaves_the_old_one_behind(qtbot: Any, application: Any) -> None:
    sessions = application.workplace.sessions
    note(application, qtbot, "old")
    old = application.lab.store.path
    sessions.new()
    qtbot.waitUntil(lambda: application.lab.store is not None and application.lab.store.path != old)
    assert "old" not in notes(application.workplace.desk.log)
    note(application, qtbot, "fresh")
    assert [one.path for one in sessions.recent] == [old]


def test_an_unclean_end_is_offered_in_a_strip_and_only_once(qtbot: Any, launch: Callable[..., Any]) -> None:
    first = launch()
    folder = first.settings.sessions_dir
    launch.stop(first)
    kill_a_recorder(folder)
    second = launch()
    banner = second.window.strips.banner("recovery")
    assert banner is not None
    assert "without a goodbye" in banner.text()
    banner.action_button.click()
    qtbot.waitUntil(lambda: second.workplace.sessions.read_only)
    assert "recorded before the kill" in notes(second.workplace.desk.log)
    second.workplace.sessions.back()
    qtbot.waitUntil(lambda: second.bridge.pending == 0)
    launch.stop(second)
    third = launch()
    assert third.window.strips.banner("recovery") is None


def kill_a_recorder(folder: Path) -> None:
    """Another process records into `folder` and is killed without warning."""
    code = (
        "import sys, time; from pathlib import Path; from protocols.record.recorder import Recorder\n"
        "from protocols.record.sessions import Sessions\n"
        "r = Recorder(); s = Sessions(Path(sys.argv[1])).new(r); r.note('tested', 'recorded before the kill')\n"
        "assert s.flush(); print('written', flush=True); sys.stdin.read()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code, str(folder)], stdin=pipe, stdout=pipe, cwd=ROOT) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"written\n"
        os.kill(child.pid, signal.SIGKILL)


def test_where_nothing_can_be_written_the_window_says_so_and_works(
    qtbot: Any, launch: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from netlab_gui.settings import Settings

    blocked = tmp_path / "a-file"
    blocked.write_text("")
    monkeypatch.setattr(Settings, "sessions_dir", blocked / "sessions")
    application = launch()
    banner = application.window.strips.banner("store")
    assert banner is not None
    assert "not kept in a file" in banner.text()
    qtbot.waitUntil(lambda: application.window.status.session.text() == "not recorded")
    note(application, qtbot, "still on the time line")


def test_a_session_given_at_the_start_is_shown(qtbot: Any, launch: Callable[..., Any], tmp_path: Path) -> None:
    path = saved(tmp_path / "elsewhere", "an old note")
    application = launch(session_file=str(path))
    qtbot.waitUntil(lambda: application.workplace.sessions.read_only)
    assert notes(application.workplace.desk.log) == ["an old note"]


def test_a_saved_copy_is_under_recent_now_and_at_the_next_start(
    qtbot: Any, launch: Callable[..., Any], tmp_path: Path
) -> None:
    first = launch()
    note(first, qtbot, "kept")
    target = tmp_path / "lesson.netlab"
    first.workplace.sessions.save_as(target)
    qtbot.waitUntil(lambda: [one.path for one in first.workplace.sessions.recent] == [target])
    launch.stop(first)  # type: ignore[attr-defined]
    second = launch()
    assert target in [one.path for one in second.workplace.sessions.recent]
    second.workplace.sessions.open(target)
    qtbot.waitUntil(lambda: second.workplace.sessions.read_only)
    assert "kept" in notes(second.workplace.desk.log)
    launch.stop(second)  # type: ignore[attr-defined]
    target.unlink()
    third = launch()
    assert target not in [one.path for one in third.workplace.sessions.recent]
