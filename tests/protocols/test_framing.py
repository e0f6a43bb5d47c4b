"""However the bytes are cut up on the way, the messages that come out are those that went in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.framing import (
    FixedFraming,
    Framing,
    FramingError,
    LengthFraming,
    LineFraming,
    NoFraming,
    Reassembly,
    make_framing,
)

MAKERS: list[tuple[str, dict[str, Any]]] = [
    ("line", {}),
    ("line", {"delimiter": b"\r\n"}),
    ("line", {"delimiter": b"aab"}),
    ("line", {"delimiter": b"\0"}),
    *(("length", {"size": size, "byteorder": order}) for size in (1, 2, 4, 8) for order in ("big", "little")),
    ("fixed", {"size": 1}),
    ("fixed", {"size": 7}),
]


def cut(stream: bytes, data: st.DataObject) -> list[bytes]:
    """The stream in pieces of any size."""
    places = data.draw(st.lists(st.integers(0, len(stream)), max_size=12).map(sorted))
    return [stream[start:stop] for start, stop in zip([0, *places], [*places, len(stream)], strict=True)]


def messages_for(framing: Framing, data: st.DataObject) -> list[bytes]:
    """Messages that this framing can carry."""
    size = framing.size if isinstance(framing, FixedFraming) else None
    tricky = st.sampled_from([b"a" * (size or 3), b"\r" * (size or 2)])
    some = st.binary(min_size=size or 0, max_size=size or 40) | tricky
    kept = []
    for message in data.draw(st.lists(some, max_size=12)):
        try:
            framing.frame(message)
        except FramingError:
            continue
        kept.append(message)
    return kept


@pytest.mark.parametrize(("kind", "options"), MAKERS)
@given(data=st.data())
def test_messages_survive_any_cutting(kind: str, options: dict[str, Any], data: st.DataObject) -> None:
    framing = make_framing(kind, **options)
    messages = messages_for(framing, data)
    stream = b"".join(map(framing.frame, messages))
    found = [message for piece in cut(stream, data) for message in framing.feed(piece)]
    assert found == messages
    assert framing.pending == 0
    assert framing.end() == b""


@pytest.mark.parametrize(("kind", "options"), MAKERS)
@given(stream=st.binary(max_size=200), data=st.data())
def test_the_cutting_never_matters_for_hostile_bytes_either(
    kind: str, options: dict[str, Any], stream: bytes, data: st.DataObject
) -> None:
    def read(pieces: list[bytes]) -> tuple[list[bytes], bytes | None]:
        framing = make_framing(kind, limit_bytes=50, **options)
        found: list[bytes] = []
        try:
            for piece in pieces:
                found += framing.feed(piece)
            return found, framing.end()
        except FramingError:
            return found, None

    assert read(cut(stream, data)) == read([stream])


@pytest.mark.parametrize(("kind", "options"), MAKERS)
@given(data=st.data())
def test_reassembly_knows_the_chunks_of_each_message(
    kind: str, options: dict[str, Any], data: st.DataObject
) -> None:
    framing = make_framing(kind, **options)
    messages = messages_for(framing, data)
    wires = [framing.frame(message) for message in messages]
    pieces = [piece for piece in cut(b"".join(wires), data) if piece]
    reassembly = Reassembly(framing)
    frames = [frame for piece in pieces for frame in reassembly.feed(piece)]
    assert [frame.message for frame in frames] == messages
    assert [frame.stop - frame.start for frame in frames] == [len(wire) for wire in wires]
    assert reassembly.chunks == len(pieces)
    ends = [sum(map(len, pieces[: number + 1])) for number in range(len(pieces))]
    for frame in frames:
        assert frame.first_chunk == next(number for number, end in enumerate(ends) if frame.start < end)
        assert frame.last_chunk == next(number for number, end in enumerate(ends) if frame.stop <= end)


def test_no_framing_gives_chunks_not_messages() -> None:
    framing = NoFraming()
    assert framing.frame(b"ab") == b"ab"
    assert framing.feed(b"onetwo") == [b"onetwo"]
    assert framing.feed(b"") == []


def test_a_line_may_not_hold_its_own_end() -> None:
    with pytest.raises(FramingError, match="two messages"):
        LineFraming().frame(b"a\nb")
    with pytest.raises(FramingError):
        LineFraming(b"aa").frame(b"ba")
    with pytest.raises(FramingError):
        LineFraming(b"")


def test_polite_readers_take_both_line_ends() -> None:
    framing = LineFraming(strip_cr=True)
    assert framing.feed(b"one\r\ntwo\nthree\r") == [b"one", b"two"]
    assert framing.end() == b"three\r"


def test_what_is_too_long_is_refused_before_it_has_come() -> None:
    line = LineFraming(limit_bytes=10)
    assert line.feed(b"x" * 10) == []
    with pytest.raises(FramingError, match="limit is 10"):
        line.feed(b"x")
    length = LengthFraming(4, limit_bytes=1000)
    with pytest.raises(FramingError, match="another byte order"):
        length.feed((5).to_bytes(4, "little"))
    with pytest.raises(FramingError):
        length.feed(b"")
    with pytest.raises(FramingError):
        LengthFraming(1).frame(bytes(256))


def test_messages_before_the_wrong_one_are_given() -> None:
    framing = LengthFraming(1, limit_bytes=3)
    assert framing.feed(b"\1a\2bb\xff") == [b"a", b"bb"]
    with pytest.raises(FramingError):
        framing.end()


def test_wanted_says_how_many_bytes_are_missing() -> None:
    length = LengthFraming(2)
    assert length.wanted == 2
    length.feed(b"\0\5a")
    assert (length.wanted, length.pending) == (4, 3)
    fixed = FixedFraming(4)
    fixed.feed(b"a")
    assert fixed.wanted == 3
    assert LineFraming().wanted is None


def test_a_fixed_size_pads_or_refuses() -> None:
    assert FixedFraming(4, pad=b" ").frame(b"ab") == b"ab  "
    with pytest.raises(FramingError, match="must have 4"):
        FixedFraming(4).frame(b"ab")
    with pytest.raises(FramingError):
        FixedFraming(0)
    with pytest.raises(FramingError, match="There is no framing"):
        make_framing("xml")
    with pytest.raises(FramingError):
        make_framing("length", size=3)
