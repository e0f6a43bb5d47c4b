"""Every step of the ladder does what its check says, in the lab's models and as a plain program."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.http.server.barker import STEPS, step_of
from protocols.http.server.kinds import barker_server
from protocols.http.server.ladder_check import check_step
from tests.protocols.http.peers import DEADLINE_S
from tests.protocols.http.server.sites import running, say

MODELS = ("threads", "epoll", "asyncio", "iterative", "pool", "select", "fork", "selectors", "poll")


@contextlib.contextmanager
def alone(number: int) -> Iterator[int]:
    """A step as a program of its own."""
    command = [sys.executable, "-I", str(step_of(number).place), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline().rsplit(" ", 1)[1])
        finally:
            process.kill()


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.number)
def test_each_step_passes_its_check_in_the_lab_and_alone(step) -> None:
    with running(barker_server, step.number, model=MODELS[step.number - 1]) as site:
        found = check_step(step.number, "127.0.0.1", site.port, DEADLINE_S)
        assert len(found) > 1
        assert [one.text for one in found if not one.ok] == []
        printed = site.notes("printed")[0]
        assert "GET" in printed[9]
        assert site.notes("answered")[0][10]["method"] == "GET"
    with alone(step.number) as port:
        found = check_step(step.number, "127.0.0.1", port, DEADLINE_S)
        assert [one.text for one in found if not one.ok] == []


def test_a_check_fails_at_the_step_before() -> None:
    """Each step is needed: its check does not pass one step earlier."""
    for step in STEPS[1:]:
        with running(barker_server, step.number - 1) as site:
            assert not all(one.ok for one in check_step(step.number, "127.0.0.1", site.port, DEADLINE_S)), step.number


def test_every_step_says_what_is_new_and_shows_it() -> None:
    assert [step.number for step in STEPS] == list(range(1, 10))
    for step in STEPS:
        difference = step.difference()
        assert difference.startswith(f"--- step{step.number - 1}.py\n+++ step{step.number}.py\n")
        assert step.title
        assert step.news
        assert step.lesson
        added = [line for line in difference.splitlines() if line.startswith("+") and not line.startswith("+++")]
        assert 0 < len(added) < len(step.code.splitlines())
    with pytest.raises(ValueError, match="1 to 9"):
        step_of(10)


def test_a_program_that_fails_or_hangs_is_a_500(tmp_path: Path) -> None:
    (tmp_path / "fails.py").write_text("raise SystemExit(3)")
    (tmp_path / "hangs.py").write_text("import time\nprint('begun', flush=True)\ntime.sleep(600)")
    (tmp_path / "floods.py").write_text("while True: print('x' * 1000)")
    with running(barker_server, 9, str(tmp_path)) as site:
        assert b"status 3" in say(site, b"GET /fails.py HTTP/1.1\r\n\r\n")
        for name in (b"hangs", b"floods"):
            assert say(site, b"GET /%s.py HTTP/1.1\r\n\r\n" % name).startswith(b"HTTP/1.1 500 ")


def test_half_a_request_and_silence_end(tmp_path: Path) -> None:
    with running(barker_server, 3, time_out_s=0.2) as site:
        assert say(site, b"GET / HT", end=True).startswith(b"HTTP/1.1 400 ")
        assert say(site, b"") == b""
        assert b"HTTP/1.1 400 " in say(site, b"A" * 70_000)
    with pytest.raises(NotADirectoryError):
        barker_server(site.recorder, 4, str(tmp_path / "none"))
