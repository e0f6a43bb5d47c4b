"""Presets: the courses' servers and clients on their own ports, or on a free one that is told."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from protocols.concurrency.contract import Listen, model_info
from protocols.concurrency.server import Server, make_server
from protocols.record.recorder import Recorder
from protocols.sockets.behaviours import behaviour, spec
from protocols.sockets.presets import PRESETS, Preset, listen_of, preset, start_on_free_port
from tests.protocols.sockets.ends import DEADLINE_S, Log


def made(recorder: Recorder, entry: Preset, listen: Listen) -> Server:
    handler = spec(entry.behaviour, transport=entry.transport)
    return make_server(recorder, handler, listen, name=entry.behaviour, model=entry.model)


def test_the_ports_of_the_courses_are_there() -> None:
    assert {entry.port for entry in PRESETS} >= {11111, 9999, 2345, 9000, 8000, 10000, 50000}
    pairs = {(entry.transport, entry.port) for entry in PRESETS if entry.end == "server"}
    assert {("udp", 11111), ("tcp", 9999), ("udp", 2345), ("tcp", 2345), ("tcp", 9000), ("tcp", 8000),
            ("udp", 10000), ("tcp", 50000)} <= pairs  # fmt: skip


def test_every_preset_has_its_other_end_on_the_same_port() -> None:
    assert len({entry.id for entry in PRESETS}) == len(PRESETS)
    for entry in PRESETS:
        partner = preset(entry.partner)
        assert partner.end != entry.end
        assert (partner.transport, partner.port) == (entry.transport, entry.port)
        if entry.end == "server":
            assert behaviour(entry.behaviour)
            assert entry.transport in model_info(entry.model).transports


@pytest.mark.parametrize("entry", [entry for entry in PRESETS if entry.end == "server"], ids=lambda entry: entry.id)
def test_every_server_preset_starts(entry: Preset) -> None:
    recorder = Recorder()
    server = made(recorder, entry, replace(listen_of(entry), port=0))
    server.start()
    assert server.state == "running"
    assert server.stop(20)


def test_a_taken_port_is_exchanged_for_a_free_one_and_told() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with socket.create_server(("127.0.0.1", 0)) as first:
        wanted = first.getsockname()[1]
        listen = Listen(port=wanted)
        server = start_on_free_port(recorder, listen, lambda where: made(recorder, preset("echo"), where))
        assert isinstance(server.address, tuple)
        assert server.address[1] != wanted
        with socket.create_connection(server.address, DEADLINE_S):
            pass
        assert server.stop(20)
    note = log.wait_kind("port changed")[0]
    assert note.detail["wanted"] == wanted
    assert note.detail["errno"] == "EADDRINUSE"


def test_a_free_port_is_taken_as_it_is() -> None:
    recorder = Recorder()
    server = start_on_free_port(recorder, Listen(), lambda where: made(recorder, preset("echo"), where))
    assert server.stop(20)


def test_another_error_is_not_hidden() -> None:
    recorder = Recorder()
    listen = Listen(host="198.51.100.1", port=50000)
    with pytest.raises(OSError, match="assign"):
        start_on_free_port(recorder, listen, lambda where: made(recorder, preset("echo"), where))
