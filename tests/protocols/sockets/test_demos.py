"""The short experiments: each finding is what the system really does."""

from __future__ import annotations

import json
import select
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.record.recorder import Recorder
from protocols.sockets.demo import Demo, Finding, perform
from protocols.sockets.demos import DEMOS, demo
from protocols.sockets.demos_models import mapped
from tests.protocols.sockets.ends import Log


@cache
def performed(id: str) -> tuple[list[Finding], Log]:
    """An experiment's findings and what was recorded; whichever test asks first runs it, the others look at it."""
    recorder = Recorder()
    log = Log(recorder)
    findings = perform(demo(id), recorder)
    log.all()
    return findings, log


def found(id: str) -> dict[str, Any]:
    """The values of an experiment's findings, by name."""
    return {finding.name: finding.value for finding in performed(id)[0]}


def test_one_send_takes_part_of_eight_megabytes() -> None:
    values = found("partial-write")
    assert 0 < values["sent"] < values["asked"]
    assert values["sent"] + values["remaining"] == values["asked"] == values["received"]
    assert values["calls"] > 1
    assert values["equal"]


def test_a_sendall_of_ones_own_sends_what_is_left() -> None:
    values = found("own-sendall")
    assert values["offsets"] == sorted(values["offsets"])
    assert len(values["offsets"]) > 1
    assert values["sum"] == 1_000_000
    assert values["equal"]


def test_sendall_returns_when_the_slow_reader_has_read() -> None:
    values = found("sendall")
    assert values["seconds"] > 0.15
    assert values["received"] == 8_000_000


def test_two_sends_arrive_as_one_recv_unless_read_between() -> None:
    assert found("two-sends")["chunks"] == ["onetwo"]
    assert found("two-sends-apart")["chunks"] == ["one", "two"]


def test_the_size_of_recv_is_a_maximum() -> None:
    values = found("recv-size")
    assert values["chunks"] == ["abcd", "ef"]
    assert values["largest"] <= 4


def test_all_ways_of_joining_give_the_same_bytes() -> None:
    values = found("reassembly")
    assert values["hashes"] == 1
    assert len([name for name in values if name != "hashes"]) >= 3


def test_framing_finds_a_hundred_messages_again() -> None:
    assert found("framing") == {"length prefix": True, "lines": True}


def test_without_flush_the_peer_has_nothing() -> None:
    values = found("makefile")
    assert values["before"] == 0
    assert values["after"] == 23
    assert values["fileno"] != -1
    assert values["lines"] == ["first line\n", "second line\n", "third line\n"]


def test_half_close_leaves_the_other_direction() -> None:
    values = found("half-close")
    assert values["states"] == ["FIN_WAIT2", "CLOSE_WAIT"]
    assert values["answer"] == "answer"
    assert values["refused"] == "BrokenPipeError"


def test_a_thousand_bytes_arrive_however_they_are_sent() -> None:
    values = found("nagle")
    assert {values[f"{name} bytes"] for name in ("Nagle", "NODELAY", "one send")} == {1000}
    assert values["one send"] <= values["Nagle"] <= 1000


def test_a_stream_runs_together_and_datagrams_stay_apart() -> None:
    values = found("three-messages")
    assert "".join(values["tcp"]) == "onetwothree"
    assert len(values["tcp"]) <= 3
    assert values["udp"] == ["one", "two", "three"]


def test_a_time_out_comes_after_its_time_and_the_connection_stands() -> None:
    values = found("timeout")
    assert values["error"] == "TimeoutError"
    assert values["seconds"] > 0.19
    assert values["late"] == "late"


def test_a_non_blocking_call_says_would_block() -> None:
    values = found("non-blocking")
    assert values == {"before": "EAGAIN", "data": "now", "connect": "EINPROGRESS", "error": 0}


def test_polling_asks_in_vain() -> None:
    values = found("polling")
    assert values["empty"] > 1
    assert values["data"] == "at last"


def test_a_default_time_out_concerns_new_sockets_and_is_put_back() -> None:
    assert found("default-timeout") == {"old": None, "new": 1.5, "restored": True}


def test_a_full_queue_lets_six_in_and_the_others_time_out() -> None:
    values = found("full-queue")
    assert values["connected"] == 6
    assert values["errors"] == ["ETIMEDOUT"] * 4
    assert values["somaxconn"] > 5


def test_connect_to_a_full_queue_repeats_its_syn_and_gives_up() -> None:
    values = found("syn-repeats")
    assert values["error"] == "ETIMEDOUT"
    assert values["seconds"] > 2


def test_a_client_waits_for_its_server() -> None:
    values = found("connect-retry")
    assert values["attempts"] > 2
    assert values["growing"]


def test_level_keeps_waking_and_edge_does_not() -> None:
    values = found("epoll")
    assert values["level"] >= 10
    assert values["edge"] == 1


def test_select_refuses_a_descriptor_above_1024_and_poll_does_not() -> None:
    values = found("select-limit")
    if not values["available"]:
        pytest.skip("the limit of descriptors is too low here (ulimit -n)")
    assert values["select"] == "ValueError: filedescriptor out of range in select()"
    assert values["poll"] == 1


def test_the_events_of_a_kqueue_are_shown_also_where_there_is_none() -> None:
    values = found("kqueue")
    assert values["available"] == hasattr(select, "kqueue")
    accept, read, end = values["events"]
    assert accept.endswith("data=1: accept() 1")
    assert read.endswith("data=5: recv() gives 5 bytes")
    assert "EV_EOF" in end


def test_a_client_finds_a_server_on_port_0_by_its_name() -> None:
    values, log = found("port-mapper"), performed("port-mapper")[1]
    assert values["early"] is None
    assert values["reached"] == "found me"
    assert log.calls("connect")[0].detail["peer"][1] == values["port"]


@given(data=st.binary(max_size=60) | st.builds(lambda value: json.dumps(value).encode(), st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["register", "lookup", "port"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["register", "lookup", "port"]), inner, max_size=3), max_leaves=6)))  # fmt: skip
def test_a_port_mapper_answers_whatever_comes(data: bytes) -> None:
    ports: dict[str, int] = {}
    assert isinstance(mapped(ports, data), dict)
    assert all(0 < port < 65536 for port in ports.values())


def test_an_unregistered_descriptor_is_silent() -> None:
    assert found("unregister") == {"registered": 1, "unregistered": 0}


def test_port_zero_gives_three_different_ports() -> None:
    values = found("ephemeral")
    assert len(set(values["ports"])) == 3
    assert all(values["range"][0] <= port <= values["range"][1] for port in values["ports"])
    assert min(values["ports"]) >= 1024


def test_time_wait_blocks_the_address_unless_it_is_reused() -> None:
    assert found("time-wait") == {"without": "EADDRINUSE", "with": ""}


def test_two_tcp_servers_cannot_share_a_port_and_udp_is_apart() -> None:
    assert found("two-listeners") == {"tcp": "EADDRINUSE", "udp": ""}


def test_of_two_udp_servers_the_last_one_gets_all() -> None:
    assert found("two-udp") == {"plain": "EADDRINUSE", "counts": [0, 5]}


def test_a_dual_stack_server_sees_mapped_addresses() -> None:
    values = found("dual-stack")
    assert values["dual"] == ["::ffff:127.0.0.1", "::1"]
    assert values["v6only"] == ["ECONNREFUSED", "::1"]


def test_a_datagram_is_cut_and_its_rest_lost() -> None:
    assert found("cut-datagram") == {"first": 1024, "second": "next"}


def test_broadcast_on_loopback_reaches_both() -> None:
    assert found("broadcast") == {"denied": "EACCES", "counts": [1, 1]}


def test_seqpacket_keeps_records() -> None:
    assert found("seqpacket") == {"available": True, "records": ["one", "two", "a lo"], "end": ""}


def test_a_socket_pair_talks_both_ways() -> None:
    values = found("socket-pair")
    assert (values["there"], values["back"]) == ("x", "y")


def test_the_flags_of_recv_do_what_they_say() -> None:
    assert found("flags") == {"empty": "EAGAIN", "peeked": True, "whole": "defghi", "urgent": "!"}


def test_the_families_and_types_of_the_courses_can_be_made() -> None:
    values = found("kinds")
    for family in ("AF_INET", "AF_INET6", "AF_UNIX"):
        for kind in ("SOCK_STREAM", "SOCK_DGRAM"):
            assert values[f"{family} {kind}"] == ""


def test_each_connection_has_a_handler_of_its_own() -> None:
    values = found("handler-life")
    assert values["steps"] == ["setup", "handle", "finish"] * 2
    assert values["instances"] == 2
    assert values["answers"] == ["ONE", "TWO"]


def test_a_handler_gets_a_socket_or_a_datagram_with_its_socket() -> None:
    values = found("request-kinds")
    assert values["tcp"]
    assert values["udp"]
    assert values["client"] == "127.0.0.1"
    assert values["answers"] == ["HELLO\n", "HELLO"]


def test_a_function_can_be_a_handler() -> None:
    assert found("factory") == {"answer": "NO CLASS AT ALL", "calls": 1}


def test_the_mix_in_must_come_first() -> None:
    values = found("mix-in")
    assert values["mro"][1] == "ThreadingMixIn"
    assert values["right"] == "ThreadingMixIn"
    assert values["wrong"] == "BaseServer"


def test_slow_handlers_follow_each_other_unless_they_have_threads() -> None:
    values = found("slow-handlers")
    assert values["plain"] >= 0.9
    assert 0.3 <= values["threading"] < values["plain"]


def test_shutdown_from_another_thread_ends_a_socketserver() -> None:
    values = found("shutdown")
    assert values["seconds"] < 10
    assert values["rebound"]


@pytest.mark.parametrize("entry", DEMOS, ids=lambda entry: entry.id)
def test_every_experiment_is_recorded_and_leaves_nothing_open(entry: Demo) -> None:
    findings, log = performed(entry.id)
    assert findings
    assert all(finding.text and finding.name for finding in findings)
    assert [event for event in log.all() if event.kind == "finding"]
    made = [event for event in log.calls("socket") if "result" in event.detail]
    accepted = [event for event in log.calls("accept") if "result" in event.detail]
    assert len(log.calls("close")) >= len(made) + len(accepted)
