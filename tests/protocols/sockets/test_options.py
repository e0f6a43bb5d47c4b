"""Socket options: read, set, and read back what the kernel made of them."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest

from protocols.record.recorder import Recorder
from protocols.record.traced import traced_socket
from protocols.sockets.option_table import OPTIONS, Option
from protocols.sockets.options import all_constants, defaults, options_for, parse_value, read, read_all, write
from tests.protocols.sockets.ends import Log


@pytest.fixture
def tcp() -> Iterator[socket.socket]:
    with socket.socket() as sock:
        yield sock


@pytest.fixture
def udp() -> Iterator[socket.socket]:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        yield sock


def option(name: str) -> Option:
    return next(entry for entry in OPTIONS if entry.name == name)


def test_every_option_of_every_kind_of_socket_can_be_read() -> None:
    kinds = ((socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET, socket.SOCK_DGRAM),
             (socket.AF_INET6, socket.SOCK_STREAM), (socket.AF_INET6, socket.SOCK_DGRAM),
             (socket.AF_UNIX, socket.SOCK_STREAM), (socket.AF_UNIX, socket.SOCK_DGRAM))  # fmt: skip
    for family, kind in kinds:
        with socket.socket(family, kind) as sock:
            readings = read_all(sock)
            assert len(readings) > 10
            assert {reading.option.name for reading in readings if reading.error} <= {"IP_MTU", "SO_PEERSEC"}


def test_the_options_the_courses_name_are_there(tcp: socket.socket, udp: socket.socket) -> None:
    names = {entry.name for sock in (tcp, udp) for entry in options_for(sock)} | {"IPV6_V6ONLY"}
    assert names >= {
        "SO_REUSEADDR", "SO_REUSEPORT", "SO_KEEPALIVE", "SO_BROADCAST", "SO_RCVBUF", "SO_SNDBUF", "SO_LINGER",
        "TCP_NODELAY", "IP_TTL", "IP_MULTICAST_TTL", "IP_MULTICAST_LOOP", "IP_MULTICAST_IF", "SO_ERROR", "SO_TYPE",
        "IPV6_V6ONLY",
    }  # fmt: skip


def test_the_kernel_doubles_the_receive_buffer(tcp: socket.socket) -> None:
    assert write(tcp, option("SO_RCVBUF"), "20000").value == 40000


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("SO_REUSEADDR", "on", True),
        ("SO_KEEPALIVE", "1", True),
        ("TCP_NODELAY", "on", True),
        ("TCP_KEEPIDLE", "30", 30),
        ("SO_LINGER", "3", 3),
        ("SO_LINGER", "off", -1),
        ("SO_RCVTIMEO", "0.5", 0.5),
        ("IP_TTL", "5", 5),
        ("TCP_SYNCNT", "2", 2),
        ("TCP_USER_TIMEOUT", "1000", 1000),
    ],
)
def test_what_is_typed_is_set_and_read_back(tcp: socket.socket, name: str, typed: str, value: object) -> None:
    assert write(tcp, option(name), typed).value == pytest.approx(value, abs=0.01)


def test_an_address_is_set_and_read_back(udp: socket.socket) -> None:
    assert write(udp, option("IP_MULTICAST_IF"), "127.0.0.1").value == "127.0.0.1"


@pytest.mark.parametrize(
    ("name", "typed"),
    [("SO_REUSEADDR", "maybe"), ("IP_TTL", "many"), ("SO_RCVTIMEO", "soon"), ("IP_MULTICAST_IF", "here"),
     ("SO_RCVBUF", "99999999999")],
)  # fmt: skip
def test_a_value_that_is_none_is_refused_with_a_sentence(name: str, typed: str) -> None:
    with pytest.raises(ValueError, match=rf"{name} .*\.$"):
        parse_value(option(name), typed)


def test_a_value_the_kernel_refuses_raises_its_error(tcp: socket.socket) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        write(tcp, option("IP_TTL"), "999")


def test_setting_is_on_the_time_line_and_reading_all_is_not() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with traced_socket(recorder, "options") as sock:
        read_all(sock)
        write(sock, option("SO_RCVBUF"), "20000")
        calls = [event for event in log.all() if event.kind in ("setsockopt", "getsockopt")]
    assert [event.kind for event in calls] == ["setsockopt", "getsockopt"]
    assert calls[0].detail["option"] == "SO_RCVBUF"


def test_defaults_are_those_of_a_fresh_socket(tcp: socket.socket) -> None:
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    assert defaults(tcp)["SO_REUSEADDR"] == "off"
    assert read(tcp, option("SO_REUSEADDR")).text == "on"


def test_linger_is_told_in_words(tcp: socket.socket) -> None:
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert read(tcp, option("SO_LINGER")).text == "on, 0 s"


def test_every_row_says_what_it_means() -> None:
    for entry in OPTIONS:
        assert entry.meaning.endswith("."), entry.name
        assert not entry.note or entry.note.endswith("."), entry.name
    assert len({entry.name for entry in OPTIONS}) == len(OPTIONS)


def test_there_are_more_than_two_hundred_constants() -> None:
    found = all_constants()
    names = {constant.name for constant in found}
    assert len(found) > 200
    assert {"SO_REUSEADDR", "AF_INET", "SOCK_STREAM", "MSG_PEEK", "TCP_NODELAY", "IP_TTL", "IPPROTO_TCP"} <= names
    assert all(constant.value == getattr(socket, constant.name) for constant in found)
