"""`netlab listen` and `netlab spew`, as a program that starts them sees them."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.creosote.module import spew
from protocols.record.event import from_json
from tests.peers import require_tool

RUN = (
    "import argparse, sys\n"
    "from protocols.creosote.commands import add_commands\n"
    "parser = argparse.ArgumentParser('netlab')\n"
    "add_commands(parser.add_subparsers())\n"
    "arguments = parser.parse_args()\n"
    "status = arguments.run(arguments)\n"
    "heavy = [name for name in ('PySide6', 'scapy') if name in sys.modules]\n"
    "sys.exit(status if not heavy else f'loaded {heavy}')\n"
)


@contextlib.contextmanager
def listening(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], bytes]]:
    command = [sys.executable, "-c", RUN, "listen", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline()
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                assert process.wait(10) == 0
            finally:
                process.kill()


def lines_of(process: subprocess.Popen[bytes], kind: str, count: int) -> list[dict[str, Any]]:
    assert process.stdout is not None
    found: list[dict[str, Any]] = []
    while len(found) < count:
        line = json.loads(process.stdout.readline())
        if line["kind"] == kind:
            found.append(line)
    return found


def test_classic_lines_stand_alone_and_are_flushed(tmp_path: Path) -> None:
    log = tmp_path / "c.log"
    with listening("--log", str(log)) as (process, first):
        port = int(first.split(b";")[0].rpartition(b":")[2])
        assert process.stdout is not None
        for message in (b"plain", b"\x00\xff", "\u202e".encode(), b"two\nlines"):
            spew(message, port=port)
            assert process.stdout.readline() == repr(message)[2:-1].encode() + b"\n"
    assert log.read_text().splitlines()[1] == r"\x00\xff"


def test_every_datagram_is_a_json_line_with_sender_and_drops() -> None:
    with listening("--json") as (process, first):
        told = from_json(first)
        assert (told.kind, told.detail["host"]) == ("listening", "127.0.0.1")
        assert told.detail["epoch_ns"] > 0
        port = told.detail["port"]
        payloads = [b"", bytes(range(256)), b"x" * 65507]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            for payload in payloads:
                sock.sendto(payload, ("127.0.0.1", port))
            lines = lines_of(process, "datagram", 3)
            assert [base64.b64decode(line["data"]) for line in lines] == payloads
            assert {tuple(line["detail"]["peer"]) for line in lines} == {sock.getsockname()}
            assert [line["detail"]["dropped"] for line in lines] == [0, 0, 0]
            assert [line["size"] for line in lines] == [0, 256, 65507]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's loopback broadcast")
def test_spew_reaches_it_in_both_styles_and_by_loopback_broadcast() -> None:
    with listening("--json") as (process, first):
        port = str(from_json(first).detail["port"])
        said = "x" * 1500
        for extra in ([], ["--one-datagram"], ["--broadcast", "--host", "127.255.255.255"]):
            command = [sys.executable, "-c", RUN, "spew", "--port", port, *extra, said, "end"]
            assert subprocess.run(command, check=False, timeout=30).returncode == 0
        assert [line["size"] for line in lines_of(process, "datagram", 5)] == [1024, 480, 1504, 1024, 480]


def test_a_taken_port_is_told_with_its_reason() -> None:
    with listening() as (_, first):
        port = first.split(b";")[0].rpartition(b":")[2].decode()
        command = [sys.executable, "-c", RUN, "listen", "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "EADDRINUSE" in done.stderr


def test_a_log_that_cannot_be_written_and_a_wrong_port_are_told() -> None:
    command = [sys.executable, "-c", RUN, "listen", "--port", "0", "--log", "/nonexistent/dir/x"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, "/nonexistent/dir/x" in done.stderr) == (1, True)
    command = [sys.executable, "-c", RUN, "spew", "--port", "99999", "x"]
    wrong = subprocess.run(command, capture_output=True, check=False)
    assert wrong.returncode == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_log_file_on_a_full_disk_ends_it_with_a_sentence() -> None:
    command = [sys.executable, "-c", RUN, "listen", "--port", "0", "--log", "/dev/full"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().partition(";")[0].rpartition(":")[2])
        spew("the last word", port=port)
        said, told = process.communicate(timeout=30)
    assert (process.returncode, said) == (1, "the last word\n")
    assert "No space left on device" in told
    assert "/dev/full can't be written" in told
    assert "Traceback" not in told


def test_a_reader_that_goes_away_ends_it() -> None:
    command = [sys.executable, "-c", RUN, "listen", "--port", "0", "--json"]
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as lines:
        process = subprocess.Popen(command, stdout=writer, stderr=subprocess.DEVNULL)
        os.close(writer)
        lines.readline()
    try:
        assert process.wait(10) != 0
    finally:
        process.kill()
        process.wait()


def test_socat_is_heard() -> None:
    require_tool("socat")
    with listening("--json") as (process, first):
        port = from_json(first).detail["port"]
        subprocess.run(["socat", "-", f"UDP4-SENDTO:127.0.0.1:{port}"], input=b"from socat", check=True, timeout=20)
        (line,) = lines_of(process, "datagram", 1)
        assert base64.b64decode(line["data"]) == b"from socat"
