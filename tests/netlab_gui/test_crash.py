from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from netlab_gui import places
from netlab_gui.crash import KEPT, CrashReports


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CrashReports]:
    monkeypatch.setenv("NETLAB_HOME", str(tmp_path))
    reports = CrashReports()
    before = sys.excepthook, threading.excepthook
    yield reports
    sys.excepthook, threading.excepthook = before


def fail() -> None:
    raise LookupError("the answer is not 42")


def test_an_exception_becomes_a_report_in_a_private_file(reports: CrashReports) -> None:
    try:
        fail()
    except LookupError as error:
        reports.record(type(error), error, error.__traceback__)
    (report,) = reports.take()
    assert report.title == "LookupError: the answer is not 42"
    assert report.file is not None
    text = report.file.read_text()
    assert text == report.text
    assert "in fail" in text
    assert report.file.stat().st_mode & 0o077 == 0
    assert reports.take() == []


def test_an_exception_in_a_thread_is_reported_too(reports: CrashReports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", reports._on_thread_exception)
    thread = threading.Thread(target=fail, name="unlucky")
    thread.start()
    thread.join(10)
    (report,) = reports.take()
    assert "Thread unlucky" in report.text


def test_old_reports_go(reports: CrashReports) -> None:
    for number in range(KEPT + 5):
        reports.record(ValueError, ValueError(str(number)), None)
    assert len(list(places.crash_dir().glob("crash-*.txt"))) == KEPT


def test_a_storm_of_errors_keeps_a_bounded_number_in_memory(reports: CrashReports) -> None:
    for _ in range(200):
        reports.record(ValueError, ValueError("again"), None)
    assert len(reports.take()) <= 50


def test_where_nothing_can_be_written_the_report_is_still_shown(
    reports: CrashReports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "not-a-directory"
    file.write_text("")
    monkeypatch.setenv("NETLAB_HOME", str(file))
    report = reports.record(ValueError, ValueError("full disk"), None)
    assert report.file is None
    assert "full disk" in report.text
