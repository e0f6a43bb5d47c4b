"""The Python drawer: shows the script of an action, in the chosen style, and hands it on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from protocols.lab import Lab
from protocols.scripts import SCRIPTS, render
from widgets.bridge import Bridge
from widgets.python_drawer.drawer import PythonDrawer
from widgets.python_drawer.highlighter import look_of, tokens_of
from widgets.theme.theme import theme


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def drawer(qtbot: QtBot, said: list[str]) -> Iterator[PythonDrawer]:
    lab = Lab()
    bridge = Bridge(lab)
    made = PythonDrawer(SimpleNamespace(bridge=bridge, toast=said.append))  # type: ignore[arg-type]
    window = QMainWindow()  # a dock alone would be a window that floats
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, made)
    window.resize(480, 700)
    qtbot.addWidget(window)
    window.show()
    yield made
    bridge.close()
    lab.close()
    theme().set_dark(False)


def shown(drawer: PythonDrawer) -> str:
    return drawer.page.code.toPlainText()


def test_before_the_first_script_it_says_what_to_do(drawer: PythonDrawer) -> None:
    assert not drawer.page.isVisible()
    assert drawer.source == ""
    assert any("Show as Python" in label.text() for label in drawer.findChildren(type(drawer.page.facts))
               if label.isVisible())  # fmt: skip


def test_it_shows_the_script_with_the_values_just_used(drawer: PythonDrawer) -> None:
    drawer.show_script("client", {"port": 4711, "messages": [b"one"]})
    assert shown(drawer) == drawer.source == render("client", {"port": 4711, "messages": [b"one"]})
    assert "PORT = 4711" in shown(drawer)
    assert drawer.page.title.text() == "TCP client"


@pytest.mark.parametrize(("action_id", "needed"), [("client", "nothing else"), ("sftp", "asyncssh"),
                                                   ("ftp-server", "pyftpdlib")])  # fmt: skip
def test_it_says_which_packages_the_script_needs(drawer: PythonDrawer, action_id: str, needed: str) -> None:
    drawer.show_script(action_id)
    assert drawer.page.needs.text().endswith(needed)


def test_the_choices_change_the_script_at_once_and_are_kept(drawer: PythonDrawer, qtbot: QtBot) -> None:
    drawer.show_script("server", {"model": "selectors"})
    drawer.page.imports.button(1).click()
    drawer.page.errors.button(1).click()
    assert shown(drawer) == render("server", {"model": "selectors"}, imports="names", handle_errors=False)
    kept = drawer.save_state()
    drawer.page.imports.set_current(0)
    drawer.restore_state({**kept, "unknown": 1, "errors": 99})
    drawer.show_script("server", {"model": "selectors"})
    assert "from socket import" in shown(drawer)


def test_copy_puts_the_whole_script_on_the_clipboard(drawer: PythonDrawer, said: list[str]) -> None:
    drawer.show_script("udp-client")
    drawer.page.copy_button.click()
    assert QGuiApplication.clipboard().text() == render("udp-client")
    assert said == ["The script is on the clipboard"]


def test_save_writes_the_script(drawer: PythonDrawer, said: list[str], qtbot: QtBot, tmp_path: Path) -> None:
    drawer.show_script("udp-client")
    drawer.save(tmp_path / "mine.py")
    qtbot.waitUntil(lambda: bool(said), timeout=5000)
    assert said == ["Saved as mine.py"]
    assert (tmp_path / "mine.py").read_text(encoding="utf-8") == render("udp-client")


def test_a_script_that_cannot_be_saved_is_told_in_the_drawer(
    drawer: PythonDrawer, said: list[str], qtbot: QtBot, tmp_path: Path
) -> None:
    drawer.show_script("udp-client")
    drawer.save(tmp_path / "no-such-folder" / "mine.py")
    qtbot.waitUntil(drawer.page.trouble.isVisible, timeout=5000)
    assert "No such file or directory" in drawer.page.trouble.text()
    assert said == []
    assert shown(drawer) == render("udp-client")


def test_an_action_without_a_script_is_said_in_words(drawer: PythonDrawer) -> None:
    drawer.show_script("no-such-action")
    assert drawer.page.trouble.isVisible()
    assert not drawer.page.copy_button.isEnabled()
    drawer.show_script("client")
    assert not drawer.page.trouble.isVisible()
    assert drawer.page.copy_button.isEnabled()


def test_the_menu_offers_every_script_that_stands_alone(drawer: PythonDrawer) -> None:
    menu = drawer.menu()
    entries = [action for group in menu.actions() for action in group.menu().actions()]
    assert len(entries) == sum("{" not in script.title for script in SCRIPTS.values())
    next(entry for entry in entries if entry.text() == SCRIPTS["timeout"].title).trigger()
    assert drawer.action_id == "timeout"
    menu.close()


@pytest.mark.parametrize("dark", [False, True])
def test_the_code_is_coloured_from_the_palette_in_force(
    drawer: PythonDrawer, qapp: QApplication, dark: bool
) -> None:
    drawer.show_script("client")
    theme().set_dark(dark)
    qapp.processEvents()
    block = drawer.page.code.document().findBlockByLineNumber(5)
    assert block.text() == "import socket"
    formats = block.layout().formats()
    assert [(found.start, found.length) for found in formats] == [(0, 6)]
    assert formats[0].format.foreground().color() == theme().tokens.role("sender6")


def test_line_numbers_make_room_for_their_digits(drawer: PythonDrawer) -> None:
    view = drawer.page.code
    view.set_source("x = 1\n" * 50)
    narrow = view.numbers_width()
    view.set_source("x = 1\n" * 5000)
    assert view.numbers_width() > narrow
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    assert not view.grab().isNull()


@pytest.mark.parametrize("source", ["", "\n\n", "x = '''a\nb'''\n", "s = '\N{GRINNING FACE}' + f'{1!r}'  # x", "def"])
def test_the_tokens_together_are_the_source(source: str) -> None:
    assert "".join(text for _, text in tokens_of(source)) == source


def test_a_character_beyond_the_basic_plane_shifts_no_colour(drawer: PythonDrawer) -> None:
    drawer.page.code.set_source('s = "\N{GRINNING FACE}" + 5\n')
    formats = drawer.page.code.document().firstBlock().layout().formats()
    assert formats[-1].start == len('s = "xx" + ')
    assert look_of("Name.Builtin.Pseudo") != look_of("Name.Builtin")
    assert look_of("Text.Whitespace") is None


def test_every_script_can_be_shown(drawer: PythonDrawer) -> None:
    texts = set()
    for action_id in SCRIPTS:
        drawer.show_script(action_id)
        ast.parse(shown(drawer), action_id)
        assert not drawer.page.trouble.isVisible(), action_id
        texts.add(shown(drawer))
    assert len(texts) == len(SCRIPTS)


