"""The clock of the event loops: each connection has one time, the last it wished for."""

from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.concurrency.wakes import Wakes


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 9), st.one_of(st.none(), st.floats(0, 100))), max_size=300))
def test_each_key_has_its_last_wish_and_they_come_in_order(wishes):
    wakes, model = Wakes(), {}
    for key, when in wishes:
        if when is None:
            wakes.drop(key)
            model.pop(key, None)
        else:
            wakes.set(key, when)
            model[key] = when
    assert len(wakes) == len(model)
    assert wakes.first() == min(model.values(), default=None)
    early = wakes.due(50)
    assert [model[key] for key in early] == sorted(when for when in model.values() if when <= 50)
    assert sorted(early + wakes.due(100)) == sorted(model)
    assert not wakes
