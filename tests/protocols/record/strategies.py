"""Events as hypothesis makes them: every field at its limits, details of anything that JSON can say."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from protocols.record.event import LAYERS, Event

INT64 = st.integers(0, 2**63 - 1)
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
NAMES = st.one_of(st.none(), st.text(st.characters(codec="utf-8"), min_size=1, max_size=12))
PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXT,
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def events() -> st.SearchStrategy[Event]:
    """Any event."""
    return st.builds(
        Event,
        t=INT64,
        layer=st.sampled_from(LAYERS),
        kind=st.sampled_from(["send", "recv", "sendto", "thread started"]) | TEXT,
        service=NAMES,
        conn=NAMES,
        direction=st.sampled_from([None, "in", "out"]),
        offset=st.none() | INT64,
        size=st.none() | INT64,
        data=st.none() | st.binary(max_size=100),
        summary=TEXT,
        detail=st.dictionaries(TEXT, PLAIN, max_size=4)
        | st.fixed_dictionaries({"errno": st.sampled_from(["ECONNRESET", "EAGAIN"])}),
    )
