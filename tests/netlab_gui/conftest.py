"""A whole application for the tests of the window, with a home of its own, ended by its own shutdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

START_MS = 10_000
END_MS = 10_000


@pytest.fixture
def launch(qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """launch(size=(1440, 900), ready=True) gives a started Application; several in a row share one home."""
    from netlab_gui.app import Application
    from widgets.theme.theme import theme

    monkeypatch.setenv("NETLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("netlab_gui.ahead.BEGIN_MS", 3_600_000)  # panels that a test does not open cost it nothing
    begun: list[Application] = []

    def start(
        size: tuple[int, int] | None = (1440, 900), *, session_file: str | None = None, ready: bool = True
    ) -> Application:
        application = Application.make()
        application._session_file = session_file
        if size is not None:
            application.window.resize(*size)
        begun.append(application)
        application.window.show()
        if ready:
            qtbot.waitUntil(lambda: application.ready, timeout=START_MS)
        return application

    def stop(application: Application) -> None:
        if not application.shutdown.begun:
            application.window.closing.emit()
        qtbot.waitUntil(lambda: application.shutdown.finished, timeout=END_MS)
        application.dispose()
        begun.remove(application)

    start.stop = stop  # type: ignore[attr-defined]
    yield start
    for application in list(begun):
        stop(application)
    theme().set_dark(False)
    theme().set_scale(1.0)


@pytest.fixture
def application(launch: Callable[..., Any]) -> Any:
    """One started application."""
    return launch()
