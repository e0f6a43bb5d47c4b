"""Both ends of a connection get one id, whoever is seen first, and ports used again get a new one."""

from __future__ import annotations

import threading
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.record import connections as module
from protocols.record.connections import KEEP_CALL_BYTES, KEEP_HEAD_BYTES, KEEP_WHOLE_BYTES, Connections, End

CLIENT, SERVER = ("127.0.0.1", 40_000), ("127.0.0.1", 7)


@pytest.mark.parametrize("client_first", [True, False])
def test_both_ends_share_an_id_whoever_is_seen_first(client_first: bool) -> None:
    known = Connections()
    ends = [("client", CLIENT, SERVER), ("server", SERVER, CLIENT)]
    if not client_first:
        ends.reverse()
    one, two = (known.opened("tcp", role, local, peer) for role, local, peer in ends)  # type: ignore[arg-type]
    assert one.conn == two.conn == "1"
    assert {one.role, two.role} == {"client", "server"}


def test_transports_and_addresses_are_kept_apart() -> None:
    known = Connections()
    one = known.opened("tcp", "client", CLIENT, SERVER)
    assert known.opened("udp", "server", SERVER, CLIENT).conn != one.conn
    assert known.opened("tcp", "server", SERVER, ("127.0.0.1", 40_001)).conn != one.conn
    assert known.opened("tcp", "server", ("127.0.0.2", 7), CLIENT).conn != one.conn


def test_the_same_addresses_used_again_are_a_new_connection() -> None:
    known = Connections()
    first = [known.opened("tcp", "client", CLIENT, SERVER), known.opened("tcp", "server", SERVER, CLIENT)]
    for end in first:
        known.closed("tcp", end)
    again = known.opened("tcp", "client", CLIENT, SERVER)
    assert again.conn == "2"
    assert known.opened("tcp", "server", SERVER, CLIENT).conn == "2"


def test_a_late_accept_still_finds_its_client_but_not_one_long_gone() -> None:
    known = Connections()
    client = known.opened("tcp", "client", CLIENT, SERVER)
    known.closed("tcp", client)
    assert known.opened("tcp", "server", SERVER, CLIENT).conn == client.conn
    other = known.opened("tcp", "client", ("127.0.0.1", 41_000), SERVER)
    known.closed("tcp", other)
    other.closed_ns -= module.PAIRING_NS + 1
    assert known.opened("tcp", "server", SERVER, ("127.0.0.1", 41_000)).conn != other.conn


def test_ends_without_addresses_are_joined_by_hand_or_alone() -> None:
    known = Connections()
    one = known.lone("client")
    assert known.lone("server", conn=one.conn).conn == one.conn
    assert known.lone("client").conn != one.conn


def test_closed_ends_are_forgotten_in_the_end() -> None:
    known = Connections()
    with patch.object(module, "REMEMBERED", 10):
        for port in range(100):
            known.closed("tcp", known.opened("tcp", "client", ("127.0.0.1", port), SERVER))
    assert len(known._ends) == 10


def test_many_threads_get_one_id_for_each_pair() -> None:
    known = Connections()
    start = threading.Barrier(2)
    found: dict[str, list[str]] = {"client": [], "server": []}

    def open_all(role: str) -> None:
        start.wait(10)
        for port in range(10_000, 12_000):
            client = ("127.0.0.1", port)
            mine, other = (client, SERVER) if role == "client" else (SERVER, client)
            found[role].append(known.opened("tcp", role, mine, other).conn)  # type: ignore[arg-type]

    threads = [threading.Thread(target=open_all, args=(role,)) for role in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found["client"] == found["server"]
    assert len(set(found["client"])) == 2_000


@given(st.lists(st.integers(0, 3 * KEEP_CALL_BYTES), max_size=300))
def test_kept_bytes_are_bounded_and_counted(sizes: list[int]) -> None:
    end = End("1", "client", CLIENT, SERVER)
    total = 0
    for size in sizes:
        before = end.kept
        kept = end.keep(size)
        assert kept <= (KEEP_CALL_BYTES if before < KEEP_WHOLE_BYTES else KEEP_HEAD_BYTES)
        assert kept == size or kept in (KEEP_CALL_BYTES, KEEP_HEAD_BYTES)
        total += kept
    assert end.kept == total <= KEEP_WHOLE_BYTES + KEEP_CALL_BYTES + KEEP_HEAD_BYTES * len(sizes)


def test_an_end_that_was_watched_from_the_other_side_takes_its_state_over() -> None:
    known = Connections()
    server = known.opened("tcp", "server", SERVER, CLIENT)
    watched = known.opposite("tcp", server)
    assert watched is not None
    assert (watched.role, watched.local, watched.peer) == ("client", CLIENT, SERVER)
    watched.state = "ESTABLISHED"
    client = known.opened("tcp", "client", CLIENT, SERVER)
    assert client.state == "ESTABLISHED"  # told once: the client's connect() returned after the look
    assert known.opposite("tcp", server) is None
    again = known.opened("tcp", "server", SERVER, CLIENT)
    assert known.opened("tcp", "client", CLIENT, SERVER).state == ""
    assert again.state == ""


def test_other_ends_of_connections_that_are_over_are_forgotten() -> None:
    known = Connections()
    server = known.opened("tcp", "server", SERVER, CLIENT)
    watched = known.opposite("tcp", server)
    assert known.opposite("tcp", server) is watched
    known.keep_opposites({server.conn})
    assert known.opposite("tcp", server) is watched
    known.keep_opposites(())
    assert known.opposite("tcp", server) is not watched
