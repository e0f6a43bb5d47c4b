"""Whoever moves much data pauses for a turn that takes long, and for nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from protocols.record import precedence

LONG_S = 60.0
JOIN_S = 10.0


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A pause that a test would notice, from the first moment of a turn on."""
    monkeypatch.setattr(precedence, "PATIENCE_S", -1.0)
    monkeypatch.setattr(precedence, "PAUSE_S", LONG_S)
    monkeypatch.setattr(precedence, "MOST_S", LONG_S)
    precedence.give_back()
    yield
    precedence.give_back()


def mover() -> tuple[threading.Thread, threading.Event]:
    """A thread that gives way once, and what it sets afterwards."""
    past = threading.Event()

    def move() -> None:
        precedence.give_way()
        past.set()

    thread = threading.Thread(target=move)
    thread.start()
    return thread, past


def test_a_mover_waits_for_the_end_of_the_turn() -> None:
    precedence.take()
    thread, past = mover()
    assert not past.wait(0.05)
    precedence.give_back()
    thread.join(JOIN_S)
    assert past.is_set()


def test_nobody_waits_where_no_turn_goes_on() -> None:
    thread, past = mover()
    thread.join(JOIN_S)
    assert past.is_set()


def test_nobody_waits_for_a_short_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "PATIENCE_S", LONG_S)
    precedence.take()
    thread, past = mover()
    thread.join(JOIN_S)
    assert past.is_set()


def test_a_turn_that_nobody_gives_back_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "MOST_S", 0.0)
    precedence.take()
    thread, past = mover()
    thread.join(JOIN_S)
    assert past.is_set()


def test_the_longest_pause_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "PAUSE_S", 0.001)
    precedence.take()
    thread, past = mover()
    thread.join(JOIN_S)
    assert past.is_set()
