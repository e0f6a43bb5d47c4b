"""The list of shortcuts comes from the registry."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from widgets.actions import Actions
from widgets.palette_delegate import key_names
from widgets.shortcuts import ShortcutsDialog


@pytest.fixture
def actions(qtbot: QtBot) -> Actions:
    registry = Actions()
    registry.add("open", "Search everything", lambda: None, "search", "Ctrl+K", "Lab")
    registry.add("send", "Send", lambda: None, "send", "Ctrl+Return", "Sockets")
    registry.add("larger", "Larger text", lambda: None, None, "Ctrl++", "View")
    registry.add("mute", "Without keys", lambda: None, group="Lab")
    return registry


def test_only_actions_with_keys_are_listed_by_group(actions: Actions, qtbot: QtBot) -> None:
    dialog = ShortcutsDialog(actions)
    qtbot.addWidget(dialog)
    assert dialog.listed() == ["open", "send", "larger"]
    model = dialog.list.model()
    words = [str(model.index(row, 0).data()) for row in range(model.rowCount())]
    assert words.index("Lab") < words.index("Search everything") < words.index("Sockets")
    assert "Without keys" not in words


def test_searching_goes_by_name_group_and_keys(actions: Actions, qtbot: QtBot) -> None:
    dialog = ShortcutsDialog(actions)
    qtbot.addWidget(dialog)
    for query, wanted in (("sea", ["open"]), ("sockets", ["send"]), ("ctrl+k", ["open"]), ("tulip", [])):
        dialog.edit.setText(query)
        assert dialog.listed() == wanted


def test_return_closes_the_list_and_runs_what_is_chosen(actions: Actions, qtbot: QtBot) -> None:
    done: list[str] = []
    actions.add("note", "Note", lambda: done.append("note"), "search", "Ctrl+N", "Lab")
    dialog = ShortcutsDialog(actions)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.edit.setText("note")
    dialog.list.setCurrentIndex(dialog.list.model().index(1, 0))
    qtbot.keyClick(dialog.list, Qt.Key.Key_Return)
    assert done == ["note"]
    assert not dialog.isVisible()


def test_keys_are_shown_one_by_one(actions: Actions) -> None:
    assert key_names(actions.entry("open").keys) == ["Ctrl", "K"]
    assert key_names(actions.entry("larger").keys) == ["Ctrl", "+"]
