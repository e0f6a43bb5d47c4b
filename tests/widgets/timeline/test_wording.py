from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.record.event import Raw
from widgets.timeline import wording


@pytest.mark.parametrize(
    ("ns", "text"),
    [(0, "0.000"), (31_000, "0.031"), (1_204_118_400, "1\u202f204.118"), (-3_412_000, "\u22123.412")],
)
def test_times_have_three_digits_and_thin_spaces(ns: int, text: str) -> None:
    assert wording.milliseconds(ns) == text


@pytest.mark.parametrize(
    ("ns", "text"),
    [(600, "0.6 µs"), (6_000, "6 µs"), (999_999, "999 µs"), (1_500_000, "1.50 ms"), (120_000_000, "120 ms"),
     (1_204_000_000, "1.20 s"), (61_000_000_000, "61.0 s"), (900_000_000_000, "15 min")],
)  # fmt: skip
def test_durations_have_the_unit_that_fits(ns: int, text: str) -> None:
    assert wording.duration(ns) == text


@given(st.text())
def test_no_text_from_the_network_breaks_the_line_or_turns_it_around(text: str) -> None:
    shown = wording.visible(text)
    assert not set(shown) & set("\r\n\t\x1b\x00\u202e\u2066\u200f")
    assert len(shown) == len(text)


def raw(summary: str, **detail: object) -> Raw:
    return (0, "call", "connect", "client 1", None, None, None, None, None, summary, detail)


def test_the_errors_symbol_stands_alone_for_its_colour() -> None:
    event = raw("connect(('h', 1)) = ECONNREFUSED", errno="ECONNREFUSED")
    assert wording.what_parts(event) == ("connect(('h', 1)) = ", "ECONNREFUSED", "")
    assert wording.what_parts(raw("sent", errno="EPIPE")) == ("sent  ", "EPIPE", "")
    assert wording.what_parts(raw("fine")) == ("fine", "", "")


def test_a_lazy_detail_with_an_errno_is_read_without_making_a_dict() -> None:
    event: Raw = (0, "call", "recv", None, None, None, None, None, None, "", (("fd", "errno"), 3, "EAGAIN"))
    assert wording.error_of(event) == "EAGAIN"


def test_a_long_wait_is_told_instead_of_the_time_it_took() -> None:
    assert wording.took(raw("", took_ns=2_000_000_000, blocked_ns=1_900_000_000)) == ("blocked 1.90 s", False)
    assert wording.took(raw("", took_ns=41_000)) == ("41 µs", False)


def test_a_tool_tip_is_never_rich_text() -> None:
    tip = wording.plain_tip(wording.tool_tip(raw("<b>bold</b>")))
    assert "<b>" not in tip


def test_the_tool_tip_has_what_the_narrow_columns_may_cut() -> None:
    raw = (0, "state", "CLOSE", "client 2", "2", None, None, None, None, "client end CLOSE", {"source": "gone from it"})
    assert "gone from it" in wording.tool_tip(raw)
    raw = (0, "call", "recv", "client 2", "2", "in", 0, 1204, None, "recv() = 1204", {"blocked_ns": 3_880_000})
    assert wording.tool_tip(raw).endswith("1\u202f204 bytes, blocked 3.88 ms")


def test_where_a_state_is_known_from_is_a_word_that_fits_the_column() -> None:
    source = {"source": "gone from the kernel's table"}
    state = (0, "state", "CLOSE", "client 2", "2", None, None, None, None, "client end CLOSE", source)
    assert wording.took(state) == ("gone", False)
    assert wording.tool_tip(state).endswith("gone from the kernel's table")
