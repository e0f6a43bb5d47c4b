"""The server card: every transport, every model, the live table and what can be done to a connection."""

from __future__ import annotations

import os

import pytest

from protocols.concurrency.contract import MODELS
from protocols.sockets.interfaces import interfaces
from tests.widgets.sockets.conftest import Bench
from widgets.parts.fields import QuietCombo
from widgets.sockets.server.connections_model import HERE, IN, OUT, PEER, THERE

TRANSPORTS = ("tcp", "udp", "unix", "unix-dgram", "unix-seqpacket")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_each_transport_talks_from_card_to_card(bench: Bench, transport: str) -> None:
    datagram = transport in ("udp", "unix-dgram")
    bench.start_server(transport=transport, behaviour="upper", model="iterative" if datagram else "threads")
    view = bench.connect()
    bench.say(view, "abc")
    bench.wait(lambda: bench.received(view) == b"ABC\r\n")


def test_an_abstract_unix_name_works(bench: Bench) -> None:
    name = f"@netlab-test-{os.getpid()}"
    bench.start_server(transport="unix", path=name, behaviour="echo")
    view = bench.connect()
    assert view.form.fields["path"] == name
    bench.say(view, "abc")
    bench.wait(lambda: bench.received(view) == b"abc\r\n")


@pytest.mark.parametrize("bind", ["::1", "dual"])
def test_ipv6_and_dual_stack_take_a_client(bench: Bench, bind: str) -> None:
    bench.start_server(bind=bind, behaviour="echo")
    view = bench.connect()
    assert view.form.fields["host"] == "::1"
    bench.say(view, "six")
    bench.wait(lambda: bench.received(view) == b"six\r\n")
    if bind == "dual":
        bench.panel.new_client()
        port = int(bench.panel.ends.clients.views[0].form.fields["port"])
        bench.client.form.fields.set_values({"host": "127.0.0.1", "port": port})
        bench.click(bench.client.form.connect_button)
        bench.wait(lambda: bench.client.slot.phase == "connected")


@pytest.mark.parametrize("model", [model.name for model in MODELS if model.available])
def test_each_model_serves_two_clients(bench: Bench, model: str) -> None:
    server = bench.start_server(model=model, behaviour="echo")
    one = bench.connect()
    bench.say(one, "one")
    bench.wait(lambda: bench.received(one) == b"one\r\n", 10_000)
    if model in ("iterative", "socketserver"):
        bench.click(bench.panel.ends.clients.close_button)
    two = bench.connect()
    bench.say(two, "two")
    bench.wait(lambda: bench.received(two) == b"two\r\n", 10_000)
    assert server.live.model.value()


def test_a_model_that_is_not_here_is_greyed_and_says_why(bench: Bench) -> None:
    bench.panel.new_server()
    combo = bench.server.form.fields.editor("model")
    assert isinstance(combo, QuietCombo)
    for model in MODELS:
        at = combo.findData(model.name)
        assert at >= 0
        if not model.available:
            assert not combo.choose(model.name)
            assert model.reason in combo.itemText(at)
    bench.server.form.fields["transport"] = "unix-seqpacket"
    assert not combo.choose("asyncio")
    assert combo.choose("selectors")


def test_the_table_follows_the_connections(bench: Bench) -> None:
    view = bench.start_server(behaviour="echo")
    clients = [bench.connect() for _ in range(3)]
    for client in clients:
        client.slot.send(b"12345")
    bench.wait(lambda: [row.received for row in view.slot.rows.rows()] == [5, 5, 5])
    bench.wait(lambda: {row.state_here for row in view.slot.rows.rows()} == {"ESTABLISHED"})
    assert len({row.worker for row in view.slot.rows.rows()}) == 3
    clients[1].slot.close()
    bench.wait(lambda: [row.number for row in view.slot.rows.rows()] == [1, 3])


def test_half_close_close_and_reset_reach_the_chosen_connection(bench: Bench) -> None:
    view = bench.start_server(behaviour="discard")
    clients = [bench.connect() for _ in range(3)]
    bench.wait(lambda: view.slot.rows.rowCount() == 3)
    for row, button in enumerate((view.live.half_close_button, view.live.close_button, view.live.reset_button)):
        view.live.table.choose(next(each.conn for each in view.slot.rows.rows() if each.number == row + 1))
        bench.click(button)
        bench.wait(lambda row=row: clients[row].slot.phase == "ended")
    assert clients[0].slot.trouble is None
    assert clients[2].slot.trouble is not None
    assert clients[2].slot.trouble.errno == "ECONNRESET"


def test_the_server_sends_to_one_and_to_all(bench: Bench) -> None:
    view = bench.start_server(behaviour="discard")
    one, two = bench.connect(), bench.connect()
    bench.wait(lambda: view.slot.rows.rowCount() == 2)
    view.live.table.selectRow(1)
    bench.click(view.live.send_one_button)
    view.live.send_bar.field.setText("to one")
    bench.click(view.live.send_bar.send_button)
    bench.wait(lambda: bench.received(two) == b"to one\r\n")
    bench.click(view.live.send_all_button)
    view.live.send_bar.field.setText("to all")
    bench.click(view.live.send_bar.send_button)
    bench.wait(lambda: bench.received(one) == b"to all\r\n")
    bench.wait(lambda: bench.received(two) == b"to one\r\nto all\r\n")
    bench.wait(lambda: "Sent to 2 connections" in bench.toasts)


def test_an_exposed_server_warns_and_one_click_ends_it(bench: Bench) -> None:
    view = bench.start_server(bind="0.0.0.0", behaviour="echo")
    assert view.live.warning.isVisible()
    assert "other machines" in view.live.warning.text()
    bench.click(view.live.warning.action_button)
    bench.wait(lambda: view.slot.phase == "running" and view.slot.where.startswith("127.0.0.1"))
    assert not view.live.warning.isVisible()


def test_delay_and_hold_change_while_it_runs(bench: Bench) -> None:
    view = bench.start_server(behaviour="echo")
    bench.click(view.live.tune_button)
    view.live.live["delay_ms"] = 150
    bench.wait(lambda: view.live.delay.value() == "150 ms")
    client = bench.connect()
    client.slot.look_at_kernel()
    bench.say(client, "slow")
    bench.wait(lambda: bench.received(client) == b"slow\r\n")
    lines = [line for line in client.slot.lines.lines() if line.direction != "note"]
    assert lines[1].t - lines[0].t >= 140_000_000
    view.live.live["hold_accept"] = True
    bench.wait(lambda: "held" in view.live.backlog.value())
    waiting = bench.connect()
    bench.say(waiting, "unheard")
    view.live.live["hold_accept"] = False
    bench.wait(lambda: bench.received(waiting) == b"unheard\r\n")


def test_a_users_own_expression_answers_and_a_wrong_one_is_told(bench: Bench) -> None:
    view = bench.start_server(behaviour="transform", expression="data[::-1]")
    client = bench.connect()
    client.slot.send(b"abc")
    bench.wait(lambda: bench.received(client) == b"cba")
    bench.click(bench.panel.ends.servers.stop_button)
    bench.wait(lambda: view.slot.phase == "ended")
    view.form.fields["expression"] = "__import__('os')"
    bench.click(view.form.start_button)
    bench.wait(lambda: view.slot.trouble is not None)
    assert view.strip.isVisible()


def test_an_allow_list_refuses_the_others(bench: Bench) -> None:
    bench.start_server(behaviour="echo", allow="10.0.0.0/8")
    view = bench.panel.ends.connect_to(bench.server.slot)
    bench.wait(lambda: view.slot.phase == "ended")
    assert any("end of stream" in line.text for line in view.slot.lines.lines())


def test_a_taken_port_is_explained_with_its_holder_and_mended(bench: Bench) -> None:
    first = bench.start_server(behaviour="echo")
    address = first.slot.server.address if first.slot.server is not None else ()
    bench.panel.new_server()
    view = bench.server
    view.form.fields.set_values({"behaviour": "echo", "port": address[1]})
    bench.click(view.form.start_button)
    bench.wait(lambda: view.slot.trouble is not None)
    assert "in use" in view.strip.text().lower()
    bench.click(view.strip.buttons["who-has"])
    bench.wait(lambda: f"pid {os.getpid()}" in view.strip.text())
    bench.click(view.strip.banner.action_button)
    assert bench.explained[0].errno == "EADDRINUSE"
    bench.click(view.strip.buttons["free-port"])
    bench.wait(lambda: view.slot.phase == "running")
    assert not view.strip.isVisible()


def test_servers_have_tabs_of_their_own_and_removing_stops(bench: Bench) -> None:
    servers = bench.panel.ends.servers
    bench.start_server(behaviour="echo")
    bench.start_server(behaviour="time")
    assert servers.tabs.count() == 2
    bench.click(servers.tabs.button(0))
    assert bench.server.slot.service.startswith("echo:")
    bench.desk.actions.get("sockets.remove-server").trigger()
    bench.wait(lambda: len(bench.desk.running.all()) == 1)
    assert bench.server.slot.service.startswith("time:")


def test_tls_between_the_cards(bench: Bench) -> None:
    bench.start_server(behaviour="echo", tls=True)
    view = bench.connect()
    bench.say(view, "secret")
    bench.wait(lambda: bench.received(view) == b"secret\r\n")


def test_telnet_logs_in_to_the_sandbox(bench: Bench) -> None:
    bench.start_server(behaviour="telnet")
    view = bench.connect()
    bench.wait(lambda: any(line.kind == "iac" for line in view.slot.lines.lines()))
    bench.wait(lambda: b"ogin" in bench.received(view))
    rows = bench.server.slot.rows
    bench.wait(lambda: rows.rowCount() == 1)
    bench.wait(lambda: (row := rows.row(0)) is not None and row.state_here == row.state_there == "ESTABLISHED")
    menu = view.live.input.command_button.menu()
    assert view.live.input.command_button.isVisible()
    next(action for action in menu.actions() if action.text().startswith("AYT")).trigger()
    bench.wait(lambda: b"[Yes]" in bench.received(view))
    assert any(line.kind == "iac" and line.text == "IAC AYT" for line in view.slot.lines.lines())
    bench.click(bench.server.live.close_button)
    bench.wait(lambda: view.slot.phase == "ended")
    bench.wait(lambda: rows.rowCount() == 0)


def test_only_a_telnet_client_has_telnet_commands(bench: Bench) -> None:
    bench.start_server(behaviour="echo")
    assert not bench.connect().live.input.command_button.isVisible()


def test_a_preset_starts_with_its_own_port_or_a_free_one(bench: Bench) -> None:
    from protocols.sockets.presets import preset

    bench.panel.ends.use_preset(preset("time"))
    bench.wait(lambda: bench.server.slot.phase == "running")
    view = bench.connect()
    bench.wait(lambda: len(bench.received(view)) > 20)


def test_bind_lists_this_machines_addresses_and_who_can_reach_each(bench: Bench) -> None:
    bench.panel.new_server()
    form = bench.server.form
    combo = form.fields.editor("bind")
    assert isinstance(combo, QuietCombo)
    bench.click(form.more_button)
    own = [each for each in interfaces() if not each.loopback and each.up]
    bench.wait(lambda: all(combo.findData(each.address) >= 0 for each in own))
    assert combo.itemText(combo.count() - 1) == "Another address…"
    form.fields["port"] = 0
    for each in own[:1]:
        form.fields["bind"] = each.address
        assert form.exposure.text() == each.exposes
        bench.click(form.start_button)
        bench.wait(lambda: bench.server.slot.phase == "running")
        assert bench.server.slot.exposed
        view = bench.connect()
        assert view.form.fields["host"] == each.address


def test_another_address_without_one_binds_nothing(bench: Bench) -> None:
    bench.panel.new_server()
    view = bench.server
    view.form.fields.set_values({"bind": "other", "host": " ", "port": 0})
    bench.click(view.form.start_button)
    bench.wait(view.strip.isVisible)
    assert "none is typed" in view.strip.text()


def test_an_address_of_an_earlier_start_is_typed_in(bench: Bench) -> None:
    bench.panel.new_server()
    state = bench.panel.save_state()
    state["servers"][0]["bind"] = "192.0.2.77"
    bench.panel.restore_state(state)
    values = bench.server.form.fields.values()
    assert (values["bind"], values["host"]) == ("other", "192.0.2.77")


def test_a_narrow_card_shows_facts_bytes_and_buttons_whole(bench: Bench) -> None:
    server = bench.start_server(behaviour="upper")
    bench.connect()
    bench.panel.resize(680, 700)
    live, table = server.live, server.live.table
    bench.wait(lambda: table.isVisible() and live.width() < 340)
    for part in (live.where, live.model, live.backlog, live.half_close_button, live.send_all_button):
        bench.wait(lambda part=part: part.visibleRegion().boundingRect() == part.rect())
    assert table.horizontalScrollBar().maximum() == 0
    assert {table.isColumnHidden(column) for column in (PEER, HERE, IN, OUT)} == {False}
    assert table.isColumnHidden(THERE)
    there = table.column_actions[THERE]
    assert not there.isChecked()
    there.trigger()
    assert not table.isColumnHidden(THERE), "what is asked for is shown, even if it needs to scroll"
    bench.panel.resize(1440, 700)
    bench.wait(lambda: table.width() > 500)
    assert not any(table.isColumnHidden(column) for column in (PEER, HERE, THERE, IN, OUT))


def test_a_port_in_use_is_told_with_the_address_tried_and_its_mends_are_scrolled_to(bench: Bench) -> None:
    first = bench.start_server(behaviour="echo")
    assert first.slot.server is not None
    bench.panel.resize(1000, 300)
    view = bench.panel.ends.servers.add_server({"port": first.slot.server.address[1], "reuse_address": False})
    bench.click(view.form.start_button)
    bench.wait(lambda: view.slot.trouble is not None)
    assert f"127.0.0.1:{first.slot.server.address[1]}" in view.strip.text()
    bench.wait(lambda: all(not button.visibleRegion().isEmpty() for button in view.strip.buttons.values()))
    bench.click(view.strip.buttons["who-has"])
    bench.wait(lambda: "this lab" in view.strip.text())
