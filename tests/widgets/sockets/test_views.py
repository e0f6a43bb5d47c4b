"""Step by step, options, TLS, failures and experiments, by clicks on real sockets."""

from __future__ import annotations

from functools import partial
from typing import cast

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor

from protocols.sockets.failures import FAILURES
from tests.widgets.sockets.conftest import Bench
from widgets.desk import Desk
from widgets.failed_call import last_row
from widgets.sockets.lessons.experiments_page import ExperimentsPage
from widgets.sockets.lessons.failures_page import FailuresPage
from widgets.sockets.lessons.step_side import StepSide
from widgets.sockets.lessons.steps_page import StepsPage
from widgets.sockets.options.page import OptionsPage
from widgets.sockets.tls.page import TLSPage


def _step(bench: Bench, side: StepSide, name: str) -> None:
    with bench.qtbot.waitSignal(side.stepped, timeout=5000):
        bench.click(side.buttons[name])


def _primary(side: StepSide) -> list[str]:
    return [name for name, button in side.buttons.items() if button.property("primary")]


def test_a_connection_is_made_one_click_at_a_time(bench: Bench) -> None:
    bench.panel.show_view("steps")
    page = cast("StepsPage", bench.panel.view("steps"))
    for name in ("create", "bind", "listen"):
        assert _primary(page.server) == [name]
        _step(bench, page.server, name)
    _step(bench, page.client, "create")
    _step(bench, page.client, "connect")
    _step(bench, page.server, "accept")
    _step(bench, page.client, "send")
    _step(bench, page.server, "recv")
    assert "6 bytes" in page.aside.accessibleName()
    assert (page.server.stage, page.client.stage) == ("connected", "connected")
    _step(bench, page.client, "shutdown")
    _step(bench, page.server, "recv")
    assert page.server.stage == "ended"
    bench.click(page.over_button)
    assert (page.server.stage, page.client.stage) == ("nothing", "nothing")


def test_a_wrong_step_is_allowed_and_explained(bench: Bench) -> None:
    bench.panel.show_view("steps")
    page = cast("StepsPage", bench.panel.view("steps"))
    _step(bench, page.client, "create")
    _step(bench, page.client, "recv")
    assert "ENOTCONN" in page.aside.accessibleName()
    assert "connect" in page.aside.accessibleName()
    page.fields["on_listener"] = True
    for name in ("create", "bind", "listen", "send"):
        _step(bench, page.server, name)
    assert "EPIPE" in page.aside.accessibleName() or "ENOTCONN" in page.aside.accessibleName()


def test_a_step_that_waits_can_be_stopped(bench: Bench) -> None:
    bench.panel.show_view("steps")
    page = cast("StepsPage", bench.panel.view("steps"))
    for name in ("create", "bind", "listen"):
        _step(bench, page.server, name)
    bench.click(page.server.buttons["accept"])
    bench.wait(page.server.stop_button.isVisible)
    bench.click(page.server.stop_button)
    bench.wait(page.server.buttons["create"].isEnabled)
    assert page.server.stage == "listening"


def test_the_list_of_steps_stands_still_under_the_pointer(bench: Bench) -> None:
    bench.panel.resize(1000, 300)
    bench.panel.show_view("steps")
    side = cast("StepsPage", bench.panel.view("steps")).server
    create = side.buttons["create"]
    bench.wait(lambda: create.visibleRegion().boundingRect() == create.rect())
    place = create.mapTo(bench.panel, create.rect().center())
    QCursor.setPos(bench.panel.mapToGlobal(place))
    for name in ("create", "bind", "listen"):
        _step(bench, side, name)
        assert bench.panel.childAt(place) is create, "another one came under the pointer"
    QCursor.setPos(bench.panel.mapToGlobal(QPoint(2, 2)))
    _step(bench, side, "listen")
    bench.wait(lambda: not side.buttons["accept"].visibleRegion().isEmpty())


def test_before_the_server_is_bound_the_client_knows_no_port(bench: Bench) -> None:
    bench.panel.show_view("steps")
    page = cast("StepsPage", bench.panel.view("steps"))
    _step(bench, page.client, "create")
    _step(bench, page.client, "connect")
    assert "bind it first" in page.aside.accessibleName()
    for name in ("create", "bind"):
        _step(bench, page.server, name)
    port = page.server.address.rpartition(":")[2]
    assert f", {port})" in page.client.code("connect")


@pytest.mark.parametrize("transport", ["udp", "unix", "unix-dgram"])
def test_steps_of_other_transports(bench: Bench, transport: str) -> None:
    bench.panel.show_view("steps")
    page = cast("StepsPage", bench.panel.view("steps"))
    page.fields["transport"] = transport
    stream = transport == "unix"
    for name in ("create", "bind", *(("listen",) if stream else ())):
        _step(bench, page.server, name)
    _step(bench, page.client, "create")
    if stream:
        _step(bench, page.client, "connect")
        _step(bench, page.server, "accept")
        _step(bench, page.client, "send")
        _step(bench, page.server, "recv")
    else:
        _step(bench, page.client, "sendto")
        _step(bench, page.server, "recvfrom")
    assert "6 bytes" in page.aside.accessibleName()


def test_an_option_is_set_and_what_the_kernel_made_of_it_is_shown(bench: Bench) -> None:
    bench.panel.show_view("options")
    page = cast("OptionsPage", bench.panel.view("options"))
    bench.click(page.empty.button)
    bench.wait(lambda: page.model.rowCount() > 10)
    page.table.selectRow(page.model.row_of("SO_RCVBUF"))
    page.value.setText("5000")
    bench.click(page.set_button)
    bench.wait(lambda: "10\u202f000" in page.aside.accessibleName())
    reading = page.model.reading(page.model.row_of("SO_RCVBUF"))
    assert reading is not None
    assert reading.value == 10_000
    page.value.setText("many")
    bench.click(page.set_button)
    bench.wait(page.strip.isVisible)


def _set_option(bench: Bench, page: OptionsPage, name: str, text: str) -> str:
    """Set an option by hand; what the kernel made of it."""
    page.table.selectRow(page.model.row_of(name))
    page.value.setText(text)
    bench.click(page.set_button)
    bench.wait(lambda: page.aside.accessibleName().startswith(f"{name} is now"))
    reading = page.model.reading(page.model.row_of(name))
    assert reading is not None
    return reading.text


@pytest.mark.parametrize("model", ["threads", "epoll", "asyncio"])
def test_a_servers_sockets_have_options_too(bench: Bench, model: str) -> None:
    server = bench.start_server(behaviour="echo", model=model)
    bench.connect()
    bench.wait(lambda: server.slot.rows.rowCount() == 1)
    bench.panel.show_view("options")
    page = cast("OptionsPage", bench.panel.view("options"))
    row = server.slot.rows.row(0)
    assert row is not None
    keys = ["client 1", "server 1", f"server 1 {row.conn}"]
    assert [page.which.itemData(at) for at in range(page.which.count())] == keys
    assert page.choose("server 1")
    bench.wait(lambda: _reads(page, "SO_ACCEPTCONN") == "on")
    assert _set_option(bench, page, "TCP_DEFER_ACCEPT", "5") != "0"
    assert page.choose(keys[2])
    bench.wait(lambda: _reads(page, "SO_ACCEPTCONN") == "off")
    assert _set_option(bench, page, "TCP_NODELAY", "on") == "on"
    log = bench.desk.log
    bench.wait(lambda: [raw for raw in log.raws(0, len(log)) if raw[2] == "setsockopt" and raw[4] == row.conn])
    assert page.choose("client 1")
    bench.wait(lambda: _reads(page, "TCP_NODELAY") == "off")


def _reads(page: OptionsPage, name: str) -> str:
    reading = page.model.reading(page.model.row_of(name))
    return reading.text if reading is not None else ""


def test_a_busy_owner_is_said_and_a_process_of_its_own_is_greyed(bench: Bench) -> None:
    server = bench.start_server(behaviour="echo", model="iterative")
    view = bench.connect()
    bench.say(view, "x")
    bench.wait(lambda: bench.received(view))
    bench.panel.show_view("options")
    page = cast("OptionsPage", bench.panel.view("options"))
    assert page.choose("server 1")
    bench.wait(page.strip.isVisible)
    assert "busy" in page.strip.text()
    server.slot.stop()
    bench.wait(lambda: server.slot.phase == "ended")
    bench.panel.show_view("ends")
    bench.start_server(behaviour="echo", model="fork")
    bench.panel.show_view("options")
    assert not page.choose("server 1")
    assert "process of its own" in page.which.itemText(page.which.findData("server 1"))


def test_all_constants_are_listed_and_searched(bench: Bench) -> None:
    bench.panel.show_view("options")
    page = cast("OptionsPage", bench.panel.view("options"))
    bench.click(page.tabs.button(1))
    assert page.found.rowCount() > 200
    page.search.setText("REUSEADDR")
    names = [page.found.index(row, 0).data() for row in range(page.found.rowCount())]
    assert "SO_REUSEADDR" in names


def test_a_good_certificate_is_shown_with_its_chain(bench: Bench) -> None:
    bench.panel.show_view("tls")
    page = cast("TLSPage", bench.panel.view("tls"))
    bench.click(page.connect_button)
    bench.wait(lambda: page.facts)
    assert page.success.isVisible()
    assert "127.0.0.1" in page.facts[0].names
    assert page.version.value().startswith("TLSv1")
    if len(page.facts) > 1:
        bench.click(page.tabs.button(1))
        assert page.facts[1].is_ca


def test_a_broken_certificate_is_refused_in_plain_words_and_can_be_looked_at(bench: Bench) -> None:
    bench.panel.show_view("tls")
    page = cast("TLSPage", bench.panel.view("tls"))
    for count, flaw in enumerate(("expired", "not yet valid", "wrong host", "self-signed"), 1):
        page.fields["certificate"] = flaw
        bench.click(page.connect_button)
        bench.wait(page.strip.isVisible)
        assert page.facts == [], flaw
        assert len(page.strip.text()) > 40, flaw
        bench.click(page.strip.action_button)
        assert len(bench.explained) == count, flaw
        bench.click(page.look_button)
        bench.wait(lambda: page.facts)
        assert "Nothing was checked" in page.success.text(), flaw


@pytest.mark.parametrize("first", range(3))  # a window for each of them would cost more than they do
def test_each_failure_comes_with_errno_cause_and_mend(bench: Bench, first: int) -> None:
    bench.panel.show_view("failures")
    page, desk = cast("FailuresPage", bench.panel.view("failures")), bench.panel.desk
    for id in [each.id for each in FAILURES][first::3]:
        page.view.choose(id)
        bench.click(page.run_button)
        bench.wait(partial(page.results.__contains__, id), 20_000)
        result = page.results[id]
        assert not isinstance(result, BaseException), id
        assert result.why, id
        assert result.ok or not result.errno, id
        if result.errno:
            assert page.verdict.word == result.errno, id
        bench.wait(partial(_followed, desk, f"failure {id}"))


def _followed(desk: Desk, name: str) -> bool:
    """Whether the selection is on a row of that failure, or it left none."""
    row = desk.selection.row
    return last_row(desk, {name}) is None or (row is not None and desk.log.raw(row)[3] == name)


def test_an_experiment_answers_its_question(bench: Bench) -> None:
    bench.panel.show_view("experiments")
    page = cast("ExperimentsPage", bench.panel.view("experiments"))
    page.view.choose("two-sends")
    bench.click(page.run_button)
    bench.wait(lambda: "two-sends" in page.results, 20_000)
    assert not isinstance(page.results["two-sends"], BaseException)
    assert page.results["two-sends"]
    page.view.choose("half-close")
    bench.click(page.python_button)
    assert bench.scripts == [("half-close", {})]
