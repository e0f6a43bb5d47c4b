"""Steps come in their order, with turns of the event loop between them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from protocols.record import precedence
from widgets.parts.turns import Turns


def test_steps_come_in_order_with_turns_between(qtbot: QtBot) -> None:
    turns, seen = Turns(), list[str]()
    tick = QTimer()
    tick.timeout.connect(lambda: seen.append("turn"))
    tick.start(0)
    turns.run(lambda: seen.append("first"), lambda: seen.append("second"))
    turns.run(lambda: seen.append("third"))
    assert seen == []
    qtbot.waitUntil(lambda: "third" in seen)
    steps = [one for one in seen if one != "turn"]
    assert steps == ["first", "second", "third"]
    between = seen[seen.index("first") : seen.index("third")]
    assert between.count("turn") >= 2


def test_what_waits_can_be_done_at_once(qtbot: QtBot) -> None:
    turns, seen = Turns(), list[str]()
    turns.run(lambda: seen.append("first"), lambda: seen.append("second"))
    turns.finish()
    assert seen == ["first", "second"]
    assert not turns
    qtbot.wait(1)
    assert seen == ["first", "second"]


def test_a_step_may_ask_for_another(qtbot: QtBot) -> None:
    turns, seen = Turns(), list[str]()
    turns.run(lambda: turns.run(lambda: seen.append("last")), lambda: seen.append("second"))
    qtbot.waitUntil(lambda: "last" in seen)
    assert seen == ["second", "last"]


def test_precedence_ends_with_the_last_step(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    told = list[str]()
    monkeypatch.setattr(precedence, "take", lambda: told.append("take"))
    monkeypatch.setattr(precedence, "give_back", lambda: told.append("give back"))
    turns = Turns()
    turns.run(lambda: told.append("step"))
    qtbot.waitUntil(lambda: "give back" in told)
    assert told == ["take", "take", "step", "give back"]
