from __future__ import annotations

import os
import socket

from widgets.inspector.checks import look_up


def test_a_refused_port_has_no_listener_and_the_machine_is_ours() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        found = look_up("ECONNREFUSED", "connect", ["127.0.0.1", port])
    assert found[0].fits
    assert f"No TCP listener on {port}" in found[0].text


def test_a_listener_that_came_later_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = look_up("ECONNREFUSED", "connect", ["127.0.0.1", server.getsockname()[1]])
    assert not found[0].fits
    assert f"pid {os.getpid()}" in found[0].text


def test_a_udp_socket_of_the_same_number_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        found = look_up("ECONNREFUSED", "connect", ["127.0.0.1", udp.getsockname()[1]])
    assert any("UDP socket" in fact.text for fact in found)


def test_who_holds_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = look_up("EADDRINUSE", "bind", ["127.0.0.1", server.getsockname()[1]])
    assert f"pid {os.getpid()}" in found[0].text


def test_other_machines_and_other_errors_are_left_alone() -> None:
    assert look_up("ECONNREFUSED", "connect", ["192.0.2.1", 80]) == ()
    assert look_up("EPIPE", "send", ["127.0.0.1", 80]) == ()
    assert look_up("ECONNREFUSED", "connect", "/srv/echo.sock") == ()
