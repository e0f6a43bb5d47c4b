"""The failure zoo: every button gives its error, as root and as nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from protocols.record.recorder import Recorder
from protocols.sockets.failures import FAILURES, Failure, failure, lowest_free_port, run
from tests.protocols.sockets.ends import DEADLINE_S, Log

AS_NOBODY = """
import json, os
from protocols.record.recorder import Recorder
from protocols.sockets.failures import FAILURES, failure, run
run(failure("no-name"), Recorder())  # what is imported late is imported now: nobody may not read everywhere
run(failure("refused"), Recorder())
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
print(json.dumps({entry.id: [(out := run(entry, Recorder())).errno, out.ok, out.why] for entry in FAILURES}))
"""


@pytest.mark.parametrize("entry", FAILURES, ids=lambda entry: entry.id)
def test_every_failure_gives_its_error_and_its_reason(entry: Failure) -> None:
    recorder = Recorder()
    log = Log(recorder)
    outcome = run(entry, recorder)
    if entry.id == "access" and not outcome.errno:
        assert os.geteuid() == 0 or lowest_free_port() <= 1
        assert "root" in outcome.why or "everybody" in outcome.why
        return
    assert outcome.ok, f"{entry.id}: {outcome.errno} {outcome.why}"
    assert outcome.errno in entry.expected
    assert outcome.why.endswith((".", ")"))
    assert outcome.took_s < DEADLINE_S
    explained = log.wait_kind("explained")[0]
    assert explained.errno == outcome.errno
    assert [event for event in log.all() if event.layer == "call"]


def test_there_are_at_least_twelve() -> None:
    assert len(FAILURES) >= 12
    assert len({entry.id for entry in FAILURES}) == len(FAILURES)


def test_the_seventh_client_of_a_backlog_of_five_times_out() -> None:
    """On Linux it is not refused."""
    recorder = Recorder()
    log = Log(recorder)
    assert run(failure("backlog"), recorder).errno == "ETIMEDOUT"
    connects = log.calls("connect")
    assert [event.errno for event in connects] == [None] * 6 + ["ETIMEDOUT"]


def test_every_failure_comes_without_privilege_too() -> None:
    """A child that is not root (uid 65534 when the tests are), and may not bind the low ports either."""
    child = subprocess.run(
        [sys.executable, "-c", AS_NOBODY], capture_output=True, text=True, timeout=60, check=True,
        env={**os.environ, "TMPDIR": "/tmp"},
    )  # fmt: skip
    told = json.loads(child.stdout)
    assert set(told) == {entry.id for entry in FAILURES}
    bad = {name: outcome for name, outcome in told.items() if not outcome[1]}
    if lowest_free_port() <= 1:
        bad.pop("access")
    assert not bad
