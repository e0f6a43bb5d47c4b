import threading

import pytest

from protocols.service.intents import THREADS, Intents


def collect(intents, count):
    outcomes = []
    while len(outcomes) < count:
        assert intents.wait(20)
        outcomes += intents.take()
    return {outcome.number: outcome for outcome in outcomes}


def test_value_and_error_come_back_with_their_number():
    intents = Intents()
    first = intents.submit(lambda: 42)
    second = intents.submit(lambda: 1 // 0)
    got = collect(intents, 2)
    assert got[first].value == 42
    assert isinstance(got[second].error, ZeroDivisionError)
    assert intents.close()


def test_blocked_work_does_not_hold_up_other_work_and_threads_are_bounded():
    intents = Intents()
    gate, names = threading.Event(), set()

    def blocked():
        names.add(threading.current_thread().name)
        gate.wait(10)

    for _ in range(THREADS + 8):
        intents.submit(blocked)
    intents_alive = [t for t in threading.enumerate() if t.name.startswith("lab-intent-")]
    assert len(intents_alive) == THREADS
    gate.set()
    collect(intents, THREADS + 8)
    assert len(names) <= THREADS
    assert intents.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("lab-intent-")]


def test_after_close_nothing_is_begun():
    intents = Intents()
    assert intents.close()
    with pytest.raises(RuntimeError):
        intents.submit(lambda: None)
