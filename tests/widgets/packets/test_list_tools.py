"""The list's tools: capture filters in the bar, the editor of colour rules, sequence numbers, keys in saved files."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt

from protocols.packets.files.capture import Capture
from tests.widgets.packets.conftest import Room
from widgets.packets.listing.colours import STANDARD


def test_the_bar_takes_bpf_and_says_what_is_wrong_with_it(room: Room) -> None:
    room.open()
    bar, page = room.page.bar, room.page
    count = page.model.rowCount()
    bar.sort.chosen.emit(1)
    assert bar.by_bpf
    assert "BPF" in bar.field.placeholderText()
    room.type_filter("udp prt 53")
    room.wait(bar.trouble.isVisible)
    assert "no capture filter" in bar.trouble.accessibleName()
    assert page.model.rowCount() == count
    room.type_filter("udp port 53")
    room.wait(lambda: room.numbers() == [3, 4])
    assert not bar.trouble.isVisible()
    assert not page.can_colour()
    bar.sort.chosen.emit(0)
    room.wait(lambda: page.model.rowCount() == count)
    bar.sort.chosen.emit(1)
    page.filter("udp.port == 53")
    assert not bar.by_bpf
    room.wait(lambda: room.numbers() == [3, 4])
    assert page.can_colour()


def test_colour_rules_are_edited_in_place_and_kept(room: Room) -> None:
    room.open()
    page, colours, editor = room.page, room.page.colours, room.page.colour_page
    page.show_tab("colours")
    assert editor.list.count() == len(STANDARD)
    room.click(editor.add_button)
    room.qtbot.keyClicks(editor.filter, "ip.ttl ==")
    assert colours.rules[0].filter != "ip.ttl =="
    assert "Until it is mended" in editor.filter.accessibleDescription()
    editor.filter.clear()
    room.qtbot.keyClicks(editor.filter, "udp.port == 53")
    editor.name.clear()
    room.qtbot.keyClicks(editor.name, "Questions")
    room.qtbot.mouseClick(editor.swatches[5], Qt.MouseButton.LeftButton)
    rule = colours.rule(2)
    assert rule is not None
    assert (rule.name, rule.filter, rule.series) == ("Questions", "udp.port == 53", 5)
    room.click(editor.down_button)
    assert colours.rules[1] == rule
    assert editor.list.currentRow() == 1
    item = editor.list.item(1)
    item.setCheckState(Qt.CheckState.Unchecked)
    assert colours.rule(2) != rule
    state = room.panel.save_state()
    room.click(editor.standard_button)
    assert tuple(colours.rules) == STANDARD
    assert not editor.standard_button.isEnabled()
    room.panel.restore_state(state)
    assert (colours.rules[1].name, colours.rules[1].on) == ("Questions", False)
    editor.list.setCurrentRow(1)
    room.click(editor.remove_button)
    assert tuple(colours.rules) == STANDARD
    editor.enabled.click()
    assert colours.rule(2) is None


def test_keys_go_into_a_saved_file_only_when_asked_for(room: Room, tmp_path: Path) -> None:
    room.open()
    (tmp_path / "keys.log").write_text("# no keys\n")
    room.page.saver.save(str(tmp_path / "one.pcapng"), str(tmp_path / "keys.log"))
    room.wait(room.page.trouble.isVisible)
    assert not (tmp_path / "one.pcapng").exists()
    room.page.saver.save(str(tmp_path / "two.pcapng"))
    room.wait((tmp_path / "two.pcapng").exists)
    with Capture(tmp_path / "two.pcapng").read_all() as capture:
        assert capture.walk is not None
        assert not capture.walk.secrets


def test_sequence_numbers_count_from_the_begin_unless_switched(room: Room) -> None:
    room.open()
    words, document = room.page.model.words, room.page.document

    def info() -> str:
        syn = next(place for place in range(document.shown()) if "[SYN]" in words.cell(place, "info"))
        return words.cell(syn, "info")

    assert "Seq=0 " in info()
    switch = room.desk.actions.get("packets.absolute")
    switch.trigger()
    assert "Seq=0 " not in info()
    state = room.panel.save_state()
    switch.trigger()
    assert "Seq=0 " in info()
    room.choose(8)
    room.page.packet.tree_view.choose_key("TCP.seq")
    meaning = room.page.packet.meaning
    room.wait(lambda: "From the begin of its connection it is 1." in meaning.accessibleName())
    room.panel.restore_state(state)
    assert switch.isChecked()
    assert "Seq=0 " not in info()
