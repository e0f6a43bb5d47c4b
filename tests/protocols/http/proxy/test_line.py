"""A slow line lets through what its speed allows, by the clock it is given."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.http.proxy.line import Line


@settings(max_examples=50)
@given(st.integers(1, 100_000), st.lists(st.floats(0, 3), min_size=1, max_size=30))
def test_no_more_than_the_speed_goes_through(rate: int, steps: list[float]) -> None:
    line, now, gone = Line(), 100.0, 0
    line.set(rate, 0)
    for step in steps:
        now += step
        gone += line.allow(10_000_000, now)
    assert gone <= (now - 100.0) * rate + rate * 0.1 + 1


def test_what_did_not_go_is_not_lost() -> None:
    line = Line()
    line.set(100, 0)
    line.allow(1000, 0.0)
    assert line.allow(1000, 1.0) == 10
    line.give_back(4)
    assert line.allow(1000, 1.01) == 5
    assert line.pause_s() > 0


def test_who_asks_in_a_loop_gets_a_step_at_a_time() -> None:
    line = Line()
    line.set(500_000, 0)
    given = [line.allow(12_000_000, tenth_ms / 10_000) for tenth_ms in range(10_000)]
    assert sum(given) == pytest.approx(500_000, rel=0.06)
    assert len([count for count in given if count]) <= 21
    assert line.allow(3, 2.0) == 3, "what is short does not wait for more"


def test_without_a_speed_all_goes_at_once() -> None:
    line = Line()
    assert (line.allow(5_000_000, 0.0), line.slows) == (5_000_000, False)
    line.set(None, 5)
    assert line.slows
    for bad in ((0, 0), (None, -1), (-5, 0)):
        with pytest.raises(ValueError, match="line"):
            line.set(*bad)
