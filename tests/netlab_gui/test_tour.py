from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from netlab_gui.driving import Driver, unreachable
from widgets.panel import Check, Click, DemoStep, Panel, Picture, Type, Wait

ROOT = Path(__file__).resolve().parents[2]


def test_where_the_pictures_can_not_be_written_the_tour_fails_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from netlab_gui.tour import run_tour

    (tmp_path / "file").write_text("")
    assert run_tour(str(tmp_path / "file" / "out")) == 1
    assert "can't be written" in capsys.readouterr().err


def test_an_interrupted_tour_stops_everything_and_fails(tmp_path: Path) -> None:
    """The signal comes when the tour's home is there: from then on it is taken, whatever is being built."""
    out, homes = tmp_path / "out", tmp_path / "homes"
    homes.mkdir()
    env = os.environ | {"TMPDIR": str(homes)}
    command = [sys.executable, "-m", "netlab_gui", "tour", "--out", str(out)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            deadline = time.monotonic() + 30
            while not list(homes.glob("netlab-tour-*")):
                assert process.poll() is None
                assert time.monotonic() < deadline
            process.send_signal(signal.SIGINT)
            said, errors = process.communicate(timeout=40)
        finally:
            process.kill()
    assert (process.returncode, errors) == (1, "")
    assert "tour: interrupted" in said
    assert list(homes.glob("netlab-tour-*")) == []
    rows = json.loads((out / "report.json").read_text())
    assert [row["panel"] for row in rows][-2:] == ["tour", "shutdown"]
    assert [row["ok"] for row in rows][-2:] == [False, True]


class Small(Panel):
    """A panel with one button, one input and a demo that a test chooses."""

    id = "small"

    def __init__(self, steps: Any) -> None:
        super().__init__(None)  # type: ignore[arg-type]
        column = QVBoxLayout(self)
        self.button, self.edit = QPushButton("Go"), QLineEdit()
        column.addWidget(self.button)
        column.addWidget(self.edit)
        self._steps = steps

    def demo(self) -> Iterator[DemoStep]:
        """What the test wants."""
        yield from self._steps(self)


def play(qtbot: Any, steps: Any, before: Any = None) -> tuple[list[tuple[str, bool]], int]:
    """The verdicts of a demo as (text, ok), and how many pictures were taken."""
    panel, pictures = Small(steps), []
    qtbot.addWidget(panel)
    panel.show()
    if before is not None:
        before(panel)
    verdicts = Driver(lambda: pictures.append(1)).play(panel)
    return [(verdict.text, verdict.ok) for verdict in verdicts], len(pictures)


def test_clicks_and_keys_reach_the_widgets_and_one_picture_is_taken(qtbot: Any) -> None:
    clicked: list[int] = []

    def steps(panel: Small) -> Iterator[DemoStep]:
        panel.button.clicked.connect(lambda: clicked.append(1))
        yield Click(panel.button)
        yield Wait("clicked", lambda: clicked == [1])
        yield Type(panel.edit, "hello")
        yield Check("typed", panel.edit.text() == "hello")
        yield Picture()
        yield Picture()

    assert play(qtbot, steps) == ([("clicked", True), ("typed", True)], 1)


def test_a_demo_ends_between_two_steps_when_it_is_asked_to(qtbot: Any) -> None:
    asked: list[int] = []

    def steps(panel: Small) -> Iterator[DemoStep]:
        yield Check("before", True)
        asked.append(1)
        yield Check("after", True)

    panel = Small(steps)
    qtbot.addWidget(panel)
    verdicts = Driver(lambda: None, stopping=lambda: bool(asked)).play(panel)
    assert [(verdict.text, verdict.ok) for verdict in verdicts] == [("before", True)]


def cover(panel: Small) -> None:
    """Lay something over the whole panel."""
    over = QWidget(panel)
    over.resize(panel.size())
    over.show()
    over.raise_()
    assert unreachable(panel.button)


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda panel: panel.button.hide(), "hidden"),
        (lambda panel: panel.button.setEnabled(False), "greyed"),
        (cover, "lies over it"),
    ],
)
def test_a_button_that_a_user_could_not_click_is_a_failed_check(qtbot: Any, prepare: Any, reason: str) -> None:
    verdicts, pictures = play(qtbot, lambda panel: iter([Click(panel.button), Check("never reached", True)]), prepare)
    assert len(verdicts) == 1
    assert reason in verdicts[0][0]
    assert not verdicts[0][1]
    assert pictures == 1


def test_what_does_not_come_in_time_and_what_breaks_are_failed_checks(qtbot: Any) -> None:
    late, _ = play(qtbot, lambda panel: iter([Wait("never", lambda: False, timeout_s=0.05)]))
    assert late == [("never", False)]

    def breaks(panel: Small) -> Iterator[DemoStep]:
        raise RuntimeError("lost")
        yield Picture()

    broken, pictures = play(qtbot, breaks)
    assert broken == [("the demo runs: RuntimeError: lost", False)]
    assert pictures == 1


def test_a_demo_without_a_check_fails(qtbot: Any) -> None:
    assert play(qtbot, lambda panel: iter([Picture()]))[0] == [("the demo checks something", False)]
