"""The list of shortcuts comes from the registry."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from widgets.actions import Actions
from widgets.shortcuts import ShortcutsDialog, key_names


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
    words = [label.text() for label in dialog.area.widget().findChildren(QLabel)]
    assert words.index("Lab") < words.index("Search everything") < words.index("Sockets")
    assert "Without keys" not in words


def test_searching_goes_by_name_group_and_keys(actions: Actions, qtbot: QtBot) -> None:
    dialog = ShortcutsDialog(actions)
    qtbot.addWidget(dialog)
    for query, wanted in (("sea", ["open"]), ("sockets", ["send"]), ("ctrl+k", ["open"]), ("tulip", [])):
        dialog.edit.setText(query)
        assert dialog.listed() == wanted


def test_keys_are_shown_one_by_one(actions: Actions) -> None:
    assert key_names(actions.entry("open")) == ["Ctrl", "K"]
    assert key_names(actions.entry("larger")) == ["Ctrl", "+"]
