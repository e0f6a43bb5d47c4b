"""Collections by click: a folder opened, requests saved and opened, variables filled in, foreign files read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication

from protocols.record.log import EventLog
from tests.widgets.http.conftest import Room
from widgets.desk import Desk
from widgets.http.collection_page import CollectionPage
from widgets.http.history import History
from widgets.http.request.pairs import Pair
from widgets.selection import Selection


@pytest.fixture
def page(room: Room, tmp_path: Path) -> CollectionPage:
    """The collection's view with an empty folder open."""
    room.panel.show_view("collection")
    found = room.panel.view("collection")
    assert isinstance(found, CollectionPage)
    assert room.primaries(found.requests) == ["Open a folder…"]
    found.store.open(tmp_path / "books", create=True)
    room.wait(lambda: found.store.collection is not None)
    return found


def test_a_request_is_saved_as_a_file_opened_and_filled_in_from_its_environment(
    room: Room, page: CollectionPage, tmp_path: Path
) -> None:
    base = room.serve().url.rstrip("/")
    page.new_name.setText("lab")
    room.click(page.add_button)
    room.wait(lambda: page.store.environment == "lab" and page.which.key() == "lab")
    page.variables.add(Pair("base", base))
    page.secrets.add(Pair("token", "secret-t"))
    room.wait(lambda: "secret-t" in (tmp_path / "books" / "http-client.private.env.json").read_text()
              if (tmp_path / "books" / "http-client.private.env.json").exists() else False)  # fmt: skip
    assert "secret-t" not in (tmp_path / "books" / "http-client.env.json").read_text()
    room.panel.show_view("ends")
    card = room.ends.request
    card.set_url("{{base}}/books.json")
    card.headers.set_pairs([Pair("X-Token", "{{token}}")])
    sent = room.send()
    assert sent.final is not None
    assert sent.final.status == 200
    assert b"X-Token: secret-t" in bytes(sent.exchanges[0].sent.data)
    assert room.ends.history.entries[0].url == "{{base}}/books.json"
    assert room.panel.save()  # Ctrl+S, as the button does it
    room.wait(lambda: page.store.item is not None)
    files = list((tmp_path / "books").glob("*.http"))
    assert len(files) == 1
    text = files[0].read_text()
    assert "{{base}}/books.json" in text
    assert "secret-t" not in text
    card.set_url("http://127.0.0.1:1/")
    room.panel.show_view("collection")
    room.click(page.open_button)
    assert card.url == "{{base}}/books.json"
    files[0].write_text(text.replace("books.json", "books.csv"))
    page.store.look()
    room.wait(lambda: any("books.csv" in item.request.url for item in page.store.items()))


def test_a_variable_without_a_value_is_named(room: Room) -> None:
    card = room.ends.request
    card.set_url("http://127.0.0.1:1/{{nothing}}")
    room.click(card.bar.send_button)
    assert "nothing" in card.strip.text()


def test_foreign_files_become_requests_and_say_what_they_left_out(
    room: Room, page: CollectionPage, tmp_path: Path
) -> None:
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    items = [{"name": name, "request": {"method": "GET", "url": f"http://127.0.0.1:1/{name}"}} for name in ("a", "b")]
    postman = {"info": {"name": "Shop", "schema": schema}, "item": items}
    (tmp_path / "shop.json").write_text(json.dumps(postman))
    page.take(tmp_path / "shop.json")
    room.wait(lambda: len(page.store.items()) == 2)
    room.wait(lambda: "2 requests read" in page.note.text())
    page.take("curl -X PUT http://127.0.0.1:1/c -H 'X-A: 1' --data x")
    room.wait(lambda: room.ends.request.url == "http://127.0.0.1:1/c")
    assert room.panel.pages.currentWidget() is room.ends
    page.take("no format at all")
    room.wait(lambda: page.strip.text() != "")
    QGuiApplication.clipboard().setText("curl http://127.0.0.1:1/clip")
    room.desk.actions.get("http.paste").trigger()
    room.wait(lambda: room.ends.request.url.endswith("/clip"))
    room.desk.actions.get("http.copy-curl").trigger()
    assert "127.0.0.1:1/clip" in QGuiApplication.clipboard().text()
    page.table.selectRow(0)
    page.store.remove(page.store.items()[0])
    room.wait(lambda: len(page.store.items()) == 1)


def test_the_history_is_found_again_without_passwords(room: Room, tmp_path: Path) -> None:
    desk = Desk(room.desk.lab, room.desk.bridge, room.desk.actions, Selection(), EventLog(), folder=tmp_path)
    room.ends.history = history = History(desk, room.panel)
    room.ends.request.auth.fields.set_values({"kind": "basic", "user": "guido", "password": "secret-p"})
    room.send(f"{room.serve().url}books.json")
    room.wait(lambda: (tmp_path / "web-history.jsonl").exists() and room.desk.bridge.pending == 0)
    assert "secret-p" not in (tmp_path / "web-history.jsonl").read_text()
    again = History(desk, room.panel)
    room.wait(lambda: again.entries)
    assert again.entries[0].url == history.entries[0].url
    assert again.entries[0].file is not None
    assert again.entries[0].file.request().auth.user == "guido"
    again.clear()
    room.wait(lambda: not (tmp_path / "web-history.jsonl").exists())


def test_what_somebody_else_changed_is_shown_and_never_written_over(
    room: Room, page: CollectionPage, tmp_path: Path
) -> None:
    ends = room.ends
    ends.request.set_url("http://127.0.0.1:1/a")
    ends.save_request()
    room.wait(lambda: page.store.item is not None and not page.store.busy)
    item = page.store.item
    assert item is not None
    file = tmp_path / "books" / item.path
    file.write_text(file.read_text().replace("/a", "/merged"))
    room.wait(lambda: page.store.look() or ends.request.url == "http://127.0.0.1:1/merged")
    assert "was changed" in ends.request.note.text()
    ends.request.set_url("http://127.0.0.1:1/typed")
    file.write_text(file.read_text().replace("/merged", "/again"))
    room.wait(lambda: page.store.look() or "does not write over" in ends.request.note.text())
    ends.save_request()
    room.wait(lambda: "meanwhile" in ends.request.strip.text())
    assert "/again" in file.read_text()
    assert ends.request.url.endswith("/typed")


def test_a_file_that_is_emptied_before_it_is_written_again_keeps_the_choice(
    room: Room, page: CollectionPage, tmp_path: Path
) -> None:
    ends, store = room.ends, page.store
    ends.request.set_url("http://127.0.0.1:1/a")
    ends.save_request()
    room.wait(lambda: store.item is not None and not store.busy)
    assert store.item is not None
    file = tmp_path / "books" / store.item.path
    text = file.read_text()
    file.write_text("")
    room.wait(lambda: store.look() or not store.items())
    file.write_text(text.replace("/a", "/merged"))
    room.wait(lambda: store.look() or ends.request.url == "http://127.0.0.1:1/merged")


def test_a_conflict_that_a_merge_left_is_told(room: Room, page: CollectionPage, tmp_path: Path) -> None:
    merged = "### a\nPOST http://127.0.0.1:1/\n\n<<<<<<< HEAD\nham\n=======\neggs\n>>>>>>> other\n"
    (tmp_path / "books" / "a.http").write_text(merged)
    room.wait(lambda: page.store.look() or "a.http: A merge left both sides" in page.strip.text())
    room.ends.open_item(page.store.items()[0])
    assert "A merge left both sides" in room.ends.request.note.text()
