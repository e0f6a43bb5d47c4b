"""TLS keys that go into a saved capture: those of its own connections, and tshark decrypts with them alone."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import numpy as np
import pytest

from protocols import tls
from protocols.packets.files.capture import Capture
from protocols.packets.files.saving import save
from protocols.packets.files.tls_keys import NoKeys, client_randoms, lines_for
from tests.peers import require_tool
from tests.protocols.packets import making

REQUEST = b"GET /albatross HTTP/1.1\r\nHost: localhost\r\n\r\n"


def talk(key_log: Path) -> list[tuple[bool, bytes]]:
    """A handshake and one request over TLS, without a socket: (whether the client sent it, bytes)."""
    moved: list[tuple[bool, bytes]] = []
    pipes = [ssl.MemoryBIO() for _ in range(4)]
    client = tls.client_context(verify=False, key_log=str(key_log)).wrap_bio(pipes[0], pipes[1])
    server = tls.server_context(("localhost",)).wrap_bio(pipes[2], pipes[3], server_side=True)

    def carry() -> None:
        for by_client, source, target in ((True, pipes[1], pipes[2]), (False, pipes[3], pipes[0])):
            if data := source.read():
                moved.append((by_client, data))
                target.write(data)

    waiting = [client.do_handshake, server.do_handshake]
    while waiting:
        for step in list(waiting):
            try:
                step()
                waiting.remove(step)
            except ssl.SSLWantReadError:
                pass
            carry()
    client.write(REQUEST)
    carry()
    assert server.read() == REQUEST
    return moved


def captured(moved: list[tuple[bool, bytes]]) -> bytes:
    ends = {True: (b"\x0a\0\0\1", b"\x0a\0\0\2", 40000, 443), False: (b"\x0a\0\0\2", b"\x0a\0\0\1", 443, 40000)}
    sent, packets = {True: 1, False: 1}, []
    for by_client, data in moved:
        for part in (data[at : at + 1400] for at in range(0, len(data), 1400)):
            source, target, sport, dport = ends[by_client]
            segment = making.tcp(sport, dport, part, seq=sent[by_client], ack=sent[not by_client])
            packets.append(making.ether(0x0800, making.ipv4(segment, 6, source, target)))
            sent[by_client] += len(part)
    return making.pcapng(making.frames_of(packets))


def test_tshark_decrypts_a_saved_file_with_the_keys_in_it_and_those_of_others_stay_out(tmp_path: Path) -> None:
    moved = talk(tmp_path / "keys.log")
    talk(tmp_path / "keys.log")  # another connection, of which no packet is here
    (tmp_path / "wire.pcapng").write_bytes(captured(moved))
    with Capture(tmp_path / "wire.pcapng").read_all() as capture:
        rows = np.arange(len(capture))
        keys = lines_for(capture, rows, tmp_path / "keys.log")
        assert len({line.split()[1] for line in keys.splitlines()}) == len(client_randoms(capture, rows)) == 1
        assert len((tmp_path / "keys.log").read_bytes().splitlines()) > len(keys.splitlines()) + 1
        save(capture, rows.tolist(), tmp_path / "open.pcapng", secrets=keys)
        save(capture, rows.tolist(), tmp_path / "shut.pcapng")
    with Capture(tmp_path / "open.pcapng").read_all() as capture:
        save(capture, range(len(capture)), tmp_path / "again.pcapng")  # what a file came with is kept
    for name, found in (("again", "/albatross"), ("shut", "")):
        done = subprocess.run([require_tool("tshark"), "-n", "-r", str(tmp_path / f"{name}.pcapng"), "-Y", "http",
                               "-T", "fields", "-e", "http.request.uri"], capture_output=True, text=True, check=True,
                              timeout=60)  # fmt: skip
        assert done.stdout.strip() == found


def test_a_log_without_these_keys_says_so(tmp_path: Path) -> None:
    (tmp_path / "other.log").write_bytes(b"CLIENT_RANDOM " + b"0" * 64 + b" " + b"1" * 96 + b"\n\xff\xfe not a line\n")
    (tmp_path / "wire.pcapng").write_bytes(captured([(True, b"\x16\x03\x01\0\x50\1" + bytes(80))]))
    (tmp_path / "plain.pcapng").write_bytes(captured([(True, REQUEST * 2)]))
    with Capture(tmp_path / "wire.pcapng").read_all() as capture:
        assert lines_for(capture, np.arange(1), tmp_path / "other.log").startswith(b"CLIENT_RANDOM 0000")
    (tmp_path / "other.log").write_bytes(b"CLIENT_RANDOM " + b"2" * 64 + b" " + b"1" * 96)
    for name, said in (("wire", "written by another run"), ("plain", "No TLS connection begins")):
        with (
            Capture(tmp_path / f"{name}.pcapng").read_all() as capture,
            pytest.raises(NoKeys, match=said),
        ):
            lines_for(capture, np.arange(1), tmp_path / "other.log")
