"""Data addresses are read strictly and written as RFC 959 and RFC 2428 say."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.ftp.addresses import (
    AddressError,
    address_of_command,
    address_of_reply,
    eprt_argument,
    port_argument,
    port_at,
    read_eprt,
    read_epsv,
    read_port,
)

PORTS = st.integers(1, 65535)


@given(st.ip_addresses(v=4), PORTS)
def test_port_reads_what_it_writes(host: IPv4Address, port: int) -> None:
    read = read_port(port_argument(str(host), port))
    assert (read.host, read.port) == (str(host), port)
    assert str(port) in read.arithmetic


@given(st.ip_addresses(), PORTS)
def test_eprt_reads_what_it_writes(host: IPv4Address | IPv6Address, port: int) -> None:
    read = read_eprt(eprt_argument(str(host), port))
    assert (read.host, read.port) == (str(host), port)


def test_the_numbers_are_decoded_with_their_arithmetic() -> None:
    read = read_port("127,0,0,1,195,80")
    assert (read.host, read.port) == ("127.0.0.1", 50000)
    assert read.arithmetic == "127,0,0,1,195,80 = 127.0.0.1, port 195 x 256 + 80 = 50000"


def test_replies_of_all_shapes_are_read() -> None:
    assert address_of_reply(227, "227 Entering Passive Mode (10,0,0,9,4,1).") is not None
    plain = address_of_reply(227, "227 =10,0,0,9,4,1")
    assert plain is not None
    assert (plain.host, plain.port) == ("10.0.0.9", 1025)
    extended = address_of_reply(229, "229 Entering Extended Passive Mode (|||6446|)")
    assert extended is not None
    assert (extended.host, extended.port) == ("", 6446)
    assert address_of_reply(226, "226 Closing 1,2,3,4,5,6") is None
    assert address_of_command("PASS", "1,2,3,4,5,6") is None


@pytest.mark.parametrize("text", ["", "1,2,3,4,5", "256,0,0,1,1,1", "1,2,3,4,5,6,7", "a,b,c,d,e,f", "1,2,3,4,5,999"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        read_port(text)


@pytest.mark.parametrize(
    "text", ["", "|", "|1|::1|21|", "|2|127.0.0.1|21|", "|3|127.0.0.1|21|", "|1|host|21|", "|1|127.0.0.1|0|",
             "|1|127.0.0.1|65536|", "|1|127.0.0.1|21|x"],
)  # fmt: skip
def test_what_is_no_eprt_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        read_eprt(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_port, read_eprt, read_epsv):
        try:
            assert 0 <= read(text).port < 65536
        except AddressError:
            pass


@pytest.mark.parametrize(("code", "text", "port"), [
    (227, "227 Entering passive mode (127,0,0,1,195,80).", 50000),
    (227, "227 ok =127,0,0,1,0,21", 21),
    (227, "227 (127,0,0,1,0,0)", 0),
    (227, "227 (127,0,0,1,256,1)", 0),
    (227, "227 (127,0,0,1,1,256)", 0),
    (227, "227 (127,00,0,1,1,1)", 0),
    (227, "227 (10,9,9,9,1,1)", 0),
    (227, "227 (1,2,3)", 0),
    (229, "229 (|||6446|)", 6446),
    (229, "229 (|||66446|)", 0),
    (229, "229 (|||x|)", 0),
    (200, "200 (127,0,0,1,195,80)", 0),
])  # fmt: skip
def test_the_quick_look_sees_only_what_needs_no_care(code: int, text: str, port: int) -> None:
    assert port_at("127.0.0.1", code, text) == port
    read = address_of_reply(code, text)
    if port:
        assert read is not None
        assert (read.host or "127.0.0.1", read.port) == ("127.0.0.1", port)
