from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QFontMetrics
from PySide6.QtWidgets import QApplication

from protocols.packets.files.capture import Capture
from protocols.packets.scapy_child.asking import PacketChild
from protocols.scripts import SCRIPTS
from tests.protocols.packets import making
from tests.widgets.packets.conftest import Room
from widgets.packets import demo
from widgets.packets.listing.columns import COLUMNS
from widgets.packets.listing.painter import PacketPainter
from widgets.packets.listing.table import column_number
from widgets.panel import Check, Click, Picture, Type, Wait
from widgets.theme.theme import theme

COUNT = 25


def test_an_empty_panel_leads_to_the_capture_of_what_the_lab_does(room: Room) -> None:
    room.click(room.page.capture_button)
    assert room.panel.live.capture.isVisible()


def test_in_a_narrow_window_the_list_with_its_origin_column_needs_no_scrolling_sideways(room: Room) -> None:
    room.click(room.page.sample_button)
    room.wait(lambda: room.page.model.rowCount() == COUNT)
    table = room.page.table
    room.panel.resize(832, 650)
    table.show_origin(True)
    room.wait(lambda: table.horizontalScrollBar().maximum() == 0)
    room.panel.resize(1400, 650)
    room.wait(lambda: table.columnWidth(column_number("source")) == table.painter_of_rows.width_of(COLUMNS[3]))


def test_an_empty_panel_says_what_would_be_here_and_opens_a_sample(room: Room) -> None:
    assert room.page.empty.isVisible()
    room.click(room.page.sample_button)
    room.wait(lambda: room.page.model.rowCount() == COUNT)
    assert not room.page.empty.isVisible()
    assert "25 packets, 0 blocks skipped" in room.page.file_facts.text()
    assert room.page.origin.text() == "captured"


def test_a_file_that_is_dropped_is_opened(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "dropped.pcap"
    path.write_bytes(making.pcap(making.mixed(50)))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
                       Qt.KeyboardModifier.NoModifier)  # fmt: skip
    room.page.dropEvent(event)
    room.wait(lambda: room.page.model.rowCount() == 50)
    assert room.page.file_name.text() == "dropped.pcap"


def test_what_can_not_be_opened_is_told_in_place(room: Room, tmp_path: Path) -> None:
    room.page.open(str(tmp_path / "none.pcap"))
    room.wait(room.page.trouble.isVisible)
    assert "No such file" in room.page.trouble.text()
    (tmp_path / "text").write_text("no capture at all, this is")
    room.page.open(str(tmp_path / "text"))
    room.wait(lambda: "neither pcap nor pcapng" in room.page.trouble.text())
    assert room.page.empty.isVisible()


def test_a_damaged_file_is_shown_as_far_as_it_is_good(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(making.pcap(making.mixed(20))[:-3])
    room.open(path)
    assert room.page.model.rowCount() == 19
    assert "cut off" in room.page.damage.text()


def test_a_filter_shows_what_it_takes_and_its_error_where_it_is(room: Room) -> None:
    room.open()
    room.type_filter("arp or icmp")
    room.wait(lambda: room.numbers() == [1, 2, 19, 20, 21])
    assert "5 of 25" in room.page.bar.counts.text()
    room.type_filter("tcp.prt == 5")
    assert "Did you mean tcp.port?" in room.page.bar.trouble.text()
    assert room.page.bar.field.selectedText() == "tcp.prt"
    assert room.numbers() == [1, 2, 19, 20, 21]
    room.type_filter("udp.port == 1")
    room.wait(room.page.no_match.isVisible)
    room.click(room.page.no_match.button)
    room.wait(lambda: len(room.numbers()) == COUNT)
    assert not room.page.bar.trouble.isVisible()


def test_a_field_s_name_is_completed_by_tab(room: Room) -> None:
    room.open()
    field = room.page.bar.field
    room.qtbot.keyClicks(field, "arp or tcp.flags.sy")
    assert room.page.bar.offers.text().startswith("Tab: tcp.flags.syn")
    room.qtbot.keyClick(field, Qt.Key.Key_Tab)
    assert field.text() == "arp or tcp.flags.syn"
    room.qtbot.keyClick(field, Qt.Key.Key_Return)
    room.wait(lambda: room.numbers() == [1, 2, 5, 6, 23])
    room.qtbot.keyClick(field, Qt.Key.Key_Escape)
    room.wait(lambda: len(room.numbers()) == COUNT)


def test_the_experts_are_asked_by_filter_and_in_the_table(room: Room) -> None:
    room.open()
    room.type_filter("tcp.analysis.retransmission or tcp.analysis.zero_window")
    room.wait(lambda: room.numbers() == [12, 13])
    room.type_filter("")
    room.wait(lambda: len(room.numbers()) == COUNT)
    page = room.page.statistics.experts
    assert [row[0] for row in page.rows.rows()] == ["Retransmission", "Zero window", "Reset"]
    page.picked.emit(1)
    assert room.page.table.current() == 12


def test_a_field_is_marked_in_the_bytes_and_a_byte_chooses_its_field(room: Room) -> None:
    room.open()
    room.choose(8)
    packet = room.page.packet
    assert packet.tree_view.choose_key("TCP.flags")
    assert packet.hex.selection() == (46, 48)
    assert "RFC 9293" in packet.meaning.accessibleName()
    packet.hex.select(22, 23)
    item = packet.tree_view.tree.item(packet.tree_view.currentIndex())
    assert item is not None
    assert item.key == "IP.ttl"
    assert "Every router takes one off" in packet.meaning.accessibleName()
    packet.picture.picked.emit(1)
    assert packet.hex.selection() == (14, 34)
    for root in packet.tree_view.tree.roots:  # every field with bytes of its own leads to them, and back
        for child in root.children:
            packet.tree_view.setCurrentIndex(packet.tree_view.tree.index_of(child))
            if child.stop > child.start:
                assert packet.hex.selection() == (child.start, child.stop)


def test_the_chosen_field_stays_chosen_from_packet_to_packet(room: Room) -> None:
    room.open()
    room.choose(8)
    room.page.packet.tree_view.choose_key("TCP.window")
    room.choose(9)
    item = room.page.packet.tree_view.tree.item(room.page.packet.tree_view.currentIndex())
    assert item is not None
    assert item.key == "TCP.window"


def test_a_stream_is_followed_in_both_colours_and_saved(room: Room, tmp_path: Path) -> None:
    room.open()
    room.choose(8)
    room.desk.actions.get("packets.follow").trigger()
    room.wait(lambda: room.page.stream.follow is not None)
    text = room.page.stream.text.toPlainText()
    assert "GET /index.html" in text
    assert text.count("Hello from the lab") == 9
    assert "10.9.0.3 port 8000: 632 B" in room.page.stream.legend_server.text()
    room.page.stream.sides.set_current(1)
    room.page.stream.sides.chosen.emit(1)
    assert "Hello from the lab" not in room.page.stream.text.toPlainText()
    room.page.stream.forms.set_current(1)
    room.page.stream.forms.chosen.emit(1)
    assert "47 45 54" in room.page.stream.text.toPlainText()
    room.page.stream.save_as(tmp_path / "stream.bin")
    room.wait(lambda: room.toasts)
    assert (tmp_path / "stream.bin").read_bytes().startswith(b"GET /index.html")
    room.page.stream.only_button.click()
    room.wait(lambda: len(room.numbers()) == 13)


def test_a_stream_that_does_not_exist_is_told(room: Room) -> None:
    room.open()
    room.choose(1)
    room.page.follow_stream()
    room.wait(lambda: room.toasts)
    assert "no conversation" in room.toasts[0]


def test_a_capture_without_packets_says_so(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "empty.pcap"
    path.write_bytes(making.pcap([]))
    room.page.open(path)
    room.wait(lambda: room.page.document.capture is not None and not room.page.document.reading)
    table = room.page.table
    assert "no packet" in table.no_rows()
    picture = table.viewport().grab().toImage()
    assert len({picture.pixel(x, picture.height() // 2) for x in range(picture.width())}) > 1, "it is painted"
    room.page.open(path, growing=True)
    room.wait(lambda: room.page.document.capture is not None and "yet" in table.no_rows())


def test_statistics_lead_to_their_packets(room: Room) -> None:
    room.open()
    statistics = room.page.statistics
    assert statistics.conversations.rows.row(0)[:4] == ("1", "TCP", "10.9.0.2 40112", "10.9.0.3 8000")
    statistics.conversations.picked.emit(0)
    room.wait(lambda: len(room.numbers()) == 13)
    statistics.endpoints.picked.emit(0)
    room.wait(lambda: len(room.numbers()) == 22)
    statistics.protocols.picked.emit([row[0] for row in statistics.protocols.rows.rows()].index("DNS"))
    room.wait(lambda: room.numbers() == [3, 4])
    room.page.show_tab("graph")
    assert sum(statistics.graph.view.values()) == COUNT


@pytest.mark.parametrize(("width", "hidden"), [(720, 4), (832, 4), (992, 0), (1400, 0)])
def test_both_ends_of_a_conversation_have_room_in_every_window(width: int, hidden: int, room: Room) -> None:
    table = room.page.statistics.conversations.table
    table.setParent(None)
    table.resize(width, 200)
    table.show()
    room.wait(lambda: table.viewport().width() > 0)
    ends = [table.columnWidth(column) for column in (2, 3)]
    least = theme().mono_font(9.5)
    assert min(ends) > QFontMetrics(least).horizontalAdvance("127.0.0.1 59286"), ends
    assert sum(table.isColumnHidden(column) for column in range(table.model().columnCount())) == hidden
    assert table.horizontalScrollBar().maximum() == 0
    table.deleteLater()


def test_columns_sort_and_the_chosen_packet_stays_chosen(room: Room) -> None:
    room.open()
    room.choose(8)
    head = room.page.table.horizontalHeader()
    head.sectionClicked.emit(column_number("length"))
    room.wait(lambda: room.numbers()[-1] == 10)
    assert room.page.table.current() == 7
    head.sectionClicked.emit(column_number("length"))
    room.wait(lambda: room.numbers()[0] == 10)
    head.sectionClicked.emit(column_number("length"))
    room.wait(lambda: room.numbers() == list(range(1, COUNT + 1)))
    for name in ("source", "destination", "protocol", "info", "time"):
        head.sectionClicked.emit(column_number(name))
        room.wait(lambda: not room.page.document.busy)
        assert sorted(room.numbers()) == list(range(1, COUNT + 1))


def test_marks_times_comments_and_what_is_saved(room: Room, tmp_path: Path) -> None:
    room.open()
    room.choose(8)
    room.desk.actions.get("packets.mark").trigger()
    room.desk.actions.get("packets.zero").trigger()
    words = room.page.model.words
    assert words.cell(7, "time") == "0.000000"
    assert words.cell(0, "time").startswith("-0.0")
    room.page.ask_comment()
    room.page.question.field.setText("the request")
    room.qtbot.keyClick(room.page.question.field, Qt.Key.Key_Return)
    painter = PacketPainter(room.page.document, words, room.page.colours)
    assert [name for name, _ in painter.signs(7)] == ["timer", "bookmark", "message-square"]
    assert painter.signs(6) == []
    room.page.ask_go_to()
    room.page.question.field.setText("1")
    room.click(room.page.question.done_button)
    assert room.page.table.current() == 0
    room.page.ask_go_to()
    room.qtbot.keyClick(room.page.question.field, Qt.Key.Key_Escape)
    assert not room.page.question.isVisible()
    room.desk.actions.get("packets.next-mark").trigger()
    assert room.page.table.current() == 7
    room.type_filter("marked and comment contains request")
    room.wait(lambda: room.numbers() == [8])
    room.desk.actions.get("packets.mark").trigger()
    room.wait(lambda: room.numbers() == [])
    room.type_filter("http")
    room.wait(lambda: room.numbers() == [8, 10])
    room.page.saver.save(str(tmp_path / "some.pcapng"))
    room.wait(lambda: room.toasts)
    with Capture(tmp_path / "some.pcapng").read_all() as capture:
        assert len(capture) == 2
        assert capture.comment(0) == "the request"
        assert capture.packet(0)[54:57] == b"GET"
        assert capture.interfaces[0].name == "h1-eth0"


def test_colours_have_a_sign_and_rules_of_ones_own_come_first(room: Room) -> None:
    room.open()
    colours = room.page.colours
    rule = colours.rule(11)
    assert rule is not None
    assert (rule.name, rule.icon) == ("Trouble of TCP", "triangle-alert")
    room.type_filter("udp.port == 53")
    room.wait(lambda: room.numbers() == [3, 4])
    room.desk.actions.get("packets.colour").trigger()
    rule = colours.rule(2)
    assert rule is not None
    assert rule.name == "udp.port == 53"
    state = room.panel.save_state()
    room.page.standard_colours()
    room.panel.restore_state(state)
    assert colours.own[0].filter == "udp.port == 53"


def test_the_menu_filters_by_what_the_chosen_packet_has(room: Room) -> None:
    room.open()
    room.choose(3)
    for name, count in (("only-source", 11), ("only-protocol", 2), ("without-protocol", 23), ("only-conversation", 2)):
        action = room.desk.actions.get(f"packets.{name}")
        room.wait(action.isEnabled)
        action.trigger()
        room.wait(lambda count=count: len(room.numbers()) == count)
        room.page.filter("")
        room.wait(lambda: len(room.numbers()) == COUNT)
        room.choose(3)
    menu = room.panel.actions_of.menu()
    assert [action.text() for action in menu.actions()][:3] == [
        "Show its call on the time line", "Follow stream", "Only this conversation"]  # fmt: skip
    menu.deleteLater()


def test_keys_go_through_the_list_and_rows_are_copied(room: Room) -> None:
    room.open()
    table = room.page.table
    table.setFocus()
    room.qtbot.keyClick(table, Qt.Key.Key_End)
    assert table.current() == COUNT - 1
    room.qtbot.keyClick(table, Qt.Key.Key_Home)
    room.qtbot.keyClick(table, Qt.Key.Key_Down)
    assert table.current() == 1
    table.copy_rows()
    assert "10.9.0.3 is at 02:fc:00:00:00:05" in QApplication.clipboard().text()
    room.desk.actions.get("packets.next").trigger()
    assert table.current() == 2
    room.choose(3)
    room.page.packet.copy_tree()
    assert "qname" in QApplication.clipboard().text()


def test_every_column_can_be_shown_and_has_a_text(room: Room) -> None:
    room.open()
    menu = room.page.table.columns_menu()
    for action in menu.actions():
        if action.isEnabled():
            action.setChecked(True)
    menu.deleteLater()
    for column in COLUMNS:
        assert not room.page.table.isColumnHidden(column_number(column.id))
        assert room.page.model.words.cell(7, column.id) or column.id == "comment", column.id
    room.panel.grab()


def test_a_capture_that_grows_is_followed(room: Room, tmp_path: Path) -> None:
    frames = list(making.mixed(60))
    path = tmp_path / "live.pcapng"
    path.write_bytes(making.pcapng(frames[:20]))
    room.page.open(str(path), growing=True)
    room.wait(lambda: room.page.model.rowCount() == 20)
    room.page.table.follow()
    with open(path, "ab") as file:
        for frame in frames[20:]:
            file.write(making.enhanced(frame))
    room.wait(lambda: room.page.model.rowCount() == 60)
    assert room.page.table.follows
    room.page.document.finish_growing()
    room.wait(lambda: not room.page.document.reading)


def test_show_as_python_opens_the_script_of_what_was_done(room: Room) -> None:
    room.open()
    room.click(room.panel.python_button)
    assert room.scripts[0][0] == "packets-read"
    assert set(room.scripts[0][1]) <= set(SCRIPTS["packets-read"].defaults)


def test_the_next_start_finds_columns_and_filters_again(room: Room) -> None:
    room.open()
    room.type_filter("arp")
    room.wait(lambda: room.numbers() == [1, 2])
    state = room.panel.save_state()
    assert state["packets"]["recent"] == ["arp"]
    for strange in ({}, {"packets": 5}, {"packets": {"columns": {"shown": 7}, "colours": {"own": [1, [2]]}}}):
        room.panel.restore_state(strange)
    room.panel.restore_state(state)


def test_the_demo_holds(room: Room) -> None:
    room.use(PacketChild(room.desk.lab.start, room.desk.lab.stop))  # the demo stops it at its end
    for step in demo.steps(room.panel):
        match step:
            case Click(widget):
                room.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)
            case Type(_, text, _):
                room.type_filter(text)
            case Wait(_, condition):
                room.wait(condition)
            case Check(text, ok):
                assert ok, text
            case Picture():
                room.panel.grab()
