"""The history is bounded, survives, and holds no password."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from protocols.http.formats.imported import FormatError
from protocols.http.kept.history import History
from protocols.http.request import Auth, Body, Request


def test_what_was_sent_comes_back_last_first(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history.jsonl"
    history = History(path)
    first = Request(
        "POST", "{{base}}/login", auth=Auth("basic", "guido", "guido456"), body=Body("json", '{"k": "s3cret"}')
    )
    history.add(first, status=200, total_ms=12.3456, secrets=("s3cret",), when_ns=5)
    history.add(Request(url="http://h/"), why="No answer to s3cret.", secrets=("s3cret",))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "guido456" not in path.read_text()
    assert "s3cret" not in path.read_text()
    again = History(path).all()
    assert [(one.method, one.url, one.status, one.why) for one in again] == [
        ("GET", "http://h/", 0, "No answer to {{secret}}."), ("POST", "{{base}}/login", 200, "")]  # fmt: skip
    assert (again[1].when_ns, again[1].total_ms) == (5, 12.346)
    assert again[1].request().auth == Auth("basic", "guido", "{{password}}")
    assert again[1].request().body == Body("json", '{"k": "{{secret}}"}')


def test_it_stays_bounded(tmp_path: Path) -> None:
    path = tmp_path / "h"
    history = History(path, limit=5)
    for number in range(23):
        history.add(Request(url=f"http://h/{number}"))
    assert [one.url for one in history.all()] == [f"http://h/{number}" for number in range(22, 17, -1)]
    assert len(path.read_text().splitlines()) <= 10
    assert [one.url for one in History(path, limit=3).all()] == [f"http://h/{number}" for number in range(22, 19, -1)]
    history.clear()
    assert history.all() == []
    assert not path.exists()


def test_a_large_body_is_not_kept_and_an_odd_request_not_at_all(tmp_path: Path) -> None:
    history = History(tmp_path / "h")
    kept = history.add(Request("POST", "http://h/", body=Body("text", "x" * 100_000)))
    assert kept is not None
    assert kept.cut
    assert kept.request().body.text == ""
    assert history.add(Request("G T", "http://h/")) is None


def test_a_broken_file_costs_only_its_broken_lines(tmp_path: Path) -> None:
    path = tmp_path / "h"
    History(path).add(Request(url="http://h/"))
    with path.open("ab") as file:
        file.write(b'{"v": 1}\n[]\nnull\n\xff\xfe\n' + b"[" * 50_000 + b'\n{"when": 1e999}\n')
    history = History(path)
    assert [one.url for one in history.all()] == ["http://h/"]
    history.add(Request(url="http://h/2"))
    assert [one.url for one in History(path).all()] == ["http://h/2", "http://h/"]
    path.write_text('{"when": 1, "method": "GET", "url": "u", "status": 1, "ms": 1, "why": "", "request": ""}\n')
    with pytest.raises(FormatError):
        History(path).all()[0].request()
