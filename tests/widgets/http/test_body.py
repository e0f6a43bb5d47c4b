"""What a body is shown as, from a real server: trees, tables, pictures, wrong charsets, and what is refused."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel

from tests.widgets.http.conftest import Room
from widgets.http import both_ends
from widgets.http.response.body_view import AT_ONCE_BYTES, HEX, RAW

PNG = b"\x89PNG\r\n\x1a\n"


def png(width: int, height: int) -> bytes:
    """A picture that says it is so large, with one row of pixels in it."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" + b"\xff\0\0" * width)) + chunk(b"IEND", b"")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with a body of each kind."""
    (tmp_path / "a.json").write_text(json.dumps({"list": list(range(2500)), "deep": {"x": "found me"}}))
    (tmp_path / "deep.json").write_bytes(b"[" * 200_000 + b"]" * 200_000)
    (tmp_path / "bad.json").write_text('{"a": 1,}')
    (tmp_path / "t.csv").write_bytes(b"name;price\r\npen;1,50\r\nink;3\r\n")
    (tmp_path / "x.xml").write_text('<!DOCTYPE a [<!ENTITY e "boom">]><a><b c="1">&e;</b><d/></a>')
    (tmp_path / "huge.png").write_bytes(png(60_000, 60_000))
    (tmp_path / "small.png").write_bytes(png(3, 1))
    (tmp_path / "broken.png").write_bytes(png(3, 1)[:45])
    (tmp_path / "latin.txt").write_bytes("Grüße, Köln".encode("latin-1"))
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "page.html").write_text(
        "<title>T<b>x</title><a href='next.html'>on</a><form method=post action=/echo enctype=multipart/form-data>"
        "<input name=q value=1><input type=checkbox name=c checked><select name=s><option>a<option selected>b</select>"
        "<input type=file name=f></form><script>alert(1)</script>", "utf-8")  # fmt: skip
    return tmp_path


@pytest.fixture
def served(room: Room, site: Path) -> tuple[Room, str]:
    """The panel, and where the folder is served."""
    return room, room.serve(site).url


def test_json_is_a_tree_with_ranges_and_a_search(served: tuple[Room, str]) -> None:
    room, url = served
    room.send(f"{url}a.json")
    view = room.ends.response.body_view
    assert view.pages.currentWidget() is view.tree
    model = view.tree.values
    root = model.index(0, 0)
    numbers = model.index(0, 0, root)
    assert (numbers.data(), model.index(0, 1, root).data()) == ("list", "[2500 items]")
    ranges = [model.index(row, 0, numbers).data().replace("\u202f", "") for row in range(3)]
    assert ranges == ["0 … 999", "1000 … 1999", "2000 … 2499"]
    assert model.index(3, 1, model.index(2, 0, numbers)).data() == "2003"
    view.search.setText("FOUND")
    view.find_next()
    room.wait(lambda: view.tree.currentIndex().siblingAtColumn(1).data() == "found me")
    view.search.setText("nowhere")
    view.find_next()
    room.wait(lambda: "is not in it" in view.note.text())


def test_a_large_body_is_whole_at_once_and_when_it_is_shown(served: tuple[Room, str], site: Path) -> None:
    room, url = served
    whole = b"".join(b"row %07d\n" % number for number in range(3 * AT_ONCE_BYTES // 12))
    (site / "large.txt").write_bytes(whole)
    room.send(f"{url}large.txt")
    view = room.ends.response.body_view
    assert view.whole() == whole  # to be saved at once
    room.wait(lambda: view.prepared is not None)
    assert view.body == view.whole() == whole
    assert view.raw.toPlainText().startswith("row 0000000\nrow 0000001")
    room.click(view.modes.button(HEX))
    assert view.pages.currentWidget() is view.hex
    view.hex.select(len(whole) - 12, len(whole))
    assert view.hex.chosen_bytes() == whole[-12:]
    view.charset.choose("utf-16")
    room.wait(lambda: not view.raw.toPlainText().startswith("row"))
    assert view.body == whole


def test_what_a_large_answer_left_to_do_is_done_before_the_next_begins(
    served: tuple[Room, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    room, url = served
    ends = room.ends
    monkeypatch.setattr(both_ends, "AT_ONCE_BYTES", -1)
    monkeypatch.setattr(ends._turns, "_timer", QTimer(ends))  # their turn never comes
    for name in ("a.json", "t.csv"):
        before = ends.slot.sent
        ends.request.set_url(url + name, "GET")
        ends.send()
        room.wait(lambda before=before: ends.slot.sent is not before and ends.slot.phase == "idle")
    assert [past.url for past in ends.history.entries] == [f"{url}a.json"]
    ends._turns.finish()
    assert [past.url for past in ends.history.entries] == [f"{url}t.csv", f"{url}a.json"]
    room.wait(lambda: ends.response.body_view.prepared is not None)
    assert ends.response.body_view.kind == "csv"


@pytest.mark.parametrize(("name", "words"), [
    ("deep.json", "200,000 deep"), ("bad.json", "no JSON"), ("huge.png", "60\u202f000 x 60\u202f000 pixels"),
    ("broken.png", "can't be decoded"),
])  # fmt: skip
def test_what_can_not_be_shown_is_refused_with_a_sentence_and_stays_readable(
    served: tuple[Room, str], name: str, words: str, site: Path
) -> None:
    room, url = served
    room.send(url + name)
    view = room.ends.response.body_view
    assert words in view.note.text()
    assert view.pages.currentWidget() in (view.source, view.hex)
    assert view.body == (site / name).read_bytes()


def test_tables_xml_pictures_and_nothing(served: tuple[Room, str]) -> None:
    room, url = served
    view = room.ends.response.body_view
    room.send(f"{url}t.csv")
    assert view.pages.currentWidget() is view.table
    assert [list(row) for row in view.table_model.rows()] == [["pen", "1,50"], ["ink", "3"]]
    room.send(f"{url}x.xml")
    assert "  <b c=\"1\">&e;</b>" in view.source.toPlainText().split("\n")
    assert "boom" in view.source.toPlainText().split("\n")[0]
    room.send(f"{url}small.png")
    assert view.pages.currentWidget() is view.picture
    room.send(f"{url}empty.txt")
    assert view.nothing.text() == "The answer has no body."
    room.send(f"{url}t.csv", "HEAD")
    assert "HEAD" in view.nothing.text()


def test_a_wrong_charset_shows_what_it_makes_of_the_bytes(served: tuple[Room, str]) -> None:
    room, url = served
    room.send(f"{url}latin.txt")
    view = room.ends.response.body_view
    assert "Gr\ufffd\ufffde" in view.raw.toPlainText()
    view.charset.choose("latin-1")
    room.wait(lambda: "Grüße, Köln" in view.raw.toPlainText())
    view.charset.choose("koi8-r")
    room.wait(lambda: "Koi" in view.note.text() or "koi8-r" in view.note.text())
    assert "Grüße" not in view.raw.toPlainText()
    view.modes.button(RAW).click()
    assert view.pages.currentWidget() is view.raw
    view.modes.button(HEX).click()
    assert view.pages.currentWidget() is view.hex


def test_a_form_is_filled_in_and_a_link_followed(served: tuple[Room, str], site: Path) -> None:
    room, url = served
    room.send(f"{url}page.html")
    response = room.ends.response
    response.tabs.show_page("page")
    room.wait(lambda: response.page.forms)
    form = response.page.forms[0]
    form.editors[0].setText("a b&c")  # type: ignore[attr-defined]
    form.editors[3].set_text(str(site / "latin.txt"))  # type: ignore[attr-defined]
    form.fill_button.click()
    request = room.ends.request.request()
    assert (request.method, request.url) == ("POST", f"{url}echo")
    assert [(part.name, part.value or part.path) for part in request.body.parts] == [
        ("q", "a b&c"), ("c", "on"), ("s", "b"), ("f", str(site / "latin.txt"))]  # fmt: skip
    response.page.links.selectRow(0)
    response.page.follow_button.click()
    room.wait(lambda: response.exchange is not None and response.exchange.url == f"{url}next.html")
    room.wait(lambda: room.ends.slot.phase == "idle")
    assert response.exchange is not None
    assert response.exchange.status == 404


def test_a_body_is_saved_and_a_place_that_can_not_be_written_is_said(served: tuple[Room, str], tmp_path: Path) -> None:
    room, url = served
    room.send(f"{url}t.csv")
    ended: list[tuple[object, str]] = []
    room.ends.saving.ended.connect(lambda path, why: ended.append((path, why)))
    body = room.ends.response.body_view.body
    room.ends.saving.save(body, tmp_path / "out.csv")
    room.wait(lambda: len(ended) == 1)
    assert (tmp_path / "out.csv").read_bytes() == body
    room.ends.saving.save(body, tmp_path / "missing" / "out.csv")
    room.wait(lambda: len(ended) == 2)
    assert "can't be written" in ended[1][1]
    room.ends.send_to_file(tmp_path / "streamed.csv")
    room.wait(lambda: room.ends.slot.phase == "idle" and (tmp_path / "streamed.csv").exists()
              and (tmp_path / "streamed.csv").read_bytes() == body)  # fmt: skip


def test_megabytes_of_json_are_a_tree_at_once_and_raw_shows_the_first_of_them(room: Room, tmp_path: Path) -> None:
    item = json.dumps({"id": 1, "name": "x" * 40, "tags": ["a", "b"], "say": 'a "quoted" \\ word'})
    (tmp_path / "big.json").write_text("[" + ",".join([item] * 60_000) + "]")
    room.send(f"{room.serve(tmp_path).url}big.json")
    view = room.ends.response.body_view
    assert view.tree.values.index(0, 1).data() == "[60000 items]"
    last = view.tree.values.path_to([59_999, 3])
    assert last.siblingAtColumn(1).data() == 'a "quoted" \\ word'
    view.modes.button(RAW).click()
    assert "The first 256 KB of" in view.note.text()
    assert len(view.raw.toPlainText()) < 300_000


def test_what_a_hostile_server_sends_is_cut_and_said_so(room: Room, tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_bytes(b"\n" * 300_000)
    (tmp_path / "line.txt").write_bytes(b"x" * 400_000)
    (tmp_path / "forms.html").write_text("<form><input name=a>" * 300 + "</form><a href='x'>" * 300)
    (tmp_path / "wide.csv").write_bytes(b",".join([b"c"] * 5000) + b"\r\n" + b",".join([b"1"] * 5000) + b"\r\n")
    url = room.serve(tmp_path).url
    response = room.ends.response
    view = response.body_view
    room.send(f"{url}lines.txt")
    assert "lines of" in view.note.text()
    assert view.source.document().blockCount() <= 10_001
    response.tabs.show_page("wire")
    assert response.wire.text.document().blockCount() <= 3_002
    response.tabs.show_page("body")
    room.send(f"{url}line.txt")
    assert max(len(line) for line in view.source.toPlainText().split("\n")) <= 2_001
    room.send(f"{url}forms.html")
    response.tabs.show_page("page")
    room.wait(lambda: response.page.forms)
    assert len(response.page.forms) == 5
    response.tabs.show_page("body")
    room.send(f"{url}wide.csv")
    assert view.table_model.columnCount() == 200


def test_markup_from_the_network_stays_text(room: Room, tmp_path: Path) -> None:
    markup = "<b>bold</b><img src=x>"
    (tmp_path / "a.html").write_text(f"<title>{markup.replace('<', '&lt;')}</title><a href='x'>&lt;b&gt;link</a>")
    room.send(f"{room.serve(tmp_path).url}a.html?q={markup.replace('<', '%3C')}")
    response = room.ends.response
    response.tabs.show_page("page")
    room.wait(response.page.title.text)
    assert response.page.title.text() == markup
    labels = [label for label in response.findChildren(QLabel) if "bold" in label.text()]
    assert labels
    assert {label.textFormat() for label in labels} == {Qt.TextFormat.PlainText}
