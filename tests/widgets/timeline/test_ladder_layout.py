from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest

from protocols.record.event import Raw
from tests.gallery import scenes
from widgets.timeline.ladder_layout import (
    CLIENT,
    KERNEL_CLIENT,
    KERNEL_SERVER,
    MAX_LANES,
    OTHERS,
    SCALE_MOST,
    LadderLayout,
)


def laid_out(events: list[Raw], conn: str | None = None) -> LadderLayout:
    layout = LadderLayout()
    for row, raw in enumerate(events):
        if conn is None or raw[4] == conn:
            layout.add(row, raw)
    return layout


def test_lanes_stand_from_the_client_to_the_worker() -> None:
    layout = laid_out(scenes.conversation(), "3")
    lanes = layout.ordered_lanes()
    assert [lane.title for lane in lanes] == [
        "client 3", "kernel, client end", "kernel, server end", "upper:2345", "upper-conn:51858",
    ]  # fmt: skip
    assert [lane.subtitle for lane in lanes[1:4]] == ["127.0.0.1:51858", "127.0.0.1:2345", "listening thread"]


def test_without_states_one_line_stands_for_both_ends_of_the_kernel() -> None:
    layout = laid_out([raw for raw in scenes.conversation() if raw[1] != "state"], "3")
    assert [lane.title for lane in layout.ordered_lanes()][1:2] == ["TCP"]


def test_arrows_lead_the_way_the_bytes_go() -> None:
    events = scenes.conversation()
    layout = laid_out(events, "3")
    ways = {(events[row][2], events[row][3]): (item.source, item.target) for row, item in layout.places.items()}
    assert ways["connect", "client 3"] == (CLIENT, KERNEL_CLIENT)
    assert ways["accept", "upper:2345"][0] == KERNEL_SERVER
    assert ways["send", "upper:2345"][1] == KERNEL_SERVER
    assert ways["recv", "client 3"] == (KERNEL_CLIENT, CLIENT)


def test_a_recv_knows_the_send_that_fed_it_and_a_message_all_that_carried_it() -> None:
    events = scenes.conversation()
    layout = laid_out(events, "3")
    first = {raw[2]: row for row, raw in reversed(list(enumerate(events))) if raw[6] == 0 and raw[1] == "call"}
    send, recv = first["send"], first["recv"]
    assert [item.log_row for item in layout.places[recv].fed_by] == [send]
    assert layout.places[send].fed
    request = layout.bars[0]
    assert {item.log_row for item in request.items} == {send, recv}
    reply = layout.bars[1]
    assert len(reply.items) == 2, "the recv came after the message was said"
    assert request.column != reply.column or request.last < reply.first


def test_order_of_arrival_does_not_matter() -> None:
    events = scenes.conversation()
    sorted_layout = laid_out(events, "3")
    rows = [row for row, raw in enumerate(events) if raw[4] == "3" and raw[1] != "message"]
    late = [row for row, raw in enumerate(events) if raw[4] == "3" and raw[1] == "message"]
    random.Random(7).shuffle(rows)
    layout = LadderLayout()
    for row in rows + late:
        layout.add(row, events[row])
    times = [step.t for step in layout.steps]
    assert times == sorted(times)
    for row, item in layout.places.items():
        assert row in [other.log_row for other in layout.steps[item.place].items] or events[row][1] == "message"
    assert sorted(min(bar.rows) for bar in layout.bars) == sorted(min(bar.rows) for bar in sorted_layout.bars)


def test_states_of_both_ends_share_a_line_and_calls_never_do() -> None:
    events = scenes.conversation()
    layout = laid_out(events, "3")
    both = [step for step in layout.steps if len(step.items) == 2]
    assert {events[item.log_row][2] for item in both[0].items} == {"ESTABLISHED"}
    assert all(len(step.items) == 1 for step in layout.steps if step.items[0].shape == "call")


def test_long_pauses_are_named_and_steps_never_overlap() -> None:
    layout = laid_out(scenes.conversation(), "3")
    gaps = [layout.gap_before(place) for place in range(len(layout.steps))]
    assert sum(gap > 0 for gap in gaps) == 2
    for to_scale in (False, True):
        layout.set_to_scale(to_scale)
        tops = [layout.top(place) for place in range(len(layout.steps))]
        steps = [b - a for a, b in pairwise(tops)]
        assert min(steps) >= 1.0
        assert max(steps) <= SCALE_MOST + 1
        assert layout.height() == tops[-1] + 1.0


def test_only_what_is_between_two_heights_is_asked_for() -> None:
    events: list[Raw] = [
        (n * 1000, "call", "send", "client 1", "1", "out", n, 1, b"x", "", {"end": "client"}) for n in range(5000)
    ]
    layout = laid_out(events)
    assert layout.between(1000.0, 1010.0) == range(1000, 1010)
    assert len(layout.between(0, 1e9)) == 5000


def test_datagrams_are_joined_by_their_bytes_and_the_lost_one_is_not() -> None:
    events = scenes.datagrams()
    layout = laid_out(events, "5")
    assert layout.datagram
    sends = [item for row, item in sorted(layout.places.items()) if events[row][2] == "sendto"]
    assert [item.fed for item in sends] == [True, True, False, True, True]


def test_a_message_said_before_its_bytes_are_sent_waits_for_them_and_both_ends_share_a_bar() -> None:
    events = [
        scenes.raw(1, "message", "request", "client 1", "1", "", "out", 0, b"abc"),
        scenes.raw(2, "call", "send", "client 1", "1", "", "out", 0, b"abc", end="client"),
        scenes.raw(3, "call", "recv", "echo:7", "1", "", "in", 0, b"abc", end="server", thread="conn"),
        scenes.raw(4, "message", "request", "echo:7", "1", "", "in", 0, b"abc"),
    ]
    layout = laid_out(events)
    assert [sorted(bar.rows) for bar in layout.bars] == [[0, 3]]
    assert [item.log_row for item in layout.bars[0].items] == [1, 2]
    assert len(layout.steps) == 2


def test_an_event_without_a_thread_makes_no_lane_of_its_own() -> None:
    layout = laid_out(scenes.conversation(), "3")
    before = len(layout.lanes)
    layout.add(99, scenes.raw(3000, "note", "connection ended", "upper:2345", "3", "ended"))
    layout.add(100, scenes.raw(3001, "note", "x", "upper:2345", "3", "", worker="thread upper-conn:51858"))
    assert len(layout.lanes) == before


def test_errors_are_told_and_join_nothing() -> None:
    events = scenes.failures()
    layout = laid_out(events, "4")
    broken = [item for item in layout.places.values() if item.error]
    assert [events[item.log_row][2] for item in broken] == ["recv"]
    assert broken[0].fed_by == []


@pytest.mark.parametrize("detail", [None, {}, {"end": "server"}, {"end": 7, "thread": 3, "local": "x", "peer": [1]}])
@pytest.mark.parametrize("layer", ["call", "state", "message", "packet", "note"])
def test_strange_events_find_a_place(layer: Any, detail: Any) -> None:
    layout = LadderLayout()
    layout.add(0, (1, layer, "x", None, "1", "in", 0, 5, b"12345", "", detail))
    layout.add(1, (2, layer, "x", "s", "1", None, None, None, None, "", detail))
    assert layout.height() > 0


def test_many_threads_share_a_lane_in_the_end() -> None:
    layout = LadderLayout()
    for n in range(40):
        detail = {"end": "server", "thread": f"worker {n}"}
        layout.add(n, (n * 1_000_000, "call", "recv", "echo:7", "1", "in", n, 1, b"x", "", detail))
    assert len(layout.lanes) <= MAX_LANES + 1
    assert OTHERS in layout.lanes
    assert KERNEL_SERVER in layout.lanes


def test_an_accept_names_both_ends_the_right_way_round_without_a_client_of_ours() -> None:
    here, there = ["127.0.0.1", 2345], ["127.0.0.1", 51858]
    accept = scenes.raw(1, "call", "accept", "upper:2345", "1", "", local=here, peer=there, thread="upper-server:2345")
    layout = laid_out([accept])
    assert layout.lanes[KERNEL_CLIENT].subtitle == "127.0.0.1:51858"
    assert layout.lanes[KERNEL_SERVER].subtitle == "127.0.0.1:2345"


@pytest.mark.parametrize("service", ["failure refused", "client 1"])
def test_a_thread_that_the_lab_lent_names_no_lane(service: str) -> None:
    layout = laid_out([scenes.raw(1, "call", "socket", service, "1", "", thread="lab-intent-4")])
    lane = layout.ordered_lanes()[0 if service.startswith("client") else -1]
    assert (lane.title, "lab-intent" in lane.subtitle) == (service, False)
