from __future__ import annotations

import subprocess
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from protocols.packets.files.capture import Capture
from protocols.packets.filters.display import DisplayFilter, DisplayFilterError
from protocols.packets.filters.fields import FIELDS, View
from tests.peers import require_tool
from tests.protocols.packets import making, zoo


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Capture]:
    path = tmp_path_factory.mktemp("display") / "zoo.pcap"
    frames = [frame for number, frame in enumerate(zoo.ethernet()[:47]) if number != 34]
    path.write_bytes(making.pcap([*making.frames_of(frames), *making.mixed(2000)]))
    with Capture(path).read_all() as capture:
        yield capture


def numbers(capture: Capture, text: str) -> list[int]:
    return (np.flatnonzero(DisplayFilter(text).matches(View(capture))) + 1).tolist()


@pytest.mark.parametrize(
    "text",
    ["tcp or eth.src == 02:fc:00:00:00:99", "ip.src == 10.0.0.1 and ip.ttl == 64", "udp.port == 53 or tcp.port == 22",
     "tcp.flags.syn == 1", "tcp.port in {22, 443} and ip.id > 5", "frame.cap_len < 70 && !arp", "ip.proto == 17"],
)  # fmt: skip
def test_a_filter_takes_what_tshark_takes(capture: Capture, text: str) -> None:
    argv = [require_tool("tshark"), "-n", "-r", str(capture.source.path), "-Y", text, "-T", "fields", "-e",
            "frame.number", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"]  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, timeout=80, check=True)
    theirs = set(map(int, done.stdout.split()))
    mine = set(numbers(capture, text))
    # Where a header lies in another one tshark looks at both, this filter at the inner one.
    tunnels = set((np.flatnonzero(capture.table.column("marks") & 16) + 1).tolist())
    assert mine - tunnels == theirs - tunnels


def test_comments_and_marks_of_here_are_asked_for_too(capture: Capture) -> None:
    view = View(capture, comments={3: "look here"}, marked={3, 7})

    def found(text: str) -> list[int]:
        return np.flatnonzero(DisplayFilter(text).matches(view)).tolist()  # type: ignore[no-any-return]

    assert found("comment") == found('frame.comment contains "LOOK"') == [3]
    assert found("marked") == [3, 7]
    assert len(found("not marked and not comment")) == len(capture) - 2
    assert numbers(capture, "comment") == numbers(capture, "marked") == []


def test_text_and_bytes_and_addresses_of_networks(capture: Capture) -> None:
    assert set(numbers(capture, 'info contains "get /"')) == set(numbers(capture, 'protocol == "http"')) & set(
        numbers(capture, 'frame contains "GET / HTTP"')
    )
    assert numbers(capture, '"who has 10.0.0.2"') == numbers(capture, "arp")
    assert numbers(capture, 'info matches "^GET"') == numbers(capture, 'info contains "GET"')
    assert set(numbers(capture, "ip.addr == 10.0.0.0/24")) >= set(numbers(capture, "ip.src == 10.0.0.1"))
    assert numbers(capture, "ipv6.src == 2001:db8::/32")
    assert numbers(capture, "frame contains 47:45:54:20") == numbers(capture, 'frame contains "GET "')
    assert set(numbers(capture, "ip.src != 10.0.0.1")).isdisjoint(numbers(capture, "ip.src == 10.0.0.1"))
    assert numbers(capture, "") == list(range(1, len(capture) + 1))
    assert len(numbers(capture, "not (tcp or udp)")) + len(numbers(capture, "tcp or udp")) == len(capture)


@pytest.mark.parametrize(
    ("text", "said", "place"),
    [("tcp.prt == 5", "Did you mean tcp.port?", (0, 7)), ("tcp.port == many", "is a number", (12, 16)),
     ("(tcp", "never closed", (0, 1)), ("tcp udp", "is missing", (4, 7)), ("tcp.port ==", "value is missing", (11, 12)),
     ('info contains "abc', "quotation mark is never closed", (14, 18)),
     ("ip.addr == 300.1.1.1", "no address", (11, 20)),
     ("ip.addr > 10.0.0.1", "can be equal", (8, 9)), ("port in 80", "list in braces", (8, 10)),
     ("port in {80", "never closed", (8, 9)), ("port in {}", "empty", (9, 10)), ("tcp and", "field or a test", (7, 8)),
     ('info matches "("', "no regular expression", (13, 16)), ("tcp.port contains 5", "asks of text", (9, 17)),
     ("tcp | udp", "means nothing", (4, 5)), ("not " * 60 + "tcp", "lie in each other", (200, 203))],
)  # fmt: skip
def test_an_error_says_what_is_wrong_and_where(text: str, said: str, place: tuple[int, int]) -> None:
    with pytest.raises(DisplayFilterError) as caught:
        DisplayFilter(text)
    assert said in str(caught.value)
    assert (caught.value.start, caught.value.stop) == place


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_every_field_can_be_asked_for(capture: Capture, name: str) -> None:
    DisplayFilter(name).matches(View(capture), 0, 100)
    kind = FIELDS[name].kind
    value = {"number": "1", "flag": "1", "address": "::1", "text": '"x"', "bytes": '"x"'}[kind]
    DisplayFilter(f"{name} == {value}").matches(View(capture), 0, 100)


WORDS = st.sampled_from([*list(FIELDS)[:40], "and", "or", "not", "!", "(", ")", "==", "!=", "in", "{", "}", "5", '"a"',
                         "10.0.0.1", "contains", ",", ">", "&"])  # fmt: skip


@given(st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=12).map(" ".join)))
def test_whatever_is_typed_gives_a_filter_or_an_error_within_the_text(capture: Capture, text: str) -> None:
    try:
        found = DisplayFilter(text)
    except DisplayFilterError as error:
        place = (error.start, error.stop)
        event(f"refused: {0 <= place[0] < place[1] <= max(len(text) + 1, 1)}")
        if not 0 <= place[0] < place[1] <= max(len(text) + 1, 1):
            pytest.fail(f"{place} lies outside of {text!r}")
        return
    assert len(found.matches(View(capture), 0, 30)) == 30
