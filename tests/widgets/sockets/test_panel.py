"""The panel: a newcomer's two clicks, its views, its state, its actions, one primary button a card."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QLineEdit, QWidget

from protocols.scripts import SCRIPTS, render
from tests.widgets.sockets.conftest import Bench
from widgets.sockets.panel import VIEWS


def test_two_clicks_lead_from_nothing_to_a_client_that_talks_to_a_server(bench: Bench) -> None:
    bench.click(bench.server.empty.button)
    bench.wait(lambda: bench.server.slot.phase == "running")
    bench.click(bench.server.live.empty.button)
    bench.wait(lambda: bench.client.slot.phase == "connected")
    bench.say(bench.client, "hello")
    bench.wait(lambda: bench.received(bench.client) == b"HELLO\r\n")
    bench.wait(lambda: bench.server.slot.rows.rowCount() == 1)
    row = bench.server.slot.rows.row(0)
    assert row is not None
    bench.wait(lambda: (row := bench.server.slot.rows.row(0)) is not None and row.sent == row.received == 7)


def test_a_taken_first_port_gives_a_free_one_and_says_so(bench: Bench) -> None:
    bench.start_server(port=0)
    first = bench.server.slot.server
    assert first is not None
    slot = bench.panel.ends.start_preset({"behaviour": "echo", "transport": "tcp", "port": first.address[1]})
    bench.wait(lambda: slot.phase == "running")
    assert slot.server is not None
    assert slot.server.address[1] != first.address[1]
    assert str(first.address[1]) in bench.toasts[0]


def test_every_view_is_shown_by_a_click_on_its_segment(bench: Bench) -> None:
    for index, (name, _) in enumerate(VIEWS):
        bench.click(bench.panel.segments.button(index))
        assert bench.panel.stack.currentWidget() is bench.panel.view(name)


def test_a_card_has_at_most_one_primary_button_in_every_phase(bench: Bench) -> None:
    ends = bench.panel.ends

    def check() -> None:
        for card in (ends.clients, ends.servers):
            assert len(bench.primaries(card)) <= 1, bench.primaries(card)

    check()
    bench.panel.new_server()
    check()
    bench.start_server()
    check()
    bench.connect()
    check()
    bench.click(ends.clients.close_button)
    bench.wait(lambda: bench.client.slot.phase == "ended")
    check()
    for name, _ in VIEWS[1:]:
        bench.panel.show_view(name)


def test_every_input_has_an_accessible_name(bench: Bench) -> None:
    for name, _ in VIEWS:
        bench.panel.view(name)
    kinds = (QLineEdit, QComboBox, QAbstractSpinBox, QCheckBox)
    inputs: list[QWidget] = [found for kind in kinds for found in bench.panel.findChildren(kind)]
    own = [found for found in inputs if not isinstance(found.parentWidget(), (QAbstractSpinBox, QComboBox))]
    assert len(own) > 50
    assert [found for found in own if not found.accessibleName()] == []


def test_forms_are_found_again_and_services_are_not(bench: Bench) -> None:
    bench.client.form.fields.set_values({"transport": "udp", "port": 11111, "retries": 3})
    bench.panel.new_server()
    bench.server.form.fields.set_values({"behaviour": "time", "model": "epoll", "delay_ms": 70})
    bench.panel.show_view("tls")
    state = bench.panel.save_state()
    bench.client.form.fields.set_values({"transport": "tcp", "port": 1, "retries": 0})
    bench.server.form.fields.set_values({"behaviour": "echo", "model": "threads", "delay_ms": 0})
    bench.panel.show_view("ends")
    bench.panel.restore_state(state)
    assert bench.panel.stack.currentWidget() is bench.panel.view("tls")
    client, server = bench.client.form.fields.values(), bench.server.form.fields.values()
    assert (client["transport"], client["port"], client["retries"]) == ("udp", 11111, 3)
    assert (server["behaviour"], server["model"], server["delay_ms"]) == ("time", "epoll", 70)
    assert bench.desk.running.all() == []


def test_a_strange_state_is_ignored(bench: Bench) -> None:
    bench.panel.restore_state({"view": 7, "clients": "x", "servers": [3, {"port": "many"}], "splitter": [1, "a"]})
    bench.panel.restore_state({"clients": [{"transport": "carrier pigeon", "port": -4, "unknown": 1}]})
    assert bench.client.form.fields["transport"] == "tcp"


def test_actions_are_allowed_as_the_cards_allow(bench: Bench) -> None:
    get = bench.desk.actions.get
    assert get("sockets.connect").isEnabled()
    assert not get("sockets.half-close").isEnabled()
    bench.start_server()
    assert get("sockets.stop").isEnabled()
    bench.connect()
    assert get("sockets.half-close").isEnabled()
    assert not get("sockets.connect").isEnabled()
    get("sockets.close").trigger()
    bench.wait(lambda: bench.client.slot.phase == "ended")
    assert not get("sockets.half-close").isEnabled()
    get("sockets.stop").trigger()
    bench.wait(lambda: bench.server.slot.phase == "ended")


def test_show_as_python_gives_a_script_of_what_was_just_done(bench: Bench) -> None:
    bench.start_server(behaviour="upper", model="epoll")
    bench.click(bench.panel.python_button)
    bench.connect()
    bench.say(bench.client, "one")
    bench.say(bench.client, "two")
    bench.click(bench.panel.python_button)
    bench.desk.actions.get("sockets.half-close").trigger()
    bench.click(bench.panel.python_button)
    assert [id for id, _ in bench.scripts] == ["server", "client", "half-close"]
    assert bench.scripts[1][1]["messages"] == (b"one\r\n", b"two\r\n")
    for id, params in bench.scripts:
        compile(render(id, params), id, "exec")


def test_every_script_that_an_action_names_exists(bench: Bench) -> None:
    named = [entry.python for entry in bench.desk.actions.entries() if entry.python]
    assert named
    assert set(named) <= set(SCRIPTS)


def test_below_900_pixels_one_card_stands_above_the_other(bench: Bench) -> None:
    from PySide6.QtCore import Qt

    assert bench.panel.ends.splitter.orientation() == Qt.Orientation.Horizontal
    bench.panel.resize(640, 700)
    bench.wait(lambda: bench.panel.ends.splitter.orientation() == Qt.Orientation.Vertical)


def test_the_other_end_is_for_the_client_that_was_refused_and_is_greyed_with_a_reason(bench: Bench) -> None:
    actions = bench.desk.actions
    bench.start_server()
    bench.connect()
    action = actions.get("sockets.other-end")
    assert not action.isEnabled()
    assert "has its other end" in actions.reason("sockets.other-end")
    clients = bench.panel.ends.clients
    refused = clients.add_client({"host": "127.0.0.1", "port": 1})
    clients.connect_client(refused)
    bench.wait(lambda: refused.slot.trouble)
    clients.choose(0)
    assert action.isEnabled()
    action.trigger()
    bench.wait(lambda: refused.slot.phase == "connected")
    assert clients.current is refused
    clients.choose(0)
    assert not action.isEnabled()
