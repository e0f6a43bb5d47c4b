"""Telnet commands in a stream: found whole wherever the bytes are split."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocols.sockets.iac import COMMANDS, LIMIT_BYTES, OPTIONS, Command, IacDecoder


def told(*pieces: bytes) -> list[str | bytes]:
    decoder = IacDecoder()
    found = [item for piece in pieces for item in decoder.feed(piece)]
    return [item.text if isinstance(item, Command) else item for item in found]


def test_negotiation_is_named() -> None:
    assert told(b"\xff\xfd\x01\xff\xfb\x03\xff\xfe\x18") == ["IAC DO ECHO", "IAC WILL SGA", "IAC DONT TTYPE"]


def test_text_between_commands_stays_text() -> None:
    assert told(b"login: \xff\xf9name") == [b"login: ", "IAC GA", b"name"]


def test_a_doubled_iac_is_one_byte_of_text() -> None:
    assert told(b"a\xff\xffb") == [b"a\xffb"]


def test_subnegotiations_are_told_in_words() -> None:
    assert told(b"\xff\xfa\x18\x00xterm\xff\xf0") == ["IAC SB TTYPE IS xterm IAC SE"]
    assert told(b"\xff\xfa\x18\x01\xff\xf0") == ["IAC SB TTYPE SEND IAC SE"]
    assert told(b"\xff\xfa\x1f\x00\x50\x00\x19\xff\xf0") == ["IAC SB NAWS 80 columns, 25 rows IAC SE"]


def test_a_doubled_iac_inside_a_subnegotiation_does_not_end_it() -> None:
    items = told(b"\xff\xfa\x1f\x00\xff\xff\x00\x19\xff\xf0after")
    assert items == ["IAC SB NAWS 255 columns, 25 rows IAC SE", b"after"]


def test_an_endless_subnegotiation_keeps_bounded_memory() -> None:
    decoder = IacDecoder()
    decoder.feed(b"\xff\xfa\x18")
    for _ in range(100):
        decoder.feed(b"x" * 4096)
    assert len(decoder._raw) <= LIMIT_BYTES + 1


ITEM = st.one_of(
    st.binary(min_size=1, max_size=10).map(lambda text: text.replace(b"\xff", b"\xff\xff")),
    st.tuples(st.sampled_from([251, 252, 253, 254]), st.integers(0, 255)).map(lambda pair: bytes((255, *pair))),
    st.sampled_from([number for number in COMMANDS if 241 <= number <= 249]).map(lambda number: bytes((255, number))),
    st.tuples(st.sampled_from(sorted(OPTIONS)), st.binary(max_size=10)).map(
        lambda pair: b"\xff\xfa" + bytes((pair[0],)) + pair[1].replace(b"\xff", b"\xff\xff") + b"\xff\xf0"
    ),
)


@given(st.lists(ITEM, max_size=8), st.lists(st.integers(1, 5), max_size=60))
def test_the_split_of_the_bytes_changes_nothing(items: list[bytes], steps: list[int]) -> None:
    stream = b"".join(items)
    pieces, at = [], 0
    for step in steps:
        pieces.append(stream[at : at + step])
        at += step
    pieces.append(stream[at:])
    whole, parts = IacDecoder().feed(stream), told(*pieces)

    def joined(found: list[str | bytes]) -> list[str | bytes]:
        result: list[str | bytes] = []
        for item in found:
            if isinstance(item, bytes) and result and isinstance(result[-1], bytes):
                result[-1] += item
            else:
                result.append(item)
        return result

    assert joined([item.text if isinstance(item, Command) else item for item in whole]) == joined(parts)


@given(st.binary(max_size=300))
def test_any_bytes_are_taken(data: bytes) -> None:
    IacDecoder().feed(data)
