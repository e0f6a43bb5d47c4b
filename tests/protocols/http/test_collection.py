"""A collection is a folder of plain files: what a person wrote in them stays, what is saved comes back."""

from __future__ import annotations

import json
import re
import stat
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.http.formats.detect import read_any
from protocols.http.formats.imported import FormatError, Imported, Named
from protocols.http.kept.collection import Collection, CollectionError
from protocols.http.kept.collection_files import file_name
from protocols.http.kept.environment import PRIVATE
from protocols.http.request import Auth, Body, Request
from tests.protocols.http.formats.requests import REQUESTS, sent, told

HAND_WRITTEN = """\
@base = http://127.0.0.1:8080

### first
# a remark
GET {{base}}/1
> {% client.log("x") %}


### second
POST {{base}}/2
Content-Type: application/json

{"a":   1}
"""


def opened(folder: Path) -> Collection:
    collection = Collection(folder)
    collection.load()
    return collection


def test_one_request_a_file(tmp_path: Path) -> None:
    collection = Collection.create(tmp_path / "lab")
    made = collection.add(Named(Request(url="{{base}}/x", headers=(("B", "2"), ("A", "1"))), "Say hello", ("Items",)))
    assert made.path == "Items/Say hello.http"
    assert (tmp_path / "lab/Items/Say hello.http").read_text() == "### Say hello\nGET {{base}}/x\nB: 2\nA: 1\n"
    assert (tmp_path / "lab/.gitignore").read_text() == PRIVATE + "\n"
    assert [one.named for one in opened(tmp_path / "lab").items] == [made.named]
    assert made.named.folder == ("Items",)


def test_a_save_changes_its_own_lines_only(tmp_path: Path) -> None:
    path = tmp_path / "hand.http"
    path.write_bytes(HAND_WRITTEN.replace("\n", "\r\n").encode())
    collection = opened(tmp_path)
    first, second = collection.items
    assert (first.named.folder, first.variables) == (("hand",), {"base": "http://127.0.0.1:8080"})
    collection.save(second, second.named)
    assert path.read_bytes() == HAND_WRITTEN.replace("\n", "\r\n").encode()
    collection.save(first, replace(first.named, request=replace(first.request, method="DELETE")))
    wanted = HAND_WRITTEN.replace("GET {{base}}/1\n>", "DELETE {{base}}/1\n\n>")
    assert path.read_bytes() == wanted.replace("\n", "\r\n").encode()
    assert collection.items[0].request.method == "DELETE"
    assert collection.scope(collection.items[0]).text("{{base}}") == "http://127.0.0.1:8080"


def test_passwords_go_where_git_does_not_look(tmp_path: Path) -> None:
    collection = Collection.create(tmp_path)
    item = collection.add(Named(Request(url="h", auth=Auth("basic", "guido", "guido456")), "Log in", ("a b",)))
    assert "guido456" not in (tmp_path / item.path).read_text()
    assert item.request.auth == Auth("basic", "guido", "{{a.b.Log.in.password}}")
    assert stat.S_IMODE((tmp_path / PRIVATE).stat().st_mode) == 0o600
    again = opened(tmp_path)
    assert again.scope(again.items[0]).fill(again.items[0].request).auth.password == "guido456"
    changed = replace(item.request, auth=Auth("basic", "guido", "new"))
    saved = again.save(again.items[0], replace(item.named, request=changed))
    assert again.scope(saved).fill(saved.request).auth.password == "new"


def test_somebody_elses_change_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "hand.http"
    path.write_text(HAND_WRITTEN)
    collection = opened(tmp_path)
    first, second = collection.items
    before = collection.signature()
    path.write_text("### new\nGET h\n\n" + HAND_WRITTEN.replace("{{base}}/1", "{{base}}/changed"))
    assert collection.signature() != before
    with pytest.raises(CollectionError, match="first was changed"):
        collection.save(first, replace(first.named, name="x"))
    collection.save(second, replace(second.named, name="renamed"))
    assert "### renamed\n" in path.read_text()
    assert "{{base}}/changed" in path.read_text()


def test_rename_move_and_remove(tmp_path: Path) -> None:
    (tmp_path / "body.bin").write_bytes(b"x")
    collection = Collection.create(tmp_path)
    item = collection.add(Named(Request("PUT", "h", body=Body("file", path=str(tmp_path / "body.bin"))), "one"))
    collection.add(Named(Request(url="h"), "Two"))
    assert "< ./body.bin" in (tmp_path / "one.http").read_text()
    item = collection.rename(item, "two")
    assert item.path == "two 2.http"
    item = collection.move(item, ("deep", "er"))
    assert item.path == "deep/er/two 2.http"
    assert "< ../../body.bin" in (tmp_path / item.path).read_text()
    assert item.request.body.path == str(tmp_path / "body.bin")
    assert [one.path for one in collection.items] == ["Two.http", item.path]
    assert [one.path for one in opened(tmp_path).items] == ["Two.http", item.path]
    collection.remove(item)
    assert not (tmp_path / item.path).exists()
    (tmp_path / "hand.http").write_text(HAND_WRITTEN)
    collection.load()
    collection.remove(collection.items[1])
    assert (tmp_path / "hand.http").read_text() == HAND_WRITTEN[: HAND_WRITTEN.index("### second")]


def test_what_can_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.http").write_bytes(b"GET h\n\xff\n")
    (tmp_path / "good.rest").write_text("GET h\n")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden/x.http").write_text("GET h\n")
    (tmp_path / "gone.http").symlink_to(tmp_path / "nowhere")
    collection = opened(tmp_path)
    assert [one.path for one in collection.items] == ["good.rest"]
    assert [problem.split()[0] for problem in collection.problems] == ["bad.http", "gone.http"]
    with pytest.raises(CollectionError, match="no folder"):
        opened(tmp_path / "none")


def test_an_import_becomes_files(tmp_path: Path) -> None:
    collection = Collection.create(tmp_path)
    read = Imported("postman", [Named(Request(url="{{base}}/x"), "../../x", ("a/b", "..", "CON"))],
                    variables={"base": "http://h", "pw": "s"}, environments={"dev": {"x": "1"}},
                    secrets={"pw"})  # fmt: skip
    (item,) = collection.take(read)
    assert item.path == "a-b/request/CON-/x.http"
    assert "pw" not in (tmp_path / "http-client.env.json").read_text()
    assert collection.scope(item, "dev").text("{{base}} {{pw}} {{x}}") == "http://h s 1"


def test_an_import_leaves_the_addresses_of_other_requests_alone(tmp_path: Path) -> None:
    collection = Collection.create(tmp_path)
    one = Imported("openapi", [Named(Request(url="{{base}}/a"), "a")], variables={"base": "http://h/v1"})
    two = Imported("postman", [Named(Request(url="{{ base }}/b", headers=(("X", "{{who}}"),)), "b")],
                   variables={"base": "http://h", "who": "b {{base}}"}, environments={"dev": {"x": "1"}})  # fmt: skip
    again = Imported("postman", [Named(Request(url="{{base}}/c"), "c")], variables={"base": "http://h"},
                     environments={"dev": {"x": "2", "base": "http://dev"}})  # fmt: skip
    first, second, third = (collection.take(read)[0] for read in (one, two, again))
    assert collection.scope(first).fill(first.request).url == "http://h/v1/a"
    filled = collection.scope(second).fill(second.request)
    assert (filled.url, filled.headers) == ("http://h/b", (("X", "b http://h"),))
    assert second.request.url == third.request.url.replace("/c", "/b") == "{{base2}}/b"
    assert two.notes == ["The collection has another base: the one of these requests is called base2 now."]
    assert collection.scope(third, "dev").text("{{x}}") == "1"
    assert collection.scope(third, "dev 2").text("{{x}} {{base2}}") == "2 http://dev"


def test_what_an_import_uses_as_a_password_is_a_secret(tmp_path: Path) -> None:
    key = {"type": "apikey", "apikey": [{"key": "key", "value": "X-Key"}, {"key": "value", "value": "sesame"}]}
    postman = {
        "info": {"name": "shop", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
        "auth": key, "item": [{"name": name, "request": {"url": f"http://h/{name}"}} for name in "ab"],
    }  # fmt: skip
    text = "@token = abcd\n@word = h\n\n### c\nGET http://{{word}}/c\nAuthorization: Bearer {{token}}\n"
    collection = Collection.create(tmp_path)
    item, _ = collection.take(read_any(json.dumps(postman)))
    (other,) = collection.take(read_any(text))
    for path in (*tmp_path.rglob("*.http"), tmp_path / "http-client.env.json"):
        assert not {"sesame", "abcd"} & set(re.split(r"\W+", path.read_text())), path
    assert collection.scope(item).fill(item.request).headers == (("X-Key", "sesame"),)
    assert collection.scope(other).fill(other.request).auth.token == "abcd"
    assert "word" in (tmp_path / "http-client.env.json").read_text()


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    collection = Collection.create(tmp_path)
    item = collection.add(Named(Request(url="h"), "x"))
    old = (tmp_path / "x.http").read_text()
    with pytest.raises(FormatError):
        collection.save(item, Named(Request(url="h\nx"), "x"))
    assert (tmp_path / "x.http").read_text() == old
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".x")] == []


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(REQUESTS, min_size=1, max_size=3))
def test_what_is_saved_comes_back(requests: list[Request]) -> None:
    with tempfile.TemporaryDirectory() as place:
        collection = Collection.create(Path(place))
        items = [collection.add(Named(request, "same")) for request in requests]
        again = {one.path: one for one in opened(Path(place)).items}
        for item in items:
            assert again[item.path].request == item.request
        for item, request in zip(items, requests, strict=True):
            filled = told(collection.scope(item).fill(item.request)) if "{{" not in repr(request) else None
            assert filled in (None, told(request))
            if request.body.kind not in ("file", "multipart") and "{{" not in repr(request):
                assert sent(item.request.body).data == sent(request.body).data


@pytest.mark.parametrize(("name", "file"), [("a/b\\c", "a-b-c"), ("..", "request"), ("nul", "nul-"), ("x" * 200,
"x" * 60),
                                            ("Ünï (1).", "Ünï (1)"), ("", "request")])  # fmt: skip
def test_names_become_file_names(name: str, file: str) -> None:
    assert file_name(name) == file
