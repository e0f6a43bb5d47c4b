"""A block gives back exactly what was put into it, however much that was, and is empty then."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.creosote.batch import PIECES, Batch, Block


def put(block: Block, payloads: list[bytes], dropped: int = 0) -> None:
    for payload in payloads:
        block.make_room(len(payload))
        row, size = block.rows, block.size + len(payload)
        block.data[block.size : size] = memoryview(payload)
        block.t[row], block.ends[row], block.senders[row] = row * 10, size, row % 3
        block.added(1, len(payload), dropped)


@settings(max_examples=30)
@given(rounds=st.lists(st.lists(st.binary(max_size=200), max_size=20), max_size=4))
def test_what_gathered_is_given_back_and_the_block_is_used_again(rounds: list[list[bytes]]) -> None:
    block = Block(20, 64)
    for payloads in rounds:
        put(block, payloads, 7)
        assert block.room == 20 - len(payloads)
        batch = block.take_all()
        assert batch.payloads() == payloads
        assert batch.t.tolist() == [row * 10 for row in range(len(payloads))]
        assert sum(count for _, count, _, _ in batch.by_sender()) == len(payloads)
        assert (block.rows, block.size, block.room) == (0, 0, 20)


def test_room_that_was_made_for_giants_is_given_up_again() -> None:
    block = Block(4, 100)
    put(block, [b"x" * 65507] * 3)
    assert block.take_all().longer_than(1024) == 3
    assert len(block.data) == 100


@settings(max_examples=30)
@given(rounds=st.lists(st.lists(st.binary(max_size=200), max_size=20), max_size=12))
def test_what_was_given_stays_as_it_was_when_more_is_written(rounds: list[list[bytes]]) -> None:
    block = Block(20, 1000, shared_bytes=300)
    given_out: list[tuple[Batch, array[int], list[bytes]]] = []
    for payloads in rounds:
        put(block, payloads)
        batch = block.take_all()
        given_out.append((batch, array("I", batch.ends.tolist()), payloads))
    for batch, ends, payloads in given_out:
        kept = Batch(batch.t, batch.data, np.array(ends, np.uint32), batch.senders, 0)
        assert kept.payloads() == payloads
        assert [kept.payload(row) for row in range(len(payloads))] == payloads
        assert kept.longer_than(150) == sum(len(payload) > 150 for payload in payloads)


def test_many_payloads_are_not_copied_and_few_do_not_hold_a_large_piece() -> None:
    block = Block(8, 1000, shared_bytes=300)
    put(block, [b"a" * 200] * 2)
    assert isinstance(block.take_all().data, memoryview)
    put(block, [b"b" * 100])
    assert isinstance(block.take_all().data, bytes)


def test_memory_is_used_again_once_nobody_holds_anything_in_it_and_not_before() -> None:
    block = Block(8, 4000, shared_bytes=300)
    held: list[Batch] = []
    pieces = []
    for number in range(3 * PIECES):  # two fill a piece
        put(block, [bytes([number]) * 1000, bytes([number]) * 900])
        pieces.append(whole(block.data))
        held.append(block.take_all())
    for number, batch in enumerate(held):
        assert batch.payloads() == [bytes([number]) * 1000, bytes([number]) * 900]
    assert len({id(piece) for piece in pieces}) == len(pieces) / 2
    del pieces
    part = memoryview(held.pop().data)[10:20]
    del held
    again = set()
    for _ in range(3 * PIECES):
        put(block, [b"z" * 1000, b"z" * 900])
        again.add(whole(block.data).__array_interface__["data"][0])
        block.take_all()
    assert 1 < len(again) < PIECES  # one is still looked at
    assert bytes(part) == bytes([3 * PIECES - 1]) * 10


def whole(view: Any) -> Any:
    """The memory that a view shows a part of."""
    return view if view.base is None else view.base


def test_a_cut_keeps_times_and_senders() -> None:
    block = Block(4, 100)
    put(block, [b"a" * 5, b"", b"b" * 3])
    batch: Batch = block.take_all().cut(3)
    assert batch.payloads() == [b"aaa", b"", b"bbb"]
    assert batch.senders.tolist() == [0, 1, 2]
