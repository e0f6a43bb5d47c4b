"""The client card: errors and their mends, Stop, several clients, what and how it sends."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import Qt

from tests.widgets.sockets.conftest import Bench
from widgets.parts.number_field import NumberField


def test_a_refused_connect_is_told_in_the_card_explained_and_mended(bench: Bench) -> None:
    view = bench.client
    view.form.fields.set_values({"host": "127.0.0.1", "port": 1})
    bench.click(view.form.connect_button)
    bench.wait(lambda: view.slot.trouble is not None)
    assert view.strip.isVisible()
    assert "127.0.0.1:1" in view.strip.text()
    assert view.form.fields["port"] == 1
    bench.click(view.strip.banner.action_button)
    assert bench.explained[0].errno == "ECONNREFUSED"
    bench.click(view.strip.buttons["start-server"])
    bench.wait(lambda: view.slot.phase == "connected")
    assert not view.strip.isVisible()


def test_enter_in_the_port_starts_and_connects_with_the_number_typed(bench: Bench) -> None:
    server = bench.panel.ends.servers.free_view()
    server.show_form()
    server.form.fields.set_values({"behaviour": "echo", "port": 0})
    bench.qtbot.keyClick(server.form.fields.editor("port"), Qt.Key.Key_Return)
    bench.wait(lambda: server.slot.phase == "running")
    assert server.slot.server is not None
    port = server.slot.server.address[1]
    editor = bench.client.form.fields.editor("port")
    assert isinstance(editor, NumberField)
    editor.selectAll()
    bench.qtbot.keyClicks(editor, str(port))
    bench.qtbot.keyClick(editor, Qt.Key.Key_Return)
    bench.wait(lambda: bench.client.slot.phase == "connected")


def test_give_me_the_other_end_starts_a_server_that_fits(bench: Bench) -> None:
    for transport in ("tcp", "udp", "unix", "unix-seqpacket"):
        view = bench.panel.ends.free_client()
        view.slot.edit()
        view.form.fields.set_values({"transport": transport, "path": "", "port": 2345})
        bench.click(view.form.other_end_button)
        bench.wait(lambda: view.slot.phase == "connected")  # noqa: B023
        bench.say(view, "x")
        bench.wait(lambda: bench.received(view) == b"X\r\n")  # noqa: B023


def test_a_server_that_listens_there_already_is_the_other_end(bench: Bench) -> None:
    server = bench.start_server(behaviour="upper")
    assert server.slot.server is not None
    view = bench.panel.ends.free_client()
    view.slot.edit()
    view.form.fields.set_values({"transport": "tcp", "host": "127.0.0.1", "port": server.slot.server.address[1]})
    bench.click(view.form.other_end_button)
    bench.wait(lambda: view.slot.phase == "connected")
    assert [one.phase for one in bench.panel.ends.servers.slots()] == ["running"]
    assert server.slot.service in bench.toasts[-1]


def test_stop_ends_a_connect_that_waits_for_ever_at_once(bench: Bench) -> None:
    server = bench.start_server(behaviour="echo", hold_accept=True, backlog=0)
    assert server.slot.server is not None
    port = server.slot.server.address[1]
    clients = bench.panel.ends.clients
    for _ in range(4):
        view = clients.add_client({"host": "127.0.0.1", "port": port, "timeout_ms": 0})
        bench.click(view.form.connect_button)
    waiting = clients.current
    bench.qtbot.waitUntil(lambda: clients.views[1].slot.phase == "connected")
    assert waiting.slot.phase == "connecting"
    bench.click(waiting.form.stop_button)
    assert waiting.slot.phase in ("idle", "ended")
    bench.wait(lambda: all(service.name != waiting.slot.name for service in bench.desk.running.all()), 2000)


def test_a_timeout_is_told(bench: Bench) -> None:
    server = bench.start_server(behaviour="echo", hold_accept=True, backlog=0)
    assert server.slot.server is not None
    values = {"host": "127.0.0.1", "port": server.slot.server.address[1], "timeout_ms": 150}
    views = [bench.panel.ends.clients.add_client(values) for _ in range(4)]
    for view in views:
        bench.panel.ends.clients.connect_client(view)
    bench.wait(lambda: any(view.slot.trouble is not None for view in views))
    troubled = next(view for view in views if view.slot.trouble is not None)
    assert troubled.slot.trouble is not None
    assert troubled.slot.trouble.errno == "ETIMEDOUT"


def test_three_clients_talk_at_once_and_their_tabs_choose(bench: Bench) -> None:
    bench.start_server(behaviour="upper")
    views = [bench.connect() for _ in range(3)]
    for at, view in enumerate(views):
        view.slot.send(b"abc"[at : at + 1])
    for at, view in enumerate(views):
        bench.wait(lambda at=at, view=view: bench.received(view) == b"ABC"[at : at + 1])
    bench.click(bench.panel.ends.clients.tabs.button(0))
    assert bench.client is views[0]
    bench.desk.actions.get("sockets.remove-client").trigger()
    bench.wait(lambda: len(bench.panel.ends.clients.views) == 2)


def test_text_hex_and_a_file_are_sent(bench: Bench, tmp_path: Path) -> None:
    bench.start_server(behaviour="echo")
    view = bench.connect()
    row = view.live.input
    row.fields.set_values({"line_end": "none", "escapes": True})
    bench.say(view, "a\\x00\\n")
    bench.wait(lambda: bench.received(view) == b"a\x00\n")
    row.kind.choose("hex")
    bench.say(view, "ff 0d 0a")
    bench.wait(lambda: bench.received(view) == b"a\x00\n\xff\r\n")
    bench.say(view, "f")
    assert row.problem.isVisible()
    file = tmp_path / "data.bin"
    file.write_bytes(b"z" * 100_000)
    row.kind.choose("file")
    bench.say(view, str(file))
    bench.wait(lambda: len(bench.received(view)) == 100_006)


def test_a_file_that_is_not_there_is_told_in_the_card(bench: Bench, tmp_path: Path) -> None:
    bench.start_server(behaviour="echo")
    view = bench.connect()
    view.live.input.kind.choose("file")
    bench.say(view, str(tmp_path / "none"))
    bench.wait(view.live.strip.isVisible)
    assert view.slot.phase == "connected"


def test_repeated_sending_counts_and_stops(bench: Bench) -> None:
    bench.start_server(behaviour="echo")
    view = bench.connect()
    row = view.live.input
    bench.click(row.again_button)
    row.fields.set_values({"line_end": "none", "count": 3, "interval_ms": 5})
    row.field.setText("x")
    bench.click(row.repeat_button)
    bench.wait(lambda: bench.received(view) == b"xxx")
    bench.wait(lambda: row.repeat_button.text() == "Start")
    row.fields["count"] = 0
    bench.click(row.repeat_button)
    bench.wait(lambda: len(bench.received(view)) > 6)
    bench.click(row.repeat_button)
    assert row.repeat_button.text() == "Start"


def test_framing_cuts_messages_apart(bench: Bench) -> None:
    for framing in ("line", "line-lf", "prefix-1", "prefix-2-little", "prefix-4"):
        if bench.server.slot.phase != "running":
            bench.start_server(behaviour="echo")
        view = bench.panel.ends.free_client()
        view.slot.edit()
        view.form.fields["framing"] = framing
        bench.panel.ends.connect_to(bench.server.slot)
        bench.wait(lambda: view.slot.phase == "connected")  # noqa: B023
        for word in (b"one", b"two"):
            view.slot.send(word)
        bench.wait(lambda: _heard(view) == [b"one", b"two"])  # noqa: B023
        view.slot.edit()


def test_character_mode_sends_each_key(bench: Bench) -> None:
    bench.start_server(behaviour="upper")
    view = bench.panel.ends.free_client()
    server = bench.server.slot.server
    assert server is not None
    view.form.fields.set_values({"mode": "character", "host": "127.0.0.1", "port": server.address[1]})
    bench.click(view.form.connect_button)
    bench.wait(lambda: view.slot.phase == "connected")
    bench.qtbot.keyClicks(view.live.input.field, "abc")
    bench.qtbot.keyClick(view.live.input.field, Qt.Key.Key_Return)
    bench.wait(lambda: bench.received(view) == b"ABC\r\n")
    sent = [line.data for line in view.slot.lines.lines() if line.direction == "out"]
    assert sent == [b"a", b"b", b"c", b"\r\n"]


def test_half_close_keeps_the_other_direction(bench: Bench) -> None:
    bench.start_server(behaviour="upper-lines")
    view = bench.connect()
    view.slot.send(b"no line end")
    bench.desk.actions.get("sockets.half-close").trigger()
    bench.wait(lambda: bench.received(view) == b"NO LINE END")
    bench.wait(lambda: view.slot.phase == "ended")


def test_reset_is_seen_by_the_server(bench: Bench) -> None:
    server = bench.start_server(behaviour="echo")
    view = bench.connect()
    bench.wait(lambda: server.slot.rows.rowCount() == 1)
    bench.desk.actions.get("sockets.reset").trigger()
    bench.wait(lambda: view.slot.phase == "ended")
    bench.wait(lambda: server.slot.rows.rowCount() == 0)


def test_a_client_that_reads_when_told_peeks_and_receives(bench: Bench) -> None:
    bench.start_server(behaviour="echo")
    view = bench.panel.ends.free_client()
    view.form.fields["read_mode"] = "manual"
    bench.panel.ends.connect_to(bench.server.slot)
    bench.wait(lambda: view.slot.phase == "connected")
    view.slot.send(b"wait")
    bench.wait(lambda: (bench.desk.actions.get("sockets.peek").trigger() or True) and "b'wait'" in _notes(view))
    assert bench.received(view) == b""
    bench.click(view.live.input.receive_button)
    bench.wait(lambda: bench.received(view) == b"wait")


def _heard(view: object) -> list[bytes]:
    return [line.data for line in view.slot.lines.lines() if line.direction == "in"]  # type: ignore[attr-defined]


def _notes(view: object) -> str:
    return " ".join(line.text for line in view.slot.lines.lines() if line.direction == "note")  # type: ignore[attr-defined]


def test_each_message_on_a_connection_of_its_own(bench: Bench) -> None:
    bench.start_server(behaviour="echo-once")
    view = bench.panel.ends.free_client()
    view.form.fields["per_message"] = True
    bench.panel.ends.connect_to(bench.server.slot)
    bench.wait(lambda: view.slot.phase == "connected")
    for count in (1, 2):
        view.slot.send(b"hi")
        bench.wait(lambda count=count: bench.received(view) == b"hi" * count)
    ports = set(re.findall(r"connected from 127\.0\.0\.1:(\d+)", _notes(view)))
    assert len(ports) == 2


def test_connected_and_unconnected_udp_meet_a_dead_port(bench: Bench) -> None:
    view = bench.client
    view.form.fields.set_values({"transport": "udp", "host": "127.0.0.1", "port": 1, "connected": True})
    bench.click(view.form.connect_button)
    bench.wait(lambda: view.slot.phase == "connected")
    bench.say(view, "anybody?")
    bench.wait(lambda: "ECONNREFUSED" in _notes(view))
    view.slot.edit()
    view.form.fields.set_values({"connected": False, "timeout_ms": 100})
    bench.click(view.form.connect_button)
    bench.wait(lambda: view.slot.phase == "connected")
    bench.say(view, "anybody?")
    bench.wait(lambda: "ETIMEDOUT" in _notes(view))


def test_a_broadcast_without_permission_is_refused_and_mended(bench: Bench) -> None:
    view = bench.client
    view.form.fields.set_values({"transport": "udp", "host": "127.255.255.255", "port": 10000})
    bench.click(view.form.connect_button)
    bench.wait(lambda: view.slot.phase == "connected")
    bench.say(view, "all")
    bench.wait(view.live.strip.isVisible)
    assert view.slot.trouble is not None
    assert view.slot.trouble.errno == "EACCES"
    bench.click(view.live.strip.buttons["broadcast"])
    bench.wait(lambda: view.slot.phase == "connected" and view.slot.trouble is None)
    bench.say(view, "all")
    bench.wait(lambda: any(line.direction == "out" for line in view.slot.lines.lines()))


def test_multicast_reaches_a_member_on_loopback(bench: Bench) -> None:
    clients = bench.panel.ends.clients
    member = bench.client
    member.form.fields.set_values(
        {"transport": "udp", "host": "127.0.0.1", "port": 9, "group": "239.255.77.1", "source_host": "0.0.0.0"}
    )
    bench.click(member.form.connect_button)
    bench.wait(lambda: member.slot.phase == "connected")
    assert member.slot.client is not None
    port = int(member.slot.client.local.rpartition(":")[2])
    sender = clients.add_client({"transport": "udp", "host": "239.255.77.1", "port": port})
    bench.click(sender.form.connect_button)
    bench.wait(lambda: sender.slot.phase == "connected")
    bench.say(sender, "to the group")
    bench.wait(lambda: bench.received(member) == b"to the group\r\n")


def test_facts_and_times_are_shown(bench: Bench) -> None:
    bench.start_server(behaviour="echo")
    view = bench.connect()
    assert re.fullmatch(r"127\.0\.0\.1:\d+", view.live.source.value())
    bench.wait(lambda: view.live.round_trip.value().endswith(" ms"))
    bench.say(view, "x")
    bench.wait(lambda: bench.received(view) == b"x\r\n")
    model = view.slot.lines
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}", model.clock(0))
    rows = [model.text(row) for row in range(model.rowCount())]
    assert "x\\r\\n" in rows


def test_datagrams_are_repeated_until_stopped(bench: Bench) -> None:
    bench.start_server(transport="udp", behaviour="echo", model="iterative")
    view = bench.connect()
    view.slot.send_repeated(b"x", 0, 5)
    bench.wait(lambda: len(_heard(view)) > 3)
    view.slot.stop_repeating()
    bench.qtbot.waitUntil(lambda: not view.slot.repeating)
    view.slot.send_repeated(b"y", 2, 5)
    bench.wait(lambda: _heard(view).count(b"y") == 2)


def test_a_framed_answer_says_how_many_chunks_it_took(bench: Bench) -> None:
    bench.start_server(behaviour="echo")
    view = bench.panel.ends.free_client()
    view.form.fields.set_values({"framing": "line", "recv_size": 4})
    bench.connect()
    bench.say(view, "a longer line")
    bench.wait(lambda: b"a longer line" in _heard(view))
    model = view.slot.lines
    chips = [model.chip(row) for row in range(model.rowCount())]
    assert any(re.fullmatch(r"[4-9] chunks", chip) for chip in chips), chips
    assert not view.live.grab().isNull()


def test_what_a_kind_of_input_has_no_use_for_is_not_offered(bench: Bench) -> None:
    bench.start_server()
    row = bench.connect().live.input
    bench.click(row.again_button)
    assert row.fields.editor("line_end").isVisible()
    row.kind.choose("hex")
    assert not row.fields.editor("line_end").isVisible()
    assert row.fields.editor("count").isVisible()
    row.kind.choose("file")
    assert not row.again_button.isVisible()
    assert not row.options.isVisible()
    row.kind.choose("text")
    assert row.options.isVisible()


def test_the_input_stays_in_sight_when_its_options_open_in_a_low_window(bench: Bench) -> None:
    bench.panel.resize(1000, 330)
    bench.start_server()
    row = bench.connect().live.input
    bench.click(row.again_button)
    bench.wait(lambda: row.send_button.visibleRegion().boundingRect() == row.send_button.rect())
    assert row.options.isVisible()
