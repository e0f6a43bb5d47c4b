"""Against the sandbox: streams as they come, cookies, identities, redirects, other servers, and scripts."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from protocols.http.client.keylog import log_keys
from protocols.scripts import render
from tests.widgets.http.conftest import Room
from widgets.http.request.pairs import Pair


@pytest.fixture
def site(room: Room) -> str:
    """Where the sandbox is."""
    return room.serve(site="sandbox").url.rstrip("/")


def test_events_of_a_stream_are_shown_as_they_come_and_cancel_keeps_them(room: Room, site: str) -> None:
    ends, view = room.ends, room.ends.response.body_view
    ends.request.set_url(f"{site}/events?n=1000&delay_ms=20")
    room.click(ends.request.bar.send_button)
    room.wait(lambda: view.events_model.rowCount() >= 3)
    assert ends.slot.phase == "running"
    assert list(view.events_model.row(1)) == ["2", "tick", "2", '{"n": 2}']
    room.click(ends.request.bar.cancel_button)
    room.wait(lambda: ends.slot.phase == "idle" and view.prepared is not None)
    assert view.pages.currentWidget() is view.events
    assert view.events_model.rowCount() >= 3
    assert ends.response.head.state.word == "200 OK, cancelled"
    assert "Cancelled" in ends.response.strip.text()


def test_chunks_and_trailers_are_seen_on_the_wire(room: Room, site: str) -> None:
    room.send(f"{site}/trailer")
    response = room.ends.response
    response.tabs.show_page("wire")
    shown = response.wire.text.toPlainText()
    assert "   chunk of " in shown
    assert "   last chunk" in shown
    response.tabs.show_page("headers")
    assert any(name.endswith("(trailer)") for name, _ in response.headers.model.rows())


def test_cookies_come_into_the_jar_are_edited_and_go_back(room: Room, site: str) -> None:
    room.panel.show_view("cookies")
    page = room.panel.view("cookies")
    room.panel.show_view("ends")
    room.send(f"{site}/cookies/set?a=1&b=2")
    assert {(one.name, one.value) for one in room.ends.jar.all()} >= {("a", "1"), ("b", "2")}
    model = page.model  # type: ignore[attr-defined]
    row = next(at for at in range(model.rowCount()) if model.index(at, 0).data() == "a")
    assert not model.setData(model.index(row, 1), "x\ty")
    assert "cookie" in page.said.text()  # type: ignore[attr-defined]
    assert model.setData(model.index(row, 1), "changed")
    room.send(f"{site}/cookies")
    assert "changed" in room.ends.response.body_view.body.decode()


def test_digest_is_two_exchanges_and_the_password_is_in_none(room: Room, site: str) -> None:
    auth = room.ends.request.auth.fields
    auth.set_values({"kind": "digest", "user": "guido", "password": "guido456"})
    sent = room.send(f"{site}/digest")
    assert [hop.status for hop in sent.exchanges] == [401, 200]
    assert all(b"guido456" not in bytes(hop.sent.data) for hop in sent.exchanges)
    assert "guido456" not in str(room.panel.save_state())


def test_a_circle_of_redirects_is_cut_and_a_button_stops_following(room: Room, site: str) -> None:
    room.ends.request.options.fields["redirects"] = 3
    room.send(f"{site}/loop")
    response = room.ends.response
    assert response.hops.rowCount() == 4
    room.click(response.strip.buttons["no-follow"])
    room.wait(lambda: room.ends.slot.phase == "idle" and response.hops.rowCount() == 1)
    assert response.failure is None


def test_a_post_goes_out_as_it_was_typed_and_the_pages_of_the_site_are_a_menu(room: Room, site: str) -> None:
    card, servers = room.ends.request, room.ends.servers
    servers.pages_menu.aboutToShow.emit()
    groups = {action.text(): action.menu() for action in servers.pages_menu.actions()}
    assert {"Store", "Statuses", "Cookies", "Streams"} <= set(groups)
    card.headers.set_pairs([Pair("X-Twice", "1"), Pair("x-twice", "2"), Pair("X-Off", "3", on=False)])
    card.body_editor.kind.choose("form")
    card.body_editor.fields.set_pairs([Pair("name", "a b&c"), Pair("off", "1", on=False)])
    sent = room.send(f"{site}/echo", "POST")
    wire = bytes(sent.exchanges[0].sent.data)
    assert b"X-Twice: 1\r\nx-twice: 2\r\n" in wire
    assert b"X-Off" not in wire
    assert wire.endswith(b"\r\n\r\nname=a+b%26c")
    store = next(action for action in groups["Store"].actions() if "GET" in action.text())  # type: ignore[union-attr]
    store.trigger()
    room.wait(lambda: room.ends.slot.phase == "idle" and room.ends.response.exchange is not None
              and "/items" in room.ends.response.exchange.url)  # fmt: skip


def test_every_kind_of_server_answers_from_its_form(room: Room) -> None:
    for values, status, method in (({"site": "wsgi"}, 200, "GET"), ({"site": "wsgi", "deploy": "cgi"}, 200, "GET"),
                                   ({"site": "handler", "status": 202}, 202, "GET"),
                                   ({"site": "handler", "methods": "POST"}, 501, "GET")):  # fmt: skip
        slot = room.serve(**values)
        sent = room.send(slot.url, method)
        assert sent.final is not None
        assert sent.final.status == status
        room.click(room.ends.servers.stop_button)
        room.wait(lambda slot=slot: slot.phase == "ended")


def test_a_server_that_can_not_start_is_explained_and_mended(room: Room) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        servers = room.ends.servers
        view = servers.current
        view.show_form()
        view.form.set_values({"site": "folder", "root": "", "port": taken.getsockname()[1]})
        servers.choose(0)
        room.click(servers.start_button)
        room.wait(lambda: view.slot.trouble is not None)
        assert view.slot.trouble is not None
        assert view.slot.trouble.errno == "EADDRINUSE"
        log = room.desk.log
        room.wait(lambda: any("EADDRINUSE" in raw[9] for raw in log.raws(log.first, len(log))))
        view.form.strip.banner.action_button.click()
        assert room.explained[-1].errno == "EADDRINUSE"
        assert room.explained[-1].kind == "bind", "the call itself, not what the card says of it"
        room.click(view.form.strip.buttons["free-port"])
        room.wait(lambda: view.slot.phase == "running")
        room.click(servers.stop_button)
        room.wait(lambda: view.slot.phase == "ended")
        view.form.set_values({"root": "/srv/not/there"})
        room.click(servers.start_button)
        room.wait(lambda: view.slot.trouble is not None)
        assert view.slot.trouble is not None
        assert "is no folder" in view.slot.trouble.why


def test_the_request_is_shown_as_python_for_each_library(room: Room) -> None:
    card = room.ends.request
    card.set_url("http://127.0.0.1:1/x?a=1", "PUT")
    card.auth.fields.set_values({"kind": "basic", "user": "guido", "password": "secret-p"})
    card.body_editor.kind.choose("json")
    card.body_editor.text.setPlainText('{"a": 1}')
    for flavour in ("urllib", "http.client", "socket"):
        room.desk.actions.get(f"http.python-{flavour}").trigger()
        action_id, params = room.scripts[-1]
        script = render(action_id, params)
        compile(script, action_id, "exec")
        assert "secret-p" not in script
        assert "127.0.0.1:1/x?a=1" in script or "/x?a=1" in script
    card.show_raw(True)
    card.raw.text.setPlainText("HELLO\n\n")
    room.click(room.panel.python_button)
    action_id, params = room.scripts[-1]
    assert "HELLO\\r\\n\\r\\n" in render(action_id, params)


def test_tls_is_verified_by_the_lab_and_a_broken_certificate_can_be_passed_over(room: Room) -> None:
    sent = room.send(room.serve(site="sandbox", tls="good").url)
    assert sent.final is not None
    assert sent.final.status == 200
    response = room.ends.response
    response.tabs.show_page("tls")
    room.wait(response.tls.model.rowCount)
    assert response.tls.verified.value() == "Verified"
    bad = room.ends.servers.add_server({"site": "folder", "port": 0, "tls": "expired"})
    room.ends.servers.start(bad)
    room.wait(lambda: bad.slot.phase == "running")
    room.send(bad.slot.url)
    assert response.failure is not None
    assert response.failure.symbol == "CERTIFICATE_VERIFY_FAILED"
    room.click(response.strip.buttons["no-verify"])
    room.wait(lambda: response.exchange is not None and response.exchange.status == 200)
    assert room.ends.request.believed() == "none"


def test_http_where_tls_is_spoken_is_mended_by_a_click(room: Room) -> None:
    url = room.serve(site="sandbox", tls="good").url
    room.send(url.replace("https://", "http://"))
    response = room.ends.response
    assert response.failure is not None
    assert response.failure.perhaps_tls
    room.click(response.strip.buttons["secure"])
    room.wait(lambda: response.exchange is not None and response.exchange.status == 200)
    assert room.ends.request.url == url


def test_tls_keys_go_to_a_file_for_wireshark(room: Room, tmp_path: Path) -> None:
    url = room.serve(site="sandbox", tls="good").url
    room.send(url)
    keys = tmp_path / "keys.log"
    room.ends.slot.log_keys(keys)
    try:
        room.wait(lambda: room.toasts)
        assert "keys.log" in room.toasts[-1]
        room.send(url)
        assert "CLIENT_TRAFFIC_SECRET_0" in keys.read_text()
    finally:
        assert room.ends.slot.client is not None
        assert room.ends.slot.client.stop(10)
        log_keys("")


def test_two_answers_are_compared_and_what_differs_every_time_is_left_out(room: Room, site: str) -> None:
    room.send(f"{site}/echo?a=1")
    compare = room.ends.response.compare
    assert not room.desk.actions.get("http.compare").isEnabled()
    room.send(f"{site}/echo?a=2")
    with room.qtbot.waitSignal(compare.compared, timeout=15_000):
        room.desk.actions.get("http.compare").trigger()
    shown = compare.diff.toPlainText().split("\n")
    assert any(line.startswith("-") and "a=1" in line for line in shown)
    assert any(line.startswith("+") and "a=2" in line for line in shown)
    assert not any("Date:" in line for line in shown)
    assert "lines differ" in compare.said.text()
    room.send(f"{site}/echo?a=2")
    with room.qtbot.waitSignal(compare.compared, timeout=15_000):
        room.desk.actions.get("http.compare").trigger()
    assert "Nothing differs" in compare.said.text()


def test_headers_are_sent_as_a_well_known_client_sends_them(room: Room, site: str) -> None:
    card = room.ends.request
    card.headers.set_pairs([Pair("X-Own", "stays"), Pair("User-Agent", "goes")])
    actions = {str(action.data()): action for action in card.headers_page.menu.actions()}
    actions["firefox"].trigger()
    sent = room.send(f"{site}/echo")
    assert sent.final is not None
    wire = bytes(sent.final.sent.data).decode()
    assert "Firefox/" in wire
    assert wire.index("User-Agent") < wire.index("Accept-Language") < wire.index("X-Own: stays")
    assert "goes" not in wire
    actions["bare"].trigger()
    sent = room.send(f"{site}/echo")
    assert sent.final is not None
    wire = bytes(sent.final.sent.data).decode()
    assert "User-Agent" not in wire
    assert "Accept:" not in wire
    assert "X-Own: stays" in wire
    actions["curl"].trigger()
    assert card.options.words("without") == ()
