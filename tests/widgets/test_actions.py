"""Every action stands once in the registry."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from widgets.actions import Actions


def test_an_action_has_icon_verb_shortcut_and_a_tip(qtbot: QtBot) -> None:
    actions = Actions()
    action = actions.add("a.send", "&Send", lambda: None, "send", "Ctrl+Return", "Sockets", "the text below", "send")
    assert not action.icon().isNull()
    assert action.text() == "&Send"
    assert "Send (Ctrl+Return)" in action.toolTip()
    assert "the text below" in action.toolTip()
    entry = actions.entry("a.send")
    assert (entry.text, entry.keys, entry.group, entry.python) == ("Send", "Ctrl+Return", "Sockets", "send")
    assert not entry.fits()
    assert actions.get("a.send") is action
    assert "a.send" in actions
    assert len(actions) == 1


def test_an_id_and_a_shortcut_belong_to_one_action_only(qtbot: QtBot) -> None:
    actions = Actions()
    actions.add("one", "One", lambda: None, shortcut="Ctrl+1")
    with pytest.raises(ValueError, match="already an action 'one'"):
        actions.add("one", "Other", lambda: None)
    with pytest.raises(ValueError, match="already belongs to 'one'"):
        actions.add("two", "Two", lambda: None, shortcut="Ctrl+1")
    assert len(actions) == 1


def test_handlers_are_called_with_nothing_or_with_the_new_state(qtbot: QtBot) -> None:
    actions, calls = Actions(), list[object]()
    actions.add("plain", "Plain", lambda: calls.append("plain")).trigger()
    toggled = actions.add("check", "Check", calls.append, checkable=True)
    toggled.trigger()
    toggled.trigger()
    assert calls == ["plain", True, False]


def test_shortcuts_work_in_the_window_also_for_actions_added_later(qtbot: QtBot) -> None:
    actions, calls = Actions(), list[str]()
    actions.add("early", "Early", lambda: calls.append("early"), shortcut="Ctrl+E")
    window = QWidget()
    qtbot.addWidget(window)
    actions.attach(window)
    actions.add("late", "Late", lambda: calls.append("late"), shortcut="Ctrl+L")
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    QTest.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert calls == ["early", "late"]


def test_a_removed_action_is_gone_and_its_shortcut_free(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    actions = Actions(window)
    actions.add("one", "One", lambda: None, shortcut="Ctrl+1")
    with qtbot.waitSignal(actions.changed):
        actions.remove("one")
    actions.remove("one")
    assert not window.actions()
    assert "one" not in actions
    actions.add("two", "Two", lambda: None, shortcut="Ctrl+1")


def test_groups_keep_the_order_of_their_first_action(qtbot: QtBot) -> None:
    actions = Actions()
    for number, group in enumerate(("Sockets", "Lab", "Sockets")):
        actions.add(f"a{number}", f"A{number}", lambda: None, group=group)
    assert {group: [each.id for each in entries] for group, entries in actions.groups().items()} == {
        "Sockets": ["a0", "a2"],
        "Lab": ["a1"],
    }
