from __future__ import annotations

from typing import Any

import pytest

from protocols.numbers import grouped
from protocols.service.base import Facts
from widgets.statusbar import Counts, StatusBar, level_words, running_words, size_words


def facts(name: str, kind: str = "server", *, exposed: bool = False) -> Facts:
    return Facts(name, kind, "running", where="127.0.0.1:7", exposed=exposed)


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        (["server"], "1 server"),
        (["server", "client", "client", "client"], "1 server, 3 clients"),
        (["client", "bucket", "bucket"], "1 client, 2 services"),
        (["server", "telnet server", "telnet client"], "2 servers, 1 client"),
    ],
)
def test_what_runs_is_counted_by_kind(kinds: list[str], words: str) -> None:
    assert running_words([facts("x", kind) for kind in kinds]) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (41_500, "41 KB"), (1_181_116_006, "1.1 GB"), (5 << 20, "5.0 MB")],
)
def test_sizes_as_people_read_them(size: int, words: str) -> None:
    assert size_words(size) == words


def test_numbers_are_grouped_with_thin_spaces() -> None:
    assert grouped(4812903) == "4\u202f812\u202f903"


def test_loss_is_told_zero_too(qtbot: Any) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    assert bar.dropped.text() == "0 dropped"
    assert bar.dropped.property("status") == "true"
    bar.show_counts(Counts(dropped=412, events=1))
    assert bar.dropped.text() == "412 dropped"
    assert bar.dropped.property("status") == "warning"
    assert bar.events.text() == "1 event"


def test_what_others_can_reach_is_a_warning_with_its_names(qtbot: Any) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.show_running([facts("echo:7"), facts("open:8", exposed=True)])
    assert bar.exposure.property("status") == "warning"
    assert "open:8" in bar.exposure.toolTip()
    assert "echo:7" not in bar.exposure.toolTip()
    bar.show_running([facts("echo:7")])
    assert bar.exposure.property("status") == "true"


def test_a_session_that_is_not_written_says_so(qtbot: Any) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.show_counts(Counts(session_bytes=2048, problem="The disk is full."))
    assert bar.session.text() == "not recorded"
    assert bar.session.toolTip() == "The disk is full."


def test_every_item_opens_its_detail(qtbot: Any) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    for item, signal in (
        (bar.running, bar.running_requested),
        (bar.level, bar.level_requested),
        (bar.exposure, bar.exposure_requested),
        (bar.dropped, bar.events_requested),
        (bar.events, bar.events_requested),
        (bar.session, bar.session_requested),
    ):
        with qtbot.waitSignal(signal):
            item.click()


def test_the_level_is_that_of_what_runs() -> None:
    """Whoever captures is told so: the window says what the lab sees of others."""

    def level(*kinds: str) -> str:
        return level_words(Facts(kind, kind, "running") for kind in kinds)[0].partition(":")[0]

    assert [level(), level("echo server", "capture"), level("capture", "network")] == ["L0", "L2", "L1"]
