"""The room's scripts talk to each other, to the lab's own module, and stop when they are told to."""

from __future__ import annotations

import ast
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.creosote.module import spew
from protocols.creosote.scripts import LISTENING, TITLES
from protocols.scripts import SCRIPTS, render

DEADLINE_S = 20


def command(source: str, folder: Path, name: str, *words: str) -> list[str]:
    script = folder / f"{name}.py"
    script.write_text(source, encoding="utf-8")
    return [sys.executable, "-I", "-W", "error", "-W", "ignore::ResourceWarning", str(script), *words]


@contextlib.contextmanager
def started(name: str, folder: Path, **params: Any) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    source = render(name, {"port": 0, **params})
    with subprocess.Popen(
        command(source, folder, name), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on "), process.communicate(timeout=DEADLINE_S)
            yield ast.literal_eval(line.removeprefix("listening on "))[1], process
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=DEADLINE_S)
            assert (process.returncode, err) == (0, ""), out
            assert "stopped" in out
        finally:
            process.kill()


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def run(name: str, folder: Path, *words: str, **params: Any) -> str:
    done = subprocess.run(command(render(name, params), folder, f"run-{name}", *words), capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_room_lists_every_script_of_its_own() -> None:
    assert {name for name in SCRIPTS if name.startswith("creosote-")} == set(TITLES)
    assert set(TITLES) >= LISTENING


def test_a_bucket_prints_and_logs_what_the_spew_script_sends(tmp_path: Path) -> None:
    log = tmp_path / "bucket.log"
    with started("creosote-bucket", tmp_path, log_file=str(log)) as (port, process):
        assert "sent 9 bytes" in run("creosote-spew", tmp_path, port=port)
        assert read_line(process) == "here I am"
        assert "bytes" in run("creosote-spew", tmp_path, port=port, message="x" * 3000)
        assert [len(read_line(process)) for _ in range(3)] == [1024, 1024, 952]
        run("creosote-spew", tmp_path, port=port, message="y" * 3000, chunk=False)
        assert len(read_line(process)) == 3000
        spew(bytes(range(256)), port=port)
        assert read_line(process) == repr(bytes(range(256)))[2:-1]
    assert len(log.read_text("ascii").splitlines()) == 6


def test_a_file_goes_out_line_by_line_numbered_and_again(tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("one\n\ntwo\n", encoding="utf-8")
    with started("creosote-bucket", tmp_path, host="::1", share=True, strict=True) as (port, process):
        there = {"host": "::1", "port": port}
        said = run("creosote-spew", tmp_path, file=str(lines), repeat=True, count=2, per_s=0, numbered=True, **there)
        assert "sent 4 messages" in said
        assert [read_line(process) for _ in range(4)] == ["#0 one", "#1 two", "#2 one", "#3 two"]
        run("creosote-spew", tmp_path, message="y" * 3000, chunk=False, numbered=True, **there)
        assert len(read_line(process)) == 1024
        run("creosote-handler", tmp_path, message="by IPv6", **there)
        assert read_line(process) == "WARNING demo: by IPv6"


def test_the_redirector_forwards_unchanged(tmp_path: Path) -> None:
    with (
        started("creosote-bucket", tmp_path) as (far, bucket),
        started("creosote-redirector", tmp_path, to_port=far) as (near, _),
    ):
        spew(bytes(range(256)), port=near)
        assert read_line(bucket) == repr(bytes(range(256)))[2:-1]


@pytest.mark.skipif(sys.platform != "linux", reason="groups on the interface called lo")
def test_a_bucket_and_a_redirector_join_their_groups(tmp_path: Path) -> None:
    with (
        started("creosote-bucket", tmp_path, groups=["239.255.43.21", "ff15::4321"]) as (far, bucket),
        started("creosote-redirector", tmp_path, to_port=far, groups=["239.255.43.21"]) as (near, _),
    ):
        for port in (far, near):
            run("multicast-send", tmp_path, group="239.255.43.21", port=port, message=b"to the group")
            assert read_line(bucket) == "to the group"
        spew("to it alone", port=far)
        assert read_line(bucket) == "to it alone"


def test_the_handler_spews_records_and_tracebacks_as_text(tmp_path: Path) -> None:
    with started("creosote-bucket", tmp_path) as (port, process):
        assert "sent 2 records" in run("creosote-handler", tmp_path, port=port, message="watch out")
        assert read_line(process) == "WARNING demo: watch out"
        assert "ERROR demo: it happened\\nTraceback" in read_line(process)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's loopback broadcast")
def test_the_broadcast_script_reaches_a_bucket_on_all_addresses(tmp_path: Path) -> None:
    with started("creosote-bucket", tmp_path, host="") as (port, process):
        run("creosote-broadcast", tmp_path, port=port, message="to all")
        assert read_line(process) == "to all"


def test_the_twin_listens_without_arguments_and_sends_with_some(tmp_path: Path) -> None:
    with started("creosote-cli", tmp_path) as (port, process):
        run("creosote-cli", tmp_path, "one", "two", port=port)
        assert read_line(process) == "one two"


def test_nobody_listens_and_nobody_cares(tmp_path: Path) -> None:
    for name in sorted(set(TITLES) - LISTENING):
        assert run(name, tmp_path, port=9).startswith("sent")
    assert os.listdir(tmp_path)
