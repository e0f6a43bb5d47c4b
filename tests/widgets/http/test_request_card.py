"""The card of a request: what it shows of one is what it sends of it."""

from __future__ import annotations

from dataclasses import fields, replace

from hypothesis import HealthCheck, given, settings
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from protocols.http.bodies import multipart_preview
from protocols.http.failure import Failure
from protocols.http.request import Body, Limits, Part, Request
from tests.protocols.http.formats.requests import REQUESTS, sent
from tests.widgets.http.conftest import Room
from widgets.http.request.body_editor import BOUNDARY, CRLF

NOTHING = "Nothing has been measured yet."
PARTS = (Part("f", "typed here", filename="a b.txt", content_type="text/plain"), Part("g", path="/dev/null",
         filename="other.bin"), Part("n", "v"))  # fmt: skip


def test_a_part_keeps_the_name_of_its_file(room: Room) -> None:
    card = room.ends.request
    body = Body("multipart", parts=PARTS)
    card.fill(Request(url="http://h/", method="POST", body=body))
    assert card.request().body == body
    assert card.body_editor.preview.toPlainText() == multipart_preview(PARTS, BOUNDARY)
    kept = card.values()
    card.fill(Request())
    card.set_values(kept)
    assert card.request().body == body
    model = card.body_editor.parts
    assert model.headerData(4, Qt.Orientation.Horizontal) == "File name"
    assert model.setData(model.index(2, 4), "c.txt")
    assert card.request().body.parts[2] == Part("n", "v", filename="c.txt")


def test_a_body_is_sent_with_the_line_ends_and_blanks_that_it_had(room: Room) -> None:
    card = room.ends.request
    for text in ("a\r\nb\r\n", "no\u00a0break\u2028x", "a\nb", "a\rb", "a\r\nb\n", "\u2029", "\0\x1b", "\ufeff{}"):
        card.fill(Request(url="http://h/", method="POST", body=Body("json", text)))
        again = sent(card.request().body)
        assert (again.data, again.content_type) == (text.encode(), "application/json")
        assert (card.body_editor.note.text() == CRLF) is (text == "a\r\nb\r\n")
        card.body_editor.kind.choose("xml")
        assert not card.body_editor.note.text()


def test_a_time_limit_below_a_second_stays_a_limit(room: Room) -> None:
    card = room.ends.request
    card.fill(Request(url="http://h/", limits=Limits(timeout_s=0.4, connect_timeout_s=0.1)))
    assert (card.request().limits.timeout_s, card.request().limits.connect_timeout_s) == (1, 1)


def test_any_request_comes_out_of_the_card_as_it_went_in(room: Room) -> None:
    card = room.ends.request

    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(REQUESTS)
    def check(request: Request) -> None:
        request = replace(request, cookies=(), limits=Limits(), url=request.url.strip(), method=request.method)
        card.fill(request)
        again = card.request()
        assert sent(again.body) == sent(request.body)
        for one in fields(request):
            if one.name != "body":
                assert getattr(again, one.name) == getattr(request, one.name), one.name

    check()


def test_a_proxy_that_is_not_there_is_left_out_at_a_click(room: Room) -> None:
    url = room.serve().url
    card, response = room.ends.request, room.ends.response
    room.send(url)
    for key in ("headers", "timing", "wire"):
        response.tabs.show_page(key)
    assert response.headers.model.rows()
    card.options.fields.set_values({"proxy": "http://127.0.0.1:1"})
    room.click(card.bar.send_button)
    room.wait(lambda: room.ends.slot.phase == "idle" and response.failure is not None)
    assert response.failure is not None
    assert response.failure.title == "The proxy does not answer: connection refused"
    for key in ("headers", "timing", "wire"):
        response.tabs.show_page(key)
    assert not response.headers.model.rows()
    assert not response.wire.text.toPlainText()
    assert (response.timing.verdict.isVisible(), response.timing.place.text()) == (False, NOTHING)
    buttons = [one for one in response.findChildren(QPushButton) if one.isVisible() and "proxy" in one.text()]
    room.click(buttons[0])
    room.wait(lambda: room.ends.slot.phase == "idle" and response.exchange is not None and response.failure is None)
    assert response.exchange is not None
    assert response.exchange.status == 200


def test_a_long_error_in_a_low_card_lies_over_no_button(room: Room) -> None:
    response = room.ends.response
    room.send(room.serve().url)
    why = "The proxy 127.0.0.1:9188 makes no tunnel to 127.0.0.1:9444 without a user and password, or with wrong ones."
    response.tell(Failure("PROXY", "The proxy asks who you are", why, at_proxy=True))
    response.meaning.setText("Proxy Authentication Required: you must authenticate with this proxy before proceeding.")
    response.setFixedSize(366, 333)  # what a window of 1280 x 800 leaves, with a strip at its top
    strip = response.strip
    room.wait(lambda: strip.width() < 366 and strip.row.y() > strip.banner.y() + strip.banner.height() > 70, 3000)
