"""What the palette lists, and in which order."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from widgets.actions import Actions
from widgets.palette_model import Found, PaletteModel


@pytest.fixture
def actions(qtbot: QtBot) -> Actions:
    registry = Actions()
    for number, (text, group, fits) in enumerate(
        (
            ("Start echo server", "Sockets", False),
            ("Start upper-case server on 2345", "Sockets", True),
            ("Stop", "Sockets", False),
            ("Start a bucket", "Creosote", False),
            ("Start capture", "Packets", False),
        )
    ):
        registry.add(f"a{number}", text, lambda: None, group=group, fits=lambda fits=fits: fits)
    return registry


def rows(model: PaletteModel) -> list[str]:
    """Texts, captions in brackets."""
    count = model.rowCount()
    texts = [model.data(model.index(row, 0)) for row in range(count)]
    return [text if model.found(row) else f"[{text}]" for row, text in enumerate(texts)]


def test_the_model_behaves(actions: Actions, qtmodeltester: ModelTester) -> None:
    model = PaletteModel(actions, lambda: "Sockets")
    qtmodeltester.check(model)
    model.search("start")
    qtmodeltester.check(model)
    model.search("no such thing")
    qtmodeltester.check(model)
    assert model.rowCount() == 0


def test_what_fits_comes_first_then_the_panel_at_the_front_then_the_rest(actions: Actions) -> None:
    model = PaletteModel(actions, lambda: "Sockets")
    model.search("start")
    assert rows(model) == [
        "[Fits what you see]",
        "Start upper-case server on 2345",
        "[Sockets]",
        "Start echo server",
        "[Elsewhere]",
        "Start a bucket",
        "Start capture",
    ]
    assert (model.matched, model.total) == (4, 5)


def test_nothing_typed_lists_everything_under_its_group(actions: Actions) -> None:
    model = PaletteModel(actions, lambda: "Sockets")
    model.search("")
    assert [row for row in rows(model) if row.startswith("[")] == [
        "[Fits what you see]",
        "[Sockets]",
        "[Creosote]",
        "[Packets]",
    ]
    assert model.matched == model.total == 5


def test_hidden_actions_are_not_listed_and_disabled_ones_never_fit(actions: Actions) -> None:
    actions.get("a0").setVisible(False)
    actions.get("a1").setEnabled(False)
    model = PaletteModel(actions, lambda: "Sockets")
    model.search("start")
    assert "Start echo server" not in rows(model)
    assert rows(model)[:2] == ["[Sockets]", "Start upper-case server on 2345"]
    found = model.found(1)
    assert found is not None
    assert not found.enabled


def test_captions_cannot_be_chosen_and_are_stepped_over(actions: Actions) -> None:
    model = PaletteModel(actions, lambda: "Sockets")
    model.search("start")
    assert model.flags(model.index(0, 0)) == Qt.ItemFlag.NoItemFlags
    assert model.first() == 1
    assert model.step(1, 1) == 3
    assert model.step(3, -1) == 1
    assert model.step(1, -1) == 1, "the first stays the first"
    assert model.step(1, 50) == 6


def test_other_things_are_found_too_but_only_when_asked_for(actions: Actions) -> None:
    model = PaletteModel(actions, lambda: "Sockets")
    model.add_source("Services", lambda query: [Found(f"echo:2345 for {query}", lambda: None)])
    model.search("")
    assert "[Services]" not in rows(model)
    model.search("xyz")
    assert rows(model) == ["[Services]", "echo:2345 for xyz"]


def test_a_screen_reader_hears_the_whole_row(actions: Actions) -> None:
    actions.add("long", "Zoom", lambda: None, shortcut="Ctrl+Z", tip="the view", group="View")
    model = PaletteModel(actions)
    model.search("zoom")
    assert model.data(model.index(1, 0), Qt.ItemDataRole.AccessibleTextRole) == "Zoom, the view, Ctrl+Z"
