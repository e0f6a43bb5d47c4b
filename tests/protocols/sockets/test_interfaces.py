"""The addresses of this machine: real ones can be bound, and each says who can reach it."""

from __future__ import annotations

import socket

import pytest

from protocols.sockets.interfaces import exposure, interfaces


def test_every_address_that_is_up_can_be_bound() -> None:
    found = interfaces()
    assert "127.0.0.1" in [each.address for each in found if each.loopback]
    for each in found:
        family = socket.AF_INET6 if ":" in each.address else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            if not each.up:
                continue
            address = socket.getaddrinfo(each.address, 0, family, socket.SOCK_STREAM)[0][4]
            sock.bind(address)
            assert sock.getsockname()[1]


def test_loopback_comes_first_and_nothing_twice() -> None:
    found = interfaces()
    assert found[0].loopback
    assert len({(each.name, each.address) for each in found}) == len(found)


@pytest.mark.parametrize(("name", "address", "mask", "said"), [
    ("lo", "127.0.0.1", "255.0.0.0", "Only programs on this machine"),
    ("lo", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "Only programs on this machine"),
    ("eth0", "192.168.1.7", "255.255.255.0", "192.168.1.0/24"),
    ("eth0", "fd00::7", "ffff:ffff:ffff:ffff::", "fd00::/64"),
    ("eth0", "fd00::7", "ffff:ffff:ffff:ffff::/64", "fd00::/64"),
    ("docker0", "172.17.0.1", "255.255.0.0", "Containers"),
    ("wg0", "10.8.0.2", "255.255.255.0", "behind wg0"),
    ("eth0", "fe80::1%eth0", "ffff:ffff:ffff:ffff::", "same link"),
    ("eth0", "8.8.8.8", "255.255.255.0", "Internet"),
    ("eth0", "10.0.0.1", None, "10.0.0.1"),
    ("eth0", "10.0.0.1", "nonsense", "10.0.0.1"),
])  # fmt: skip
def test_who_can_reach_an_address_is_said_in_words(name: str, address: str, mask: str | None, said: str) -> None:
    assert said in exposure(name, address, mask)
