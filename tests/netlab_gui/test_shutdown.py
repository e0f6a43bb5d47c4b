from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from netlab_gui import places, shutdown
from protocols.concurrency.contract import Listen
from protocols.concurrency.server import make_server
from protocols.record.recorder import Recorder
from protocols.service.base import Service
from protocols.sockets.behaviours import spec


class Stubborn(Service):
    """A service that ends only when the test lets it."""

    def __init__(self, recorder: Recorder, gate: threading.Event) -> None:
        super().__init__(recorder, "stubborn:1", "server")
        self._gate = gate

    def _open(self) -> None:
        pass

    def _main(self) -> None:
        self._gate.wait(60)


def steps_in_journal() -> list[str]:
    """The numbers of the steps that the journal tells, in order."""
    lines = places.journal_file().read_text().splitlines()
    return [line.split(": ", 1)[1][0] for line in lines if "shutdown " in line and ": " in line]


def test_the_seven_steps_are_taken_in_order_and_nothing_is_left(qtbot: Any, launch: Callable[..., Any]) -> None:
    application = launch()
    lab = application.lab
    for number in range(5):
        lab.start(make_server(lab.recorder, spec("echo"), Listen("tcp"), name=f"echo {number}"))
    launch.stop(application)
    assert steps_in_journal() == list("1234567")
    assert application.shutdown.stuck == ()
    assert lab.running.all() == []
    assert lab.store is None
    assert places.settings_file().exists()


def test_a_window_closed_while_it_is_furnished_ends_what_it_has_begun_with(
    qtbot: Any, launch: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    application = launch(ready=False)

    def close_in_the_first_step() -> Iterator[None]:
        application.window.closing.emit()
        yield

    monkeypatch.setattr("netlab_gui.app.meet_classes", close_in_the_first_step)
    qtbot.waitUntil(lambda: application.furnished and application.shutdown.finished, timeout=20_000)
    assert application.window.stack._panels == {}
    assert application.window.isHidden()


def test_a_service_that_does_not_end_is_named_and_does_not_hold_the_window(
    qtbot: Any, launch: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutdown, "STOP_DEADLINE_S", 0.2)
    gate = threading.Event()
    application = launch()
    service = Stubborn(application.lab.recorder, gate)
    application.lab.start(service)
    launch.stop(application)
    assert application.shutdown.stuck == ("stubborn:1",)
    assert "stubborn:1" in places.journal_file().read_text()
    gate.set()
    assert service.join(20)


def test_a_step_that_fails_is_written_down_and_the_next_is_taken(
    qtbot: Any, launch: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    application = launch()

    def broken() -> None:
        raise OSError("disk gone")

    monkeypatch.setattr(application.workplace.docks, "save_contents", broken)
    launch.stop(application)
    assert steps_in_journal()[-1] == "7"
    assert "disk gone" in places.journal_file().read_text()


def test_closing_asks_first_where_the_user_wants_that(qtbot: Any, launch: Callable[..., Any]) -> None:
    application = launch()
    lab, window = application.lab, application.window
    application.settings.confirm_quit = True
    lab.start(make_server(lab.recorder, spec("echo"), Listen("tcp"), name="echo"))
    window.close()
    banner = window.strips.banner("quit")
    assert banner is not None
    assert not application.shutdown.begun
    banner.action_button.click()
    assert application.shutdown.begun
    qtbot.waitUntil(lambda: application.shutdown.finished, timeout=10000)
